"""The page of the data's versions: what each holds, who used it, what changed between two, how to have one again."""

from __future__ import annotations

import json
from collections.abc import Mapping

from starlette.applications import Starlette

from tests.workflow.commands.test_datasets import FIRST, OLD, SECOND, cloud, stored
from tests.workflow.console.asking import ask
from tests.workflow.console.test_pages import HOSTILE, stack
from tests.workflow.console.test_pages import console as an_empty_console
from workflow.console.app import make_app
from workflow.contract.dataset_index import version_key

PAGE = "/datasets/versions"


def console(objects: Mapping[str, bytes] | None = None) -> Starlette:
    """A console of a bucket with two versions, and a third one that the registry alone knows."""
    return make_app(cloud(stored() if objects is None else objects), stack(), port=4580, user="ada")


def changed(**values: object) -> dict[str, bytes]:
    """The bucket, with the first version's entry otherwise."""
    objects = stored()
    entry = json.loads(objects[version_key(FIRST)])
    return {**objects, version_key(FIRST): json.dumps({**entry, **values}).encode()}


def test_every_version_is_there_with_its_runs_and_what_is_live() -> None:
    page = ask(console(), PAGE)
    assert page.status == 200
    rows = {
        digest: page.text.partition(f">{digest[:12]}</code>")[2].partition("</tr>")[0]
        for digest in (FIRST, SECOND, OLD)
    }
    assert "run-1" in rows[FIRST]
    assert "live" in rows[FIRST]
    assert "live" not in rows[SECOND]
    assert "not kept" in rows[OLD]


def test_a_version_whose_objects_were_noted_leads_to_a_run_from_it() -> None:
    """And the form that it leads to has its digest."""
    app = console(changed(objects="s3://bucket/runs/run-1/record/dataset-objects.jsonl"))
    assert f"/start/build?dataset_version={FIRST[:12]}" in ask(app, PAGE).text
    assert f"/start/build?dataset_version={SECOND[:12]}" not in ask(app, PAGE).text
    form, _ = an_empty_console()
    assert f'value="{FIRST[:12]}"' in ask(form, f"/start/build?dataset_version={FIRST[:12]}").text


def test_two_versions_are_compared_the_older_one_first() -> None:
    page = ask(console(), f"{PAGE}?version={SECOND}&version={FIRST}").text
    assert "1 added, 1 removed, 1 labelled anew, 1 moved to another split" in page
    assert "in/new.jpg (validation)" in page
    assert "in/moved.jpg: test before, train now" in page


def test_what_cannot_be_compared_says_why() -> None:
    page = ask(console(), f"{PAGE}?version={OLD}&version={FIRST}")
    assert (page.status, "has no manifest" in page.text) == (200, True)
    assert ask(console(), f"{PAGE}?version=ffff&version={FIRST}").status == 502


def test_names_that_harm_whoever_looks_are_only_letters() -> None:
    page = ask(console(changed(name=HOSTILE, classes={HOSTILE: 1})), f"{PAGE}?version={FIRST}&version={SECOND}").text
    assert "<img src=x" not in page
    assert "\u202e" not in page
