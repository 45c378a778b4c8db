"""A gap refuses an engine it was not written for."""

from __future__ import annotations

from importlib.metadata import version
from types import SimpleNamespace

import pytest

from infra.local.gaps.patching import EngineChangedError, replace, require


def test_a_function_is_replaced_and_the_engine_s_own_is_given_back() -> None:
    """What was there can still be called by what replaces it."""
    engine = SimpleNamespace(__name__="engine", answer=lambda data: data)
    theirs = replace(engine, "answer", lambda data: data + 1)
    assert (theirs(1), engine.answer(1)) == (1, 2)


def test_a_missing_function_names_the_engine_s_version() -> None:
    """The message says what is missing where, and in which version."""
    with pytest.raises(EngineChangedError, match=rf"MiniStack {version('ministack')} has no engine\.answer"):
        require(SimpleNamespace(__name__="engine"), "answer")


def test_a_function_with_other_parameters_is_refused() -> None:
    """A new parameter means a new meaning."""
    engine = SimpleNamespace(__name__="engine", answer=lambda data, context: data)
    with pytest.raises(EngineChangedError, match=r"changed the parameters of engine\.answer"):
        replace(engine, "answer", lambda data: data)
