"""The states that note on SageMaker's own pages what became of a version: its card, its stage, its lineage.

Nothing depends on them: whatever comes of a note, the machine goes on. Knows no order of states and makes no AWS call.
"""

from __future__ import annotations

from stepfunctions.steps.states import State

from workflow.machines import settings
from workflow.machines.kinds import call_function
from workflow.machines.states import Catch, LambdaStep, Parameters


def note_the_registration(then: State) -> LambdaStep:
    """Give the version its card, its first stage, and the way from its dataset."""
    return _note(
        "Note the registration",
        {
            "kind": "registered",
            "plan.$": "$.plan",
            "gate.$": "$.gate",
            "dataset.$": "$.dataset",
            "jobs": {
                "prepare.$": "$.prepare.job_name",
                "train.$": "$.training.job_name",
                "evaluate.$": "$.evaluate.job_name",
            },
            "instance.$": "$.training.instance",
            "package_arn.$": "$.package.arn",
            "training_image": settings.TRAINING_IMAGE,
            "serving_image": settings.SERVING_IMAGE,
        },
        then,
    )


def note_the_stage(stage: str, then: State) -> LambdaStep:
    """Say that a stage serves the version, and no longer the one before it."""
    return _note(f"Note {stage}", {"kind": "serving", "plan.$": "$.plan", "stage": stage}, then)


def _note(name: str, payload: Parameters, then: State) -> LambdaStep:
    step = call_function(
        name,
        "${NoteVersionArn}",
        payload,
        [Catch(then, error_equals=["States.ALL"], result_path="$.unnoted")],
        keep=("noted", "missed"),
        at="noted",
    )
    step.next(then)
    return step
