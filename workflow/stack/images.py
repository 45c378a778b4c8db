"""Names the two container images by the content they are built from, builds and pushes them, and pins what was pushed.

A tag is a digest of the sources, so an image is built once for each state of its sources and a registry that refuses to
change tags never has to. What a stack runs is named by the digest of the image itself, which cannot come to mean
another one. Building needs podman or docker; the stand-in runs the sources and needs neither.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType

from workflow.clients import Cloud
from workflow.contract.digest import sha256_of
from workflow.errors import GreenlightError, ServiceError
from workflow.stack.builder import find_builder
from workflow.stack.outputs import Place
from workflow.stack.package import CONTRACT, ROOT

PAGE = "containers/page"
"""What the pages of both images share."""
MARKS = "workflow/marks"
"""How both mark what was labelled or found, with the fonts."""
SERVING = "containers/serving"
"""What serves, which a training has its candidates measured by."""
IMAGES = {"training": (CONTRACT, "workflow/labels", MARKS, PAGE, SERVING), "serving": (CONTRACT, MARKS, PAGE)}
"""The images, each with the packages that it holds beside its own folder."""
GPU_ENDPOINTS = "GpuEndpoints"
"""The template's parameter that says whether the images build and run engines for GPUs."""
SHARED = ("workflow/__init__.py", "containers/__init__.py")
"""Files every image holds beside those folders."""


PLAIN: Mapping[str, str] = MappingProxyType({})
"""The arguments of a build of which nothing is asked."""


def choose_arguments(base: str, parameters: Mapping[str, str]) -> dict[str, str]:
    """What both images are built with: ``base``, where that is not empty, and what the stack's parameters ask."""
    gpu = parameters.get(GPU_ENDPOINTS) == "yes"
    return {**({"BASE_IMAGE": base} if base else {}), **({"GPU_ENDPOINTS": "yes"} if gpu else {})}


def tag(name: str, root: Path = ROOT, arguments: Mapping[str, str] = PLAIN) -> str:
    """The tag of an image: a digest of everything it is built from, and of the arguments that it is built with."""
    folders = [root / folder for folder in (f"containers/{name}", *IMAGES[name])]
    own = sorted(path for folder in folders for path in folder.rglob("*") if _is_source(path))
    paths = [*own, *(root / relative for relative in SHARED)]
    lines = (f"{path.relative_to(root).as_posix()} {sha256_of([path.read_bytes()])}\n" for path in paths)
    more = (f"{argument}={value}\n" for argument, value in sorted(arguments.items()))
    return sha256_of(line.encode() for line in [*lines, *more])[:16]


def _is_source(path: Path) -> bool:
    return path.is_file() and "__pycache__" not in path.parts and path.name != "README.md"


def address(name: str, project: str, place: Place, root: Path = ROOT, arguments: Mapping[str, str] = PLAIN) -> str:
    """The image's full address in the project's registry."""
    return f"{_repository(name, project, place)}:{tag(name, root, arguments)}"


def pinned_address(
    cloud: Cloud, name: str, project: str, place: Place, root: Path = ROOT, arguments: Mapping[str, str] = PLAIN
) -> str:
    """The full address, by its own digest, of the image that was pushed for the present sources.

    Raises GreenlightError where the registry does not hold it.
    """
    digest = _find_digest(cloud, f"{project}-{name}", tag(name, root, arguments))
    if not digest:
        missing = address(name, project, place, root, arguments)
        raise GreenlightError(f"the registry does not hold {missing}: deploy with the images, without --no-images.")
    return f"{_repository(name, project, place)}@{digest}"


def _repository(name: str, project: str, place: Place) -> str:
    return f"{place.account}.dkr.ecr.{place.region}.{place.domain}/{project}-{name}"


def find_missing(
    cloud: Cloud, project: str, names: Iterable[str], root: Path = ROOT, arguments: Mapping[str, str] = PLAIN
) -> list[str]:
    """Those of the named images whose present sources the registry does not hold."""
    return [name for name in names if not _find_digest(cloud, f"{project}-{name}", tag(name, root, arguments))]


def _find_digest(cloud: Cloud, repository: str, wanted: str) -> str:
    """The digest of the image with this tag; empty where there is none."""
    try:
        found = cloud.call("ecr", "describe_images", repositoryName=repository, imageIds=[{"imageTag": wanted}])
    except ServiceError as error:
        if error.code == "ImageNotFoundException":
            return ""
        raise
    return str(found["imageDetails"][0]["imageDigest"]) if found["imageDetails"] else ""


def build_and_push(
    cloud: Cloud,
    project: str,
    place: Place,
    names: list[str],
    say: Callable[[str, str], None],
    root: Path = ROOT,
    arguments: Mapping[str, str] = PLAIN,
) -> None:
    """Build and push some images, with the ``arguments`` of their Dockerfiles.

    ``say`` gets an image's name and what happens to it. Raises UsageError and GreenlightError as the builder does.
    """
    builder = find_builder()
    builder.log_in(cloud)
    for name in names:
        target = address(name, project, place, root, arguments)
        say(name, "building")
        builder.make(f"containers/{name}/Dockerfile", target, arguments, root)
        say(name, "pushing")
        builder.push(target, root)
        say(name, "pushed")
