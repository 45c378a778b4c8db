"""Runs the engine that a training built for its GPU, with TensorRT's lean runtime; says why where that cannot be.

The lean runtime only runs engines, so it is a small part of TensorRT, and needs neither cuDNN nor cuBLAS. An engine
takes pixels as OpenCV holds them: a picture crosses to the GPU as bytes and becomes numbers there. It is decoded beside
the GPU, by the processors, as in training and on every other endpoint: to the same pixels, in a process that a hostile
file may bring down.

The refusals were run, on machines without a GPU. What follows them was never run on one.
"""

from __future__ import annotations

import ctypes
import math
import threading
from dataclasses import dataclass
from typing import Any

import numpy as np

from containers.serving.model.arrays import Floats, Pixels
from workflow.contract.gpu_engine import Machine

Shape = tuple[int, int]
"""Height and width of an input."""


class EngineError(RuntimeError):
    """The engine cannot be run here: the text says why."""


@dataclass(frozen=True)
class Engine:
    """An engine for a GPU, verified: the machine that it was built on, and TensorRT's plan."""

    built_on: Machine
    plan: bytes


def open_engine(engine: Engine) -> TensorRt:
    """Make an engine ready, and run it once for every shape. Raises EngineError where it is not for this machine."""
    cuda, tensorrt = _libraries()
    here = find_machine(cuda, tensorrt)
    if reason := engine.built_on.differs_from(here):
        raise EngineError(reason)
    return TensorRt(engine.plan, here, cuda, tensorrt)


def find_machine(cuda: Any, tensorrt: Any) -> Machine:
    """The GPU at hand and the version of the runtime. Raises EngineError where there is no GPU that CUDA can use.

    TensorRT itself is not asked: it ends the process with a signal where there is no driver.
    """
    if not _call(cuda, cuda.cudaGetDeviceCount()):
        raise EngineError("this machine has no GPU")
    properties = _call(cuda, cuda.cudaGetDeviceProperties(0))
    capability = f"{properties.major}.{properties.minor}"
    return Machine(properties.name.decode(errors="replace"), capability, str(tensorrt.__version__))


def _libraries() -> tuple[Any, Any]:
    try:
        import tensorrt_lean_bindings as tensorrt
        from cuda.bindings import runtime as cuda
    except (ImportError, OSError) as error:
        raise EngineError(f"this image has no TensorRT ({error}): it was built without GPU_ENDPOINTS=yes") from None
    return cuda, tensorrt


def _call(cuda: Any, answer: tuple[Any, ...]) -> Any:
    """What a function of CUDA gives, or None. Raises EngineError with CUDA's words where it failed."""
    status, *given = answer
    if status != cuda.cudaError_t.cudaSuccess:
        raise EngineError(f"CUDA: {_call(cuda, cuda.cudaGetErrorString(status)).decode()}")
    return given[0] if given else None


class TensorRt:
    """An engine on the first GPU: every thread has a stream of its own, so that one copies while another computes."""

    def __init__(self, plan: bytes, here: Machine, cuda: Any, tensorrt: Any) -> None:
        """Load the plan and run it once for every shape. Raises EngineError."""
        # Threads that wait for the GPU sleep: the processors have pictures to decode. Refused where the process has
        # used the GPU before, when they wait as they did then.
        cuda.cudaSetDeviceFlags(cuda.cudaDeviceScheduleBlockingSync)
        self._cuda = cuda
        self._runtime = tensorrt.Runtime(tensorrt.Logger(tensorrt.Logger.ERROR))
        self._engine = self._runtime.deserialize_cuda_engine(plan)
        if self._engine is None:
            raise EngineError("TensorRT does not take the engine, for the reason that it wrote before this")
        names = [self._engine.get_tensor_name(at) for at in range(self._engine.num_io_tensors)]
        is_input = {name: self._engine.get_tensor_mode(name) == tensorrt.TensorIOMode.INPUT for name in names}
        self._input = next(name for name in names if is_input[name])
        self._outputs = [name for name in names if not is_input[name]]
        # A profile is of one shape: its smallest, usual and largest are the same. A classifier has one shape anyway.
        fixed = tuple(self._engine.get_tensor_shape(self._input))
        shapes = [
            tuple(self._engine.get_tensor_profile_shape(self._input, at)[1]) if -1 in fixed else fixed
            for at in range(self._engine.num_optimization_profiles)
        ]
        self._profiles: dict[Shape, int] = {shape[1:3]: at for at, shape in enumerate(shapes)}
        self.size: Shape | None = next(iter(self._profiles)) if len(self._profiles) == 1 else None
        self.name = f"tensorrt {here.tensorrt} f16 {here.gpu}"
        self._own = threading.local()
        for height, width in self._profiles:
            self.run(np.zeros((height, width, 3), np.uint8))
        del self._own.lanes  # of the thread that loads, which answers nothing

    def run(self, picture: Pixels) -> list[Floats]:
        """See ``Runtime``. Raises EngineError where the GPU fails."""
        lanes: dict[Shape, _Lane] | None = getattr(self._own, "lanes", None)
        if lanes is None:
            lanes = self._own.lanes = {}
        shape = (picture.shape[0], picture.shape[1])
        if shape not in lanes:
            context = self._engine.create_execution_context()
            if context is None:
                raise EngineError("TensorRT makes no context, for the reason that it wrote before this")
            lanes[shape] = _Lane(self._cuda, context, self._profiles[shape], self._input, self._outputs, shape)
        return lanes[shape].run(picture)


class _Lane:
    """What one thread needs for inputs of one shape: a stream, a context, and memory on both sides."""

    def __init__(self, cuda: Any, context: Any, profile: int, entry: str, exits: list[str], shape: Shape) -> None:
        self._cuda = cuda
        self._stream = _call(cuda, cuda.cudaStreamCreateWithFlags(cuda.cudaStreamNonBlocking))
        self._context = context
        if not context.set_optimization_profile_async(profile, int(self._stream)):
            raise EngineError(f"TensorRT does not take profile {profile}")
        self._finish()
        if not context.set_input_shape(entry, (1, *shape, 3)):
            raise EngineError(f"TensorRT does not take an input of {shape}")
        self._pixels = _Memory(cuda, (1, *shape, 3), np.dtype(np.uint8))
        self._answers = [_Memory(cuda, tuple(context.get_tensor_shape(name)), np.dtype(np.float32)) for name in exits]
        for name, memory in zip([entry, *exits], [self._pixels, *self._answers], strict=True):
            if not context.set_tensor_address(name, memory.device):
                raise EngineError(f"TensorRT does not take memory for {name}")

    def run(self, picture: Pixels) -> list[Floats]:
        """The outputs, in memory that the next call writes to."""
        np.copyto(self._pixels.host[0], picture)
        self._pixels.send(self._stream)
        if not self._context.execute_async_v3(int(self._stream)):
            raise EngineError("TensorRT did not run the engine, for the reason that it wrote before this")
        for memory in self._answers:
            memory.fetch(self._stream)
        self._finish()
        return [memory.host for memory in self._answers]

    def _finish(self) -> None:
        _call(self._cuda, self._cuda.cudaStreamSynchronize(self._stream))

    def __del__(self) -> None:
        if hasattr(self, "_stream"):
            self._cuda.cudaStreamDestroy(self._stream)


class _Memory:
    """An array on the GPU, and its copy here in memory that the GPU reads and writes by itself."""

    def __init__(self, cuda: Any, shape: tuple[int, ...], kind: np.dtype[Any]) -> None:
        self._cuda, self._bytes = cuda, math.prod(shape) * kind.itemsize
        self.device = _call(cuda, cuda.cudaMalloc(self._bytes))
        self._pinned = _call(cuda, cuda.cudaHostAlloc(self._bytes, cuda.cudaHostAllocDefault))
        held: Any = (ctypes.c_ubyte * self._bytes).from_address(self._pinned)
        self.host: Any = np.frombuffer(held, kind).reshape(shape)

    def send(self, stream: Any) -> None:
        self._copy(self.device, self._pinned, self._cuda.cudaMemcpyKind.cudaMemcpyHostToDevice, stream)

    def fetch(self, stream: Any) -> None:
        self._copy(self._pinned, self.device, self._cuda.cudaMemcpyKind.cudaMemcpyDeviceToHost, stream)

    def _copy(self, target: int, source: int, way: Any, stream: Any) -> None:
        _call(self._cuda, self._cuda.cudaMemcpyAsync(target, source, self._bytes, way, stream))

    def __del__(self) -> None:
        for name, free in (("device", self._cuda.cudaFree), ("_pinned", self._cuda.cudaFreeHost)):
            if (address := getattr(self, name, None)) is not None:
                free(address)
