"""A running execution is looked at again and again, and each look says what is known."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.workflow.cloud import Answer, ScriptedCloud
from tests.workflow.histories import START, Script
from workflow.contract.deployment import at_once, watched
from workflow.contract.failures import Failure
from workflow.errors import ServiceError
from workflow.runs.approvals import Approvals
from workflow.runs.history import fold
from workflow.runs.rows import BY_BATCHES, MAIN_STATES, WITHIN_A_WAIT, rows_of, states_ahead
from workflow.runs.stages import named
from workflow.runs.watch import View, Watcher, follow, interval_seconds, jobs_of

BUILD = "arn:aws:states:us-east-1:000000000000:execution:greenlight-build:run-1"
RELEASE = "arn:aws:states:us-east-1:000000000000:execution:greenlight-release:run-1-release-0-0"
NOW = START + timedelta(hours=1)


WATCHED = {"EndpointName": "greenlight-production", "DeploymentConfig": watched("greenlight-production-v4", 1)}


def looking(
    histories: Mapping[str, Script], execution: str = BUILD, **answers: Answer
) -> tuple[Watcher, ScriptedCloud]:
    """A watcher of an execution on a cloud with these histories."""

    def events(parameters: dict[str, Any]) -> dict[str, Any]:
        return {"events": histories[parameters["executionArn"]].events[::-1]}

    cloud = ScriptedCloud({"get_execution_history": events, **answers})
    approvals = Approvals(cloud, "greenlight")
    return Watcher(cloud, execution, approvals=approvals, now=lambda: NOW), cloud


def training() -> Script:
    """A run that trains."""
    script = Script().done("Plan the run", plan={"reason": "first model"}).enter("Train")
    return script.schedule("createTrainingJob.sync", "sagemaker", TrainingJobName="run-1-train-0-0").submit()


def asking() -> Script:
    """A run that waits for a person."""
    return Script().done("Plan the run").enter("Ask for approval").schedule("invoke.waitForTaskToken")


def names(view: View) -> list[tuple[str, str]]:
    """Rows as name and status."""
    return [(row.name, row.status) for row in view.rows]


def test_the_view_shows_what_is_done_runs_and_is_still_to_come() -> None:
    """Done with its note, the running one, and the main states ahead."""
    watcher, _ = looking({BUILD: training()}, describe_log_streams=ServiceError("ResourceNotFoundException", "none"))
    view = watcher.look()
    assert (view.machine, view.run) == ("greenlight-build", "run-1")
    assert names(view) == [("Plan the run", "done"), ("Train", "running")]
    assert view.rows[0].note == "first model"
    assert view.ahead[:2] == ("Evaluate", "Gate on metrics")
    assert view.epochs == ()


def test_a_second_look_takes_in_only_what_is_new() -> None:
    """Events that are known are not read again, and the newest are never missed."""
    script = Script().enter("Plan the run")
    watcher, _ = looking({BUILD: script})
    assert names(watcher.look()) == [("Plan the run", "running")]
    script.leave("Plan the run", plan={}).enter("Check the dataset")
    assert names(watcher.look()) == [("Plan the run", "done"), ("Check the dataset", "running")]


def test_the_training_shows_its_epochs_as_they_are_logged() -> None:
    """The log stream of the very job the state started, read on from where the last look ended."""
    pages: dict[str | None, dict[str, Any]] = {
        None: {"events": [{"message": "epoch=1 epochs=3 box_loss=2 map50=0.1 seconds=1"}], "nextForwardToken": "t1"},
        "t1": {"events": [], "nextForwardToken": "t1"},
    }
    watcher, cloud = looking(
        {BUILD: training()},
        describe_log_streams={"logStreams": [{"logStreamName": "run-1-train-0-0/algo-1-1"}]},
        get_log_events=lambda parameters: pages[parameters.get("nextToken")],
    )
    assert [epoch.number for epoch in watcher.look().epochs] == [1]
    pages["t1"] = {
        "events": [{"message": "epoch=2 epochs=3 box_loss=1 map50=0.4 seconds=1"}],
        "nextForwardToken": "t2",
    }
    pages["t2"] = {"events": [], "nextForwardToken": "t2"}
    assert [epoch.number for epoch in watcher.look().epochs] == [1, 2]
    assert {call["logStreamNamePrefix"] for name, call in cloud.asked if name == "describe_log_streams"} == {
        "run-1-train-0-0"
    }


def test_a_search_shows_its_trials() -> None:
    """They take the place of the epochs of one training, and no training is announced after them."""
    script = Script().done("Plan the run", plan={}).enter("Tune")
    script.schedule("createHyperParameterTuningJob.sync", "sagemaker", HyperParameterTuningJobName="run-1-tune-0-0")
    listed = {"TrainingJobName": "run-1-tune-0-0-001", "TrainingJobStatus": "InProgress"}
    watcher, cloud = looking(
        {BUILD: script},
        list_training_jobs_for_hyper_parameter_tuning_job={"TrainingJobSummaries": [listed]},
        describe_log_streams=ServiceError("ResourceNotFoundException", "none"),
    )
    assert watcher.look().trials == (), "a search that was not taken has none"
    script.submit(HyperParameterTuningJobArn="arn")
    view = watcher.look()
    assert [(trial.job, trial.status) for trial in view.trials] == [("run-1-tune-0-0-001", "InProgress")]
    assert view.document()["trials"][0]["quality"] is None
    assert view.ahead[0] == "Evaluate"
    assert cloud.asked[-2][1]["HyperParameterTuningJobName"] == "run-1-tune-0-0"


def test_a_training_that_is_tried_again_is_a_row_of_its_own_and_says_where() -> None:
    """After a shortage of capacity: the first is over and stays as it was, the second names its instance."""
    script = Script().enter("Train").schedule("createTrainingJob.sync", "sagemaker", TrainingJobName="t-0-0").submit()
    script.fail("States.TaskFailed", "CapacityError").leave("Train")
    resources = {"InstanceType": "ml.g4dn.xlarge"}
    script.enter("Train").schedule(
        "createTrainingJob.sync", "sagemaker", TrainingJobName="t-2-0-0", ResourceConfig=resources
    )
    rows = rows_of(fold(script.events), NOW)
    assert [(row.name, row.status, row.note) for row in rows] == [
        ("Train", "failed", "CapacityError"),
        ("Train", "running", "on ml.g4dn.xlarge, try 2"),
    ]
    assert len({row.key for row in rows}) == 2


def test_a_call_that_is_about_to_be_repeated_has_not_failed() -> None:
    """A state's own retry: it runs, and says what it gets over."""
    script = (
        Script().enter("Create the model").schedule("createModel", "aws-sdk:sagemaker").fail("Throttled", "slow down")
    )
    (row,) = rows_of(fold(script.events), NOW)
    assert (row.status, row.note) == ("running", "trying again: slow down")


def test_a_wait_goes_on_between_two_looks() -> None:
    """Also while what it waits for is asked: no line that was over ever moves again."""
    script = Script().enter("Update production").schedule("updateEndpoint", "aws-sdk:sagemaker", **WATCHED)
    script.leave("Update production").enter("Wait for production", "Wait").leave("Wait for production", "Wait")
    script.done("Look at production")
    for more in ("Probe production", ""):
        rows = rows_of(fold(script.events), NOW)
        assert [(row.name, row.status) for row in rows[1:]] == [("Wait for production", "running")]
        if more:
            script.done(more)
    assert rows[1].reason.endswith("watch them for 300 s, then the old version is kept 120 s in case of a roll-back")
    script.done("Smoke-test production")
    assert [row.status for row in rows_of(fold(script.events), NOW)] == ["done", "done", "done"]


def test_a_training_after_a_wait_for_its_quota_is_shown_as_a_training() -> None:
    """And the wait says what is waited for."""
    script = Script().enter("Train").schedule("createTrainingJob.sync", "sagemaker", TrainingJobName="t-0-0")
    script.fail("ResourceLimitExceeded", "in use").leave("Train").enter("Wait for a quota for the training", "Wait")
    assert "a quota of the account is in use" in rows_of(fold(script.events), NOW)[-1].reason
    script.leave("Wait for a quota for the training", "Wait").enter("Train")
    rows = rows_of(fold(script.events), NOW)
    assert [(row.name, row.status) for row in rows] == [
        ("Train", "failed"),
        ("Wait for a quota for the training", "done"),
        ("Train", "running"),
    ]


def test_a_job_on_aws_says_that_its_machine_starts_first() -> None:
    """On this machine none does."""
    history = fold(training().events)
    assert rows_of(history, NOW, local=False)[-1].reason == "the job's machine starts first, which takes some minutes"
    assert rows_of(history, NOW, local=True)[-1].reason == ""


def test_the_states_of_a_nested_release_stand_below_it() -> None:
    """The nested execution is found by what its start answered."""
    build = Script().enter("Release").schedule("startExecution.sync:2", "states").submit(ExecutionArn=RELEASE)
    release = Script().done("Plan the release", plan={"package_version": 3}).enter("Wait for staging", "Wait")
    view = looking({BUILD: build, RELEASE: release})[0].look()
    assert [(row.name, row.depth, row.note) for row in view.rows] == [
        ("Release", 0, ""),
        ("Plan the release", 1, "version 3"),
        ("Wait for staging", 1, ""),
    ]


def test_the_states_of_a_batch_stay_below_the_state_of_the_release_that_waited_for_it() -> None:
    """Also once others came after it; and nothing is ahead that a production without an endpoint does not pass."""
    name, batch = "Answer the evaluation's pictures", "arn:aws:states:us-east-1:0:execution:greenlight-batch:b"
    release = Script().enter(name).schedule("startExecution.sync:2", "states").submit(ExecutionArn=batch).leave(name)
    release.done("Compare with the evaluation").enter("Record the champion")
    view = looking({RELEASE: release, batch: Script().done("Plan the batch")}, RELEASE)[0].look()
    assert [(row.name, row.depth) for row in view.rows] == [
        (name, 0),
        ("Plan the batch", 1),
        ("Compare with the evaluation", 0),
        ("Record the champion", 0),
    ]
    assert view.ahead == ("Clean up", "Tell everyone")


STAGES = [RELEASE.replace("-release:run-1-release", f"-stage:{name}") for name in ("staging", "production", "back")]


def brought_up(stage: str, *, wrong: str = "", **plan: Any) -> Script:
    """An execution of the Stage machine, from its plan to its smoke test; ``wrong`` is what that says against it."""
    script = Script().done("Plan the stage", plan={"stage": stage, **plan}).done("Create the configuration")
    script.enter("Update the endpoint").schedule("updateEndpoint", "aws-sdk:sagemaker", **WATCHED)
    script.leave("Update the endpoint").enter("Wait for the endpoint", "Wait").leave("Wait for the endpoint", "Wait")
    script.done("Look at the endpoint").enter("Smoke-test the endpoint").schedule("invoke")
    if wrong:
        script.fail("SmokeTestFailed", json.dumps({"errorMessage": wrong})).leave("Smoke-test the endpoint")
        return script.done("Put it in words").end("Failed", error=Failure.SMOKE_TEST_FAILED, cause=wrong)
    return script.leave("Smoke-test the endpoint", smoke={"summary": "8 pictures"}).end()


def starting(script: Script, name: str, execution: str) -> Script:
    """A state that starts an execution and waits for it."""
    return script.enter(name).schedule("startExecution.sync:2", "states").submit(ExecutionArn=execution)


def test_what_happens_at_an_endpoint_stands_below_its_stage_in_the_words_of_that_stage() -> None:
    """In a release of a build too: three executions deep, each line told from every other."""
    release = starting(Script(), "Bring up staging", STAGES[0]).leave("Bring up staging")
    starting(release.done("Confirm the release"), "Bring up production", STAGES[1])
    release.fail("States.TaskFailed", json.dumps({"Cause": "another box"})).leave("Bring up production")
    starting(release, "Put the previous version back", STAGES[2])
    back = Script().done("Plan the stage", plan={"stage": "production", "back": True}).enter("Update the endpoint")
    back.schedule("updateEndpoint", "aws-sdk:sagemaker", DeploymentConfig=at_once()).leave("Update the endpoint")
    histories = {
        BUILD: starting(Script(), "Release", RELEASE),
        RELEASE: release,
        STAGES[0]: brought_up("staging"),
        STAGES[1]: brought_up("production", wrong="another box"),
        STAGES[2]: back.enter("Wait for the endpoint", "Wait"),
    }
    watcher, cloud = looking(histories)
    rows = watcher.look().rows
    assert [("  " * row.depth + row.name, row.status) for row in rows] == [
        ("Release", "running"),
        ("  Bring up staging", "done"),
        ("    Plan the stage", "done"),
        ("    Create the staging configuration", "done"),
        ("    Update staging", "done"),
        ("    Wait for staging", "done"),
        ("    Smoke-test staging", "done"),
        ("  Confirm the release", "done"),
        ("  Bring up production", "failed"),
        ("    Plan the stage", "done"),
        ("    Create the production configuration", "done"),
        ("    Update production", "done"),
        ("    Wait for production", "done"),
        ("    Smoke-test production", "failed"),
        ("    Put it in words", "done"),
        ("  Put the previous version back", "running"),
        ("    Plan the stage", "done"),
        ("    Update production", "done"),
        ("    Wait for production", "running"),
    ]
    assert len({row.key for row in rows}) == len(rows)
    notes = {row.key[1:]: row.note for row in rows}
    assert notes["Bring up staging", "Smoke-test staging"] == "8 pictures"
    assert notes["Bring up production", "Smoke-test production"] == notes["Bring up production",] == "another box"
    assert rows[-1].reason == "the previous version's instances start, and take all traffic at once"
    cloud.asked.clear()
    watcher.look()
    again = {parameters["executionArn"] for operation, parameters in cloud.asked if "history" in operation}
    assert again == {BUILD, RELEASE, STAGES[2]}, "what has ended is not asked for again"


def test_a_pending_approval_is_shown() -> None:
    """The request of this very execution, not of another one."""
    expires = {"N": str((NOW + timedelta(days=365 * 10)).timestamp())}
    items = [
        {"id": {"S": f"approval#{mark}"}, "execution": {"S": execution}, "expires_epoch": expires}
        for mark, execution in (("other", "arn:other"), ("mine", BUILD))
    ]
    view = looking({BUILD: asking()}, scan={"Items": items})[0].look()
    assert names(view)[-1] == ("Ask for approval", "asking")
    assert view.approval is not None
    assert view.approval.key == "approval#mine"
    assert view.document()["approval"]["execution"] == BUILD


def test_watching_ends_with_the_execution() -> None:
    """The last view has the outcome, and nobody waits after it."""
    script = asking()
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        script.leave("Ask for approval", approval={"decision": "approved", "by": "Ada", "comment": "fine"}).end()

    views = list(follow(looking({BUILD: script}, scan={"Items": []})[0], interval_seconds=0.3, sleep=sleep))
    assert slept == [0.3]
    assert [view.outcome is None for view in views] == [True, False]
    assert views[-1].rows[-1].note == "approved by Ada: fine"
    assert views[-1].ahead == ()


def test_the_view_is_a_document() -> None:
    """What --json prints can be read back, whatever the state."""
    script = Script().enter("Gate on metrics").schedule("invoke").fail("GateRejected", "too low")
    script.leave("Gate on metrics").end(
        "Failed", error=Failure.GATE_REJECTED, cause=json.dumps({"errorMessage": "too low"})
    )
    document = json.loads(json.dumps(looking({BUILD: script})[0].look().document()))
    assert document["status"] == "FAILED"
    assert (document["failed_state"], document["error"], document["cause"]) == (
        "Gate on metrics",
        Failure.GATE_REJECTED,
        "too low",
    )
    assert document["states"][0]["status"] == "failed"


def test_a_loop_of_waiting_and_looking_is_one_line() -> None:
    """Ten looks at an endpoint are one row that lasts from the first wait to the last look."""
    script = Script()
    for _ in range(3):
        script.enter("Wait for staging", "Wait").leave("Wait for staging", "Wait")
        script.enter("Count the looks", "Pass").leave("Count the looks", "Pass").done("Look at staging")
        script.enter("Is staging ready?", "Choice").leave("Is staging ready?", "Choice")
    rows = rows_of(fold(script.done("Smoke-test staging").events), NOW)
    assert [row.name for row in rows] == ["Wait for staging", "Smoke-test staging"]
    assert rows[0].seconds == 27.0


def test_every_job_of_a_run_is_found() -> None:
    """By the call that started it, whichever kind it is."""
    script = Script().enter("Prepare the dataset")
    script.schedule("createProcessingJob.sync", "sagemaker", ProcessingJobName="p").leave("Prepare the dataset")
    script.enter("Train").schedule("createTrainingJob.sync", "sagemaker", TrainingJobName="t")
    jobs = jobs_of(fold(script.events))
    assert [(job.state, job.kind, job.name) for job in jobs] == [
        ("Prepare the dataset", "processing", "p"),
        ("Train", "training", "t"),
    ]


def test_the_states_ahead_are_states_of_the_machines() -> None:
    """A renamed state must not go on being announced."""
    folder = Path(__file__).parents[3] / "workflow" / "machines"
    for kind, ahead in [*MAIN_STATES.items(), ("release", BY_BATCHES)]:
        states = json.loads((folder / f"{kind}.asl.json").read_text())["States"]
        assert set(ahead) <= set(states)


def test_what_is_asked_within_a_wait_are_states_of_a_stage() -> None:
    """A renamed one would get a line of its own, which moves again and again."""
    folder = Path(__file__).parents[3] / "workflow" / "machines"
    states = json.loads((folder / "stage.asl.json").read_text())["States"]
    assert set(WITHIN_A_WAIT) | set(WITHIN_A_WAIT.values()) <= {named(state, "production") for state in states}


def test_a_machine_nobody_knows_announces_nothing() -> None:
    """The view works for any machine."""
    assert states_ahead("somebody-elses", ["A"], None) == []


def test_aws_is_asked_less_often_than_the_stand_in() -> None:
    """Step Functions limits requests; this machine does not."""
    assert interval_seconds(ScriptedCloud({}, local=True)) < 1 <= interval_seconds(ScriptedCloud({}, local=False))
