"""The ``greenlight`` command: puts the commands together and turns errors into readable lines and exit codes.

Every command works on AWS and on the stand-in; which of them is meant is boto3's own configuration. Exit codes: 0 done,
1 it failed, 2 it was asked for wrongly, 130 interrupted. What takes time to load is imported where it is used.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from workflow.commands.session import Session
from workflow.contract.plain_text import show_lines
from workflow.errors import GreenlightError
from workflow.terminal import fit

if TYPE_CHECKING:
    from workflow.clients import Cloud

INTERRUPTED = 130

COMMANDS = {
    "local": "stack",
    "deploy": "stack",
    "doctor": "doctor",
    "image": "image",
    "upload": "runs",
    "datasets": "datasets",
    "start": "runs",
    "watch": "runs",
    "stop": "steering",
    "redrive": "steering",
    "runs": "listing",
    "logs": "looking",
    "report": "looking",
    "compare": "listing",
    "approvals": "decisions",
    "approve": "decisions",
    "reject": "decisions",
    "releases": "production",
    "rollback": "production",
    "adopt": "adoption",
    "predict": "predict",
    "track": "track",
    "feedback": "feedback",
    "batch": "batch",
    "label": "labelling",
    "drift": "drift",
    "console": "console",
    "destroy": "stack",
}
"""The commands in the order a person needs them, each with the module of this package that has it by its name."""


class Commands(click.Group):
    """Loads a command when it is asked for, and all of them for the list alone."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """See ``COMMANDS``."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """See ``load``; None for a name that is not known."""
        return load(cmd_name) if cmd_name in COMMANDS else None


def load(name: str) -> click.Command:
    """One of ``COMMANDS``."""
    command: click.Command = getattr(importlib.import_module(f"workflow.commands.{COMMANDS[name]}"), name)
    return command


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="greenlight", message="greenlight %(version)s", help="Print the version.")
def greenlight() -> None:
    """From labelled images to an approved production endpoint.

    Works on AWS, and on this machine after
    'greenlight local --detach; source .greenlight/local/env'.
    """


def run(arguments: Sequence[str], cloud: Cloud | None = None) -> int:
    """Run one command and return its exit code; errors go to standard error."""
    try:
        code = greenlight.main(list(arguments), "greenlight", standalone_mode=False, obj=Session(cloud))
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except GreenlightError as error:
        click.echo(fit(f"greenlight: {show_lines(str(error))}", sys.stderr), err=True)
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        click.echo("\ninterrupted", err=True)
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of a pipe went away. Python would complain once more when it closes standard output.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        click.echo(f"greenlight: {error}", err=True)
        return 1
    return code if isinstance(code, int) else 0


def main() -> None:
    """The entry point."""
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
