"""What the functions' zips are: the same bytes every time, complete, and able to answer alone."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from infra.local.runtimes import find_provided, find_python
from tests.infra.template import load, of_type
from workflow.errors import GreenlightError
from workflow.stack import package
from workflow.stack.bytecode import compile_all
from workflow.stack.definitions import find_definitions
from workflow.stack.package import ROOT, Archive

ENVIRONMENT = {
    "CAPTURE_DAYS": "30",
    "MEGABYTES_A_DAY": "1",
    "CHALLENGE_MACHINE": "arn:aws:states:us-east-1:123456789012:stateMachine:greenlight-challenge",
    "WINDOW_HOURS": "24",
    "ON_DRIFT": "mail",
    "BUILD_MACHINE": "arn:aws:states:us-east-1:123456789012:stateMachine:greenlight-build",
    "DATASET": "s3://bucket/datasets/default/",
    "DATA_STARTS": "settled",
    "WEBHOOK_SECRET_ARN": "arn",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_EC2_METADATA_DISABLED": "true",
    # Nothing listens there: a function that calls out while it is imported fails at once.
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    "POWERTOOLS_TRACE_DISABLED": "true",
    "POWERTOOLS_METRICS_NAMESPACE": "Greenlight",
    "POWERTOOLS_SERVICE_NAME": "test",
    "AWS_MAX_ATTEMPTS": "1",
    "APPROVAL_URL": "http://127.0.0.1:9/",
    "BUILD_ROLE": "greenlight-BuildRole-1",
    "BUCKET": "greenlight-000000000000-us-east-1",
    "DECISION_KEY": "arn:aws:kms:us-east-1:000000000000:key/one",
    "DEFAULTS": "{}",
    "DEFAULT_DATASET": "s3://greenlight-000000000000-us-east-1/datasets/default/",
    "ENDPOINT_INSTANCE_COUNT": "1",
    "JOB_ROLE": "arn:aws:iam::000000000000:role/greenlight-JobRole-1",
    "PACKAGE_GROUP": "greenlight",
    "PROJECT": "greenlight",
    "RECORD_KEY": "arn:aws:kms:us-east-1:000000000000:key/three",
    "REQUEST_KEY": "arn:aws:kms:us-east-1:000000000000:key/two",
    "SERVING_IMAGE": "serving:1",
    "TABLE": "greenlight",
    "TOPIC_ARN": "arn:aws:sns:us-east-1:000000000000:greenlight",
    "STAGING_HOURS": "24",
    "ENDPOINT_ROLE_ARN": "arn:aws:iam::000000000000:role/endpoints",
    "LATENCY_LIMIT": "2000000",
    "PRODUCTION_HOURS": "0",
    "DASHBOARD": "greenlight-us-east-1",
    "TROUBLE_TOPIC_ARN": "arn:aws:sns:us-east-1:000000000000:greenlight-trouble",
    "TRAINING_IMAGE": "training:1",
}

PAGE = {
    "version": "2.0",
    "rawPath": "/",
    "rawQueryString": "",
    "headers": {},
    "requestContext": {"http": {"method": "GET", "path": "/"}},
    "isBase64Encoded": False,
}
"""What a Function URL sends."""

EVENTS: dict[tuple[str, str], dict[str, Any]] = {
    ("decide", "handler"): PAGE,
    ("decide", "command"): PAGE,
    ("start_by_code", "handler"): PAGE,
    ("notify", "handler"): {"kind": "told", "error": {"Error": "Build.Failed", "Cause": "the loss is NaN"}},
}
"""What a way in is called with; any other with nothing, which it has to refuse, or which has it look around."""

WITHOUT_AWS: dict[str, Any] = {"raised": "EndpointConnectionError"}
ANSWERS: dict[tuple[str, str], dict[str, Any]] = {
    ("ask_approval", "handler"): {"raised": "RequestRefused"},
    ("check_dataset", "handler"): {"raised": "ContractError"},
    ("clean_up", "handler"): {"raised": "ContractError"},
    ("compare_challenger", "handler"): {"raised": "ContractError"},
    ("decide", "attend"): WITHOUT_AWS,
    ("decide", "command"): {"statusCode": 403},
    ("decide", "handler"): {"statusCode": 404},
    ("gate_metrics", "handler"): {"raised": "GateRejected"},
    ("keep_captured", "handler"): {"raised": "ContractError"},
    ("note_version", "handler"): {"raised": "ContractError"},
    ("notify", "handler"): {"cause": "the loss is NaN", "sent": False},
    ("plan_release", "handler"): {"raised": "ReleaseRefused"},
    ("plan_run", "handler"): {"raised": "InputRejected"},
    ("record_champion", "handler"): {"raised": "ContractError"},
    ("scale_production", "handler"): WITHOUT_AWS,
    ("serve_component", "handler"): {"raised": "ContractError"},
    ("smoke_test", "handler"): {"raised": "ContractError"},
    ("start_by_code", "handler"): {"statusCode": 405},
    ("start_run", "arrival"): {"execution": ""},
    ("start_run", "handler"): {"raised": "ContractError"},
    ("take_feedback", "handler"): {"status": 400},
    ("watch_drift", "handler"): {"raised": "WatchRefused"},
    ("watch_production", "handler"): WITHOUT_AWS,
    ("watch_training", "handler"): WITHOUT_AWS,
}
"""What each way in answers, or the error that it raises. Some ask AWS first, where nothing answers here."""

BOOTSTRAP = """
import importlib, json, platform, sys
sys.path[:0] = json.loads(sys.argv[2])
module, _, name = sys.argv[1].rpartition(".")
handler = getattr(importlib.import_module(module), name)
class Context:
    function_name = "f"
    memory_limit_in_mb = 128
    invoked_function_arn = "arn:aws:lambda:us-east-1:000000000000:function:f"
    aws_request_id = "r"
try:
    answer = handler(json.loads(sys.argv[3]), Context())
except Exception as error:
    answer = {"raised": type(error).__name__}
own = [name for name in sys.modules if name.startswith(("lambdas.", "workflow."))]
print(json.dumps({"python": platform.python_version(), "answer": answer, "own": own}))
"""
"""What Lambda does with the handler that the template names, in as few lines."""

PINS = [line for line in (ROOT / "lambdas" / "requirements.txt").read_text().splitlines() if "==" in line]
MACHINE_CODE = (b"\x7fELF", b"MZ", b"\xfe\xed\xfa", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe", b"!<arch>")
"""How programs and libraries of Linux, Windows and macOS begin."""

pytestmark = pytest.mark.install


@pytest.fixture(scope="module")
def archives() -> dict[str, Archive]:
    """Every function, packed."""
    return package.pack()[0]


def copy_of_the_sources(folder: Path) -> Path:
    """What packing reads, somewhere else; one small file stands for the dependencies."""
    for name in ("lambdas", "workflow"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "demo", "commands"))
    (folder / ".greenlight" / package.install().name).mkdir(parents=True)
    (folder / ".greenlight" / package.install().name / "dependency.py").write_text("ANSWER = 42\n")
    return folder


def test_every_folder_with_a_handler_is_a_function(archives: dict[str, Archive]) -> None:
    """Nothing is listed twice, by hand, and forgotten."""
    assert set(archives) == {path.parent.name for path in (ROOT / "lambdas").glob("*/handler.py")}


def test_packing_again_elsewhere_and_later_gives_the_same_bytes(archives: dict[str, Archive], tmp_path: Path) -> None:
    """Neither the folder, nor the time, nor a file's rights, nor what Python left behind gets into a zip."""
    copy = copy_of_the_sources(tmp_path)
    installed = copy / ".greenlight" / package.install().name
    shutil.rmtree(installed)
    installed.symlink_to(package.install())
    for path in copy.glob("lambdas/*/handler.py"):
        os.utime(path, (1, 1))
        path.chmod(0o755)
        (path.parent / "__pycache__").mkdir()
        (path.parent / "__pycache__" / "handler.cpython-311.pyc").write_bytes(b"left behind")
    again, prefix, _ = package.pack(copy)
    assert {name: archive.digest for name, archive in again.items()} == {
        name: archive.digest for name, archive in archives.items()
    }
    assert prefix == package.pack()[1]


def test_a_zip_that_is_there_stays_and_what_is_none_of_its_content_is_written_again(tmp_path: Path) -> None:
    """Packing twice compresses once; a file cut short, or of other content, is no reason to deploy it."""
    content = {"lambdas/one.py": b"ANSWER = 42\n", "lambdas/two.py": b"ANSWER = 43\n"}
    path = tmp_path / "one.zip"
    first = package.write_zip("one", path, content)
    written = path.stat().st_ino
    assert package.write_zip("one", path, content) == first
    assert path.stat().st_ino == written
    path.write_bytes(path.read_bytes()[:-30])
    assert package.write_zip("one", path, content) == first
    assert package.write_zip("one", path, {**content, "lambdas/two.py": b"ANSWER = 44\n"}).digest != first.digest
    assert package.write_zip("one", path, {"lambdas/one.py": b"ANSWER = 42\n"}).digest != first.digest


def test_byte_code_is_packed_where_the_python_that_packs_is_the_functions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another Python packs none, and packs such a zip anew; what is deployed is named by its sources either way."""
    sources = {"lambdas/one.py": b"ANSWER = 42\n", "lambdas/two.json": b"{}"}
    path = tmp_path / "one.zip"
    own, code = "{}.{}".format(*sys.version_info), f"lambdas/__pycache__/one.{sys.implementation.cache_tag}.pyc"
    found = []
    for runtime in ("3.0", own, own, "3.0"):
        monkeypatch.setattr(package, "RUNTIME", runtime)
        found.append(package.write_zip("one", path, sources).digest)
        assert set(zipfile.ZipFile(path).namelist()) == {*sources, *([code] if runtime == own else [])}
    assert found[0] == found[3] != found[1] == found[2]


def test_a_changed_line_changes_its_function_and_the_prefix_alone(tmp_path: Path) -> None:
    """The prefix names the content, so a change is a new version; other functions keep their digest."""
    copy = copy_of_the_sources(tmp_path)
    archives, before, _ = package.pack(copy)
    with (copy / "lambdas" / "notify" / "handler.py").open("a") as handler:
        handler.write("# changed\n")
    changed, prefix, _ = package.pack(copy)
    assert prefix != before
    assert {name for name in changed if changed[name].digest != archives[name].digest} == {"notify"}


def test_a_changed_definition_changes_the_prefix(tmp_path: Path) -> None:
    """CloudFormation sees a machine's change by the key its definition has."""
    copy = copy_of_the_sources(tmp_path)
    before = package.pack(copy)[1]
    (copy / "workflow" / "machines" / "release.asl.json").write_text("{}")
    assert package.pack(copy)[1] != before


def test_a_missing_definition_says_how_to_make_it(tmp_path: Path) -> None:
    """A fresh checkout has both; a deleted one is named."""
    with pytest.raises(GreenlightError, match=r"build\.asl\.json is missing: render it with"):
        find_definitions(tmp_path)


def test_dependencies_that_cannot_be_installed_say_why(tmp_path: Path) -> None:
    """Pip's own words reach the person; nothing half installed is left to be used."""
    (tmp_path / "lambdas").mkdir()
    (tmp_path / "lambdas" / "requirements.txt").write_text("./not-there\n")
    with pytest.raises(GreenlightError, match="not-there"):
        package.install(tmp_path)
    assert list((tmp_path / ".greenlight").iterdir()) == []


def test_a_zip_holds_one_function_and_the_contract(archives: dict[str, Archive]) -> None:
    """No other function, no SDK, no metadata, no machine code; byte code of all of it, or of nothing."""
    for name, archive in archives.items():
        names = zipfile.ZipFile(archive.path).namelist()
        assert names == sorted(names)
        assert {entry.split("/")[1] for entry in names if entry.startswith("lambdas/")} == {"__init__.py", name}
        code = {entry for entry in names if entry.endswith(".pyc")}
        assert not code or code == set(compile_all(dict.fromkeys(set(names) - code, b"")))
        shared = {entry for entry in names if entry.startswith("workflow/")} - code
        assert shared == {"workflow/__init__.py"} | {
            f"workflow/contract/{path.name}" for path in (package.ROOT / "workflow" / "contract").glob("*.py")
        }
        assert not [entry for entry in names if entry.endswith((".so", ".pyd")) or ".dist-info" in entry]
        assert not {"boto3", "botocore", "sagemaker", "stepfunctions"} & {entry.split("/")[0] for entry in names}


def test_every_wheel_that_a_zip_holds_is_for_every_python_and_every_processor(archives: dict[str, Archive]) -> None:
    """By what each wheel says of itself, and by what is in the zips: no program or library of any system."""
    wheels = [path.read_text().splitlines() for path in package.install().glob("*.dist-info/WHEEL")]
    assert len(wheels) == len(PINS)
    for wheel in wheels:
        assert "Root-Is-Purelib: true" in wheel
        tags = [line.removeprefix("Tag: ").split("-") for line in wheel if line.startswith("Tag: ")]
        assert any("py3" in python.split(".") for python, _, _ in tags)
        assert all((abi, platform) == ("none", "any") for _, abi, platform in tags)
    for archive in archives.values():
        with zipfile.ZipFile(archive.path) as packed:
            assert not [name for name in packed.namelist() if packed.read(name).startswith(MACHINE_CODE)]


@pytest.fixture(scope="module")
def python() -> str:
    """The Python that functions run on: that of the template, or the stand-in's own where this machine lacks it."""
    (runtime,) = {function["Runtime"] for function in of_type(load(), "AWS::Lambda::Function").values()}
    assert runtime == f"python{package.RUNTIME}"
    return find_python(runtime) or sys.executable


def handlers() -> list[str]:
    """The handler of every function that the template deploys."""
    return sorted(function["Handler"] for function in of_type(load(), "AWS::Lambda::Function").values())


@pytest.mark.parametrize("handler", handlers())
def test_a_function_answers_alone(handler: str, python: str, archives: dict[str, Archive], tmp_path: Path) -> None:
    """In a process that has the zip and what AWS's runtime brings, on the Python that it is run on.

    The handler is found by the template's name for it, imports its own and the contract, and answers or refuses.
    """
    _, name, way_in, _ = handler.split(".")
    with zipfile.ZipFile(archives[name].path) as archive:
        archive.extractall(tmp_path / "task")
    (tmp_path / "runtime").mkdir()
    for place in find_provided():
        (tmp_path / "runtime" / place.name).symlink_to(place)
    event, expected = EVENTS.get((name, way_in), {}), ANSWERS[name, way_in]
    paths = [str(tmp_path / "task"), str(tmp_path / "runtime")]
    done = subprocess.run(
        [python, "-I", "-S", "-c", BOOTSTRAP, handler, json.dumps(paths), json.dumps(event)],
        capture_output=True,
        text=True,
        env=ENVIRONMENT,
        cwd=tmp_path,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    assert python == sys.executable or said["python"].startswith(f"{package.RUNTIME}.")
    assert {key: said["answer"].get(key) for key in expected} == expected
    assert {module for module in said["own"] if module.count(".") == 1} <= {f"lambdas.{name}", "workflow.contract"}
