"""The states that bring a model behind an endpoint: its configuration, the endpoint itself, the looks at it, its test.

The same for both stages, ``staging`` and ``production``. Knows no order of the stages and makes no AWS call. What was
created is at ``$.model`` and ``$.<stage>_configuration``, each with its ``name``, the model with its part of a variant.
"""

from __future__ import annotations

from sagemaker.model import Model
from stepfunctions.steps import Chain
from stepfunctions.steps.choice_rule import ChoiceRule
from stepfunctions.steps.states import State

from workflow.contract.deployment import VARIANT, at_once
from workflow.contract.failures import StateError
from workflow.machines import settings
from workflow.machines.asynchronous import answer_asynchronously, is_asynchronous
from workflow.machines.kinds import call_function, call_sagemaker, fresh_name, name_in, on_error, raise_error
from workflow.machines.quotas import wait_for_quota
from workflow.machines.retries import retry_sagemaker, retry_throttled
from workflow.machines.serverless import model_of
from workflow.machines.states import (
    Choice,
    EndpointConfigStep,
    EndpointStep,
    LambdaStep,
    ModelStep,
    Parameters,
    Pass,
    Retry,
    Task,
    Wait,
    offline_session,
)
from workflow.machines.watching import is_watched, probe, put_alarms, remove_alarms


def create_model(failed: State) -> ModelStep:
    """The SageMaker model behind both endpoints: the very archive whose digest was just compared.

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
        result_selector={
            "name.$": name_in("$.ModelArn"),
            "variant": {
                "VariantName": VARIANT,
                "ModelName.$": name_in("$.ModelArn"),
                "InitialVariantWeight": 1,
            },
        },
        result_path="$.model",
        timeout_seconds=settings.SAGEMAKER_CALL_SECONDS,
        retry=retry_sagemaker(),
        catch=[on_error(failed)],
    )
    step.merge_parameters(
        {
            "ModelName.$": fresh_name("$.plan.model_name"),
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


def configure(stage: str, *, then: State, failed: State) -> Choice:
    """Create the endpoint configuration of one stage, as the stage serves."""
    usual = create_configuration(f"Create the {stage} configuration", stage, failed)
    queued = create_configuration(f"Create the asynchronous {stage} configuration", stage, failed)
    serves = Choice(f"How does {stage} serve?")
    serves.add_choice(is_asynchronous(stage), answer_asynchronously(stage, queued))
    if stage == "production":
        captured = create_configuration(f"Create the captured {stage} configuration", stage, failed)
        captured.merge_parameters({"DataCaptureConfig.$": "$.release.capture"})
        captured.next(then)
        kept = [rule(variable="$.release.capture", value=True) for rule in (ChoiceRule.IsPresent, ChoiceRule.IsNull)]
        serves.add_choice(ChoiceRule.And([kept[0], ChoiceRule.Not(kept[1])]), captured)
    serves.default_choice(usual)
    for step in (usual, queued):
        step.next(then)
    return serves


def create_configuration(name: str, stage: str, failed: State) -> EndpointConfigStep:
    """The endpoint configuration of one stage: one variant of the model, in production with the capacity it has.

    By the AWS SDK integration: Step Functions' own for CreateEndpointConfig is not documented to take an AMI.
    """
    variant = "$.release.variant" if stage == "production" else "$.plan.variant"
    step = EndpointConfigStep(
        name,
        endpoint_config_name="given-at-run-time",
        model_name="given-at-run-time",
        initial_instance_count=1,
        instance_type="given-at-run-time",
        result_selector={"name.$": name_in("$.EndpointConfigArn")},
        result_path=f"$.{stage}_configuration",
        timeout_seconds=settings.SAGEMAKER_CALL_SECONDS,
        retry=retry_sagemaker(),
        catch=[on_error(failed)],
    )
    step.merge_parameters(
        {
            "EndpointConfigName.$": fresh_name(f"$.plan.{stage}_configuration"),
            # One list of one variant: only an endpoint with a GPU names its AMI, and a path can leave out no key.
            "ProductionVariants.$": f"States.Array(States.JsonMerge({model_of(stage)}, {variant}, false))",
            "Tags.$": settings.TAGS,
        }
    )
    step.fields["resource"] = settings.integration("aws-sdk:sagemaker:createEndpointConfig")
    return step


def bring_up_staging(*, ready: State, failed: State) -> Choice:
    """Create or update staging and look at it until it serves the wanted configuration."""
    return _bring_up("staging", {}, wait_until_ready("staging", "staging", STAGED, ready=ready, failed=failed), failed)


def bring_up_production(*, ready: State, failed: State) -> Choice:
    """The same for production, by the deployment that was confirmed; the new fleet is watched where it can be.

    The alarms go with the deployment, whichever way it ends.
    """
    failed = remove_alarms("Remove the failed release's alarms", failed)
    ready = remove_alarms("Remove the alarms", ready)
    wait = wait_until_ready("production", "production", MOVED, ready=ready, failed=failed, probed=True)
    return _bring_up("production", CONFIRMED, wait, failed)


def _bring_up(stage: str, deployment: Parameters, wait: State, failed: State) -> Choice:
    wanted = f"$.{stage}_configuration.name"
    update = update_endpoint(
        f"Update {stage}", stage, wanted, deployment=deployment, failed=failed, then=wait, retry=retry_throttled()
    )
    wait_for_quota(update, f"updating {stage}", failed)
    there = Choice(f"Is {stage} there?")
    if deployment:
        there.add_choice(is_watched(), put_alarms(failed, update))
    there.add_choice(ChoiceRule.BooleanEquals(variable=f"$.plan.{stage}_exists", value=True), update)
    there.default_choice(create_endpoint(stage, failed=failed, then=wait))
    return there


def create_endpoint(stage: str, *, failed: State, then: State) -> EndpointStep:
    """Create the endpoint of a stage."""
    step = EndpointStep(
        f"Create {stage}",
        endpoint_name=f"{settings.PROJECT}-{stage}",
        endpoint_config_name="given-at-run-time",
        result_path=None,
        timeout_seconds=settings.SAGEMAKER_CALL_SECONDS,
        retry=retry_throttled(),
        catch=[on_error(failed)],
    )
    step.merge_parameters({"EndpointConfigName.$": f"$.{stage}_configuration.name", "Tags.$": settings.TAGS})
    wait_for_quota(step, f"creating {stage}", failed)
    step.next(then)
    return step


STAGED = "$.staging_configuration.name"
MOVED = "$.production_configuration.name"
CONFIRMED: Parameters = {
    "DeploymentConfig.$": "$.release.deployment",
    "RetainAllVariantProperties.$": "$.release.retained",
}
"""How production moves to a release's configuration, and whether it keeps its instances: the function that confirmed it
has said so."""
BACK: Parameters = {
    "DeploymentConfig": at_once(),
    "RetainAllVariantProperties.$": "$.plan.kinds.keeps_instances",
}
"""How production moves back to what it served before."""


def update_endpoint(
    name: str,
    stage: str,
    configuration: str,
    *,
    deployment: Parameters,
    failed: State,
    then: State,
    retry: list[Retry] | None = None,
) -> Task:
    """Put the configuration at a path behind the endpoint of a stage.

    With a ``deployment`` by blue/green, and with the instances that it has at that moment: a configuration has those
    of when it was made. A fleet at no instance starts as the configuration says. By the AWS SDK integration: Step
    Functions' own for UpdateEndpoint takes no DeploymentConfig.
    """
    parameters: Parameters = {"EndpointName": f"{settings.PROJECT}-{stage}", "EndpointConfigName.$": configuration}
    parameters |= deployment
    step = call_sagemaker(name, "updateEndpoint", parameters, failed, at=None, retry=retry)
    step.next(then)
    return step


def wait_until_ready(stage: str, name: str, wanted: str, *, ready: State, failed: State, probed: bool = False) -> Wait:
    """Look at a stage's endpoint until it serves the configuration at the path ``wanted``; ``name`` tells the states.

    With ``probed`` a new fleet that is watched is asked, too, between two looks.

    A failed update goes back to ``InService`` on the old configuration, so the status alone proves nothing. The wanted
    one gets there by an update that succeeded, and no other: a reason that is still told then is of an earlier failure.
    """
    wait = Wait(f"Wait for {name}", seconds=settings.LOOK_SECONDS)
    count = Pass(
        f"Count the looks at {name}",
        parameters={"looks.$": f"States.MathAdd($.{stage}.looks, 1)"},
        result_path=f"$.{stage}",
    )
    look = call_sagemaker(
        f"Look at {name}",
        "describeEndpoint",
        {"EndpointName": f"{settings.PROJECT}-{stage}"},
        failed,
        at=f"{stage}.endpoint",
    )
    serves = Choice(f"Is {name} ready?")
    status, configuration = f"$.{stage}.endpoint.EndpointStatus", f"$.{stage}.endpoint.EndpointConfigName"
    in_service = ChoiceRule.StringEquals(variable=status, value="InService")
    known = ChoiceRule.IsPresent(variable=configuration, value=True)
    on_wanted = ChoiceRule.StringEqualsPath(variable=configuration, value=wanted)
    excused = ChoiceRule.IsPresent(variable=f"$.{stage}.endpoint.FailureReason", value=True)
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
            f"States.Format('endpoint {{}} is {{}}: {{}}', $.{stage}.endpoint.EndpointName,"
            f" {status}, $.{stage}.endpoint.FailureReason)",
            failed,
        ),
    )
    ended = ChoiceRule.Or(
        [*over, ChoiceRule.NumericGreaterThanEquals(variable=f"$.{stage}.looks", value=settings.LOOKS)]
    )
    serves.add_choice(
        ended,
        raise_error(
            f"Say where {name} stands",
            StateError.ENDPOINT_FAILED,
            # Which configuration it serves instead, an endpoint that never came up does not say.
            f"States.Format('endpoint {{}} is {{}} after {{}} looks, and does not serve {{}}',"
            f" $.{stage}.endpoint.EndpointName, {status}, $.{stage}.looks, {wanted})",
            failed,
        ),
    )
    if probed:
        serves.add_choice(is_watched(), probe(wait))
    serves.default_choice(wait)
    Chain([wait, count, look, serves])
    return wait


def smoke_test(stage: str, failed: State) -> LambdaStep:
    """Send the evaluation's own pictures to the endpoint and expect the evaluation's own boxes back."""
    return call_function(
        f"Smoke-test {stage}",
        "${SmokeTestArn}",
        {
            "endpoint": f"{settings.PROJECT}-{stage}",
            "serving.$": "$.plan.serving",
            "model_digest.$": "$.plan.model_digest",
            "evaluation_uri.$": "$.plan.evaluation_uri",
            "smoke_digest.$": "$.plan.smoke_digest",
        },
        failed,
        keep=("summary", "images", "boxes"),
        at=f"smoke_{stage}",
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
