"""Makes the pictures of the documentation from one real run: ``python -m tests.pictures`` (``make pictures``).

A demonstration is run in a terminal, to its end in production; a second build after it is refused by the gate. On the
way the terminal, the approver's page, the report and every page of the console are photographed into
``.greenlight/pictures``; the few that documents show go to ``.github/pictures``.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.pictures.pages import Camera, camera
from tests.pictures.still import draw
from tests.terminal import ROOT, Terminal
from workflow.standin import read_environment, read_mail

ALL, SHOWN = ROOT / ".greenlight/pictures", ROOT / ".github/pictures"
IN_DOCUMENTS = (
    "terminal-training.svg",
    "console-run-desk-light.png",
    "console-run-desk-dark.png",
    "approval-phone-light.png",
    "approval-phone-dark.png",
    "report-desk-light.png",
    "report-desk-dark.png",
)
COLUMNS, LINES, PORT = 100, 30, 4811
PATIENCE = 1800
"""Seconds to wait for a training on a busy machine."""


def main() -> int:
    """Make them all."""
    shutil.rmtree(ALL, ignore_errors=True)
    for folder in (ALL, SHOWN):
        folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name, camera(ALL) as taking:
        folder = Path(name)
        state = folder / ".greenlight/local"
        try:
            photograph_demo(folder, taking)
            photograph_console(folder, environment(state), taking)
        finally:
            stop = [sys.executable, "-m", "infra.local", "--state", str(state), "--stop"]
            subprocess.run(stop, cwd=ROOT, check=False, capture_output=True)
    for picture in IN_DOCUMENTS:
        shutil.copy(ALL / picture, SHOWN)
    print(f"{len(list(ALL.iterdir()))} pictures in {ALL.relative_to(ROOT)}, {len(IN_DOCUMENTS)} of them in documents")
    return 0


def photograph_demo(folder: Path, taking: Camera) -> None:
    """The terminal while it trains, when it asks and at its end; the page and the report that are asked about."""
    command = [sys.executable, "-m", "workflow.demo"]
    given = {"APPROVE": "ask", "PORT": str(PORT)}
    with Terminal(command, COLUMNS, LINES, cwd=folder, environ=given) as terminal:
        terminal.wait_for("epoch 20/", PATIENCE)
        still(terminal, "terminal-training", "make demo")
        terminal.wait_for("approve / reject", PATIENCE)
        still(terminal, "terminal-approval", "make demo")
        mail = read_mail(f"http://127.0.0.1:{PORT}")[0]
        (ALL / "mail-approval.txt").write_text(f"{mail['subject']}\n\n{mail['body']}", encoding="utf-8")
        assert isinstance(mail["links"], list)
        link = next(link for link in mail["links"] if "/a/" in link)
        taking.take("approval", link)
        taking.take("approval-whole", link, whole=True)
        terminal.type("approve\r")
        terminal.wait_for("Done in", PATIENCE)
        assert terminal.end() == 0
        still(terminal, "terminal-end", "make demo")
    report = (folder / ".greenlight/demo/report/index.html").as_uri()
    taking.take("report", report)
    taking.take("report-whole", report, whole=True)


def photograph_console(folder: Path, environ: Mapping[str, str], taking: Camera) -> None:
    """Every page of the console, with a second build that the gate refuses and that is compared with the first."""
    run = ("start", "--dataset", "fasteners", "--set", "epochs=1", "--set", "force=true", "--watch")
    greenlight(folder, environ, *run, "--name", "too-short")
    builds = json.loads(greenlight(folder, environ, "runs", "--json"))
    names = [one["run"] for one in builds if one["kind"] == "build"]
    with console(environ) as url:
        for name, path in (
            ("console-runs", "/runs"),
            ("console-run", f"/runs/build/{names[-1]}?state=Train"),
            ("console-refused", f"/runs/build/{names[0]}"),
            ("console-compare", "/compare?" + "&".join(f"run={one}" for one in names)),
            ("console-start", "/start/build"),
            ("console-versions", "/versions"),
            ("console-endpoints", "/endpoints"),
            ("console-datasets", "/datasets"),
            ("console-mail", "/mail"),
        ):
            taking.take(name, url + path)


def still(terminal: Terminal, name: str, title: str) -> None:
    """Keep what the terminal shows."""
    (ALL / f"{name}.svg").write_text(draw(terminal.cells, title), encoding="utf-8")


def environment(state: Path) -> dict[str, str]:
    """The environment of a program that shall talk to the stand-in."""
    told = read_environment((state / "env").read_text(encoding="utf-8"))
    return {**os.environ, "PYTHONPATH": str(ROOT), **told}


def greenlight(folder: Path, environ: Mapping[str, str], *arguments: str) -> str:
    """What a command prints, whatever it ends with: a build that is refused ends with an error."""
    command = [sys.executable, "-m", "workflow.commands.cli", *arguments]
    done = subprocess.run(command, cwd=folder, env=dict(environ), capture_output=True, text=True, check=False)
    return done.stdout


@contextmanager
def console(environ: Mapping[str, str]) -> Iterator[str]:
    """The console; its address."""
    command = [sys.executable, "-m", "workflow.commands.cli", "console", "--port", "0", "--json"]
    with subprocess.Popen(command, env=dict(environ), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = str(json.loads(process.stdout.readline())["url"]).rstrip("/")
        time.sleep(1)
        yield url
        process.terminate()


if __name__ == "__main__":
    sys.exit(main())
