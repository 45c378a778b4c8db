"""The verdict on a dataset's report, and the function around it."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path
from typing import Any

import pytest

from lambdas.check_dataset import handler as function
from lambdas.check_dataset.fit import find_misfits
from lambdas.check_dataset.handler import DatasetRejected, handler
from lambdas.check_dataset.verdict import judge
from tests.lambdas.conftest import Bucket, Context
from tests.workflow.contract.test_scores import score
from workflow.contract.build_plan import BuildPlan
from workflow.contract.build_record import BuildRecord, read_build
from workflow.contract.dataset_index import DatasetUse, DatasetVersion, use_key, version_key
from workflow.contract.dataset_report import ClassCount, DatasetReport, Finding, SplitCount
from workflow.contract.reading import ContractError
from workflow.contract.scores import Metrics as Measured
from workflow.contract.table_keys import build_key
from workflow.contract.weights import Pretrained

SPLITS = {"training": SplitCount(64, 180), "validation": SplitCount(16, 45), "test": SplitCount(16, 46)}
PLAN = json.loads((Path(__file__).parents[2] / "workflow/contract/examples/build-plan.json").read_text())
PLACES = {
    name: f"s3://greenlight-test/runs/one/{name.removesuffix('_report')}/" for name in ("dataset_report", "record")
}
EVENT = {"plan": {**PLAN, "uris": {**PLAN["uris"], **PLACES}}}


def report(errors: int = 0, warnings: int = 0, findings: tuple[Finding, ...] = (), **more: Any) -> DatasetReport:
    """A report of a good dataset, except for what a test names."""
    fields: dict[str, Any] = {"digest": "d" * 64, "classes": ("bolt", "nut"), "splits": SPLITS, **more}
    return DatasetReport(errors=errors, warnings=warnings, findings=findings, **fields)


def finding(number: int, severity: str = "error") -> Finding:
    """One finding."""
    return Finding(severity, f"labels/{number}.txt", 3, "the box leaves the image", "outside-image")


def test_a_clean_dataset_passes_in_one_line() -> None:
    """The line people see while the run goes on."""
    verdict = judge(report())
    assert verdict.reasons == ()
    assert verdict.summary == "96 images, 271 boxes, 0 problems"


@pytest.mark.parametrize(("task", "said"), [("obb", "271 boxes"), ("pose", "271 objects"), ("classify", "271 labels")])
def test_what_is_labelled_has_the_word_of_its_task(task: str, said: str) -> None:
    """A classifier's pictures hold no boxes."""
    assert said in judge(report(task=task)).summary


def test_warnings_do_not_stop_a_run() -> None:
    """They are counted as problems."""
    verdict = judge(report(warnings=1, findings=(finding(1, "warning"),)))
    assert verdict.reasons == ()
    assert verdict.summary.endswith("1 problem")


def test_problems_are_told_by_their_kinds_and_notes_apart() -> None:
    """What was no more than noted is no problem; an approver reads of what kind the others are."""
    counted = {"missing-label": 40, "leaked-image": 2, "repeated-object": 12, "unused-file": 1}
    verdict = judge(report(warnings=55, counted=counted, noted={"missing-label": 40, "unused-file": 1}))
    assert verdict.summary == "96 images, 271 boxes, 14 problems (12 repeated-object, 2 leaked-image), 41 notes"
    many = {kind: 9 - at for at, kind in enumerate(("a", "b", "c", "d", "e"))}
    assert judge(report(warnings=35, counted=many)).summary.endswith("35 problems (9 a, 8 b, 7 c, 2 more kinds)")


def test_errors_are_named_with_file_and_line_and_the_rest_is_counted() -> None:
    """The first five, and how many more there are."""
    verdict = judge(report(errors=12, findings=(finding(0, "warning"), *map(finding, range(1, 9)))))
    assert verdict.reasons[0] == "labels/1.txt:3: the box leaves the image [outside-image]"
    assert len(verdict.reasons) == 6
    assert verdict.reasons[-1] == "and 7 more"


def test_a_rejection_ends_with_what_to_type() -> None:
    """For all kinds that reject, over the policy that the run had already."""
    found: dict[str, Any] = {"rejected": {"outside-image": 1, "layout": 1}, "policy": {"crowd": "reject"}}
    said = judge(report(errors=2, findings=(finding(1),), **found)).reasons[-1]
    assert said.startswith(
        "layout must be mended: no policy does, and none leaves it out; for the rest: greenlight start --policy "
    )
    assert said.endswith("or make demo POLICY=crowd=reject,outside-image=repair")


def test_a_rejection_says_where_all_of_it_is_seen() -> None:
    """Before what to type, for a notice may end before that."""
    judged = judge(report(errors=1, findings=(finding(1),), rejected={"outside-image": 1}), "s3://b/dataset/data.html")
    assert judged.reasons[1] == "all of it, with pictures: s3://b/dataset/data.html"
    assert judge(report(), "s3://b/dataset/data.html").reasons == ()


def test_errors_nobody_described_still_stop_a_run() -> None:
    """The count decides, not the list."""
    assert judge(report(errors=2)).reasons == ("2 errors, none of them described",)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ({"splits": {}}, "no images"),
        ({"splits": {"training": SplitCount(3, 0)}}, "no labelled box"),
        ({"classes": ()}, "no labelled box"),
        ({"splits": {**SPLITS, "test": SplitCount(0, 0)}}, "no images for test"),
    ],
)
def test_a_dataset_with_nothing_to_learn_or_to_measure_is_refused(damage: dict[str, Any], said: str) -> None:
    """Without errors, and still no dataset."""
    assert said in judge(report(**damage)).reasons[0]


def test_the_function_returns_the_figures(bucket: Bucket, context: Context) -> None:
    """What the state machine keeps of the report."""
    bucket.put("runs/one/dataset/dataset-report.json", json.dumps(report(warnings=2).document()))
    assert handler(EVENT, context) == {
        "task": "detect",
        "images": 96,
        "objects": 271,
        "classes": ["bolt", "nut"],
        "digest": "d" * 64,
        "warnings": 2,
        "summary": "96 images, 271 boxes, 2 problems",
    }


def test_the_function_rejects_bad_labels_by_file_and_line(bucket: Bucket, table: Any, context: Context) -> None:
    """The exception's message is the reason people read, and is kept for whoever starts the same again."""
    table.put_item(Item=BuildRecord(PLAN["execution_arn"]).item(PLAN["fingerprint"], 1))
    bucket.put("runs/one/dataset/dataset-report.json", json.dumps(report(1, findings=(finding(7),)).document()))
    with pytest.raises(DatasetRejected, match=r"labels/7\.txt:3: the box leaves the image"):
        handler(EVENT, context)
    kept = read_build(table.get_item(Key={"id": build_key(PLAN["fingerprint"])})["Item"])
    assert kept is not None
    assert (kept.refused, kept.because[:14]) == ("Data.Rejected", "labels/7.txt:3")


@pytest.mark.parametrize("body", [None, "", "{}", '{"version": 2}', "[1]"])
def test_a_report_that_cannot_be_read_stops_the_run(
    bucket: Bucket, table: Any, context: Context, body: str | None
) -> None:
    """No report is no good report, and says nothing of the data: nothing is kept of it."""
    table.put_item(Item=BuildRecord(PLAN["execution_arn"]).item(PLAN["fingerprint"], 1))
    if body is not None:
        bucket.put("runs/one/dataset/dataset-report.json", body)
    with pytest.raises(DatasetRejected, match="dataset-report"):
        handler(EVENT, context)
    assert "refused" not in table.get_item(Key={"id": build_key(PLAN["fingerprint"])})["Item"]


@pytest.mark.parametrize(("event", "said"), [({}, "event.plan: missing"), ({"plan": {}}, "version None is not 1")])
def test_an_event_without_a_whole_plan_is_an_error(context: Context, event: dict[str, Any], said: str) -> None:
    """Of the machine, not of the dataset: nobody is told that the labels are wrong."""
    with pytest.raises(ContractError, match=said):
        handler(event, context)


def planned(**changes: Any) -> BuildPlan:
    """A plan with these changes."""
    return dataclasses.replace(BuildPlan.parse(PLAN), **changes)


@pytest.mark.parametrize(
    ("task", "classes", "known", "said"),
    [
        ("detect", ("bolt", "nut"), "detect", None),
        ("pose", ("bolt", "nut"), "detect", r"finds boxes \(detect\), this data is labelled for keypoints \(pose\)"),
        ("detect", ("nut",), "detect", "knows bolt, and none of nut"),
    ],
)
def test_a_champion_that_cannot_be_compared_is_told_before_training(
    task: str, classes: tuple[str, ...], known: str, said: str | None
) -> None:
    """With what replaces it all the same."""
    champion = Measured("d" * 64, 16, 40, 0.25, score(known), None, task=known)
    found = list(find_misfits(report(task=task, classes=classes), planned(hyperparameters={}), champion))
    assert len(found) == (said is not None)
    assert all(re.search(str(said), one) and "greenlight start --set compare=false" in one for one in found)


def test_weights_and_arguments_that_the_data_makes_useless_are_told_before_training() -> None:
    """The task of the data is known only now."""
    plan = planned(pretrained=Pretrained("detect", "yolov8n"), hyperparameters={"epochs": "3", "freeze": "12"})
    weights, argument = find_misfits(report(task="classify"), plan, None)
    assert "give weights such as yolov8n-cls.pt, or none" in weights
    assert "a classifier of yolov8n has 9 layers" in argument
    (tiled,) = find_misfits(report(task="classify"), planned(hyperparameters={"tiles": "auto"}), None)
    assert "a classifier names whole pictures" in tiled


def test_the_function_reads_how_the_champion_was_measured(bucket: Bucket, table: Any, context: Context) -> None:
    """And goes on where that cannot be read: the evaluation looks at the model itself."""
    known = {**PLAN["champion"], "evaluation": "s3://greenlight-test/runs/zero/evaluation/"}
    given = {"plan": {**EVENT["plan"], "champion": known}}
    bucket.put("runs/one/dataset/dataset-report.json", json.dumps(report(classes=("nut",)).document()))
    assert handler(given, context)["task"] == "detect"
    measured = Measured("d" * 64, 16, 40, 0.25, score(), None)
    bucket.put("runs/zero/evaluation/metrics.json", json.dumps(measured.document()))
    with pytest.raises(DatasetRejected, match="production's model knows bolt, and none of nut"):
        handler(given, context)


def kept(bucket: Bucket) -> tuple[DatasetVersion, DatasetUse]:
    """What the index holds of the data of EVENT."""
    version, use = (bucket.get(key) for key in (version_key("d" * 64), use_key("d" * 64, PLAN["run"])))
    return DatasetVersion.parse(json.loads(version)), DatasetUse.parse(json.loads(use))


def test_data_that_may_be_trained_on_is_kept_as_a_version(bucket: Bucket, context: Context) -> None:
    """Once, whoever uses it again: since when it is known stays, and a manifest that was missing is added."""
    counted = (ClassCount("nut", {"train": 3, "test": 1}, 9.0),)
    bucket.put("runs/one/dataset/dataset-report.json", json.dumps(report(class_counts=counted).document()))
    handler(EVENT, context)
    version, use = kept(bucket)
    assert (version.name, version.uri) == (PLAN["dataset"]["name"], PLAN["dataset"]["uri"])
    assert (version.pictures, version.classes) == (
        {"training": 64, "validation": 16, "test": 16},
        {"bolt": 0, "nut": 4},
    )
    assert (version.manifest, use.run, use.execution, use.ended) == ("", PLAN["run"], PLAN["execution_arn"], "")
    early = dataclasses.replace(version, first_seen_epoch=7)
    bucket.put(version_key("d" * 64), json.dumps(early.document()))
    bucket.put("runs/one/dataset/dataset-manifest.jsonl", "{}")
    bucket.put("runs/one/record/dataset-objects.jsonl", "{}")
    handler(EVENT, context)
    manifest = "s3://greenlight-test/runs/one/dataset/dataset-manifest.jsonl"
    objects = "s3://greenlight-test/runs/one/record/dataset-objects.jsonl"
    assert kept(bucket)[0] == dataclasses.replace(early, manifest=manifest, objects=objects)
    handler({"plan": {**EVENT["plan"], "run": "two"}}, context)
    assert kept(bucket)[0].first_seen_epoch == 7
    assert use_key("d" * 64, "two") in bucket.stored()


def test_refused_labels_are_no_version_and_data_that_does_not_fit_is_one(
    bucket: Bucket, table: Any, context: Context
) -> None:
    """Nothing was handed on of the first; the second is sound, and its run ended here."""
    table.put_item(Item=BuildRecord(PLAN["execution_arn"]).item(PLAN["fingerprint"], 1))
    bucket.put("runs/one/dataset/dataset-report.json", json.dumps(report(1, findings=(finding(7),)).document()))
    with pytest.raises(DatasetRejected):
        handler(EVENT, context)
    assert not [key for key in bucket.stored() if key.startswith("datasets-index/")]
    bucket.put("runs/one/dataset/dataset-report.json", json.dumps(report(task="classify").document()))
    plan = {**EVENT["plan"], "pretrained": {"task": "detect", "model": "yolov8n"}}
    with pytest.raises(DatasetRejected, match="weights"):
        handler({"plan": plan}, context)
    assert kept(bucket)[1].ended == "refused"


def test_a_run_that_shall_have_an_earlier_version_is_stopped_where_it_has_another_one(
    bucket: Bucket, table: Any, context: Context
) -> None:
    """Before anything is trained. Nothing of it is kept: neither a version, nor that these files were refused."""
    table.put_item(Item=BuildRecord(PLAN["execution_arn"]).item(PLAN["fingerprint"], 1))
    before = table.scan()["Items"]
    bucket.put("runs/one/dataset/dataset-report.json", json.dumps(report().document()))
    asked = {version: {**EVENT["plan"]["dataset"], "version": version * 64} for version in "de"}
    with pytest.raises(DatasetRejected, match=r"the version eeeeeeeeeeee of .* prepared as dddddddddddd"):
        handler({"plan": {**EVENT["plan"], "dataset": asked["e"]}}, context)
    assert not [key for key in bucket.stored() if key.startswith("datasets-index/")]
    assert table.scan()["Items"] == before
    assert handler({"plan": {**EVENT["plan"], "dataset": asked["d"]}}, context)["digest"] == "d" * 64


@pytest.mark.parametrize("damage", [{"digest": "../models/x"}, {}])
def test_a_version_that_cannot_be_kept_stops_no_run(
    bucket: Bucket, context: Context, log_of: Any, damage: dict[str, Any]
) -> None:
    """A digest becomes part of a key, so it must be one; and what lies there must be an object of the index."""
    bucket.put(version_key("d" * 64), "no JSON")
    bucket.put("runs/one/dataset/dataset-report.json", json.dumps(report(**damage).document()))
    log = log_of(function)
    assert handler(EVENT, context)["images"] == 96
    assert "not kept" in log.text
    assert len(bucket.stored()) == 2
