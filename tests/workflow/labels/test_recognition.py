"""Opening a dataset never ends in an exception."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workflow.labels.recognition import open_source

STARTS = {
    "data.yaml": b"names: [bolt]\n",
    "instances.json": b'{"images": [{"id": 1, "file_name": "images/a.jpg"}], "annotations": [',
    "output.manifest": b'{"source-ref": "s3://b/images/a.jpg", "j": ',
    "images/a.xml": b"<annotation><object>",
    "labels/a.txt": b"0 0.5 ",
    "groups.csv": b"file,group\n",
    "classes.txt": b"bolt\n",
}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
@pytest.mark.parametrize("name", STARTS)
@pytest.mark.parametrize("format", ["auto", "yolo", "coco", "voc", "ground-truth"])
@given(rest=st.binary(max_size=60) | st.text(alphabet='{}[]<>/":,1 \n', max_size=60).map(str.encode))
def test_any_bytes_in_any_document_are_problems_at_most(tmp_path: Path, name: str, format: str, rest: bytes) -> None:
    """Whole or broken off, of this format or another, also where the policy mends all it can."""
    for file in ("images/a.jpg", name):
        (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / "images" / "a.jpg").write_bytes(b"x")
    (tmp_path / name).write_bytes(STARTS[name] + rest)
    source = open_source(tmp_path, format=format, policy={"outside-image": "repair", "wrong-task": "repair"})
    assert source.entries or source.problems
    for entry in source.entries:
        source.labels(entry, 64, 32)
