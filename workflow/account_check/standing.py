"""Claims about the stack itself: it deploys, it is ready, its data are there, its schedule fires."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from workflow.account_check.options import DATASET
from workflow.account_check.proofs import Evidence
from workflow.account_check.site import Site, require
from workflow.commands.stack_lines import StackLines
from workflow.datasets.check import read_dataset
from workflow.datasets.upload import upload_dataset
from workflow.demo.sample import make_sample
from workflow.runs.lookup import recent_runs
from workflow.stack.deploy import deploy
from workflow.stack.doctor import OK, PROBLEM, examine
from workflow.stack.outputs import Stack, describe_stack
from workflow.stack.subscription import count

AHEAD_SECONDS, LOCAL_AHEAD_SECONDS = 180, 30
"""How far ahead the schedule is set at least, on AWS and on the stand-in: longer than a change of the stack takes."""
LATE_SECONDS = 300
"""How late it may come, and SNS may count."""


def stand(site: Site) -> Evidence:
    """The stack is made, images included, and a queue hears what is mailed."""
    options = site.options
    stack = change(
        site,
        email=options.email or None,
        defaults=options.defaults,
        parameters=options.stack_parameters,
        role_arn=options.role_arn,
        base_image=options.base_image,
    )
    topics = (stack.topic_arn, stack.trouble_topic_arn)
    site.inbox.open(*topics)
    site.begin_to_count()
    # SNS counts its subscriptions with a delay, and a run that nobody would be told of is refused.
    site.wait(lambda: all(count(site.cloud, topic)[0] for topic in topics), "SNS counts no subscription", LATE_SECONDS)
    described = describe_stack(site.cloud, stack.project)
    return {"stack": str(described["StackId"]) if described else ""}


def change(site: Site, **given: Any) -> Stack:
    """Deploy with what is given; the site's stack from then on."""
    lines = StackLines(lambda line: site.say(f"    {line}"))
    site.stack = deploy(site.options.project, cloud=site.cloud, on_progress=lines.hear, **given)
    return site.stack


def be_ready(site: Site) -> Evidence:
    """What `greenlight doctor` looks at is well, quotas included."""
    found = list(examine(site.cloud, site.stack.project, {}))
    problems = [f"{one.what}: {one.said} → {one.then}" for one in found if one.state == PROBLEM]
    require(not problems, "; ".join(problems))
    unknown = [one.what for one in found if one.state not in (OK, PROBLEM)]
    looked = f"{len(found)} things, {sum(one.what.startswith('quota') for one in found)} quotas among them"
    return {"looked at": looked, **({"not known": ", ".join(unknown)} if unknown else {})}


def hold_data(site: Site) -> Evidence:
    """The sample is drawn, checked and uploaded, to where a run looks that names no data."""
    make_sample(site.folder)
    dataset = read_dataset(site.folder)
    done = upload_dataset(site.cloud, site.stack.bucket, dataset, DATASET, lambda *_: None)
    return {"data": f"{dataset.text()} in {done.uri}"}


def set_schedule(site: Site) -> Evidence:
    """The stack is changed while runs are on their way: its schedule is to start one in a few minutes."""
    ahead = timedelta(minutes=1, seconds=LOCAL_AHEAD_SECONDS if site.cloud.local else AHEAD_SECONDS)
    # It begins with its minute, so a whole one more.
    at = datetime.now(UTC) + ahead
    expression = f"cron({at.minute} {at.hour} * * ? *)"
    change(site, parameters={"ScheduleState": "ENABLED", "ScheduleExpression": expression, "ScheduleTimezone": "UTC"})
    return {"schedule": expression}


def fire_schedule(site: Site) -> Evidence:
    """A run came of the schedule, and was planned; it is stopped, for what it would build is not needed."""
    started = set(site.runs.values())
    found: list[str] = []

    def came() -> bool:
        runs = recent_runs(site.cloud, (site.stack.build_machine_arn,), 10)
        found[:] = [one.execution for one in runs if one.execution not in started]
        return bool(found)

    site.wait(came, "the schedule started no run", LATE_SECONDS)
    planned = site.follow(found[0], lambda view: any(row.status == "done" for row in view.rows))
    require(planned.outcome is None or planned.outcome.succeeded, f"it {planned.outcome and planned.outcome.text()}")
    if planned.outcome is None:
        site.cloud.call("stepfunctions", "stop_execution", executionArn=found[0], cause="the account check")
    return site.show(found[0])


def be_confirmed(site: Site) -> Evidence:
    """The mails that ask to confirm both subscriptions arrived, and somebody opened their links."""
    topics = (site.stack.topic_arn, site.stack.trouble_topic_arn)
    waiting = sum(count(site.cloud, topic)[1] for topic in topics)
    require(not waiting, f"{waiting} of the two subscriptions of {site.options.email} are not confirmed")
    return {"mailed": site.options.email}
