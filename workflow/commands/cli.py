"""The ``greenlight`` command: puts the commands together and turns errors into readable lines and exit codes.

Every command works on AWS and on the stand-in; which of them is meant is boto3's own configuration. Exit codes: 0 done,
1 it failed, 2 it was asked for wrongly, 130 interrupted. What takes time to load is imported where it is used.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from workflow.commands import decisions, listing, looking, production, runs, stack, steering
from workflow.commands.adoption import adopt
from workflow.commands.batch import batch
from workflow.commands.console import console
from workflow.commands.datasets import datasets
from workflow.commands.doctor import doctor
from workflow.commands.drift import drift
from workflow.commands.feedback import feedback
from workflow.commands.image import image
from workflow.commands.labelling import label
from workflow.commands.predict import predict
from workflow.commands.session import Session
from workflow.commands.track import track
from workflow.contract.plain_text import show_lines
from workflow.errors import GreenlightError
from workflow.terminal import fit

if TYPE_CHECKING:
    from workflow.clients import Cloud

INTERRUPTED = 130


class InOrder(click.Group):
    """Lists the commands in the order a person needs them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names as they were added."""
        return list(self.commands)


@click.group(
    cls=InOrder,
    commands=[
        stack.local,
        stack.deploy,
        doctor,
        image,
        runs.upload,
        datasets,
        runs.start,
        runs.watch,
        steering.stop,
        steering.redrive,
        listing.runs,
        looking.logs,
        looking.report,
        listing.compare,
        decisions.approvals,
        decisions.approve,
        decisions.reject,
        production.releases,
        production.rollback,
        adopt,
        predict,
        track,
        feedback,
        batch,
        label,
        drift,
        console,
        stack.destroy,
    ],
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
