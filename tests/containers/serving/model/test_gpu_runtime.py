"""An engine runs where it was built for, and anything else is a reason that says why it does not.

CUDA and TensorRT are stand-ins here, for no test has a GPU: they show which answers of theirs end in which reason, and
not that an engine runs. That is asked by tests/bench/test_gpu.py.
"""

from __future__ import annotations

import ctypes
import sys
import types
from enum import IntEnum
from typing import Any

import numpy as np
import pytest

from containers.serving.model.gpu_runtime import Engine, EngineError, open_engine
from workflow.contract.gpu_engine import Machine

A10G = Machine("NVIDIA A10G", "8.6", "10.16.1.11")
SHAPES = ((384, 640), (640, 640))
OUTPUT = (1, 5, 2)


class Status(IntEnum):
    """Two of CUDA's."""

    cudaSuccess = 0
    cudaErrorNoDevice = 100


class Copy(IntEnum):
    """The ways to copy."""

    cudaMemcpyHostToDevice = 1
    cudaMemcpyDeviceToHost = 2


class FakeCuda:
    """A GPU whose memory is this process's; what is allocated is told, so that what is freed can be."""

    cudaError_t, cudaMemcpyKind = Status, Copy
    cudaStreamNonBlocking = cudaDeviceScheduleBlockingSync = cudaHostAllocDefault = 1

    def __init__(self, status: Status = Status.cudaSuccess, name: bytes = b"NVIDIA A10G") -> None:
        self._status, self._name = status, name
        self.held: dict[int, Any] = {}

    def cudaGetDeviceCount(self) -> tuple[Any, ...]:
        return (self._status, None if self._status else 1)

    def cudaGetDeviceProperties(self, _: int) -> tuple[Any, ...]:
        return (Status.cudaSuccess, types.SimpleNamespace(name=self._name, major=8, minor=6))

    def cudaGetErrorString(self, _: Status) -> tuple[Any, ...]:
        return (Status.cudaSuccess, b"no CUDA-capable device is detected")

    def cudaMalloc(self, size: int) -> tuple[Any, ...]:
        memory = (ctypes.c_ubyte * size)()
        self.held[ctypes.addressof(memory)] = memory
        return (Status.cudaSuccess, ctypes.addressof(memory))

    def cudaHostAlloc(self, size: int, _: int) -> tuple[Any, ...]:
        return self.cudaMalloc(size)

    def cudaFree(self, address: int) -> tuple[Any, ...]:
        del self.held[address]
        return (Status.cudaSuccess,)

    cudaFreeHost = cudaFree

    def cudaMemcpyAsync(self, target: int, source: int, size: int, *_: Any) -> tuple[Any, ...]:
        ctypes.memmove(target, source, size)
        return (Status.cudaSuccess,)

    def cudaStreamCreateWithFlags(self, _: int) -> tuple[Any, ...]:
        return (Status.cudaSuccess, 7)

    def _done(self, *_: Any) -> tuple[Any, ...]:
        return (Status.cudaSuccess,)

    cudaStreamSynchronize = cudaStreamDestroy = cudaSetDeviceFlags = _done


class FakeContext:
    """Its answer is the sum of the pixels, everywhere."""

    def __init__(self) -> None:
        self.shape: tuple[int, ...] = ()
        self.addresses: dict[str, int] = {}
        self.works = True

    def set_optimization_profile_async(self, profile: int, stream: int) -> bool:
        self.profile = profile
        return stream == 7

    def set_input_shape(self, name: str, shape: tuple[int, ...]) -> bool:
        self.shape = shape
        return name == "pixels" and shape[1:3] == SHAPES[self.profile]

    def get_tensor_shape(self, _: str) -> tuple[int, ...]:
        return OUTPUT

    def set_tensor_address(self, name: str, address: int) -> bool:
        self.addresses[name] = address
        return True

    def execute_async_v3(self, _: int) -> bool:
        pixels = np.ctypeslib.as_array(
            (ctypes.c_ubyte * int(np.prod(self.shape))).from_address(self.addresses["pixels"])
        )
        answer = (ctypes.c_float * 10).from_address(self.addresses["output0"])
        answer[:] = [float(pixels.sum())] * 10
        return self.works


class FakeEngine:
    """Two shapes, one input, one output."""

    num_io_tensors, num_optimization_profiles = 2, len(SHAPES)

    def __init__(self, context: Any = FakeContext) -> None:
        self._context = context

    def get_tensor_name(self, at: int) -> str:
        return ("pixels", "output0")[at]

    def get_tensor_mode(self, name: str) -> str:
        return "in" if name == "pixels" else "out"

    def get_tensor_shape(self, _: str) -> tuple[int, ...]:
        return (1, -1, -1, 3)

    def get_tensor_profile_shape(self, _: str, at: int) -> list[tuple[int, ...]]:
        return [(1, *SHAPES[at], 3)] * 3

    def create_execution_context(self) -> Any:
        return self._context()


def put(
    monkeypatch: pytest.MonkeyPatch, cuda: FakeCuda, engine: FakeEngine | None = None, version: str = "10.16.1.11"
) -> None:
    """Install both stand-ins."""
    tensorrt = types.ModuleType("tensorrt_lean_bindings")
    logger = type("Logger", (), {"ERROR": 1, "__init__": lambda *_: None})
    runtime = types.SimpleNamespace(deserialize_cuda_engine=lambda plan: engine if plan == b"plan" else None)
    tensorrt.__dict__.update(
        __version__=version,
        Logger=logger,
        Runtime=lambda _: runtime,
        TensorIOMode=types.SimpleNamespace(INPUT="in"),
    )
    bindings = types.ModuleType("cuda.bindings")
    bindings.__dict__["runtime"] = cuda
    for name, module in {
        "tensorrt_lean_bindings": tensorrt,
        "cuda": types.ModuleType("cuda"),
        "cuda.bindings": bindings,
    }.items():
        monkeypatch.setitem(sys.modules, name, module)


def test_an_engine_answers_every_shape_from_memory_that_it_gives_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bytes go in as they are; the answer is that of the picture, and nothing is held once nobody needs it."""
    cuda = FakeCuda()
    put(monkeypatch, cuda, FakeEngine())
    opened = open_engine(Engine(A10G, b"plan"))
    assert (opened.name, opened.size, cuda.held) == ("tensorrt 10.16.1.11 f16 NVIDIA A10G", None, {})
    for at, (height, width) in enumerate(SHAPES):
        picture = np.full((height, width, 6), 3 + at, np.uint8)[..., ::2]  # not in one piece
        (answer,) = opened.run(picture)
        assert answer.shape == OUTPUT
        assert np.all(answer == height * width * 3 * (3 + at))
    assert len(cuda.held) == 4 * len(SHAPES)
    del opened, answer
    assert cuda.held == {}


class FakeClassifier(FakeEngine):
    """One shape, which no profile tells."""

    num_optimization_profiles = 1

    def get_tensor_shape(self, _: str) -> tuple[int, ...]:
        return (1, *SHAPES[0], 3)

    def get_tensor_profile_shape(self, _: str, at: int) -> list[tuple[int, ...]]:
        return [(-1,)] * 3


def test_an_input_of_one_shape_is_told_by_the_engine_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a classifier's is: there is nothing to choose."""
    put(monkeypatch, FakeCuda(), FakeClassifier())
    assert open_engine(Engine(A10G, b"plan")).size == SHAPES[0]


class Stuck(FakeContext):
    """Fails as it runs."""

    def execute_async_v3(self, _: int) -> bool:
        return False


@pytest.mark.parametrize(
    ("cuda", "engine", "version", "reason"),
    [
        (FakeCuda(Status.cudaErrorNoDevice), FakeEngine(), "10.16.1.11", "CUDA: no CUDA-capable device is detected"),
        (
            FakeCuda(name=b"Tesla T4"),
            FakeEngine(),
            "10.16.1.11",
            r"built for NVIDIA A10G \(8\.6\), and this is Tesla T4",
        ),
        (FakeCuda(), FakeEngine(), "10.17.0.1", "built by TensorRT 10.16.1.11, and this is 10.17.0.1"),
        (FakeCuda(), None, "10.16.1.11", "does not take the engine"),
        (FakeCuda(), FakeEngine(lambda: None), "10.16.1.11", "makes no context"),
        (FakeCuda(), FakeEngine(Stuck), "10.16.1.11", "did not run the engine"),
    ],
)
def test_what_cannot_be_run_is_told_while_the_graph_can_still_be_taken(
    monkeypatch: pytest.MonkeyPatch, cuda: FakeCuda, engine: FakeEngine | None, version: str, reason: str
) -> None:
    """Before any request: it is run once as it is opened."""
    put(monkeypatch, cuda, engine, version)
    with pytest.raises(EngineError, match=reason):
        open_engine(Engine(A10G, b"plan"))


def test_an_image_without_the_libraries_says_how_to_have_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """The very import: no stand-in is there."""
    for name in ("cuda", "tensorrt_lean_bindings"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(EngineError, match="built without GPU_ENDPOINTS=yes"):
        open_engine(Engine(A10G, b"plan"))
