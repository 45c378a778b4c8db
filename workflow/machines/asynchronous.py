"""The states that differ where a stage answers asynchronously: its endpoint configuration names where answers go.

Knows no order of the stages and makes no AWS call. Expects at ``$.plan.asynchronous.<stage>`` the AsyncInferenceConfig
of a stage that serves so; where the stage serves otherwise there is none.
"""

from __future__ import annotations

from stepfunctions.steps.choice_rule import ChoiceRule, Rule

from workflow.machines.states import EndpointConfigStep


def is_asynchronous(stage: str) -> Rule:
    """Whether a stage answers asynchronously."""
    return ChoiceRule.IsPresent(variable=f"$.plan.asynchronous.{stage}", value=True)


def answer_asynchronously(stage: str, usual: EndpointConfigStep) -> EndpointConfigStep:
    """Make of the state that creates a stage's usual configuration the one that creates an asynchronous endpoint's."""
    usual.merge_parameters({"AsyncInferenceConfig.$": f"$.plan.asynchronous.{stage}"})
    return usual
