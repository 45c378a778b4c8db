"""A GPU that would do nothing, or is missing, ends a run before anything is paid for."""

from __future__ import annotations

from typing import Any

import pytest

from workflow.contract.gpu_endpoints import check_gpu
from workflow.contract.rule import InputError
from workflow.contract.run_input import RunInput

G5 = "ml.g5.xlarge"
ON_G5 = {"precision": "f16", "endpoint_instance": G5, "training_instance": "ml.g5.12xlarge", "processing_instance": G5}


def given(**keys: Any) -> RunInput:
    """An input of these keys."""
    return RunInput.parse(keys, {"dataset": "s3://bucket/fasteners"})


@pytest.mark.parametrize("keys", [ON_G5, {**ON_G5, "fallback_instances": ["ml.g5.2xlarge"]}])
def test_a_gpu_of_one_kind_throughout_is_used(keys: dict[str, Any]) -> None:
    """However many of them an instance has."""
    check_gpu(given(**keys), builds_engines=True)


@pytest.mark.parametrize("builds_engines", [True, False])
def test_who_serves_on_processors_is_asked_nothing(builds_engines: bool) -> None:
    """As before, whatever GPU the training has."""
    check_gpu(given(training_instance=G5), builds_engines=builds_engines)


@pytest.mark.parametrize(
    ("keys", "builds_engines", "message"),
    [
        ({"precision": "f16"}, True, r"endpoint_instance = ml\.c7i\.xlarge has none: set precision=auto"),
        ({"endpoint_instance": G5}, True, r"for precision = auto is computed by processors: set precision=f16"),
        (ON_G5, False, r"greenlight deploy --parameter GpuEndpoints=yes"),
        ({**ON_G5, "training_instance": "ml.g6.xlarge"}, True, r"training_instance = ml\.g6\.xlarge: .* ml\.g5 here"),
        ({**ON_G5, "fallback_instances": [G5, "ml.g4dn.xlarge"]}, True, r"fallback_instances = ml\.g4dn\.xlarge: "),
        ({**ON_G5, "processing_instance": "ml.m7i.xlarge"}, True, r"processing_instance = ml\.m7i\.xlarge: "),
    ],
)
def test_what_does_not_fit_is_refused_with_what_to_set(
    keys: dict[str, Any], builds_engines: bool, message: str
) -> None:
    """The engine is built by the training and measured by the evaluation, for one kind of GPU."""
    with pytest.raises(InputError, match=message):
        check_gpu(given(**keys), builds_engines=builds_engines)
