"""Planning a batch: the same version as for a release, or none, and pictures that can all be sent."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from botocore.stub import Stubber

from lambdas.plan_release import handler as function
from lambdas.plan_release import pictures as listing
from tests.lambdas.conftest import ENVIRONMENT, Bucket, Context
from tests.lambdas.plan_release.test_handler import DECIDED, FIGURES, KEPT, registered, signer
from tests.lambdas.plan_release.test_plan import ARN
from tests.lambdas.signing import Signer, recorded
from tests.workflow.contract.released import CHAMPION
from workflow.contract.batch import BatchPlan

__all__ = ["signer"]
EXECUTION = "arn:aws:states:us-east-1:123456789012:execution:greenlight-batch:one"
PICTURES = "s3://greenlight-test/batches/one/pictures"


def event(**given: Any) -> dict[str, Any]:
    """What the state gives."""
    execution = {"id": EXECUTION, "name": "one", "started": "2026-11-21T10:14:03Z"}
    return {"machine": "batch", "input": {"pictures": PICTURES, **given}, "execution": execution}


@contextmanager
def registry_of(described: dict[str, Any]) -> Iterator[None]:
    """A registry with this version, which is asked for nothing else."""
    with Stubber(function.sagemaker) as stub:
        stub.add_response("describe_model_package", described, {"ModelPackageName": ARN})
        yield


@pytest.fixture
def approved(bucket: Bucket, table: Any, signer: Signer) -> Any:
    """One version that somebody approved, and three pictures."""
    bucket.put(KEPT, b"the archive")
    bucket.put("runs/one/evaluation/metrics.json", FIGURES)
    for name in ("a.jpg", "deep/b.PNG", "notes.txt"):
        bucket.put(f"batches/one/pictures/{name}", b"content")
    bucket.put("batches/one/pictures-of-others/c.jpg", b"content")
    table.put_item(Item=signer.item(DECIDED))
    return table


def test_an_approved_version_is_planned_by_its_digests_and_no_lock_is_taken(
    approved: Any, bucket: Bucket, context: Context
) -> None:
    """Its own settings, and refusals that are answered; the page shows what looks like a picture."""
    with registry_of(registered()):
        plan = BatchPlan.parse(function.handler(event(model_package_arn=ARN, instances=3), context))
    assert (plan.count, plan.pictures, plan.package_version) == (3, f"{PICTURES}/", 4)
    assert plan.environment == {"GREENLIGHT_CONFIDENCE": "0.4", "GREENLIGHT_REFUSALS": "answer"}
    assert (plan.archive_digest, plan.model_data_url) == (DECIDED.archive_digest, f"s3://greenlight-test/{KEPT}")
    assert plan.resources == {"InstanceType": registered_instance(), "InstanceCount": 3}
    assert plan.concurrent * plan.payload_mb <= 100
    stored = function.s3.get_object(Bucket="greenlight-test", Key="batches/one/sheet.manifest")["Body"].read()
    assert json.loads(stored) == [{"prefix": f"{PICTURES}/"}, "a.jpg", "deep/b.PNG"]
    assert "Item" not in approved.get_item(Key={"id": "release-lock"})


def registered_instance() -> str:
    """The type that the version is registered for."""
    specification = registered()["InferenceSpecification"]
    return str(specification["SupportedRealtimeInferenceInstanceTypes"][0])


def test_volumes_are_under_the_stacks_key(approved: Any, context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of both jobs; but for instances with disks of their own, for which SageMaker refuses a key."""
    monkeypatch.setattr(function, "environment", replace(function.environment, key="arn:key"))
    with registry_of(registered()):
        plan = function.handler(event(model_package_arn=ARN), context)
    assert (plan["resources"]["VolumeKmsKeyId"], plan["cluster"]["VolumeKmsKeyId"]) == ("arn:key", "arn:key")
    with registry_of(registered()):
        plan = function.handler(event(model_package_arn=ARN, instance="ml.g5.xlarge"), context)
    assert plan["resources"] == {"InstanceType": "ml.g5.xlarge", "InstanceCount": 1}


def assert_refused(context: Context, told: str, **given: Any) -> None:
    """The batch is refused with these words."""
    with pytest.raises(function.ReleaseRefused, match=told):
        function.handler(event(**{"model_package_arn": ARN, **given}), context)


def test_a_version_that_nobody_approved_answers_nothing(approved: Any, signer: Signer, context: Context) -> None:
    """Whatever the registry says; nor one that was rejected, or whose archive was replaced."""
    with registry_of(registered(ModelApprovalStatus="PendingManualApproval")):
        assert_refused(context, "PendingManualApproval, not Approved")
    approved.put_item(Item=signer.item(replace(DECIDED, decision="rejected", by="Eve")))
    with registry_of(registered()):
        assert_refused(context, "rejected by Eve")
    approved.delete_item(Key={"id": signer.item(DECIDED)["id"]})
    with registry_of(registered()):
        assert_refused(context, "nobody decided about version 4")


def test_an_archive_that_was_replaced_answers_nothing(approved: Any, bucket: Bucket, context: Context) -> None:
    """It is hashed before every batch."""
    bucket.put(KEPT, b"another archive")
    with registry_of(registered()):
        assert_refused(context, "the archive changed after registration")


def test_without_a_version_production_answers_if_its_record_can_be_believed(approved: Any, context: Context) -> None:
    """Nobody else's note says what serves."""
    assert_refused(context, "production serves nothing yet", model_package_arn="")
    champion = {**CHAMPION, "model_package_arn": ARN}
    approved.put_item(Item=champion)
    assert_refused(context, "carries no mark", model_package_arn="")
    approved.put_item(Item=recorded(champion))
    with registry_of(registered()):
        assert function.handler(event(), context)["model_package_arn"] == ARN


def test_a_folder_without_pictures_is_refused_and_so_is_one_too_large(
    approved: Any, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before anything is started: SageMaker would fail the job, and say less."""
    with registry_of(registered()):
        assert_refused(
            context, "there are no pictures at s3://greenlight-test/nothing/", pictures="s3://greenlight-test/nothing"
        )
    with registry_of(registered()):
        assert_refused(context, r"cannot be listed \(NoSuchBucket\)", pictures="s3://nobodys-bucket/pictures")
    monkeypatch.setattr(listing, "PAYLOAD_MB", 0)
    with registry_of(registered()):
        assert_refused(context, "a.jpg has 0 MB, and a picture may have 0")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"pictures": "photos"}, "input.pictures: must be an S3 address"),
        ({"instances": 101}, "input.instances: must be at most 100"),
        ({"picture": "s3://a/b"}, "input.picture: unknown key"),
    ],
)
def test_a_wrong_input_is_refused_by_its_key(context: Context, given: dict[str, Any], told: str) -> None:
    """As a release's is."""
    assert_refused(context, told, **given)


@pytest.mark.parametrize("count", [1, 24, 25, 48, 1000])
def test_the_pictures_of_the_page_are_spread_over_all(count: int) -> None:
    """However many there are: some two dozen, the last of them from the last tenth."""
    names = [f"{at:05}.jpg" for at in range(count)]
    page = {"Contents": [{"Key": f"photos/{name}", "Size": 1} for name in names]}

    class Storage:
        def get_paginator(self, _: str) -> Any:
            return self

        def paginate(self, **_: str) -> list[dict[str, Any]]:
            return [page]

    some = listing.find_pictures(Storage(), "s3://bucket/photos").some
    assert len(some) == min(count, listing.SHOWN)
    assert len(set(some)) == len(some)
    assert names.index(some[-1]) >= 0.9 * count - 1


def test_of_many_pictures_few_names_are_kept() -> None:
    """Fifty thousand names of a hundred letters would be five megabytes."""

    class Storage:
        def get_paginator(self, _: str) -> Any:
            return self

        def paginate(self, **_: str) -> Iterator[dict[str, Any]]:
            for at in range(500):
                yield {"Contents": [{"Key": f"photos/{at * 100 + n:0100}.jpg", "Size": 1} for n in range(100)]}

    tracemalloc.start()
    try:
        found = listing.find_pictures(Storage(), "s3://bucket/photos")
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()
    assert found.count == 50_000


def test_the_environment_names_the_key() -> None:
    """As the template gives it."""
    assert function.Environment.read({**ENVIRONMENT, "KEY_ARN": "arn:key"}).key == "arn:key"
