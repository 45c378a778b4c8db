"""What the functions' zips are: the same bytes every time, complete, and able to answer alone."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import boto3
import pytest

from workflow.errors import GreenlightError
from workflow.stack import package
from workflow.stack.definitions import find_definitions
from workflow.stack.package import ROOT, Archive

ENVIRONMENT = {
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
"""What a Function URL sends; any other function gets an empty event."""

ANSWER = """
import importlib, json, sys
sys.path[:0] = json.loads(sys.argv[2])
module = importlib.import_module(sys.argv[1])
class Context:
    function_name = "f"
    memory_limit_in_mb = 128
    invoked_function_arn = "arn:aws:lambda:us-east-1:000000000000:function:f"
    aws_request_id = "r"
said = {}
try:
    module.handler(json.loads(sys.argv[3]), Context())
except Exception as error:
    said["error"] = type(error).__name__
said["own"] = [name for name in sys.modules if name.startswith(("lambdas.", "workflow."))]
print(json.dumps(said))
"""


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
    again, prefix = package.pack(copy)
    assert {name: archive.digest for name, archive in again.items()} == {
        name: archive.digest for name, archive in archives.items()
    }
    assert prefix == package.pack()[1]


def test_a_changed_line_changes_its_function_and_the_prefix_alone(tmp_path: Path) -> None:
    """The prefix names the content, so a change is a new version; other functions keep their digest."""
    copy = copy_of_the_sources(tmp_path)
    archives, before = package.pack(copy)
    with (copy / "lambdas" / "notify" / "handler.py").open("a") as handler:
        handler.write("# changed\n")
    changed, prefix = package.pack(copy)
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


def test_a_zip_holds_one_function_the_contract_and_nothing_compiled(archives: dict[str, Archive]) -> None:
    """No other function, no SDK, no metadata, no machine code, no byte code."""
    for name, archive in archives.items():
        names = zipfile.ZipFile(archive.path).namelist()
        assert names == sorted(names)
        assert {entry.split("/")[1] for entry in names if entry.startswith("lambdas/")} == {"__init__.py", name}
        shared = {entry for entry in names if entry.startswith("workflow/")}
        assert shared == {"workflow/__init__.py"} | {
            f"workflow/contract/{path.name}" for path in (package.ROOT / "workflow" / "contract").glob("*.py")
        }
        assert not [entry for entry in names if entry.endswith((".so", ".pyc", ".pyd")) or ".dist-info" in entry]
        assert not {"boto3", "botocore", "sagemaker", "stepfunctions"} & {entry.split("/")[0] for entry in names}


WAYS_BESIDE = [("decide", "command"), ("decide", "attend"), ("start_run", "arrival")]
WAYS_IN = [*((name, "handler") for name in package.find_functions()), *WAYS_BESIDE]


@pytest.mark.parametrize(("name", "way_in"), WAYS_IN)
def test_a_function_answers_alone(name: str, way_in: str, archives: dict[str, Archive], tmp_path: Path) -> None:
    """In a process that has the zip and boto3 alone, the handler imports its own and the contract, and answers."""
    with zipfile.ZipFile(archives[name].path) as archive:
        archive.extractall(tmp_path / "task")
    runtime = tmp_path / "runtime"
    runtime.mkdir()
    packages = Path(boto3.__file__).parents[1]
    for provided in ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "urllib3", "six.py"):
        (runtime / provided).symlink_to(packages / provided)
    command = [sys.executable, "-I", "-S", "-c", ANSWER, f"lambdas.{name}.{way_in}"]
    done = subprocess.run(
        [*command, json.dumps([str(tmp_path / "task"), str(runtime)]), json.dumps(PAGE if name == "decide" else {})],
        capture_output=True,
        text=True,
        env=ENVIRONMENT,
        cwd=tmp_path,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    # Refusing an empty event is an answer; a missing module, name or setting is not.
    assert said.get("error", "") not in {"ModuleNotFoundError", "ImportError", "NameError", "KeyError", "TypeError"}
    assert {module for module in said["own"] if module.count(".") == 1} <= {f"lambdas.{name}", "workflow.contract"}
