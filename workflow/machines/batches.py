"""The states of a release to a production without an endpoint: a batch of the evaluation's pictures, and its test.

What is released is what ``greenlight batch`` answers with; one batch stands for staging and for production. The release
alone tells what came of it, well or not. Knows no order of the other states and makes no AWS call.
"""

from __future__ import annotations

from stepfunctions.steps.choice_rule import BaseRule, ChoiceRule
from stepfunctions.steps.states import State

from workflow.contract.batch import BATCHES
from workflow.contract.serving import batch_name
from workflow.machines import settings
from workflow.machines.kinds import call_function, fresh_name, on_error
from workflow.machines.retries import retry_lambda
from workflow.machines.states import LambdaStep, Pass, Task

ANSWER, COMPARE = "Answer the evaluation's pictures", "Compare with the evaluation"


def serves_by_batches() -> BaseRule:
    """Whether production has no endpoint. A plan from before there was a choice says nothing of it."""
    return ChoiceRule.IsPresent(variable="$.plan.batch", value=True)


def answer_the_evaluations_pictures(failed: State) -> Task:
    """Run the Batch machine on the pictures of the evaluation and wait for its end."""
    return Task(
        ANSWER,
        resource=settings.integration("states:startExecution.sync:2"),
        parameters={
            "StateMachineArn": settings.BATCH_MACHINE,
            "Name.$": fresh_name("$.plan.batch"),
            "Input": {
                "pictures.$": "States.Format('{}smoke', $.plan.evaluation_uri)",
                "model_package_arn.$": "$.plan.model_package_arn",
                "instance.$": "$.plan.instance",
                "started_by.$": "$.plan.started_by",
                "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID.$": "$$.Execution.Id",
            },
        },
        # The name is the last of an execution's ARN, which has eight parts.
        result_selector={"name.$": "States.ArrayGetItem(States.StringSplit($.ExecutionArn, ':'), 7)"},
        result_path="$.batch",
        timeout_seconds=settings.BATCH_SECONDS,
        retry=retry_lambda(),
        catch=[on_error(failed)],
    )


def compare_with_the_evaluation(failed: State) -> LambdaStep:
    """Expect the evaluation's own boxes in the answers, as a smoke test expects them of an endpoint."""
    return call_function(
        COMPARE,
        "${SmokeTestArn}",
        {
            "endpoint": batch_name(settings.PROJECT),
            "answers.$": f"States.Format('s3://{settings.BUCKET}/{BATCHES}{{}}/answers/', $.batch.name)",
            "model_digest.$": "$.plan.model_digest",
            "evaluation_uri.$": "$.plan.evaluation_uri",
            "smoke_digest.$": "$.plan.smoke_digest",
        },
        failed,
        keep=("summary", "images", "boxes"),
        at="smoke_batch",
    )


def name_what_serves() -> Pass:
    """What is recorded in the place of an endpoint's configuration."""
    return Pass(
        "Serve by batches",
        parameters={"name": batch_name(settings.PROJECT)},
        result_path="$.production_configuration",
    )
