"""An execution of the Stage machine in the words of its stage. Pure.

One machine brings up both stages, so its states name neither: whoever watches a release knows ``Wait for the endpoint``
as ``Wait for production``.
"""

from __future__ import annotations

from dataclasses import replace

from workflow.runs.history import History

MACHINE = "-stage"
"""What the name of the machine ends with."""


def is_stage(execution: str) -> bool:
    """Whether the execution of this ARN is one of the Stage machine."""
    return execution.rpartition(":")[0].endswith(MACHINE)


def in_words_of_the_stage(history: History) -> History:
    """The history with its states named by the stage that its plan is for; as it is while there is no plan yet."""
    stage = str(history.plan.get("stage", ""))
    if not stage:
        return history
    for step in history.steps:
        step.name = named(step.name, stage)
    outcome = history.outcome and replace(history.outcome, state=named(history.outcome.state, stage))
    return replace(history, outcome=outcome)


def named(state: str, stage: str) -> str:
    """A state's name, with the stage in the place of the endpoint.

    >>> named("Smoke-test the endpoint", "staging"), named("Create the captured configuration", "production")
    ('Smoke-test staging', 'Create the captured production configuration')
    """
    for thing in ("model", "configuration"):
        state = state.removesuffix(f" {thing}") + f" {stage} {thing}" if state.endswith(f" {thing}") else state
    return state.replace("the endpoint", stage)
