"""What the stand-in's SageMaker is told once, when it starts.

Nothing here is read from the environment: whoever starts the stand-in decides.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from infra.local.quotas import Quotas

REPOSITORY = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class Settings:
    """Where state lives, who answers S3, which folder stands for which image, and every time limit.

    ``runtime`` is ``process``, or the words that start a container engine, and ``run_arguments`` what its ``run`` gets
    beside what a container needs. ``without_capacity`` are the instance types that no training gets.
    ``job_ended`` is told of each job that has ended. ``role_credentials`` gives the credentials that a job has by its
    role, as the environment names them, and ``may_pull`` whether a role may pull an image; None where
    policies are not enforced.
    """

    state: Path
    endpoint_url: str
    repository: Path = REPOSITORY
    environments: Path = REPOSITORY / ".greenlight" / "environments"
    images: Mapping[str, Path] = field(default_factory=dict)
    runtime: str = "process"
    run_arguments: tuple[str, ...] = ()
    account_id: str = "000000000000"
    region: str = "us-east-1"
    access_key_id: str = "test"
    secret_access_key: str = "test"  # noqa: S105 - the stand-in's well-known one
    stop_grace_seconds: float = 120.0
    health_timeout_seconds: float = 240.0
    invocation_timeout_seconds: float = 60.0
    drain_seconds: float = 30.0
    serverless_idle_seconds: float = 300.0
    checkpoint_seconds: float = 15.0
    wait_scale: float = 1.0
    without_capacity: frozenset[str] = frozenset()
    job_ended: Callable[[], None] = lambda: None
    role_credentials: Callable[[str], Mapping[str, str]] | None = None
    may_pull: Callable[[str, str], bool] | None = None
    quotas: Quotas = field(default_factory=lambda: Quotas({}))

    def of_account(self, account_id: str) -> Settings:
        """The same in another account, with folders of its own; there its number is the key of its root."""
        if account_id == self.account_id:
            return self
        state = self.state / "accounts" / account_id
        return replace(self, account_id=account_id, access_key_id=account_id, state=state)

    def arn(self, resource: str) -> str:
        """The ARN of a resource such as ``training-job/name``."""
        return f"arn:aws:sagemaker:{self.region}:{self.account_id}:{resource}"

    def client_environment(self) -> dict[str, str]:
        """The variables that point any AWS SDK at the stand-in."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_REGION": self.region,
            "AWS_ACCESS_KEY_ID": self.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.secret_access_key,
            "AWS_EC2_METADATA_DISABLED": "true",
        }
