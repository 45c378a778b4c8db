"""The containers of one endpoint configuration: all healthy or none."""

from __future__ import annotations

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from infra.local.sagemaker.models import ServedContainer
from infra.local.sagemaker.serving import Server
from infra.local.sagemaker.workshop import Workshop


@dataclass(frozen=True)
class Variant:
    """One production variant; one container serves it, whatever its instance count.

    Without a container it hosts inference components, with instances from ``least`` to ``most``.
    """

    name: str
    container: ServedContainer | None
    weight: float
    instance_count: int
    instance_type: str = ""
    least: int = 0
    most: int = 0


class Fleet:
    """One container for each variant of a configuration."""

    def __init__(
        self,
        workshop: Workshop,
        endpoint: str,
        configuration: str,
        folder: Path,
        variants: list[Variant],
        log_group: str = "",
    ) -> None:
        self.configuration = configuration
        self.variants = variants
        self._lock = threading.Lock()
        self._weights = {variant.name: variant.weight for variant in variants}
        group = log_group or f"/aws/sagemaker/Endpoints/{endpoint}"
        self._servers = {
            variant.name: Server(workshop, variant.container, folder / variant.name, group, variant.name, endpoint)
            for variant in variants
            if variant.container is not None
        }

    def start(self) -> None:
        """Start every container at once; when one fails, all are ended and its error is raised."""
        try:
            with ThreadPoolExecutor(max(1, len(self._servers))) as pool:
                for _ in pool.map(Server.start, self._servers.values()):
                    pass
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Drain and end every container."""
        with ThreadPoolExecutor(max(1, len(self._servers))) as pool:
            for _ in pool.map(Server.stop, self._servers.values()):
                pass

    def server(self, variant: str | None = None) -> tuple[str, Server] | None:
        """A variant by name, or one drawn by weight; ``None`` when there is no such variant."""
        with self._lock:
            weights = dict(self._weights)
        if variant is None:
            names, shares = list(weights), list(weights.values())
            if sum(shares) <= 0:
                return None
            variant = random.SystemRandom().choices(names, shares)[0]
        return (variant, self._servers[variant]) if variant in self._servers else None

    def weigh(self, weights: dict[str, float]) -> None:
        """Set the weights of some variants."""
        with self._lock:
            self._weights.update(weights)
