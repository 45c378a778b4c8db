"""Reads the project's documents: their text, links, headings and commands. Knows nothing of what they say."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
WINGS = ("workflow", "lambdas", "containers/training", "containers/serving", "infra", "tests")
DOCUMENTS = (
    "README.md",
    "containers/README.md",
    *(f"{wing}/README.md" for wing in WINGS),
    ".github/CONTRIBUTING.md",
    ".github/DECISIONS.md",
    "CHANGELOG.md",
)

EVERYDAY, STAND_IN, API, WEBHOOK = "everyday", "stand-in", "api", "webhook"
"""Kinds of shell blocks that tests in ``tests/flow`` run on the stand-in: the word after ``sh``."""

_BLOCK = re.compile(r"^```([^\n]*)\n(.*?)^```", re.DOTALL | re.MULTILINE)


def read(document: str) -> str:
    """The text of a document, named by its path from the repository's root."""
    return (ROOT / document).read_text(encoding="utf-8")


def prose(document: str) -> str:
    """The text without its fenced blocks."""
    return _BLOCK.sub("", read(document))


def section(document: str, heading: str) -> str:
    """What stands below a heading of the second level, up to the next one; empty where there is none."""
    return read(document).partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def blocks(document: str) -> list[tuple[str, str]]:
    """Its shell blocks, each with its kind."""
    found = [(name.split(), text) for name, text in _BLOCK.findall(read(document))]
    return [(" ".join(words[1:]), text) for words, text in found if words[:1] == ["sh"]]


def commands(*kinds: str) -> list[str]:
    """The lines of all shell blocks of some kinds, in their order and without their comments."""
    found = [block for document in DOCUMENTS for kind, block in blocks(document) if kind in kinds]
    lines = "\n".join(found).splitlines()
    return [line.split("  #")[0].strip() for line in lines if line.strip()]


def spans(document: str) -> list[str]:
    """The pieces of code within its sentences, each on one line."""
    return [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", prose(document))]


def links(document: str) -> list[str]:
    """Where its links and pictures lead, but for other sites."""
    found = re.findall(r"\]\(([^)\s]+)\)", prose(document))
    return [link for link in found if not re.match(r"[a-z]+:", link)]


def anchors(document: str) -> set[str]:
    """What a link to a heading of it may end with, as GitHub makes it."""
    headings = re.findall(r"^#+ (.+)$", prose(document), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
