"""The containers of one endpoint configuration: all healthy or none."""

from __future__ import annotations

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from infra.local.sagemaker.endpoints.cold_starts import ColdServer
from infra.local.sagemaker.models import ServedContainer
from infra.local.sagemaker.serving import Server
from infra.local.sagemaker.workshop import Workshop


@dataclass(frozen=True)
class Variant:
    """One production variant; one container serves it, whatever its instance count.

    ``serverless`` is the ServerlessConfig of one without instances.
    """

    name: str
    container: ServedContainer
    weight: float
    instance_count: int
    instance_type: str = ""
    serverless: dict[str, int] | None = None


class Fleet:
    """One container for each variant of a configuration."""

    def __init__(
        self, workshop: Workshop, endpoint: str, configuration: str, folder: Path, variants: list[Variant]
    ) -> None:
        self.configuration = configuration
        self.variants = variants
        self._lock = threading.Lock()
        self._weights = {variant.name: variant.weight for variant in variants}
        group = f"/aws/sagemaker/Endpoints/{endpoint}"

        def server(variant: Variant) -> Server | ColdServer:
            def make() -> Server:
                return Server(workshop, variant.container, folder / variant.name, group, variant.name, endpoint)

            if variant.serverless is None:
                return make()
            return ColdServer(make, variant.serverless, workshop.settings.serverless_idle_seconds)

        self._servers = {variant.name: server(variant) for variant in variants}

    def start(self) -> None:
        """Start every container at once; when one fails, all are ended and its error is raised."""
        try:
            with ThreadPoolExecutor(len(self._servers)) as pool:
                for _ in pool.map(lambda server: server.start(), self._servers.values()):
                    pass
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Drain and end every container."""
        with ThreadPoolExecutor(len(self._servers)) as pool:
            for _ in pool.map(lambda server: server.stop(), self._servers.values()):
                pass

    def server(self, variant: str | None = None) -> tuple[str, Server | ColdServer] | None:
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
