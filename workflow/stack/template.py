"""What the template says of its own parameters, read from the file itself. Asks no AWS.

CloudFormation's own summary would refuse a template that names a resource type which the region does not have, whatever
the resource's condition says; a change set does not.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

try:
    from yaml import CSafeLoader as Safe
except ImportError:
    # PyYAML was built without libyaml: the same, a second later.
    from yaml import SafeLoader as Safe  # type: ignore[assignment]


class _Loader(Safe):
    """Reads the template's short tags as nothing: no parameter has one."""


_Loader.add_multi_constructor("!", lambda loader, suffix, node: None)


def usual_values(template: Path) -> dict[str, str]:
    """Every parameter with what it is where nobody says, as CloudFormation writes it: empty where it has no default."""
    read: dict[str, Any] = yaml.load(template.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 - a SafeLoader
    return {name: str(item.get("Default", "")) for name, item in read["Parameters"].items()}
