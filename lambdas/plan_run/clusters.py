"""The instances of jobs as SageMaker takes them, with the key of their volumes where one may be named. Pure."""

from __future__ import annotations

import re
from typing import Any

VOLUME_GB = 50
LOCAL_STORAGE = r"ml\.(?:[a-z]+\d+[a-z]*d[a-z]*|gr?[5-9]\w*|p[5-9][\w-]*|trn\d\w*|i\d\w*)\..+"
"""Instance families whose disks are their own: the hardware encrypts them, and SageMaker refuses a key for them."""


def cluster(instance: str, key: str, count: int = 1) -> dict[str, Any]:
    """A training's ResourceConfig and a processing job's ClusterConfig; ``key`` is a KMS key's ARN or empty."""
    named = key and not re.fullmatch(LOCAL_STORAGE, instance)
    return {
        "InstanceType": instance,
        "InstanceCount": count,
        "VolumeSizeInGB": VOLUME_GB,
        **({"VolumeKmsKeyId": key} if named else {}),
    }
