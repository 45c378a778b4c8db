"""Commands that stop a run, and let a stopped one go on."""

from __future__ import annotations

import click

from workflow.commands.session import Session, confirm, on_project, print_result, user_name, watch_to_its_end


@click.command()
@click.argument("run", default="")
@click.option("--why", default="", metavar="TEXT", help="Told to everyone, and kept with the run.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@on_project
def stop(session: Session, project: str, as_json: bool, run: str, why: str, yes: bool) -> None:
    """Stop a RUN and the job it is running.

    Where one run is under way, it need not be named. 'greenlight redrive' lets it go on at the state it was in.
    """
    from workflow.runs.lookup import find_execution
    from workflow.runs.steering import find_running, name_of, stop_run

    stack = session.stack(project)
    machines = stack.machines
    execution = find_execution(session.cloud, machines, run) if run else find_running(session.cloud, machines)
    name = name_of(execution)
    confirm(yes, f"Stop {name}, and the job that it is in?", f"{name} goes on.")
    stop_run(session.cloud, execution, ": ".join(part for part in (f"stopped by {user_name()}", why) if part))
    print_result(
        as_json,
        {"run": name, "execution": execution, "stopped": True},
        f"stopped {name}\n  go on    greenlight redrive {name}",
    )


@click.command()
@click.argument("run", default="")
@click.option("--watch", "follow", is_flag=True, help="Watch it until it ends.")
@on_project
def redrive(session: Session, project: str, as_json: bool, run: str, follow: bool) -> int:
    """Resume a stopped RUN at the state it was in.

    Without a name the newest build is meant. AWS lets a run go on within 14 days of its end. A run that failed has
    gone to its end, where everyone was told: 'greenlight start --like RUN' starts one like it.
    """
    from workflow.runs.lookup import find_execution
    from workflow.runs.steering import name_of, redrive_run

    stack = session.stack(project)
    execution = find_execution(session.cloud, stack.machines, run)
    redriven = redrive_run(session.cloud, execution)
    if follow:
        return watch_to_its_end(session, stack, execution, as_json)
    name = name_of(execution)
    print_result(
        as_json,
        {"run": name, "execution": execution, "redriven": redriven.isoformat(timespec="seconds")},
        f"{name} goes on; 'greenlight watch {name}' follows it.",
    )
    return 0
