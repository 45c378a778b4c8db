"""Reads the policies that deploying takes, filled in for one project."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.infra.template import ROOT

FOLDER = ROOT / "infra" / "policies"
LONGEST_POLICY = 6144
"""Characters of a managed policy, blanks not counted."""


def load(name: str, project: str = "greenlight", path: str = "/") -> dict[str, Any]:
    """What is in a file, or in all that begin with the name, as it is attached in the stand-in's account.

    Its bucket is the stack's own.
    """
    read = [json.loads(filled(file, project, "us-east-1", path)) for file in files(name)]
    return {**read[0], "Statement": [statement for policy in read for statement in policy["Statement"]]}


def files(name: str) -> list[Path]:
    """The file of this name, or those that begin with it and a dash."""
    return sorted([*FOLDER.glob(f"{name}.json"), *FOLDER.glob(f"{name}-*.json")])


def filled(file: Path, project: str, region: str, path: str = "/") -> str:
    """A policy's text with a project, a region and an account in it."""
    text, account = file.read_text(encoding="utf-8"), "000000000000"
    for word, value in (
        ("BUCKET", f"{project}-{account}-{region}"),
        ("rolePATH", f"role{path}"),
        ("PROJECT", project),
        ("ACCOUNT", account),
        ("REGION", region),
    ):
        text = text.replace(word, value)
    return text


def actions(policy: dict[str, Any]) -> set[str]:
    """Every action that a policy allows."""
    return {
        action
        for statement in policy["Statement"]
        for action in (statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]])
    }
