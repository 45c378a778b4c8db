"""Which configurations, models and alarms of earlier releases nothing needs any more. Pure.

Only names that the release's plan makes are ever touched: another project whose name merely begins the same is not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from workflow.contract.deployment import is_release_alarm

MARK = "-v[0-9]+-[0-9a-f]{8}(-[0-9]+-[0-9]+)?"
"""How every name ends that a release makes: version, release, and which attempt (not in those of earlier releases)."""


def choose_configurations(project: str, found: Iterable[str], kept: Iterable[str]) -> list[str]:
    """Endpoint configurations to delete, of those found. ``kept`` are live, previous or the champion's."""
    made_here = re.compile(rf"{re.escape(project)}-(staging|production){MARK}")
    return _left(found, kept, made_here)


def choose_models(project: str, found: Iterable[str], kept: Iterable[str]) -> list[str]:
    """Models to delete, of those found. ``kept`` are the ones that a kept configuration names."""
    made_here = re.compile(rf"{re.escape(project)}{MARK}")
    return _left(found, kept, made_here)


def choose_alarms(project: str, found: Iterable[str]) -> list[str]:
    """Alarms to delete, of those found: a release needs its own no longer than its deployment takes."""
    return sorted(name for name in found if is_release_alarm(project, name))


def _left(found: Iterable[str], kept: Iterable[str], made_here: re.Pattern[str]) -> list[str]:
    needed = set(kept)
    return sorted({name for name in found if made_here.fullmatch(name)} - needed)
