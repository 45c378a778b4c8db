"""The versions of the data: what each holds, which runs used it, and what changed from one to another."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from workflow.console.pages.datasets import TAB
from workflow.console.site import Site
from workflow.contract.dataset_manifest import Changes
from workflow.contract.dataset_report import SPLITS
from workflow.datasets.index import SHORT, Dataset, choose_dataset, read_datasets
from workflow.datasets.manifests import NoManifestError, compare_datasets
from workflow.runs.releases import list_releases

ADDRESS = f"{TAB.address}/versions"
NAMED = 50
"""Pictures of each kind of change that are named."""


def routes(site: Site) -> list[Route]:
    """The address of the versions; two of them as ``?version=…&version=…`` are compared, the older one first."""

    def show(request: Request) -> Response:
        releases = list_releases(site.cloud, site.stack.table)
        found = read_datasets(site.cloud, site.stack, releases[0].package if releases else "")
        wanted = request.query_params.getlist("version")[:2]
        pair = sorted((choose_dataset(found, one) for one in wanted), key=lambda one: one.first)
        changes, why = None, ""
        if len(pair) == 2:
            try:
                changes = compare_datasets(site.cloud, *pair)
            except NoManifestError as error:
                why = str(error)
        return site.render(
            "dataset_versions.html",
            tab=TAB.name,
            versions=found,
            splits=SPLITS,
            short=SHORT,
            pair=pair,
            changes=None if changes is None else tell_changes(changes),
            same=0 if changes is None else changes.same,
            why=why,
            gains=tell_gains(*pair) if len(pair) == 2 else [],
            named=NAMED,
        )

    return [Route(ADDRESS, show)]


def tell_changes(changes: Changes) -> list[tuple[str, int, list[str]]]:
    """Each kind of change in a word, how often it is, and the first pictures in words."""
    relabelled = [
        f"{new.name}: {_objects(old.classes)} before, {_objects(new.classes)} now" for old, new in changes.relabelled
    ]
    kinds = {
        "added": [f"{one.name} ({one.split})" for one in changes.added],
        "removed": [f"{one.name} ({one.split})" for one in changes.removed],
        "labelled anew": relabelled,
        "moved to another split": [f"{new.name}: {old.split} before, {new.split} now" for old, new in changes.moved],
    }
    return [(kind, len(pictures), pictures[:NAMED]) for kind, pictures in kinds.items()]


def tell_gains(before: Dataset, after: Dataset) -> list[tuple[str, int, int]]:
    """Each class with its objects in both versions, in the order of the later one; none where one is not known."""
    if before.kept is None or after.kept is None:
        return []
    old, new = before.kept.classes, after.kept.classes
    return [(name, old.get(name, 0), new.get(name, 0)) for name in {**new, **old}]


def _objects(classes: Mapping[str, int]) -> str:
    return ", ".join(f"{many} {name}" for name, many in classes.items()) or "nothing"
