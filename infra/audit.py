"""``make audit``: lists the known vulnerabilities of what is deployed, and what it consists of (build/sbom/).

pip-audit asks the Python Packaging Advisory Database, over the network; cyclonedx-py writes the bills of materials from
the requirements alone. Ends with 0 where nothing is known against any package, with 1 where something is, and with 2
where that could not be found out.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
BILLS = Path("build/sbom")
VULNERABLE, UNKNOWN = 1, 2
_SAID_LINES = 3


@dataclass(frozen=True)
class Deployed:
    """Something that runs somewhere, and the requirements that say what it is made of. All of them are pinned."""

    name: str
    requirements: tuple[str, ...]
    has_bill: bool = True

    def texts(self) -> str:
        """All of its requirements as one text."""
        return "\n".join((ROOT / name).read_text(encoding="utf-8") for name in self.requirements)


DEPLOYED = (
    Deployed("functions", ("lambdas/requirements.txt",)),
    *(
        Deployed(name, tuple(f"containers/{name}/{file}" for file in files))
        for name, files in (
            ("training", ("requirements.txt", "requirements-any-build.txt", "requirements-no-deps.txt")),
            ("serving", ("requirements.txt", "requirements-no-deps.txt")),
        )
    ),
    # What both images have more in a stack whose endpoints have GPUs.
    Deployed(
        "gpu-endpoints", tuple(f"containers/{name}/requirements-gpu-endpoints.txt" for name in ("training", "serving"))
    ),
    # It is deployed nowhere, so nobody asks for its bill; it holds the credentials of whoever deploys.
    Deployed("command", ("constraints.txt",), has_bill=False),
)


class AuditError(Exception):
    """A tool gave no answer: says which, about what, and in its own words why."""


@dataclass(frozen=True, order=True)
class Finding:
    """One advisory against one package. ``fixed_in`` are versions that it does not concern, oldest first."""

    package: str
    version: str
    advisory: str
    fixed_in: tuple[str, ...] = ()

    def text(self) -> str:
        """The finding on one line, with its remedy."""
        remedy = f"fixed in {', '.join(self.fixed_in)}" if self.fixed_in else "no version fixes it yet"
        return f"{self.package} {self.version}  {self.advisory}  {remedy}"


@dataclass(frozen=True)
class Verdict:
    """What is known of the packages of one deployed thing; ``unknown`` could not be looked up, each with a reason."""

    looked_up: int
    findings: tuple[Finding, ...]
    unknown: tuple[str, ...]


def main() -> int:
    """Write the bills, then look everything up; return the exit code."""
    try:
        for deployed in DEPLOYED:
            if deployed.has_bill:
                print(f"  {deployed.name:<10} {write_bill(deployed)}", flush=True)
        verdicts = [look_up(deployed) for deployed in DEPLOYED]
    except AuditError as error:
        print(f"\n{error}\nWhether anything is known against what is deployed was not found out.", file=sys.stderr)
        return UNKNOWN
    for deployed, verdict in zip(DEPLOYED, verdicts, strict=True):
        print(f"  {deployed.name:<10} {verdict.looked_up} packages looked up, {len(verdict.findings)} advisories")
        for finding in verdict.findings:
            print(f"    ✗ {finding.text()}")
        for reason in verdict.unknown:
            print(f"    ? {reason}")
    if any(verdict.findings for verdict in verdicts):
        return VULNERABLE
    return UNKNOWN if any(verdict.unknown for verdict in verdicts) else 0


def write_bill(deployed: Deployed) -> Path:
    """Write the CycloneDX bill of materials of one deployed thing, the same for the same requirements."""
    path = BILLS / f"{deployed.name}.cdx.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    words = ("cyclonedx_py", "requirements", "-", "--output-format", "JSON", "--output-reproducible")
    done = run_tool((*words, "--output-file", str(path)), deployed.texts())
    if done.returncode:
        raise AuditError(f"cyclonedx-py wrote no bill of the {deployed.name}: {last_lines(done.stderr)}")
    return path


def look_up(deployed: Deployed) -> Verdict:
    """Ask pip-audit about every requirement, just as it is pinned. Raises AuditError where it gives no answer."""
    files = [word for name in deployed.requirements for word in ("--requirement", str(ROOT / name))]
    words = ("pip_audit", "--no-deps", "--disable-pip", "--format", "json", "--progress-spinner", "off")
    done = run_tool((*words, *files))
    try:
        verdict = read_answer(json.loads(done.stdout))
    except (ValueError, KeyError, TypeError) as error:
        said = last_lines(done.stderr) or f"an answer that cannot be read ({error!r})"
        raise AuditError(f"pip-audit gave no answer on the {deployed.name}: {said}") from error
    if not verdict.looked_up:
        # A mirror of the packages alone answers like this; the tool itself would call it clean.
        raise AuditError(f"pip-audit's service knows no package of the {deployed.name}: {verdict.unknown[0]}")
    return verdict


def read_answer(answer: Any) -> Verdict:
    """Read pip-audit's JSON. Raises KeyError, TypeError or ValueError on anything that is none."""
    known = [entry for entry in answer["dependencies"] if "skip_reason" not in entry]
    skipped = [entry for entry in answer["dependencies"] if "skip_reason" in entry]
    if not answer["dependencies"]:
        raise ValueError("no package was looked up")
    findings = {
        Finding(entry["name"], entry["version"], advisory["id"], tuple(advisory["fix_versions"]))
        for entry in known
        for advisory in entry["vulns"]
    }
    unknown = tuple(sorted(f"{entry['name']}: {entry['skip_reason']}" for entry in skipped))
    return Verdict(len(known), tuple(sorted(findings)), unknown)


def run_tool(words: Sequence[str], given: str = "") -> subprocess.CompletedProcess[str]:
    """Run a tool of the environment that this interpreter is of."""
    return subprocess.run(
        [sys.executable, "-m", *words], input=given, capture_output=True, encoding="utf-8", check=False
    )


def last_lines(said: str) -> str:
    """The end of what a tool said, where its reason stands."""
    return " ".join(" ".join(said.strip().splitlines()[-_SAID_LINES:]).split())


if __name__ == "__main__":
    sys.exit(main())
