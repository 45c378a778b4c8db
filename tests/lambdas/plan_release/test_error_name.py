"""The name by which the Release machine knows this function's refusal."""

from __future__ import annotations

from lambdas.plan_release import handler as function
from workflow.contract.failures import RELEASE_REFUSED_BY_FUNCTION


def test_the_machine_knows_a_refusal_by_the_name_of_the_exception() -> None:
    """Lambda reports an exception's class; under another name, an overtaken release would roll production back."""
    assert function.ReleaseRefused.__name__ == RELEASE_REFUSED_BY_FUNCTION
    assert not issubclass(function.ProductionNotApproved, function.ReleaseRefused)
