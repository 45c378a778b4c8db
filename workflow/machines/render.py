"""Writes the definitions, and a picture of each, next to this file: ``python -m workflow.machines.render``.

Offline and hermetic. The definitions are what the template deploys; the pictures are drawn by Graphviz.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import warnings
from importlib import import_module
from pathlib import Path
from typing import Any

from workflow.machines import settings

HERE = Path(__file__).parent
NAMES = ("build", "release", "stage", "challenge", "batch", "drift")


def render(name: str) -> dict[str, Any]:
    """One machine (a name of ``NAMES``) in the States Language. Imports the SDK, which takes seconds."""
    settings.be_hermetic()
    # Both warn at every import: of the empty defaults they were just given, and of a package the frozen SDK needs.
    logging.getLogger("sagemaker.config").setLevel(logging.WARNING)
    warnings.filterwarnings("ignore", message="pkg_resources is deprecated")
    definition: dict[str, Any] = import_module(f"workflow.machines.{name}").machine()
    return definition


def as_text(definition: dict[str, Any]) -> str:
    """A definition as it is kept in its file."""
    return json.dumps(definition, indent=2) + "\n"


def main() -> int:
    """Write the definitions and pictures, or with ``--check`` say which of them is out of date."""
    parser = argparse.ArgumentParser(prog="python -m workflow.machines.render", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when a file is out of date")
    arguments = parser.parse_args()
    stale = []
    for name in NAMES:
        text = as_text(render(name))
        target = HERE / f"{name}.asl.json"
        if arguments.check:
            if not target.exists() or target.read_text() != text:
                stale.append(target.name)
            continue
        target.write_text(text)
        from workflow.machines import diagram

        diagram.draw(json.loads(text), HERE / f"{name}.svg")
        print(f"{target.name} and {name}.svg written")
    if stale:
        print(f"out of date: {', '.join(stale)}; run `make golden` and look at the difference", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
