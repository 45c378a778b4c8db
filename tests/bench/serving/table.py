"""Shows the results as tables, and writes them as JSON and Markdown."""

from __future__ import annotations

import json
import platform
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tests.bench.serving.load import Load
from tests.bench.serving.measure import SCRATCH, Outcome, Results
from tests.bench.serving.processes import processor_name
from tests.bench.serving.ratios import DEFAULT, ratios

_MEBIBYTE = 1 << 20
WIDTH = 170
"""Columns that the tables need."""


def show(results: Results, console: Console, style: box.Box = box.SIMPLE) -> None:
    """Print everything."""
    for line in _circumstances(results):
        console.print(line, highlight=False)
    for table in _tables(results, style):
        console.print(table)
    for line in _notes(results):
        console.print(Text(line))


def write(results: Results, folder: Path = SCRATCH) -> Path:
    """Write ``serving.json`` and ``serving.md``; the path of the former."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "serving.md").open("w", encoding="utf-8") as stream:
        show(results, Console(file=stream, width=WIDTH, color_system=None), box.MARKDOWN)
    path = folder / "serving.json"
    path.write_text(json.dumps(_document(results), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def _circumstances(results: Results) -> Iterable[str]:
    yield f"{processor_name()}, {results.cores} cores, Linux {platform.release()}, Python {platform.python_version()}"
    yield results.workload.about
    yield f"the client's own cost: {results.client_microseconds:.0f} µs of processor time for a request"
    shares = [load.foreign_share for outcome in results.outcomes.values() for load in outcome.loads.values()]
    disturbed = max(shares + [limit.foreign_share for limit in results.limits.values()], default=0.0)
    yield f"other programs took up to {disturbed:.0%} of the processors meanwhile"
    yield ""


def _tables(results: Results, style: box.Box) -> Iterable[Table]:
    if results.limits:
        yield _limits(results, style)
    if any(not outcome.left_out for outcome in results.outcomes.values()):
        yield _servers(results, style)
    if ratios(results):
        yield _ratios(results, style)


def _limits(results: Results, style: box.Box) -> Table:
    together = f"{results.cores} processes /s"
    table = _table(style, "limit", "runtime", "one process /s", "p50 ms", "p99 ms", together, "processor ms each")
    for limit in results.limits.values():
        figures = (limit.alone, limit.p50_ms, limit.p99_ms, limit.rate, limit.processor_ms)
        table.add_row(limit.name, limit.about, *(f"{figure:.1f}" for figure in figures))
    return table


def _servers(results: Results, style: box.Box) -> Table:
    measured = [outcome for outcome in results.outcomes.values() if not outcome.left_out]
    first = f"server ({' · '.join(map(str, measured[0].loads))} clients)"
    others = ("p50 ms", "p99 ms", "processor ms each", "memory MiB", "start s", "found")
    table = _table(style, first, "answers /s", *others)
    for outcome in measured:
        table.add_row(outcome.contestant.name, *_cells(outcome))
    return table


def _ratios(results: Results, style: box.Box) -> Table:
    """Those of the precision that the wanted values are for are judged, those of the others stand beside them."""
    others = {name: {ratio.text: f"{ratio.value:.2f}" for ratio in ratios(results, name)} for name in ("f32", "int8")}
    shown = {f"ours-{name}": figures for name, figures in others.items() if figures}
    table = _table(style, "ratio", "wanted", f"ours-{DEFAULT}", "", *shown)
    for ratio in ratios(results):
        verdict = Text("ok", "green") if ratio.enough else Text("short", "red")
        beside = [figures.get(ratio.text, "") for figures in shown.values()]
        table.add_row(ratio.text, ratio.wish, f"{ratio.value:.2f}", verdict, *beside)
    return table


def _table(style: box.Box, first: str, *others: str) -> Table:
    table = Table(box=style)
    table.add_column(first, no_wrap=True)
    for other in others:
        table.add_column(other, justify="right")
    return table


def _cells(outcome: Outcome) -> list[str]:
    def each(figure: Callable[[Load], float]) -> str:
        figures = [figure(load) for load in outcome.loads.values()]
        return " · ".join(f"{figure:.0f}" if figure >= 100 else f"{figure:.1f}" for figure in figures)

    return [
        each(lambda load: load.rate),
        each(lambda load: load.quantile_ms(0.5)),
        each(lambda load: load.quantile_ms(0.99)),
        f"{outcome.server_ms:.1f}",
        f"{outcome.peak_bytes / _MEBIBYTE:.0f}",
        f"{outcome.ping_seconds:.1f}",
        str(outcome.agreement),
    ]


def _notes(results: Results) -> Iterable[str]:
    """How everyone was set up, and who is not there."""
    for outcome in results.outcomes.values():
        contestant = outcome.contestant
        if outcome.left_out:
            yield f"{contestant.name} is left out: {outcome.left_out}"
            continue
        versions = ", ".join(f"{name} {version}" for name, version in contestant.versions.items())
        tried = [f"{name} {rate:.1f}/s" for name, rate in outcome.trials.items() if name != str(outcome.setting)]
        chosen = f"; {outcome.setting} (tried: {', '.join(tried)})" if tried else ""
        late = outcome.answer_seconds > outcome.ping_seconds + 1
        first = f"; first answer after {outcome.answer_seconds:.1f} s" if late else ""
        yield f"{contestant.name}: {contestant.about}{chosen}{first}; {versions}"
    for name, reason in results.failures.items():
        yield f"{name} is left out: {reason}"


def _document(results: Results) -> dict[str, Any]:
    return {
        "machine": {"processor": processor_name(), "cores": results.cores, "kernel": platform.release()},
        "workload": results.workload.about,
        "client_microseconds": round(results.client_microseconds, 1),
        "limits": {name: vars(limit) for name, limit in results.limits.items()},
        "servers": {name: _server(outcome) for name, outcome in results.outcomes.items()},
        "ratios": [{**vars(ratio), "enough": ratio.enough} for ratio in ratios(results)],
        "failures": results.failures,
    }


def _server(outcome: Outcome) -> dict[str, Any]:
    if outcome.left_out:
        return {"left_out": outcome.left_out}
    return {
        "about": outcome.contestant.about,
        "versions": outcome.contestant.versions,
        "setting": str(outcome.setting) if outcome.trials else None,
        "trials": outcome.trials,
        "ping_seconds": outcome.ping_seconds,
        "answer_seconds": outcome.answer_seconds,
        "peak_bytes": outcome.peak_bytes,
        "agreement": vars(outcome.agreement),
        "clients": {
            clients: {
                "rate": load.rate,
                "p50_ms": load.quantile_ms(0.5),
                "p99_ms": load.quantile_ms(0.99),
                "answers": len(load.latencies),
                "errors": len(load.errors),
                "server_ms": 1000 * load.server_seconds / max(1, load.answered),
                "client_share": load.client_seconds / load.seconds,
                "foreign_share": load.foreign_share,
            }
            for clients, load in outcome.loads.items()
        },
    }
