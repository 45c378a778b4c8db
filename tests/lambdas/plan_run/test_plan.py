"""The plan of a run, as a pure function of what was found."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.plan_run.fingerprint import StoredFile, digest_dataset
from lambdas.plan_run.plan import (
    Deployment,
    Registered,
    Stored,
    decide_to_build,
    draw_up,
    end_with_slash,
    name_dataset,
)
from lambdas.plan_run.training import plan_attempts
from tests.workflow.contract.released import CHAMPION
from workflow.contract.build_plan import BuildPlan, PlannedChampion, Sharing
from workflow.contract.champion import read_champion
from workflow.contract.execution import Execution
from workflow.contract.job_names import name_jobs
from workflow.contract.rule import InputError
from workflow.contract.run_input import RunInput
from workflow.contract.standing import Described, Premises

EXECUTION = Execution("arn:aws:states:us-east-1:123456789012:execution:greenlight-build:one", "one")
DEPLOYMENT = Deployment("greenlight", "bucket", "training:1", "serving:1")
FILES = (StoredFile("images/1.jpg", "aaa", 100), StoredFile("labels/1.txt", "bbb", 20))
STORED = Stored(files=FILES, weights_sha256="", newest=None, champion=None)


def plan(stored: Stored = STORED, deployment: Deployment = DEPLOYMENT, **given: Any) -> BuildPlan:
    """A plan for an input that names only what a test is about."""
    return draw_up(RunInput.parse(given, {"dataset": "s3://bucket/datasets/fasteners"}), EXECUTION, deployment, stored)


def test_a_first_run_builds() -> None:
    """The plan holds what the later states read."""
    drawn = plan()
    assert (drawn.anything_to_do, drawn.reason) == (True, "first model")
    assert drawn.dataset.uri == "s3://bucket/datasets/fasteners/"
    assert drawn.dataset.name == "fasteners"
    assert drawn.dataset.objects == 2
    assert drawn.uris.test == "s3://bucket/copies/one/prepared/test/"
    assert drawn.champion is None
    assert drawn.approval_seconds == 72 * 3600


def test_a_gpu_that_would_do_nothing_is_refused_unless_what_serves_is_an_own_image() -> None:
    """Which the plan cannot know; images that build engines are asked for by the stack."""
    g5: dict[str, Any] = dict.fromkeys(
        ("training_instance", "processing_instance", "endpoint_instance"), "ml.g5.xlarge"
    )
    with pytest.raises(InputError, match=r"endpoint_instance = ml\.g5\.xlarge: its GPU would do nothing"):
        plan(endpoint_instance="ml.g5.xlarge")
    with pytest.raises(InputError, match="GpuEndpoints=yes"):
        plan(**g5, precision="f16")
    able = dataclasses.replace(DEPLOYMENT, builds_engines=True)
    assert plan(deployment=able, **g5, precision="f16").hyperparameters["precision"] == "f16"
    own = dataclasses.replace(DEPLOYMENT, own_serving=True)
    assert plan(deployment=own, endpoint_instance="ml.g5.xlarge").instances.endpoint == "ml.g5.xlarge"


@pytest.mark.parametrize("dataset", ["s3://bucket", "s3://bucket/", "s3://bucket/runs", "s3://bucket/copies/one/"])
def test_a_run_whose_dataset_holds_what_runs_write_is_refused(dataset: str) -> None:
    """Where new data starts runs, each would start the next one, and each would be paid for."""
    with pytest.raises(InputError, match="a folder of their own"):
        plan(dataset=dataset)
    assert plan(dataset=dataset.replace("bucket", "bucket2", 1)).anything_to_do
    assert plan(dataset="s3://bucket/runs-of-bolts").anything_to_do


def test_what_a_run_creates_carries_the_stacks_tags_and_its_volumes_the_stacks_key() -> None:
    """Each job's instances as SageMaker takes them; disks of their own take no key."""
    key = "arn:aws:kms:us-east-1:123456789012:key/1"
    stack = dataclasses.replace(DEPLOYMENT, key=key, tags={"team": "vision"})
    drawn = plan(
        deployment=stack, prepare_instances=3, training_instance="ml.p3.2xlarge", fallback_instances=["ml.g5.xlarge"]
    )
    assert [tag["Key"] for tag in drawn.tags] == ["project", "run", "team"]
    assert drawn.clusters is not None
    assert drawn.clusters.preparation["InstanceCount"] == 3
    assert drawn.clusters.evaluation["InstanceCount"] == 1
    clusters = (drawn.clusters.preparation, drawn.clusters.evaluation, drawn.clusters.search, drawn.training.resources)
    assert [cluster["VolumeKmsKeyId"] for cluster in clusters if cluster] == [key] * 4
    assert drawn.training.fallback is not None
    assert drawn.training.fallback.resources is not None
    assert "VolumeKmsKeyId" not in drawn.training.fallback.resources
    assert "VolumeKmsKeyId" not in str(plan().document())


def test_tags_and_keys_make_no_other_model() -> None:
    """A stack that gets a tag does not train everything again."""
    stack = dataclasses.replace(DEPLOYMENT, key="arn:aws:kms:us-east-1:123456789012:key/1", tags={"team": "vision"})
    assert plan(deployment=stack, tune=True).fingerprint == plan(tune=True).fingerprint


def test_every_hyperparameter_is_text() -> None:
    """SageMaker refuses anything else."""
    drawn = plan(epochs=3, hyperparameters={"lr0": 0.002, "cos_lr": True, "optimizer": "AdamW", "nbs": 8})
    assert drawn.hyperparameters == {
        "model": "yolov8n",
        "epochs": "3",
        "image_size": "640",
        "precision": "auto",
        "batch": "16",
        "seed": "0",
        "max_detections": "300",
        "tiles": "off",
        "lr0": "0.002",
        "cos_lr": "true",
        "optimizer": "AdamW",
        "nbs": "8",
    }


def test_a_hyperparameter_with_a_key_of_its_own_is_refused() -> None:
    """Two places for one value would leave one of them without effect."""
    with pytest.raises(InputError, match=r"hyperparameters\.epochs"):
        plan(hyperparameters={"epochs": 3})


def test_an_empty_dataset_is_refused_by_its_address() -> None:
    """The message says where nothing was found."""
    with pytest.raises(InputError, match="s3://bucket/datasets/fasteners/"):
        plan(dataclasses.replace(STORED, files=()))


def test_nothing_is_built_again_from_the_same_things() -> None:
    """The nightly run ends early when nothing changed."""
    newest = Registered(version=4, fingerprint=plan().fingerprint)
    drawn = plan(dataclasses.replace(STORED, newest=newest))
    assert (drawn.anything_to_do, drawn.reason) == (False, "nothing changed since version 4")


@pytest.mark.parametrize(
    ("force", "newest", "expected"),
    [
        (False, None, (True, "first model")),
        (True, None, (True, "first model")),
        (True, Registered(4, "mark"), (True, "trained again on request, though nothing changed since version 4")),
        (True, Registered(4, "other"), (True, "the data or the settings changed since version 4")),
        (False, Registered(4, "mark"), (False, "nothing changed since version 4")),
        (False, Registered(4, "other"), (True, "the data or the settings changed since version 4")),
        (False, Registered(4, ""), (True, "the data or the settings changed since version 4")),
    ],
)
def test_why_there_is_something_to_do(force: bool, newest: Registered | None, expected: tuple[bool, str]) -> None:
    """Each way in has its own reason in words."""
    assert decide_to_build(force, "mark", newest) == expected


@pytest.mark.parametrize(
    "changed",
    [
        {"stored": dataclasses.replace(STORED, files=FILES[:1])},
        {"stored": dataclasses.replace(STORED, files=(FILES[0], StoredFile("labels/1.txt", "ccc", 20)))},
        {"stored": dataclasses.replace(STORED, weights_sha256="w")},
        {"deployment": dataclasses.replace(DEPLOYMENT, training_image="training:2")},
        {"deployment": dataclasses.replace(DEPLOYMENT, serving_image="serving:2")},
        {"model": "yolov8s"},
        {"epochs": 7},
        {"precision": "int8"},
        {"tune": True},
        {"hyperparameters": {"weight_decay": 0.1}},
        {"task": "pose"},
        {"format": "coco"},
        {"policy": {"outside-image": "repair"}},
        {"group_pattern": "(series)-"},
        {"seed": 7},
        {"confidence": 0.4},
    ],
    ids=str,
)
def test_what_changes_the_fingerprint(changed: dict[str, Any]) -> None:
    """A label edited without changing its size is one of these."""
    assert plan(**changed).fingerprint != plan().fingerprint


@pytest.mark.parametrize(
    "unchanged",
    [
        {"minimum_map50": 0.9},
        {"class_floors": {"bolt": 0.5}},
        {"started_by": "ana"},
        {"approval_hours": 1},
        {"force": True},
        {"prepare_instances": 4},
        {"spot": False},
        {"training_instance": "ml.g6.xlarge", "fallback_instances": ["ml.g5.xlarge"]},
        {"tuning_jobs": 9},
    ],
    ids=str,
)
def test_what_leaves_the_fingerprint_alone(unchanged: dict[str, Any]) -> None:
    """Thresholds, people and machines do not change what a training gives, nor does a search nobody asked for."""
    assert plan(**unchanged).fingerprint == plan().fingerprint


def test_another_search_is_another_recipe() -> None:
    """What it varies, how and how long all count."""
    marks = {
        plan(tune=True, **given).fingerprint
        for given in (
            {},
            {"tuning_jobs": 9},
            {"tuning_strategy": "Random"},
            {"tuning_ranges": {"mosaic": {"values": [0, 1]}}},
        )
    }
    assert len(marks) == 4


def test_a_repeated_plan_is_the_same_plan() -> None:
    """A retry of the state changes nothing, so one execution registers one version."""
    assert plan() == plan()
    assert re.fullmatch(r"[0-9a-f]{32}", plan().client_token)


@given(
    st.lists(st.builds(StoredFile, st.text(max_size=8), st.text(max_size=4), st.integers(0, 9)), unique=True),
    st.randoms(),
)
def test_the_digest_does_not_depend_on_the_order(files: list[StoredFile], random: Any) -> None:
    """S3 may list as it likes."""
    shuffled = list(files)
    random.shuffle(shuffled)
    assert digest_dataset(files) == digest_dataset(shuffled)


def test_the_digest_keeps_names_and_tags_apart() -> None:
    """Nothing is glued together."""
    assert digest_dataset([StoredFile("ab", "c", 1)]) != digest_dataset([StoredFile("a", "bc", 1)])


@pytest.mark.parametrize(
    ("uri", "name"), [("s3://bucket/sets/fasteners/", "fasteners"), ("s3://bucket", "bucket"), ("s3://bucket/a", "a")]
)
def test_a_dataset_is_called_after_its_last_folder(uri: str, name: str) -> None:
    """The name in the mail's subject."""
    assert name_dataset(uri) == name
    assert end_with_slash(uri).endswith("/")
    assert not end_with_slash(uri).endswith("//")


@given(st.text(min_size=1, max_size=80))
def test_job_names_are_valid_with_their_suffix(run: str) -> None:
    """Whatever an execution is called, SageMaker accepts its jobs, a search's shorter name included."""
    names = name_jobs("greenlight", run)
    attempt = plan_attempts(RunInput("s3://b/d", fallback_instances=["ml.g4dn.xlarge"]), "greenlight", run, 0)
    assert attempt.fallback is not None
    every = {**dataclasses.asdict(names), "train": attempt.job, "again": attempt.fallback.job}
    for step, name in every.items():
        longest = 32 if step == "tune" else 63
        assert re.fullmatch(r"[a-zA-Z0-9](-*[a-zA-Z0-9])*", name)
        assert len(name) + 6 <= longest


def test_the_gate_is_told_every_threshold() -> None:
    """Under the names of the input, defaults included."""
    asked = plan(class_floors={"bolt": 0.6}, minimum_top1=0.9).thresholds
    defaults = RunInput("s3://bucket/data")
    assert asked == {
        "minimum_map50": defaults.minimum_map50,
        "minimum_map50_95": 0.0,
        "minimum_keypoint_map50_95": 0.0,
        "minimum_mask_map50_95": 0.0,
        "minimum_top1": 0.9,
        "minimum_class_map50": 0.0,
        "class_floors": {"bolt": 0.6},
        "minimum_images": 1,
        "minimum_class_objects": 1,
        "maximum_regression": 0.02,
        "maximum_class_regression": 0.1,
        "maximum_latency_ms": 0.0,
        "maximum_model_mb": 0.0,
    }


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (1, Sharing(shared=False, instances=1, distribution="FullyReplicated")),
        (4, Sharing(shared=True, instances=4, distribution="ShardedByS3Key")),
    ],
)
def test_a_preparation_on_several_instances_shares_the_files(number: int, expected: Sharing) -> None:
    """One instance sees them all."""
    assert plan(prepare_instances=number).preparation == expected


def test_a_gpu_trains_on_spot_capacity_and_may_wait_for_it() -> None:
    """SageMaker wants a longest wait with it, no shorter than the training itself."""
    first = plan().training
    assert (first.instance, first.spot) == ("ml.g5.xlarge", True)
    assert first.stopping == {"MaxRuntimeInSeconds": 24 * 3600, "MaxWaitTimeInSeconds": 25 * 3600}
    assert first.seconds > first.stopping["MaxWaitTimeInSeconds"]


def test_how_long_a_training_takes_and_waits_is_the_input_s() -> None:
    """The state waits longer than either; what is on demand is told of no wait."""
    first = plan(training_hours=2.5, spot_wait_hours=0.5).training
    assert first.stopping == {"MaxRuntimeInSeconds": 9000, "MaxWaitTimeInSeconds": 10800}
    assert first.seconds > 10800
    assert first.fallback is not None
    assert first.fallback.stopping == {"MaxRuntimeInSeconds": 9000}
    assert 9000 < first.fallback.seconds < first.seconds


def test_the_last_try_is_on_demand() -> None:
    """One instance alone is tried again without spot capacity; where there are more, the last of them is."""
    alone, listed = plan().training, plan(fallback_instances=["ml.g4dn.xlarge"]).training
    for first, last in ((alone, "ml.g5.xlarge"), (listed, "ml.g4dn.xlarge")):
        assert (first.instance, first.spot) == ("ml.g5.xlarge", True)
        assert first.fallback is not None
        assert (first.fallback.instance, first.fallback.spot, first.fallback.fallback) == (last, False, None)
        assert first.fallback.job != first.job


@pytest.mark.parametrize(
    "given", [{"spot": False}, {"training_instance": "ml.c7i.4xlarge"}, {"training_instance": "ml.trn1.2xlarge"}]
)
def test_spot_capacity_is_left_alone_where_it_is_not_wanted_or_not_worth_it(given: dict[str, Any]) -> None:
    """SageMaker refuses a longest wait then."""
    first = plan(**given).training
    assert first.spot is False
    assert first.stopping == {"MaxRuntimeInSeconds": 24 * 3600}
    assert first.fallback is None


def test_where_to_train_next_when_capacity_is_short() -> None:
    """Each try on its own instance, with a job's name of its own, and spot capacity only on a GPU."""
    first = plan(fallback_instances=["ml.p3.2xlarge", "ml.c7i.8xlarge"]).training
    second = first.fallback
    assert second is not None
    third = second.fallback
    assert third is not None
    tried = [(one.job, one.instance, one.spot) for one in (first, second, third)]
    assert tried == [
        ("greenlight-one-train", "ml.g5.xlarge", True),
        ("greenlight-one-train-2", "ml.p3.2xlarge", True),
        ("greenlight-one-train-3", "ml.c7i.8xlarge", False),
    ]
    assert third.fallback is None


def test_a_digest_without_weights_is_refused() -> None:
    """It would be checked against nothing."""
    with pytest.raises(InputError, match="weights_sha256 is given without weights"):
        plan(weights_sha256="0" * 64)


def test_a_search_varies_only_what_the_input_leaves_open() -> None:
    """A value that was given stays as given."""
    tuning = plan(tune=True, tuning_jobs=4, tuning_parallel=9, hyperparameters={"lr0": 0.002}).tuning
    assert (tuning.jobs, tuning.parallel) == (4, 4)
    assert [entry["Name"] for entry in tuning.ranges["ContinuousParameterRanges"]] == ["weight_decay", "mosaic"]
    assert tuning.static["lr0"] == "0.002"
    assert tuning.static["optimizer"] == "AdamW"
    assert plan(tune=True, precision="int8").tuning.static["precision"] == "int8"


def test_a_search_with_nothing_to_vary_is_refused() -> None:
    """Six equal trainings would cost six times as much."""
    with pytest.raises(InputError, match="nothing to search"):
        plan(tune=True, hyperparameters={"lr0": 0.1, "weight_decay": 0.1, "mosaic": 0})


def test_a_search_with_an_optimiser_that_ignores_it_is_refused() -> None:
    """``auto`` sets its own learning rate."""
    with pytest.raises(InputError, match="optimizer"):
        plan(tune=True, hyperparameters={"optimizer": "auto"})


@pytest.mark.parametrize("named", [{}, {"optimizer": "auto"}])
def test_a_learning_rate_that_the_optimizer_ignores_is_refused(named: dict[str, str]) -> None:
    """Ultralytics replaces it by its own; the run would train as if nothing had been said."""
    with pytest.raises(InputError, match=r"hyperparameters\.lr0: the optimizer 'auto' ignores it"):
        plan(hyperparameters={"lr0": 0.002, **named})
    assert plan(hyperparameters={"lr0": 0.002, "optimizer": "AdamW"}).hyperparameters["lr0"] == "0.002"


def test_a_search_over_the_optimiser_leaves_it_open() -> None:
    """A varied argument is in no other place."""
    tuning = plan(tune=True, tuning_ranges={"optimizer": {"values": ["SGD", "AdamW"]}}).tuning
    assert "optimizer" not in tuning.static
    assert (tuning.strategy, tuning.stopping) == ("Bayesian", {"MaxRuntimeInSeconds": 24 * 3600})


def test_an_argument_both_fixed_and_varied_is_refused() -> None:
    """One of the two would have no effect."""
    with pytest.raises(InputError, match=r"tuning_ranges\.lr0: hyperparameters\.lr0 fixes it"):
        plan(tune=True, hyperparameters={"lr0": 0.1}, tuning_ranges={"lr0": {"min": 0.1, "max": 0.2}})


def test_the_champion_is_named_in_the_plan() -> None:
    """The gate compares with this very version."""
    arn = "arn:aws:sagemaker:us-east-1:123456789012:model-package/greenlight/3"
    champion = read_champion({**CHAMPION, "model_package_arn": arn, "package_version": 3})
    drawn = plan(dataclasses.replace(STORED, champion=champion))
    assert drawn.champion == PlannedChampion(arn, 3)


@pytest.mark.parametrize("key", ["serve", "staging_serve"])
def test_what_the_stack_s_network_excludes_is_said_before_anything_is_trained(key: str) -> None:
    """Its release would be refused, hours later."""
    inside = dataclasses.replace(DEPLOYMENT, premises=Premises(in_vpc=True))
    given: dict[str, Any] = {key: "serverless"}
    with pytest.raises(InputError, match=f"{key} = serverless: the stack's endpoints are in its network"):
        plan(deployment=inside, **given)
    assert plan(**given).serving


def test_what_production_cannot_become_is_said_before_anything_is_trained() -> None:
    """Its release would be refused, hours later; the input names another way."""
    stands = dataclasses.replace(STORED, production=Described("greenlight-production", None, asynchronous=False))
    with pytest.raises(InputError, match="serve = serverless: greenlight-production is on instances"):
        plan(stands, serve="serverless")
    assert plan(stands).serving
