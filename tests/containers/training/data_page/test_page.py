"""The page of a dataset: all that was found is on it, with its picture, whatever the names and the pictures hold."""

from __future__ import annotations

import base64
import io
import json
import re
import shutil
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from containers.training.data_page import samples
from containers.training.preparation.thumbnails import read_small
from tests.containers.serving.report.page_outline import Outline
from tests.containers.training.data_page.conftest import (
    EVIL,
    ROWS,
    SCRIPT,
    Examine,
    dirty,
    every_finding,
    label,
    page_of,
    small,
)
from tests.containers.training.preparation.conftest import Job, write_json
from tests.containers.training.preparation.layouts import draw
from workflow.contract.dataset_report import FINDINGS


def part(html: str, kind: str) -> str:
    """What the page shows of one kind."""
    return html.partition(f'<h3 id="{kind}">')[2].partition("<h3")[0].partition("</section>")[0]


def seen(html: str) -> list[Image.Image]:
    """The pictures in a piece of a page."""
    found = re.findall(r'href="data:image/jpeg;base64,([^"]+)"', html)
    return [Image.open(io.BytesIO(base64.b64decode(text))) for text in found]


def wrong(html: str) -> list[str]:
    """The corners of what is drawn as in question."""
    return re.findall(r'<g class="wrong"><polygon points="([^"]*)"', html)


def test_every_kind_is_counted_with_what_was_done_and_what_to_do(tmp_path: Path, examine: Examine) -> None:
    """As the report counts them, the serious ones first."""
    job = examine(dirty(tmp_path / "set"))
    page = Outline(page_of(job))
    kinds = Counter((one["kind"], one["action"]) for one in every_finding(job))
    assert len(job.report.counted) > 14
    for kind, action in kinds:
        advice = FINDINGS[kind].advice
        assert f"{kind} {advice[0].upper()}{advice[1:]}. {job.report.counted[kind]} {action}" in page.text
    assert f"{FINDINGS['outside-image'].advice[1:]}. A policy may drop or repair it." in page.text
    order = re.findall(r'<h3 id="([a-z-]+)">', page_of(job))
    assert set(order) == set(job.report.counted)
    rejected = [kind in job.report.rejected for kind in order]
    assert rejected == sorted(rejected, reverse=True)


def test_the_verdict_comes_first_with_what_is_typed_to_go_on(tmp_path: Path, examine: Examine) -> None:
    """Mended where that can be, else left out."""
    folder = small(tmp_path / "set")
    label(folder, "images-train0", ROWS["outside-image"])
    label(folder, "images-train1", ROWS["empty-box"])
    text = Outline(page_of(examine(folder))).text
    assert "Data bolts Rejected for 2 findings of 2 kinds To go on without mending it: " in text
    assert "mending it: empty-box=drop,outside-image=repair It is typed as POLICY= of make demo" in text


def test_sound_data_is_shown_as_such_with_its_splits_and_classes(tmp_path: Path, examine: Examine) -> None:
    """Nothing is in question, and nothing drawn."""
    text = Outline(page_of(examine(small(tmp_path / "set")))).text
    assert "Nothing rejects this data" in text
    assert "format YOLO, for the task detect" in text
    assert "train 6 pictures, 6 objects validation 2 pictures, 2 objects test 2 pictures, 2 objects" in text
    assert "Picture sizes: 32×24 (10)." in text
    assert "bolt 6 2 2" in text


def test_an_object_is_drawn_where_its_row_says(tmp_path: Path, examine: Examine) -> None:
    """Beyond the edge too, beside what is in order; corners are in units of 320 for the longer side."""
    html = page_of(examine(dirty(tmp_path / "set")))
    for figure in re.findall(r"<figure.*?</figure>", part(html, "outside-image")):
        if "images-train0.txt:7" in figure:
            break
    assert wrong(figure) == ["240.0,90.0 400.0,90.0 400.0,150.0 240.0,150.0"]
    assert 'viewBox="0.0 0.0 408.0 240.0"' in figure
    # The box, and the one around the outline.
    assert figure.count('<g class="right">') == 2
    assert wrong(part(html, "fractional-class")) == ["128.0,96.0 192.0,96.0 192.0,144.0 128.0,144.0"]
    assert 'class="ring"' in part(html, "empty-box")
    assert wrong(part(html, "not-a-number")) == []


def test_an_outline_is_drawn_as_an_outline(tmp_path: Path, examine: Examine) -> None:
    """Corner by corner, beyond the edge too."""
    folder = small(tmp_path / "set")
    for file in folder.glob("labels/*/*.txt"):
        file.write_text("0 0.2 0.2 0.4 0.1 0.3 0.4\n")
    label(folder, "images-train0", "0 0.2 0.2 0.4 0.1 1.25 0.4")
    html = page_of(examine(folder))
    assert wrong(part(html, "outside-image")) == ["64.0,48.0 128.0,24.0 400.0,96.0"]


def test_objects_of_a_format_without_lines_are_drawn_too(tmp_path: Path, examine: Examine) -> None:
    """COCO has pixels."""
    images = [{"id": at, "file_name": f"{split}/p.png", "width": 32, "height": 24} for at, split in enumerate("abc")]
    boxes = [{"id": at, "image_id": at, "category_id": 1, "bbox": [16, 6, 8 if at else 32, 6]} for at in range(3)]
    paper = {"images": images, "annotations": boxes, "categories": [{"id": 1, "name": "bolt"}]}
    files = {f"{split}/p.png": None for split in "abc"}
    html = page_of(examine(draw(tmp_path / "set", {**files, "all.json": json.dumps(paper)})))
    assert wrong(part(html, "outside-image")) == ["160.0,60.0 480.0,60.0 480.0,120.0 160.0,120.0"]


def test_copies_are_shown_beside_each_other(tmp_path: Path, examine: Examine) -> None:
    """With their splits, since that is what is wrong with them."""
    html = part(page_of(examine(dirty(tmp_path / "set"))), "leaked-image")
    assert html.count("<svg") == 2
    assert "images/train/leak.png · train" in html
    assert "images/test/images-test0.png · test" in html


def test_a_turned_picture_is_upright_and_sixteen_bits_are_eight(tmp_path: Path, examine: Examine) -> None:
    """As training reads them."""
    html = page_of(examine(dirty(tmp_path / "set")))
    [turned] = seen(part(html, "rotated-image"))
    assert turned.size == (120, 160)
    sixteen = next(one for one in re.findall(r"<figure.*?</figure>", part(html, "outside-image")) if "sixteen" in one)
    [grey] = seen(sixteen)
    assert np.ptp(np.asarray(grey.convert("L"))) > 100


def test_a_picture_that_cannot_be_decoded_says_why(tmp_path: Path, examine: Examine) -> None:
    """In its place."""
    html = page_of(examine(dirty(tmp_path / "set")))
    assert "no picture: its end is missing" in part(html, "truncated-image")
    assert "no picture: cannot be read as a picture" in part(html, "unreadable-image")


def test_the_page_runs_nothing_and_asks_for_nothing_whatever_names_hold(tmp_path: Path, examine: Examine) -> None:
    """Names are shown as they are; every address is a picture inside the page or a place on it."""
    html = page_of(examine(dirty(tmp_path / "set")))
    page = Outline(html)
    assert EVIL in page.text
    assert SCRIPT in page.text
    assert page.open == []
    assert not {tag for tag, _ in page.tags} & {"script", "link", "iframe", "object", "form", "base", "img", "use"}
    kinds = set(re.findall(r' id="([^"]+)"', html))
    for tag, attributes in page.tags:
        assert not [key for key in attributes if key.startswith("on") or key in ("style", "src", "action")]
        address = attributes.get("href") or ""
        assert address.startswith("data:image/jpeg;") if tag == "image" else address.removeprefix("#") in {*kinds, ""}
    levels = [int(tag[1]) for tag, _ in page.tags if tag in ("h1", "h2", "h3")]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_the_same_data_gives_the_same_bytes(tmp_path: Path, examine: Examine) -> None:
    """Wherever it lies."""
    first = page_of(examine(dirty(tmp_path / "one")))
    shutil.rmtree(tmp_path / "job")
    assert page_of(examine(dirty(tmp_path / "two"))) == first


def test_as_few_pictures_are_decoded_again_as_are_shown(
    tmp_path: Path, examine: Examine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three of a kind, however many there are, of as many pictures as that can be."""
    decoded: list[str] = []

    def counting(path: Path, side: int) -> Image.Image:
        decoded.append(path.name)
        return read_small(path, side)

    monkeypatch.setattr(samples, "read_small", counting)
    folder = small(tmp_path / "set")
    for number in range(6):
        label(folder, f"images-train{number}", *(f"0 1.{row:02} 0.5 0.5 0.25" for row in range(3)))
    html = part(page_of(examine(folder)), "outside-image")
    assert decoded == ["images-train0.png", "images-train1.png", "images-train2.png"]
    assert html.count("<figure") == 3
    assert html.count("<li>") == 18
    assert "all 18 findings" in html


def test_a_host_shows_the_pictures_that_it_has(tmp_path: Path, examine: Examine) -> None:
    """The first of several writes the page; what lies elsewhere is named, behind what is here."""
    folder = small(tmp_path / "set")
    for number in range(6):
        label(folder, f"images-train{number}", ROWS["outside-image"], ROWS["unknown-class"] if number == 0 else "")
    whole = examine(folder)
    jobs = []
    for number in (1, 2):
        job = Job(tmp_path / f"host{number}")
        shutil.copytree(whole.base / "processing/input/record", job.base / "processing/input/record")
        hosts = {"current_host": f"algo-{number}", "hosts": ["algo-1", "algo-2"]}
        write_json(job.base / "config/resourceconfig.json", hosts)
        for at, file in enumerate(sorted(path for path in folder.rglob("*") if path.is_file())):
            place = job.dataset / file.relative_to(folder)
            place.parent.mkdir(parents=True, exist_ok=True)
            if at % 2 == number - 1:
                shutil.copyfile(file, place)
        assert job.run("inspect") == 0
        jobs.append(job)
    for job in jobs:
        shared = job.base / "processing/input/inspected"
        write_json(shared / "inspection.json", {"version": 1, "instances": 2})
        for other in jobs:
            shutil.copytree(other.output("inspected"), shared, dirs_exist_ok=True)
        assert job.run() == 0
    assert not jobs[1].output("report/data.html").exists()
    html = page_of(jobs[0])
    assert "no picture: this picture lies on another instance" in part(html, "unknown-class")
    assert part(html, "outside-image").count("<svg") == 3
    assert html.count("<li>") == page_of(whole).count("<li>")
