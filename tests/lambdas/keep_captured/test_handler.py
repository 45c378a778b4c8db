"""What was captured of production becomes pictures that people open, as far as it may be kept, and within a limit."""

from __future__ import annotations

import base64
import io
import json
from types import SimpleNamespace
from typing import Any

import pytest

from lambdas.keep_captured import handler as function
from lambdas.keep_captured.filtering import Filter
from lambdas.keep_captured.handler import handler
from tests.lambdas.conftest import Bucket, Context
from workflow.contract.capture import OWN_REQUEST, Captured, OtherName, named_key
from workflow.contract.reading import ContractError

KEY = "captured/raw/greenlight-production/main/2026/11/30/12/00-01-one.jsonl"
JPEG = b"\xff\xd8\xff\xe0 a picture"
ANSWER = {"model_digest": "a" * 64, "width": 4, "height": 3, "detections": []}


def line(
    identity: str = "one",
    body: bytes = JPEG,
    taken: str = "2026-11-30T12:00:01Z",
    caller_id: str = "",
    name: str = "",
    **more: Any,
) -> bytes:
    """A line as SageMaker writes it; ``name`` is the answer's own id, ``caller_id`` that of who asked."""
    given = {"observedContentType": "image/jpeg", "mode": "INPUT", "encoding": "BASE64"}
    answer = json.dumps({"inference_id": name, **ANSWER} if name else ANSWER)
    said = {"observedContentType": "application/json", "mode": "OUTPUT", "encoding": "JSON", "data": answer}
    data = {"endpointInput": {**given, "data": base64.b64encode(body).decode()}, "endpointOutput": said}
    about = {"eventId": identity, "inferenceTime": taken, **({"inferenceId": caller_id} if caller_id else {})}
    return json.dumps({"captureData": data, "eventMetadata": about, "eventVersion": "0", **more}).encode() + b"\n"


def told(key: str = KEY) -> dict[str, Any]:
    """What EventBridge tells of an object that came."""
    return {"detail": {"bucket": {"name": Bucket.name}, "object": {"key": key}}}


def kept_of(account: Bucket) -> list[str]:
    """The keys of the pictures and documents that were kept."""
    return [key for key in account.stored() if not key.startswith("captured/named/")]


@pytest.fixture
def account(bucket: Bucket, table: Any) -> Bucket:
    """The bucket, beside the table."""
    return bucket


def test_a_file_of_many_requests_becomes_a_picture_and_a_document_of_each(account: Bucket, context: Context) -> None:
    """Under the day it was taken; the file that no program opens is gone."""
    account.put(KEY, line("one") + line("two", b"\x89PNG\r\n\x1a\n rest", "2026-12-01T00:00:00Z"))
    assert handler(told(), context) == {"kept": 2, "left_out": 0, "unreadable": 0}
    kept = "captured/kept/2026/11/30/one"
    later = "captured/kept/2026/12/01/two"
    assert kept_of(account) == [f"{kept}.jpg", f"{kept}.json", f"{later}.json", f"{later}.png"]
    assert account.get(f"{kept}.jpg") == JPEG
    document = Captured.parse(json.loads(account.get(f"{kept}.json")))
    assert document == Captured(
        id="one",
        endpoint="greenlight-production",
        variant="main",
        taken="2026-11-30T12:00:01+00:00",
        picture=f"{kept}.jpg",
        content_type="image/jpeg",
        model_digest="a" * 64,
        answer=ANSWER,
    )


def test_an_answer_is_kept_by_its_own_id_and_found_by_the_caller_s(account: Bucket, context: Context) -> None:
    """By its own without an index, under the day that it says; the caller's, which may be anybody's, by its digest."""
    name = "20261129T235959-aaaaaaaaaaaa-00000000000000ff"
    account.put(KEY, line("one", caller_id="order 7 of maria", name=name))
    assert handler(told(), context)["kept"] == 1
    document = f"captured/kept/2026/11/29/{name}.json"
    assert kept_of(account) == [f"captured/kept/2026/11/29/{name}.jpg", document]
    assert json.loads(account.get(document))["id"] == name
    (named,) = set(account.stored()) - set(kept_of(account))
    assert named == named_key("order 7 of maria")
    assert OtherName.parse(json.loads(account.get(named))).document_key == document


def test_an_answer_of_lines_is_kept_by_the_id_that_all_of_them_say(account: Bucket, context: Context) -> None:
    """As of many pictures at once, or of a video; what it says of which of them is nobody's answer to one picture."""
    name = "20261129T235959-aaaaaaaaaaaa-00000000000000ff"
    said = json.dumps({"inference_id": name, **ANSWER})
    whole = json.loads(line("one"))
    whole["captureData"]["endpointOutput"]["data"] = f"{said}\n{said}"
    account.put(KEY, json.dumps(whole).encode())
    assert handler(told(), context)["kept"] == 1
    document = Captured.parse(json.loads(account.get(f"captured/kept/2026/11/29/{name}.json")))
    assert (document.id, document.model_digest, document.answer) == (name, "a" * 64, None)


@pytest.mark.parametrize("name", ["", "../../models/evil", "20261129T235959-bbbbbbbbbbbb-00000000000000ff"])
def test_an_answer_without_a_name_of_its_own_is_kept_and_found_by_sagemaker_s(
    account: Bucket, context: Context, name: str
) -> None:
    """One of a model from before answers had names, and one that names another model than gave it."""
    account.put(KEY, line("one", caller_id="mine", name=name))
    assert handler(told(), context)["kept"] == 1
    assert kept_of(account) == ["captured/kept/2026/11/30/one.jpg", "captured/kept/2026/11/30/one.json"]
    assert set(account.stored()) - set(kept_of(account)) == {named_key("mine"), named_key("one")}


@pytest.mark.parametrize(
    ("body", "ending"),
    [
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "webp"),
        (b"II*\x00 tiff", "tif"),
        (b"\x93NUMPY array", "npy"),
        (b'{"image": "..."}', "request.json"),
        (b"<html>", "bin"),
    ],
)
def test_a_request_is_named_by_what_it_is(account: Bucket, context: Context, body: bytes, ending: str) -> None:
    """Whatever its sender called it; a request of JSON does not take its document's place."""
    account.put(KEY, line("one", body))
    assert handler(told(), context)["kept"] == 1
    assert account.get(f"captured/kept/2026/11/30/one.{ending}") == body
    assert json.loads(account.get("captured/kept/2026/11/30/one.json"))["answer"] == ANSWER


def test_what_a_release_asks_itself_is_nobodys_request(account: Bucket, context: Context) -> None:
    """Held-out pictures among production's would hide a drift, and be chosen to train on."""
    account.put(KEY, line("one", caller_id=OWN_REQUEST) + line("two"))
    assert handler(told(), context) == {"kept": 1, "left_out": 1, "unreadable": 0}
    assert kept_of(account) == ["captured/kept/2026/11/30/two.jpg", "captured/kept/2026/11/30/two.json"]


def test_a_day_holds_so_much_and_no_more(account: Bucket, table: Any, context: Context) -> None:
    """A megabyte here. The next day has room again."""
    half = JPEG + bytes(600_000)
    account.put(KEY, line("one", half) + line("two", half) + line("three") + line("four", half, "2026-12-01T00:00:00Z"))
    assert handler(told(), context) == {"kept": 3, "left_out": 1, "unreadable": 0}
    assert not [key for key in account.stored() if "/two." in key]
    account.put(
        KEY, line("five", JPEG + bytes(1_000_001), "2026-12-02T00:00:00Z") + line("six", taken="2026-12-02T01:00:00Z")
    )
    assert handler(told(), context) == {"kept": 1, "left_out": 1, "unreadable": 0}


@pytest.mark.parametrize(
    "broken",
    [
        b"no json\n",
        b"[" * 200_000 + b"\n",
        b"{}\n",
        line("../../models/evil"),
        line().replace(b"BASE64", b"BASE64").replace(base64.b64encode(JPEG), b"=!="),
        line(taken="noon"),
    ],
    ids=["text", "nested", "empty", "name", "base64", "time"],
)
def test_a_line_that_is_not_whole_costs_no_other(account: Bucket, context: Context, broken: bytes) -> None:
    """It is counted, and no name in it leads out of the folder."""
    account.put(KEY, broken + line("good"))
    assert handler(told(), context) == {"kept": 1, "left_out": 0, "unreadable": 1}
    assert kept_of(account) == ["captured/kept/2026/11/30/good.jpg", "captured/kept/2026/11/30/good.json"]


def test_a_file_that_was_taken_already_is_no_error(account: Bucket, context: Context) -> None:
    """S3 may tell twice."""
    account.put(KEY, line())
    handler(told(), context)
    assert handler(told(), context) == {"kept": 0, "left_out": 0, "unreadable": 0}


@pytest.mark.parametrize("key", ["captured/kept/2026/11/30/one.json", "models/a/model.tar.gz", "captured/raw/x.jsonl"])
def test_no_other_object_is_taken(account: Bucket, context: Context, key: str) -> None:
    """It would be deleted."""
    account.put(key, line())
    with pytest.raises(ContractError):
        handler(told(key), context)
    assert account.stored() == [key]


class Asked:
    """A function of the team's own, and what it was asked."""

    def __init__(self, answer: dict[str, Any] | bytes, **also: Any) -> None:
        self.answer = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.also = also
        self.calls: list[dict[str, Any]] = []

    def invoke(self, FunctionName: str, Payload: bytes) -> dict[str, Any]:
        """As Lambda answers."""
        assert FunctionName == "arn:aws:lambda:us-east-1:123456789012:function:blur"
        self.calls.append(json.loads(Payload))
        return {"Payload": io.BytesIO(self.answer), **self.also}


def ask(monkeypatch: pytest.MonkeyPatch, asked: Asked) -> None:
    """Have every record asked about."""
    monkeypatch.setattr(function, "environment", SimpleNamespace(**{**vars(function.environment), "filter": "yes"}))
    name = "arn:aws:lambda:us-east-1:123456789012:function:blur"
    monkeypatch.setattr(function, "own", Filter(asked, name))


def test_what_comes_back_from_the_filter_is_kept(
    account: Bucket, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the picture as it came is nowhere."""
    blurred = JPEG + b" blurred"
    asked = Asked({"keep": True, "picture": base64.b64encode(blurred).decode()})
    ask(monkeypatch, asked)
    account.put(KEY, line())
    assert handler(told(), context)["kept"] == 1
    assert asked.calls[0]["endpoint"] == "greenlight-production"
    assert base64.b64decode(asked.calls[0]["picture"]) == JPEG
    assert [account.get(key) for key in account.stored() if key.endswith(".jpg")] == [blurred]


@pytest.mark.parametrize(
    "asked",
    [
        Asked({"keep": False}),
        Asked({}),
        Asked({"keep": "yes"}),
        Asked(b"not json"),
        Asked({"keep": True, "picture": "=!="}),
        Asked({"keep": True, "picture": None}),
        Asked({"keep": True, "picture": ""}),
        Asked({"keep": True}, FunctionError="Unhandled"),
    ],
    ids=["no", "nothing", "text", "noise", "base64", "null", "empty", "failed"],
)
def test_what_the_filter_does_not_allow_is_not_kept(
    account: Bucket, context: Context, monkeypatch: pytest.MonkeyPatch, asked: Asked
) -> None:
    """Only a plain yes is one."""
    ask(monkeypatch, asked)
    account.put(KEY, line())
    assert handler(told(), context) == {"kept": 0, "left_out": 1, "unreadable": 0}
    assert account.stored() == []


def test_a_picture_too_large_to_be_asked_about_is_not_kept(
    account: Bucket, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lambda passes on six megabytes."""
    asked = Asked({"keep": True})
    ask(monkeypatch, asked)
    account.put(KEY, line("one", JPEG + bytes(5_000_000)))
    assert handler(told(), context)["left_out"] == 1
    assert not asked.calls
