"""Images are built with whatever builder is there, and nothing that SageMaker would refuse is pushed."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from workflow.errors import GreenlightError, UsageError
from workflow.stack import builder, images
from workflow.stack.builder import check_built, find_builder
from workflow.stack.outputs import Place
from workflow.stack.package import ROOT

PLACE = Place(account="123456789012", region="eu-central-1", partition="aws")
TARGET = images.address("serving", "greenlight", PLACE)
DOCKERS = "application/vnd.docker.distribution.manifest.v2+json"
OCI = "application/vnd.oci.image.manifest.v1+json"
PROGRAM = """\
#!/bin/sh
echo "{name} $*${{DOCKER_BUILDKIT:+ BUILDKIT $DOCKER_BUILDKIT}}" >> {record}
[ "$1" = login ] && {{ read -r password; echo "password $password" >> {record}; }}
case "$*" in "${{FAIL:-nothing}}"*) echo "no space left" >&2; exit 1 ;; esac
case "$1" in
  --version) echo "{says} version 9" ;;
  image) echo '[{{"Os": "linux", "Architecture": "'${{MADE:-amd64}}'", "Descriptor": {{"mediaType": "'$KIND'"}}}}]' ;;
esac
"""


class Account:
    """An account whose registry's password is ``secret``."""

    local = False

    def call(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        """The login."""
        assert operation == "get_authorization_token"
        token = base64.b64encode(b"AWS:secret").decode()
        return {"authorizationData": [{"authorizationToken": token, "proxyEndpoint": "https://registry.invalid"}]}

    def pages(self, service: str, operation: str, key: str, **parameters: Any) -> Iterator[Any]:
        """Nothing is listed."""
        return iter(())

    def post_signed(self, url: str, body: bytes) -> tuple[int, bytes]:
        """Nothing is posted."""
        raise AssertionError(url)


class Machine:
    """A machine with nothing on its path but the builders of a test, which write down how they were called."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.record = folder / "calls.txt"

    def install(self, name: str, says: str = "Docker") -> None:
        """Put a builder on the path that calls itself something."""
        program = self.folder / name
        program.write_text(PROGRAM.format(name=name, says=says, record=self.record))
        program.chmod(0o755)

    def calls(self) -> list[str]:
        """How the builders were called, but for questions after their version."""
        lines = self.record.read_text().splitlines()
        return [line for line in lines if not re.search(r" (--version|version|buildx version)$", line)]


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """A machine without any builder."""
    for name in (builder.TOOL, builder.MORE, "DOCKER_BUILDKIT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    return Machine(tmp_path)


def push(base: str = "", stack: Mapping[str, str] = images.PLAIN) -> None:
    """Build and push the serving image."""
    arguments = images.choose_arguments(base, stack)
    images.build_and_push(Account(), "greenlight", PLACE, ["serving"], lambda *_: None, ROOT, arguments)


def test_building_pushes_for_sagemakers_processors_and_keeps_the_password_off_the_command_line(
    machine: Machine,
) -> None:
    """Log in once through a pipe, then build, look and push."""
    machine.install("docker")
    said: list[tuple[str, str]] = []
    images.build_and_push(Account(), "greenlight", PLACE, ["serving"], lambda *what: said.append(what))
    assert machine.calls() == [
        "docker login --username AWS --password-stdin https://registry.invalid",
        "password secret",
        "docker buildx build --platform linux/amd64 --provenance=false --sbom=false --output type=docker"
        f" -f containers/serving/Dockerfile -t {TARGET} .",
        f"docker image inspect {TARGET}",
        f"docker push {TARGET}",
    ]
    assert said == [("serving", "building"), ("serving", "pushing"), ("serving", "pushed")]


def test_docker_without_buildx_builds_with_the_builder_before_it(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """BuildKit would refuse to start, with words about a missing component."""
    machine.install("docker")
    monkeypatch.setenv("FAIL", "buildx version")
    push()
    made = f"docker build --platform linux/amd64 -f containers/serving/Dockerfile -t {TARGET} . BUILDKIT 0"
    assert machine.calls()[2] == made


@pytest.mark.parametrize("name", ["podman", "docker"])
def test_podman_is_asked_for_dockers_manifest_under_either_name(machine: Machine, name: str) -> None:
    """It makes OCI images unless it is told otherwise, and is often installed as docker."""
    machine.install(name, says="podman")
    push()
    made = f"{name} build --platform linux/amd64 --format docker -f containers/serving/Dockerfile -t {TARGET} ."
    assert machine.calls()[2] == made


def test_a_base_image_and_more_arguments_reach_the_build(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """From a mirror, with a certificate, by another program than the usual one; the tag is another, too."""
    machine.install("docker")
    machine.install("podman", says="podman")
    monkeypatch.setenv(builder.TOOL, "podman --log-level error")
    monkeypatch.setenv(builder.MORE, "-v '/my certificates:/etc/ssl:ro'")
    (machine.folder / "podman").write_text((machine.folder / "podman").read_text().replace('case "$1"', 'case "$3"'))
    gpu = {"GpuEndpoints": "yes"}
    push("mirror.invalid/python:3.11", gpu)
    arguments = images.choose_arguments("mirror.invalid/python:3.11", gpu)
    target = images.address("serving", "greenlight", PLACE, ROOT, arguments)
    assert (
        f"podman --log-level error build --platform linux/amd64 --format docker -v /my certificates:/etc/ssl:ro"
        f" --build-arg BASE_IMAGE=mirror.invalid/python:3.11 --build-arg GPU_ENDPOINTS=yes"
        f" -f containers/serving/Dockerfile -t {target} ."
    ) in machine.calls()


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"MADE": "arm64"}, "is for linux/arm64, and SageMaker's machines are linux/amd64. Nothing was pushed"),
        ({"KIND": OCI}, f"has the manifest {OCI}, which SageMaker refuses. Nothing was pushed"),
        ({"FAIL": "buildx build"}, "docker buildx failed:\nno space left"),
    ],
    ids=["arm64", "OCI", "a failed build"],
)
def test_what_sagemaker_would_refuse_is_never_pushed(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], said: str
) -> None:
    """An image for another processor, of another kind, or none."""
    machine.install("docker")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(GreenlightError, match=re.escape(said)):
        push()
    assert not [line for line in machine.calls() if line.startswith("docker push")]


@pytest.mark.parametrize(
    "more",
    [{}, {"ManifestType": DOCKERS}, {"Descriptor": {"mediaType": DOCKERS}}, {"Descriptor": None}],
    ids=["says nothing", "podman", "containerd", "none"],
)
def test_every_builders_way_to_describe_an_image_is_read(more: dict[str, Any]) -> None:
    """Docker's older image store says nothing of manifests, and pushes its own."""
    check_built({"Os": "linux", "Architecture": "amd64"} | more)
    if more and "ManifestType" in more:
        with pytest.raises(GreenlightError, match="manifest"):
            check_built({"Os": "linux", "Architecture": "amd64", "ManifestType": OCI})


def test_docker_whose_daemon_sleeps_gives_way_to_podman(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """And where there is no podman, it is said what to do."""
    machine.install("docker")
    monkeypatch.setenv("FAIL", "version")
    with pytest.raises(UsageError, match=r"docker cannot build: 'docker version' fails\. Start Docker's daemon"):
        find_builder()
    monkeypatch.delenv("FAIL")
    (machine.folder / "docker").write_text("#!/bin/sh\nexit 1\n")
    machine.install("podman", says="podman")
    assert find_builder().program == ("podman",)


def test_without_a_builder_it_says_which_are_known(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither program on the path, nor the one that was named."""
    with pytest.raises(UsageError, match="neither docker nor podman is installed"):
        find_builder()
    monkeypatch.setenv(builder.TOOL, "nerdctl --debug")
    with pytest.raises(UsageError, match="GREENLIGHT_CONTAINER_TOOL names nerdctl, which is not installed"):
        find_builder()
