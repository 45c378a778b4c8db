"""What a person reads while a stack changes."""

from __future__ import annotations

from workflow.commands.stack_lines import StackLines
from workflow.stack.changes import Step


def heard(*steps: Step) -> list[str]:
    """The lines that these steps come to."""
    lines: list[str] = []
    listener = StackLines(lines.append)
    for step in steps:
        listener.hear(step)
    listener.end()
    return [" ".join(line.split()) for line in lines]


def test_a_plan_is_told_by_subject_with_names_where_they_are_few_and_what_is_paid_for() -> None:
    """Two hundred lines of resources say nothing to anybody."""
    plan = [Step(f"F{number}", "will be made", kind="AWS::Lambda::Function") for number in range(13)]
    plan += [Step("PlanRunRole", "will be changed", kind="AWS::IAM::Role")]
    plan += [Step("BuildMachine", "will be replaced", kind="AWS::StepFunctions::StateMachine")]
    plan += [Step("K", "will be made", kind="AWS::KMS::Key"), Step("A", "will be made", kind="AWS::CloudWatch::Alarm")]
    plan += [Step("Old", "will be removed", kind="AWS::New::Thing")]
    assert heard(*plan) == [
        "functions 13 will be made",
        "roles 1 will be changed (PlanRunRole)",
        "machines 1 will be replaced (BuildMachine)",
        "keys 1 will be made",
        "alarms 1 will be made",
        "others 1 will be removed (Old)",
        "paid for 1 × KMS key; 1 × alarm (infra/README.md, “What it costs”)",
    ]


def test_progress_is_ten_lines_and_a_failure_is_told_as_it_is() -> None:
    """Each resource is told twice and more by CloudFormation; why one failed is what somebody has to read."""
    plan = [Step(f"R{number}", "will be made", kind="AWS::Lambda::Function") for number in range(100)]
    events = []
    for step in plan:
        events.append(Step(step.resource, "CREATE_IN_PROGRESS", kind=step.kind))
        events.append(Step(step.resource, "CREATE_COMPLETE", kind=step.kind))
    said = heard(*plan, *events, Step("greenlight", "CREATE_COMPLETE", kind="AWS::CloudFormation::Stack"))
    assert said[1:] == [f"CloudFormation {done} of 100 done" for done in range(10, 101, 10)]
    failed = Step("Bucket", "CREATE_FAILED", "it exists", "AWS::S3::Bucket")
    assert heard(*plan, failed)[-1] == "Bucket CREATE_FAILED it exists"


def test_what_is_no_resource_is_told_as_it_happens() -> None:
    """Uploads, images, mail; what was planned before is told before it."""
    plan = Step("F", "will be made", kind="AWS::Lambda::Function")
    said = heard(Step("a.zip", "uploaded"), plan, Step("mail", "waits for its reader", "open the link"))
    assert said == ["code 1 file uploaded", "functions 1 will be made", "mail waits for its reader open the link"]
