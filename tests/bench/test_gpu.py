"""What our server makes of a GPU: its engine built, loaded and asked, beside the engine alone and a loop without HTTP.

``python -m pytest -m bench tests/bench/test_gpu.py``, on a machine with an NVIDIA GPU: it installs what that needs into
the environments of both images, trains the sample's model unless BENCH_WEIGHTS names another, and builds its engine,
which takes minutes. It was written without a GPU, and has not run on one.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace

import pytest

from infra.local.environments import REPOSITORY
from tests.bench.serving.contestants import ours
from tests.bench.serving.measure import SCRATCH, Plan, measure
from tests.bench.serving.processes import cores
from tests.bench.serving.workload import SIZE, Workload, make_workload, python_of
from workflow.contract.gpu_engine import Machine
from workflow.contract.model import HALF

BESIDE_THE_ENGINE_MS = 3.0
"""What a whole request may take more than its engine."""
SHARE_OF_THE_LOOP = 0.9
"""Of the pictures a second that decoding and engine come to without a server."""
NVIDIA_INDEX = "https://pypi.nvidia.com"

pytestmark = [pytest.mark.bench, pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")]


@pytest.fixture(scope="module")
def gpu() -> str:
    """Name and driver of the GPU; a skip that says why where there is none, or what it needs cannot be installed."""
    if shutil.which("nvidia-smi") is None:
        pytest.skip("no GPU: there is no nvidia-smi on this machine")
    query = ["nvidia-smi", "--query-gpu=name,driver_version,compute_cap", "--format=csv,noheader"]
    asked = subprocess.run(query, capture_output=True, text=True, check=False)
    if asked.returncode or not asked.stdout.strip():
        pytest.skip(f"no GPU: {(asked.stdout + asked.stderr).strip() or 'nvidia-smi lists none'}")
    for image in ("training", "serving"):
        packages = REPOSITORY / "containers" / image / "requirements-gpu-endpoints.txt"
        install = [
            "-m",
            "pip",
            "install",
            "--quiet",
            "--no-deps",
            "--extra-index-url",
            NVIDIA_INDEX,
            "-r",
            str(packages),
        ]
        done = subprocess.run([str(python_of(image)), *install], capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"{packages.relative_to(REPOSITORY)} cannot be installed: {done.stderr.strip()[-300:]}")
    return asked.stdout.splitlines()[0]


@pytest.fixture(scope="module")
def workload(gpu: str) -> Workload:
    """The pictures of every measurement, and the model with an engine for this GPU."""
    usual, folder = make_workload(), SCRATCH / "gpu"
    shutil.rmtree(folder, ignore_errors=True)
    program = [str(python_of("training")), "-m", "tests.bench.serving.export"]
    given = [str(usual.weights.resolve()), str(usual.images.resolve()), str(folder), str(SIZE), HALF]
    done = subprocess.run([*program, *given], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    print(done.stdout)
    return replace(usual, models=folder)


@pytest.mark.timeout(3600)
def test_a_request_takes_little_more_than_its_engine(
    gpu: str, workload: Workload, capsys: pytest.CaptureFixture[str]
) -> None:
    """The engine is what serves, it finds what ultralytics finds, and the server around it costs next to nothing."""
    manifest = json.loads((workload.model(HALF) / "manifest.json").read_text())
    built = Machine.parse(manifest["engine"])
    plan = Plan([ours(HALF)], limits=(("runtime", HALF), ("loop", HALF)), clients=(1, 4, 16, 64))
    with capsys.disabled():
        print(f"\n{gpu}; engine for {built}, {manifest['files']['model.engine']['bytes']:,} bytes; {workload.about}")
        results = measure(plan, workload, lambda line: print(line, flush=True))
        assert not results.failures
        engine, loop = results.limits[f"runtime-{HALF}"], results.limits[f"loop-{HALF}"]
        outcome = results.outcomes[f"ours-{HALF}"]
        assert not outcome.left_out, outcome.left_out
        alone, whole, request = engine.quantile_ms(0.5), loop.quantile_ms(0.5), outcome.loads[1].quantile_ms(0.5)
        rate, share = outcome.rate, outcome.rate / loop.together.rate
        print(f"engine alone {alone:.2f} ms; decode, engine and boxes {whole:.2f} ms; {loop.about}")
        print(f"a whole request {request:.2f} ms: {request - alone:.2f} beside the engine")
        print(f"{rate:.0f} answers a second, {share:.2f} of the loop's {loop.together.rate:.0f} on {cores()} cores")
    assert engine.about == loop.about == f"tensorrt {built.tensorrt} f16 {built.gpu}"
    assert not outcome.errors
    assert outcome.agreement.share >= 0.95, str(outcome.agreement)
    assert request <= alone + BESIDE_THE_ENGINE_MS
    assert share >= SHARE_OF_THE_LOOP
