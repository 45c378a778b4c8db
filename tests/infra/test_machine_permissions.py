"""Each machine's role holds what its states call, and of the flow's services nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.infra import template as read
from tests.infra.template import ROOT, Json

JOBS = {
    "createProcessingJob": ("ProcessingJob", "StepFunctionsGetEventsForSageMakerProcessingJobsRule"),
    "createTrainingJob": ("TrainingJob", "StepFunctionsGetEventsForSageMakerTrainingJobsRule"),
    "createHyperParameterTuningJob": ("HyperParameterTuningJob", "StepFunctionsGetEventsForSageMakerTuningJobsRule"),
    "createTransformJob": ("TransformJob", "StepFunctionsGetEventsForSageMakerTransformJobsRule"),
}
RULE_ACTIONS = {"events:DescribeRule", "events:PutRule", "events:PutTargets"}
EXECUTION_RULE = "StepFunctionsGetEventsForStepFunctionsExecutionRule"
BESIDE_THE_STATES = {
    "s3:GetObject": "the registry reads the archive's ETag as the caller",
    "ecr:BatchGetImage": "the registry resolves the image's digest as the caller",
    "ecr:DescribeImages": "the registry resolves the image's digest as the caller",
    "sagemaker:ListTags": "a job with tags is created with ListTags too",
    "kms:Decrypt": "the stack's key, where it has one: the archive, and uploads in parts",
    "kms:GenerateDataKey*": "the stack's key: the trials of a search",
    "kms:CreateGrant": "the stack's key: the volumes of an endpoint, and of a batch",
    "sts:AssumeRole": "the roles of the stages, where these are in accounts of their own",
}
MACHINES = [
    ("BuildRole", "BuildMachine", "build"),
    ("ReleaseRole", "ReleaseMachine", "release"),
    ("StageRole", "StageMachine", "stage"),
    ("ChallengeRole", "ChallengeMachine", "challenge"),
    ("BatchRole", "BatchMachine", "batch"),
    ("DriftRole", "DriftMachine", "drift"),
]


def upper(operation: str) -> str:
    """``createModel`` as IAM writes it."""
    return operation[0].upper() + operation[1:]


def required(task: Json) -> set[str]:
    """The actions Step Functions performs for one Task state. An integration this does not know is an error."""
    service, _, operation = task["Resource"].removeprefix("arn:${Partition}:states:::").partition(":")
    parameters: Json = task["Parameters"]
    if service == "lambda" and operation in {"invoke", "invoke.waitForTaskToken"}:
        return {"lambda:InvokeFunction"}
    if service == "states" and operation == "startExecution.sync:2":
        return {"states:StartExecution", "states:DescribeExecution", "states:StopExecution"} | RULE_ACTIONS
    if service == "aws-sdk":
        api, _, operation = operation.partition(":")
        # A deployment that is given at run time may name alarms.
        alarms = {"cloudwatch:DescribeAlarms"} if "DeploymentConfig.$" in parameters else set()
        return {f"{api}:{upper(operation)}"} | alarms | along_with(api, parameters)
    needed: set[str] = set()
    if service == "sagemaker" and operation.endswith(".sync"):
        job, _ = JOBS[operation.removesuffix(".sync")]
        needed |= {f"sagemaker:{verb}{job}" for verb in ("Create", "Describe", "Stop")} | RULE_ACTIONS
    elif service == "sagemaker":
        needed.add(f"sagemaker:{upper(operation)}")
    assert needed, f"unknown integration {task['Resource']}"
    return needed | along_with(service, parameters)


def along_with(api: str, parameters: Json) -> set[str]:
    """What a service wants of whoever creates a thing with tags, or with a role."""
    tagging = "cloudwatch:TagResource" if api == "cloudwatch" else "sagemaker:AddTags"
    tags = {tagging} if "Tags.$" in parameters else set()
    return tags | ({"iam:PassRole"} if "RoleArn" in json.dumps(parameters) else set())


def tasks(file: str) -> dict[str, Json]:
    """The Task states of a rendered definition."""
    definition = json.loads((ROOT / "workflow" / "machines" / f"{file}.asl.json").read_text())
    found = {name: state for name, state in definition["States"].items() if state["Type"] == "Task"}
    assert found
    assert not [name for name, state in definition["States"].items() if state["Type"] in {"Map", "Parallel"}]
    return found


def held(role: str) -> dict[str, list[Any]]:
    """What a role may do: action to resources."""
    found: dict[str, list[Any]] = {}
    for grant in read.grants(read.load()):
        if grant.role == role:
            for action in grant.actions:
                found.setdefault(action, []).extend(grant.resources)
    return found


@pytest.mark.parametrize(("role", "machine", "file"), MACHINES)
def test_a_machine_may_do_what_its_states_call(role: str, machine: str, file: str) -> None:
    """A missing action is found here, not in the middle of a run."""
    may = held(role)
    for name, task in tasks(file).items():
        assert required(task) <= set(may), name


@pytest.mark.parametrize(("role", "machine", "file"), MACHINES)
def test_a_machine_may_do_nothing_its_states_do_not_call(role: str, machine: str, file: str) -> None:
    """An action that no state needs has to go; logs and traces are the service's own."""
    needed = set().union(*(required(task) for task in tasks(file).values()))
    extra = {action for action in held(role) if not action.startswith(("logs:", "xray:"))} - needed
    assert extra <= set(BESIDE_THE_STATES)


@pytest.mark.parametrize(("role", "machine", "file"), MACHINES)
def test_a_machine_calls_exactly_the_functions_it_may_call(role: str, machine: str, file: str) -> None:
    """Each function a state names is in the role, by its ARN and with any version, and no other is."""
    given = read.of_type(read.load(), "AWS::StepFunctions::StateMachine")[machine]["DefinitionSubstitutions"]
    called = set()
    for task in tasks(file).values():
        if ":lambda:" in task["Resource"]:
            placeholder = task["Parameters"]["FunctionName"].removeprefix("${").removesuffix("}")
            function = given[placeholder]
            # One that only some stacks have is named there alone.
            called.add(function.get("Fn::If", [None, function])[1]["Fn::GetAtt"][0])
    allowed = held(role)["lambda:InvokeFunction"]
    assert {item["Fn::GetAtt"][0] for item in allowed if "Fn::GetAtt" in item} == called
    assert {item["Fn::Sub"] for item in allowed if "Fn::Sub" in item} == {f"${{{name}.Arn}}:*" for name in called}


def test_the_build_machine_hears_of_the_end_of_every_kind_of_job_it_starts() -> None:
    """Without its managed rule, creating a ``.sync`` task is refused."""
    kinds = {
        task["Resource"].rpartition(":")[2].removesuffix(".sync")
        for task in tasks("build").values()
        if "sagemaker:create" in task["Resource"] and task["Resource"].endswith(".sync")
    }
    rules = {item["Fn::Sub"].rpartition("/")[2] for item in held("BuildRole")["events:PutRule"]}
    assert rules == {JOBS[kind][1] for kind in kinds} | {EXECUTION_RULE}
