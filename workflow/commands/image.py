"""The command that tries whether an image of one's own keeps the contract."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from workflow.commands.session import print_result
from workflow.contract.plain_text import show_lines

if TYPE_CHECKING:
    from workflow.images.check import Step


@click.group()
def image() -> None:
    """Check an image of your own before a stack uses it."""


@image.command()
@click.argument("image")
@click.option("--kind", type=click.Choice(["training", "serving"]), default=None, help="Which of the two it is.")
@click.option("--tool", type=click.Choice(["podman", "docker"]), default="podman", show_default=True, help="Runs it.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for a pipe.")
def check(image: str, kind: str | None, tool: str, as_json: bool) -> int:
    """Run the contract of containers/README.md against IMAGE: a built image, or a folder with a Dockerfile.

    A folder is run as a process, with the requirements beside its Dockerfile. Ends with 1 at the first promise that is
    not kept, with the reason and the last lines of its log.
    """
    from workflow.images.check import check_image

    told: list[Step] = []

    def say(step: Step) -> None:
        told.append(step)
        if not as_json:
            mark = "✗" if step.broken else "✓"
            click.echo(show_lines(f"  {mark} {step.name:<48} {step.seconds:6.1f} s   {step.broken}").rstrip())

    log = check_image(image, kind or "", tool, say)
    broken = next((step.broken for step in told if step.broken), "")
    verdict = f"{image} does not keep the contract." if broken else f"{image} keeps the contract."
    document = {"image": image, "kept": not broken, "steps": [asdict(step) for step in told], "log": log}
    print_result(as_json, document, f"{log}\n{verdict}" if log else verdict)
    return 1 if broken else 0
