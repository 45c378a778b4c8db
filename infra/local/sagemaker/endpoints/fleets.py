"""The containers of one endpoint configuration: all healthy or none, and more or fewer of them as the load asks."""

from __future__ import annotations

import logging
import random
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from infra.local.environments import InstallationError
from infra.local.sagemaker.archives import ArchiveError
from infra.local.sagemaker.endpoints.cold_starts import ColdServer
from infra.local.sagemaker.errors import ServiceError, shorten_reason
from infra.local.sagemaker.models import ServedContainer
from infra.local.sagemaker.serving import Server, ServingError
from infra.local.sagemaker.storage import StorageError
from infra.local.sagemaker.workshop import Workshop

_LOG = logging.getLogger("greenlight.sagemaker")


@dataclass(frozen=True)
class Variant:
    """One variant of production, or one in its shadow; one container serves it, whatever its instance count.

    ``serverless`` is the ServerlessConfig of one without instances. Without a container it hosts inference components,
    with instances from ``least`` to ``most``.
    """

    name: str
    container: ServedContainer | None
    weight: float
    instance_count: int
    instance_type: str = ""
    serverless: dict[str, int] | None = None
    least: int = 0
    most: int = 0
    shadow: bool = False


class Fleet:
    """One container for each variant of a configuration; and where its load has it grow, one for each instance."""

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
        self._over = False
        self._weights = {variant.name: variant.weight for variant in variants if not variant.shadow}
        self._shadows = {variant.name: variant.weight for variant in variants if variant.shadow}
        self._workshop, self._endpoint, self._folder = workshop, endpoint, folder
        self._log_group = log_group or f"/aws/sagemaker/Endpoints/{endpoint}"
        self._by_name = {variant.name: variant for variant in variants}
        self._made: list[str] = []
        self._resizing = threading.Lock()
        self._servers = {
            variant.name: [self._make(variant, variant.container)]
            for variant in variants
            if variant.container is not None
        }

    def _make(self, variant: Variant, container: ServedContainer) -> Server | ColdServer:
        name = variant.name if variant.name not in self._made else f"{variant.name}-{len(self._made)}"
        self._made.append(name)
        folder = self._folder / name

        def server() -> Server:
            return Server(self._workshop, container, folder, self._log_group, variant.name, self._endpoint)

        if variant.serverless is None:
            return server()
        return ColdServer(server, variant.serverless, self._workshop.settings.serverless_idle_seconds)

    def _all(self) -> list[Server | ColdServer]:
        with self._lock:
            return [server for servers in self._servers.values() for server in servers]

    def start(self) -> None:
        """Start every container at once; when one fails, all are ended and its error is raised."""
        try:
            with ThreadPoolExecutor(max(1, len(self._servers))) as pool:
                for _ in pool.map(lambda server: server.start(), self._all()):
                    pass
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Drain and end every container."""
        with self._resizing, ThreadPoolExecutor(max(1, len(self._servers))) as pool:
            self._over = True
            for _ in pool.map(lambda server: server.stop(), self._all()):
                pass

    def resize(self, variant: str, count: int) -> None:
        """Have so many containers of a variant: new ones take requests once they are healthy, others are drained."""
        with self._resizing:
            container = self._by_name[variant].container
            while container is not None and not self._over and len(self._servers[variant]) < count:
                server = self._make(self._by_name[variant], container)
                server.start()
                with self._lock:
                    self._servers[variant].append(server)
            with self._lock:
                kept, leaving = self._servers[variant][:count], self._servers[variant][count:]
                self._servers[variant] = kept
        for server in leaving:
            server.stop()

    def server(self, variant: str | None = None) -> tuple[str, Server | ColdServer] | None:
        """A variant by name, or one drawn by weight; ``None`` when there is no such variant."""
        with self._lock:
            weights = dict(self._weights)
        if variant is None:
            names, shares = list(weights), list(weights.values())
            if sum(shares) <= 0:
                return None
            variant = random.SystemRandom().choices(names, shares)[0]
        with self._lock:
            servers = list(self._servers.get(variant, ())) if variant in weights else []
        return (variant, min(servers, key=lambda server: server.in_flight)) if servers else None

    def shadow(self) -> tuple[str, Server | ColdServer, float] | None:
        """The shadow variant, and which share of the requests it gets a copy of; ``None`` where there is none.

        It is its weight's share of the production variant's.
        """
        with self._lock:
            whole = sum(self._weights.values())
            for name, weight in self._shadows.items():
                return name, self._servers[name][0], min(1.0, weight / whole) if whole > 0 else 0.0
        return None

    def containers(self, variant: str) -> list[Server | ColdServer]:
        """The containers of a variant that take requests."""
        with self._lock:
            return list(self._servers[variant])

    def weigh(self, weights: dict[str, float]) -> None:
        """Set the weights of some variants."""
        with self._lock:
            for known in (self._weights, self._shadows):
                known.update({name: weight for name, weight in weights.items() if name in known})


def started(fleet: Fleet) -> str | None:
    """Start a fleet; the reason when it does not serve, as AWS would keep it."""
    try:
        fleet.start()
    except (ServingError, StorageError, ArchiveError, InstallationError) as error:
        return shorten_reason(str(error))
    except ServiceError as error:
        return shorten_reason(error.message)
    except Exception as error:
        _LOG.exception("starting the containers of %s", fleet.configuration)
        return shorten_reason(f"InternalServerError: {type(error).__name__}: {error}")
    return None
