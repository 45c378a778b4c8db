"""The Release machine: an approved model package into staging, then into production. Also rolls back.

It needs nothing but a model package's ARN, so that operations can bring back any earlier approved version from the
console; a build adds what it was judged against. Pure: makes no AWS call and needs no network.
"""

from __future__ import annotations

from typing import Any

from sagemaker.model import Model
from stepfunctions.steps import Chain
from stepfunctions.steps.choice_rule import ChoiceRule
from stepfunctions.steps.states import State

from workflow.contract.failures import RELEASE_REFUSED_BY_FUNCTION, Failure, StateError
from workflow.machines import settings
from workflow.machines.kinds import (
    ask_a_person,
    call_function,
    call_sagemaker,
    on_error,
    plan_the_execution,
    raise_error,
    render_machine,
    report_and_fail,
    retry_sagemaker,
)
from workflow.machines.states import (
    Catch,
    Choice,
    EndpointConfigStep,
    EndpointStep,
    LambdaStep,
    ModelStep,
    Parameters,
    Pass,
    Succeed,
    Task,
    Wait,
    offline_session,
)


def machine() -> dict[str, Any]:
    """The Release machine in the States Language."""
    staging_failed = way_out("Staging", "Report the failed staging", "Staging failed", Failure.STAGING_FAILED)
    production_failed = way_out(
        "Production", "Report the failed production", "Production failed", Failure.PRODUCTION_FAILED
    )
    record_failed = way_out(
        "Record the champion", "Report the failed record", "The record failed", Failure.RECORD_FAILED
    )

    plan = plan_the_execution(
        "Plan the release",
        "${PlanReleaseArn}",
        way_out("Plan the release", "Report the refusal", "The release was refused", Failure.RELEASE_REFUSED),
        also={"staging": {"looks": 0}, "production": {"looks": 0}},
    )
    model = create_model(staging_failed)
    staging_configuration = create_configuration("staging", staging_failed)
    smoke_staging = smoke_test(
        "staging",
        way_out(
            "Smoke-test staging", "Report the failed smoke test", "The smoke test failed", Failure.SMOKE_TEST_FAILED
        ),
    )
    staging = endpoint("staging", ready=smoke_staging, failed=staging_failed)

    overtaken = way_out(
        "Confirm the release", "Report the overtaken release", "The release was overtaken", Failure.RELEASE_OVERTAKEN
    )
    production_configuration = create_configuration("production", production_failed)
    confirmed = confirm("Confirm the release", overtaken)
    smoke_production = smoke_test("production", confirm_roll_back(overtaken, roll_back(production_failed)))
    production = endpoint("production", ready=smoke_production, failed=production_failed)
    record = call_function(
        "Record the champion",
        "${RecordChampionArn}",
        {"plan.$": "$.plan"},
        record_failed,
        keep=("package_version", "released_epoch"),
        at="record",
    )
    clean_up = call_function(
        "Clean up",
        "${CleanUpArn}",
        {"plan.$": "$.plan"},
        record_failed,
        keep=("deleted_configurations", "deleted_models", "lock_released"),
        at="cleaned",
    )
    tell = tell_everyone(record_failed)

    ask = ask_before_production()
    asked = Choice("Ask before production?")
    asked.add_choice(ChoiceRule.BooleanEquals(variable="$.plan.ask_before_production", value=True), ask)
    asked.default_choice(confirmed)

    answer = Choice("Approved for production?")
    answer.add_choice(ChoiceRule.StringEquals(variable="$.approval.decision", value="approved"), confirmed)
    answer.default_choice(
        raise_error(
            "Say who stopped it",
            Failure.APPROVAL_REJECTED,
            "States.Format('{} stopped it before production: {}', $.approval.by, $.approval.comment)",
            way_out(
                "Ask for production approval",
                "Report the stopped release",
                "A person stopped the release",
                Failure.APPROVAL_REJECTED,
            ),
        )
    )

    Chain([plan, model, staging_configuration, staging])
    Chain([smoke_staging, asked])
    ask.next(answer)
    Chain([confirmed, production_configuration, production])
    Chain([smoke_production, record, clean_up, tell, Succeed("Released")])
    return render_machine(
        plan,
        comment="Greenlight: an approved model package into production. Start with its ARN, also to roll back.",
        timeout_seconds=settings.RELEASE_SECONDS,
    )


def way_out(what: str, report: str, end: str, error: Failure) -> LambdaStep:
    """The way out of one failing step of this machine."""
    return report_and_fail("release", what, report=report, end=end, error=error)


def confirm(name: str, failed: State | list[Catch]) -> LambdaStep:
    """Hold the lock still, or again, before production changes: a release that is redriven may have been overtaken."""
    return call_function(name, "${PlanReleaseArn}", {"confirm.$": "$.plan"}, failed, keep=("confirmed",), at="release")


def confirm_roll_back(overtaken: State, back: State) -> LambdaStep:
    """See that production still is this release's to roll back; where nobody can tell, it is."""
    unknown = Catch(back, error_equals=["States.ALL"], result_path="$.unconfirmed")
    step = confirm("Confirm the roll-back", [on_error(overtaken, (RELEASE_REFUSED_BY_FUNCTION,)), unknown])
    step.next(back)
    return step


def create_model(failed: LambdaStep) -> ModelStep:
    """The SageMaker model behind both endpoints: the very archive whose digest was just compared."""
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
        result_path=None,
        timeout_seconds=settings.SAGEMAKER_CALL_SECONDS,
        retry=retry_sagemaker(),
        catch=[on_error(failed)],
    )
    step.merge_parameters(
        {
            "ModelName.$": "$.plan.model_name",
            "PrimaryContainer": {
                "Image.$": "$.plan.image",
                "ModelDataUrl.$": "$.plan.model_data_url",
                "Environment.$": "$.plan.environment",
            },
            "EnableNetworkIsolation": True,
            "Tags": settings.TAGS,
        }
    )
    return step


def create_configuration(stage: str, failed: LambdaStep) -> EndpointConfigStep:
    """The endpoint configuration of one stage: one variant of the model."""
    step = EndpointConfigStep(
        f"Create the {stage} configuration",
        endpoint_config_name="given-at-run-time",
        model_name="given-at-run-time",
        initial_instance_count=1,
        instance_type="given-at-run-time",
        result_path=None,
        timeout_seconds=settings.SAGEMAKER_CALL_SECONDS,
        retry=retry_sagemaker(),
        catch=[on_error(failed)],
    )
    variant: Parameters = {
        "VariantName": settings.VARIANT,
        "ModelName.$": "$.plan.model_name",
        "InstanceType.$": "$.plan.instance",
        "InitialVariantWeight": 1,
    }
    variant |= {"InitialInstanceCount.$": "$.plan.count"} if stage == "production" else {"InitialInstanceCount": 1}
    step.merge_parameters(
        {
            "EndpointConfigName.$": f"$.plan.{stage}_configuration",
            "ProductionVariants": [variant],
            "Tags": settings.TAGS,
        }
    )
    return step


def endpoint(stage: str, *, ready: State, failed: LambdaStep) -> Choice:
    """Create or update the endpoint of a stage and look at it until it serves the wanted configuration."""
    wait = until_ready(stage, stage, f"$.plan.{stage}_configuration", ready=ready, failed=failed)
    there = Choice(f"Is {stage} there?")
    there.add_choice(
        ChoiceRule.BooleanEquals(variable=f"$.plan.{stage}_exists", value=True),
        update_endpoint(f"Update {stage}", stage, f"$.plan.{stage}_configuration", failed=failed, then=wait),
    )
    there.default_choice(create_endpoint(stage, failed=failed, then=wait))
    return there


def until_ready(stage: str, name: str, wanted: str, *, ready: State, failed: LambdaStep) -> Wait:
    """Look at a stage's endpoint until it serves the configuration at the path ``wanted``; ``name`` tells the states.

    A failed update goes back to ``InService`` on the old configuration, so the status alone proves nothing.
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
    on_wanted = ChoiceRule.StringEqualsPath(variable=configuration, value=wanted)
    excused = ChoiceRule.IsPresent(variable=f"$.{stage}.endpoint.FailureReason", value=True)
    serves.add_choice(ChoiceRule.And([in_service, on_wanted, ChoiceRule.Not(excused)]), ready)
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
            f"States.Format('endpoint {{}} is {{}} on {{}} after {{}} looks, wanted {{}}',"
            f" $.{stage}.endpoint.EndpointName, {status}, {configuration}, $.{stage}.looks, {wanted})",
            failed,
        ),
    )
    serves.default_choice(wait)
    Chain([wait, count, look, serves])
    return wait


def create_endpoint(stage: str, *, failed: LambdaStep, then: State) -> EndpointStep:
    """Create the endpoint of a stage."""
    step = EndpointStep(
        f"Create {stage}",
        endpoint_name=f"{settings.PROJECT}-{stage}",
        endpoint_config_name="given-at-run-time",
        result_path=None,
        timeout_seconds=settings.SAGEMAKER_CALL_SECONDS,
        retry=retry_sagemaker(),
        catch=[on_error(failed)],
    )
    step.merge_parameters({"EndpointConfigName.$": f"$.plan.{stage}_configuration", "Tags": settings.TAGS})
    step.next(then)
    return step


def update_endpoint(name: str, stage: str, configuration: str, *, failed: LambdaStep, then: State) -> Task:
    """Put the configuration at a path behind the endpoint of a stage; production by blue/green.

    By the AWS SDK integration: Step Functions' own for UpdateEndpoint takes no DeploymentConfig.
    """
    parameters = {"EndpointName": f"{settings.PROJECT}-{stage}", "EndpointConfigName.$": configuration}
    deployment = {"DeploymentConfig": safe_deployment()} if stage == "production" else {}
    step = call_sagemaker(name, "updateEndpoint", {**parameters, **deployment}, failed, at=None)
    step.next(then)
    return step


def safe_deployment() -> Parameters:
    """Blue/green with a canary where there are instances enough (the plan says), rolled back by the alarms."""
    return {
        "BlueGreenUpdatePolicy": {
            "TrafficRoutingConfiguration.$": "$.plan.traffic",
            "TerminationWaitInSeconds": 120,
            "MaximumExecutionTimeoutInSeconds": 1800,
        },
        "AutoRollbackConfiguration": {
            "Alarms": [
                {"AlarmName": f"{settings.PROJECT}-production-5xx"},
                {"AlarmName": f"{settings.PROJECT}-production-latency"},
            ]
        },
    }


def smoke_test(stage: str, failed: State) -> LambdaStep:
    """Send the evaluation's own pictures to the endpoint and expect the evaluation's own boxes back."""
    return call_function(
        f"Smoke-test {stage}",
        "${SmokeTestArn}",
        {
            "endpoint": f"{settings.PROJECT}-{stage}",
            "model_digest.$": "$.plan.model_digest",
            "evaluation_uri.$": "$.plan.evaluation_uri",
        },
        failed,
        keep=("summary", "images", "boxes"),
        at=f"smoke_{stage}",
    )


def ask_before_production() -> LambdaStep:
    """Ask once more, with staging up and tested."""
    return ask_a_person(
        "Ask for production approval",
        "production",
        "release",
        {
            "release.$": "$.plan",
            "package_arn.$": "$.plan.model_package_arn",
            "started_by.$": "$.plan.started_by",
        },
        way_out(
            "Ask for production approval",
            "Report the expired approval",
            "The approval expired",
            Failure.APPROVAL_EXPIRED,
        ),
        way_out(
            "Ask for production approval", "Report the failed request", "Nobody could be asked", Failure.APPROVAL_FAILED
        ),
    )


def roll_back(failed: LambdaStep) -> Choice:
    """Put the previous configuration back when production answers wrongly, and wait until it serves again."""
    told = way_out("Smoke-test production", "Report the roll-back", "Rolled back", Failure.PRODUCTION_ROLLED_BACK)
    stuck = way_out(
        "Put the previous version back",
        "Report the failed roll-back",
        "The roll-back failed",
        Failure.PRODUCTION_ROLLBACK_FAILED,
    )
    back = until_ready("production", "the previous version", "$.plan.previous_configuration", ready=told, failed=stuck)
    update = update_endpoint(
        "Put the previous version back", "production", "$.plan.previous_configuration", failed=stuck, then=back
    )
    before = Choice("Was a version there before?")
    before.add_choice(ChoiceRule.BooleanEquals(variable="$.plan.production_exists", value=True), update)
    before.default_choice(failed)
    return before


def tell_everyone(failed: LambdaStep) -> Task | LambdaStep:
    """Mail that production changed."""
    return call_function(
        "Tell everyone",
        "${NotifyArn}",
        {"kind": "released", "plan.$": "$.plan", "run.$": "$$.Execution.Name", "execution.$": "$$.Execution.Id"},
        failed,
        keep=("cause",),
        at="told",
    )
