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
    """One variant of production, or one in its shadow; one container serves it, whatever its instance count."""

    name: str
    container: ServedContainer
    weight: float
    instance_count: int
    instance_type: str = ""
    shadow: bool = False


class Fleet:
    """One container for each variant of a configuration."""

    def __init__(
        self, workshop: Workshop, endpoint: str, configuration: str, folder: Path, variants: list[Variant]
    ) -> None:
        self.configuration = configuration
        self.variants = variants
        self._lock = threading.Lock()
        self._weights = {variant.name: variant.weight for variant in variants if not variant.shadow}
        self._shadows = {variant.name: variant.weight for variant in variants if variant.shadow}
        group = f"/aws/sagemaker/Endpoints/{endpoint}"
        self._servers = {
            variant.name: Server(workshop, variant.container, folder / variant.name, group, variant.name, endpoint)
            for variant in variants
        }

    def start(self) -> None:
        """Start every container at once; when one fails, all are ended and its error is raised."""
        try:
            with ThreadPoolExecutor(len(self._servers)) as pool:
                for _ in pool.map(Server.start, self._servers.values()):
                    pass
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Drain and end every container."""
        with ThreadPoolExecutor(len(self._servers)) as pool:
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
        return (variant, self._servers[variant]) if variant in weights else None

    def shadow(self) -> tuple[str, Server, float] | None:
        """The shadow variant, and which share of the requests it gets a copy of; ``None`` where there is none.

        It is its weight's share of the production variant's.
        """
        with self._lock:
            whole = sum(self._weights.values())
            for name, weight in self._shadows.items():
                return name, self._servers[name], min(1.0, weight / whole) if whole > 0 else 0.0
        return None

    def weigh(self, weights: dict[str, float]) -> None:
        """Set the weights of some variants."""
        with self._lock:
            for known in (self._weights, self._shadows):
                known.update({name: weight for name, weight in weights.items() if name in known})
