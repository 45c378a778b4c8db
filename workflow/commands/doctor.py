"""The command that looks whether an account and a stack are ready for a run."""

from __future__ import annotations

import click

from workflow.commands.session import Session, on_project, print_result


@click.command()
@click.option(
    "--set", "pairs", multiple=True, metavar="KEY=VALUE", help="A key of the input, such as training_instance=…"
)
@on_project
def doctor(session: Session, project: str, as_json: bool, pairs: tuple[str, ...]) -> int:
    """Check that everything is ready for a run.

    Credentials, limits, quotas, stack, images, mail: a line for each, and what to type where something is wrong.
    The exit code is 1 where there is a problem.
    """
    from dataclasses import asdict

    from workflow.runs.start import read_settings
    from workflow.stack.doctor import PROBLEM, examine

    found = list(examine(session.cloud, project, read_settings(pairs)))
    lines = [
        f"{one.state:<8} {one.what}: {one.said}" + (f"\n         → {one.then}" if one.then else "") for one in found
    ]
    print_result(as_json, [asdict(one) for one in found], "\n".join(lines))
    return 1 if any(one.state == PROBLEM for one in found) else 0
