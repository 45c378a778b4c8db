"""Names the two container images by the content they are built from, builds and pushes them, and pins what was pushed.

A tag is a digest of the sources, so an image is built once for each state of its sources and a registry that refuses to
change tags never has to. What a stack runs is named by the digest of the image itself, which cannot come to mean
another one. Building needs podman or docker; the stand-in runs the sources and needs neither.
"""

from __future__ import annotations

import base64
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from workflow.clients import Cloud
from workflow.contract.digest import sha256_of
from workflow.errors import GreenlightError, ServiceError, UsageError
from workflow.stack.outputs import Place
from workflow.stack.package import CONTRACT, ROOT

PAGE = "containers/page"
"""What the pages of both images share."""
IMAGES = {"training": (CONTRACT, "workflow/labels", PAGE), "serving": (CONTRACT, PAGE)}
"""The images, each with the packages that it holds beside its own folder."""
SHARED = ("workflow/__init__.py", "containers/__init__.py")
"""Files every image holds beside those folders."""


def tag(name: str, root: Path = ROOT) -> str:
    """The tag of an image: a digest of everything it is built from."""
    folders = [root / folder for folder in (f"containers/{name}", *IMAGES[name])]
    own = sorted(path for folder in folders for path in folder.rglob("*") if _is_source(path))
    paths = [*own, *(root / relative for relative in SHARED)]
    lines = (f"{path.relative_to(root).as_posix()} {sha256_of([path.read_bytes()])}\n" for path in paths)
    return sha256_of(line.encode() for line in lines)[:16]


def _is_source(path: Path) -> bool:
    return path.is_file() and "__pycache__" not in path.parts and path.name != "README.md"


def address(name: str, project: str, place: Place, root: Path = ROOT) -> str:
    """The image's full address in the project's registry."""
    return f"{_repository(name, project, place)}:{tag(name, root)}"


def pinned_address(cloud: Cloud, name: str, project: str, place: Place, root: Path = ROOT) -> str:
    """The full address, by its own digest, of the image that was pushed for the present sources.

    Raises GreenlightError where the registry does not hold it.
    """
    digest = _find_digest(cloud, f"{project}-{name}", tag(name, root))
    if not digest:
        raise GreenlightError(f"the registry does not hold {address(name, project, place, root)}, which was pushed.")
    return f"{_repository(name, project, place)}@{digest}"


def _repository(name: str, project: str, place: Place) -> str:
    return f"{place.account}.dkr.ecr.{place.region}.{place.domain}/{project}-{name}"


def find_missing(cloud: Cloud, project: str, root: Path = ROOT) -> list[str]:
    """Names of the images whose present sources the registry does not hold."""
    return [name for name in IMAGES if not _find_digest(cloud, f"{project}-{name}", tag(name, root))]


def _find_digest(cloud: Cloud, repository: str, wanted: str) -> str:
    """The digest of the image with this tag; empty where there is none."""
    try:
        found = cloud.call("ecr", "describe_images", repositoryName=repository, imageIds=[{"imageTag": wanted}])
    except ServiceError as error:
        if error.code == "ImageNotFoundException":
            return ""
        raise
    return str(found["imageDetails"][0]["imageDigest"]) if found["imageDetails"] else ""


# SageMaker's machines are x86; a laptop may not be. SageMaker refuses OCI manifests ("Unsupported manifest media
# type"), which both builders make unless they are told otherwise.
BUILD = {
    "podman": ["build", "--platform", "linux/amd64", "--format", "docker"],
    "docker": [
        *("buildx", "build", "--platform", "linux/amd64"),
        *("--provenance=false", "--sbom=false", "--output", "type=docker"),
    ],
}


def find_builder() -> str:
    """The program that builds images. Raises UsageError where there is none."""
    for program in ("docker", "podman"):
        if shutil.which(program):
            return program
    raise UsageError("the images are not in the registry, and neither docker nor podman is installed to build them.")


def build_and_push(
    cloud: Cloud, project: str, place: Place, names: list[str], say: Callable[[str, str], None], root: Path = ROOT
) -> None:
    """Build and push some images. ``say`` gets an image's name and what happens to it."""
    program = find_builder()
    log_in(cloud, program)
    for name in names:
        target = address(name, project, place, root)
        say(name, "building")
        _run([program, *BUILD[program], "-f", f"containers/{name}/Dockerfile", "-t", target, "."], root)
        say(name, "pushing")
        _run([program, "push", target], root)
        say(name, "pushed")


def log_in(cloud: Cloud, program: str) -> None:
    """Log the builder in at the registry. The password goes through a pipe, never into a list of processes."""
    grant = cloud.call("ecr", "get_authorization_token")["authorizationData"][0]
    user, password = base64.b64decode(grant["authorizationToken"]).decode().split(":", 1)
    command = [program, "login", "--username", user, "--password-stdin", grant["proxyEndpoint"]]
    done = subprocess.run(command, input=password, capture_output=True, text=True, check=False)
    if done.returncode:
        raise GreenlightError(f"{program} could not log in at {grant['proxyEndpoint']}: {done.stderr.strip()}")


def _run(command: list[str], root: Path) -> None:
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    if done.returncode:
        end = "\n".join((done.stdout + done.stderr).strip().splitlines()[-20:])
        raise GreenlightError(f"{' '.join(command[:2])} failed:\n{end}")
