"""Says of answers whether they were right: reads what is to be said, and has the stack's function keep it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from workflow.clients import Cloud
from workflow.contract.feedback import VERDICTS, Feedback
from workflow.contract.plain_text import show_plain
from workflow.contract.reading import ContractError
from workflow.errors import GreenlightError, UsageError

LONGEST_LINE = 200_000
"""Characters of a line of a list, as the function takes them."""
MOST_LINES = 100_000
AT_ONCE = 8


@dataclass(frozen=True)
class Said:
    """What came of one: the feedback that is kept, or the ``error`` for which nothing is."""

    inference_id: str
    feedback: Feedback | None = None
    error: str = ""

    def document(self) -> dict[str, Any]:
        """It as JSON."""
        if self.feedback is None:
            return {"inference_id": self.inference_id, "error": self.error}
        return self.feedback.document()

    def text(self) -> str:
        """It on one line."""
        if self.feedback is None:
            return show_plain(f"{self.inference_id}: {self.error}")
        found = self.feedback.agreement
        boxes = "" if found is None else f"  {found.both} of {found.answered} boxes right, {found.given} there"
        return f"{self.feedback.inference_id}  {self.feedback.verdict}{boxes}"


def read_boxes(file: Path) -> list[Any]:
    """The right boxes in a file: a list of them, or an object with such a list as its ``boxes`` or ``detections``.

    So an answer of the endpoint, mended, is such a file. Raises UsageError.
    """
    try:
        value = json.loads(file.read_bytes())
    except OSError as error:
        raise UsageError(f"--boxes {file}: cannot be read ({error.strerror}).") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"--boxes {file}: is no JSON ({error}).") from error
    if isinstance(value, Mapping):
        value = value.get("boxes", value.get("detections"))
    if not isinstance(value, list):
        raise UsageError(f'--boxes {file}: must hold a list of {{"class": "…", "box": [left, top, right, bottom]}}.')
    return [_bare(box) for box in value]


def read_list(lines: IO[str], where: str) -> list[dict[str, Any]]:
    """What a list says, a line each: ``ID right``, or a JSON object with inference_id, and verdict or boxes.

    Of several lines about one answer the last counts, as of a person's words: all are said at once, and any might be
    the last. Raises UsageError with the line at fault, before anything is said.
    """
    found: dict[str, dict[str, Any]] = {}
    for at, line in enumerate(_bounded(lines, where), 1):
        if line.strip():
            said = _read_line(line.strip(), f"{where}:{at}")
            found[str(said.get("inference_id"))] = said
        if len(found) > MOST_LINES:
            raise UsageError(f"{where}: holds more than {MOST_LINES:,} lines: give it in parts.")
    if not found:
        raise UsageError(f'{where}: says nothing: a line is an answer\'s id and "right" or "wrong".')
    return list(found.values())


def name_caller(cloud: Cloud, name: str) -> str:
    """Who says it: AWS's name of whoever calls, and for whom that one speaks."""
    arn = str(cloud.call("sts", "get_caller_identity")["Arn"])
    return f"{arn} for {name}" if name else arn


def say(cloud: Cloud, function: str, said: Mapping[str, Any], by: str) -> Said:
    """Have one feedback kept. Raises GreenlightError where the function itself fails."""
    answer = cloud.call("lambda", "invoke", FunctionName=function, Payload=json.dumps({**said, "by": by}).encode())
    told = answer["Payload"].read()
    identity = str(said.get("inference_id", ""))
    try:
        document = json.loads(told)
        if "FunctionError" in answer or not isinstance(document, dict):
            raise ValueError(told.decode("utf-8", "replace")[:500])
        if document.get("status") != 200:
            return Said(identity, error=str(document["error"]))
        return Said(identity, Feedback.parse(document))
    except (ValueError, KeyError, ContractError) as error:
        raise GreenlightError(
            f"{function} failed: {show_plain(str(error))}\n  its log: /aws/lambda/{function}"
        ) from error


def say_all(cloud: Cloud, function: str, said: Sequence[Mapping[str, Any]], by: str) -> Iterator[Said]:
    """Have all of it kept, several at once, told in its order."""
    from workflow.predictions.in_order import in_order

    return in_order(lambda one: say(cloud, function, one, by), said, AT_ONCE)


def _bounded(lines: IO[str], where: str) -> Iterator[str]:
    try:
        while line := lines.readline(LONGEST_LINE + 1):
            if len(line) > LONGEST_LINE:
                raise UsageError(f"{where}: a line is longer than {LONGEST_LINE:,} characters.")
            yield line
    except UnicodeDecodeError as error:
        raise UsageError(f"{where}: is no text in UTF-8 ({error}).") from error


def _read_line(line: str, where: str) -> dict[str, Any]:
    if line.startswith("{"):
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise UsageError(f"{where}: is no JSON ({error}).") from error
        return {key: value[key] for key in ("inference_id", "verdict", "boxes") if key in value}
    identity, _, verdict = line.rpartition(" ")
    if verdict not in VERDICTS or not identity.strip():
        raise UsageError(
            f'{where}: must be an answer\'s id and "right" or "wrong", or a JSON object, found {line[:80]!r}.'
        )
    return {"inference_id": identity.strip(), "verdict": verdict}


def _bare(box: Any) -> Any:
    """A box without what an answer says beside its class and place."""
    return {key: box[key] for key in ("class", "box") if key in box} if isinstance(box, Mapping) else box
