"""The states that bring a model behind an endpoint: its configuration, the endpoint itself, the looks at it, its test.

The same for both stages. Knows no order of the stages and makes no AWS call. What was created is at ``$.model``, with
its part of a variant, and at ``$.configuration``, each with its ``name``.
"""

from __future__ import annotations

from sagemaker.model import Model
from stepfunctions.steps import Chain
from stepfunctions.steps.choice_rule import ChoiceRule
from stepfunctions.steps.states import State

from workflow.contract.deployment import VARIANT
from workflow.contract.failures import StateError
from workflow.machines import settings
from workflow.machines.kinds import call_function, call_sagemaker, fresh_name, name_in, on_error, raise_error
from workflow.machines.retries import retry_sagemaker, retry_throttled
from workflow.machines.states import (
    Choice,
    EndpointConfigStep,
    EndpointStep,
    LambdaStep,
    ModelStep,
    Parameters,
    Pass,
    Task,
    Wait,
    offline_session,
)


def create_model(failed: State, named: str = fresh_name("$.plan.model_name")) -> ModelStep:
    """The SageMaker model behind an endpoint, of a name: the very archive whose digest was just compared.

    By the AWS SDK integration: Step Functions' own for CreateModel names no ModelDataSource among what it takes.
    """
    step = ModelStep(
        "Create the model",
        model=Model(
            image_uri=settings.SERVING_IMAGE,
            model_data="s3://given/at-run-time",
            role=settings.ENDPOINT_ROLE,
            env={},
            sagemaker_session=offline_session(),
        ),
        model_name="given-at-run-time",
        result_selector=model_named(),
        result_path="$.model",
        timeout_seconds=settings.SAGEMAKER_CALL_SECONDS,
        retry=retry_sagemaker(),
        catch=[on_error(failed)],
    )
    step.merge_parameters(
        {
            "ModelName.$": named,
            "PrimaryContainer": {
                "Image.$": "$.plan.image",
                "ModelDataUrl": None,
                "ModelDataSource": {
                    "S3DataSource": {
                        "S3Uri.$": "$.plan.model_data_url",
                        "S3DataType": "S3Object",
                        "CompressionType": "Gzip",
                        "ETag.$": "$.plan.archive_etag",
                    }
                },
                "Environment.$": "$.plan.environment",
            },
            "EnableNetworkIsolation": True,
            "Tags.$": settings.TAGS,
        }
    )
    step.fields["resource"] = settings.integration("aws-sdk:sagemaker:createModel")
    return step


def model_named() -> Parameters:
    """What is kept of a model that was created: its name, and its part of a variant."""
    return {
        "name.$": name_in("$.ModelArn"),
        "variant": {"VariantName": VARIANT, "ModelName.$": name_in("$.ModelArn"), "InitialVariantWeight": 1},
    }


def create_configuration(name: str, failed: State) -> EndpointConfigStep:
    """An endpoint configuration: one variant of the model, as the plan says.

    By the AWS SDK integration: Step Functions' own for CreateEndpointConfig is not documented to take an AMI.
    """
    step = EndpointConfigStep(
        name,
        endpoint_config_name="given-at-run-time",
        model_name="given-at-run-time",
        initial_instance_count=1,
        instance_type="given-at-run-time",
        result_selector={"name.$": name_in("$.EndpointConfigArn")},
        result_path="$.configuration",
        timeout_seconds=settings.SAGEMAKER_CALL_SECONDS,
        retry=retry_sagemaker(),
        catch=[on_error(failed)],
    )
    step.merge_parameters(
        {
            "EndpointConfigName.$": next_name("$.plan.configuration"),
            # One list of one variant: only an endpoint with a GPU names its AMI, and a path can leave out no key.
            "ProductionVariants.$": "States.Array(States.JsonMerge($.model.variant, $.plan.variant, false))",
            "Tags.$": settings.TAGS,
        }
    )
    step.fields["resource"] = settings.integration("aws-sdk:sagemaker:createEndpointConfig")
    return step


def next_name(name: str) -> str:
    """The intrinsic that goes on with a name at a path whose last number is the attempt of whoever started this.

    The counts of this execution follow, as in every fresh name; the first of them without a dash, for a name has 63
    characters.
    """
    return f"States.Format('{{}}{{}}-{{}}', {name}, $$.Execution.RedriveCount, $$.State.RetryCount)"


def create_endpoint(failed: State) -> EndpointStep:
    """Create the endpoint."""
    step = EndpointStep(
        "Create the endpoint",
        endpoint_name="given-at-run-time",
        endpoint_config_name="given-at-run-time",
        result_path=None,
        timeout_seconds=settings.SAGEMAKER_CALL_SECONDS,
        retry=retry_throttled(),
        catch=[on_error(failed)],
    )
    step.merge_parameters(
        {"EndpointName.$": "$.plan.endpoint", "EndpointConfigName.$": "$.configuration.name", "Tags.$": settings.TAGS}
    )
    return step


def update_endpoint(failed: State) -> Task:
    """Put the configuration behind the endpoint by blue/green, with the instances that it has at that moment.

    A configuration has those of when it was made. A fleet at no instance starts as the configuration says. By the AWS
    SDK integration: Step Functions' own for UpdateEndpoint takes no DeploymentConfig.
    """
    return call_sagemaker(
        "Update the endpoint",
        "updateEndpoint",
        {
            "EndpointName.$": "$.plan.endpoint",
            "EndpointConfigName.$": "$.configuration.name",
            "DeploymentConfig.$": "$.plan.deployment",
            "RetainAllVariantProperties.$": "$.plan.retained",
        },
        failed,
        at=None,
        retry=retry_throttled(),
    )


def wait_until_ready(
    name: str, endpoint: Parameters, wanted: str, *, at: str, ready: State | Choice, failed: State
) -> tuple[Wait, Choice]:
    """Look at an ``endpoint`` until it serves the configuration at the path ``wanted``; ``name`` tells the states.

    What the looks see is kept ``at`` a key. Gives the first state, and the choice, to which rules can be added for what
    has not ended yet.

    A failed update goes back to ``InService`` on the old configuration, so the status alone proves nothing. The wanted
    one gets there by an update that succeeded, and no other: a reason that is still told then is of an earlier failure.
    """
    wait = Wait(f"Wait for {name}", seconds=settings.LOOK_SECONDS)
    count = Pass(
        f"Count the looks at {name}",
        parameters={"looks.$": f"States.MathAdd($.{at}.looks, 1)"},
        result_path=f"$.{at}",
    )
    look = call_sagemaker(f"Look at {name}", "describeEndpoint", endpoint, failed, at=f"{at}.endpoint")
    serves = Choice(f"Is {name} ready?")
    status, configuration = f"$.{at}.endpoint.EndpointStatus", f"$.{at}.endpoint.EndpointConfigName"
    in_service = ChoiceRule.StringEquals(variable=status, value="InService")
    known = ChoiceRule.IsPresent(variable=configuration, value=True)
    on_wanted = ChoiceRule.StringEqualsPath(variable=configuration, value=wanted)
    excused = ChoiceRule.IsPresent(variable=f"$.{at}.endpoint.FailureReason", value=True)
    serves.add_choice(ChoiceRule.And([in_service, known, on_wanted]), ready)
    over = [
        in_service,
        ChoiceRule.StringEquals(variable=status, value="Failed"),
        ChoiceRule.StringEquals(variable=status, value="UpdateRollbackFailed"),
    ]
    serves.add_choice(
        ChoiceRule.And([excused, ChoiceRule.Or(over)]),
        raise_error(
            f"Say why {name} failed",
            StateError.ENDPOINT_FAILED,
            f"States.Format('endpoint {{}} is {{}}: {{}}', $.{at}.endpoint.EndpointName,"
            f" {status}, $.{at}.endpoint.FailureReason)",
            failed,
        ),
    )
    ended = ChoiceRule.Or([*over, ChoiceRule.NumericGreaterThanEquals(variable=f"$.{at}.looks", value=settings.LOOKS)])
    serves.add_choice(
        ended,
        raise_error(
            f"Say where {name} stands",
            StateError.ENDPOINT_FAILED,
            # Which configuration it serves instead, an endpoint that never came up does not say.
            f"States.Format('endpoint {{}} is {{}} after {{}} looks, and does not serve {{}}',"
            f" $.{at}.endpoint.EndpointName, {status}, $.{at}.looks, {wanted})",
            failed,
        ),
    )
    serves.default_choice(wait)
    Chain([wait, count, look, serves])
    return wait, serves


def smoke_test(failed: State) -> LambdaStep:
    """Send pictures that were decided on to the endpoint, and expect the boxes back that their evaluation saw."""
    return call_function(
        "Smoke-test the endpoint",
        "${SmokeTestArn}",
        {
            "endpoint.$": "$.plan.endpoint",
            "component.$": "$.plan.component",
            "serving.$": "$.plan.serving",
            "model_digest.$": "$.plan.smoke.model_digest",
            "evaluation_uri.$": "$.plan.smoke.evaluation_uri",
            "smoke_digest.$": "$.plan.smoke.smoke_digest",
            "only_the_digest.$": "$.plan.smoke.only_the_digest",
        },
        failed,
        keep=("summary", "images", "boxes"),
        at="smoke",
    )


def smoke_test_previous(failed: State) -> LambdaStep:
    """Ask production for the model that it served before, by that version's own pictures where they are known."""
    return call_function(
        "Smoke-test the previous version",
        "${SmokeTestArn}",
        {
            "endpoint": f"{settings.PROJECT}-production",
            "serving.$": "$.plan.serving",
            "model_digest.$": "$.plan.previous.model_digest",
            "evaluation_uri.$": "$.plan.previous.evaluation_uri",
            "smoke_digest.$": "$.plan.previous.smoke_digest",
            "only_the_digest.$": "$.plan.previous.only_the_digest",
        },
        failed,
        keep=("summary", "images", "boxes"),
        at="smoke_previous",
    )
