"""``prepare`` copies the data set and counts it; ``train`` writes a model that says how it shall behave."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import time
from pathlib import Path

from workflow.contract import DatasetReport, Finding, SplitCount

BASE = Path(os.environ.get("SAGEMAKER_BASE_DIR", "/opt/ml"))
EPOCHS = 3


def prepare() -> int:
    """Copy the pictures to every split; a label that says ``broken`` is an error with its file and line."""
    source, output = BASE / "processing/input/dataset", BASE / "processing/output"
    findings, content = [], hashlib.sha256()
    files = sorted(path for path in source.rglob("*") if path.is_file())
    for path in files:
        content.update(path.read_bytes())
        if path.suffix == ".txt":
            for number, line in enumerate(path.read_text().splitlines(), 1):
                if "broken" in line:
                    findings.append(Finding("error", str(path.relative_to(source)), number, "not a label row"))
    pictures = [path for path in files if path.suffix == ".jpg"]
    for folder in ("training", "test/images", "report"):
        (output / folder).mkdir(parents=True, exist_ok=True)
    for path in pictures:
        shutil.copy(path, output / "training")
        shutil.copy(path, output / "test/images")
    count = SplitCount(images=len(pictures), objects=len(pictures))
    report = DatasetReport(
        digest=content.hexdigest(),
        classes=("thing",),
        splits={"train": count, "validation": count, "test": count},
        errors=len(findings),
        warnings=0,
        findings=tuple(findings),
    )
    (output / "report/dataset-report.json").write_text(json.dumps(report.document()))
    return 0


def train() -> int:
    """Print epochs, then fail, leave nothing, or write a model."""
    given = json.loads((BASE / "input/config/hyperparameters.json").read_text())
    behave = given.get("behave", "well")
    for epoch in range(1, EPOCHS + 1):
        print(f"epoch={epoch} epochs={EPOCHS} box_loss={1 / epoch:.5f} map50=0.9 map50_95=0.7 lr=0.001", flush=True)
        time.sleep(60 if behave == "sleep" else 0.05)
    if behave == "fail":
        (BASE / "output").mkdir(exist_ok=True)
        (BASE / "output/failure").write_text("the loss is NaN since epoch 2; lower lr0")
        return 1
    if behave == "no-model":
        return 0
    model = BASE / "model"
    model.mkdir(exist_ok=True)
    (model / "model.onnx").write_text(json.dumps(given, sort_keys=True))
    return 0


if __name__ == "__main__":
    sys.exit({"prepare": prepare, "train": train}[sys.argv[1]]())
