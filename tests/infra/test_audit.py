"""What is deployed is looked up, all of it; what could not be looked up is never taken for clean.

The two tools are replaced by programs that note what they were asked and answer what a test wrote down: the real one
asks a service on the network.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from infra.audit import DEPLOYED, Finding, Verdict, read_answer
from tests.infra.template import ROOT

TOOLS = {
    "pip_audit": """
import json, os, pathlib, sys
here = pathlib.Path(__file__).parents[1]
with (here / "asked").open("a") as asked:
    asked.write(json.dumps(sys.argv[1:]) + "\\n")
sys.stdout.write((here / "answer").read_text())
sys.stderr.write((here / "said").read_text())
sys.exit(int((here / "code").read_text()))
""",
    "cyclonedx_py": """
import json, pathlib, sys
out = pathlib.Path(sys.argv[sys.argv.index("--output-file") + 1])
out.write_text(json.dumps({"bomFormat": "CycloneDX", "given": sys.stdin.read()}))
""",
}
CLEAN = {"dependencies": [{"name": "numpy", "version": "2.4.6", "vulns": []}], "fixes": []}
KNOWN = {
    "dependencies": [
        {"name": "numpy", "version": "2.4.6", "vulns": []},
        {
            "name": "pillow",
            "version": "9.0.0",
            "vulns": [
                {"id": "PYSEC-2026-2", "fix_versions": [], "aliases": ["CVE-2026-2"], "description": "…"},
                {"id": "PYSEC-2026-1", "fix_versions": ["9.0.1", "9.1.0"], "aliases": [], "description": "…"},
            ],
        },
    ],
    "fixes": [],
}
SKIPPED = {"dependencies": [*CLEAN["dependencies"], {"name": "mystery", "skip_reason": "not found on PyPI"}]}


def audit(folder: Path, answer: str, code: int = 0, said: str = "") -> subprocess.CompletedProcess[str]:
    """Run the audit in a folder, with tools that answer so."""
    for name, program in TOOLS.items():
        (folder / name).mkdir()
        (folder / name / "__main__.py").write_text(program)
    for name, text in {"answer": answer, "code": str(code), "said": said}.items():
        (folder / name).write_text(text)
    return subprocess.run(
        [sys.executable, "-m", "infra.audit"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": f"{folder}:{ROOT}"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_file_of_requirements_is_looked_up(tmp_path: Path) -> None:
    """Also one that somebody adds to an image; nothing is resolved, so that what is pinned is what is judged."""
    assert audit(tmp_path, json.dumps(CLEAN)).returncode == 0
    asked = [json.loads(line) for line in (tmp_path / "asked").read_text().splitlines()]
    files = [Path(words[at + 1]) for words in asked for at, word in enumerate(words) if word == "--requirement"]
    there = {*ROOT.glob("lambdas/*requirements*.txt"), *ROOT.glob("containers/**/*requirements*.txt")}
    assert sorted(files) == sorted(there | {ROOT / "constraints.txt"})
    assert all({"--no-deps", "--disable-pip"} <= set(words) for words in asked)


def test_a_bill_is_written_for_the_functions_and_each_image(tmp_path: Path) -> None:
    """Of everything that they are made of."""
    audit(tmp_path, json.dumps(CLEAN))
    bills = {
        path.name.removesuffix(".cdx.json"): json.loads(path.read_text()) for path in tmp_path.glob("build/sbom/*")
    }
    assert bills.keys() == {"functions", "training", "serving", "gpu-endpoints"}
    for deployed in DEPLOYED:
        if deployed.has_bill:
            given = bills[deployed.name]["given"]
            assert all((ROOT / name).read_text() in given for name in deployed.requirements)


def test_what_is_known_is_listed_with_its_remedy(tmp_path: Path) -> None:
    """The tool ends with 1 then; that is an answer, and no failure of the tool."""
    done = audit(tmp_path, json.dumps(KNOWN), code=1, said="Found 2 known vulnerabilities in 1 package\n")
    assert done.returncode == 1
    assert "✗ pillow 9.0.0  PYSEC-2026-1  fixed in 9.0.1, 9.1.0" in done.stdout
    assert "✗ pillow 9.0.0  PYSEC-2026-2  no version fixes it yet" in done.stdout


@pytest.mark.parametrize("answer", ["", "{", "[]", "{}", '{"dependencies": []}', '{"dependencies": [{"name": "a"}]}'])
def test_a_service_that_cannot_be_reached_is_not_a_clean_bill(tmp_path: Path, answer: str) -> None:
    """It says so, in the tool's own words, and fails; the bills of materials need no service."""
    done = audit(tmp_path, answer, code=1, said="WARNING: x\nERROR: Max retries exceeded with url: /pypi/numpy/json\n")
    assert done.returncode == 2
    assert "pip-audit gave no answer on the functions: " in done.stderr
    assert "Max retries exceeded" in done.stderr
    assert "was not found out" in done.stderr
    assert len(list(tmp_path.glob("build/sbom/*.cdx.json"))) == 4


def test_a_service_that_knows_nothing_is_not_a_clean_bill(tmp_path: Path) -> None:
    """A mirror of packages has no advisories, and the tool itself ends with 0 there. One look is enough."""
    done = audit(tmp_path, json.dumps({"dependencies": SKIPPED["dependencies"][1:]}))
    assert done.returncode == 2
    assert "knows no package of the functions: mystery: not found on PyPI" in done.stderr
    assert len((tmp_path / "asked").read_text().splitlines()) == 1


def test_a_package_that_the_service_does_not_know_is_not_clean(tmp_path: Path) -> None:
    """It was not looked up; a build of its own may lie behind the name."""
    done = audit(tmp_path, json.dumps(SKIPPED))
    assert done.returncode == 2
    assert "? mystery: not found on PyPI" in done.stdout


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (CLEAN, Verdict(1, (), ())),
        (SKIPPED, Verdict(1, (), ("mystery: not found on PyPI",))),
        (
            KNOWN,
            Verdict(
                2,
                (
                    Finding("pillow", "9.0.0", "PYSEC-2026-1", ("9.0.1", "9.1.0")),
                    Finding("pillow", "9.0.0", "PYSEC-2026-2"),
                ),
                (),
            ),
        ),
    ],
    ids=["clean", "skipped", "known"],
)
def test_an_answer_is_read(answer: dict[str, Any], verdict: Verdict) -> None:
    """Packages that were looked up, advisories in order, and what was passed over."""
    assert read_answer(answer) == verdict
