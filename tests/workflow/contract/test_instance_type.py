"""What an instance type's name says of the machine."""

from __future__ import annotations

import pytest

from workflow.contract.instance_type import has_bfloat16, has_disks, has_gpu


@pytest.mark.parametrize(
    "instance",
    [
        *("ml.g4dn.xlarge", "ml.g5.48xlarge", "ml.g6e.2xlarge", "ml.gr6.4xlarge", "ml.g7e.12xlarge"),
        *("ml.p3.2xlarge", "ml.p4d.24xlarge", "ml.p5en.48xlarge", "ml.p6-b200.48xlarge", "ml.p6e-gb200.36xlarge"),
    ],
)
def test_families_of_gpus_are_known_by_their_first_letters(instance: str) -> None:
    """Also those that are yet to come."""
    assert has_gpu(instance)


@pytest.mark.parametrize(
    "instance",
    [
        *("ml.c7i.xlarge", "ml.m7g.large", "ml.c6gn.xlarge", "ml.inf2.xlarge", "ml.trn1.32xlarge", "ml.t3.medium"),
        *("ml.geospatial.interactive", "local", ""),
    ],
)
def test_other_chips_are_no_gpus(instance: str) -> None:
    """Neither Graviton's letter nor AWS's own accelerators, which CUDA does not know."""
    assert not has_gpu(instance)


@pytest.mark.parametrize(
    "instance",
    [
        *("ml.g4dn.xlarge", "ml.g5.xlarge", "ml.g6e.xlarge", "ml.gr6.4xlarge", "ml.p4d.24xlarge", "ml.p5en.48xlarge"),
        *("ml.m5d.large", "ml.c6id.xlarge", "ml.r7gd.large", "ml.m5dn.xlarge", "ml.i3en.xlarge", "ml.trn1.2xlarge"),
    ],
)
def test_disks_of_its_own_are_in_the_family_s_name(instance: str) -> None:
    """A d behind the generation; accelerators have them nearly all."""
    assert has_disks(instance)


@pytest.mark.parametrize(
    "instance", ["ml.m7i.xlarge", "ml.c5.xlarge", "ml.p3.2xlarge", "ml.inf2.xlarge", "ml.t3.medium"]
)
def test_others_get_a_volume(instance: str) -> None:
    """As large as is asked for."""
    assert not has_disks(instance)


@pytest.mark.parametrize(
    "instance", ["ml.c7i.xlarge", "ml.m7i.large", "ml.r7i.4xlarge", "ml.m8i.xlarge", "ml.c7a.xlarge"]
)
def test_processors_with_bfloat16_are_known_by_their_family(instance: str) -> None:
    """Intel's since Sapphire Rapids, AMD's since Genoa."""
    assert has_bfloat16(instance)


@pytest.mark.parametrize(
    "instance", ["ml.g5.xlarge", "ml.c6i.xlarge", "ml.m5.large", "ml.c7g.large", "ml.p5.48xlarge", ""]
)
def test_of_other_processors_it_is_not_known(instance: str) -> None:
    """Those of GPU families are older, and of Graviton's the runtime uses other numbers."""
    assert not has_bfloat16(instance)
