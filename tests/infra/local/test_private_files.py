"""What the stand-in writes is its owner's alone, on a machine that others use as well."""

from __future__ import annotations

import contextlib
import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local.private_files import make_private
from tests.infra.local.machines import Machines, eventually
from tests.infra.local.sagemaker.requests import BUCKET, CONTAINER, ROLE, training
from tests.stand_in import StandIn


@pytest.fixture
def generous() -> Iterator[None]:
    """A shell that lets everybody read and write what it makes."""
    before = os.umask(0)
    yield
    os.umask(before)


def modes(state: Path) -> dict[str, str]:
    """Everything in a state that others might do something with, and what; links have no mode of their own."""
    found = {}
    below = [Path(folder, name) for folder, folders, files in os.walk(state) for name in (*folders, *files)]
    for path in (state, *below):
        with contextlib.suppress(FileNotFoundError):  # a job's folder goes when it has ended
            mode = path.lstat().st_mode
            if not stat.S_ISLNK(mode) and mode & 0o077:
                found[str(path.relative_to(state))] = stat.filemode(mode)
    return found


@pytest.mark.standin
def test_everything_a_run_leaves_is_the_owner_s_alone(tmp_path: Path, generous: None) -> None:
    """Objects, mail, functions, jobs, endpoints, logs, what is saved at the end, and what a function writes."""
    state = tmp_path / "state"
    with StandIn(state, {"fake": CONTAINER}) as stand_in:
        machines = Machines(stand_in)
        stand_in.role(ROLE)
        machines.s3.create_bucket(Bucket=BUCKET)
        machines.s3.put_object(Bucket=BUCKET, Key="data/deep/a.txt", Body=b"first")
        topic = stand_in.client("sns").create_topic(Name="topic")["TopicArn"]
        stand_in.subscribe(topic, "you@example.com")
        stand_in.client("sns").publish(TopicArn=topic, Message="http://localhost/a/x")
        function = machines.function("import os\ndef handler(event, context): return os.umask(0)")
        assert json.load(stand_in.client("lambda").invoke(FunctionName=function)["Payload"]) == 0o077
        sagemaker = machines.sagemaker

        def described() -> str:
            return str(sagemaker.describe_training_job(TrainingJobName="learns")["TrainingJobStatus"])

        sagemaker.create_training_job(**training("learns"))
        eventually(lambda: described() == "Completed")
        archive = sagemaker.describe_training_job(TrainingJobName="learns")["ModelArtifacts"]["S3ModelArtifacts"]
        primary = {"Image": "fake", "ModelDataUrl": archive}
        sagemaker.create_model(ModelName="model", ExecutionRoleArn=ROLE, PrimaryContainer=primary)
        variant = {
            "VariantName": "main",
            "ModelName": "model",
            "InstanceType": "ml.m5.large",
            "InitialInstanceCount": 1,
        }
        sagemaker.create_endpoint_config(EndpointConfigName="config", ProductionVariants=[variant])
        sagemaker.create_endpoint(EndpointName="endpoint", EndpointConfigName="config")
        eventually(lambda: sagemaker.describe_endpoint(EndpointName="endpoint")["EndpointStatus"] == "InService")
        sagemaker.create_training_job(**training("waits", behaviour="wait"))
        eventually(lambda: list((state / "sagemaker").rglob("child.txt")))
        assert {entry.name for entry in state.iterdir()} >= {"env", "lock", "log.txt", "mail.json", "s3", "sagemaker"}
        assert list((state / "sagemaker").rglob("model.json")), "an opened archive"
        assert modes(state) == {}
    assert list((state / "engine").iterdir()), "saved"
    assert modes(state) == {}


@pytest.mark.standin
def test_a_state_of_an_earlier_stand_in_is_closed_when_it_starts(tmp_path: Path, generous: None) -> None:
    """Files keep their owner's rights; what a link leads to is left alone."""
    state, outside = tmp_path / "state", tmp_path / "outside"
    (state / "s3" / "bucket").mkdir(parents=True)
    for name in ("s3/bucket/object", "mail.json", "env"):
        (state / name).write_text("[]")
    (state / "sagemaker").mkdir()
    (state / "sagemaker" / "program").touch(0o755)
    outside.touch(0o644)
    (state / "sagemaker" / "link").symlink_to(outside)
    with StandIn(state):
        assert modes(state) == {}
        assert stat.S_IMODE((state / "sagemaker" / "program").stat().st_mode) == 0o700
    assert stat.S_IMODE(outside.stat().st_mode) == 0o644


def test_a_folder_that_holds_other_things_stays_as_it_is(tmp_path: Path, generous: None) -> None:
    """`--state .` takes nothing from anybody but what is the stand-in's."""
    (tmp_path / "log.txt").touch(0o644)
    (tmp_path / "paper.pdf").touch(0o644)
    tmp_path.chmod(0o755)
    make_private(tmp_path)
    assert modes(tmp_path) == {".": "drwxr-xr-x", "paper.pdf": "-rw-r--r--"}
