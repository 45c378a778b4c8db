"""Builds container images with docker or podman, checks what came out, and pushes it.

SageMaker runs images for linux/amd64 with Docker's own manifest; neither is what every builder makes on every machine,
so a build says what it wants and its result is looked at before anything is pushed. Knows no image of ours.
"""

from __future__ import annotations

import base64
import json
import os
import shlex
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workflow.clients import Cloud
from workflow.errors import GreenlightError, UsageError

PLATFORM = "linux/amd64"
"""What SageMaker's machines are; a laptop may be something else."""
TOOL, MORE = "GREENLIGHT_CONTAINER_TOOL", "GREENLIGHT_BUILD_ARGS"
"""Environment variables: the program to build with, such as ``podman --runtime runc``, and what more its builds get."""
_OCI = "application/vnd.oci."


@dataclass(frozen=True)
class Builder:
    """A program that builds images: the words that start it, those of a build, and the variables that a build needs."""

    program: tuple[str, ...]
    build: tuple[str, ...]
    environment: Mapping[str, str]

    def make(self, dockerfile: str, target: str, arguments: Mapping[str, str], root: Path) -> None:
        """Build an image named ``target`` with the arguments of its Dockerfile, and look at what came out.

        Raises GreenlightError with the builder's last words, or with what is wrong with its image.
        """
        more = shlex.split(os.environ.get(MORE, ""))
        for name, value in arguments.items():
            more += ["--build-arg", f"{name}={value}"]
        command = [*self.program, *self.build, *more, "-f", dockerfile, "-t", target, "."]
        _run(command, root, os.environ | self.environment)
        check_built(json.loads(_run([*self.program, "image", "inspect", target], root, os.environ))[0])

    def push(self, target: str, root: Path) -> None:
        """Push an image. Raises GreenlightError with the builder's last words."""
        _run([*self.program, "push", target], root, os.environ)

    def log_in(self, cloud: Cloud) -> None:
        """Log in at the account's registry. The password goes through a pipe, never into a list of processes."""
        grant = cloud.call("ecr", "get_authorization_token")["authorizationData"][0]
        user, password = base64.b64decode(grant["authorizationToken"]).decode().split(":", 1)
        command = [*self.program, "login", "--username", user, "--password-stdin", grant["proxyEndpoint"]]
        done = subprocess.run(command, input=password, capture_output=True, text=True, check=False)
        if done.returncode:
            said = done.stderr.strip()
            raise GreenlightError(f"{self.program[0]} could not log in at {grant['proxyEndpoint']}: {said}")


def find_builder() -> Builder:
    """What builds images on this machine. Raises UsageError where nothing does."""
    program = _find_program()
    if "podman" in _answer([*program, "--version"]):  # also where it is installed under docker's name
        return Builder(program, ("build", "--platform", PLATFORM, "--format", "docker"), {})
    if _answer([*program, "buildx", "version"]):
        plain = ("--provenance=false", "--sbom=false", "--output", "type=docker")
        return Builder(program, ("buildx", "build", "--platform", PLATFORM, *plain), {})
    # BuildKit without buildx refuses to start; the builder before it is there and makes Docker's own manifest.
    return Builder(program, ("build", "--platform", PLATFORM), {"DOCKER_BUILDKIT": "0"})


def _find_program() -> tuple[str, ...]:
    named = tuple(shlex.split(os.environ.get(TOOL, "")))
    if named:
        if not shutil.which(named[0]):
            raise UsageError(f"{TOOL} names {named[0]}, which is not installed.")
        return named
    there = [program for program in ("docker", "podman") if shutil.which(program)]
    if not there:
        raise UsageError(
            "the images are not in the registry, and neither docker nor podman is installed to build them."
        )
    for program in there:
        if _answer([program, "version"]):
            return (program,)
    raise UsageError(
        f"{' and '.join(there)} cannot build: '{there[0]} version' fails. Start Docker's daemon, or install podman."
    )


def check_built(image: Mapping[str, Any]) -> None:
    """Raise GreenlightError where SageMaker could not run the image that ``image inspect`` describes so."""
    platform = f"{image.get('Os')}/{image.get('Architecture')}"
    if platform != PLATFORM:
        raise GreenlightError(
            f"the image is for {platform}, and SageMaker's machines are {PLATFORM}. Nothing was pushed. Give the "
            "builder an emulation (docker run --privileged --rm tonistiigi/binfmt --install amd64), or a base image "
            f"that is for {PLATFORM} (--base-image)."
        )
    kind = image.get("ManifestType") or (image.get("Descriptor") or {}).get("mediaType") or ""
    if kind.startswith(_OCI):
        raise GreenlightError(
            f"the image has the manifest {kind}, which SageMaker refuses. Nothing was pushed. Turn Docker's containerd "
            f"image store off, or build with podman: {TOOL}=podman."
        )


def _answer(command: list[str]) -> str:
    """What a program says, in lower case; nothing where it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if done.returncode else f"{done.stdout}{done.stderr}".lower() or "yes"


def _run(command: list[str], root: Path, environment: Mapping[str, str]) -> str:
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        end = "\n".join((done.stdout + done.stderr).strip().splitlines()[-20:])
        raise GreenlightError(f"{' '.join(command[:2])} failed:\n{end}")
    return done.stdout
