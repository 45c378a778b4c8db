"""The mails that tell of a production which no release recorded, and of one that had its time. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from workflow.contract.champion import ChampionRecord
from workflow.contract.console_links import Links, write_links
from workflow.contract.names import subject_line
from workflow.contract.production import describe_foreign


@dataclass(frozen=True)
class Mail:
    """A subject that SNS accepts, and a text."""

    subject: str
    text: str


def write_foreign(
    project: str, endpoint: str, serving: str, recorded: ChampionRecord | None, links: Links = ()
) -> Mail:
    """What serves, what should, and what to do. SageMaker's names hold no sign that an address needs."""
    what = describe_foreign(endpoint, serving, recorded)
    lines = [
        f"{what}.",
        "",
        f"Endpoint    {endpoint}",
        f"Serves      {serving}",
        f"Recorded    {name_recorded(recorded)}",
    ]
    if recorded is not None:
        lines += [f"Version     {recorded.package_version}", f"Package     {recorded.model_package_arn}", ""]
    if recorded is not None and recorded.by_batches:
        lines += [
            "Somebody made the endpoint beside the releases: production serves by batches, and has none. While it is",
            "there, every release is refused: delete it.",
        ]
    elif recorded is not None:
        lines += [
            "Somebody changed the endpoint beside the releases, or a release ended before it could record what it did.",
            "To bring the recorded version back, release its package. Nothing goes back to what is served now.",
        ]
    else:
        lines += ["", "Somebody made the endpoint beside the releases. To let releases serve, delete it and release."]
    lines += write_links(links)
    return Mail(subject_line(f"[{project}] {what}"), "\n".join(lines) + "\n")


def name_recorded(recorded: ChampionRecord | None) -> str:
    """What the last release recorded that production serves."""
    if recorded is None:
        return "nothing"
    return "batches, without an endpoint" if recorded.by_batches else recorded.production_configuration


def write_put_away(project: str, endpoint: str, recorded: ChampionRecord, hours: int) -> Mail:
    """That production had its time, and how it comes back."""
    what = f"{endpoint} was put away, {hours} h after version {recorded.package_version} was released"
    lines = [
        f"{what}, as the stack's ProductionHours asks. Nobody is answered there any more.",
        "",
        f"Version     {recorded.package_version}",
        f"Package     {recorded.model_package_arn}",
        "",
        "To bring it back, release its package: the endpoint is made anew, with all checks of a release.",
    ]
    return Mail(subject_line(f"[{project}] {what}"), "\n".join(lines) + "\n")
