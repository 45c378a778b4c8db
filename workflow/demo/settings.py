"""What a demonstration sets in its stack, and takes back where the next one wants none of it."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

from workflow.clients import Cloud
from workflow.demo.account import say
from workflow.demo.options import LOOP_DEFAULTS, POLICY, PROJECT, SAMPLE_NAME, SignIn
from workflow.errors import GreenlightError, ServiceError
from workflow.stack.deploy import deploy
from workflow.stack.outputs import defaults_of, describe_stack, values_of

CLIENT_SECRET = f"{PROJECT}-demo-client"
"""The name of what keeps the secret of the approval page at its issuer."""
WITHOUT_LOOP: Mapping[str, str] = {"CapturePercent": "0", "DataStarts": "none", "Dataset": ""}
"""What a loop sets of a stack's parameters, beside its defaults, as it is where nobody says."""
_SETTLES_SECONDS = 60
_LOOK_SECONDS = 0.5


def set_policy(cloud: Cloud, policy: Mapping[str, Any]) -> dict[str, Any]:
    """The defaults that the stack shall have: those of a person stay, an earlier demonstration's policy goes."""
    values = values_of(describe_stack(cloud, PROJECT))
    gone = POLICY | LOOP_DEFAULTS if is_of_loop(values) else POLICY
    return {**{key: value for key, value in defaults_of(values).items() if key not in gone}, **policy}


def set_loop(cloud: Cloud, loop: bool) -> dict[str, str]:
    """The stack's parameters by which production is kept and new data starts a run.

    Nothing starts while the first data is sent. A demonstration without a loop takes back what one with it has set, and
    nothing that a person has.
    """
    if loop:
        return {"CapturePercent": "100", "DataStarts": "none"}
    if not is_of_loop(values_of(describe_stack(cloud, PROJECT))):
        return {}
    return dict(WITHOUT_LOOP)


def remember_settings(cloud: Cloud) -> dict[str, str]:
    """The stack's parameters that a loop changes, as they are before it; what an earlier loop has set is none of them.

    Of a stack that is not there yet: as nobody says.
    """
    values = values_of(describe_stack(cloud, PROJECT))
    if is_of_loop(values):
        return {**WITHOUT_LOOP, "Defaults": json.dumps(set_policy(cloud, {}))}
    return {name: values.get(name, usual) for name, usual in {**WITHOUT_LOOP, "Defaults": "{}"}.items()}


def put_back(cloud: Cloud, before: Mapping[str, str]) -> None:
    """Give the stack the parameters that it had before a loop which ended early; where that fails, say so."""
    try:
        values = _settled_values(cloud)
        if values and any(values.get(name, "") != value for name, value in before.items()):
            deploy(PROJECT, cloud=cloud, parameters=before)
            say("stack", f"{PROJECT}: what is kept and what starts a run is as it was before")
    except GreenlightError as error:
        say("stack", f"{PROJECT}: is not as it was before: {error}")


def _settled_values(cloud: Cloud) -> dict[str, str]:
    """The stack's parameters, once a deployment that was left midway is over; none where there is no whole stack."""
    until = time.monotonic() + _SETTLES_SECONDS
    while (stack := describe_stack(cloud, PROJECT)) is not None:
        status = str(stack["StackStatus"])
        if not status.endswith("_IN_PROGRESS") or status.startswith("REVIEW") or time.monotonic() > until:
            return values_of(stack) if status in {"CREATE_COMPLETE", "UPDATE_COMPLETE"} else {}
        time.sleep(_LOOK_SECONDS)
    return {}


def is_of_loop(values: Mapping[str, str]) -> bool:
    """Whether a loop has set a stack's parameters: it alone makes the sample the stack's own data."""
    return values.get("Dataset", "").endswith(f"/datasets/{SAMPLE_NAME}/")


def set_sign_in(cloud: Cloud, sign_in: SignIn | None) -> dict[str, str]:
    """The stack's parameters by which approvers sign in, with the client's secret kept; empty where nobody does."""
    if sign_in is None:
        return dict.fromkeys(("OidcIssuer", "OidcClientId", "OidcClientSecretArn", "Approvers"), "")
    secret = keep_secret(cloud, sign_in.client_secret) if sign_in.client_secret else ""
    return {
        "OidcIssuer": sign_in.issuer,
        "OidcClientId": sign_in.client_id,
        "OidcClientSecretArn": secret,
        "Approvers": sign_in.approvers,
    }


def keep_secret(cloud: Cloud, secret: str) -> str:
    """Keep the client's secret where the page reads it, in place of an earlier one; its ARN."""
    try:
        kept = cloud.call("secretsmanager", "create_secret", Name=CLIENT_SECRET, SecretString=secret)
    except ServiceError as error:
        if error.code != "ResourceExistsException":
            raise
        kept = cloud.call("secretsmanager", "put_secret_value", SecretId=CLIENT_SECRET, SecretString=secret)
    return str(kept["ARN"])
