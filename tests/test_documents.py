"""What the documents say is so: links lead somewhere, tables are complete, nothing new is left out.

Every command they show is run: here, by ``tests/flow/test_readme.py`` on the stand-in, or it says in ``NOT_RUN`` why
not, and is then at least understood by the program it names. Needs no stand-in.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.documents import (
    API,
    DOCUMENTS,
    EVERYDAY,
    ROOT,
    STAND_IN,
    WEBHOOK,
    WINGS,
    anchors,
    blocks,
    commands,
    links,
    prose,
    read,
    section,
    spans,
)
from tests.infra.template import OF_A_STAGE, PATH, load
from workflow.commands.cli import COMMANDS
from workflow.commands.cli import load as load_command
from workflow.contract.dataset_report import FINDINGS
from workflow.contract.run_input import RULES

NOT_RUN = {
    "make demo": "tests/flow/test_demo.py runs what it starts",
    "make test": "it runs this test",
    "make test-fast": "it runs this test",
    "make check": "the gate runs it before the tests",
    "make golden": "it writes to this checkout; the gate compares what it would write",
    "make images": "it builds for minutes, and needs podman or docker",
    "make fuzz": "the tests send a tenth of its requests",
    "make bench": "it measures for half an hour, on a machine that does nothing else",
    "make audit": "it asks a service on the network",
    "make deploy": "it needs an AWS account; tests/flow deploys to the stand-in",
    "make account-check": "it needs an AWS account; tests/flow/test_account_check.py runs what it starts",
    "greenlight image check": "it needs a built image; tests/workflow/images checks folders",
    "podman build": "it needs podman and a built image",
    "greenlight deploy --parameter TrainingImage=": "it needs an image in ECR; tests/workflow/stack deploys one",
    "greenlight deploy --parameter GpuEndpoints=": "it builds images; tests/workflow/stack names and builds such ones",
    "greenlight start --dataset fasteners --set precision=f16": "it needs a GPU",
    "greenlight deploy --account-of": "it needs another account; tests/flow/test_several_accounts.py has two",
    "greenlight deploy --parameter StagingAccount=": "tests/flow/test_several_accounts.py deploys it",
    "export AWS_DEFAULT_REGION=eu-central-1": "it names a region of that account",
    ".venv/bin/python -m pytest": "it runs tests, of which this is one",
    ".venv/bin/python -m infra.local.environments": "`make test` runs it before the tests",
}
"""How a command begins that no test runs, and why."""

RUN_HERE = (
    "make help",
    ".venv/bin/python -m tests.bench.serving --help",
    ".venv/bin/python -m tests.containers.serving.report.example_pages pages",
)

FOLDERS = {
    "workflow": "workflow",
    "workflow/contract": "workflow",
    "lambdas": "lambdas",
    "containers": "containers",
    "containers/training": "containers/training",
    "containers/serving": "containers/serving",
    "infra": "infra",
    "infra/local": "infra",
    "tests": "tests",
}
"""Folders of which every file and room has a line, and the wing whose README has it."""

KINDS = {kind for document in DOCUMENTS for kind, _ in blocks(document)}
SHOWN = sorted(set(commands(*KINDS - {EVERYDAY, STAND_IN, API, WEBHOOK})))
"""Every command that is not run on the stand-in."""

NAMED = sorted({*commands(*KINDS), *(span for document in DOCUMENTS for span in spans(document))})
"""Every command, whether in a block or within a sentence, and whatever else is written as code."""


def begins(command: str, beginning: str) -> bool:
    """Whether a command begins with these words."""
    return f"{command} ".startswith(beginning if beginning.endswith("=") else f"{beginning} ")


def entries(folder: str) -> list[str]:
    """What lies in a folder, rooms with a slash; without what every package has."""
    found = (path for path in (ROOT / folder).iterdir() if path.name != "README.md")
    seen = (path for path in found if path.name == "__main__.py" or not path.name.startswith((".", "_")))
    return sorted(f"{path.name}/" if path.is_dir() else path.name for path in seen)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_link_leads_somewhere(document: str) -> None:
    """To a file or folder of this checkout, and to a heading that is there."""
    for link in links(document):
        path, _, anchor = link.partition("#")
        target = (ROOT / document).parent / path if path else ROOT / document
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target.resolve().relative_to(ROOT).as_posix()), link


@pytest.mark.parametrize("document", [document for document in DOCUMENTS if document != "CHANGELOG.md"])
def test_every_path_it_names_is_there(document: str) -> None:
    """From the root or from the document's own folder; what was moved or renamed is found here."""
    for path in re.findall(r"(?<![\w./-])(?:workflow|lambdas|containers|infra|tests)/[\w./-]*\w", prose(document)):
        assert (ROOT / path).exists() or ((ROOT / document).parent / path).exists(), path


def test_the_readme_is_read_in_one_go() -> None:
    """What is looked up stands in the wings."""
    assert len(read("README.md").splitlines()) <= 180


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_wing_names_everything_that_lies_in_it(folder: str) -> None:
    """A new file or room has a line that says what it is."""
    named = spans(f"{FOLDERS[folder]}/README.md")
    assert [entry for entry in entries(folder) if entry not in named] == []


@pytest.mark.parametrize("wing", WINGS)
def test_a_wing_has_no_line_for_what_is_gone(wing: str) -> None:
    """Nor for what is called otherwise by now."""
    lying = {entry for folder, of in FOLDERS.items() if of == wing for entry in entries(folder)}
    lines = re.findall(r"^\| (`[^`|]+`(?:, `[^`|]+`)*) \|", read(f"{wing}/README.md"), re.MULTILINE)
    named = [span for line in lines for span in re.findall(r"`(\w+(?:/|\.py))`", line)]
    assert named
    assert [name for name in named if name not in lying] == []


def test_the_map_names_every_room() -> None:
    """Whoever comes anew finds the way by it."""
    (map_,) = re.findall(r"```\n(workflow/.*?)```", read("README.md"), re.DOTALL)
    rooms = [entry for folder in ("workflow", "containers/serving") for entry in entries(folder) if entry[-1] == "/"]
    assert [name for name in (*rooms, *(f"{Path(wing).name}/" for wing in WINGS)) if name not in map_.split()] == []


def test_every_decision_has_its_date() -> None:
    """Reasons age; a reader must know when they held."""
    paragraphs = [text for text in read(".github/DECISIONS.md").split("\n\n") if text.startswith("**")]
    assert len(paragraphs) > 20
    for paragraph in paragraphs:
        assert re.match(r"\*\*[^*]+\*\* \(20\d\d-\d\d-\d\d\)\. ", paragraph), paragraph


@pytest.mark.parametrize("command", SHOWN)
def test_every_command_is_run_or_says_why_not(command: str) -> None:
    """One that is neither was added without a test."""
    reasons = [beginning for beginning in NOT_RUN if begins(command, beginning)]
    assert (command in RUN_HERE) + len(reasons) == 1


def test_nothing_is_excused_that_is_not_shown() -> None:
    """Neither list outlives the documents."""
    assert [beginning for beginning in NOT_RUN if not any(begins(one, beginning) for one in SHOWN)] == []
    assert [command for command in RUN_HERE if command not in SHOWN] == []


@pytest.mark.parametrize("command", RUN_HERE)
def test_a_command_that_needs_nothing_runs_as_written(command: str, tmp_path: Path) -> None:
    """In an empty folder, so that what it writes is nobody's."""
    given = command.replace(".venv/bin/python", shlex.quote(sys.executable)).replace("make ", f"make -C {ROOT} ")
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        ["bash", "-ec", given], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout or list(tmp_path.iterdir())


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_block_is_read_by_the_shell(document: str) -> None:
    """A quote that is not closed is found here."""
    for _, block in blocks(document):
        done = subprocess.run(["bash", "-n"], input=block, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr + block


@pytest.mark.parametrize("command", [one for one in NAMED if one.startswith("make ")])
def test_make_knows_what_it_is_asked_for(command: str) -> None:
    """The target, and the variables that are given with it."""
    done = subprocess.run(
        ["make", "--dry-run", *shlex.split(command)[1:]], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    makefile = (ROOT / "Makefile").read_text()
    assert [name for name in re.findall(r" ([A-Z_]+)=", command) if f"$({name})" not in makefile] == []


def test_a_variable_that_make_does_not_know_is_refused() -> None:
    """With those that it knows: a misspelled one is not ignored."""
    typed = ["make", "--dry-run", "demo", "DATSET=photos"]
    done = subprocess.run(typed, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "DATSET: no variable that this Makefile knows; it knows DATASET" in done.stderr


@pytest.mark.parametrize("command", [one for one in NAMED if re.match(r"greenlight [a-z]", one) and "&&" not in one])
def test_the_command_line_knows_what_it_is_asked_for(command: str) -> None:
    """The command and, where more than its name is written, its arguments, options and their values."""
    name, *words = shlex.split(command)[1:]
    assert name in COMMANDS
    if words:
        load_command(name).make_context(name, words).close()


@pytest.mark.parametrize("command", [one for one in NAMED if re.match(r"(\S+/)?python -m", one)])
def test_python_knows_the_module_it_is_asked_for(command: str) -> None:
    """And the tests that it is asked to run are there."""
    module, *words = shlex.split(command)[2:]
    assert importlib.util.find_spec(module)
    assert [word for word in words if "/" in word and not (ROOT / word).exists()] == []


def test_every_target_of_make_is_explained_by_itself() -> None:
    """What ``make help`` does not list, nobody finds."""
    makefile = (ROOT / "Makefile").read_text()
    targets = re.findall(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)[0].split()
    assert sorted(re.findall(r"^([a-z-]+):.* ## ", makefile, re.MULTILINE)) == sorted(targets)


def test_every_parameter_it_names_exists() -> None:
    """A parameter of the template that was renamed is found here."""
    text = "\n".join(read(document) for document in DOCUMENTS)
    named = {one or other for one, other in re.findall(r"--parameter\s+(\w+)=|`(PredictionApi\w*)`", text)}
    assert named <= {name for path in (PATH, OF_A_STAGE) for name in load(path)["Parameters"]}
    assert len(named) >= 4


def test_what_a_stack_pays_for_at_rest_is_counted() -> None:
    """Keys and alarms cost something every month; what comes with the API alone is told apart."""
    always = [found["Type"] for found in load()["Resources"].values() if "Condition" not in found]
    counted = f"{always.count('AWS::KMS::Key')} KMS keys, {always.count('AWS::CloudWatch::Alarm')} alarms"
    assert counted in section("infra/README.md", "What it costs")


def test_every_key_of_the_input_is_in_its_table() -> None:
    """The table is the reference of an execution's input."""
    text = read("workflow/README.md")
    table = text.partition("<!-- input keys -->")[2].partition("<!-- /input keys -->")[0]
    assert re.findall(r"^\| `([a-z0-9_]+)` \|", table, re.MULTILINE) == list(RULES)


def test_every_kind_of_finding_is_in_its_table() -> None:
    """A policy is chosen by the table: the kind, what is done about it unless told otherwise, what else may be, and the
    words of the refusal.
    """
    text = section("containers/training/README.md", "What data may be trained on")
    rows = re.findall(r"^\| `([a-z-]+)` \| (\w+) \| ([a-z, –]+) \| (.+) \|$", text, re.MULTILINE)
    others = {kind: {default, *others.split(", ")} - {"–"} for kind, default, others, _ in rows}
    assert others == {kind: set(found.allowed) for kind, found in FINDINGS.items()}
    assert {kind: default for kind, default, *_ in rows} == {k: found.default for k, found in FINDINGS.items()}
    assert {kind: advice for kind, *_, advice in rows} == {k: found.advice for k, found in FINDINGS.items()}


def test_every_error_of_the_machines_is_explained() -> None:
    """Operations look an error up by its name; one that is gone is not looked up."""
    names = ("build", "release", "stage", "challenge", "batch", "drift")
    definitions = [json.loads(read(f"workflow/machines/{name}.asl.json")) for name in names]
    states = [state for definition in definitions for state in definition["States"].values()]
    errors = {state["Parameters"]["Error"] for state in states if state.get("ResultPath") == "$.failure"}
    table = section("workflow/README.md", "Errors")
    assert set(re.findall(r"^\| `([A-Z]\w+\.[A-Z]\w+)` \|", table, re.MULTILINE)) == errors
