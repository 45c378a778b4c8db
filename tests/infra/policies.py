"""Reads the policies that deploying takes, filled in for one project."""

from __future__ import annotations

import json
from typing import Any

from tests.infra.template import ROOT

FOLDER = ROOT / "infra" / "policies"
LONGEST_POLICY = 6144
"""Characters of a managed policy, blanks not counted."""


def load(name: str, project: str = "greenlight", path: str = "/") -> dict[str, Any]:
    """A policy, as it is attached in the stand-in's account; its bucket is the stack's own."""
    text = (FOLDER / f"{name}.json").read_text(encoding="utf-8")
    account, region = "000000000000", "us-east-1"
    for word, value in (
        ("BUCKET", f"{project}-{account}-{region}"),
        ("rolePATH", f"role{path}"),
        ("PROJECT", project),
        ("ACCOUNT", account),
        ("REGION", region),
    ):
        text = text.replace(word, value)
    policy: dict[str, Any] = json.loads(text)
    return policy


def actions(policy: dict[str, Any]) -> set[str]:
    """Every action that a policy allows."""
    return {
        action
        for statement in policy["Statement"]
        for action in (statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]])
    }
