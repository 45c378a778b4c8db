"""An image that keeps the contract passes the check; one that breaks a promise is told which."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from workflow.commands.image import image as command
from workflow.errors import UsageError
from workflow.images.account import Ended
from workflow.images.check import KINDS, Broken, Step, check_image, expect_failure, guess_kind, place, read_model
from workflow.stack.package import ROOT

EXAMPLE = ROOT / "containers" / "examples" / "fading"
WRAPPED = """\
import sys, pathlib, os
from containers.training.__main__ import main
base = pathlib.Path(os.environ["SAGEMAKER_BASE_DIR"])
status = main(sys.argv[1:], os.environ)
{change}
sys.exit(status)
"""


def wrapped(folder: Path, change: str) -> Path:
    """The training image with an entry point that does something more after each program."""
    folder.mkdir()
    (folder / "Dockerfile").write_text('FROM greenlight-training\nENTRYPOINT ["python", "wrapped.py"]\n')
    (folder / "wrapped.py").write_text(WRAPPED.format(change=change))
    return folder


def tried(image: Path, kind: str) -> tuple[list[Step], str]:
    """Every step of a check, and the log's end."""
    told: list[Step] = []
    log = check_image(str(image), kind, "podman", told.append)
    return told, log


@pytest.mark.standin
@pytest.mark.training
@pytest.mark.serving
def test_the_example_trains_with_its_augmentation_and_keeps_the_contract(
    training_python: Path, serving_python: Path
) -> None:
    """From the data to an answering endpoint; its training says what it was built for."""
    told, log = tried(EXAMPLE, "training")
    assert [step.broken for step in told] == [""] * 8
    assert log == ""
    assert [step.name.partition(":")[0] for step in told] == [
        *("inspect", "prepare", "prepare", "train", "train", "evaluate", "serve", "serve")
    ]


@pytest.mark.standin
@pytest.mark.training
@pytest.mark.serving
def test_a_serving_image_is_tried_with_a_model_of_ours(training_python: Path, serving_python: Path) -> None:
    """Ours keeps it, with the refusals that are its own."""
    told, _ = tried(ROOT / "containers" / "serving", "serving")
    assert [step.broken for step in told] == [""] * 8
    assert [step.name for step in told if "ends with a reason" in step.name or "refuses" in step.name] == [
        "evaluate: ends with a reason where it cannot",
        "serve: refuses what is no picture",
    ]


@pytest.mark.standin
@pytest.mark.training
@pytest.mark.parametrize(
    ("change", "last", "said"),
    [
        (
            "import shutil; shutil.rmtree(base / 'processing/output/inspected', ignore_errors=True)",
            "inspect: looks at a share of the dataset",
            "it wrote nothing to /opt/ml/processing/output/inspected",
        ),
        (
            "status = 0",
            "prepare: ends with a reason where it cannot",
            "the job ended Completed where it had to fail, by an exit status other than 0",
        ),
        (
            "(base / 'output/message').unlink(missing_ok=True)",
            "prepare: ends with a reason where it cannot",
            "it failed without a reason",
        ),
    ],
    ids=["no output", "exit status 0", "no reason"],
)
def test_a_broken_promise_ends_the_check_and_is_named(
    training_python: Path, tmp_path: Path, change: str, last: str, said: str
) -> None:
    """With the end of the log where there is one."""
    told, _ = tried(wrapped(tmp_path / "own", change), "training")
    assert (told[-1].name, [step.broken for step in told[:-1]]) == (last, [""] * (len(told) - 1))
    assert said in told[-1].broken


@pytest.mark.parametrize(
    ("image", "kind"),
    [
        ("fading-training", "training"),
        ("1.dkr.ecr.x.amazonaws.com/team/own-serving:3", "serving"),
        ("localhost/own-serving@sha256:00", "serving"),
        ("containers/training/", "training"),
    ],
)
def test_the_end_of_a_name_says_which_of_the_two_it_is(image: str, kind: str) -> None:
    """As the stand-in goes by it."""
    assert guess_kind(image) == kind


def test_an_image_is_a_folder_with_a_dockerfile_or_a_name(tmp_path: Path) -> None:
    """A folder runs as a process, a name by an engine; the other images are this repository's folders."""
    name, options = place(str(EXAMPLE), "training", "podman")
    assert (name, options[0]) == ("checked-training", f"--image=checked-training={EXAMPLE}")
    for built in ("own-training:3", "localhost/greenlight-training:3"):
        name, options = place(built, "training", "docker")
        assert (name, options[0]) == (built, "--runtime=docker")
        folders = [option.removeprefix("--image=").partition("=") for option in options[1:]]
        assert [Path(folder) for _, _, folder in folders] == [ROOT / "containers" / kind for kind in KINDS]
        assert not {other for other, _, _ in folders} & {"own-training", "greenlight-training"}, (
            "it would be run instead"
        )
    with pytest.raises(UsageError, match="holds no Dockerfile, so it is no image"):
        place(str(tmp_path), "training", "podman")
    with pytest.raises(UsageError, match="there is no such folder"):
        place(str(tmp_path / "none"), "training", "podman")
    with pytest.raises(UsageError, match="say --kind training or --kind serving"):
        guess_kind("own:3")


@pytest.mark.parametrize(
    ("status", "written", "said"),
    [
        ("Completed", "", "had to fail"),
        ("Failed", " \n", "without a reason"),
        ("Failed", "one\ntwo", "no line of at most 1024"),
        ("Failed", "x" * 1025, "no line of at most 1024"),
    ],
)
def test_a_failure_has_a_reason_of_one_line(status: str, written: str, said: str) -> None:
    """It is what people read in a mail; what a log says last is none."""
    with pytest.raises(Broken, match=said):
        expect_failure(Ended({}, status, "AlgorithmError: the last line, exit code: 1", written))
    expect_failure(Ended({}, "Failed", "", "lr0 must be below 1\n"))


def packed(**files: Any) -> bytes:
    """An archive with these files, dots for underscores."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, content in files.items():
            data = content if isinstance(content, bytes) else json.dumps(content).encode()
            entry = tarfile.TarInfo(name.replace("_", "."))
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return out.getvalue()


def test_an_archive_is_read_as_what_serves_reads_it() -> None:
    """A graph and a manifest that names the data's classes."""
    manifest = {"classes": ["dark", "light"], "model_digest": "d"}
    assert read_model(packed(model_onnx=b"x", manifest_json=manifest)) == "d"
    for archive, said in (
        (b"nothing", r"model\.tar\.gz holds no manifest\.json"),
        (packed(model_onnx=b"x"), r"holds no manifest\.json"),
        (packed(manifest_json=manifest), r"holds no model\.onnx, but manifest\.json"),
        (packed(model_onnx=b"x", manifest_json={"classes": ["other"]}), r"names the classes \['other'\]"),
        (packed(model_onnx=b"x", manifest_json=b"{"), "no JSON"),
    ):
        with pytest.raises(Broken, match=said):
            read_model(archive)


def test_the_command_tells_every_step_and_ends_with_1_where_one_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """For people and for pipes."""

    def check(image: str, kind: str, tool: str, say: Any) -> str:
        say(Step("inspect: looks", 1.0))
        say(Step("prepare: makes", 2.0, "it wrote no report"))
        return "the last line"

    monkeypatch.setattr("workflow.images.check.check_image", check)
    done = CliRunner().invoke(command, ["check", "own-training"], standalone_mode=False)
    assert done.return_value == 1
    assert "✓ inspect: looks" in done.output
    assert "✗ prepare: makes" in done.output
    assert "it wrote no report" in done.output
    assert done.output.endswith("the last line\nown-training does not keep the contract.\n")
    told = json.loads(CliRunner().invoke(command, ["check", "own-training", "--json"], standalone_mode=False).output)
    assert (told["kept"], [step["broken"] for step in told["steps"]]) == (False, ["", "it wrote no report"])
