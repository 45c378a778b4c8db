"""One release in whole documents, as they are stored and passed on: its plan, and what the table remembers of it."""

from __future__ import annotations

from typing import Any

PLAN: dict[str, Any] = {
    "version": 1,
    "run": "go",
    "execution_arn": "arn:aws:states:us-east-1:123456789012:execution:greenlight-release:go",
    "started_by": "ana",
    "model_package_arn": "arn:aws:sagemaker:us-east-1:123456789012:model-package/greenlight/4",
    "replaces": "arn:aws:sagemaker:us-east-1:123456789012:model-package/greenlight/3",
    "package_version": 4,
    "dataset_name": "fasteners",
    "model_name": "greenlight-v4-00000000",
    "staging_configuration": "greenlight-staging-v4-00000000",
    "production_configuration": "greenlight-production-v4-00000000",
    "staging_endpoint": "greenlight-staging",
    "production_endpoint": "greenlight-production",
    "staging_exists": True,
    "production_exists": True,
    "previous_configuration": "greenlight-production-v3-00000000",
    "model_digest": "a" * 64,
    "archive_digest": "b" * 64,
    "evaluation_uri": "s3://bucket/runs/one/evaluation/",
    "report_uri": "s3://bucket/runs/one/evaluation/report/index.html",
    "image": "serving:1",
    "model_data_url": "s3://bucket/runs/one/model.tar.gz",
    "environment": {"GREENLIGHT_CONFIDENCE": "0.4"},
    "instance": "ml.m5.large",
    "ask_before_production": False,
    "approval_seconds": 7200,
    "metrics": {"task": "detect", "map50": 0.964, "map50_95": 0.81, "precision": 0.9, "recall": None},
    "evaluation_digest": "e" * 64,
    "approval": {"by": "Ada", "door": "link", "at_epoch": 1_799_990_000, "comment": "seen"},
    "smoke_digest": "7" * 64,
    "report_digest": "8" * 64,
}

CHAMPION: dict[str, Any] = {
    "id": "champion",
    "version": 1,
    "model_package_arn": PLAN["model_package_arn"],
    "package_version": 4,
    "model_digest": "a" * 64,
    "archive_digest": "b" * 64,
    "model_data_url": "s3://bucket/runs/one/model.tar.gz",
    "production_configuration": "greenlight-production-v4-00000000",
    "released_epoch": 1_800_000_000,
    "execution": PLAN["execution_arn"],
    "approval": PLAN["approval"],
}

RELEASE: dict[str, Any] = {
    **CHAMPION,
    "id": "release#1800000000#4",
    "kind": "release",
    "run": "go",
    "started_by": "ana",
    "previous_configuration": "greenlight-production-v3-00000000",
}

LOCK: dict[str, Any] = {"id": "release-lock", "execution": PLAN["execution_arn"], "taken_epoch": 1_799_999_000}
