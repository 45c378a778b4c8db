"""What of production is worth a label, labelled by what is known of the sample, and sent as the data's next version.

By the functions of `greenlight label pick` and `greenlight label take`; a person's hand alone is stood in for.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from workflow.contract.capture import Captured
from workflow.demo.steps import Site
from workflow.labelling.adding import prepare_addition, send_addition
from workflow.labelling.choice import choose
from workflow.labelling.kept import fetch_pictures
from workflow.labelling.returned import read_returned
from workflow.labelling.stored import fetch_dataset
from workflow.labelling.task import IMAGES, Handed, HandedPicture, make_task, write_task
from workflow.labelling.worth import Known


@dataclass(frozen=True)
class Task:
    """Pictures worth a label, in a folder as `greenlight label pick` writes it."""

    handed: Handed
    folder: Path

    def file(self, picture: HandedPicture) -> Path:
        """Where one of them lies."""
        return self.folder / IMAGES / picture.name


def pick(
    site: Site, dataset: str, kept: Sequence[Captured], drift: Mapping[str, float], count: int, folder: Path
) -> Task:
    """Choose so many of the pictures that production was asked about, for a dataset. ``drift`` is by their ids."""
    bucket = site.stack.bucket
    by_id = {one.id: one for one in kept}
    known = [Known(one.id, one.answer, drift=drift.get(one.id)) for one in kept]
    with tempfile.TemporaryDirectory(prefix="greenlight-") as work:
        root, fetched = Path(work, "dataset"), Path(work, "pictures")
        root.mkdir()
        fetched.mkdir()
        stored = fetch_dataset(site.cloud, bucket, dataset, root)
        chosen = choose(
            known, count, lambda ids: fetch_pictures(site.cloud, bucket, [by_id[one] for one in ids], fetched)
        )
        answers = {one.id: by_id[one.id].answer for one in chosen}
        keys = {one.id: by_id[one.id].picture for one in chosen}
        handed = make_task(
            chosen, answers, keys, dataset=dataset, task=stored.opened.task, classes=stored.opened.classes, tool="yolo"
        )
        write_task(handed, chosen, folder, {})
    return Task(handed, folder)


def draw(task: Task, truth: Mapping[str, str]) -> None:
    """Label every picture of a task as a person would; ``truth`` has the rows of each by the digest of its bytes."""
    for one in task.handed.pictures:
        label = task.folder / "labels" / f"{Path(one.name).stem}.txt"
        label.write_text(truth[digest(task.file(one))], encoding="utf-8")


def digest(file: Path) -> str:
    """By which a picture that was sent is known again where it was kept."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def take(site: Site, task: Task) -> int:
    """Send the labels of a task as its dataset's next version, and the marker at last; how many objects they name."""
    with tempfile.TemporaryDirectory(prefix="greenlight-") as work:
        root = Path(work, "dataset")
        root.mkdir()
        returned = read_returned(task.handed, task.folder, None, Path(work))
        stored = fetch_dataset(site.cloud, site.stack.bucket, task.handed.dataset, root)
        moment = datetime.now(UTC).isoformat(timespec="seconds")
        send_addition(site.cloud, site.stack.bucket, stored, prepare_addition(stored, task.handed, returned, moment))
    return sum(len(one.objects) for one in returned.pictures)
