"""What decides where a box is stays in 32 bits; everything before it is in 16."""

from __future__ import annotations

from containers.training.half import choose_exact
from tests.containers.training.test_quantise import convolution, drawn


def test_the_ends_of_the_branches_and_all_that_follows_are_exact() -> None:
    """The bare convolution of a branch of boxes, its distribution's and the sums; not the attention's amid others."""
    nodes = [
        *convolution("stem", "images"),
        *convolution("attention", "stem+", bare=True),
        *convolution("body", "attention"),
        *convolution("box", "body+"),
        *convolution("sides", "box+", bare=True),
        drawn("softmax", "Softmax", "sides"),
        *convolution("distances", "softmax", bare=True),
        drawn("boxes", "Mul", "distances", "strides"),
        *convolution("prototypes", "body+"),
    ]
    assert choose_exact(nodes) == {"sides", "softmax", "distances", "boxes"}


def test_a_classifiers_last_layer_is_exact() -> None:
    """Scores near 1 would else be multiples of a two-thousandth."""
    nodes = [*convolution("body", "images"), drawn("layer", "Gemm", "body+", "w"), drawn("scores", "Softmax", "layer")]
    assert choose_exact(nodes) == {"layer", "scores"}
