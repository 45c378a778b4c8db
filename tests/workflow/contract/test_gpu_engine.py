"""An engine is for the machine that it was built on, and for no other."""

from __future__ import annotations

from dataclasses import replace

import pytest

from workflow.contract.gpu_engine import Machine
from workflow.contract.reading import ContractError

A10G = Machine("NVIDIA A10G", "8.6", "10.16.1.11")


@pytest.mark.parametrize(
    ("here", "reason"),
    [
        (A10G, ""),
        (replace(A10G, gpu="NVIDIA A10"), "built for NVIDIA A10G (8.6), and this is NVIDIA A10 (8.6)"),
        (replace(A10G, compute_capability="8.9"), "built for NVIDIA A10G (8.6), and this is NVIDIA A10G (8.9)"),
        (replace(A10G, tensorrt="10.16.2.1"), "built by TensorRT 10.16.1.11, and this is 10.16.2.1"),
        (Machine("Tesla T4", "7.5", "11"), "built for NVIDIA A10G (8.6), and this is Tesla T4 (7.5)"),
    ],
)
def test_every_part_of_the_machine_has_to_be_the_same(here: Machine, reason: str) -> None:
    """A newer patch of TensorRT, too: what was measured is what serves."""
    assert A10G.differs_from(here) == reason


def test_it_is_read_as_it_was_written() -> None:
    """In the manifest."""
    assert Machine.parse(A10G.document()) == A10G


@pytest.mark.parametrize("changed", [{"gpu": ""}, {"gpu": None}, {"tensorrt": 10}, {"compute_capability": ["8.6"]}])
def test_a_machine_that_is_half_described_is_none(changed: dict[str, object]) -> None:
    """The error names the key."""
    with pytest.raises(ContractError, match=rf"engine\.{next(iter(changed))}"):
        Machine.parse({**A10G.document(), **changed})
    with pytest.raises(ContractError, match=r"engine\.gpu"):
        Machine.parse("NVIDIA A10G")
