"""``group_pattern``, the regular expression that finds what pictures of a series share in their names.

Python's engine tries one way after the other, and where a repeat is repeated their number doubles with each character
of a name. Such a pattern is refused here, before anything starts. Others may still be slow with long names, so the
preparation bounds the time of matching as well.
"""

from __future__ import annotations

import re

from workflow.contract.rule import InputError

_TOKEN = re.compile(
    r"""(?P<open>\((?:\?P?)?)
    |(?P<close>\))
    |(?P<choice>\|)
    |(?P<repeat>(?:[*+?]|\{\d+(?:,\d*)?\}|\{,\d+\})[?+]?)
    |\\. | \[\^?\]?(?:\\.|[^]\\])*\] | .""",
    re.DOTALL | re.VERBOSE,
)
_ONCE, _ALWAYS_AS_OFTEN = re.compile(r"\?"), re.compile(r"\{\d+\}")


def check_pattern(given: str) -> None:
    """Raise InputError unless the text is empty or a regular expression with one group that repeats no repeat."""
    if not given:
        return
    try:
        groups = re.compile(given).groups
    except (re.error, OverflowError, RecursionError) as error:
        raise InputError(f"group_pattern = {given!r}: no regular expression ({error})") from error
    if groups != 1:
        raise InputError(f"group_pattern = {given!r}: must have exactly one group in (…), found {groups}")
    if repeated := find_repeated(given):
        raise InputError(
            f"group_pattern = {given!r}: {repeated!r} repeats a part that itself holds a repeat or a choice, which "
            "takes forever with some names; repeat a single character or a set such as [a-z0-9_] instead"
        )


def find_repeated(pattern: str) -> str:
    """The first group that is repeated and can itself match in several ways; empty where there is none."""
    # Where each open group begins, and whether it can match in several ways; the pattern itself is the outermost.
    starts, varied = [0], [False]
    last, last_varied = "", False  # the group that has just been closed
    for token in _TOKEN.finditer(pattern):
        kind, text = token.lastgroup, token[0]
        if kind == "repeat" and last_varied and not _ONCE.match(text):
            return last + text
        if kind == "open":
            starts.append(token.start())
            varied.append(False)
        elif kind == "choice" or (kind == "repeat" and not _ALWAYS_AS_OFTEN.match(text)):
            varied[-1] = True
        last, last_varied = "", False
        if kind == "close":
            last, last_varied = pattern[starts.pop() : token.end()], varied.pop()
            varied[-1] = varied[-1] or last_varied
    return ""
