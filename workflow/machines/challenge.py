"""The Challenge machine: an approved version beside production's for a while, compared, and taken away again.

A part of a release, which starts it after staging and goes on as it answers: whatever comes of it, the champion serves
alone at its end. A promoted challenger then comes into production as every version does. Another release may take place
meanwhile: the lock is given back while the two are compared, and a challenge that was overtaken changes nothing more.
What a challenge that was stopped midway has left is taken away by an execution of its own, which whoever watches
production starts.
Pure: makes no AWS call and needs no network.
"""

from __future__ import annotations

from typing import Any

from stepfunctions.steps import Chain
from stepfunctions.steps.choice_rule import ChoiceRule
from stepfunctions.steps.states import State

from workflow.contract.challenge import (
    AB,
    ASK,
    CHALLENGER_VARIANT,
    OVERTAKEN,
    PROMOTED,
    SHADOW,
    WAIT,
    WITHDRAWN,
)
from workflow.contract.failures import RELEASE_OVERTAKEN_BY_FUNCTION, Failure, StateError
from workflow.machines import settings
from workflow.machines.endings import Endings
from workflow.machines.endpoints import create_model, smoke_test_previous, wait_until_ready
from workflow.machines.kinds import (
    answer_of_a_person,
    ask_a_person,
    begin,
    call_function,
    call_sagemaker,
    fresh_name,
    name_in,
    on_error,
    plan_the_execution,
    raise_error,
    render_machine,
)
from workflow.machines.quotas import NO_QUOTA, wait_for_quota
from workflow.machines.retries import retry_planning, retry_throttled
from workflow.machines.states import Catch, Choice, LambdaStep, Parameters, Pass, Retry, Succeed, Task, Wait

KIND = "$.plan.challenge.kind"
CHAMPION = "States.Array($.plan.challenge.champion)"
CHALLENGER = "States.JsonMerge($.model.variant, $.plan.challenge.challenger, false)"
BESIDE = "$.challenge_configuration.name"
ALONE = "$.plan.previous_configuration"
PRODUCTION = f"{settings.PROJECT}-production"
NAMED: Parameters = {"EndpointName": PRODUCTION}


def machine() -> dict[str, Any]:
    """The Challenge machine in the States Language."""
    endings = Endings("challenge")
    refused = endings.way_out("The challenge was refused", at="Plan the challenge", error=Failure.CHALLENGE_REFUSED)
    failed = endings.way_out("The challenge failed", at="Before the challenge", error=Failure.CHALLENGE_FAILED)
    overtaken = endings.way_out("The challenge was overtaken", at="Compare the two", error=Failure.CHALLENGE_OVERTAKEN)

    plan = plan_the_execution(
        "Plan the challenge",
        "${PlanReleaseArn}",
        refused,
        also={"production": {"looks": 0}, **NO_QUOTA},
        retry=retry_planning(),
        given={"challenge": True},
    )
    model = create_model(failed)
    away = take_the_challenger_away(endings)
    withdrawal = confirm("Confirm the withdrawal", "roll_back", overtaken, away)
    withdraw = decide("Withdraw the challenger", WITHDRAWN, "$.compared.summary", withdrawal)
    broken = decide("Say why it is withdrawn", WITHDRAWN, "States.JsonToString($.error)", withdrawal)
    promotion = confirm("Confirm the promotion", "confirm", overtaken, broken)
    promotion.next(away)
    midway = decide("Say what was stopped", WITHDRAWN, "$.plan.withdrawal", away)
    promote = decide("Promote the challenger", PROMOTED, "$.compared.summary", promotion)

    record = call_function(
        "Record the challenge",
        "${RecordChampionArn}",
        {"plan.$": "$.plan", "configuration.$": BESIDE},
        failed,
        keep=("package_version",),
        at="record",
    )
    beside = update("Put the challenger beside the champion", BESIDE, broken, retry_throttled())
    wait_for_quota(beside, "putting the challenger beside the champion", broken)
    answered = smoke_test_the_challenger(broken)
    other = Choice("Does the challenger answer anybody?")
    begun = Pass("Note when it began", parameters={"since.$": "$$.State.EnteredTime"}, result_path="$.challenged")
    other.add_choice(ChoiceRule.StringEquals(variable=KIND, value=AB), answered)
    other.default_choice(begun)
    up, _ = wait_until_ready("the challenger", NAMED, BESIDE, at="production", ready=other, failed=broken)

    asked = ask_whether_to_promote(endings, broken)
    asked.next(
        answer_of_a_person(
            "Promote the challenger?",
            promote,
            decide("Withdraw it as a person said", WITHDRAWN, "$.approval.comment", withdrawal),
            broken,
        )
    )
    look = compare(broken)
    wait = Wait("Let both answer", seconds_path="$.plan.challenge.look_seconds")
    says = Choice("What does the comparison say?")
    for word, then in ((WAIT, wait), (PROMOTED, promote), (WITHDRAWN, withdraw), (ASK, asked)):
        says.add_choice(ChoiceRule.StringEquals(variable="$.compared.says", value=word), then)
    says.add_choice(
        ChoiceRule.StringEquals(variable="$.compared.says", value=OVERTAKEN),
        raise_error("Say what overtook it", StateError.OVERTAKEN, "States.Format('{}', $.compared.summary)", overtaken),
    )
    says.default_choice(withdraw)

    stopped = Choice("Was a challenge stopped?")
    stopped.add_choice(ChoiceRule.IsPresent(variable="$.plan.withdrawal", value=True), midway)
    stopped.default_choice(model)

    Chain([plan, stopped])
    Chain([model, configurations(record, failed)])
    Chain([record, beside, up])
    Chain([answered, begun, let_others_release(wait), wait, look, says])
    return render_machine(
        begin(plan),
        comment="Greenlight: a challenger beside the champion. The release machine starts it, with serve ab or shadow.",
        timeout_seconds=settings.RELEASE_SECONDS,
    )


def configurations(then: State, failed: State) -> Choice:
    """Create the configuration of both: two that share the requests, or one that answers and one that gets copies."""
    both: Parameters = {
        "ProductionVariants.$": f"States.Array($.plan.challenge.champion, {CHALLENGER})",
    }
    shadowed: Parameters = {
        "ProductionVariants.$": CHAMPION,
        "ShadowProductionVariants.$": f"States.Array({CHALLENGER})",
    }
    choice = Choice("Does it answer, or look on?")
    for name, variants, kind in (
        ("Create the shared configuration", both, AB),
        ("Create the shadowed configuration", shadowed, SHADOW),
    ):
        step = call_sagemaker(
            name,
            "createEndpointConfig",
            {
                "EndpointConfigName.$": fresh_name("$.plan.production_configuration"),
                **variants,
                "Tags.$": settings.TAGS,
            },
            failed,
            selector={"name.$": name_in("$.EndpointConfigArn")},
            at="challenge_configuration",
        )
        step.next(then)
        choice.add_choice(ChoiceRule.StringEquals(variable=KIND, value=kind), step)
    choice.default_choice(
        raise_error("Say that nobody knows how", StateError.ANSWER_UNREADABLE, "the plan names no challenge", failed)
    )
    return choice


def update(name: str, configuration: str, failed: State, retry: list[Retry] | None = None) -> Task:
    """Put a configuration behind production with the instances that production has at that moment.

    All at once and with no alarm: deployment guardrails want the old and the new fleet to have the same variants
    (SageMaker's guide, "Deployment guardrails", "Exclusions").
    """
    return call_sagemaker(
        name,
        "updateEndpoint",
        {
            "EndpointName": PRODUCTION,
            "EndpointConfigName.$": configuration,
            "RetainAllVariantProperties": True,
            "ExcludeRetainedVariantProperties": [{"VariantPropertyType": "DesiredWeight"}],
        },
        failed,
        at=None,
        retry=retry,
    )


def smoke_test_the_challenger(failed: State) -> LambdaStep:
    """Ask the challenger by its name for what its evaluation saw."""
    return call_function(
        "Smoke-test the challenger",
        "${SmokeTestArn}",
        {
            "endpoint": PRODUCTION,
            "variant": CHALLENGER_VARIANT,
            "model_digest.$": "$.plan.model_digest",
            "evaluation_uri.$": "$.plan.evaluation_uri",
            "smoke_digest.$": "$.plan.smoke_digest",
        },
        failed,
        keep=("summary", "images", "boxes"),
        at="smoke_challenger",
    )


def let_others_release(then: State) -> LambdaStep:
    """Give the lock back, so that a person can bring another version at any time; whatever comes of it."""
    step = call_function(
        "Let others release",
        "${CleanUpArn}",
        {"plan.$": "$.plan", "only_the_lock": True},
        [Catch(then, error_equals=["States.ALL"], result_path="$.unreleased")],
        keep=("lock_released",),
        at="lock",
    )
    step.next(then)
    return step


def compare(failed: State) -> LambdaStep:
    """Compare what both have done since it began."""
    return call_function(
        "Compare the two",
        "${CompareChallengerArn}",
        {"plan.$": "$.plan", "configuration.$": BESIDE, "since.$": "$.challenged.since"},
        failed,
        keep=("says", "summary", "uri"),
        at="compared",
    )


def ask_whether_to_promote(endings: Endings, broken: State) -> LambdaStep:
    """Ask the approvers, with what was compared; who does not answer in time leaves the champion where it is."""
    return ask_a_person(
        "Ask whether to promote it",
        "production",
        "challenge",
        {
            "release.$": "$.plan",
            "package_arn.$": "$.plan.model_package_arn",
            "started_by.$": "$.plan.started_by",
            "compared.$": "$.compared.summary",
        },
        broken,
        broken,
    )


def decide(name: str, outcome: str, why: str, then: State) -> Pass:
    """Keep what comes of the challenge, and why."""
    state = Pass(name, parameters={"outcome": outcome, "summary.$": why}, result_path="$.decided")
    state.next(then)
    return state


def confirm(name: str, what: str, overtaken: State, otherwise: State) -> LambdaStep:
    """Take the lock again, and see that no other release has taken place; to ``confirm`` wants people's agreement."""
    failed = [on_error(overtaken, (RELEASE_OVERTAKEN_BY_FUNCTION,)), on_error(otherwise)]
    step = call_function(name, "${PlanReleaseArn}", {f"{what}.$": "$.plan"}, failed, keep=("confirmed",), at="release")
    if what == "roll_back":
        step.next(otherwise)
    return step


def take_the_challenger_away(endings: Endings) -> Task:
    """Put the champion's own configuration back, see that it answers as it did, and end by what was decided."""
    stuck = endings.way_out(
        "The challenger stays beside", at="Put the champion back", error=Failure.PRODUCTION_ROLLBACK_FAILED
    )
    unapproved = endings.way_out(
        "Nobody approved what serves",
        at="Put the champion back: production serves what nobody approved",
        error=Failure.PRODUCTION_UNAPPROVED,
    )
    promoted, withdrawn = Succeed("Promoted"), Succeed("Withdrawn")
    tell = call_function(
        "Tell everyone that it was withdrawn",
        "${NotifyArn}",
        {
            "kind": "withdrawn",
            "plan.$": "$.plan",
            "summary.$": "$.decided.summary",
            "run.$": "$$.Execution.Name",
            "execution.$": "$$.Execution.Id",
        },
        [Catch(withdrawn, error_equals=["States.ALL"], result_path="$.untold")],
        keep=("cause",),
        at="told",
    )
    tell.next(withdrawn)
    came = Choice("What came of it?")
    came.add_choice(ChoiceRule.StringEquals(variable="$.decided.outcome", value=PROMOTED), promoted)
    came.default_choice(tell)
    clean_up = call_function(
        "Clean up",
        "${CleanUpArn}",
        {"plan.$": "$.plan"},
        [Catch(came, error_equals=["States.ALL"], result_path="$.uncleaned")],
        keep=("deleted_configurations", "deleted_models", "lock_released"),
        at="cleaned",
    )
    clean_up.next(came)
    proven = smoke_test_previous(unapproved)
    proven.next(clean_up)
    back = update("Put the champion back", ALONE, stuck)
    alone, _ = wait_until_ready("the champion", NAMED, ALONE, at="production", ready=proven, failed=stuck)
    back.next(alone)
    return back
