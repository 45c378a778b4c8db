"""What is worth a label: what the model is unsure of, what another one sees otherwise, and no ten of one scene."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from workflow.errors import UsageError
from workflow.labelling.choice import choose, shortlist
from workflow.labelling.scores import read_scores
from workflow.labelling.worth import Known, disagree, doubt, judge

BOX = [10.0, 10.0, 50.0, 50.0]


def seen(*scores: float, name: str = "bolt", box: Sequence[float] = BOX) -> dict[str, Any]:
    """An answer with an object of each score."""
    return {"detections": [{"class": name, "score": score, "box": list(box)} for score in scores]}


def sure(number: int) -> Known:
    """A picture of which nothing speaks."""
    return Known(f"sure-{number:03d}", seen(0.99), drift=1.0)


def best(pictures: Sequence[Known]) -> str:
    """The id of the one that is worth most."""
    return shortlist(pictures, 1)[0]


def test_doubt_is_what_scores_lack_and_a_crowd_is_no_more_doubtful_than_one() -> None:
    assert doubt(seen(0.5)) == 0.5
    assert doubt(seen(0.5)) == doubt(seen(0.5, 0.5)) > doubt(seen(0.5, 0.9))
    assert doubt(seen()) == 0
    ranked = {"classification": [{"class": "a", "score": 0.52}, {"class": "b", "score": 0.45}]}
    assert doubt(ranked) == pytest.approx(0.93)


def test_models_disagree_where_one_misses_moves_or_renames_an_object() -> None:
    one = seen(0.9)
    assert disagree(one, seen(0.6)) == 0
    assert disagree(one, seen()) == 1
    assert disagree(one, seen(0.9, name="nut")) == 1
    assert disagree(one, seen(0.9, box=[40, 40, 80, 80])) == 1
    assert disagree(one, seen(0.9, 0.8)) == pytest.approx(1 / 3)
    assert disagree(seen(), seen()) == 0


@pytest.mark.parametrize(
    ("odd", "why"),
    [
        (Known("odd", seen(0.55)), "unsure of bolt 0.55"),
        (Known("odd", seen()), "nothing was found in it"),
        (Known("odd", seen(0.99), second=seen()), "the other version sees something else"),
        (Known("odd", seen(0.99), drift=7.5), "drift 7.5"),
        (Known("odd", seen(0.99), verdict="wrong"), "somebody said that the answer is wrong"),
    ],
)
def test_each_reason_alone_brings_a_picture_to_the_front_and_is_told(odd: Known, why: str) -> None:
    pictures = [*(sure(number) for number in range(20)), odd]
    assert best(pictures) == "odd"
    assert why in judge(pictures)["odd"].why


def test_what_no_watch_has_looked_at_is_neither_behind_nor_before_what_one_has() -> None:
    """A watch looks at a day, and labels are chosen from a week: a picture's day says nothing of what it teaches."""
    watched = [Known(f"watched-{at}", seen(0.9), drift=float(at)) for at in range(11)]
    found = judge([*watched, *(Known(f"before-{at}", seen(0.9)) for at in range(30))])
    assert found["watched-0"].value < found["before-0"].value == found["watched-5"].value < found["watched-10"].value
    assert "nothing speaks for it" in found["before-0"].why
    assert {one.value for one in judge([Known(str(at), seen()) for at in range(3)]).values()} == {0.5}


def test_a_persons_word_outweighs_every_suspicion_and_what_is_right_is_left_out() -> None:
    suspect = Known("suspect", seen(0.5, 0.5), second=seen(), drift=9.0)
    pictures = [suspect, Known("wrong", seen(0.99), verdict="wrong"), Known("right", seen(0.5), verdict="right")]
    assert best(pictures) == "wrong"
    assert "right" not in judge(pictures)


def test_an_empty_answer_is_odd_only_where_others_are_not_empty() -> None:
    full = [sure(number) for number in range(9)]
    rare = judge([Known("empty", seen()), *full])["empty"].value
    usual = judge([*(Known(f"empty-{at}", seen()) for at in range(9)), Known("full", seen(0.9))])["empty-0"].value
    assert rare > 2 * usual


def scene(folder: Path, name: str, colours: Sequence[int], noise: int = 0) -> Path:
    """A picture of colours in squares, with some noise."""
    rng = np.random.default_rng(noise)
    blocks = np.asarray(Image.fromarray(np.array(colours, np.uint8).reshape(2, 2)).resize((64, 64), 0), float)
    picture = np.repeat(blocks[..., None], 3, axis=2) + rng.normal(0, 2, (64, 64, 3))
    Image.fromarray(picture.clip(0, 255).astype(np.uint8)).save(folder / f"{name}.png")
    return folder / f"{name}.png"


def test_no_two_of_one_scene_are_chosen_while_there_is_another(tmp_path: Path) -> None:
    """Though all ten of one scene are worth more than any of the others."""
    files = {f"same-{at}": scene(tmp_path, f"same-{at}", (200, 20, 20, 200), at) for at in range(10)}
    files |= {f"other-{at}": scene(tmp_path, f"other-{at}", (at * 50, 250 - at * 50, 90, 30)) for at in range(3)}
    pictures = [Known(name, seen(0.6 if name.startswith("same") else 0.8)) for name in files]

    def fetch(ids: Sequence[str]) -> Mapping[str, Path]:
        return {one: files[one] for one in ids}

    chosen = [one.id for one in choose(pictures, 4, fetch)]
    assert chosen[0].startswith("same")
    assert sorted(chosen[1:]) == ["other-0", "other-1", "other-2"]
    assert sum(name.startswith("same") for name in choose_ids(pictures, 7, fetch)) == 4


def test_scenes_in_grey_of_sixteen_bits_are_told_apart(tmp_path: Path) -> None:
    """As they are seen by an endpoint: by their upper eight."""
    files = {}
    for name, scene_number in (("one", 0), ("one, again", 0), ("other", 1)):
        scenes = np.random.default_rng(scene_number).integers(2000, 60_000, (4, 4))
        files[name] = tmp_path / f"{name}.png"
        Image.fromarray(np.kron(scenes, np.ones((16, 16))).astype(np.uint16)).save(files[name])
    pictures = [Known(name, seen(0.5)) for name in files]
    assert "other" in choose_ids(pictures, 2, lambda ids: {one: files[one] for one in ids})


def choose_ids(pictures: Sequence[Known], count: int, fetch: Any) -> list[str]:
    """The ids of what is chosen."""
    return [one.id for one in choose(pictures, count, fetch)]


def test_of_ten_thousand_answers_only_a_shortlist_of_pictures_is_fetched(tmp_path: Path) -> None:
    """And a picture that expired meanwhile, or is none, is passed over."""
    file, broken = scene(tmp_path, "one", (1, 2, 3, 4)), tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    pictures = [Known(f"{at:05d}", seen(0.5 + at / 20_001)) for at in range(10_000)]
    asked: list[str] = []

    def fetch(ids: Sequence[str]) -> Mapping[str, Path]:
        asked.extend(ids)
        return {one: broken if one == "00001" else file for one in ids if one != "00000"}

    assert len(choose(pictures, 5, fetch)) == 5
    assert asked == [f"{at:05d}" for at in range(50)]
    assert not {"00000", "00001"} & set(choose_ids(pictures, 40, fetch))


def test_a_picture_whose_note_of_how_it_is_held_is_broken_costs_no_other(tmp_path: Path) -> None:
    """OpenCV passes over what is wrong with the note, so that production has answered it."""
    stream = io.BytesIO()
    Image.new("RGB", (40, 30)).save(stream, "WEBP", exif=b"Exif\0\0MM\0\xae\0\0\0\x08\0\0")
    (tmp_path / "odd.webp").write_bytes(stream.getvalue())
    files = {"odd": tmp_path / "odd.webp", "whole": scene(tmp_path, "whole", (1, 2, 3, 4))}
    pictures = [Known(name, seen(0.5)) for name in files]
    assert choose_ids(pictures, 2, lambda ids: {one: files[one] for one in ids}) == ["whole"]


LINES = '{"picture": "2026/12/01/a.jpg", "distance": 1}\n{"picture": "b.png", "distance": 2.5, "rank": 0.1}\n'


@pytest.mark.parametrize("text", ['{"a": 1, "b": 2.5}', LINES])
def test_scores_are_an_object_or_lines(text: str) -> None:
    assert read_scores(text.encode(), "file") == {"a": 1, "b": 2.5}
    assert read_scores(LINES.splitlines()[0].encode(), "file") == {"a": 1}


def test_a_name_that_holds_what_some_take_for_the_end_of_a_line_is_no_end_of_one() -> None:
    lines = '{"picture": "a.jpg", "distance": 1, "classes": {"cap\u2028nut": 2}}\r\n' * 2
    assert read_scores(lines.encode(), "file") == {"a": 1}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"[1, 2]", "line 1"),
        (b'{"a": "far"}', "the distance of a"),
        (f'{LINES}{{"x": 1}}'.encode(), "line 3"),
        (b'{"a": 1%s}' % (b"0" * 400), "the distance of a"),
        (b"\xff", "no text in UTF-8"),
    ],
)
def test_other_scores_are_refused_with_what_is_wrong(text: bytes, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        read_scores(text, "file")
