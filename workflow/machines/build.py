"""The Build machine: from labelled images to an approved model. Reads like the picture in the README.

Pure: makes no AWS call and needs no network. What differs from run to run comes from ``$.plan``; what differs from
stack to stack are the ``${Placeholders}`` of ``settings``. The states themselves are in ``jobs``, ``training`` and
``approving``.
"""

from __future__ import annotations

from typing import Any

from stepfunctions.steps import Chain
from stepfunctions.steps.choice_rule import ChoiceRule

from workflow.contract.failures import Failure, StateError
from workflow.machines import settings
from workflow.machines.approving import (
    ask_for_approval,
    gate_on_metrics,
    record_decision,
    register_model,
    reject_model,
)
from workflow.machines.endings import NESTED, Endings
from workflow.machines.jobs import evaluate_models, inspect_images, prepare_dataset
from workflow.machines.kinds import (
    answer_of_a_person,
    begin,
    call_function,
    fresh_name,
    on_error,
    plan_the_execution,
    raise_error,
    render_machine,
)
from workflow.machines.noting import note_the_registration
from workflow.machines.quotas import NO_QUOTA, a_quota_is_in_use, again_after_quota
from workflow.machines.retries import retry_lambda
from workflow.machines.states import Choice, LambdaStep, Parameters, Pass, Succeed, Task, Wait
from workflow.machines.training import (
    a_model_was_found,
    a_model_was_trained,
    capacity_was_short_and_another_instance_is_left,
    find_best_model,
    had_no_instance,
    keep_trials,
    list_trials,
    note_training,
    train_model,
    tune_model,
)


def machine() -> dict[str, Any]:
    """The Build machine in the States Language."""
    endings = Endings("build")
    refused = endings.way_out("The input was refused", at="Plan the run", error=Failure.PLAN_REJECTED)
    # The plan names every instance to try; the first attempt is the first of them.
    plan = plan_the_execution(
        "Plan the run",
        "${PlanRunArn}",
        refused,
        also={"attempt.$": "$.Payload.training", **NO_QUOTA},
        given={"before.$": "$.plan"},
    )
    preparation_failed = endings.way_out(
        "The preparation failed", at="Prepare the dataset", error=Failure.PREPARE_FAILED
    )
    inspect = inspect_images(preparation_failed)
    prepare = prepare_dataset(preparation_failed)
    check = check_dataset(endings)

    training_failed = endings.way_out("The training failed", at="Train", error=Failure.TRAINING_FAILED)
    short = Choice("Was capacity short?")
    train = train_model(short)
    elsewhere = Pass("Try the next instance", input_path="$.attempt.fallback", result_path="$.attempt")
    tune = tune_model(training_failed)
    best = find_best_model(training_failed)
    listed = list_trials(best)
    kept = keep_trials(best)
    nothing = raise_error(
        "The search found nothing",
        StateError.TRAINING_STOPPED,
        "States.Format('search {} ended {} without a training that can be used', "
        "$.tuning.HyperParameterTuningJobName, $.tuning.HyperParameterTuningJobStatus)",
        training_failed,
    )
    waited = raise_error(
        "The training had no instance",
        StateError.TRAINING_STOPPED,
        "States.Format('training job {} was stopped while it waited: Insufficient spot Capacity', "
        "$.training.TrainingJobName)",
        short,
    )
    stopped = raise_error(
        "The training was stopped",
        StateError.TRAINING_STOPPED,
        "States.Format('training job {} ended {} ({})', "
        "$.training.TrainingJobName, $.training.TrainingJobStatus, $.training.SecondaryStatus)",
        short,
    )

    evaluation_failed = endings.way_out("The evaluation failed", at="Evaluate", error=Failure.EVALUATION_FAILED)
    evaluate = evaluate_models(evaluation_failed)
    noted = note_training()
    gate = gate_on_metrics(endings)
    registry_failed = endings.way_out(
        "The registration failed", at="Register the model", error=Failure.REGISTRATION_FAILED
    )
    register = register_model(registry_failed)
    request_failed = endings.way_out("Nobody could be asked", at="Ask for approval", error=Failure.APPROVAL_FAILED)
    ask = ask_for_approval(endings, request_failed)
    approved = record_decision("Mark the model approved", "Approved", registry_failed)
    release = release_model(endings)
    rejected = reject_model(endings)

    share = Choice("Share the preparation?")
    share.add_choice(ChoiceRule.BooleanEquals(variable="$.plan.preparation.shared", value=True), inspect)
    share.default_choice(prepare)

    search = Choice("Tune?")
    search.add_choice(ChoiceRule.BooleanEquals(variable="$.plan.tune", value=True), tune)
    search.default_choice(train)

    found = Choice("Was a model found?")
    found.add_choice(a_model_was_found(), listed)
    found.default_choice(nothing)

    finished = Choice("Trained to the end?")
    finished.add_choice(a_model_was_trained(), noted)
    finished.add_choice(had_no_instance(), waited)
    finished.default_choice(stopped)

    short.add_choice(capacity_was_short_and_another_instance_is_left(), elsewhere)
    short.add_choice(a_quota_is_in_use(), again_after_quota(train, "the training"))
    short.default_choice(training_failed)

    answer = answer_of_a_person("Approved?", approved, rejected, request_failed)

    anything = Choice("Anything to do?")
    # Only a plain "no" may end green: an answer nobody understands goes on, and fails where the plan is read.
    anything.add_choice(
        ChoiceRule.BooleanEquals(variable="$.plan.anything_to_do", value=False), Succeed("Nothing to do")
    )
    anything.add_choice(ChoiceRule.IsPresent(variable="$.plan.behind", value=True), wait_for_the_run_before(plan))
    anything.default_choice(share)

    Chain([plan, anything])
    Chain([inspect, prepare, check, search])
    Chain([tune, found])
    Chain([listed, kept, best, finished])
    Chain([elsewhere, train, finished])
    Chain([noted, evaluate, gate, register, note_the_registration(ask)])
    ask.next(answer)
    Chain([approved, release])
    return render_machine(
        begin(plan, known=UNPLANNED),
        comment="Greenlight: labelled images in, an approved model out. Start with {} for the stack's defaults.",
        timeout_seconds=settings.BUILD_SECONDS,
    )


UNPLANNED: Parameters = {"plan": None}
"""What an execution knows from its start: no plan that it has waited with."""


def wait_for_the_run_before(plan: LambdaStep) -> Wait:
    """Wait for the run that ``$.plan.behind`` names, as ``$.plan.reason`` says, and plan once more.

    How long in all is the plan's to say: it knows when the execution began.
    """
    wait = Wait("Wait for the run before", seconds=settings.TURN_SECONDS)
    wait.next(plan)
    return wait


def check_dataset(endings: Endings) -> LambdaStep:
    """Close the gate on a dataset that would mislead training or evaluation."""
    return call_function(
        "Check the dataset",
        "${CheckDatasetArn}",
        {"plan.$": "$.plan"},
        endings.way_out("The dataset was rejected", at="Check the dataset", error=Failure.DATA_REJECTED),
        keep=("summary", "task", "images", "objects", "classes", "digest", "warnings"),
        at="dataset",
    )


def release_model(endings: Endings) -> Task:
    """Run the Release machine on the approved package and wait for its end."""
    failed = endings.way_out("The release failed", at="Release", error=Failure.RELEASE_FAILED, kind=NESTED)
    return Task(
        "Release",
        resource=settings.integration("states:startExecution.sync:2"),
        parameters={
            "StateMachineArn": settings.RELEASE_MACHINE,
            "Name.$": fresh_name("$.plan.jobs.release"),
            "Input": {
                "model_package_arn.$": "$.package.arn",
                "ask_before_production.$": "$.plan.ask_before_production",
                "judged_against.$": "$.plan.judged_against",
                "started_by.$": "$.plan.started_by",
                "inference_ami.$": "$.plan.inference_ami",
                "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID.$": "$$.Execution.Id",
            },
        },
        result_selector={"execution.$": "$.ExecutionArn"},
        result_path="$.release",
        timeout_seconds=settings.RELEASE_SECONDS,
        retry=retry_lambda(),
        catch=[on_error(failed)],
    )
