"""The Release machine: an approved model package into staging, then into production. Also rolls back.

It needs nothing but a model package's ARN, so that operations can bring back any earlier approved version from the
console; a build adds what it was judged against. Pure: makes no AWS call and needs no network. What happens at the
endpoint of a stage is the machine ``stage``.
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
    ANSWER,
    COMPARE,
    answer_the_evaluations_pictures,
    compare_with_the_evaluation,
    name_what_serves,
    serves_by_batches,
)
from workflow.machines.endings import NESTED, Endings
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
from workflow.machines.retries import retry_lambda, retry_planning
from workflow.machines.scaling import hold_the_scaling, scale_production
from workflow.machines.stages import answered_wrongly, ask_how_it_failed, bring_up, ended_with, put_back
from workflow.machines.states import Choice, LambdaStep, Succeed, Task


def machine() -> dict[str, Any]:
    """The Release machine in the States Language."""
    endings = Endings("release")
    refused = endings.way_out(
        "The release was refused", at="Plan or confirm the release", error=Failure.RELEASE_REFUSED
    )
    staging_failed = endings.way_out("Staging failed", at="Staging", error=Failure.STAGING_FAILED)
    untrue = endings.way_out("The smoke test failed", at="Smoke-test staging", error=Failure.SMOKE_TEST_FAILED)
    overtaken = endings.way_out("The release was overtaken", at="Confirm the release", error=Failure.RELEASE_OVERTAKEN)
    production_failed = endings.way_out("Production failed", at="Production", error=Failure.PRODUCTION_FAILED)
    record_failed = endings.way_out("The record failed", at="Record the champion", error=Failure.RECORD_FAILED)

    plan = plan_the_execution("Plan the release", "${PlanReleaseArn}", refused, retry=retry_planning())
    answered = answer_the_evaluations_pictures(
        endings.way_out("The batch failed", at=ANSWER, error=Failure.TRIAL_FAILED)
    )
    compared = compare_with_the_evaluation(
        endings.way_out("The batch answered otherwise", at=COMPARE, error=Failure.TRIAL_UNTRUE)
    )
    staging = bring_up(
        "Bring up staging",
        "staging",
        ask_how_it_failed(
            "Did staging answer?",
            [(ended_with(Failure.RELEASE_OVERTAKEN), overtaken), (ended_with(Failure.SMOKE_TEST_FAILED), untrue)],
            staging_failed,
        ),
    )
    tried = Choice("By an endpoint, or by batches?")
    tried.add_choice(serves_by_batches(), answered)
    tried.default_choice(staging)

    confirmed = confirm_the_release(overtaken, refused)
    production = bring_up(
        "Bring up production",
        "production",
        ask_how_it_failed(
            "Did production answer?",
            [
                (ended_with(Failure.RELEASE_OVERTAKEN), overtaken),
                (answered_wrongly(), roll_back(endings, production_failed, overtaken)),
            ],
            production_failed,
        ),
    )
    batches = name_what_serves()
    hold = hold_the_scaling(production_failed)
    where = Choice("Where does production serve?")
    where.add_choice(serves_by_batches(), batches)
    where.add_choice(is_shared(), production)
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
            kind=NESTED,
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
    staging.next(note_the_stage("staging", asked))
    ask.next(answer)
    Chain([confirmed, where])
    batches.next(record)
    Chain([hold, production, record, scale_production(record_failed), note_the_stage("production", clean_up)])
    Chain([clean_up, tell, Succeed("Released")])
    return render_machine(
        begin(plan),
        comment="Greenlight: an approved model package into production. Start with its ARN, also to roll back.",
        timeout_seconds=settings.RELEASE_SECONDS,
    )


def is_shared() -> Rule:
    """Whether production is a component of a shared endpoint: where it is not, the plan names none."""
    return ChoiceRule.IsPresent(variable="$.plan.component", value=True)


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
            "Name.$": fresh_name("$.plan.model_name"),
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


def confirm_the_release(overtaken: State, refused: State) -> LambdaStep:
    """Hold the lock still, or again, before production changes: a release that is redriven may have been overtaken.

    Where people must have agreed to it, they have.
    """
    failed = [on_error(overtaken, (RELEASE_OVERTAKEN_BY_FUNCTION,)), on_error(refused)]
    return call_function(
        "Confirm the release", "${PlanReleaseArn}", {"confirm.$": "$.plan"}, failed, keep=("confirmed",), at="release"
    )


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


def roll_back(endings: Endings, failed: State, overtaken: State) -> Choice:
    """Put the previous configuration back when production answers wrongly, and see that it serves what it did.

    Unless production is another release's by now.
    """
    rolled_back = endings.way_out("Rolled back", at="Smoke-test production", error=Failure.PRODUCTION_ROLLED_BACK)
    stuck = endings.way_out(
        "The roll-back failed", at="Put the previous version back", error=Failure.PRODUCTION_ROLLBACK_FAILED
    )
    unapproved = endings.way_out(
        "Nobody approved what serves",
        at="Roll back: production serves what nobody approved",
        error=Failure.PRODUCTION_UNAPPROVED,
    )
    back = put_back(
        "Put the previous version back",
        ask_how_it_failed(
            "Does it answer as it did?",
            [
                (ended_with(Failure.RELEASE_OVERTAKEN), overtaken),
                (ended_with(Failure.SMOKE_TEST_FAILED), unapproved),
            ],
            stuck,
        ),
    )
    back.next(rolled_back)
    before = Choice("Was a version there before?")
    before.add_choice(ChoiceRule.BooleanEquals(variable="$.plan.production_exists", value=True), back)
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
