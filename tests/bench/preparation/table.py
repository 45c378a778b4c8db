"""Shows the runs side by side, and keeps them as JSON."""

from __future__ import annotations

import json
import platform
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from infra.local.environments import REPOSITORY
from tests.bench.preparation.measure import JOBS, Results
from tests.bench.preparation.workload import ABOUT
from tests.bench.serving.processes import processor_name

SCRATCH = REPOSITORY / "build" / "bench"
WIDTH = 120
TITLES = {
    "checks": "the same checks: every label judged, every image decoded",
    "whole": "the whole job, as far as each goes",
}


def show(results: Results, console: Console) -> None:
    """Print a table for each job, and what each contestant is."""
    console.print(f"{processor_name()}, {results.cores} cores, Linux {platform.release()}; {ABOUT}")
    for job in JOBS:
        table = Table("", "images", "images/s", "seconds", "processor s", "peak MiB", title=TITLES[job], box=box.SIMPLE)
        for run in (one for one in results.runs if one.job == job):
            ended = (f"{run.rate:,.0f}", f"{run.seconds:.1f}") if run.seconds else (run.said, "")
            memory = f"{run.peak_bytes / 2**20:.0f}"
            table.add_row(run.contestant, f"{run.images:,}", *ended, f"{run.processor_seconds:.1f}", memory)
        console.print(table)
        for images in sorted({run.images for run in results.runs}):
            console.print(f"  {images:,} images: ours is {results.ratio(job, images):.1f} times the fastest other")
    for one in results.contestants:
        versions = ", ".join(f"{name} {version}" for name, version in one.versions.items())
        console.print(f"{one.name}: {one.whole}; {versions}", style="dim", highlight=False)


def write(results: Results, folder: Path = SCRATCH) -> Path:
    """Keep the figures; the file's path."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "preparation.json"
    document = {
        "machine": {"processor": processor_name(), "cores": results.cores, "kernel": platform.release()},
        "workload": ABOUT,
        "versions": {one.name: one.versions for one in results.contestants},
        "runs": [vars(run) for run in results.runs],
    }
    file.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    return file
