"""``greenlight datasets``: which versions there are, what differs between two, and who learned from a picture."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from botocore.response import StreamingBody

from tests.infra import policies
from tests.workflow.cloud import Answer, ScriptedCloud
from tests.workflow.commands.test_cli import STACK
from tests.workflow.contract.test_dataset_manifest import picture
from tests.workflow.runs.test_releases import GROUP, released
from workflow.commands.cli import run
from workflow.contract.dataset_index import DatasetUse, DatasetVersion, use_key, version_key
from workflow.contract.dataset_manifest import ManifestHead, ManifestPicture, manifest_lines
from workflow.errors import ServiceError

FIRST, SECOND, OLD = "a" * 64, "b" * 64, "c" * 64
MODEL = {number: sha256(f"model {number}".encode()).hexdigest() for number in (1, 2, 3)}
PICTURES = {
    FIRST: [picture("in/same.jpg", bolt=2), picture("in/gone.jpg"), picture("in/moved.jpg", split="test")],
    SECOND: [picture("in/same.jpg", nut=1), picture("in/moved.jpg"), picture("in/new.jpg", split="validation")],
}
Printed = Callable[..., Any]


def stored() -> dict[str, bytes]:
    """A bucket with two versions: of the first came model 1, of the second model 2, and a run that failed."""
    found: dict[str, bytes] = {}
    for at, (digest, pictures) in enumerate(PICTURES.items(), 1):
        manifest = f"runs/run-{at}/dataset/dataset-manifest.jsonl"
        version = DatasetVersion(
            digest=digest,
            name="bolts",
            uri="s3://bucket/datasets/bolts/",
            task="detect",
            pictures={"train": 2, "validation": 0, "test": 1},
            classes={"bolt": 2, "nut": 1},
            first_seen_epoch=at * 1000,
            manifest=f"s3://buckets/{manifest}",
        )
        use = DatasetUse(f"run-{at}", f"arn:{at}", digest, "bolts", at * 1000, "registered", f"{GROUP}/{at}", MODEL[at])
        found[version_key(digest)] = as_json(version)
        found[use_key(digest, use.run)] = as_json(use)
        found[manifest] = lines(digest, pictures)
    failed = DatasetUse("run-9", "arn:9", SECOND, "bolts", 9000)
    return {**found, use_key(SECOND, "run-9"): as_json(failed)}


def as_json(document: DatasetVersion | DatasetUse) -> bytes:
    """A document of the index."""
    return json.dumps(document.document()).encode()


def lines(digest: str, pictures: list[ManifestPicture]) -> bytes:
    """A manifest."""
    return "".join(manifest_lines(ManifestHead(digest, "detect", ("bolt", "nut"), len(pictures)), pictures)).encode()


def cloud(objects: Mapping[str, bytes], live: int = 1) -> ScriptedCloud:
    """A deployed stack that serves a version; version 3 is from before there was an index."""

    def get(asked: dict[str, Any]) -> Mapping[str, Any]:
        if asked["Key"] not in objects:
            raise ServiceError("NoSuchKey", "none")
        body = objects[asked["Key"]]
        return {"Body": StreamingBody(io.BytesIO(body), len(body))}

    def describe(asked: dict[str, Any]) -> Mapping[str, Any]:
        assert asked["ModelPackageName"] == f"{GROUP}/3", "the index tells of the others"
        told = {"dataset_digest": OLD, "dataset_name": "early", "build_execution": "arn:x:old-run"}
        return {
            "CreationTime": datetime.fromtimestamp(500, UTC),
            "CustomerMetadataProperties": {**told, "model_digest": MODEL[3]},
        }

    answers: dict[str, Answer] = {
        **STACK,
        "list_objects_v2": lambda asked: {
            "Contents": [{"Key": one} for one in objects if one.startswith(asked["Prefix"])]
        },
        "get_object": get,
        "scan": {"Items": [released(live, 9)]},
        "list_model_packages": {"ModelPackageSummaryList": [{"ModelPackageArn": f"{GROUP}/{n}"} for n in (1, 2, 3)]},
        "describe_model_package": describe,
        "describe_execution": {"status": "FAILED"},
    }
    return ScriptedCloud(answers)


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str]) -> Printed:
    """Runs the command; gives what it printed, read back where it is JSON."""

    def command(*arguments: str, objects: Mapping[str, bytes] | None = None, code: int = 0, live: int = 1) -> Any:
        assert run(["datasets", *arguments], cloud(stored() if objects is None else objects, live)) == code
        said = capsys.readouterr()
        return json.loads(said.out) if "--json" in arguments else said.out + said.err

    return command


def test_versions_are_listed_with_their_runs_and_models(printed: Printed) -> None:
    """The last used first; production serves what came of the first. One from before the index is said to be so."""
    second, first, old = printed("--json")
    assert (second["digest"], first["digest"], old["digest"]) == (SECOND, FIRST, OLD)
    assert first["pictures"] == {"train": 2, "validation": 0, "test": 1}
    assert (first["classes"], first["first_used"]) == ({"bolt": 2, "nut": 1}, "1970-01-01T00:16:40+00:00")
    assert [(one["run"], one["ended"], one["model_version"]) for one in second["runs"]] == [
        ("run-2", "registered", 2),
        ("run-9", "failed", None),
    ]
    assert (second["last_used"], second["model_versions"]) == ("1970-01-01T02:30:00+00:00", [2])
    assert [one["serving"] for one in (second, first, old)] == [[], [1], []]
    assert (old["manifest"], old["pictures"], old["model_versions"], old["runs"][0]["run"]) == (
        None,
        None,
        [3],
        "old-run",
    )
    said = printed()
    assert "aaaaaaaaaaaa" in said
    assert "no manifest: from before there were any" in said
    assert "no run has prepared a dataset yet" not in said


def test_two_versions_are_compared_by_digests_or_runs(printed: Printed) -> None:
    """What came, went, was labelled anew and moved; names are cut at the limit, in JSON never."""
    for names in (("aaaa", "bbbbbb"), ("run-1", "run-9")):
        told = printed(*names, "--json", "--limit", "0")
        kinds = {kind: [one["name"] for one in told[kind]] for kind in ("added", "removed")}
        assert kinds == {"added": ["in/new.jpg"], "removed": ["in/gone.jpg"]}
        (labelled,), (moved,) = told["relabelled"], told["moved"]
        assert (labelled["before"]["classes"], labelled["after"]["classes"]) == ({"bolt": 2}, {"nut": 1})
        assert (moved["before"]["split"], moved["after"]["split"], told["same"]) == ("test", "train", 0)
    said = printed("aaaa", "bbbb")
    assert "1 added, 1 removed, 1 labelled anew, 1 moved to another split, 0 the same" in said
    assert "  in/same.jpg: 2 bolt before, 1 nut now" in said
    assert "and 1 more: --limit 1 names all" in printed("aaaa", "bbbb", "--limit", "0")


def test_a_picture_leads_to_all_that_learned_from_it_or_were_judged_on_it(printed: Printed, tmp_path: Path) -> None:
    """By its name, its digest or a file's bytes; and to whether production serves such a model."""
    told = printed("--picture", "moved.jpg", "--json")
    assert [(one["digest"], one["role"], one["model_versions"]) for one in told["versions"]] == [
        (SECOND, "learned from it", [2]),
        (FIRST, "was judged on it", [1]),
    ]
    assert (told["serving"], told["not_searched"]) == ([1], [OLD])
    (tmp_path / "other.jpg").write_bytes(b"in/moved.jpg")
    assert printed("--picture", str(tmp_path / "other.jpg"), "--json")["versions"] == told["versions"]
    by_digest = printed("--picture", sha256(b"in/moved.jpg").hexdigest().upper(), "--json")
    assert by_digest["versions"] == told["versions"]
    said = printed("--picture", "moved.jpg")
    assert "production serves version 1, which was judged on it." in said
    assert "not looked into, for there is no manifest from before there were any: early cccccccccccc" in said
    assert "production serves no model of these" in printed("--picture", "new.jpg")


def test_a_part_of_a_name_is_no_name_and_nobody_learned_from_what_is_nowhere(printed: Printed) -> None:
    """Which is an answer, and no error."""
    assert printed("--picture", "oved.jpg", "--json")["versions"] == []
    assert "no version holds a picture called oved.jpg" in printed("--picture", "oved.jpg")


@pytest.mark.parametrize("wanted", ["2", "v2", MODEL[2], MODEL[2][:8]])
def test_an_answer_leads_back_to_its_data(printed: Printed, wanted: str) -> None:
    """By the version's number, or the digest that every answer carries."""
    told = printed("--model", wanted, "--json")
    assert (told["model_version"], told["run"], told["live"]) == (2, "run-2", False)
    assert (told["dataset"]["digest"], told["dataset"]["classes"]) == (SECOND, {"bolt": 2, "nut": 1})
    assert f"dataset  bolts, digest {SECOND}" in printed("--model", wanted)


def test_a_version_that_was_noted_late_is_one_use_of_its_run(printed: Printed) -> None:
    """The check kept the run, and what registered it was not noted: the registry knows."""
    early = DatasetUse("old-run", "arn:old", OLD, "early", 400)
    objects = {**stored(), use_key(OLD, "old-run"): as_json(early)}
    (one,) = (one for one in printed("--json", objects=objects) if one["digest"] == OLD)
    assert [(use["run"], use["ended"], use["model_version"]) for use in one["runs"]] == [("old-run", "registered", 3)]


def test_of_one_model_that_was_registered_twice_the_one_that_serves_is_meant(printed: Printed) -> None:
    """Or else the first; two models whose digests begin alike are told apart."""
    again = DatasetUse("run-0", "arn:0", SECOND, "bolts", 1, "registered", f"{GROUP}/8", MODEL[1])
    twice = {**stored(), use_key(SECOND, "run-0"): as_json(again)}
    assert printed("--model", MODEL[1], "--json", objects=twice, live=8)["model_version"] == 8
    assert printed("--model", MODEL[1], "--json", objects=twice, live=2)["model_version"] == 1
    other = replace(again, model_digest=MODEL[1][:9] + "0" * 55)
    told = printed("--model", MODEL[1][:6], objects={**stored(), use_key(SECOND, "run-0"): as_json(other)}, code=2)
    assert "means several models" in told


def test_a_model_from_before_the_index_leads_to_what_the_registry_knows(printed: Printed) -> None:
    """Its run and the digest of its data."""
    told = printed("--model", "3", "--json")
    assert (told["run"], told["dataset"]["digest"], told["dataset"]["pictures"]) == ("old-run", OLD, None)
    assert "how many pictures is not known" in printed("--model", "3")


def test_without_a_manifest_two_versions_are_told_as_far_as_they_are_known(printed: Printed) -> None:
    """From before there were any, or deleted since; neither is an error."""
    assert "early cccccccccccc has no manifest: it is from before there were any." in printed("cccc", "aaaa")
    objects = stored()
    del objects["runs/run-2/dataset/dataset-manifest.jsonl"]
    told = printed("aaaa", "bbbb", "--json", objects=objects)
    assert (told["compared"], told["before"]["digest"]) == (False, FIRST)
    assert "was deleted" in told["why"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("aaaa",), "a comparison takes two versions"),
        (("aaaa", "bbbb", "--picture", "x"), "one of the three"),
        (("aaaa", "dddd"), "no version's digest begins so"),
        (("aaa", "bbbb"), "at least 4 digits"),
        (("--picture", "/"), "takes a name, a SHA-256 or a file"),
        (("--model", "7"), "no version of the model is '7'"),
        (("--model", ""), "no version of the model is ''"),
    ],
)
def test_what_is_not_there_is_said_with_what_to_type(printed: Printed, arguments: tuple[str, ...], said: str) -> None:
    """And nothing else is asked for."""
    told = printed(*arguments, code=2)
    assert said in told
    assert "greenlight datasets" in told or "one of the three" in told


def test_digits_that_begin_several_digests_are_too_few(printed: Printed) -> None:
    """More are asked for."""
    objects = stored()
    other = DatasetUse("run-5", "arn:5", FIRST[:6] + "e" * 58, "bolts", 1, "refused")
    told = printed("aaaaa", "bbbb", objects={**objects, use_key(other.digest, "run-5"): as_json(other)}, code=2)
    assert "means several versions" in told


@pytest.mark.parametrize("key", [version_key(FIRST), "runs/run-1/dataset/dataset-manifest.jsonl"])
def test_what_is_damaged_is_named_by_its_address(printed: Printed, key: str) -> None:
    """A manifest that ends early would tell that pictures went."""
    objects = stored()
    told = printed("aaaa", "bbbb", objects={**objects, key: objects[key][:-9]}, code=1)
    assert key in told


def test_a_reader_needs_what_the_policy_allows_and_nothing_else() -> None:
    """Read from the calls that the command makes, whichever way it is asked."""
    asked = set()
    for arguments in ((), ("aaaa", "bbbb"), ("--picture", "x"), ("--model", "1")):
        looked = cloud(stored())
        assert run(["datasets", *arguments], looked) == 0
        asked |= {operation for operation, _ in looked.asked}
    actions = {
        "describe_stacks": "cloudformation:DescribeStacks",
        "scan": "dynamodb:Scan",
        "list_objects_v2": "s3:ListBucket",
        "get_object": "s3:GetObject",
        "list_model_packages": "sagemaker:ListModelPackages",
        "describe_model_package": "sagemaker:DescribeModelPackage",
        "describe_execution": "states:DescribeExecution",
    }
    assert {actions[operation] for operation in asked} == policies.actions(policies.load("datasets"))
