"""How a version is served, as an input says it and as it is kept with the version."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from workflow.contract.rule import InputError
from workflow.contract.run_input import RunInput
from workflow.contract.serving import LONGEST, Serving

GIVEN = {"dataset": "s3://bucket/set/"}


def test_what_an_input_says_comes_back_from_the_registry() -> None:
    """The registry keeps words; reading them gives what was asked for."""
    asked = Serving.of(RunInput.parse({**GIVEN, "staging_serve": "realtime"}, {}))
    assert asked.text() == "serve=realtime staging_serve=realtime"
    assert Serving.parse(asked.text()) == asked
    assert len(asked.text()) <= LONGEST


def test_what_is_as_usual_is_kept_by_its_kind_alone() -> None:
    """So that a stack whose default changes does not change how an older version was to be served."""
    assert Serving().text() == "serve=realtime"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("serve=telepathy", "serve = 'telepathy': must be one of realtime"),
        ("serves=realtime", "serves: unknown key; did you mean serve?"),
        ("realtime", "realtime: unknown key; "),
    ],
)
def test_what_the_registry_cannot_have_been_told_is_refused(text: str, said: str) -> None:
    """By its key."""
    with pytest.raises(InputError) as caught:
        Serving.parse(text)
    assert str(caught.value).startswith(said)


def test_a_release_may_say_otherwise() -> None:
    """Key by key: what it leaves out stays."""
    kept = Serving.parse("serve=realtime staging_serve=realtime")
    assert kept.changed({}) == kept
    assert asdict(kept.changed({"staging_serve": "same"}))["staging_serve"] == "same"


def test_staging_serves_like_production_unless_it_is_named() -> None:
    """Both stages of the same version may differ."""
    assert Serving().stage("staging") == Serving().stage("production") == "realtime"


def test_staging_shares_no_endpoint() -> None:
    """What is tried first is tried alone, and production as it was asked for."""
    shared = Serving.read({"serve": "shared"})
    assert (shared.stage("staging"), shared.stage("production")) == ("realtime", "shared")
