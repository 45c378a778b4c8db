"""What one stand-in is started with, and the environment its engine needs.

The engine reads its settings from environment variables while it is imported, so they are worked out here, as plain
values, before anything of it is loaded. Knows nothing about the engine's code.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

REGION = "us-east-1"
ACCOUNT = "000000000000"

# What a Lambda or a job must never inherit from the shell that started the stand-in: real credentials, and a
# PYTHONPATH that would lend a deployed function modules its zip does not hold.
_DROPPED = ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN", "AWS_ROLE_ARN", "PYTHONPATH", "SERVICES")


@dataclass(frozen=True)
class Settings:
    """Where the stand-in listens, where it keeps its state, and how it runs images.

    ``warm`` has functions started ahead of their first calls. ``runtime`` is ``process``, or the words that start a
    container engine, and ``run_arguments`` what its ``run`` gets beside what a container needs.
    """

    host: str
    port: int
    state: Path
    images: Mapping[str, Path] = field(default_factory=dict)
    wait_scale: float = 1.0
    iam: bool = False
    warm: bool = False
    runtime: str = "process"
    run_arguments: tuple[str, ...] = ()
    without_capacity: frozenset[str] = frozenset()
    quotas: Mapping[str, float] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """The address clients use; a stand-in that listens everywhere is still reached on this machine."""
        host = "127.0.0.1" if _is_everywhere(self.host) else self.host
        return f"http://{host}:{self.port}"

    @property
    def scratch(self) -> Path:
        """Where unpacked functions live; emptied at every start, so that a killed stand-in leaves nothing for long."""
        return self.state / "scratch"

    @property
    def client_environment(self) -> dict[str, str]:
        """The variables with which every AWS SDK talks to this stand-in and to nothing else."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            # Whatever proxy the shell has, this machine is reached without it.
            "NO_PROXY": "127.0.0.1,localhost",
            "no_proxy": "127.0.0.1,localhost",
        }

    def environment(self, inherited: Mapping[str, str] = os.environ) -> dict[str, str]:
        """The whole environment of the stand-in's process, made from the one it was started in."""
        kept = {name: value for name, value in inherited.items() if name not in _DROPPED}
        return (
            kept
            | self.client_environment
            | {
                "AWS_REGION": REGION,
                "GATEWAY_PORT": str(self.port),
                "BIND_HOST": self.host,
                # Virtual hosts (bucket.localhost, api.execute-api.localhost) keep the engine's usual name.
                "MINISTACK_HOST": "localhost",
                "MINISTACK_REGION": REGION,
                "MINISTACK_ACCOUNT_ID": ACCOUNT,
                "TMPDIR": str(self.scratch),
                "PERSIST_STATE": "1",
                "STATE_DIR": str(self.state / "engine"),
                "S3_PERSIST": "1",
                "S3_DATA_DIR": str(self.state / "s3"),
                "SFN_WAIT_SCALE": str(self.wait_scale),
                "LAMBDA_EXECUTOR": "local",
                "LAMBDA_STRICT": "0",
                "AUTH": "true" if self.iam else "false",
                "LOG_LEVEL": "INFO",
                # Listeners nobody here needs; each would take a port of its own.
                "IOT_MTLS_ENABLED": "0",
                "SFTP_ENABLED": "0",
            }
        )


def _is_everywhere(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False
