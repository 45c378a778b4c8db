"""A release's plan and the package it starts from, as pure functions."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from typing import Any

import pytest

from lambdas.plan_release.judged import Judged
from lambdas.plan_release.kinds import describe_variant
from lambdas.plan_release.package import Package, RefusalError, check_archive, read
from lambdas.plan_release.plan import (
    Endpoint,
    Found,
    LeavingError,
    Served,
    Settings,
    check_champion,
    check_overtaken,
    draw_up,
    rollout,
)
from tests.lambdas.gate_metrics.figures import FIGURES, measured
from tests.workflow.contract.released import CHAMPION, PLAN
from workflow.contract.champion import read_champion
from workflow.contract.decision import Decision
from workflow.contract.deployment import at_once, watched
from workflow.contract.execution import Execution
from workflow.contract.model import TASKS
from workflow.contract.release_approval import ReleaseApproval
from workflow.contract.release_input import ReleaseInput
from workflow.contract.release_plan import ReleasePlan
from workflow.contract.rule import InputError
from workflow.contract.scores import QUALITY

ARN = "arn:aws:sagemaker:us-east-1:123456789012:model-package/greenlight/4"
EXECUTION = Execution("arn:aws:states:us-east-1:123456789012:execution:greenlight-release:go", "go")
DESCRIBED: dict[str, Any] = {
    "ModelPackageArn": ARN,
    "ModelPackageGroupName": "greenlight",
    "ModelPackageVersion": 4,
    "ModelApprovalStatus": "Approved",
    "InferenceSpecification": {
        "Containers": [
            {
                "Image": "serving:1",
                "ModelDataUrl": f"s3://greenlight-test/models/{'b' * 64}/model.tar.gz",
                "Environment": {"GREENLIGHT_CONFIDENCE": "0.4"},
            }
        ],
        "SupportedRealtimeInferenceInstanceTypes": ["ml.m5.large"],
    },
    "CustomerMetadataProperties": {
        "model_digest": "a" * 64,
        "archive_digest": "b" * 64,
        "dataset_uri": "s3://bucket/datasets/fasteners/",
        "evaluation_uri": "s3://bucket/runs/one/evaluation/",
        "report_uri": "s3://bucket/runs/one/evaluation/report/index.html",
        "evaluation_digest": "e" * 64,
        "task": "detect",
        "quality_name": "map50_95",
        "quality": "0.81",
        "map50": "0.964",
        "map50_95": "0.81",
        "precision": "0.9",
        "recall": "0.95",
    },
}
PROPERTIES: dict[str, str] = DESCRIBED["CustomerMetadataProperties"]
DECISION = Decision(
    model_package_arn=ARN,
    package_version=4,
    archive_digest="b" * 64,
    evaluation_digest="e" * 64,
    image="serving:1",
    decision="approved",
    by="Ada",
    door="link",
    comment="seen",
    at_epoch=1_799_990_000,
    dataset="fasteners",
    smoke_digest="7" * 64,
    report_digest="8" * 64,
)
MEASURED = measured(confidence=0.4)
"""metrics.json of that version."""
JUDGED = Judged.read(json.dumps(MEASURED).encode(), read(DESCRIBED, "greenlight"))


def package() -> Package:
    """A version that may be released."""
    return read(DESCRIBED, "greenlight")


def plan(
    project: str = "greenlight",
    execution: Execution = EXECUTION,
    staging: Endpoint | None = None,
    production: Endpoint | None = None,
    served: Served | None = None,
    served_is_there: bool = True,
) -> ReleasePlan:
    """A release's plan, where nothing was released before but what production serves."""
    served = served or Served(configuration=production.configuration if production else "")
    found = Found(staging, production, served, DECISION, JUDGED, served_is_there)
    return draw_up(project, execution, ReleaseInput(ARN), Settings.read({}), package(), found)


def changed(path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    """The description with one value replaced, or removed where it is None."""
    described = copy.deepcopy(DESCRIBED)
    holder = described
    for key in path[:-1]:
        holder = holder[key]
    if value is None:
        del holder[path[-1]]
    else:
        holder[path[-1]] = value
    return described


def test_an_approved_version_is_read() -> None:
    """Everything a release depends on."""
    found = package()
    assert (found.version, found.instance) == (4, "ml.m5.large")


@pytest.mark.parametrize("task", TASKS)
def test_people_are_shown_the_figures_that_were_decided_on(task: str) -> None:
    """Whatever the registry says; those that the task does not have are none, the one that decides has its own name."""
    figures = Judged.read(json.dumps(measured(task=task, confidence=0.4)).encode(), package()).figures.document()
    assert figures["task"] == task
    assert figures[QUALITY[task]] == FIGURES[QUALITY[task]]
    assert figures["map50"] == (None if task == "classify" else FIGURES["map50"])
    assert figures["recall"] == FIGURES["recall"]
    lie = changed(("CustomerMetadataProperties", "map50_95"), "0.99")
    assert Judged.read(json.dumps(MEASURED).encode(), read(lie, "greenlight")) == JUDGED


def test_a_version_from_before_there_were_other_tasks_can_still_be_read() -> None:
    """It finds boxes; rolling back to it needs no new registration."""
    old = {key: value for key, value in PROPERTIES.items() if key not in ("task", "quality_name", "quality")}
    assert read(changed(("CustomerMetadataProperties",), old), "greenlight") == package()


def test_a_plan_shows_what_was_decided_on_and_nothing_that_only_the_registry_says() -> None:
    """The name of the data, the figures, the report's address and what a release is tried with."""
    drawn = plan()
    assert drawn.dataset_name == "fasteners"
    assert drawn.metrics == JUDGED.figures.document()
    assert drawn.report_uri == drawn.evaluation_uri + "report/index.html"
    assert (drawn.smoke_digest, drawn.report_digest) == ("7" * 64, "8" * 64)


def test_a_model_serves_with_the_confidence_it_was_judged_at() -> None:
    """Also where it was registered with none."""
    assert plan().environment == {"GREENLIGHT_CONFIDENCE": "0.4"}
    bare = read(changed(("InferenceSpecification", "Containers", 0, "Environment"), None), "greenlight")
    assert Judged.read(json.dumps(MEASURED).encode(), bare).environment == {"GREENLIGHT_CONFIDENCE": "0.4"}


@pytest.mark.parametrize("confidence", ["0.01", "0.41", "nan", "high", ""])
def test_a_version_that_would_serve_at_another_confidence_than_it_was_judged_at_is_refused(confidence: str) -> None:
    """It can be changed in the registry after the approval."""
    path = ("InferenceSpecification", "Containers", 0, "Environment")
    given = read(changed(path, {"GREENLIGHT_CONFIDENCE": confidence}), "greenlight")
    with pytest.raises(RefusalError, match=rf"would serve at the confidence {confidence}, and was judged at 0\.4"):
        Judged.read(json.dumps(MEASURED).encode(), given)


@pytest.mark.parametrize("digest", ["model_digest", "archive_digest"])
def test_figures_of_another_model_are_no_figures_of_this_version(digest: str) -> None:
    """What a release expects to answer is the model that was judged."""
    other = read(changed(("CustomerMetadataProperties", digest), "c" * 64), "greenlight")
    with pytest.raises(RefusalError, match="registered with another model than the one that was judged"):
        Judged.read(json.dumps(MEASURED).encode(), other)


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff", b"[" * 100_000])
def test_figures_that_cannot_be_read_are_refused(content: bytes) -> None:
    """Whoever signed for them."""
    with pytest.raises(RefusalError, match="the evaluation's figures cannot be read"):
        Judged.read(content, package())


@pytest.mark.parametrize(
    "name", ["LD_PRELOAD", "PYTHONPATH", "PYTHONWARNINGS", "SAGEMAKER_BASE_DIR", "greenlight_confidence"]
)
def test_a_version_that_would_start_with_other_settings_is_refused(name: str) -> None:
    """They can be changed in the registry after the approval, and decide what the container does."""
    settings = {"GREENLIGHT_CONFIDENCE": "0.4", name: "x"}
    given = changed(("InferenceSpecification", "Containers", 0, "Environment"), settings)
    with pytest.raises(RefusalError, match=f"version 4 would start with settings that no build registers: {name}$"):
        read(given, "greenlight")


@pytest.mark.parametrize("status", ["PendingManualApproval", "Rejected", None])
def test_a_version_that_nobody_approved_is_refused(status: str | None) -> None:
    """Only Approved is approved."""
    with pytest.raises(RefusalError, match="not Approved"):
        read(changed(("ModelApprovalStatus",), status), "greenlight")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("ModelPackageGroupName",), "another"),
        (("ModelPackageGroupName",), None),
        (("ModelPackageVersion",), None),
        (("InferenceSpecification",), None),
        (("InferenceSpecification", "Containers"), []),
        (("InferenceSpecification", "Containers", 0, "ModelDataUrl"), None),
        (("InferenceSpecification", "Containers", 0, "ModelDataUrl"), "https://example.com/x"),
        (("CustomerMetadataProperties",), None),
        (("CustomerMetadataProperties", "archive_digest"), None),
        (("CustomerMetadataProperties", "model_digest"), "short"),
        (("CustomerMetadataProperties", "evaluation_uri"), None),
        (("CustomerMetadataProperties", "map50"), "nan"),
        (("CustomerMetadataProperties", "map50"), "good"),
        (("CustomerMetadataProperties", "quality"), "inf"),
        (("CustomerMetadataProperties", "task"), "walk"),
    ],
    ids=str,
)
def test_a_version_that_is_not_whole_is_refused(path: tuple[Any, ...], value: Any) -> None:
    """Also versions that somebody else registered into the group."""
    with pytest.raises(RefusalError):
        read(changed(path, value), "greenlight")


def test_an_archive_that_changed_or_is_gone_is_refused() -> None:
    """The registered digest decides."""
    check_archive(package(), "b" * 64)
    with pytest.raises(RefusalError, match="changed after registration"):
        check_archive(package(), "c" * 64)
    with pytest.raises(RefusalError, match="no archive"):
        check_archive(package(), "")


OTHERS = "arn:aws:sagemaker:us-east-1:123456789012:model-package/greenlight/"


def serving(package_arn: str) -> tuple[Served, Endpoint | None]:
    """The record and the endpoint of a production that serves this package."""
    if not package_arn:
        return Served(), None
    return Served(package_arn, "configuration"), Endpoint("greenlight-production", "InService", "configuration")


@pytest.mark.parametrize(
    ("judged_against", "champion"),
    [(OTHERS + "3", OTHERS + "3"), ("", ""), (None, OTHERS + "3"), (OTHERS + "3", ARN)],
    ids=["the same", "the first", "nobody compared", "released already"],
)
def test_a_version_replaces_what_it_was_judged_against(judged_against: str | None, champion: str) -> None:
    """Bringing back a version by hand compares nothing; a repeated release finds itself."""
    check_champion(judged_against, package(), *serving(champion))


@pytest.mark.parametrize(
    ("judged_against", "champion", "told"),
    [
        (OTHERS + "2", OTHERS + "3", "judged against version 2, and production serves version 3 by now"),
        ("", OTHERS + "3", "judged against nothing, and production serves version 3"),
        (OTHERS + "2", "", "judged against version 2, and production serves nothing"),
    ],
)
def test_a_version_never_replaces_what_it_was_not_judged_against(judged_against: str, champion: str, told: str) -> None:
    """Another build was released while this one was judged or waited for its answer."""
    with pytest.raises(RefusalError, match=told):
        check_champion(judged_against, package(), *serving(champion))


def test_a_version_never_replaces_what_nobody_recorded() -> None:
    """As after a release whose record failed: what the candidate was compared with is not what production serves."""
    served, _ = serving(OTHERS + "3")
    other = Endpoint("greenlight-production", "InService", "another")
    with pytest.raises(RefusalError, match="production serves another, which no release has recorded"):
        check_champion(OTHERS + "3", package(), served, other)
    check_champion(None, package(), served, other)
    check_champion(OTHERS + "3", package(), served, None)


def test_nothing_is_compared_with_a_record_that_somebody_else_wrote() -> None:
    """Not even with the very package it names; a release by hand compares nothing, and records anew."""
    champion = read_champion(CHAMPION)
    served = Served.of(champion, believed=False)
    assert (served.package, served.configuration) == ("", CHAMPION["production_configuration"])
    production = Endpoint("greenlight-production", "InService", served.configuration)
    for judged_against in (CHAMPION["model_package_arn"], ""):
        with pytest.raises(RefusalError, match="carries no mark of the function that records"):
            check_champion(judged_against, package(), served, production)
    check_champion(None, package(), served, production)
    with pytest.raises(RefusalError, match="served version 3 when this release was planned"):
        check_overtaken(replace(ReleasePlan.parse(PLAN), replaces=OTHERS + "3"), served)


def test_a_plan_stands_until_another_release_takes_place() -> None:
    """Its own package in production is no other release."""
    planned = replace(ReleasePlan.parse(PLAN), replaces=OTHERS + "3", model_package_arn=ARN)
    for still in (OTHERS + "3", ARN):
        check_overtaken(planned, Served(still, "configuration"))
    with pytest.raises(RefusalError, match="served version 3 when this release was planned, and serves version 5 by"):
        check_overtaken(planned, Served(OTHERS + "5", "configuration"))


def test_only_without_a_champion_does_production_serve_nothing() -> None:
    """Else it serves what its record names."""
    assert Served.of(None) == Served("", "", 0)
    assert Served.of(read_champion(CHAMPION)) == Served(
        CHAMPION["model_package_arn"], CHAMPION["production_configuration"], CHAMPION["package_version"]
    )


def test_a_plan_tells_who_approved_the_version() -> None:
    """And which figures, for a second question about the same ones."""
    drawn = plan()
    assert drawn.approval == ReleaseApproval("Ada", "link", 1_799_990_000, "seen")
    assert drawn.evaluation_digest == "e" * 64


def test_a_plan_passes_through_the_machine_unchanged() -> None:
    """Every later state reads what was decided here, from JSON."""
    drawn = plan(production=Endpoint("greenlight-production", "InService", "greenlight-production-v3-00000000"))
    assert ReleasePlan.parse(json.loads(json.dumps(drawn.document()))) == drawn


def test_a_first_release_has_nothing_before_it() -> None:
    """Neither endpoint exists."""
    drawn = plan()
    assert (drawn.staging_exists, drawn.production_exists, drawn.previous_configuration) == (False, False, "")
    assert drawn.instance == "ml.m5.large"
    assert drawn.approval_seconds == 72 * 3600


def test_the_configuration_in_production_is_the_previous_one() -> None:
    """What a rollback of the endpoint goes back to."""
    drawn = plan(production=Endpoint("greenlight-production", "InService", "greenlight-production-v3-00000000"))
    assert drawn.production_exists is True
    assert drawn.previous_configuration == "greenlight-production-v3-00000000"


SERVED = Served(OTHERS + "3", CHAMPION["production_configuration"], 3)


def test_a_foreign_production_is_never_gone_back_to() -> None:
    """The recorded configuration is, where SageMaker has it still."""
    by_hand = Endpoint("greenlight-production", "InService", "made-by-hand")
    drawn = plan(production=by_hand, served=SERVED)
    assert (drawn.production_exists, drawn.previous_configuration) == (True, SERVED.configuration)


@pytest.mark.parametrize(
    ("served", "said"),
    [(SERVED, "which the last one recorded, is not there"), (Served(), "none has recorded anything")],
    ids=["gone", "nothing recorded"],
)
def test_where_nothing_is_to_go_back_to_a_release_is_refused_and_says_what_to_do(served: Served, said: str) -> None:
    """A release that could not be undone."""
    by_hand = Endpoint("greenlight-production", "InService", "made-by-hand")
    with pytest.raises(
        RefusalError, match=f"serves made-by-hand, which no release recorded, .*{said}.* Delete the endp"
    ):
        plan(production=by_hand, served=served, served_is_there=False)


@pytest.mark.parametrize("status", ["Creating", "Updating", "RollingBack", "Failed", "UpdateRollbackFailed"])
@pytest.mark.parametrize("where", ["staging", "production"])
def test_an_endpoint_that_cannot_be_updated_stops_the_release(where: str, status: str) -> None:
    """Before anything is created."""
    found: dict[str, Any] = {where: Endpoint(f"greenlight-{where}", status, "x")}
    with pytest.raises(RefusalError, match=f"greenlight-{where} is {status}"):
        plan(**found)


@pytest.mark.parametrize("where", ["staging", "production"])
def test_an_endpoint_that_is_being_deleted_is_waited_for(where: str) -> None:
    """The release makes it anew once it is gone."""
    found: dict[str, Any] = {where: Endpoint(f"greenlight-{where}", "Deleting", "x")}
    with pytest.raises(LeavingError, match=f"greenlight-{where} is being put away"):
        plan(**found)


def planned(version: int, judged_against: str | None = None) -> ReleasePlan:
    """The plan to release version 4 while production serves this version, 0 for none."""
    champion, production = serving(f"{OTHERS}{version}" if version else "")
    found = Found(None, production, replace(champion, version=version), DECISION, JUDGED)
    return draw_up("greenlight", EXECUTION, ReleaseInput(ARN, judged_against), Settings.read({}), package(), found)


@pytest.mark.parametrize(("version", "back"), [(5, True), (4, True), (3, False), (0, False)])
def test_a_version_that_is_not_above_production_s_goes_back(version: int, back: bool) -> None:
    """Also the same one again, which production may have lost; the first release of all goes back to nothing."""
    assert planned(version).goes_back is back


@pytest.mark.parametrize(
    ("version", "given", "challenged"),
    [(3, {}, True), (0, {}, False), (5, {}, False), (5, {"serve": "ab"}, True), (3, {"serve": "realtime"}, False)],
    ids=["a new one", "the first", "brought back", "brought back to be tried", "otherwise this time"],
)
def test_a_version_is_tried_beside_the_champion_where_there_is_one_and_it_is_not_brought_back(
    version: int, given: dict[str, Any], challenged: bool
) -> None:
    """Whoever brings a version back wants it at once, however it was registered, unless the release says so."""
    champion, production = serving(f"{OTHERS}{version}" if version else "")
    found = Found(None, production, replace(champion, version=version), DECISION, JUDGED)
    registered = replace(package(), serving="serve=ab")
    asked = ReleaseInput(ARN, serving=given)
    assert draw_up("greenlight", EXECUTION, asked, Settings.read({}), registered, found).challenged is challenged


def test_what_a_build_made_never_goes_back() -> None:
    """It was judged against a version with a higher number: new to production all the same."""
    assert planned(5, judged_against=OTHERS + "5").goes_back is False


def test_production_keeps_the_instances_it_has_when_it_moves() -> None:
    """Whatever the stack or the version's own release once said; the canary is one for as many."""
    scaled, plan = Endpoint("greenlight-production", "InService", "configuration", instances=3), planned(3)
    name = plan.production_configuration
    moves = rollout(plan, scaled, 1)
    assert (moves["count"], moves["deployment"]) == (3, watched(name, 3))
    assert rollout(plan, replace(scaled, instances=1), 2)["deployment"] == watched(name, 1)


def test_a_gpu_s_driver_is_named_for_its_family_and_can_be_chosen() -> None:
    """The production that is confirmed days later is on the same one."""
    newest = {"InferenceAmiVersion": "al2023-ami-sagemaker-inference-gpu-4-1"}
    gpu = {"InstanceType": "ml.g5.xlarge", "InitialInstanceCount": 1}
    assert describe_variant("ml.g5.xlarge", "") == {**gpu, **newest}
    assert describe_variant("ml.g5.xlarge", "al2-ami-sagemaker-inference-gpu-3-1") == {
        **gpu,
        "InferenceAmiVersion": "al2-ami-sagemaker-inference-gpu-3-1",
    }
    plan = replace(planned(3), production_variant={**gpu, **newest})
    assert rollout(plan, None, 2)["variant"] == {**gpu, **newest, "InitialInstanceCount": 2}


def test_an_instance_without_a_gpu_names_no_driver() -> None:
    """Not even where the stack wants one for the others."""
    for wanted in ("", "al2-ami-sagemaker-inference-gpu-3-1"):
        assert describe_variant("ml.c7i.xlarge", wanted).keys() == {"InstanceType", "InitialInstanceCount"}


@pytest.mark.parametrize("production", [None, Endpoint("greenlight-production", "InService", "configuration")])
def test_where_no_instances_are_counted_the_stack_says_how_many(production: Endpoint | None) -> None:
    """A production that does not exist yet, or one by hand without servers."""
    moves = rollout(planned(3), production, 2)
    assert (moves["count"], moves["deployment"]) == (2, watched(planned(3).production_configuration, 2))


def test_an_earlier_version_comes_back_at_once() -> None:
    """Whatever the number of instances: production may be ill, and nothing watches what is to cure it."""
    scaled = Endpoint("greenlight-production", "InService", "configuration", instances=3)
    moves = rollout(planned(5), scaled, 1)
    assert (moves["count"], moves["deployment"], moves["watched"]) == (3, at_once(), False)


@pytest.mark.parametrize(("version", "judged_against"), [(3, None), (5, OTHERS + "5")])
def test_a_version_new_to_production_is_watched_by_alarms_of_its_own(version: int, judged_against: str | None) -> None:
    """Their names are the release's, so that two releases have none in common."""
    plan = planned(version, judged_against)
    moves = rollout(plan, None, 1)
    assert moves["watched"] is True
    named = [alarm["AlarmName"] for alarm in moves["deployment"]["AutoRollbackConfiguration"]["Alarms"]]
    assert list(moves["alarms"].values()) == named
    assert all(name.startswith(plan.production_configuration) for name in named)


def test_a_first_production_has_nothing_to_go_back_to_and_is_not_watched() -> None:
    """It is created, and no traffic moves."""
    assert rollout(planned(0), None, 1)["watched"] is False


def test_an_endpoint_is_read_with_the_instances_it_shall_have() -> None:
    """Those it has may be on their way; of several variants the smallest decides what a canary may take."""
    variants = [
        {"VariantName": name, "DesiredInstanceCount": n, "CurrentInstanceCount": 9} for name, n in [("a", 4), ("b", 2)]
    ]
    described = {"EndpointName": "e", "EndpointStatus": "InService", "EndpointConfigName": "c"}
    assert Endpoint.of({**described, "ProductionVariants": variants}) == Endpoint("e", "InService", "c", 2)
    assert Endpoint.of({**described, "ProductionVariants": [{"VariantName": "serverless"}]}).instances == 0
    assert Endpoint.of(described).instances == 0


def test_names_are_short_and_belong_to_one_execution() -> None:
    """Two releases of one version never meet."""
    long = "p" * 30
    other = Execution(EXECUTION.id + "2", "go2")
    first, second = (plan(project=long, execution=execution).document() for execution in (EXECUTION, other))
    for name in ("model_name", "staging_configuration", "production_configuration"):
        assert first[name] != second[name]
        assert len(f"{first[name]}-10-10") <= 63, "an attempt adds its number"


def test_the_stacks_settings_go_before_the_built_in_ones() -> None:
    """A wrong one is named."""
    settings = Settings.read({"ask_before_production": True, "approval_hours": 0.5, "epochs": 3})
    assert settings == Settings(approval_seconds=1800, instance="ml.c7i.xlarge")
    assert Settings.read({"endpoint_instance": "ml.m5.large"}).instance == "ml.m5.large"
    with pytest.raises(InputError, match="approval_hours"):
        Settings.read({"approval_hours": "soon"})
