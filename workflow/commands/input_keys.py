"""Shows people the keys of a run's input, from their declaration: in the README's table and in the command's help.

``python -m workflow.commands.input_keys`` writes the table into the README, between its two markers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

from workflow.contract.run_input import RunInput
from workflow.runs.input_keys import EMPTY, NONE, THE_STACKS, explain, keys_by_part, show_default

README = Path(__file__).parents[1] / "README.md"
BEGIN, END = "<!-- input keys -->\n", "<!-- /input keys -->\n"


def list_keys() -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """The keys by what they are about, each with its meaning, what is allowed and its default."""
    for title, keys in keys_by_part():
        yield title, [(one.name, f"{explain(one)}  [default: {show_default(one)}]") for one in keys]


def render_table() -> str:
    """The keys as the rows of a Markdown table."""
    lines = ["| key | meaning and what is allowed | default |", "|---|---|---|"]
    for one in fields(RunInput):
        default = show_default(one)
        shown = default if default in (THE_STACKS, EMPTY, NONE) else f"`{default}`"
        lines.append(f"| `{one.name}` | {explain(one)} | {shown} |")
    return "".join(f"{line}\n" for line in lines)


def renew(text: str) -> str:
    """The text with the table of today between its markers. Raises ValueError where it does not have both."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    if BEGIN not in text or END not in rest:
        raise ValueError(f"no place for the table: it stands between {BEGIN.strip()} and {END.strip()}")
    return before + BEGIN + render_table() + END + after


if __name__ == "__main__":
    README.write_text(renew(README.read_text(encoding="utf-8")), encoding="utf-8")
    print("the table of input keys is written into workflow/README.md")
