"""What a demonstration is asked to do: make's variables, checked, and the settings of its training.

Knows how long a training people wait for; starts nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workflow.contract.serving import REALTIME
from workflow.errors import UsageError
from workflow.runs.start import read_settings

PROJECT = "greenlight"
SAMPLE_NAME = "fasteners"
"""What the sample is called as data."""
SAMPLE_GATE: Mapping[str, Any] = {"minimum_map50": 0.6}
"""What a model of the sample must reach: far below what it does, far above what an untrained one does."""
OWN_GATE: Mapping[str, Any] = {"minimum_map50": 0.05, "minimum_top1": 0.05, "minimum_class_objects": 0}
"""What a model of one's own pictures must reach in a demonstration: a few epochs promise nothing, and a small set may
hold out no object of a class. Less than a stack demands by itself, so it is the stack's that says it."""
LOOP_DEFAULTS = {
    *("model", "weights", "epochs", "image_size", "batch", "max_detections", "hyperparameters"),
    *("task", "format", "when_busy"),
}
"""The keys that a loop sets in its stack for the run that new data starts."""
HELD_OUT, HELD_OUT_OF_LOOP = 16, 32
"""Pictures of the sample that no training sees; a watch for drift compares with thirty at the least."""
POLICY = {*SAMPLE_GATE, *OWN_GATE, "compare", "policy"}
"""The keys that a demonstration sets in its stack, and takes back where the next one wants none."""
PORT = 4566
"""Where the stand-in listens unless PORT says otherwise."""
EMAIL = "you@example.com"
"""Who is mailed, and may approve where people sign in and nobody else is named."""
CLIENT = "greenlight"
"""What the approval page is called at an issuer, unless that gave it another name."""
ISSUER = re.compile(r"https://\S+|http://(localhost|127\.0\.0\.1):[0-9]+")
FINE_TUNING: Mapping[str, Any] = {"epochs": 8, "image_size": 320, "batch": 8, "hyperparameters": {"nbs": 8}}
"""Settings for one's own pictures with pretrained weights."""
FROM_SCRATCH: Mapping[str, Any] = {"epochs": 30, "image_size": 320, "batch": 8, "hyperparameters": {"nbs": 8}}
"""Settings for one's own pictures without."""


@dataclass(frozen=True)
class SignIn:
    """Where whoever opens the mailed link signs in, as which client, and who of them may approve."""

    issuer: str
    client_id: str
    client_secret: str
    approvers: str


@dataclass(frozen=True)
class Options:
    """What a demonstration was asked to do. ``dataset`` None means the sample; ``settings`` go over the usual ones.

    ``sign_in`` None means that the mailed link decides by itself; ``findings`` is what is done about kinds of findings,
    ``loop`` whether the demonstration goes on to what production teaches.
    """

    dataset: Path | None
    weights: Path | None
    ask: bool
    port: int
    state: Path
    settings: Mapping[str, Any]
    sign_in: SignIn | None = None
    serve: str = ""
    """A value of SERVE; empty for production as it usually serves, of which the way back is not shown."""
    findings: Mapping[str, str] = field(default_factory=dict)
    loop: bool = False

    def training(self) -> dict[str, Any]:
        """How to train: what suits the data, and over it what was asked for."""
        if self.dataset is None:
            from workflow.demo.sample import SAMPLE_TRAINING

            usual: Mapping[str, Any] = SAMPLE_TRAINING
        else:
            usual = FROM_SCRATCH if self.weights is None else FINE_TUNING
        return {**usual, **self.settings}

    def policy(self) -> Mapping[str, Any]:
        """What the stack shall demand of the model, and of the data."""
        gate = SAMPLE_GATE if self.dataset is None else OWN_GATE
        if self.loop:
            # What an earlier loop released has learned the other light, and this one begins before that.
            gate = {**gate, "compare": False}
        return {**gate, "policy": dict(self.findings)} if self.findings else gate

    def held_out(self) -> int:
        """How many pictures of the sample no training sees."""
        return HELD_OUT_OF_LOOP if self.loop else HELD_OUT


def read_options(environ: Mapping[str, str], terminal: bool) -> Options:
    """Read make's variables; an empty one counts as missing. Raises UsageError naming the variable."""

    def path(name: str) -> Path | None:
        return Path(environ[name]).expanduser() if environ.get(name) else None

    approve = environ.get("APPROVE") or ("ask" if terminal else "auto")
    if approve not in {"ask", "auto"}:
        raise UsageError(f"APPROVE={approve}: must be ask or auto.")
    if approve == "ask" and not terminal:
        raise UsageError("APPROVE=ask needs a terminal to ask at: leave it out, or use APPROVE=auto.")
    port = environ.get("PORT") or str(PORT)
    if not port.isdigit() or not 0 < int(port) < 65536:
        raise UsageError(f"PORT={port}: must be a number from 1 to 65535.")
    keys = {name: name.lower() for name in ("MODEL", "EPOCHS", "IMAGE_SIZE", "MAX_DETECTIONS", "TASK", "FORMAT")}
    pairs = tuple(f"{key}={environ[name]}" for name, key in keys.items() if environ.get(name))
    settings = read_settings(pairs, policy=environ.get("POLICY") or "")
    findings = settings.pop("policy", {})
    loop = read_loop(environ)
    return Options(
        dataset=path("DATASET"),
        weights=path("WEIGHTS"),
        ask=approve == "ask",
        port=int(port),
        state=path("STATE") or Path(".greenlight/local"),
        settings=settings,
        sign_in=read_sign_in(environ),
        serve="" if loop else environ.get("SERVE") or "",
        findings=findings,
        loop=loop,
    )


def read_loop(environ: Mapping[str, str]) -> bool:
    """Whether the whole loop is asked for. Raises UsageError naming what it cannot be shown with."""
    loop, serve = environ.get("LOOP") or "0", environ.get("SERVE") or REALTIME
    if loop not in {"0", "1"}:
        raise UsageError(f"LOOP={loop}: must be 1, or left out.")
    if loop == "0":
        return False
    if environ.get("DATASET"):
        raise UsageError(
            "LOOP=1 labels production's pictures by what is known of the sample, and nobody knows that of "
            f"DATASET={environ['DATASET']}: leave one of them out."
        )
    if serve != REALTIME:
        raise UsageError(f"LOOP=1 is shown on an endpoint that answers at once, and not with SERVE={serve}.")
    return True


def read_sign_in(environ: Mapping[str, str]) -> SignIn | None:
    """Read who signs approvers in, None where nobody does. Raises UsageError where the stack would not take it."""
    issuer = environ.get("OIDC_ISSUER") or ""
    if not issuer:
        return None
    if not ISSUER.fullmatch(issuer):
        raise UsageError(f"OIDC_ISSUER={issuer}: must be an address with https, or http://localhost:PORT.")
    return SignIn(
        issuer,
        client_id=environ.get("OIDC_CLIENT_ID") or CLIENT,
        client_secret=environ.get("OIDC_CLIENT_SECRET") or "",
        approvers=environ.get("APPROVERS") or EMAIL,
    )
