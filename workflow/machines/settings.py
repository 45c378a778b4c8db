"""Deploy-time values of the state machines, and the quiet environment the SDK is imported in.

The values stay ``${Placeholders}`` in the rendered definitions; the template's DefinitionSubstitutions fill them in.
Knows nothing of a run: whatever differs from run to run comes from the plan.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

PARTITION = "${Partition}"
PROJECT = "${Project}"
BUCKET = "${Bucket}"
TRAINING_IMAGE = "${TrainingImage}"
SERVING_IMAGE = "${ServingImage}"
JOB_ROLE = "${JobRoleArn}"
ENDPOINT_ROLE = "${EndpointRoleArn}"
RELEASE_MACHINE = "${ReleaseMachineArn}"
CHALLENGE_MACHINE = "${ChallengeMachineArn}"
BATCH_MACHINE = "${BatchMachineArn}"
STAGE_MACHINE = "${StageMachineArn}"
LATENCY_LIMIT = "${LatencyThresholdMicroseconds}"

TAGS = "$.plan.tags"
"""On everything the machines create, so that it is found, paid for and deleted with its stack."""

HOUR = 3600
LAMBDA_SECONDS = 330
"""Longest a Lambda state may take: longer than the longest function, cold start included."""
SAGEMAKER_CALL_SECONDS = 300
STORAGE_CALL_SECONDS = 120
CLOUDWATCH_CALL_SECONDS = 60
BUILD_SECONDS = 150 * 24 * HOUR
RELEASE_SECONDS = 45 * 24 * HOUR
BATCH_SECONDS = 10 * 24 * HOUR
STAGE_SECONDS = 6 * HOUR
"""Longer than an endpoint on its way elsewhere is waited for, a quota, and the looks, an hour each."""
DRIFT_SECONDS = 2 * 24 * HOUR
QUOTA_WAIT_SECONDS = 360
"""Pause before what found its quota in use is tried again."""
QUOTA_WAITS = 10
"""Such pauses in one execution: an hour in all."""
TURN_SECONDS = 300
"""Pause between two looks whether the run before has ended: 72 hours of them fill less than half of a history."""
LOOK_SECONDS = 15
"""Pause between two looks at an endpoint."""
LOOKS = 240
"""Looks at an endpoint before the release gives up: one hour."""

LOSSES = (
    *("box_loss", "cls_loss", "dfl_loss", "l1_loss", "pose_loss", "kobj_loss", "rle_loss", "seg_loss", "sem_loss"),
    *("angle_loss", "loss"),
)
"""What a training makes smaller; each task and family has some of them, a classifier the last alone."""
OBJECTIVE = "quality"
"""The figure every task has, which a search for hyperparameters maximises."""
METRICS = (
    *LOSSES,
    *("precision", "recall", "map50", "map50_95", "keypoint_map50", "keypoint_map50_95", "mask_map50", "mask_map50_95"),
    *("top1", "top5", OBJECTIVE, "lr", "images_per_second", "seconds"),
)
"""Figures the training prints once an epoch as ``name=value``; SageMaker draws them. It takes 40 at most."""


def integration(call: str) -> str:
    """The Resource of a call such as ``aws-sdk:s3:putObject``, in the partition that the stack is in."""
    return f"arn:{PARTITION}:states:::{call}"


def metric_definitions() -> list[dict[str, str]]:
    """MetricDefinitions that pick the figures out of the training's lines."""
    return [{"Name": name, "Regex": rf"\b{name}=([0-9.eE+-]+)"} for name in METRICS]


def be_hermetic() -> None:
    """Shut out the ambient configuration, so that a definition renders the same everywhere, without a network.

    Must run before the SDK is imported: it reads region, instance metadata and the user's SageMaker defaults then.
    """
    defaults = Path(tempfile.gettempdir()) / "greenlight-sagemaker-defaults.yaml"
    defaults.write_text("SchemaVersion: '1.0'\n")
    os.environ.update(
        AWS_EC2_METADATA_DISABLED="true",
        AWS_DEFAULT_REGION="us-east-1",
        AWS_REGION="us-east-1",
        AWS_ACCESS_KEY_ID="rendering",
        AWS_SECRET_ACCESS_KEY="rendering",  # noqa: S106  no secret: nothing is called with it
        AWS_CONFIG_FILE=os.devnull,
        AWS_SHARED_CREDENTIALS_FILE=os.devnull,
        SAGEMAKER_SUPPRESS_V2_WARNING="1",
        SAGEMAKER_ADMIN_CONFIG_OVERRIDE=str(defaults),
        SAGEMAKER_USER_CONFIG_OVERRIDE=str(defaults),
    )
    os.environ.pop("AWS_PROFILE", None)
    os.environ.pop("AWS_ENDPOINT_URL", None)
