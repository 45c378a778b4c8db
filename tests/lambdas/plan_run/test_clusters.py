"""The instances of jobs, and whether a key may be named for their volumes."""

from __future__ import annotations

import pytest

from lambdas.plan_run.clusters import cluster, plan_clusters
from lambdas.plan_run.limits import GB
from workflow.contract.run_input import RunInput

KEY = "arn:aws:kms:us-east-1:123456789012:key/1234abcd"
ON_NETWORK_VOLUMES = (
    "ml.m5.xlarge",
    "ml.m7i.xlarge",
    "ml.c7i.4xlarge",
    "ml.c6gn.large",
    "ml.p3.2xlarge",
    "ml.inf2.xlarge",
)
ON_DISKS_OF_THEIR_OWN = (
    *("ml.g5.xlarge", "ml.g6.2xlarge", "ml.g6e.xlarge", "ml.gr6.4xlarge", "ml.g4dn.xlarge", "ml.p3dn.24xlarge"),
    *("ml.p4d.24xlarge", "ml.p4de.24xlarge", "ml.p5.48xlarge", "ml.p5en.48xlarge", "ml.p6-b200.48xlarge"),
    *("ml.trn1.2xlarge", "ml.trn1n.32xlarge", "ml.trn2.48xlarge", "ml.m5d.xlarge", "ml.c6id.xlarge", "ml.i3en.large"),
)


@pytest.mark.parametrize("instance", ON_NETWORK_VOLUMES)
def test_a_volume_of_the_network_is_encrypted_with_the_key(instance: str) -> None:
    """Where there is one."""
    assert cluster(instance, KEY, 50)["VolumeKmsKeyId"] == KEY
    assert "VolumeKmsKeyId" not in cluster(instance, "", 50)


@pytest.mark.parametrize("instance", ON_DISKS_OF_THEIR_OWN)
def test_no_key_is_named_for_disks_that_encrypt_themselves(instance: str) -> None:
    """SageMaker refuses the job otherwise."""
    assert "VolumeKmsKeyId" not in cluster(instance, KEY, 50)


def test_a_cluster_is_whole() -> None:
    """It takes the place of all that SageMaker is told of a job's instances."""
    assert cluster("ml.m5.large", "", 70, 3) == {
        "InstanceType": "ml.m5.large",
        "InstanceCount": 3,
        "VolumeSizeInGB": 70,
    }


def test_the_clusters_of_a_run_have_room_for_its_data_and_the_key_of_the_stack() -> None:
    """Preparation alone is shared; disks of an instance's own have their size and no key."""
    given = RunInput.parse(
        {"processing_instance": "ml.m5.xlarge", "training_instance": "ml.g5.xlarge", "prepare_instances": 2},
        {"dataset": "s3://bucket/set"},
    )
    found = plan_clusters(given, 100 * GB, KEY)
    assert found.preparation == cluster("ml.m5.xlarge", KEY, 320, 2)
    assert found.evaluation == cluster("ml.m5.xlarge", KEY, 320)
    assert found.search == {"InstanceType": "ml.g5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 50}
