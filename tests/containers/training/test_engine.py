"""Engines are built where TensorRT and a GPU are; where they are not, that is said early, and no training is lost."""

from __future__ import annotations

import pytest

from containers.training.engine import EngineError, require_builder, served_shapes


def test_an_image_without_tensorrt_says_how_to_have_it() -> None:
    """The very look: it is not installed for the tests."""
    with pytest.raises(EngineError, match=r"greenlight deploy --parameter GpuEndpoints=yes"):
        require_builder()


def test_an_engine_is_built_for_what_is_served() -> None:
    """The five inputs of a model of free size, and the one of a classifier."""
    assert served_shapes("detect", 640) == ((384, 640), (640, 384), (480, 640), (640, 480), (640, 640))
    assert served_shapes("classify", 224) == ((224, 224),)
