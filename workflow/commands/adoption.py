"""The command that takes over what was approved before decisions were signed."""

from __future__ import annotations

import click

from workflow.commands.session import Session, confirm, on_project, print_result


@click.command()
@click.argument("version", type=click.IntRange(min=1))
@click.option("--reason", required=True, help="Why it is to be believed; kept with the decision.")
@click.option("--unreleased", is_flag=True, help="Also a version that was approved and never released.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@on_project
def adopt(
    session: Session, project: str, as_json: bool, version: int, reason: str, unreleased: bool, yes: bool
) -> None:
    """Sign for a VERSION approved before decisions were signed.

    You sign as your identity in AWS. What lies in S3 now is what is signed for: it must be what was registered.
    """
    from workflow.runs.adoption import adopt as send
    from workflow.runs.adoption import check_released
    from workflow.runs.releases import list_releases

    stack = session.stack(project)
    if not unreleased:
        check_released(list_releases(session.cloud, stack.table), version)
    confirm(yes, f"Sign for version {version}, so that it can be released?", "nothing was signed.")
    told = send(session.cloud, stack.decide_url, version, reason)
    kept = ("package_version", "model_package_arn", "decision", "by", "door", "comment", "at_epoch")
    shown = {key: told.get(key) for key in kept}
    print_result(as_json, shown, f"adopted: version {version}, as {told.get('by')}.")
