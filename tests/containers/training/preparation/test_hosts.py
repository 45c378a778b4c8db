"""Several hosts, each with its share of the files: together they do what one does."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.containers.training.preparation.conftest import Job, Make, write_json
from workflow.contract.dataset_report import DatasetReport


def inspected_by(whole: Job, folder: Path, count: int) -> list[Job]:
    """The jobs of so many hosts after ``inspect``: each has a share of the files, and all that was found out."""
    files = sorted(path for path in whole.dataset.rglob("*") if path.is_file())
    names = [f"algo-{number}" for number in range(1, count + 1)]
    jobs = []
    for number, name in enumerate(names):
        job = Job(folder / f"{count}" / name)
        shutil.copytree(whole.base / "processing/input/record", job.base / "processing/input/record")
        job.dataset.mkdir()
        write_json(job.base / "config/resourceconfig.json", {"current_host": name, "hosts": names})
        for path in files[number::count]:
            place = job.dataset / path.relative_to(whole.dataset)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, place)
        assert job.run("inspect") == 0
        jobs.append(job)
    for job in jobs:
        shared = job.base / "processing/input/inspected"
        write_json(shared / "inspection.json", {"version": 1, "instances": count})
        for other in jobs:
            shutil.copytree(other.output("inspected"), shared, dirs_exist_ok=True)
    return jobs


def together(jobs: list[Job]) -> dict[str, bytes]:
    """What all hosts hand on; no file comes from two of them."""
    files: dict[str, bytes] = {}
    for job in jobs:
        own = job.handed_on()
        assert not own.keys() & files.keys()
        files |= own
    return files


def reports(jobs: list[Job]) -> list[DatasetReport]:
    """The report, which the first host alone writes."""
    return [job.report for job in jobs if job.output("report/dataset-report.json").exists()]


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("counts", [{"images/train": 6, "images/val": 3, "images/test": 3}, {"images": 23}])
def test_several_hosts_hand_on_what_one_does(
    make_job: Make, tmp_path: Path, count: int, counts: dict[str, int]
) -> None:
    """Byte for byte, report and digest included, with splits and without."""
    whole = make_job(counts)
    shutil.copyfile(whole.dataset / next(iter(counts)) / "p0.png", whole.dataset / next(iter(counts)) / "copy.png")
    report = whole.prepared()
    jobs = inspected_by(whole, tmp_path, count)
    assert [job.run() for job in jobs] == [0] * count
    assert together(jobs) == whole.handed_on()
    assert reports(jobs) == [report]
    told = jobs[0].read("report/preparation.json")
    times = [job.read(f"inspected/time-algo-{number}.json")["seconds"] for number, job in enumerate(jobs, 1)]
    assert (told["instances"], told["inspected_seconds"]) == (count, max(times))
    assert jobs[0].output("report/contact-sheet.jpg").exists()


def test_several_hosts_find_what_is_wrong_between_their_shares(make_job: Make, tmp_path: Path) -> None:
    """A leak whose two pictures lie on two hosts, a broken row and a cut picture."""
    whole = make_job()
    shutil.copyfile(whole.dataset / "images/train/p2.png", whole.dataset / "images/val/p0.png")
    (whole.dataset / "labels/train/p1.txt").write_text("0 nan 0.5 0.1 0.1\n", encoding="utf-8")
    cut = whole.dataset / "images/train/p3.png"
    cut.write_bytes(cut.read_bytes()[:-40])
    report = whole.prepared()
    jobs = inspected_by(whole, tmp_path, 2)
    assert [job.run() for job in jobs] == [0, 0]
    assert reports(jobs) == [report]
    assert report.errors == 3
    assert together(jobs) == {}


def test_a_zip_is_refused_with_what_to_do(make_job: Make, tmp_path: Path) -> None:
    """One file cannot be shared."""
    job = make_job()
    shutil.rmtree(job.dataset)
    job.dataset.mkdir()
    (job.dataset / "all.zip").write_bytes(b"PK")
    assert job.run("inspect") == 1
    reason = (job.base / "output/message").read_text(encoding="utf-8")
    assert "hosts cannot share a zip; upload the files in it, or set prepare_instances to 1" in reason


def test_a_host_that_did_not_inspect_is_missed(make_job: Make, tmp_path: Path) -> None:
    """Half of the pictures would be no dataset."""
    job = inspected_by(make_job(), tmp_path, 2)[0]
    (job.base / "processing/input/inspected/pictures-algo-2.jsonl").unlink()
    assert job.run() == 1
    assert "1 of 2 hosts have inspected" in (job.base / "output/message").read_text(encoding="utf-8")


def test_several_hosts_without_an_inspection_are_refused(make_job: Make) -> None:
    """Each would take its share for the whole."""
    job = make_job()
    hosts = {"current_host": "algo-1", "hosts": ["algo-1", "algo-2"]}
    write_json(job.base / "config/resourceconfig.json", hosts)
    assert job.run() == 1
    assert "2 hosts prepare what none has inspected" in (job.base / "output/message").read_text(encoding="utf-8")
