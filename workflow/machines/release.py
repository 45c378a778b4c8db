"""The Release machine: an approved model package into staging, then into production. Also rolls back.

It needs nothing but a model package's ARN, so that operations can bring back any earlier approved version from the
console; a build adds what it was judged against. Pure: makes no AWS call and needs no network. The states of a stage
are in ``endpoints``.
"""

from __future__ import annotations

from typing import Any

from stepfunctions.steps import Chain
from stepfunctions.steps.choice_rule import ChoiceRule, Rule
from stepfunctions.steps.states import State

from workflow.contract.challenge import PROMOTED
from workflow.contract.failures import RELEASE_OVERTAKEN_BY_FUNCTION, Failure
from workflow.machines import settings
from workflow.machines.batches import (
    answer_the_evaluations_pictures,
    compare_with_the_evaluation,
    name_what_serves,
    serves_by_batches,
)
from workflow.machines.components import (
    NOT_LOOKED,
    is_shared,
    put_back_on_shared,
    serve_on_shared,
    smoke_test_previous_there,
    smoke_test_shared,
)
from workflow.machines.endings import Endings
from workflow.machines.endpoints import (
    BACK,
    bring_up_production,
    bring_up_staging,
    configure,
    create_model,
    smoke_test,
    smoke_test_previous,
    update_endpoint,
    wait_until_ready,
)
from workflow.machines.kinds import (
    answer_of_a_person,
    ask_a_person,
    begin,
    call_function,
    fresh_name,
    on_error,
    plan_the_execution,
    raise_error,
    render_machine,
)
from workflow.machines.noting import note_the_stage
from workflow.machines.quotas import NO_QUOTA
from workflow.machines.retries import retry_lambda, retry_planning
from workflow.machines.scaling import hold_the_scaling, scale_production
from workflow.machines.serverless import NO_OTHER_MODEL, choose_model
from workflow.machines.states import Catch, Choice, LambdaStep, Succeed, Task


def machine() -> dict[str, Any]:
    """The Release machine in the States Language."""
    endings = Endings("release")
    refused = endings.way_out(
        "The release was refused", at="Plan or confirm the release", error=Failure.RELEASE_REFUSED
    )
    staging_failed = endings.way_out("Staging failed", at="Staging", error=Failure.STAGING_FAILED)
    production_failed = endings.way_out("Production failed", at="Production", error=Failure.PRODUCTION_FAILED)
    record_failed = endings.way_out("The record failed", at="Record the champion", error=Failure.RECORD_FAILED)

    plan = plan_the_execution(
        "Plan the release",
        "${PlanReleaseArn}",
        refused,
        also={
            "staging": {"looks": 0},
            "production": {"looks": 0},
            "production_configuration": NOT_LOOKED,
            "back": NOT_LOOKED,
            **NO_QUOTA,
            # A release that serves by batches makes no model for an endpoint.
            "model": {"name": "", "variant": {}},
            **NO_OTHER_MODEL,
        },
        retry=retry_planning(),
    )
    model = create_model(staging_failed)
    untrue = endings.way_out("The smoke test failed", at="Smoke-test staging", error=Failure.SMOKE_TEST_FAILED)
    smoke_staging = smoke_test("staging", untrue)
    answered = answer_the_evaluations_pictures(staging_failed)
    compared = compare_with_the_evaluation(untrue)
    tried = Choice("By an endpoint, or by batches?")
    tried.add_choice(serves_by_batches(), answered)
    tried.default_choice(model)
    staging = configure(
        "staging", then=bring_up_staging(ready=smoke_staging, failed=staging_failed), failed=staging_failed
    )

    overtaken = endings.way_out("The release was overtaken", at="Confirm the release", error=Failure.RELEASE_OVERTAKEN)
    confirmed = confirm(
        "Confirm the release",
        "confirm",
        overtaken,
        on_error(refused),
        keep=("variant", "retained", "deployment", "watched", "alarms", "capture"),
    )
    wrong = confirm_roll_back(overtaken, roll_back(endings, production_failed))
    smoke_production = smoke_test("production", wrong)
    production = configure(
        "production",
        then=bring_up_production(ready=smoke_production, failed=production_failed),
        failed=production_failed,
    )
    smoke_shared = smoke_test_shared(wrong)
    batches = name_what_serves()
    hold = hold_the_scaling(production_failed)
    hold.next(choose_model("production", production, production_failed))
    where = Choice("Where does production serve?")
    where.add_choice(serves_by_batches(), batches)
    where.add_choice(is_shared(), serve_on_shared(ready=smoke_shared, failed=production_failed))
    where.default_choice(hold)
    record = call_function(
        "Record the champion",
        "${RecordChampionArn}",
        {"plan.$": "$.plan", "configuration.$": "$.production_configuration.name"},
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

    request_failed = endings.way_out(
        "Nobody could be asked", at="Ask for production approval", error=Failure.APPROVAL_FAILED
    )
    ask = ask_before_production(endings, request_failed)
    challenge = challenge_production(
        endings.way_out(
            "The challenge of production failed",
            at="Challenge production",
            error=Failure.CHALLENGE_FAILED,
            told_by_nested=True,
        )
    )
    promoted = Choice("Was the challenger promoted?")
    promoted.add_choice(ChoiceRule.StringEquals(variable="$.challenge.outcome", value=PROMOTED), confirmed)
    promoted.default_choice(Succeed("Withdrawn"))
    challenged = Choice("Challenge production first?")
    challenged.add_choice(is_challenged(), challenge)
    challenged.default_choice(confirmed)
    asked = Choice("Ask before production?")
    asked.add_choice(ChoiceRule.BooleanEquals(variable="$.plan.ask_before_production", value=True), ask)
    asked.default_choice(challenged)

    stopped = raise_error(
        "Say who stopped it",
        Failure.APPROVAL_REJECTED,
        "States.Format('{} stopped it before production: {}', $.approval.by, $.approval.comment)",
        endings.way_out(
            "A person stopped the release", at="Ask for production approval", error=Failure.APPROVAL_REJECTED
        ),
    )
    answer = answer_of_a_person("Approved for production?", challenged, stopped, request_failed)

    challenge.next(promoted)
    Chain([plan, tried])
    Chain([answered, compared, asked])
    Chain([model, choose_model("staging", staging, staging_failed)])
    smoke_staging.next(note_the_stage("staging", asked))
    ask.next(answer)
    Chain([confirmed, where])
    batches.next(record)
    smoke_shared.next(record)
    Chain([smoke_production, record, scale_production(record_failed), note_the_stage("production", clean_up)])
    Chain([clean_up, tell, Succeed("Released")])
    return render_machine(
        begin(plan),
        comment="Greenlight: an approved model package into production. Start with its ARN, also to roll back.",
        timeout_seconds=settings.RELEASE_SECONDS,
    )


def is_challenged() -> Rule:
    """Whether a version is tried beside the champion first: as it is to be served so, and there is one.

    A plan from before there was a choice says nothing of it.
    """
    there = ChoiceRule.IsPresent(variable="$.plan.challenged", value=True)
    return ChoiceRule.And([there, ChoiceRule.BooleanEquals(variable="$.plan.challenged", value=True)])


def challenge_production(failed: State) -> Task:
    """Try the version beside the champion by the Challenge machine, and wait for what comes of it."""
    return Task(
        "Challenge production",
        resource=settings.integration("states:startExecution.sync:2"),
        parameters={
            "StateMachineArn": settings.CHALLENGE_MACHINE,
            "Name.$": fresh_name("$.model.name"),
            "Input": {
                "release.$": "$.plan",
                "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID.$": "$$.Execution.Id",
            },
        },
        result_selector={
            "execution.$": "$.ExecutionArn",
            "outcome.$": "$.Output.decided.outcome",
            "summary.$": "$.Output.decided.summary",
        },
        result_path="$.challenge",
        timeout_seconds=settings.RELEASE_SECONDS,
        retry=retry_lambda(),
        catch=[on_error(failed)],
    )


def confirm(name: str, what: str, overtaken: State, otherwise: Catch, *, keep: tuple[str, ...]) -> LambdaStep:
    """Hold the lock still, or again, before production changes: a release that is redriven may have been overtaken.

    ``what`` is asked of the function: to ``confirm`` the way to production, where people must have agreed to it, or to
    ``roll_back``.
    """
    failed = [on_error(overtaken, (RELEASE_OVERTAKEN_BY_FUNCTION,)), otherwise]
    return call_function(name, "${PlanReleaseArn}", {f"{what}.$": "$.plan"}, failed, keep=keep, at="release")


def confirm_roll_back(overtaken: State, back: State) -> LambdaStep:
    """See that production still is this release's to roll back; where nobody can tell, it is."""
    unknown = Catch(back, error_equals=["States.ALL"], result_path="$.unconfirmed")
    step = confirm("Confirm the roll-back", "roll_back", overtaken, unknown, keep=("confirmed",))
    step.next(back)
    return step


def ask_before_production(endings: Endings, failed: State) -> LambdaStep:
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
        endings.way_out("The approval expired", at="Ask for production approval", error=Failure.APPROVAL_EXPIRED),
        failed,
    )


def roll_back(endings: Endings, failed: State) -> Choice:
    """Put the previous configuration back when production answers wrongly, wait, and see that it serves what it did."""
    rolled_back = endings.way_out("Rolled back", at="Smoke-test production", error=Failure.PRODUCTION_ROLLED_BACK)
    stuck = endings.way_out(
        "The roll-back failed", at="Put the previous version back", error=Failure.PRODUCTION_ROLLBACK_FAILED
    )
    unapproved = endings.way_out(
        "Nobody approved what serves",
        at="Roll back: production serves what nobody approved",
        error=Failure.PRODUCTION_UNAPPROVED,
    )
    proven = smoke_test_previous(unapproved)
    proven.next(rolled_back)
    back = wait_until_ready(
        "production", "the previous version", "$.plan.previous_configuration", ready=proven, failed=stuck
    )
    update = update_endpoint(
        "Put the previous version back",
        "production",
        "$.plan.previous_configuration",
        deployment=BACK,
        failed=stuck,
        then=back,
    )
    before = Choice("Was a version there before?")
    there = ChoiceRule.BooleanEquals(variable="$.plan.production_exists", value=True)
    proven_there = smoke_test_previous_there(unapproved)
    proven_there.next(rolled_back)
    before.add_choice(ChoiceRule.And([there, is_shared()]), put_back_on_shared(ready=proven_there, failed=stuck))
    before.add_choice(there, update)
    before.default_choice(failed)
    return before


def tell_everyone(failed: State) -> LambdaStep:
    """Mail that production changed."""
    return call_function(
        "Tell everyone",
        "${NotifyArn}",
        {"kind": "released", "plan.$": "$.plan", "run.$": "$$.Execution.Name", "execution.$": "$$.Execution.Id"},
        failed,
        keep=("cause",),
        at="told",
    )
