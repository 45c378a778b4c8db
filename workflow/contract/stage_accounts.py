"""The accounts that staging and production are in, where that is not the stack's own.

A function reaches a stage in another account as the role there that is made for it. Step Functions gives its machine's
ARN as the external id when it assumes a role for a state; the functions give the same, so that one condition of trust
fits both. Knows no AWS: who makes clients, and a client, come in as values.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

STAGES = ("staging", "production")
_SESSION_SECONDS = 900
_LEFT_SECONDS = 360
"""A session is used no longer than this before its end: a function may run for five minutes."""


class AccountError(Exception):
    """The account of a stage cannot be reached: says which role could not be assumed, and why."""


class StageAccounts:
    """Turns a client of this account into its twin in the account of a stage."""

    def __init__(self, make: Callable[..., Any], environ: Mapping[str, str]) -> None:
        """``make`` makes clients, as ``boto3.client`` does. A stage without a role in ``environ`` is in this one."""
        self._make = make
        self._roles = {stage: environ.get(f"{stage.upper()}_ROLE_ARN", "") for stage in STAGES}
        self._external_id = environ.get("RELEASE_MACHINE_ARN", "")
        self._sessions: dict[str, dict[str, str]] = {}
        self._twins: dict[tuple[str, Any], Any] = {}
        self._until = 0.0

    def twin(self, client: Any, stage: str) -> Any:
        """The client for the account of the stage; the very same one where that is this account.

        Raises AccountError.
        """
        role = self._roles.get(stage, "")
        if not role:
            return client
        if time.time() >= self._until:
            self.forget()
        if (stage, client) not in self._twins:
            name = client.meta.service_model.service_name
            session = self._session(stage, role)
            self._twins[stage, client] = self._make(name, config=client.meta.config, **session)
        return self._twins[stage, client]

    def elsewhere(self, stage: str) -> bool:
        """Whether the stage is in an account of its own."""
        return bool(self._roles[stage])

    def forget(self) -> None:
        """Assume the roles anew from now on, so that a trust which was taken back holds."""
        self._sessions, self._twins = {}, {}
        self._until = time.time() + _SESSION_SECONDS - _LEFT_SECONDS

    def look(self, stage: str) -> str:
        """Why the account of a stage cannot be reached; empty where it can be, or is this one."""
        try:
            if self._roles[stage]:
                self._session(stage, self._roles[stage])
        except AccountError as error:
            return str(error)
        return ""

    def _session(self, stage: str, role: str) -> dict[str, str]:
        if stage not in self._sessions:
            sts = self._make("sts")
            try:
                found = sts.assume_role(
                    RoleArn=role,
                    RoleSessionName="greenlight",
                    ExternalId=self._external_id,
                    DurationSeconds=_SESSION_SECONDS,
                )["Credentials"]
            except sts.exceptions.ClientError as error:
                raise AccountError(
                    f"the account of {stage} cannot be reached: the role {role} cannot be assumed ({error}). "
                    f"Deploy that account's stack, or let its role trust this account"
                ) from error
            self._sessions[stage] = {
                "aws_access_key_id": found["AccessKeyId"],
                "aws_secret_access_key": found["SecretAccessKey"],
                "aws_session_token": found["SessionToken"],
            }
        return self._sessions[stage]
