"""What the removal of a project takes out of SageMaker's lineage, and what it leaves there."""

from __future__ import annotations

from typing import Any

from tests.workflow.cloud import ScriptedCloud
from workflow.errors import ServiceError
from workflow.stack.changes import Step
from workflow.stack.lineage import remove_lineage

PLACE = "arn:aws:sagemaker:us-east-1:000000000000"
PACKAGE = f"{PLACE}:model-package/greenlight/1"
DATASET, PREPARED, ARCHIVE, VERSION, IMAGE = (f"{PLACE}:artifact/{name}" for name in ("d", "p", "a", "v", "i"))
PREPARE, TRAIN, OTHERS = (f"{PLACE}:experiment-trial-component/{name}" for name in ("prepare", "train", "others"))
ENDPOINT = f"{PLACE}:context/production"
CHAIN = [
    (DATASET, PREPARE, "DataSet"),
    (PREPARE, PREPARED, "SageMakerProcessingJob"),
    (PREPARED, TRAIN, "DataSet"),
    (IMAGE, TRAIN, "Image"),
    (TRAIN, ARCHIVE, "SageMakerTrainingJob"),
    (ARCHIVE, VERSION, "Model"),
    (VERSION, ENDPOINT, "Model"),
]


class Lineage:
    """Associations that are listed and deleted as SageMaker does, with tags on some artifacts."""

    def __init__(self, *more: tuple[str, str, str], tagged: tuple[str, ...], denied: bool = False) -> None:
        self.edges = [*CHAIN, *more]
        self.tagged = tagged
        refused = ServiceError("AccessDeniedException", "not allowed") if denied else None
        self.cloud = ScriptedCloud(
            {
                "list_artifacts": {"ArtifactSummaries": [{"ArtifactArn": VERSION}]},
                "list_associations": refused or self.listed,
                "delete_association": self.forget,
                "delete_artifact": {},
            }
        )
        self.told: list[Step] = []

    def listed(self, asked: dict[str, Any]) -> dict[str, Any]:
        """ListAssociations by one end."""
        found = [
            {"SourceArn": source, "DestinationArn": destination, "SourceType": kind}
            for source, destination, kind in self.edges
            if asked in ({"SourceArn": source}, {"DestinationArn": destination})
        ]
        return {"AssociationSummaries": found}

    def forget(self, asked: dict[str, Any]) -> dict[str, Any]:
        """DeleteAssociation."""
        ends = (asked["SourceArn"], asked["DestinationArn"])
        assert ends in [edge[:2] for edge in self.edges]
        self.edges = [edge for edge in self.edges if edge[:2] != ends]
        return {}

    def remove(self) -> list[str]:
        """Remove the project's; the artifacts that were deleted."""
        remove_lineage(self.cloud, [PACKAGE], lambda arn: arn in self.tagged, self.told.append)
        return [asked["ArtifactArn"] for operation, asked in self.cloud.asked if operation == "delete_artifact"]


def test_everything_that_a_project_added_goes() -> None:
    """And what SageMaker knows of a job's image stays."""
    lineage = Lineage(tagged=(DATASET, PREPARED, ARCHIVE, VERSION))
    assert lineage.remove() == sorted([DATASET, PREPARED, ARCHIVE, VERSION])
    assert [edge[:2] for edge in lineage.edges] == [(IMAGE, TRAIN)]


def test_artifacts_that_sagemaker_made_stay_without_what_was_hung_on_them() -> None:
    """The archive's and the version's: their associations with the training and the endpoint were added."""
    lineage = Lineage(tagged=())
    assert lineage.remove() == []
    assert [edge[:2] for edge in lineage.edges] == [
        (DATASET, PREPARE),
        (PREPARE, PREPARED),
        (PREPARED, TRAIN),
        (IMAGE, TRAIN),
    ]


def test_a_dataset_that_another_project_trains_on_stays() -> None:
    """With how it hangs together there; it is told."""
    lineage = Lineage((DATASET, OTHERS, "DataSet"), tagged=(DATASET, PREPARED, ARCHIVE, VERSION))
    assert DATASET not in lineage.remove()
    assert (DATASET, OTHERS) in [edge[:2] for edge in lineage.edges]
    assert [(step.resource, step.status) for step in lineage.told if step.status == "stays"] == [("d", "stays")]


def test_who_may_not_see_lineage_removes_the_rest_all_the_same() -> None:
    """It is told, and nothing is raised."""
    lineage = Lineage(tagged=(), denied=True)
    assert lineage.remove() == []
    (step,) = lineage.told
    assert (step.resource, step.status) == ("lineage", "stays")
    assert "not allowed" in step.reason
