"""The story of a turn as one page without a script, in the looks of the project's other pages."""

from __future__ import annotations

from html import escape
from pathlib import Path

from containers.page.document import document, embed
from containers.page.table import table
from containers.page.words import code, count
from workflow.demo.loop.pairs import MISSED, RIGHT, WRONG, Box, Pair, Seen
from workflow.demo.loop.story import CALLED, Compared, Score, Story
from workflow.demo.sample.evening import DAY, EVENING
from workflow.demo.sample.photograph import SIDE
from workflow.table import format_seconds

WATCH = "drift.html"
"""The page of the watch, beside this one."""
CHOSEN = 8
"""Of the pictures to label, so many are shown."""
LEGEND = (
    (RIGHT, "found, and so it is"),
    (WRONG, "wrong: nothing of that class is there"),
    (MISSED, "missed: it is there, and was not found"),
)
MARKS = {RIGHT: "", WRONG: "✗ ", MISSED: "? "}
_WIDE, _ROW = 360, 34
"""Of the drawing of the figures, in its own units."""


def write_page(folder: Path, story: Story) -> Path:
    """Write ``index.html`` into a folder; where it is."""
    sections = (_head, _traffic, _drift, _chosen, _figures, _pairs, _release)
    content = "".join(section(story) for section in sections)
    page = folder / "index.html"
    style = Path(__file__).with_name("page.css")
    page.write_text(document(f"{_title(story)}, {story.run}", style, content), encoding="utf-8")
    return page


def _title(story: Story) -> str:
    old, new = story.versions
    return f"From version {old} to {new}: what production taught {story.task.handed.dataset}"


def _head(story: Story) -> str:
    (old, new), (before, after, objects) = story.versions, story.found()
    facts = [
        ("asked", f"{sum(story.sent.values())}", "pictures of production, all kept"),
        ("drifted", f"{len(story.drifted())}", f"of {count(len(story.drift.report['figures']), 'figure')}"),
        ("labelled", f"{len(story.lights)}", f"pictures with {count(story.objects, 'object')}"),
        ("found", f"{before} → {after}", f"of {count(objects, 'object')} in the other light"),
        ("lost", f"{story.lost}", f"of {sum(story.answered) + story.lost:,} requests meanwhile"),
    ]
    cards = "".join(
        f'<div class="card"><span>{name}</span><b>{value}</b><small>{more}</small></div>' for name, value, more in facts
    )
    return (
        f"<header>\n<h1>{escape(_title(story))}</h1>\n"
        f'<p class="quiet">One turn of the loop, {format_seconds(story.seconds)} · run '
        f"{code(story.run)}</p>\n</header>\n"
        f'<p class="lead">The light changed, version {old} missed what it had found before, and nobody said so. The '
        f"watch over production found it; the pictures that teach most were labelled; version {new} learned from "
        f"them and was released, while a client went on asking.</p>\n"
        f'<div class="cards">{cards}</div>\n'
    )


def _traffic(story: Story) -> str:
    day, evening = story.pictures
    shown = "".join(
        _figure(f'<img alt="{said}" width="{SIDE}" height="{SIDE}" src="{embed(file.read_bytes())}">', said, more)
        for file, said, more in (
            (day, "As the model knows it", f"{count(story.sent[DAY], 'picture')} like this"),
            (evening, "In another light", f"{count(story.sent[EVENING], 'picture')} like this"),
        )
    )
    return (
        "<section>\n<h2>1. Production is asked in another light</h2>\n<p>Dim, yellow and out of focus: the things are "
        "the same, and no picture of the training looked so. Every request is kept with its answer.</p>\n"
        f'<div class="pictures">\n{shown}</div>\n</section>\n'
    )


def _drift(story: Story) -> str:
    drifted, report = story.drifted(), story.drift.report
    rows = [
        (escape(str(one["name"])), f'<span class="way">{escape(str(one["became"]))}</span>', f"{one['distance']:.2f}")
        for one in drifted
    ]
    return (
        "<section>\n<h2>2. The watch finds it, without a label</h2>\n"
        f"<p>{len(drifted)} of {count(len(report['figures']), 'figure')} of the pictures and of what the model sees in "
        "them lie where they hardly ever lie by chance. Everybody subscribed is told.</p>\n"
        f"{table('What drifted', ('Figure', 'Became', 'Distance, from 0 to 1'), rows)}"
        f'<p class="quiet"><a href="{WATCH}">The watch\'s own page</a> has every figure, and the pictures that moved '
        "most.</p>\n</section>\n"
    )


def _chosen(story: Story) -> str:
    pictures = story.task.handed.pictures
    shown = "".join(
        _figure(
            f'<img alt="chosen picture {at}" width="{one.width}" height="{one.height}" '
            f'src="{embed(story.task.file(one).read_bytes())}">',
            one.why[:1].upper() + one.why[1:],
            f"taken in the {'other light' if story.lights[one.name] == EVENING else 'light of the data'}",
        )
        for at, one in enumerate(pictures[:CHOSEN], 1)
    )
    return (
        "<section>\n<h2>3. What is worth a label is chosen</h2>\n"
        f"<p>{len(pictures)} of {sum(story.sent.values())} pictures, {story.count(EVENING)} in the other light, by "
        "how unsure the answers are and how far the pictures have drifted, and unlike each other. Here they are "
        f"labelled by what is known of the sample, {count(story.objects, 'object')} in all; elsewhere a person draws."
        f'</p>\n<div class="pictures small">\n{shown}</div>\n</section>\n'
    )


def _figures(story: Story) -> str:
    old, new = story.versions
    both = (("In the other light", story.new, "learned from by neither"), ("As before", story.old, "held out"))
    rows = [
        (
            f"{name}<small>{count(one.pictures, 'picture')}, {more}</small>",
            _score(one.before),
            _score(one.after),
            f'<span class="{"worse" if one.way == "worse" else "better"}">{one.lead.value:+.3f}</span>'
            f"<small>[{one.lead.low:+.3f}, {one.lead.high:+.3f}]</small>",
            one.way,
        )
        for name, one, more in both
    ]
    head = (CALLED, f"Version {old}", f"Version {new}", "Ahead by", "So it is")
    drawn = "".join(_interval_figure(name, one, old, new) for name, one, _ in both)
    return (
        f"<section>\n<h2>4. New data start a run, and its model is judged</h2>\n<p>The labels' marker started "
        f"{code(story.run)}; nobody else did. Its training began where that of version {old} "
        "had ended. Both versions were measured by the same evaluation on the same pictures."
        f"</p>\n{table('Both versions side by side', head, rows)}"
        f'<div class="intervals">\n{drawn}</div>\n'
        '<p class="quiet">In brackets, and as lines: the middle 95 % over draws of the pictures. No worse is what may '
        "be chance: its interval reaches 0.</p>\n</section>\n"
    )


def _score(score: Score) -> str:
    value, _, between = score.text().partition(" ")
    return f"{value}<small>{between}</small>"


def _interval_figure(name: str, one: Compared, old: str, new: str) -> str:
    """Both figures as points on the line from 0 to 1, each with its interval."""
    marks = ""
    for at, (kind, version, score) in enumerate((("before", old, one.before), ("now", new, one.after))):
        y = _ROW * (at + 1)
        low, high, value = (_WIDE * part for part in (score.low, score.high, score.value))
        marks += (
            f'<path class="ground" d="M0 {y}H{_WIDE}"/><path class="{kind}" d="M{low:.1f} {y}H{high:.1f}"/>'
            f'<circle class="{kind}" cx="{value:.1f}" cy="{y}" r="6"/>'
            f'<text x="0" y="{y - 7}">version {version}</text>'
        )
    bottom = _ROW * 2
    ticks = "".join(
        f'<text x="{place * _WIDE:.0f}" y="{bottom + 20}" text-anchor="{anchor}">{place:g}</text>'
        for place, anchor in ((0, "start"), (0.5, "middle"), (1, "end"))
    )
    said = f"{name}: {one.before.text()}, then {one.after.text()}"
    return (
        f'<figure><svg viewBox="-8 0 {_WIDE + 16} {bottom + 26}" role="img" aria-label="{escape(said)}">{marks}{ticks}'
        f"</svg><figcaption>{escape(name)}: {one.way}</figcaption></figure>\n"
    )


def _pairs(story: Story) -> str:
    old, new = story.versions
    legend = "".join(
        f'<li><svg aria-hidden="true"><rect class="{kind}" x="2" y="2" width="22" height="12"/></svg>{text}</li>'
        for kind, text in LEGEND
    )
    shown = "".join(_pair(pair, old, new) for pair in story.shown())
    return (
        "<section>\n<h2>5. The same pictures, before and after</h2>\n"
        "<p>Production's own answers to pictures that neither version learned from: the two that gained most, one "
        "of the middle, and the one that gained least.</p>\n"
        f'<ul class="legend">{legend}</ul>\n<div class="pairs">\n{shown}</div>\n</section>\n'
    )


def _pair(pair: Pair, old: str, new: str) -> str:
    return f'<div class="pair">\n{_seen(pair.before, old)}{_seen(pair.after, new)}</div>\n'


def _seen(seen: Seen, version: str) -> str:
    answer = seen.answer
    shapes = "".join(_box(box, answer.width, answer.height) for box in seen.boxes)
    parts = [f"{seen.count(kind)} {kind}" for kind in (RIGHT, WRONG, MISSED) if seen.count(kind)]
    picture = (
        f'<img alt="{escape(answer.file.name)}, as version {version} sees it" width="{answer.width}" '
        f'height="{answer.height}" src="{embed(answer.file.read_bytes())}"><svg aria-hidden="true">{shapes}</svg>'
    )
    return _figure(
        picture, f"Version {version}: {', '.join(parts) or 'nothing there, nothing found'}", answer.file.name
    )


def _box(box: Box, width: int, height: int) -> str:
    left, top, right, bottom = (side * 100 / (height if at % 2 else width) for at, side in enumerate(box.sides))
    place = f'x="{right:.2f}%" text-anchor="end"' if left > 70 else f'x="{left:.2f}%"'
    # What was missed is named at the lower edge, so that a wrong box of the same thing stays readable.
    y, down = (bottom, -5 if bottom > 92 else 14) if box.kind == MISSED else (top, 14 if top < 8 else -5)
    name = f"{MARKS[box.kind]}{escape(box.name)}"
    return (
        f'<rect class="{box.kind}" x="{left:.2f}%" y="{top:.2f}%" width="{right - left:.2f}%" '
        f'height="{bottom - top:.2f}%"/><text {place} y="{y:.2f}%" dy="{down}">{name}</text>'
    )


def _figure(picture: str, said: str, more: str) -> str:
    return (
        f'<figure><div class="picture">{picture}</div><figcaption>{escape(said)}<span>{escape(more)}</span>'
        "</figcaption></figure>\n"
    )


def _release(story: Story) -> str:
    (old, new), (first, second) = story.versions, story.answered
    edge = 100 * first / max(1, first + second)
    said = f"{first:,} answers by version {old}, {second:,} by version {new}"
    return (
        "<section>\n<h2>6. Approved, and released by a canary</h2>\n"
        f"<p>While version {new} was trained, judged, approved and released, a client went on asking production: "
        f"version {old} gave {first:,} answers, version {new} {second:,}, and {story.lost} requests were lost.</p>\n"
        f'<svg class="share" viewBox="0 0 100 6" preserveAspectRatio="none" role="img" aria-label="{said}">'
        f'<rect class="before" width="{edge:.2f}" height="6"/>'
        f'<rect class="now" x="{edge:.2f}" width="{100 - edge:.2f}" height="6"/></svg>\n'
        f'<p class="quiet">On the left version {old}, on the right version {new}.</p>\n</section>\n'
    )
