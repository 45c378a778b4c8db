"""Which numbers a training computes in, and how half precision is judged without a download."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.containers.training.conftest import REPOSITORY

pytestmark = pytest.mark.training


def python(interpreter: Path, code: str) -> list[str]:
    """What the training image's Python prints."""
    ran = subprocess.run([str(interpreter), "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    return ran.stdout.splitlines()


@pytest.mark.parametrize(
    ("gpu", "bf16", "wanted", "chosen"),
    [
        (False, False, None, ["fp32"]),
        (True, True, None, ["bf16"]),
        (True, False, None, ["fp16"]),
        (True, True, "fp32", ["fp32"]),
        (True, False, "bf16", ["amp = bf16: this machine has no such numbers; training computes in fp16", "fp16"]),
        (False, False, "bf16", ["amp = bf16: this machine has no such numbers; training computes in fp32", "fp32"]),
    ],
)
def test_training_computes_in_16_bits_where_the_machine_can(
    training_python: Path, gpu: bool, bf16: bool, wanted: str | None, chosen: list[str]
) -> None:
    """First bf16, fp16 on a GPU without it, 32 bits without a GPU; what is wanted and not there is told."""
    code = (
        "import torch\n"
        "from containers.training.precision import choose\n"
        f"torch.cuda.is_available = lambda: {gpu}\n"
        f"torch.cuda.is_bf16_supported = lambda including_emulation: {bf16}\n"
        f"print(choose({wanted!r}))\n"
    )
    assert python(training_python, code) == chosen


def test_half_precision_is_good_if_it_answers_about_the_same(training_python: Path) -> None:
    """Rounding passes; NaN, infinity and noise do not. ultralytics asks this in place of its own check."""
    code = (
        "import pathlib, tempfile\n"
        "from containers.training.environment import set_up\n"
        "set_up(pathlib.Path(tempfile.mkdtemp()))\n"
        "import torch\n"
        "from ultralytics.engine import trainer\n"
        "from containers.training.precision import check_offline, close, works_in_half\n"
        "torch.manual_seed(0)\n"
        "exact = torch.randn(1000) * 50\n"
        "half = exact.half()\n"
        "print(close(exact, half), close(exact, torch.full_like(half, float('nan'))))\n"
        "print(close(exact, torch.randn(1000) * 50), close(exact, half * float('inf')))\n"
        "check_offline()\n"
        "print(trainer.check_amp is works_in_half)\n"
    )
    assert python(training_python, code) == ["True False", "False False", "True"]
