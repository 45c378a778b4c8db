"""Chooses what runs a model: its engine on the GPU that it was built for, else its graph on the processor, by OpenVINO.

Both take a picture as OpenCV holds it and give the graph's outputs. Knows no boxes, no files and no threads but those
of one inference. Why these: the measurements in containers/serving/README.md.
"""

from __future__ import annotations

import threading
from typing import Any, Protocol

import numpy as np

from containers.serving.model.arrays import Floats, Pixels
from containers.serving.model.gpu_runtime import Engine, EngineError, open_engine

Size = tuple[int, int]
"""Height and width of an input, in pixels."""


class Runtime(Protocol):
    """A graph that is ready to run; safe to call from several threads at once."""

    name: str
    """Library, its version and the arithmetic it really uses, such as ``openvino 2026.4.1 bf16``.

    Where a model's engine had to be left out, why.
    """
    size: Size | None
    """What the graph is fixed to; None where it takes any multiple of the model's stride."""

    def run(self, picture: Pixels) -> list[Floats]:
        """Outputs for ``picture`` [height, width, blue-green-red]; valid until this thread's next call."""


def open_runtime(model: bytes, precision: str, streams: int, engine: Engine | None = None) -> Runtime:
    """Make a model ready for ``streams`` inferences at once: its engine, where there is one for the GPU at hand.

    Otherwise its graph, each inference on one core. ``precision`` f32 computes in 32 bits; bf16 in bfloat16 where the
    processor has it; int8 is a property of the graph, whose other parts compute as in bf16; f16 is the engine's, and
    without it 32 bits. Raises what OpenVINO raises, none of whose types are public.
    """
    if engine is None:
        return OpenVino(model, precision, streams)
    try:
        return open_engine(engine)
    except EngineError as error:
        instead = OpenVino(model, precision, streams)
        instead.name += f", without the engine for a GPU: {error}"
        return instead


def computes_in_bfloat16(core: Any) -> bool:
    """Whether this machine's processor has bfloat16, as an ``openvino.Core`` sees it."""
    return "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")


class OpenVino:
    """OpenVINO on the processor: one stream a core, since one picture a core beats any batch there.

    The graph is compiled for each size of picture, when the first of it comes: one that takes any size cannot lay out
    its memory ahead, and copies what it concatenates.
    """

    rounds = True
    """Whether bfloat16 may be used where a precision does not want 32 bits."""

    def __init__(self, model: bytes, precision: str, streams: int) -> None:
        """Read the graph."""
        import openvino

        self._core = openvino.Core()
        native = self.rounds and precision in ("bf16", "int8") and computes_in_bfloat16(self._core)
        self._graph = self._core.read_model(model)
        shape = self._graph.input(0).get_partial_shape()
        self.size = None if shape[2].is_dynamic else (shape[2].get_length(), shape[3].get_length())
        self.extend(self._graph)
        if native:
            _keep_boxes_exact(self._graph)
        self._options = {
            "INFERENCE_PRECISION_HINT": "bf16" if native else "f32",
            "NUM_STREAMS": streams,
            "INFERENCE_NUM_THREADS": streams,
            # Pinned, the streams of two processes would all sit on the first cores.
            "ENABLE_CPU_PINNING": False,
        }
        # The library makes its table of types at first use; two threads that do so at once wait for each other forever.
        _ = openvino.Tensor(np.zeros(1, np.uint8)).data
        self._compiled: dict[Size, Any] = {}
        self._compiling = threading.Lock()
        self._own = threading.local()
        version = openvino.__version__.split("-")[0]
        arithmetic = {"int8": "int8 bf16" if native else "int8"}.get(precision, "bf16" if native else "f32")
        self.name = f"openvino {version} {arithmetic}"

    def extend(self, graph: Any) -> None:
        """Add to a graph before it is compiled; what serves adds nothing."""

    def run(self, picture: Pixels) -> list[Floats]:
        """See ``Runtime``."""
        requests: dict[Size, Any] = self._own.__dict__.setdefault("requests", {})
        height, width = picture.shape[:2]
        request = requests.get((height, width))
        if request is None:
            request = requests[height, width] = self._compile((height, width)).create_infer_request()
        outputs = request.infer({0: picture[None]}, share_inputs=True, share_outputs=True)
        return [outputs[at] for at in range(len(outputs))]

    def _compile(self, size: Size) -> Any:
        """The graph for pictures of this size, made by the first thread that asks for it."""
        with self._compiling:
            if size not in self._compiled:
                # Copies of a graph share its weights.
                fixed = _take_pictures(self._graph.clone(), size)
                self._compiled[size] = self._core.compile_model(fixed, "CPU", self._options)
            return self._compiled[size]


def _take_pictures(graph: Any, size: Size) -> Any:
    """The graph for pictures [height, width, blue-green-red] of 8 bits and this size."""
    import openvino
    from openvino import preprocess

    graph.reshape([1, 3, *size])
    steps = preprocess.PrePostProcessor(graph)
    pixels = steps.input(0)
    pixels.tensor().set_element_type(openvino.Type.u8).set_layout(openvino.Layout("NHWC"))
    pixels.tensor().set_color_format(preprocess.ColorFormat.BGR)
    pixels.model().set_layout(openvino.Layout("NCHW"))
    pixels.preprocess().convert_element_type(openvino.Type.f32)
    pixels.preprocess().convert_color(preprocess.ColorFormat.RGB).scale(255.0)
    return steps.build()


def _keep_boxes_exact(graph: Any) -> None:
    """Write the last step of a box's sides as a sum, which every family has as a convolution.

    In most it is the weighted mean over 16 bins; in YOLO26, which has no bins, the one that gives the four sides.
    OpenVINO computes in 32 bits whatever follows the last convolution. With that one, a side of 11.3 strides would be
    rounded to 11.25 and a box be off by up to two pixels; without it, what goes in is weighed in 32 bits.
    """
    from openvino import opset13

    for node in graph.get_ops():
        if node.get_type_name() != "Convolution":
            continue
        sides, channels, *kernel = node.input(1).get_shape()
        if kernel == [1, 1] and ((sides, channels) == (1, 16) or (sides == 4 and not _gives_scores(node))):
            # [1, 1, channels, height, width] times [1, sides, channels, 1, 1]
            taken = opset13.unsqueeze(node.input_value(0), opset13.constant(np.array([1])))
            weights = opset13.unsqueeze(node.input_value(1), opset13.constant(np.array([0])))
            weighted = opset13.multiply(taken, weights)
            axis = opset13.constant(np.array([2]))
            node.output(0).replace(opset13.reduce_sum(weighted, axis, keep_dims=False).output(0))


def _gives_scores(node: Any) -> bool:
    """Whether what a node gives goes into the function that makes scores, as of four classes it does."""
    after = [taken.get_node() for taken in node.output(0).get_target_inputs()]
    return any(
        one.get_type_name() == "Sigmoid" or (one.get_type_name() in ("Add", "Reshape", "Concat") and _gives_scores(one))
        for one in after
    )
