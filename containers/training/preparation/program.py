"""The two processing jobs: ``inspect`` looks at a share of the pictures, ``prepare`` judges the whole and hands it on.
``examine`` judges it where somebody has it, before it is uploaded.

A dataset with errors is no failure of these jobs: ``prepare`` writes the report, hands on nothing, and the flow rejects
it.
"""

from __future__ import annotations

import os
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import IO

import numpy as np

from containers.training.data_page.page import DataPage, write_data_page
from containers.training.data_page.samples import Album
from containers.training.folders import Folders
from containers.training.preparation.catalogue import Array
from containers.training.preparation.contact_sheet import write_sheet
from containers.training.preparation.hosts import (
    Hosts,
    HostsError,
    inspected_seconds,
    read_hosts,
    read_inspected,
    write_inspected,
)
from containers.training.preparation.judgement import Judged, judge
from containers.training.preparation.manifest import write_manifest
from containers.training.preparation.options import Options, read_options
from containers.training.preparation.outputs import Target, copy_pictures, write_documents, write_json
from containers.training.preparation.survey import Known
from workflow.contract.dataset_manifest import MANIFEST
from workflow.contract.dataset_report import PAGE
from workflow.contract.reading import VERSION
from workflow.labels.archive import the_archive, unpack_zip
from workflow.labels.files import Files
from workflow.labels.recognition import open_source
from workflow.labels.source import Source

OUTPUTS = ("training", "test", "report")
EVERY_FINDING = "findings.jsonl"
SUMMARISED = 20
"""Findings of the end's summary."""


def inspect(folders: Folders) -> None:
    """Look at this host's share of the dataset. Raises HostsError for a dataset that cannot be shared."""
    started = time.monotonic()
    target, host = folders.prepared("inspected"), read_hosts(folders.hosts).current
    write_inspected(folders.dataset, target, host, _say)
    write_json(target / f"time-{host}.json", {"version": VERSION, "seconds": _seconds_since(started)})


def prepare(folders: Folders) -> None:
    """Judge the dataset and write the three outputs, each of which exists afterwards in any case."""
    started = time.monotonic()
    options = read_options(folders.record)
    hosts = read_hosts(folders.hosts)
    known = read_inspected(folders.inspected)
    if known is None and len(hosts.names) > 1:
        raise HostsError(f"{len(hosts.names)} hosts prepare what none has inspected: run `inspect` on as many before")
    for name in OUTPUTS:
        folders.prepared(name).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folders.prepared("report").parent.parent) as work:
        root, source = _open(folders, options, known, Path(work))
        with tempfile.TemporaryFile(dir=work) as spool, _every_finding(folders, hosts) as every:
            judged = judge(source, root, options, spool, known=known, every=every, say=_say)
            _hand_on(folders, hosts, judged, source, root, shared=known is not None)
            every.flush()
            if hosts.first:
                _write_page(folders, options, judged, source, root)
    if hosts.first:
        report = folders.prepared("report")
        times = {"seconds": _seconds_since(started), "inspected_seconds": inspected_seconds(folders.inspected)}
        write_json(report / "preparation.json", {"version": VERSION, **times, "instances": len(hosts.names)})
        write_json(report / "dataset-report.json", judged.report.document())
    _summarise(judged)


def examine(folders: Folders) -> None:
    """Judge the dataset as ``prepare`` does and write report and page alone: what is looked at before it is sent."""
    options = read_options(folders.record)
    report = folders.prepared("report")
    report.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folders.root) as work:
        root, source = _open(folders, options, None, Path(work))
        with tempfile.TemporaryFile(dir=work) as spool, _every_finding(folders) as every:
            judged = judge(source, root, options, spool, every=every, say=_say)
            every.flush()
            _write_page(folders, options, judged, source, root)
    write_json(report / "dataset-report.json", judged.report.document())


def _every_finding(folders: Folders, hosts: Hosts | None = None) -> IO[str]:
    """Where all findings are written: beside the report, by the host that writes it."""
    write = hosts is None or hosts.first
    file = folders.prepared("report") / EVERY_FINDING if write else Path(os.devnull)
    return file.open("w", encoding="utf-8")


def _write_page(folders: Folders, options: Options, judged: Judged, source: Source, root: Path) -> None:
    """Write what people look at, beside the report; all findings were written before."""
    report = folders.prepared("report")
    album = Album(source, judged.catalogue, root, judged.samples)
    entries = len(judged.catalogue.entries)
    page = DataPage(options.dataset, judged.report, entries, album, report / EVERY_FINDING)
    write_data_page(report / PAGE, page)


def _open(folders: Folders, options: Options, known: Known | None, work: Path) -> tuple[Path, Source]:
    """Where the pictures lie, and the dataset. A single zip is unpacked into ``work``."""
    open_here = partial(open_source, task=options.task, format=options.format, policy=options.policy)
    if known is not None:
        return folders.dataset, open_here(folders.inspected / "files", images=sorted(known))
    root = folders.dataset
    if archive := the_archive(Files(root)):
        _say(f"unpacking {archive}")
        root = work / "unpacked"
        root.mkdir()
        unpack_zip(folders.dataset / archive, root)
    return root, open_here(root)


def _hand_on(folders: Folders, hosts: Hosts, judged: Judged, source: Source, root: Path, *, shared: bool) -> None:
    present = _present(judged, root) if shared else np.ones(len(judged.catalogue.rows), np.bool_)
    if hosts.first:
        write_sheet(source, judged.catalogue, root, present, folders.prepared("report") / "contact-sheet.jpg")
    if judged.sound:
        target = Target(folders.prepared("training"), folders.prepared("test"))
        copy_pictures(judged, root, target, present, _say)
        if hosts.first:
            write_documents(judged, source, target)
            write_manifest(folders.prepared("report") / MANIFEST, judged)


def _present(judged: Judged, root: Path) -> Array:
    """Which pictures are of this host's share."""
    return np.array([(root / entry.image).is_file() for entry in judged.catalogue.entries], np.bool_)


def _summarise(judged: Judged) -> None:
    report = judged.report
    for finding in report.findings[:SUMMARISED]:
        _say(f"{finding.severity}: {finding.text()}")
    for name, split in report.splits.items():
        _say(f"{name}: {split.images:,} images, {split.objects:,} objects")
    _say(f"task {report.task}, classes: {', '.join(report.classes) or 'none'}")
    _say(f"{report.errors:,} errors, {report.warnings:,} warnings, digest {report.digest}")


def _seconds_since(started: float) -> float:
    return round(time.monotonic() - started, 3)


def _say(line: str) -> None:
    print(line, flush=True)
