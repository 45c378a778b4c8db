"""What people wrote is shown on one line, wholly seen, and poses as no link; a name is that from the beginning."""

from __future__ import annotations

import json
import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from workflow.contract.plain_text import (
    NAME_SIGNS,
    PlainName,
    break_links,
    escape_unseen,
    is_plain_name,
    show_lines,
    show_plain,
)

UNSEEN = {
    "a line separator": "\u2028",
    "a paragraph separator": "\u2029",
    "right to left": "\u202e",
    "an isolate": "\u2066",
    "zero width": "\u200b",
    "a joiner": "\u200d",
    "a byte order mark": "\ufeff",
    "a soft hyphen": "\u00ad",
    "an escape": "\x1b",
    "a single control": "\x9b",
    "a line feed": "\n",
    "a tab": "\t",
    "delete": "\x7f",
    "a Hangul filler": "\u3164",
    "a braille blank": "\u2800",
    "a variation selector": "\ufe0f",
    "a tag": "\U000e0041",
    "half a character": "\ud800",
}
anything = st.text(st.characters())  # surrogates included: JSON can carry them
hostile = st.lists(
    st.sampled_from(
        [
            *UNSEEN.values(),
            "http",
            "s3",
            "://",
            "/",
            ":",
            "www.",
            "WWW.",
            "a.b",
            "evil.example",
            "@",
            " ",
            "x",
            "[",
            "]",
        ]
    )
).map("".join)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "Ada Lovelace",
        "ada.lovelace@example.com",
        "Zoë O'Brien-Smith (QA)",
        "李小龍",
        "नरेन्द्र",
        "schedule",
        "CORP\\ada",
        "GitHub: run 12 #3",
        "arn:aws:sts::123456789012:assumed-role/Release/ada@example.com",
    ],
)
def test_a_name_of_a_person_or_a_program_is_plain(name: str) -> None:
    """People write their names in their own script, and services by their roles."""
    assert is_plain_name(name)
    assert show_plain(name) == break_links(name) == name


@pytest.mark.parametrize("letter", UNSEEN.values(), ids=UNSEEN)
def test_what_is_not_seen_is_in_no_plain_name_and_in_nothing_shown(letter: str) -> None:
    """It would hide, turn around or move what stands beside it."""
    assert not is_plain_name(f"Ada{letter}L")
    assert show_plain(f"Ada{letter}L") in ("AdaL", "Ada L")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://example.com/a/x", "https:[//]example[.]com/a/x"),
        ("HTTP:///example.com", "HTTP:[///]example[.]com"),
        ("a://b://c.d", "a:[//]b:[//]c[.]d"),
        ("look at www.example.com", "look at www[.]example[.]com"),
        ("example.com/a/x", "example[.]com/a/x"),
        ("(example.com:8080/x)", "(example[.]com:8080/x)"),
        ("s3://bucket/a.txt", "s3:[//]bucket/a.txt"),
    ],
)
def test_an_address_is_broken_where_everybody_sees_it(text: str, shown: str) -> None:
    """A mail program makes links of more than what begins with http."""
    assert break_links(text) == shown
    assert not is_plain_name(text)


@pytest.mark.parametrize("text", ["mAP50 0.81/0.80", "labels/a.txt:3: class 9", "States.Timeout", "ada@example.com"])
def test_what_is_no_address_is_left_as_it_is(text: str) -> None:
    """Figures, files and errors stay readable."""
    assert break_links(text) == text


@given(st.one_of(anything, hostile))
@example("https:/\u200b/evil.example")
def test_what_is_shown_is_one_line_of_seen_characters_without_a_link(text: str) -> None:
    """Whatever it was: also what becomes an address only once the unseen is gone."""
    shown = break_links(show_plain(text))
    assert "://" not in shown
    assert not re.search(r"(?<![\w./-])www\.\w", shown, re.IGNORECASE)
    assert len(shown.splitlines()) <= 1
    assert {unicodedata.category(letter) for letter in shown}.isdisjoint({"Cc", "Cf", "Cs", "Zl", "Zp"})
    assert show_plain(shown) == shown
    assert break_links(shown) == shown
    shown.encode()


@given(st.one_of(st.text(st.sampled_from(f"{NAME_SIGNS}aZé李9")), hostile))
def test_a_plain_name_is_shown_as_it_was_given(text: str) -> None:
    """What was accepted and what people read are the same; only runs of blanks shrink."""
    if is_plain_name(text):
        assert break_links(show_plain(text)) == " ".join(text.split())


@given(st.one_of(anything, hostile))
def test_lines_for_a_terminal_hold_nothing_that_it_obeys(text: str) -> None:
    """Only the line feed is left of all control characters, and there are as many lines as before."""
    shown = show_lines(text)
    assert shown.count("\n") == text.count("\n")
    assert {unicodedata.category(letter) for letter in shown if letter != "\n"}.isdisjoint(
        {"Cc", "Cf", "Cs", "Zl", "Zp"}
    )


@given(st.dictionaries(anything, st.one_of(anything, hostile)))
def test_json_for_a_terminal_says_the_same_and_hides_nothing(document: dict[str, str]) -> None:
    """A program reads exactly what was there."""
    text = escape_unseen(json.dumps(document, indent=2, ensure_ascii=False))
    assert json.loads(text) == document
    assert {unicodedata.category(letter) for letter in text if letter != "\n"}.isdisjoint(
        {"Cc", "Cf", "Cs", "Zl", "Zp"}
    )


def test_a_name_that_is_too_long_is_refused_with_what_is_allowed() -> None:
    """The remedy stands in the refusal."""
    assert PlainName(3).broken("Ada") == ""
    assert PlainName(3).broken("Adaa").startswith("up to 3 letters, digits, blanks and .")
