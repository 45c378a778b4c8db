"""The states that watch a new fleet while traffic moves to it: alarms of the release's own, and its own questions.

SageMaker counts a fleet's errors and times by EndpointName and VariantName, where the old and the new fleet are one,
and once more with EndpointConfigName, where each is alone. Knows no order of states and makes no AWS call. Expects at
``$.plan`` whether the stage is ``watched``, and the names of its ``alarms``; at ``$.configuration`` that of the fleet.
"""

from __future__ import annotations

from stepfunctions.steps import Chain
from stepfunctions.steps.choice_rule import ChoiceRule, Rule
from stepfunctions.steps.states import State

from workflow.contract.deployment import ALARMS, PROBE_NAMESPACE, VARIANT, WRONG_ANSWERS
from workflow.machines import settings
from workflow.machines.kinds import call_function, on_error
from workflow.machines.retries import retry_cloudwatch
from workflow.machines.states import Catch, LambdaStep, Parameters, Task

CONFIGURATION: Parameters = {"Name": "EndpointConfigName", "Value.$": "$.configuration.name"}
NEW_FLEET: list[Parameters] = [
    {"Name": "EndpointName", "Value.$": "$.plan.endpoint"},
    {"Name": "VariantName", "Value": VARIANT},
    CONFIGURATION,
]


def is_watched() -> Rule:
    """Whether the new fleet is watched: in production it is, but for a first one, and for the way back."""
    return ChoiceRule.BooleanEquals(variable="$.plan.watched", value=True)


def put_alarms(failed: State, then: State) -> Task:
    """Make the alarms that send the release back; give the first of their states.

    They do nothing by themselves: SageMaker looks at them while it moves traffic. Silence is health, for a fleet that
    nobody asks is not ill. A repeated state writes the same alarm again.
    """
    count: Parameters = {
        "Statistic": "Sum",
        "EvaluationPeriods": 1,
        "Threshold": 1,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
    }
    steps = [
        _put_alarm(
            "Watch the errors",
            "errors",
            {"Namespace": "AWS/SageMaker", "MetricName": "Invocation5XXErrors", "Dimensions": NEW_FLEET, **count},
            failed,
        ),
        _put_alarm(
            "Watch the latency",
            "latency",
            {
                "Namespace": "AWS/SageMaker",
                "MetricName": "ModelLatency",
                "Dimensions": NEW_FLEET,
                "ExtendedStatistic": "p99",
                "Unit": "Microseconds",
                "EvaluationPeriods": 2,
                # A number, which a placeholder in a text cannot be.
                "Threshold.$": f"States.StringToJson('{settings.LATENCY_LIMIT}')",
                "ComparisonOperator": "GreaterThanThreshold",
            },
            failed,
        ),
        _put_alarm(
            "Watch the answers",
            "answers",
            {"Namespace": PROBE_NAMESPACE, "MetricName": WRONG_ANSWERS, "Dimensions": [CONFIGURATION], **count},
            failed,
        ),
    ]
    Chain([*steps, then])
    return steps[0]


def _put_alarm(name: str, what: str, watches: Parameters, failed: State) -> Task:
    return Task(
        name,
        resource=settings.integration("aws-sdk:cloudwatch:putMetricAlarm"),
        parameters={
            "AlarmName.$": f"$.plan.alarms.{what}",
            "AlarmDescription": f"Sends {settings.PROJECT}-production back while a release moves its traffic",
            **watches,
            "Period": 60,
            "TreatMissingData": "notBreaching",
            "Tags.$": settings.TAGS,
        },
        result_path=None,
        timeout_seconds=settings.CLOUDWATCH_CALL_SECONDS,
        retry=retry_cloudwatch(),
        catch=[on_error(failed)],
    )


def remove_alarms(name: str, then: State) -> Task:
    """Delete a release's alarms, whatever comes of it: the next release deletes what is left."""
    names = ", ".join(f"$.plan.alarms.{what}" for what in ALARMS)
    step = Task(
        name,
        resource=settings.integration("aws-sdk:cloudwatch:deleteAlarms"),
        parameters={"AlarmNames.$": f"States.Array({names})"},
        result_path=None,
        timeout_seconds=settings.CLOUDWATCH_CALL_SECONDS,
        retry=retry_cloudwatch(),
        catch=[Catch(then, error_equals=["States.ALL"], result_path="$.unremoved")],
    )
    step.next(then)
    return step


def probe(then: State) -> LambdaStep:
    """Ask the endpoint with the evaluation's pictures until the new fleet has answered some, and count what was wrong.

    Only the count decides, by its alarm: a probe that cannot ask is told by the smoke test that follows.
    """
    step = call_function(
        "Probe the endpoint",
        "${SmokeTestArn}",
        {
            "endpoint.$": "$.plan.endpoint",
            "serving.$": "$.plan.serving",
            "model_digest.$": "$.plan.smoke.model_digest",
            "evaluation_uri.$": "$.plan.smoke.evaluation_uri",
            "smoke_digest.$": "$.plan.smoke.smoke_digest",
            "configuration.$": "$.configuration.name",
        },
        [Catch(then, error_equals=["States.ALL"], result_path="$.unprobed")],
        keep=("summary",),
        at="probe",
    )
    step.next(then)
    return step
