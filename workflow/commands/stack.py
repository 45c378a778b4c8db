"""Commands on the whole stack: the stand-in it may live on, deploying it, deleting it."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import click

from workflow.commands.session import Session, confirm_by_name, on_project, print_result
from workflow.contract.plain_text import show_lines
from workflow.contract.stage_accounts import STAGES
from workflow.errors import UsageError

if TYPE_CHECKING:
    from workflow.stack.changes import Step


@click.command()
@click.option("--port", type=int, help="Where to listen; 0 takes a free port.  [default: 4566]")
@click.option("--host", help="On which address to listen.  [default: 127.0.0.1]")
@click.option("--state", type=click.Path(), help="Folder that keeps everything.  [default: .greenlight/local]")
@click.option("--image", multiple=True, metavar="NAME=DIR", help="Run images of this name from another folder.")
@click.option("--wait-scale", type=float, metavar="FACTOR", help="Multiply every pause, such as 0.1.  [default: 1]")
@click.option("--runtime", type=click.Choice(["process", "podman", "docker"]), help="How jobs and endpoints run.")
@click.option("--iam", is_flag=True, help="Enforce IAM policies on every request.")
@click.option("--warm", is_flag=True, help="Start functions ahead of their first calls.")
@click.option("--detach", is_flag=True, help="Start in the background, return when it is ready.")
@click.option("--stop", is_flag=True, help="Stop the stand-in that serves --state.")
def local(**options: Any) -> None:
    """Run the stand-in for AWS on this machine."""
    command = [sys.executable, "-m", "infra.local"]
    for name, value in options.items():
        flag = f"--{name.replace('_', '-')}"
        if value is True:
            command.append(flag)
        elif isinstance(value, tuple):
            command += [part for item in value for part in (flag, item)]
        elif value is not None and value is not False:
            command += [flag, str(value)]
    sys.stdout.flush()
    os.execv(sys.executable, command)  # noqa: S606 - this interpreter, with arguments from a list


@click.command()
@click.option("--email", help="Address that gets approval requests and failures.")
@click.option("--dataset", help="S3 address used when a run names no dataset.")
@click.option(
    "--default",
    "defaults",
    multiple=True,
    metavar="KEY=VALUE",
    help="Default of a run's input, such as epochs=100; 'greenlight start --help' lists the keys.",
)
@click.option(
    "--parameter",
    "parameters",
    multiple=True,
    metavar="NAME=VALUE",
    help="A parameter of infra/template.yaml, which explains each.",
)
@click.option(
    "--tag", "tags", multiple=True, metavar="KEY=VALUE", help="Tag of all that is created; KEY= takes it away."
)
@click.option("--role-arn", default="", metavar="ARN", help="Role that CloudFormation acts as, from now on.")
@click.option(
    "--images/--no-images",
    "build_images",
    default=True,
    help="Whether to build and push the container images, on AWS.  [default: images]",
)
@click.option("--changes", "only_show", is_flag=True, help="Show what would change, and change nothing of the stack.")
@click.option("--base-image", default="", envvar="BASE_IMAGE", help="What to build the images from.  [or $BASE_IMAGE]")
@click.option(
    "--account-of",
    type=click.Choice(STAGES),
    help="Deploy infra/account.yaml instead, into the account that this stage shall serve in, with its credentials.",
)
@click.option("--build-account", default="", metavar="NUMBER", help="With --account-of: the account that builds.")
@on_project
def deploy(
    session: Session,
    project: str,
    as_json: bool,
    email: str | None,
    dataset: str | None,
    defaults: tuple[str, ...],
    parameters: tuple[str, ...],
    tags: tuple[str, ...],
    role_arn: str,
    build_images: bool,
    only_show: bool,
    base_image: str,
    account_of: str | None,
    build_account: str,
) -> None:
    """Create the stack, or update it to this repository's state.

    Says before what changes, by subject, and what will be paid for; with --changes nothing else happens.
    """
    from dataclasses import asdict

    from workflow.commands.stack_lines import StackLines
    from workflow.runs.start import read_settings
    from workflow.stack.deploy import deploy as deploy_stack
    from workflow.stack.preview import preview

    lines = StackLines(lambda line: say(line, as_json))
    planned: list[Step] = []

    def hear(step: Step) -> None:
        planned.append(step)
        lines.hear(step)

    of_any_stack: dict[str, Any] = {
        "cloud": session.cloud,
        "parameters": dict(_split_pair(text, "--parameter") for text in parameters),
        "tags": dict(_split_pair(text, "--tag") for text in tags),
        "role_arn": role_arn,
        "on_progress": hear,
    }
    if account_of:
        if only_show or email or dataset or defaults:
            raise UsageError("--account-of goes with --build-account, --parameter, --tag and --role-arn alone.")
        _deploy_account(project, account_of, build_account, of_any_stack, as_json)
        return
    given = {
        **of_any_stack,
        "email": email,
        "dataset": dataset,
        "defaults": read_settings(defaults) if defaults else None,
        "images": build_images,
        "base_image": base_image,
    }
    if only_show:
        preview(project, **given)
        lines.end()
        changes = [asdict(step) for step in planned if step.kind]
        print_result(as_json, changes, f"{len(changes)} resources would change; nothing was changed.")
        return
    stack = deploy_stack(project, **given)
    text = f"{project} is deployed in {stack.region}. Bucket: {stack.bucket}"
    print_result(as_json, asdict(stack), text + (f"\nAPI: {stack.prediction_url}" if stack.prediction_url else ""))


def _deploy_account(project: str, stage: str, build_account: str, given: dict[str, Any], as_json: bool) -> None:
    from workflow.stack.stage_account import deploy_account, name_in_build_account

    account = deploy_account(project, stage, build_account, **given).account
    told = name_in_build_account(stage, account)
    text = f"{stage} may be served in account {account}. Then, in the account that builds: greenlight deploy … {told}"
    print_result(as_json, {"project": project, "stage": stage, "account": account}, text)


@click.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--records", default="", metavar="TABLE", help="Delete this record of decisions as well.")
@on_project
def destroy(session: Session, project: str, as_json: bool, yes: bool, records: str) -> None:
    """Delete the stack and everything in it: data, models, endpoints.

    The record of decisions stays: the stack's table with who approved what, and what was released when.
    Its name is told at the end. With that name, --records deletes it too, now or later.
    Nothing else can delete the stack by accident: it is protected until this command lifts that.
    """
    from workflow.commands.stack_lines import StackLines
    from workflow.stack.destroy import destroy as destroy_stack

    also = f" and the record of decisions {records}" if records else ""
    confirm_by_name(yes, f"Delete the stack {project} with all its data, models and endpoints{also}?", project)
    table = destroy_stack(
        project,
        records_table=records,
        cloud=session.cloud,
        on_progress=StackLines(lambda line: say(line, as_json)).hear,
    )
    stays = f" The record of decisions stays, in the table {table}." if table else ""
    print_result(as_json, {"project": project, "destroyed": True, "records": table}, f"{project} is gone.{stays}")


def say(line: str, as_json: bool) -> None:
    """Say what happened; on standard error where standard output carries JSON."""
    click.echo(show_lines(f"  {line}"), err=as_json)


def _split_pair(text: str, option: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise UsageError(f"{option} {text}: must be NAME=VALUE.")
    return key, value
