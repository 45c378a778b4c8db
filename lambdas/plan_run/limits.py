"""How long the jobs of a run may take, how long their states wait for them, and how large their volumes are.

A volume's size follows from the data's, which was listed before anything starts.
"""

from __future__ import annotations

from workflow.contract.build_plan import Limits
from workflow.contract.instance_type import DISKS_VOLUME_GB, has_disks
from workflow.contract.rule import InputError
from workflow.contract.run_input import LARGEST_VOLUME_GB, RunInput

QUEUE_SECONDS = 24 * 3600
"""What a state waits on top of its job's own limit, for an instance and for its start.

So long that the job is over first: Step Functions promises to stop the job of an execution that is stopped, and not
that of a state which has waited long enough.
"""

LEAST_VOLUME_GB = 50
ROOM_GB = 20
"""For programs, checkpoints and models, beside the data."""
COPIES = 3
"""The data as it was given, unpacked or copied once more, and its splits."""
GB = 1024**3


def seconds(hours: float) -> int:
    """Hours as whole seconds."""
    return round(hours * 3600)


def plan_limits(given: RunInput, parallel: int) -> Limits:
    """The limits of the processing jobs and of a search with so many parallel trainings.

    A search ends when its hours are over, or when all its instances together could have used theirs: SageMaker knows no
    limit in money.
    """
    processing = seconds(given.processing_hours)
    tuning = max(120, min(seconds(given.tuning_hours), seconds(given.tuning_instance_hours / parallel)))
    return Limits(
        processing_seconds=processing,
        processing_wait_seconds=processing + QUEUE_SECONDS,
        tuning_seconds=tuning,
        tuning_wait_seconds=tuning + QUEUE_SECONDS,
    )


def choose_volume(wanted: int, data_bytes: int, instance: str) -> int:
    """The VolumeSizeInGB of a job on this instance type, ``wanted`` unless it is 0. Raises InputError above the most.

    An instance with disks of its own gets no volume, and SageMaker refuses a larger one than those are.
    """
    if has_disks(instance):
        return DISKS_VOLUME_GB
    proposed = max(LEAST_VOLUME_GB, -(-COPIES * data_bytes // GB) + ROOM_GB)
    if not wanted and proposed > LARGEST_VOLUME_GB:
        raise InputError(
            f"the dataset holds {data_bytes / GB:.0f} GB, for which a volume of {proposed} GB would be needed, and "
            f"SageMaker has {LARGEST_VOLUME_GB}: name volume_gb if less will do, or an instance with disks of its own"
        )
    return wanted or proposed
