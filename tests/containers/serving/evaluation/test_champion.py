"""Only an explicit null means that nothing is in production."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from containers.serving.evaluation.champion import ChampionError, read_champion
from workflow.contract.champion import Champion

KNOWN: dict[str, Any] = {
    "model_package_arn": "arn:aws:sagemaker:us-east-1:000000000000:model-package/greenlight/3",
    "package_version": 3,
    "model_digest": "d" * 64,
    "archive_digest": "a" * 64,
}


def write(folder: Path, text: str) -> Path:
    path = folder / "champion.json"
    path.write_text(text)
    return path


def test_null_is_no_champion(tmp_path: Path) -> None:
    """The first model of a project."""
    assert read_champion(write(tmp_path, '{"version": 1, "champion": null}')) is None


def test_a_champion_is_read_with_its_digests(tmp_path: Path) -> None:
    """Everything a comparison needs to be with the right model."""
    found = read_champion(write(tmp_path, json.dumps({"version": 1, "champion": KNOWN})))
    assert found == Champion(KNOWN["model_package_arn"], 3, "d" * 64, "a" * 64)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "{}",
        '{"version": 1}',
        '{"version": 2, "champion": null}',
        '{"version": 1, "champion": {}}',
        json.dumps({"version": 1, "champion": {**KNOWN, "archive_digest": ""}}),
        json.dumps({"version": 1, "champion": {**KNOWN, "package_version": "3"}}),
    ],
)
def test_anything_else_is_an_error_and_never_no_champion(tmp_path: Path, text: str) -> None:
    """A document that cannot be read must not turn a candidate into the first model."""
    with pytest.raises(ChampionError):
        read_champion(write(tmp_path, text))


def test_a_missing_document_is_an_error(tmp_path: Path) -> None:
    """The file is always written, so its absence means that something went wrong."""
    with pytest.raises(ChampionError, match="cannot be read"):
        read_champion(tmp_path / "champion.json")
