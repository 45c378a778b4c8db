"""A signed request starts one build; any other starts none, and learns nothing."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from lambdas.start_by_code import handler as function
from lambdas.start_by_code.handler import Secret, handler
from lambdas.start_by_code.signature import is_signed, read_signed, sign
from tests.lambdas.conftest import Context
from tests.lambdas.executions import Machine

SECRET = "0123456789abcdef0123456789abcdef"


class Secrets:
    """Secrets Manager with one secret."""

    def __init__(self, value: str) -> None:
        self.value, self.read = value, 0

    def get_secret_value(self, **asked: str) -> dict[str, str]:
        """The secret."""
        assert asked == {"SecretId": "greenlight-webhook"}
        self.read += 1
        return {"SecretString": self.value + "\n"}


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    """The machine that is started."""
    made = Machine()
    monkeypatch.setattr(function, "stepfunctions", made)
    return made


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch) -> Secrets:
    """The stack's secret, not read yet."""
    made = Secrets(SECRET)
    monkeypatch.setattr(function, "secretsmanager", made)
    monkeypatch.setattr(function, "secret", Secret())
    return made


def request(body: str = "{}", *, secret: str = SECRET, age: int = 0, method: str = "POST") -> dict[str, Any]:
    """A request as a function URL hands it on, signed so many seconds ago."""
    timestamp = str(int(time.time()) - age)
    signed = {
        "x-greenlight-timestamp": timestamp,
        "x-greenlight-signature": f"sha256={sign(secret, timestamp, body.encode())}",
    }
    return {"headers": signed, "requestContext": {"http": {"method": method}}, "body": body}


def send(context: Context, event: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """Status and answer."""
    answered = handler(event, context)
    return answered["statusCode"], json.loads(answered["body"])


def test_a_signed_request_starts_a_build_with_its_input(machine: Machine, context: Context) -> None:
    """What its keys may hold is the plan's to say."""
    status, said = send(context, request('{"epochs": 3}'))
    assert status == 202
    assert machine.started == {said["run"]: {"started_by": "webhook", "epochs": 3}}
    assert said["run"].startswith("code-")
    encoded = request('{"epochs": 4, "started_by": "ci"}')
    encoded |= {"body": base64.b64encode(encoded["body"].encode()).decode(), "isBase64Encoded": True}
    status, said = send(context, encoded)
    assert machine.started[said["run"]] == {"started_by": "ci", "epochs": 4}


def test_a_request_that_is_sent_again_starts_nothing_more(machine: Machine, context: Context) -> None:
    """By whoever got no answer, or by whoever listened: its name is taken, and for longer than it counts as signed."""
    event = request()
    first = send(context, event)
    assert send(context, event) == first
    machine.ended = set(machine.started)
    assert send(context, event) == first
    assert len(machine.started) == 1


def test_requests_out_of_order_are_a_build_each(machine: Machine, context: Context) -> None:
    """Neither says what the code is: the stack does."""
    older, newer = request(age=60), request()
    assert [send(context, event)[0] for event in (newer, older)] == [202, 202]
    assert len(machine.started) == 2


def forged(**headers: str) -> dict[str, Any]:
    """A signed request with other headers of these names, dashes for underscores."""
    event = request()
    return {
        **event,
        "headers": {**event["headers"], **{f"x-greenlight-{name}": text for name, text in headers.items()}},
    }


@pytest.mark.parametrize(
    "make",
    [
        lambda: request(secret="another" * 8),
        lambda: request(age=310),
        lambda: request(age=-310),
        lambda: {**request(), "body": '{"force": true}'},
        lambda: forged(signature="sha256=" + "0" * 64),
        lambda: forged(signature="sha256="),
        lambda: forged(timestamp="12"),
        lambda: forged(timestamp="\u0661\u0662\u0663"),
        lambda: {**request(), "headers": None},
    ],
)
def test_a_request_that_is_not_signed_now_is_refused_in_the_same_words(
    machine: Machine, context: Context, log_of: Any, make: Callable[[], dict[str, Any]]
) -> None:
    """Nobody learns what was wrong; the log holds no signature and no secret."""
    log = log_of(function)
    assert send(context, make()) == (401, {"error": "not signed with this stack's secret, or not just now"})
    assert not machine.started
    assert SECRET not in log.text
    assert "sha256=" not in log.text


def test_what_is_refused_at_once_costs_no_secret(machine: Machine, context: Context, secrets: Secrets) -> None:
    """Only what looks signed is worth a call; and a secret is read once in five minutes."""
    send(context, request(age=4000))
    assert secrets.read == 0
    for _ in range(3):
        send(context, request())
    assert secrets.read == 1
    assert function.secret.value(time.time() + 301) == SECRET
    assert secrets.read == 2


@pytest.mark.parametrize(
    ("make", "status"),
    [
        (lambda: request(method="GET"), 405),
        (lambda: request("[]"), 400),
        (lambda: request('{"confidence": NaN}'), 400),
        (lambda: request('{"confidence": 1e999}'), 400),
        (lambda: request("[" * 5_000 + "]" * 5_000), 400),
        (lambda: request("{"), 400),
        (lambda: request('{"a": "' + "a" * 17_000 + '"}'), 413),
        (lambda: {**request(), "body": "%", "isBase64Encoded": True}, 400),
    ],
)
def test_what_is_no_input_starts_nothing(
    machine: Machine, context: Context, make: Callable[[], dict[str, Any]], status: int
) -> None:
    """Whoever signed it is told what is wrong with it."""
    assert send(context, make())[0] == status
    assert not machine.started


def test_a_secret_that_could_be_guessed_is_none(machine: Machine, context: Context, secrets: Secrets) -> None:
    """An empty one would let everybody in."""
    for value in ("", "short"):
        secrets.value = value
        assert send(context, request(secret=value))[0] == 503
    assert not machine.started


def test_a_signature_is_over_time_and_body_together() -> None:
    """Neither can be exchanged, and nothing moves from one to the other."""
    good = "sha256=" + sign(SECRET, "12", b"34")
    assert is_signed(SECRET, "12", good, b"34")
    assert not any(is_signed(SECRET, *other) for other in (("1", good, b"234"), ("12", good, b"35")))
    assert read_signed({"x-greenlight-timestamp": "12", "x-greenlight-signature": good}, 312) == ("12", good)
    assert read_signed({"x-greenlight-timestamp": "12", "x-greenlight-signature": good}, 313) is None
