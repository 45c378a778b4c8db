"""Builds the engine that an endpoint with a GPU runs, on the GPU that trained: nothing is built where it serves.

TensorRT times the kernels of each layer on the GPU at hand. The engine computes in 16 bits (see ``half``), for the
sizes of input that are served. It is built for the lean runtime of the same version, which the serving image has.
Written from TensorRT's documentation; no GPU was there to build on.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

from containers.training.half import PIXELS, halve
from workflow.contract.gpu_engine import Machine
from workflow.contract.input_shapes import input_shapes


class EngineError(RuntimeError):
    """There is no engine to be had here: says why."""


def require_builder() -> None:
    """Raise EngineError unless this image builds engines: before hours are spent on a training for one."""
    if find_spec("tensorrt_bindings") is None:
        raise EngineError(
            "precision = f16 is an endpoint's on a GPU, and this image builds no engines: it lacks TensorRT. Build it "
            "with GPU_ENDPOINTS=yes (greenlight deploy --parameter GpuEndpoints=yes), or take another precision"
        )


def build_engine(model: Any, *, task: str, image_size: int) -> tuple[Machine, bytes]:
    """The machine at hand, and its engine of an exported graph (ONNX's ModelProto). Takes minutes.

    Raises EngineError with TensorRT's reason.
    """
    require_builder()
    import tensorrt_bindings as tensorrt
    import torch

    if not torch.cuda.is_available():
        raise EngineError("this machine has no GPU")
    # What training still holds would leave TensorRT fewer kernels to choose from.
    torch.cuda.empty_cache()
    logger = tensorrt.Logger(tensorrt.Logger.WARNING)
    builder = tensorrt.Builder(logger)
    network = builder.create_network(1 << int(tensorrt.NetworkDefinitionCreationFlag.STRONGLY_TYPED))
    parser = tensorrt.OnnxParser(network, logger)
    if not parser.parse(halve(model).SerializeToString()):
        raise EngineError(f"TensorRT does not read the graph: {parser.get_error(0).desc()}")
    settings = builder.create_builder_config()
    settings.set_flag(tensorrt.BuilderFlag.VERSION_COMPATIBLE)
    settings.set_flag(tensorrt.BuilderFlag.EXCLUDE_LEAN_RUNTIME)
    free = -1 in tuple(network.get_input(0).shape)
    for height, width in served_shapes(task, image_size) if free else ():
        profile, shape = builder.create_optimization_profile(), (1, height, width, 3)
        profile.set_shape(PIXELS, shape, shape, shape)
        settings.add_optimization_profile(profile)
    plan = builder.build_serialized_network(network, settings)
    if plan is None:
        raise EngineError("TensorRT builds no engine of the graph, for the reason that it wrote before this")
    major, minor = torch.cuda.get_device_capability(0)
    machine = Machine(torch.cuda.get_device_name(0), f"{major}.{minor}", str(tensorrt.__version__))
    return machine, bytes(plan)


def served_shapes(task: str, image_size: int) -> tuple[tuple[int, int], ...]:
    """Heights and widths of all inputs that a model is served with: a classifier's are square alone."""
    return ((image_size, image_size),) if task == "classify" else input_shapes(image_size)
