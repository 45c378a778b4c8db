"""Both machines: equal to their golden files, sound in themselves, and right for the APIs they call."""

from __future__ import annotations

import html
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.model import Shape
from botocore.validate import ParamValidator

from lambdas.notify.next_step import NEXT
from lambdas.plan_run.fingerprint import StoredFile
from lambdas.plan_run.plan import Deployment, Stored, draw_up
from workflow.contract.asynchronous import Outlets, inference_config
from workflow.contract.capture import configure_capture
from workflow.contract.deployment import ALARMS, alarm_names, watched
from workflow.contract.execution import Execution
from workflow.contract.failures import NOT_ASKED_BY_FUNCTION, RELEASE_OVERTAKEN_BY_FUNCTION, Failure, StateError
from workflow.contract.model import TASKS
from workflow.contract.run_input import RunInput
from workflow.contract.scores import figures_of
from workflow.machines import diagram
from workflow.stack.definitions import fit_out

PROPERTIES = ("task", "quality_name", "quality", "map50", "map50_95", "precision", "recall", "images", "serves_in")

ROOT = Path(__file__).parents[3]
MACHINES = ROOT / "workflow" / "machines"
NAMES = ("build", "release", "stage", "challenge", "batch", "drift")
TAILS = {"stage": "Put it in words"}
"""The first of the two states behind a machine's ways out, where it is not ``Tell everyone why``."""
SESSION = botocore.session.get_session()
"""One for all tests: it reads a service's model once."""
DEFINITIONS: dict[str, dict[str, Any]] = {
    name: json.loads((MACHINES / f"{name}.asl.json").read_text()) for name in NAMES
}
STATES = [
    pytest.param(state, id=f"{machine}: {name}")
    for machine, definition in DEFINITIONS.items()
    for name, state in definition["States"].items()
    if state["Type"] == "Task"
]
PARTITIONS = ("aws", "aws-us-gov", "aws-cn")
FITTED_OUT = [
    pytest.param(state, id=f"{machine}{' in a VPC' * vpc}{' under a key' * key}: {name}")
    for machine, definition in DEFINITIONS.items()
    for vpc, key in ((True, False), (False, True), (True, True))
    for name, state in fit_out(definition, vpc=vpc, key=key)["States"].items()
    if state != definition["States"][name]
]
"""The states that differ in a stack with a network, with a key, with both."""
PLACEHOLDERS = {
    "Partition": "aws",
    "Project": "greenlight",
    "Bucket": "greenlight-runs",
    "TrainingImage": "000000000000.dkr.ecr.us-east-1.amazonaws.com/greenlight-training:1",
    "ServingImage": "000000000000.dkr.ecr.us-east-1.amazonaws.com/greenlight-serving:1",
    "LatencyThresholdMicroseconds": "2000000",
    "SubnetIds": "subnet-0a,subnet-0b",
    "SecurityGroupIds": "sg-0c",
    "KeyArn": "arn:aws:kms:us-east-1:000000000000:key/1234abcd-12ab-34cd-56ef-1234567890ab",
}


def processor_seconds(words: list[str], environment: dict[str, str]) -> float:
    """What a Python program takes, which must end well; of the processor's time, not of the clock's."""
    before = os.times()
    done = subprocess.run([sys.executable, *words], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def test_the_golden_files_are_what_the_code_renders_offline_and_quickly(tmp_path: Path) -> None:
    """The files in the repository are rendered from this very code, whatever region or profile a user has.

    To import the SDK takes more than half of the time; whatever slows this machine slows both.
    """
    (tmp_path / "config").write_text("[default]\nregion = cn-north-1\n")
    hostile = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(tmp_path),
        "AWS_CONFIG_FILE": str(tmp_path / "config"),
        "AWS_DEFAULT_REGION": "us-gov-west-1",
        "AWS_PROFILE": "nobody",
        "https_proxy": "http://127.0.0.1:9",
    }
    rendering = processor_seconds(["-m", "workflow.machines.render", "--check"], hostile)
    region = {"AWS_DEFAULT_REGION": "us-east-1"}
    assert rendering < 2.5 * processor_seconds(["-c", "import stepfunctions"], region)


@pytest.mark.parametrize("name", NAMES)
def test_the_picture_shows_the_definition(name: str) -> None:
    """The SVG in the repository is drawn from the definition beside it."""
    svg = (MACHINES / f"{name}.svg").read_text()
    assert f"definition {diagram.digest(DEFINITIONS[name])}" in svg


@pytest.mark.parametrize("name", NAMES)
def test_the_picture_has_one_line_from_a_state_to_the_next_and_gathers_the_ways_out(name: str) -> None:
    """In one frame, from which one arrow leads to the tail; every good end stands out, and nothing else does."""
    states, svg = DEFINITIONS[name]["States"], html.unescape((MACHINES / f"{name}.svg").read_text())
    arrows = re.findall(r"<title>(.+)->(.+)</title>", svg)
    gathered = set(ways_out(states))
    tail = TAILS.get(name, "Tell everyone why")
    assert diagram.ways_out(states) == (gathered, tail)
    assert all(f">{states[one]['Parameters']['Error']}</text>" in svg for one in gathered)
    wanted = {(one, target) for one in set(states) - gathered for target, _ in diagram.edges(states[one])}
    assert sorted(arrows) == sorted({*wanted, ("start", DEFINITIONS[name]["StartAt"]), ("foot", tail)})
    green = {
        title for title, fill in re.findall(r"<title>([^<]+)</title>\n<\w+ fill=\"(#\w+)\"", svg) if fill == "#c9edd0"
    }
    assert green == {one for one, state in states.items() if state["Type"] == "Succeed" or state.get("End")}


@pytest.mark.parametrize("name", NAMES)
def test_statelint_finds_nothing(name: str) -> None:
    """A linter of the States Language has nothing to say."""
    linter = Path(sys.executable).with_name("statelint")
    done = subprocess.run([linter, MACHINES / f"{name}.asl.json"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "")


@pytest.mark.parametrize("name", NAMES)
def test_every_state_is_reached_and_every_target_exists(name: str) -> None:
    """No arrow leads nowhere, no state waits for nobody."""
    states = DEFINITIONS[name]["States"]
    reached, open_ends = set(), [DEFINITIONS[name]["StartAt"]]
    while open_ends:
        current = open_ends.pop()
        if current not in reached:
            reached.add(current)
            open_ends += [target for target, _ in diagram.edges(states[current])]
    assert reached == set(states)


@pytest.mark.parametrize("name", NAMES)
def test_every_task_has_a_limit_retries_with_jitter_and_catches_everything(name: str) -> None:
    """Nothing hangs for ever, and no failure goes untold."""
    assert DEFINITIONS[name]["TimeoutSeconds"] > 0
    for state_name, state in DEFINITIONS[name]["States"].items():
        if state["Type"] != "Task":
            continue
        assert "TimeoutSeconds" in state or "TimeoutSecondsPath" in state, state_name
        assert all(retry["JitterStrategy"] == "FULL" for retry in state["Retry"]), state_name
        assert state["Catch"][-1]["ErrorEquals"] == ["States.ALL"], state_name


@pytest.mark.parametrize("name", NAMES)
def test_every_function_that_is_throttled_three_times_is_called_again_after_longer_waits(name: str) -> None:
    """Throttling passes by itself: no run ends by it."""
    called = {
        state_name: state
        for state_name, state in DEFINITIONS[name]["States"].items()
        if str(state.get("Resource", "")).startswith("arn:${Partition}:states:::lambda:invoke")
    }
    assert called
    for state_name, state in called.items():
        (retry,) = [one for one in state["Retry"] if "Lambda.TooManyRequestsException" in one["ErrorEquals"]]
        assert retry["MaxAttempts"] > 3, state_name
        assert retry["BackoffRate"] > 1, state_name


def ways_out(states: dict[str, Any]) -> dict[str, Any]:
    """The states that say how the execution will have failed."""
    return {name: state for name, state in states.items() if state.get("ResultPath") == "$.failure"}


@pytest.mark.parametrize("name", NAMES)
def test_every_bad_end_has_a_name_and_a_constant_error_and_everyone_is_told_once(name: str) -> None:
    """Each way out is a state of its own; what follows, for all of them, tells why and fails with what it says."""
    states = DEFINITIONS[name]["States"]
    (fail,) = (state_name for state_name, state in states.items() if state["Type"] == "Fail")
    (tell,) = (state_name for state_name, state in states.items() if state.get("Next") == fail)
    errors = [state["Parameters"]["Error"] for state in ways_out(states).values()]
    assert all(re.fullmatch(r"[A-Z][A-Za-z]+\.[A-Z][A-Za-z]+", error) for error in errors)
    assert len(errors) == len(set(errors)) >= {"batch": 3, "drift": 3, "stage": 4, "challenge": 5}.get(name, 11)
    assert {state["Next"] for state in ways_out(states).values()} == {tell}
    leading = {target: {one for one in states if target in dict(diagram.edges(states[one]))} for target in (tell, fail)}
    assert leading == {tell: set(ways_out(states)), fail: {tell}}
    payload = states[tell]["Parameters"]["Payload"]
    assert states[tell]["Parameters"]["FunctionName"] == "${NotifyArn}"
    assert payload["error_name.$"] == states[fail]["ErrorPath"] == "$.failure.Error"


def test_the_machines_fail_with_the_contracts_failures_and_with_each_of_them() -> None:
    """Whoever reads an error's name, such as the notice of an execution's end, goes by the contract."""
    errors = {
        state["Parameters"]["Error"] for name in NAMES for state in ways_out(DEFINITIONS[name]["States"]).values()
    }
    assert errors == set(Failure)


def test_a_release_by_batches_fails_at_what_it_did_and_not_at_a_staging_that_there_is_not() -> None:
    """The mail names the step, and what to look at then: no endpoint has a log."""
    states = DEFINITIONS["release"]["States"]
    for name, error in (
        ("Answer the evaluation's pictures", "Trial.Failed"),
        ("Compare with the evaluation", "Trial.Untrue"),
    ):
        (caught,) = states[name]["Catch"]
        end = states[caught["Next"]]
        assert (end["Parameters"]["at"], end["Parameters"]["Error"]) == (name, error)
        assert states[end["Next"]]["Parameters"]["Payload"]["what.$"] == "$.failure.at"
        assert "endpoint" not in NEXT[Failure(error)]


def test_what_a_state_writes_down_as_an_error_is_named_in_the_contract() -> None:
    """Either a failure that follows, or the name of what the machine itself has noticed."""
    written = {
        state["Parameters"]["Error"]
        for definition in DEFINITIONS.values()
        for state in definition["States"].values()
        if state.get("ResultPath") == "$.error"
    }
    assert written == {*StateError, Failure.APPROVAL_REJECTED}


def test_a_bad_end_never_looks_like_a_success() -> None:
    """Nothing to do, a model released, a challenge at its end, pictures answered, or held to others."""
    ends = {
        name
        for definition in DEFINITIONS.values()
        for name, state in definition["States"].items()
        if state["Type"] == "Succeed" or state.get("End")
    }
    watched = {"Too few pictures", "No drift", "Drifted"}
    released = {"Nothing to do", "Release", "Released", "It answers", "Promoted", "Withdrawn", "Answered"}
    assert ends == released | watched


# --- every Task's parameters against the model of the API it calls ---------------------------------


def build_plan(key: str = "", **given: Any) -> dict[str, Any]:
    """The plan of a run, drawn up by the function that does it; ``key`` is that of the jobs' volumes."""
    execution = Execution("arn:aws:states:us-east-1:000000000000:execution:greenlight-build:nightly", "nightly")
    images = PLACEHOLDERS["TrainingImage"], PLACEHOLDERS["ServingImage"]
    deployment = Deployment("greenlight", "bucket", *images, key=key, tags={"cost center": "vision/42"})
    stored = Stored((StoredFile("images/1.jpg", "tag", 100),), "", None, None)
    return draw_up(RunInput("s3://bucket/datasets/fasteners", **given), execution, deployment, stored).document()


OUTLETS = Outlets(
    "bucket",
    "arn:aws:sns:us-east-1:000000000000:greenlight-answered",
    "arn:aws:sns:us-east-1:000000000000:greenlight-unanswered",
    PLACEHOLDERS["KeyArn"],
)


def batch_plan() -> dict[str, Any]:
    """What the plan of a batch has beside what a release's has."""
    return {
        "package_version": 1,
        "dataset_name": "fasteners",
        "pictures": "s3://bucket/batches/one/pictures/",
        "count": 3,
        "jobs": {"transform": "greenlight-one-answer", "join": "greenlight-one-join"},
        "uris": {
            "answers": "s3://bucket/batches/one/answers/",
            "sheet": "s3://bucket/batches/one/sheet.manifest",
            "joined": "s3://bucket/batches/one/batch/",
        },
        "resources": {"InstanceType": "ml.c7i.xlarge", "InstanceCount": 2, "VolumeKmsKeyId": PLACEHOLDERS["KeyArn"]},
        "cluster": {"InstanceType": "ml.m7i.large", "InstanceCount": 1, "VolumeSizeInGB": 50},
        "concurrent": 4,
        "payload_mb": 25,
        "limits": {"transform_wait_seconds": 432000},
    }


def drift_plan() -> dict[str, Any]:
    """What the plan of a watch has beside what the others have."""
    return {
        "since": "2026-01-01T00:00:00+00:00",
        "until": "2026-01-02T00:00:00+00:00",
        "archive_digest": "e" * 64,
        "reference_digest": "9" * 64,
        "on_drift": "mail",
        "jobs": {"drift": "greenlight-one-drift"},
        "uris": {
            "archive": f"s3://bucket/models/{'e' * 64}/model.tar.gz",
            "reference": "s3://bucket/runs/nightly/evaluation/drift-reference.json",
            "window": "s3://bucket/drift/one/window.manifest",
            "found": "s3://bucket/drift/one/found/",
        },
    }


def sample_data() -> dict[str, Any]:
    """The data of an execution, as the Lambdas write it, with every key that a state reads."""
    plan = build_plan(key=PLACEHOLDERS["KeyArn"])
    batch, drift = batch_plan(), drift_plan()
    figures = {"map50": 0.9, "map50_95": 0.7, "precision": 0.9, "recall": 0.8, "images": 16}
    return {
        "plan": {
            **plan,
            # What the plan of a release holds.
            "model_name": "greenlight-v1",
            "image": PLACEHOLDERS["ServingImage"],
            "model_data_url": "s3://bucket/runs/nightly/models/job/output/model.tar.gz",
            "archive_etag": "1b2cf535f27731c974343645a3985328",
            "previous": {
                "model_digest": "c" * 64,
                "evaluation_uri": "s3://bucket/runs/before/evaluation/",
                "only_the_digest": False,
                "smoke_digest": "7" * 64,
            },
            "smoke_digest": "7" * 64,
            "environment": {"GREENLIGHT_CONFIDENCE": "0.4"},
            "serverless_environment": {"GREENLIGHT_CONFIDENCE": "0.4", "GREENLIGHT_WORKERS": "1"},
            "kinds": {"staging": "realtime", "production": "realtime", "keeps_instances": True},
            "variant": {"InstanceType": "ml.c7i.xlarge", "InitialInstanceCount": 3},
            "challenge": {
                "kind": "ab",
                "look_seconds": 60,
                "champion": {
                    "VariantName": "main",
                    "ModelName": "greenlight-v0-00000000-0-0",
                    "InstanceType": "ml.c7i.xlarge",
                    "InitialInstanceCount": 3,
                    "InitialVariantWeight": 0.9,
                },
                "challenger": {
                    "VariantName": "challenger",
                    "InstanceType": "ml.c7i.xlarge",
                    "InitialInstanceCount": 1,
                    "InitialVariantWeight": 0.1,
                },
            },
            "staging_configuration": "greenlight-v1-staging",
            "production_configuration": "greenlight-v1-production",
            "previous_configuration": "greenlight-v0-production",
            "production_endpoint": "vision-shared",
            "component": "greenlight-production",
            "model_package_arn": "arn:aws:sagemaker:us-east-1:000000000000:model-package/greenlight/1",
            "model_digest": "d" * 64,
            "evaluation_uri": "s3://bucket/runs/nightly/evaluation/",
            "asynchronous": inference_config(4, "production", OUTLETS),
            "instance": "ml.c7i.xlarge",
            "batch": "greenlight-v1-00000000",
            # What the plan of a stage holds.
            "endpoint": "greenlight-production",
            "configuration": "greenlight-production-v1-00000000-00",
            "deployment": watched("greenlight-production-v1-00000000", 3),
            "retained": True,
            "watched": True,
            "back": False,
            "alarms": alarm_names("greenlight-production-v1-00000000"),
            "capture": configure_capture(10, "greenlight-000000000000-us-east-1", ""),
            "smoke": {
                "model_digest": "d" * 64,
                "evaluation_uri": "s3://bucket/runs/nightly/evaluation/",
                "smoke_digest": "7" * 64,
                "only_the_digest": False,
            },
            # What the plans of a batch and of a watch hold.
            **batch,
            **drift,
            **{part: {**plan[part], **batch[part], **drift.get(part, {})} for part in ("jobs", "uris", "limits")},
        },
        "batch": {"name": "greenlight-v1-00000000-0-0"},
        "join": {"job": {"ExitMessage": "2 of 3 pictures answered"}},
        "found": {"judged": True, "drifted": True, "line": "darker"},
        "training": {
            "job_name": "nightly-train-0-0",
            "status": "Completed",
            "detail": "Completed",
            "instance": "ml.g5.xlarge",
            "model_data_url": "s3://bucket/runs/nightly/models/job/output/model.tar.gz",
            "environment": {"GREENLIGHT_CONFIDENCE": "0.4"},
        },
        "attempt": plan["training"],
        "tuning": {
            "HyperParameterTuningJobName": "nightly-tune-0-0",
            "HyperParameterTuningJobStatus": "Completed",
            "BestTrainingJob": {"TrainingJobName": "nightly-tune-0-0-001"},
        },
        "trials": {"list": [{"TrainingJobName": "nightly-tune-0-0-001"}]},
        "dataset": {"digest": "d" * 64, "task": "detect"},
        "prepare": {"job_name": "nightly-prepare-0-0"},
        "evaluate": {"job_name": "nightly-evaluate-0-0"},
        "gate": {
            "summary": "passed",
            "model_digest": "d" * 64,
            "archive_digest": "e" * 64,
            "evaluation_digest": "f" * 64,
            "smoke_digest": "7" * 64,
            "archive_uri": f"s3://bucket/models/{'e' * 64}/model.tar.gz",
            "report_uri": "s3://bucket/report",
            "metrics_uri": "s3://bucket/metrics.json",
            "metrics": figures,
            "champion": None,
            "properties": dict.fromkeys(PROPERTIES, "0.9"),
            "quality_uri": "s3://bucket/runs/nightly/evaluation/model-quality.json",
            "quality_digest": "9" * 64,
            "registry_task": "OBJECT_DETECTION",
        },
        "package": {"arn": "arn:aws:sagemaker:us-east-1:000000000000:model-package/greenlight/1"},
        "approval": {"by": "Ada", "comment": "looks right", "decision": "approved"},
        "error": {"Error": "E", "Cause": "why"},
        "failure": {"Error": Failure.GATE_REJECTED, "at": "Gate on metrics", "kind": "failed"},
        "production": {"looks": 0},
        "looked": {"looks": 0},
        "challenge_configuration": {"name": "greenlight-production-v1-00000000-0-0"},
        "challenged": {"since": "2026-01-01T00:00:00Z"},
        "compared": {"says": "ask", "summary": "alike"},
        "decided": {"outcome": "withdrawn", "summary": "slower"},
        "model": {
            "name": "greenlight-v1-00000000-0-0",
            "variant": {
                "VariantName": "main",
                "ModelName": "greenlight-v1-00000000-0-0",
                "InitialVariantWeight": 1,
            },
        },
        "production_configuration": {"name": "greenlight-production-v1-00000000-000-0"},
        "configuration": {"name": "greenlight-production-v1-00000000-000-0", "looks": 0, "begun": False},
    }


CONTEXT = {
    "Execution": {
        "Id": "arn:aws:states:us-east-1:000000000000:execution:greenlight-build:nightly",
        "Input": {"release": {}},
        "Name": "nightly",
        "StartTime": "2026-01-01T00:00:00Z",
        "RedriveCount": 0,
    },
    "State": {"RetryCount": 0, "EnteredTime": "2026-01-01T00:00:00Z"},
    "Task": {"Token": "t" * 40},
}


def look_up(path: str, data: dict[str, Any]) -> Any:
    """The value at a path without filters, in the data or in the context object. KeyError where it is missing."""
    value: Any = CONTEXT if path.startswith("$$") else data
    for key in path.lstrip("$").strip(".").split("."):
        value = value[key] if key else value
    return value


def resolve(value: Any, data: dict[str, Any]) -> Any:
    """Parameters as Step Functions sends them, for the paths and intrinsics that the machines use."""
    if isinstance(value, dict):
        return {
            key.removesuffix(".$"): evaluate(item, data) if key.endswith(".$") else resolve(item, data)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [resolve(item, data) for item in value]
    if isinstance(value, str):
        return re.sub(r"\$\{(\w+)\}", lambda match: substitute(match[1]), value)
    return value


def substitute(name: str) -> str:
    """What the template puts in the place of a placeholder."""
    if name in PLACEHOLDERS:
        return PLACEHOLDERS[name]
    if name.endswith("RoleArn"):
        return "arn:aws:iam::000000000000:role/greenlight-jobs"
    if name.endswith("MachineArn"):
        return "arn:aws:states:us-east-1:000000000000:stateMachine:greenlight-release"
    return "arn:aws:lambda:us-east-1:000000000000:function:greenlight-" + name.removesuffix("Arn").lower()


def evaluate(expression: str, data: dict[str, Any]) -> Any:
    value, rest = evaluate_first(expression, data)
    assert not rest, f"{expression}: {rest!r} is left over"
    return value


TOKEN = re.compile(r"\s*(?:States\.(\w+)\(|'((?:[^'\\]|\\.)*)'|(\$[\w.$]*)|(\d+|true|false|null))")


def evaluate_first(text: str, data: dict[str, Any]) -> tuple[Any, str]:
    """The value of the path, the literal or the intrinsic with which a text begins, and what follows it."""
    found = TOKEN.match(text)
    assert found, f"no path, literal or intrinsic: {text}"
    name, quoted, path, literal = found.groups()
    rest = text[found.end() :]
    if name is None:
        value = quoted if quoted is not None else look_up(path, data) if path else json.loads(literal)
        return value, rest
    values: list[Any] = []
    while not rest.startswith(")"):
        value, rest = evaluate_first(rest.removeprefix(","), data)
        values.append(value)
    known: dict[str, Callable[[], Any]] = {
        "Array": lambda: values,
        "ArrayGetItem": lambda: values[0][values[1]],
        "Format": lambda: values[0].replace("{}", "%s") % tuple(values[1:]),
        "JsonMerge": lambda: {**values[0], **values[1]},
        "MathAdd": lambda: sum(values),
        "StringSplit": lambda: resolve(values[0], data).split(values[1]),
        "StringToJson": lambda: json.loads(resolve(values[0], data)),
    }
    return known[name](), rest[1:]


def complaints(shape: Any, value: Any, where: str) -> Iterator[str]:
    """What botocore's own validator leaves out: patterns and enumerations of texts."""
    if shape.type_name == "structure":
        for key, item in value.items():
            yield from complaints(shape.members[key], item, f"{where}.{key}")
    elif shape.type_name == "list":
        for item in value:
            yield from complaints(shape.member, item, f"{where}[]")
    elif shape.type_name == "map":
        for item in value.values():
            yield from complaints(shape.value, item, f"{where}{{}}")
    elif shape.type_name == "string":
        if shape.enum and value not in shape.enum:
            yield f"{where}: {value} is none of the enumeration"
        pattern = shape.metadata.get("pattern")
        if pattern and not re.search(python_pattern(pattern), value):
            yield f"{where}: {value} does not match {pattern}"
        longest = shape.metadata.get("max")
        if longest is not None and len(value) > longest:
            yield f"{where}: {value} is longer than {longest}"


def python_pattern(pattern: str) -> str:
    """A pattern of the service model for Python: its classes are written for another dialect."""
    if pattern == r"[\p{L}\p{M}\p{Z}\p{S}\p{N}\p{P}]*":
        return "^[^\\x00-\\x1f]*$"
    pattern = re.sub(r"\$\{\d+,\d+\}$", "", pattern)
    classes = {r"\p{L}": "a-zA-Z", r"\p{Z}": r"\s", r"\p{N}": "0-9"}
    for theirs, ours in classes.items():
        pattern = pattern.replace(theirs, ours)
    return pattern if pattern.startswith("^") else f"^(?:{pattern})$"


def api_call(state: dict[str, Any]) -> tuple[str, str]:
    """Service and operation of a task, as botocore names them."""
    resource = resolve(state["Resource"], {}).removeprefix("arn:aws:states:::")
    service, action = resource.removeprefix("aws-sdk:").split(":")[:2]
    action = action.split(".")[0]
    service = {"states": "stepfunctions"}.get(service, service)
    return service, action[0].upper() + action[1:]


@pytest.mark.parametrize("state", [*STATES, *FITTED_OUT])
def test_the_parameters_of_every_task_fit_the_api(state: dict[str, Any]) -> None:
    """Names, types, required members, enumerations, patterns and lengths are those of the service's model."""
    check_call(state, sample_data())


def input_shape(service: str, operation: str) -> Shape:
    """What botocore knows of an operation's parameters."""
    shape = SESSION.get_service_model(service).operation_model(operation).input_shape
    assert shape is not None
    return shape


def check_call(state: dict[str, Any], data: dict[str, Any]) -> None:
    """Fail unless the service would take what the state sends for this data."""
    service, operation = api_call(state)
    parameters = resolve(state["Parameters"], data)
    # Step Functions writes an object as JSON where the API takes text or bytes.
    for name in ("Payload", "Input", "Body"):
        if isinstance(parameters.get(name), dict) and service in ("lambda", "stepfunctions", "s3"):
            parameters[name] = json.dumps(parameters[name])
    if service == "stepfunctions":
        parameters = {key[0].lower() + key[1:]: value for key, value in parameters.items()}
    shape = input_shape(service, operation)
    report = ParamValidator().validate(parameters, shape)
    assert not report.has_errors(), report.generate_report()
    assert list(complaints(shape, parameters, operation)) == []


def of_partition(text: str, partition: str) -> str:
    """A text with ARNs and addresses as they are in a partition."""
    domain = {"aws-cn": "amazonaws.com.cn"}.get(partition, "amazonaws.com")
    return text.replace("arn:aws:", f"arn:{partition}:").replace("amazonaws.com", domain)


@pytest.mark.parametrize("partition", PARTITIONS)
@pytest.mark.parametrize(("vpc", "key"), [(False, False), (True, True)])
@pytest.mark.parametrize("name", NAMES)
def test_a_machine_calls_only_its_own_partition(name: str, vpc: bool, key: bool, partition: str) -> None:
    """In GovCloud and China a Resource of another partition ends every run: filled in, each is a call of this one.

    What it sends names roles, keys, images and models of this partition alone, as the services' models have them.
    """
    text = json.dumps(fit_out(DEFINITIONS[name], vpc=vpc, key=key)).replace("${Partition}", partition)
    text = re.sub(r"\$\{(\w+)\}", lambda match: of_partition(substitute(match[1]), partition), text)
    assert set(re.findall(r"arn:([a-z-]+):", text)) == {partition}
    data = json.loads(of_partition(json.dumps(sample_data()), partition))
    for state in json.loads(text)["States"].values():
        if state["Type"] == "Task":
            assert re.fullmatch(rf"arn:{partition}:states:::[a-z-]+(:[a-z0-9]+)?:[A-Za-z.]+(:2)?", state["Resource"])
            check_call({**state, "Resource": state["Resource"].replace(f"arn:{partition}:", "arn:aws:")}, data)


@pytest.mark.parametrize("state", STATES)
def test_a_seeded_fault_in_the_parameters_is_found(state: dict[str, Any]) -> None:
    """The check above can fail: a parameter no API has is refused."""
    service, operation = api_call(state)
    assert ParamValidator().validate({"Fault": 1}, input_shape(service, operation)).has_errors()


@pytest.mark.parametrize("name", NAMES)
def test_what_a_retried_or_redriven_state_creates_gets_a_fresh_name(name: str) -> None:
    """Names carry the counts of redrives and retries; where only the answer was lost, the first name is taken.

    An endpoint has its one name, which its callers know.
    """
    created = []
    for state in DEFINITIONS[name]["States"].values():
        kind = re.match(
            r"arn:\$\{Partition\}:states:::(?:aws-sdk:)?sagemaker:create(?!ModelPackage)(\w+)",
            state.get("Resource", ""),
        )
        if kind and kind[1] != "Endpoint":
            named = state["Parameters"][f"{kind[1]}Name.$"]
            assert "$$.Execution.RedriveCount" in named
            assert "$$.State.RetryCount" in named
            created.append(kind[1])
    assert len(created) >= {"drift": 1, "release": 0}.get(name, 3)


def test_what_was_created_is_used_by_the_name_it_got() -> None:
    """Read from the answer's ARN: at a later state the counts are others."""
    states = DEFINITIONS["stage"]["States"]
    for name, path in (
        ("Create the model", "$.ModelArn"),
        ("Create the serverless model", "$.ModelArn"),
        ("Create the configuration", "$.EndpointConfigArn"),
        ("Create the asynchronous configuration", "$.EndpointConfigArn"),
        ("Create the captured configuration", "$.EndpointConfigArn"),
    ):
        assert states[name]["ResultSelector"]["name.$"] == f"States.ArrayGetItem(States.StringSplit({path}, '/'), 1)"
    text = (MACHINES / "stage.asl.json").read_text()
    for stem, created in (("model_name", 2), ("configuration", 3)):
        assert text.count(f"$.plan.{stem}") == created, "only where it is created"


def test_a_model_is_created_from_the_very_object_whose_bytes_were_hashed() -> None:
    """By its ETag: whatever was written to its address since is not served under this version's name."""
    container = DEFINITIONS["stage"]["States"]["Create the model"]["Parameters"]["PrimaryContainer"]
    source = container["ModelDataSource"]["S3DataSource"]
    assert (source["S3Uri.$"], source["ETag.$"]) == ("$.plan.model_data_url", "$.plan.archive_etag")


def test_the_alarms_of_a_release_watch_the_new_fleet_alone() -> None:
    """One that the old fleet could trip would end the very deployment that is to replace it."""
    states = DEFINITIONS["stage"]["States"]
    put = {state["Parameters"]["AlarmName.$"]: state for state in states.values() if "putMetricAlarm" in str(state)}
    assert list(put) == [f"$.plan.alarms.{what}" for what in ALARMS]
    for state in put.values():
        dimensions = {item["Name"]: item for item in state["Parameters"]["Dimensions"]}
        assert dimensions["EndpointConfigName"]["Value.$"] == "$.configuration.name"
        assert state["Parameters"]["TreatMissingData"] == "notBreaching"
        if state["Parameters"]["Namespace"] == "AWS/SageMaker":
            assert set(dimensions) == {"EndpointName", "VariantName", "EndpointConfigName"}


def test_the_alarms_of_a_release_go_whichever_way_its_deployment_ends() -> None:
    """From the first that was made on, every way on leads over a state that deletes them, and none stops there.

    What asks whether there are any is told so: they are made where the stage is watched.
    """
    states = DEFINITIONS["stage"]["States"]
    removing = {name for name, state in states.items() if "deleteAlarms" in str(state)}
    open_ends, reached = [next(name for name, state in states.items() if "putMetricAlarm" in str(state))], set()
    while open_ends:
        current = open_ends.pop()
        if current not in reached and current not in removing:
            reached.add(current)
            rules = states[current].get("Choices", [])
            told = [rule["Next"] for rule in rules if rule.get("Variable") == "$.plan.watched" and len(rules) == 1]
            open_ends += told or [target for target, _ in diagram.edges(states[current])]
    assert not [name for name in reached if states[name]["Type"] in ("Fail", "Succeed")]
    for name in removing:
        assert {target for target, _ in diagram.edges(states[name])} == {states[name]["Next"]}


def test_a_stage_that_is_redriven_by_itself_changes_no_endpoint() -> None:
    """Its release has long gone on without it, or brings it up anew: nobody holds the lock for it.

    What waits longest before an endpoint changes leads over the question: models, configurations and quotas.
    """
    states = DEFINITIONS["stage"]["States"]
    asked, *_ = states["Is the endpoint there?"]["Choices"]
    assert (asked["Variable"], asked["NumericGreaterThan"]) == ("$$.Execution.RedriveCount", 0)
    assert states[asked["Next"]]["Parameters"]["Error"] == StateError.REDRIVEN
    for name in ("Create the configuration", "Count the waits for the endpoint"):
        assert states[name]["Next"] == "Is the endpoint there?"


def test_a_release_learns_how_its_stage_ended_also_of_one_that_ran_out_of_time() -> None:
    """It waits for longer than a stage may take: its own clock starts first, and would not say how the stage ended."""
    release, stage = DEFINITIONS["release"]["States"], DEFINITIONS["stage"]
    for name in ("Bring up staging", "Bring up production", "Put the previous version back"):
        assert release[name]["TimeoutSeconds"] > stage["TimeoutSeconds"]


def test_a_watched_fleet_is_asked_between_two_looks_and_no_probe_ends_a_release() -> None:
    """Its count decides, through the alarm; the way back and a first production are not probed."""
    states = DEFINITIONS["stage"]["States"]
    probe, looks = states["Probe the endpoint"], states["Is the endpoint ready?"]
    assert {target for target, _ in diagram.edges(probe)} == {"Wait for the endpoint"}
    (asked,) = (choice for choice in looks["Choices"] if choice["Next"] == "Probe the endpoint")
    assert (asked["Variable"], asked["BooleanEquals"]) == ("$.plan.watched", True)
    assert looks["Choices"].index(asked) == len(looks["Choices"]) - 1, "whatever has ended is not asked"
    assert looks["Default"] == "Wait for the endpoint"


@pytest.mark.parametrize(
    ("error", "end"),
    [(RELEASE_OVERTAKEN_BY_FUNCTION, "Release.Overtaken"), ("ReleaseRefused", "Release.Refused")],
)
def test_a_release_that_may_not_go_on_to_production_is_refused_and_not_overtaken(error: str, end: str) -> None:
    """Whoever reads the error's name looks for another release only where there is one."""
    states = DEFINITIONS["release"]["States"]
    catches = states["Confirm the release"]["Catch"]
    told = next(one["Next"] for one in catches if {error, "States.ALL"} & set(one["ErrorEquals"]))
    assert states[told]["Parameters"]["Error"] == end


def test_people_whom_no_mail_reaches_are_asked_again_for_hours() -> None:
    """The training is paid for; what the state does again is one request and one mail."""
    for name, state in (("build", "Ask for approval"), ("release", "Ask for production approval")):
        asking = DEFINITIONS[name]["States"][state]
        (patient,) = [one for one in asking["Retry"] if NOT_ASKED_BY_FUNCTION in one["ErrorEquals"]]
        waits = (
            min(patient["IntervalSeconds"] * patient["BackoffRate"] ** at, patient["MaxDelaySeconds"])
            for at in range(patient["MaxAttempts"])
        )
        # With full jitter, a wait is half of this on average.
        assert 4 * 3600 < sum(waits) / 2 < 12 * 3600
        assert asking["Parameters"]["Payload"]["redriven.$"] == "$$.Execution.RedriveCount"


def test_an_endpoint_moves_as_its_plan_says_and_keeps_its_capacity() -> None:
    """Its instances are counted there; should they change until here, they stay as they are all the same."""
    states = DEFINITIONS["stage"]["States"]
    assert states["Update the endpoint"]["Parameters"]["DeploymentConfig.$"] == "$.plan.deployment"
    assert states["Update the endpoint"]["Parameters"]["RetainAllVariantProperties.$"] == "$.plan.retained"
    (variant,) = resolve(states["Create the configuration"]["Parameters"], sample_data())["ProductionVariants"]
    assert variant["InitialInstanceCount"] == 3


def test_an_endpoint_with_a_gpu_names_its_driver_and_another_says_nothing_of_it() -> None:
    """A key that is null is another request than one without it."""
    state = DEFINITIONS["stage"]["States"]["Create the configuration"]
    data = sample_data()
    assert not any("Ami" in key for key in resolve(state["Parameters"], data)["ProductionVariants"][0])
    ami = {"InferenceAmiVersion": "al2023-ami-sagemaker-inference-gpu-4-1"}
    data["plan"]["variant"] |= {"InstanceType": "ml.g5.xlarge", **ami}
    (variant,) = resolve(state["Parameters"], data)["ProductionVariants"]
    assert variant == {**data["model"]["variant"], **data["plan"]["variant"]}
    check_call(state, data)


@pytest.mark.parametrize(
    "given", [{}, {"spot": False}, {"training_instance": "ml.c7i.xlarge"}, {"prepare_instances": 20}]
)
def test_whatever_the_plan_says_about_instances_fits_the_api(given: dict[str, Any]) -> None:
    """With spot capacity and without, shared and alone."""
    plan = build_plan(**given)
    data = {**sample_data(), "plan": {**sample_data()["plan"], **plan}, "attempt": plan["training"]}
    for name in ("Inspect the images", "Prepare the dataset", "Train", "Tune"):
        check_call(DEFINITIONS["build"]["States"][name], data)


def test_a_state_waits_longer_than_its_training_may_take() -> None:
    """Otherwise the state would give up a training that is still allowed to run."""
    attempt = build_plan()["training"]
    path = DEFINITIONS["build"]["States"]["Train"]["TimeoutSecondsPath"]
    assert look_up(path, {"attempt": attempt}) > attempt["stopping"]["MaxWaitTimeInSeconds"]


def test_every_figure_of_an_epoch_is_a_metric_of_the_job() -> None:
    """Those of all tasks in one list, which SageMaker limits to 40; each finds its own figure and no other."""
    definitions = DEFINITIONS["build"]["States"]["Train"]["Parameters"]["AlgorithmSpecification"]["MetricDefinitions"]
    names = [definition["Name"] for definition in definitions]
    assert len(names) == len(set(names)) <= 40
    line = " ".join(f"{name}={number}.5" for number, name in enumerate(names))
    for number, definition in enumerate(definitions):
        assert re.findall(definition["Regex"], f"epoch=1 epochs=3 {line}") == [f"{number}.5"], definition["Name"]
    assert {figure for task in TASKS for figure in figures_of(task)} - {"f1"} <= set(names)


def test_a_search_goes_by_the_one_figure_that_every_task_has() -> None:
    """And gives up trials that fall behind."""
    tune = DEFINITIONS["build"]["States"]["Tune"]["Parameters"]
    config = tune["HyperParameterTuningJobConfig"]
    assert config["HyperParameterTuningJobObjective"] == {"Type": "Maximize", "MetricName": "quality"}
    assert config["TrainingJobEarlyStoppingType"] == "Auto"
    assert "CheckpointConfig" not in tune["TrainingJobDefinition"], "trials would share it"


STARTED_JOBS = "Processing|Training|Transform|HyperParameterTuning"
STARTS_INSTANCES = rf"sagemaker:(create({STARTED_JOBS})Job\.sync|(create|update)Endpoint)"


@pytest.mark.parametrize("name", NAMES)
def test_what_starts_instances_never_retries_a_quota_blindly(name: str) -> None:
    """A retry sees an error's name alone: it would ask for an hour for what the account has none of.

    Putting the champion back is the exception: nothing is left to try that would be better.
    """
    states = DEFINITIONS[name]["States"]
    found = {
        state_name: state
        for state_name, state in states.items()
        if re.search(rf"{STARTS_INSTANCES}$", state.get("Resource", "")) and state_name != "Put the champion back"
    }
    assert len(found) >= {"batch": 2, "drift": 1, "challenge": 1, "stage": 2, "release": 0}.get(name, 4)
    for state_name, state in found.items():
        assert "ResourceLimitExceeded" not in json.dumps(state["Retry"]), state_name
        first, last = state["Catch"][0], state["Catch"][-1]
        choice = states[first["Next"]]
        waits = [branch for branch in choice["Choices"] if "quota" in branch["Next"]]
        assert "is 0 Instances" in json.dumps(waits), state_name
        if first is not last:
            assert choice["Default"] == last["Next"], state_name
        (wait,) = (branch["Next"] for branch in waits)
        again = states[states[wait]["Next"]]["Next"]
        assert state_name in {again, *dict(diagram.edges(states[again]))}, "it is tried again after the wait"
