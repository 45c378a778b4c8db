"""Labels: every script in its own letters, as large as people can read, and nothing drawn as an empty box."""

from __future__ import annotations

import subprocess
import sys
import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflow.marks.colours import BLACK, COLOURS, RIM, WHITE, Colour, colour_of, ink_on
from workflow.marks.labels import SMALLEST, Label, Sizes
from workflow.marks.readable import LONGEST_NAME, letters_of, shorten, spell
from workflow.marks.writing import Line, set_line

NAMES = {
    "Latin": "tête größe Việt",
    "Greek": "βίδα",
    "Cyrillic": "гайка",
    "Armenian": "պտուտակ",
    "Georgian": "ჭანჭიკი",
    "Hebrew": "בורג",
    "Arabic": "برغي",
    "Syriac": "ܒܘܪܓܐ",
    "Devanagari": "हिन्दी बोल्ट",
    "Bengali": "বোল্ট",
    "Gurmukhi": "ਬੋਲਟ",
    "Gujarati": "બોલ્ટ",
    "Oriya": "ବୋଲ୍ଟ",
    "Tamil": "போல்ட்",
    "Telugu": "బోల్ట్",
    "Kannada": "ಬೋಲ್ಟ್",
    "Malayalam": "ബോൾട്ട്",
    "Sinhala": "බෝල්ට්",
    "Thai": "น็อต",
    "Lao": "ນັອດ",
    "Khmer": "ប៊ូឡុង",
    "Myanmar": "မူလီ",
    "Tibetan": "གཟེར",
    "Ethiopic": "ብሎን",
    "Cherokee": "ᏣᎳᎩ",
    "Mongolian": "ᠪᠣᠯᠲ",
    "Han": "螺栓",
    "Kana": "ボルト なっと",
    "Hangul": "볼트",
}
SIZES = Sizes.of(640, 480)


def numbers_of(line: Line) -> list[int]:
    return [glyph.number for glyph in line.glyphs]


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES.keys())
def test_a_name_of_any_script_is_drawn_in_its_own_letters(name: str) -> None:
    """Nothing is spelled by its number, and nothing is the empty box that a font has for what it lacks."""
    assert spell(name) == unicodedata.normalize("NFC", name)
    assert 0 not in numbers_of(set_line(name))
    assert (set_line(name).draw(16) > 128).sum() > 10


def test_letters_are_joined_and_ordered_as_their_script_does() -> None:
    """Arabic letters take other shapes beside each other, Hebrew is written from the right, Devanagari reorders."""
    assert len({*numbers_of(set_line("ببب")), *numbers_of(set_line("ب"))}) == 4, "alone, first, between and last"
    assert numbers_of(set_line("אב")) == numbers_of(set_line("א", "ב"))[::-1]
    first, second = numbers_of(set_line("कि"))
    assert (second,) == tuple(numbers_of(set_line("क"))), "the vowel sign is drawn before its consonant"
    assert first != second


def test_words_of_two_directions_keep_their_order() -> None:
    """A text from the right holds a word and a number from the left; the score stands to the right of the name."""
    whole = numbers_of(set_line("ברג M8"))
    assert whole == [*numbers_of(set_line("M8")), *numbers_of(set_line(" ")), *numbers_of(set_line("ברג"))]
    assert numbers_of(set_line("ברג", "0.93"))[-4:] == numbers_of(set_line("0.93"))


@pytest.mark.parametrize(
    ("name", "spelled"),
    [("a\nb", "a b"), ("nut\x07", "nutU+0007"), ("wrench 🔧", "wrench U+1F527"), ("❤️", "U+2764"), ("e\u0301", "é")],
)
def test_what_no_font_has_is_spelled_by_its_number(name: str, spelled: str) -> None:
    """Whoever reads it can look it up; an empty box says nothing."""
    assert spell(name) == spelled


@given(st.text(max_size=60))
def test_any_name_makes_a_label_within_the_picture(name: str) -> None:
    """Without an empty box, whatever is in it, and never wider than the picture."""
    assert 0 not in numbers_of(set_line(shorten(spell(name))))
    label = Label(3, name, 0.5, SIZES, 100)
    assert label.size[0] <= 100
    assert label.tile().shape == (label.size[1], label.size[0], 3)


def test_a_long_name_is_cut_between_letters_until_it_fits() -> None:
    """Dots stand for what is left out; the score stays."""
    assert shorten("nut" * 20) == ("nut" * 20)[: LONGEST_NAME - 1] + "…"
    assert letters_of("हिन्दी") == ["हि", "न्", "दी"]
    short, long = (Label(0, "nut" * times, 0.5, SIZES, 120) for times in (1, 20))
    assert short.size[0] < long.size[0] <= 120
    ends = [label.tile()[:, -30:] for label in (short, long)]
    assert np.abs(ends[0].astype(int) - ends[1]).mean() < 60, "the score is at the end of both"


@pytest.mark.parametrize("side", [100, 640, 8000])
def test_letters_are_legible_and_grow_with_the_picture(side: int) -> None:
    """Never under twelve pixels, and from a common picture on a forty-sixth of its longer side."""
    assert Sizes.of(side, side * 3 // 4).em == max(SMALLEST, round(side / 46))
    label = Label(0, "bolt", 0.93, Sizes.of(side, side * 3 // 4), side)
    assert label.size[0] <= side * 0.66
    assert label.size[1] >= SMALLEST


def contrast(one: Colour, other: Colour) -> float:
    """WCAG 2's contrast ratio of two colours."""
    lights = []
    for colour in (one, other):
        parts = np.array(colour) / 255
        linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
        lights.append(float(linear @ [0.2126, 0.7152, 0.0722]) + 0.05)
    return max(lights) / min(lights)


@pytest.mark.parametrize("class_id", range(len(COLOURS) + 1))
def test_the_ink_of_a_label_stands_out_from_its_colour(class_id: int) -> None:
    """By 4.5 to 1, which WCAG asks of text; the label is in the colour of its class, within a rim."""
    colour = colour_of(class_id)
    tile = Label(class_id, "bolt", None, SIZES, 640).tile()
    assert contrast(colour, ink_on(colour)) >= 4.5
    assert {RIM, colour} <= {tuple(pixel) for pixel in tile.reshape(-1, 3).tolist()}
    dark = np.abs(tile[2:-2, 4:-4].astype(int) - ink_on(colour)).max(axis=2) < 40
    assert dark.any()
    assert ink_on(colour) in (BLACK, WHITE)
    assert colour_of(len(COLOURS)) == colour_of(0)


def test_the_fonts_are_not_read_before_something_is_drawn() -> None:
    """A server that answers JSON never opens them."""
    program = "import workflow.marks.labels, workflow.marks.faces as f; print(f.faces.cache_info().misses)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "0"
