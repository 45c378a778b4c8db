"""A training that is paid for a GPU ends before its first epoch where torch cannot compute on it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from containers.training.folders import Folders
from containers.training.gpu import WITHOUT_GPU, driver, instance_of
from tests.containers.training.conftest import REPOSITORY
from tests.containers.training.jobs import command, environment, epochs, failure, files, make_job, write_json

RESOURCES = "input/config/resourceconfig.json"


def on_aws(job: Path) -> dict[str, str]:
    """The environment of a job that nothing excuses from using its GPU."""
    return {name: value for name, value in environment(job).items() if name != WITHOUT_GPU}


@pytest.mark.training
def test_a_gpu_that_cannot_be_used_ends_the_training_with_driver_and_build(
    training_python: Path, tmp_path: Path
) -> None:
    """This machine has none: the reason is what SageMaker shows, and no epoch was trained."""
    job = make_job(tmp_path)
    write_json(job / RESOURCES, {"current_instance_type": "ml.g5.xlarge"})
    ran = subprocess.run(
        command(training_python), cwd=REPOSITORY, env=on_aws(job), capture_output=True, text=True, check=False
    )
    assert ran.returncode == 1
    assert epochs(ran.stdout) == []
    assert re.match(
        r"GpuError: training would run on the processor of an ml\.g5\.xlarge: torch 2\.\S+, built \S.*, cannot use its "
        r"GPU \(.+\); there is no NVIDIA driver\. Build the training image with a TORCH_BUILD ",
        failure(job),
    )
    assert files(job / "model") == files(job / "checkpoints") == set()


@pytest.mark.training
def test_an_instance_without_a_gpu_trains_on_its_processor(training_python: Path, tmp_path: Path) -> None:
    """That is what was asked for."""
    job = make_job(tmp_path, epochs="1")
    write_json(job / RESOURCES, {"current_instance_type": "ml.c7i.xlarge"})
    ran = subprocess.run(
        command(training_python), cwd=REPOSITORY, env=on_aws(job), capture_output=True, text=True, check=False
    )
    assert (ran.returncode, epochs(ran.stdout)) == (0, [1]), ran.stderr


@pytest.mark.parametrize(
    ("resources", "instance"),
    [
        pytest.param({"current_instance_type": "ml.g5.xlarge"}, "ml.g5.xlarge", id="one type for all"),
        pytest.param(
            {
                "current_group_name": "gpus",
                "instance_groups": [
                    {"instance_group_name": "cpus", "instance_type": "ml.c5.xlarge", "hosts": ["algo-1"]},
                    {"instance_group_name": "gpus", "instance_type": "ml.p4d.24xlarge", "hosts": ["algo-2"]},
                ],
            },
            "ml.p4d.24xlarge",
            id="its group's",
        ),
        pytest.param({"current_group_name": "homogeneousCluster"}, "", id="nobody says"),
    ],
)
def test_the_instance_is_told_by_sagemaker(tmp_path: Path, resources: dict, instance: str) -> None:
    """As its documentation describes resourceconfig.json."""
    write_json(tmp_path / RESOURCES, resources)
    assert instance_of(Folders.of({"SAGEMAKER_BASE_DIR": str(tmp_path)})) == instance


def test_the_driver_is_told_as_the_kernel_tells_it(tmp_path: Path) -> None:
    """Without a program that may be missing from the image."""
    version = tmp_path / "version"
    version.write_text("NVRM version: NVIDIA UNIX x86_64 Kernel Module  470.256.02  Thu May  2\nGCC version: 7.3.1\n")
    assert driver(version) == "the driver is NVIDIA UNIX x86_64 Kernel Module  470.256.02  Thu May  2"


def test_without_the_kernel_s_word_nvidia_smi_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It comes with the driver, and tells its version."""
    program = tmp_path / "nvidia-smi"
    program.write_text(f"#!{sys.executable}\nprint('550.163.01')\nprint('550.163.01')\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert driver(tmp_path / "none") == "the driver is 550.163.01"
