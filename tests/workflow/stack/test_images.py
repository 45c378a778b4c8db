"""Naming the images by their sources, and building them with whatever builder is there."""

from __future__ import annotations

import base64
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from workflow.errors import GreenlightError, ServiceError
from workflow.stack import images
from workflow.stack.outputs import Place
from workflow.stack.package import ROOT

PLACE = Place(account="123456789012", region="eu-central-1", partition="aws")


class Registry:
    """A registry that holds some tags; its password is ``secret``."""

    local = False

    def __init__(self, *tags: str) -> None:
        self.tags = set(tags)

    def call(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        """The two calls that pushing makes."""
        if operation == "describe_images":
            if f"{parameters['repositoryName']}:{parameters['imageIds'][0]['imageTag']}" not in self.tags:
                raise ServiceError("ImageNotFoundException", "no such image")
            return {"imageDetails": [{"imageDigest": f"sha256:{'d' * 64}"}]}
        token = base64.b64encode(b"AWS:secret").decode()
        return {"authorizationData": [{"authorizationToken": token, "proxyEndpoint": "https://registry.invalid"}]}

    def pages(self, service: str, operation: str, key: str, **parameters: Any) -> Iterator[Any]:
        """Nothing is listed."""
        return iter(())

    def post_signed(self, url: str, body: bytes) -> tuple[int, bytes]:
        """Nothing is posted."""
        raise AssertionError(url)


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """The images' sources, somewhere else."""
    shutil.copytree(ROOT / "containers", tmp_path / "containers", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "workflow").mkdir()
    shutil.copy(ROOT / "workflow" / "__init__.py", tmp_path / "workflow")
    for name in ("contract", "labels", "marks"):
        folder = ROOT / "workflow" / name
        shutil.copytree(folder, tmp_path / "workflow" / name, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def test_an_image_is_named_after_what_it_is_built_from(sources: Path) -> None:
    """The same sources give the same tag anywhere; byte code is not one of them."""
    for name in images.IMAGES:
        assert images.tag(name, sources) == images.tag(name)
        (sources / "containers" / name / "__pycache__").mkdir()
        (sources / "containers" / name / "__pycache__" / "x.pyc").write_bytes(b"x")
        assert images.tag(name, sources) == images.tag(name)


@pytest.mark.parametrize(
    ("changed", "concerned"),
    [
        ("containers/training/Dockerfile", {"training"}),
        ("workflow/contract/names.py", {"training", "serving"}),
        ("workflow/labels/yolo.py", {"training"}),
        ("workflow/marks/fonts/NotoSans-Regular.ttf", {"training", "serving"}),
        ("containers/page/base.css", {"training", "serving"}),
        ("containers/serving/model/predictor.py", {"training", "serving"}),
        ("containers/serving/README.md", set()),
    ],
)
def test_any_change_of_a_source_is_a_new_tag(sources: Path, changed: str, concerned: set[str]) -> None:
    """The Dockerfile counts, and so do the packages of the workflow that an image carries; no others, and no README."""
    with (sources / changed).open("a") as file:
        file.write("\n# changed\n")
    assert {name for name in images.IMAGES if images.tag(name, sources) != images.tag(name)} == concerned


@pytest.mark.parametrize("name", list(images.IMAGES))
def test_an_image_is_built_from_what_names_it(name: str) -> None:
    """A package that the Dockerfile copied and the tag did not count could change under a tag that stays."""
    copied = re.findall(r"^COPY (\S+/) \S+$", (ROOT / "containers" / name / "Dockerfile").read_text(), re.MULTILINE)
    assert {folder.rstrip("/") for folder in copied} == {f"containers/{name}", *images.IMAGES[name]}


def test_the_address_is_in_the_accounts_own_registry(sources: Path) -> None:
    """Account, region, project, tag; China has a domain of its own."""
    address = images.address("serving", "greenlight", PLACE, sources)
    assert re.fullmatch(
        r"123456789012\.dkr\.ecr\.eu-central-1\.amazonaws\.com/greenlight-serving:[0-9a-f]{16}", address
    )
    china = Place(account="123456789012", region="cn-north-1", partition="aws-cn")
    assert ".dkr.ecr.cn-north-1.amazonaws.com.cn/" in images.address("serving", "greenlight", china, sources)


def test_only_what_the_registry_lacks_is_built(sources: Path) -> None:
    """A tag that is there was built from these very sources."""
    there = Registry(f"greenlight-serving:{images.tag('serving', sources)}")
    assert images.find_missing(there, "greenlight", images.IMAGES, sources) == ["training"]


def test_what_was_pushed_is_named_by_its_own_digest(sources: Path) -> None:
    """And never by a guess where the registry does not hold it."""
    there = Registry(f"greenlight-serving:{images.tag('serving', sources)}")
    registry = "123456789012.dkr.ecr.eu-central-1.amazonaws.com"
    pinned = images.pinned_address(there, "serving", "greenlight", PLACE, sources)
    assert pinned == f"{registry}/greenlight-serving@sha256:{'d' * 64}"
    with pytest.raises(GreenlightError, match=f"does not hold {registry}/greenlight-training:"):
        images.pinned_address(there, "training", "greenlight", PLACE, sources)


def test_another_base_is_another_image(sources: Path) -> None:
    """Else a registry that holds the one would be taken to hold the other; so are images with what GPUs need."""
    asked = [
        ("", {}),
        ("mirror/python:3.11", {}),
        ("x", {}),
        ("", {"GpuEndpoints": "yes"}),
        ("x", {"GpuEndpoints": "yes"}),
    ]
    tags = [images.tag("serving", sources, images.choose_arguments(base, stack)) for base, stack in asked]
    assert len(set(tags)) == len(asked)
    assert tags[0] == images.tag("serving", sources)
    assert images.tag("serving", sources, images.choose_arguments("", {"GpuEndpoints": "no"})) == tags[0]
