"""What happens to a stack, in lines that a person reads: what is to change by subject, what is paid for, how far it is.

CloudFormation tells each resource three times, some two hundred lines; the ones that fail are told as they are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from workflow.stack.changes import PLANNED, STACK, UPLOADED, Step

SUBJECTS = (
    ("functions", ("AWS::Lambda::",)),
    ("roles", ("AWS::IAM::",)),
    ("machines", ("AWS::StepFunctions::",)),
    ("data and records", ("AWS::S3::", "AWS::DynamoDB::")),
    ("keys", ("AWS::KMS::",)),
    ("alarms", ("AWS::CloudWatch::",)),
    ("messages and schedules", ("AWS::SNS::", "AWS::SQS::", "AWS::Events::", "AWS::Scheduler::")),
    ("registries", ("AWS::ECR::", "AWS::SageMaker::")),
    ("APIs", ("AWS::ApiGateway",)),
    ("logs", ("AWS::Logs::",)),
)
"""What a resource is about, by the beginning of its type."""
OTHERS = "others"

PAID = {
    "AWS::KMS::Key": "KMS key",
    "AWS::CloudWatch::Alarm": "alarm",
    "AWS::S3::Bucket": "bucket, by what it holds",
    "AWS::DynamoDB::Table": "table, by its use",
    "AWS::ECR::Repository": "image repository, by what it holds",
    "AWS::ApiGateway::RestApi": "API, by its requests",
    "AWS::ApiGatewayV2::Api": "HTTP API, by its requests",
}
"""What costs while it stands, or by its use; the rest of a stack is free or paid for by the run."""

NAMED = 4
"""So many names are told of what is changed; of more, their number."""
STEPS = 10
"""Lines of progress that a change has at most."""


@dataclass
class StackLines:
    """Hears steps and says lines; ``say`` gets each of them. Of one deployment or removal after another."""

    say: Callable[[str], None]
    _planned: list[Step] = field(default_factory=list)
    _uploaded: int = 0
    _expected: int = 0
    _done: int = 0
    _told: int = 0

    def hear(self, step: Step) -> None:
        """Take one thing that happened."""
        if step.kind and step.status in PLANNED:
            self._planned.append(step)
            return
        if step.status == UPLOADED:
            self._uploaded += 1
            return
        self.end()
        if not step.kind or step.status.endswith("_FAILED"):
            self.say(f"{step.resource:<24} {step.status} {step.reason}".rstrip())
        elif step.status.endswith("_COMPLETE") and step.kind != STACK:
            self._count()

    def end(self) -> None:
        """Say what was heard of uploads and of a plan, and not said yet."""
        if self._uploaded:
            files = "file" if self._uploaded == 1 else "files"
            self.say(f"{'code':<24} {self._uploaded} {files} {UPLOADED}")
        self._uploaded = 0
        if not self._planned:
            return
        for line in (*tell_changes(self._planned), *tell_paid(self._planned)):
            self.say(line)
        self._expected, self._done, self._told = len(self._planned), 0, 0
        self._planned = []

    def _count(self) -> None:
        self._done += 1
        share = max(1, -(-self._expected // STEPS))
        # A resource that is replaced ends twice, and of a removal nobody knows how much there is.
        if not self._expected and self._done % STEPS == 0:
            self.say(f"{'CloudFormation':<24} {self._done} resources done")
        elif self._expected >= self._done and self._done // share > self._told:
            self._told = self._done // share
            self.say(f"{'CloudFormation':<24} {self._done} of {self._expected} done")


def subject_of(kind: str) -> str:
    """What a resource of this type is about."""
    return next((name for name, starts in SUBJECTS if kind.startswith(starts)), OTHERS)


def tell_changes(planned: list[Step]) -> Iterator[str]:
    """A line for each subject: how many are made, changed, replaced and removed, with names where they are few."""
    for subject in (*(name for name, _ in SUBJECTS), OTHERS):
        about = [step for step in planned if subject_of(step.kind) == subject]
        if about:
            parts = [_part(word, [step.resource for step in about if step.status == word]) for word in PLANNED]
            yield f"{subject:<24} {', '.join(part for part in parts if part)}"


def _part(word: str, names: list[str]) -> str:
    if not names:
        return ""
    told = f"{len(names)} {word}"
    # What is new needs no names: all of it is.
    return told if word == PLANNED[0] or len(names) > NAMED else f"{told} ({', '.join(names)})"


def tell_paid(planned: list[Step]) -> Iterator[str]:
    """A line with what will be paid for from now on; none where nothing such is made."""
    made = Counter(step.kind for step in planned if step.status == PLANNED[0] and step.kind in PAID)
    if made:
        told = "; ".join(f"{made[kind]} × {what}" for kind, what in PAID.items() if kind in made)
        yield f"{'paid for':<24} {told} (infra/README.md, “What it costs”)"
