"""Answers put beside their pictures' names, counted, and shown on a page; without a model and without OpenCV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from containers.serving.joining.answers import JoinError
from containers.serving.joining.joined import join
from containers.serving.joining.summary import SLOWEST, Summary
from containers.serving.joining.tables import HEAD
from tests.containers.page.browsing import CONTRASTS, opened

DIGEST = "d" * 64
HOSTILE = "<img src=x onerror=alert(1)>.jpg"
ENVIRONMENT = {
    "RUN": "batch-1",
    "PICTURES": "s3://bucket/batches/batch-1/pictures/",
    "COUNT": "4",
    "MODEL_DIGEST": DIGEST,
    "MODEL_VERSION": "7",
    "DATASET": "fasteners",
}
Put = Callable[[str, Any], None]


def seen(class_id: int, name: str, score: float) -> dict[str, Any]:
    """One object as the server answers it."""
    return {"class_id": class_id, "class": name, "score": score, "box": [1.0, 2.0, 3.0, 4.0]}


def answer(*found: dict[str, Any], ms: float = 5.0, digest: str = DIGEST) -> dict[str, Any]:
    """The answer to a picture."""
    return {"model_digest": digest, "width": 9, "height": 9, "detections": list(found), "timings_ms": {"decode": ms}}


@pytest.fixture
def put(tmp_path: Path) -> Put:
    """Writes an answer under a picture's name, as a transform job leaves it."""

    def write(name: str, document: Any) -> None:
        path = tmp_path / "input" / "answers" / f"{name}.out"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(document if isinstance(document, str) else json.dumps(document))

    return write


@pytest.fixture
def joined(tmp_path: Path, put: Put) -> Path:
    """The folder of a batch of four pictures: two with objects, one without, one that was refused."""
    put("a.jpg", answer(seen(0, "bolt", 0.91), seen(0, "bolt", 0.52), seen(1, "nut", 1.0), ms=7.5))
    put(f"deep/{HOSTILE}", answer(seen(1, "nut", 0.3)))
    put("empty.jpg", answer())
    put("broken.jpg", {"error": "the file ends early <b>", "status": 400})
    assert join(tmp_path, ENVIRONMENT, lambda *_: ()) == "3 of 4 pictures answered, 4 found, 1 refused"
    return tmp_path / "output" / "batch"


def test_every_picture_has_a_line_and_every_object_a_row(joined: Path) -> None:
    """Under the picture's own name; a refused one says why, an empty one is there too."""
    lines = [json.loads(line) for line in (joined / "answers.jsonl").read_text().splitlines()]
    assert [line["picture"] for line in lines] == ["a.jpg", "broken.jpg", f"deep/{HOSTILE}", "empty.jpg"]
    assert lines[0]["detections"][1]["score"] == 0.52
    rows = list(csv.reader(io.StringIO((joined / "answers.csv").read_text())))
    assert rows[0] == list(HEAD)
    assert rows[3] == ["a.jpg", "1", "nut", "1.0", "1.0", "2.0", "3.0", "4.0", ""]
    assert rows[4] == ["broken.jpg", "", "", "", "", "", "", "", "the file ends early <b>"]
    assert len(rows) == 1 + 3 + 1 + 1 + 1


def test_the_summary_counts_by_class_and_by_score(joined: Path) -> None:
    """A score of 1 belongs to the last bin."""
    summary = json.loads((joined / "summary.json").read_text())
    assert (summary["pictures"], summary["answered"], summary["empty"], summary["refused"]) == (4, 3, 1, 1)
    counted = {one["class"]: (one["objects"], one["pictures"], one["mean_score"]) for one in summary["classes"]}
    assert counted == {"bolt": (2, 1, 0.715), "nut": (2, 2, 0.65)}
    assert (sum(summary["scores"]), summary["scores"][19], summary["scores"][6]) == (4, 1, 1)
    assert summary["slowest"][0] == {"picture": "a.jpg", "ms": 7.5}
    assert summary["reasons"] == [{"picture": "broken.jpg", "error": "the file ends early <b>"}]


def test_the_slowest_are_few_however_many_pictures_there_are() -> None:
    """So is all that is kept of them."""
    from containers.serving.joining.answers import Answered

    summary = Summary()
    for number in range(500):
        summary.add(Answered(f"{number}.jpg", answer(ms=number)))
        summary.add(Answered(f"{number}.txt", {"error": "no picture"}))
    assert [name for _, name in summary.slowest()] == [f"{499 - at}.jpg" for at in range(SLOWEST)]
    assert (summary.refused, len(summary.reasons)) == (500, 100)


@pytest.mark.parametrize(
    ("document", "why"),
    [
        (answer(digest="e" * 64), "another model answered b.jpg"),
        ({"detections": []}, "another model answered b.jpg: None"),
        ("[]", "the answer to b.jpg is no JSON object"),
        ("<html>", "the answer to b.jpg is no JSON"),
    ],
)
def test_what_is_no_answer_of_the_approved_model_fails_the_join(
    tmp_path: Path, put: Put, document: Any, why: str
) -> None:
    """Whatever the others are."""
    put("a.jpg", answer())
    put("b.jpg", document)
    with pytest.raises(JoinError, match=why):
        join(tmp_path, ENVIRONMENT, lambda *_: ())


def test_a_batch_of_which_nothing_was_answered_fails_with_the_first_reason(tmp_path: Path, put: Put) -> None:
    """As where a folder of documents was given for one of pictures."""
    put("a.txt", {"error": "this is no picture"})
    with pytest.raises(JoinError, match=r"none of 1 pictures was answered: a\.txt: this is no picture"):
        join(tmp_path, ENVIRONMENT, lambda *_: ())


@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (360, "dark"), (1280, "light")])
def test_the_page_fits_asks_for_nothing_and_can_be_read(
    browser: Browser, joined: Path, width: int, scheme: str
) -> None:
    """Nothing is wider than the screen, all text has a contrast of 4.5 at least, a name with markup is text."""
    tab, asked = opened(browser, joined / "index.html", width, scheme)
    contrasts = tab.evaluate(CONTRASTS)
    assert len(contrasts) > 20
    assert [one for one in contrasts if one[0] < 4.5] == []
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    assert [address for address in asked if not address.startswith(("file:", "data:"))] == []
    assert tab.locator("img[onerror]").count() == 0
    assert HOSTILE in tab.inner_text("main")
    tab.close()
