"""Images of one's own are kept, named by their digests, and given up again when that is said."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from workflow.errors import ServiceError, UsageError
from workflow.stack.changes import Step
from workflow.stack.outputs import Place
from workflow.stack.own_images import choose_images

PLACE = Place(account="123456789012", region="eu-central-1", partition="aws")
HOST = "123456789012.dkr.ecr.eu-central-1.amazonaws.com"
ELSEWHERE = "210987654321.dkr.ecr.eu-central-1.amazonaws.com"
DIGEST = f"sha256:{'d' * 64}"
ARN = "arn:aws:ecr:eu-central-1:123456789012:repository/vision/own"


class Registry:
    """A registry that holds ``own:3`` and tells nothing of another account's."""

    local = False
    media_type = "application/vnd.docker.distribution.manifest.v2+json"

    def call(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        """What it knows of an image."""
        assert (service, operation) == ("ecr", "describe_images")
        if parameters["registryId"] != PLACE.account:
            raise ServiceError("AccessDeniedException", "not yours")
        if parameters["repositoryName"] != "vision/own":
            raise ServiceError("RepositoryNotFoundException", "no such repository")
        if parameters["imageIds"] not in ([{"imageTag": "3"}], [{"imageDigest": DIGEST}]):
            raise ServiceError("ImageNotFoundException", "no such image")
        return {"imageDetails": [{"imageDigest": DIGEST, "imageManifestMediaType": self.media_type}]}

    def pages(self, service: str, operation: str, key: str, **parameters: Any) -> Iterator[Any]:
        """Nothing is listed."""
        return iter(())

    def post_signed(self, url: str, body: bytes) -> tuple[int, bytes]:
        """Nothing is posted."""
        raise AssertionError(url)


def stack(**parameters: str) -> dict[str, Any]:
    """A stack with these parameters."""
    return {"Parameters": [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]}


def choose(
    given: dict[str, str], before: dict[str, Any] | None = None, cloud: Registry | None = None
) -> tuple[set[str], set[str], list[Step]]:
    """What is own, what is built again, what was told; ``given`` is changed."""
    told: list[Step] = []
    return (*choose_images(cloud or Registry(), PLACE, before, given, told.append), told)


@pytest.mark.parametrize("named", [f"{HOST}/vision/own:3", f"{HOST}/vision/own@{DIGEST}"])
def test_an_own_image_is_named_by_its_digest(named: str) -> None:
    """Whether it was given by tag or by digest; jobs and endpoints get the right to pull it."""
    given = {"TrainingImage": named, "ScheduleState": "ENABLED"}
    assert choose(given) == ({"training"}, set(), [])
    assert given == {
        "TrainingImage": f"{HOST}/vision/own@{DIGEST}",
        "OwnImages": "training",
        "OwnImageRepositories": ARN,
        "ScheduleState": "ENABLED",
    }


def test_a_later_deployment_keeps_it() -> None:
    """Nothing is said of the image itself, so that the stack keeps its value."""
    given: dict[str, str] = {}
    assert choose(given, stack(OwnImages="training", OwnImageRepositories=ARN)) == ({"training"}, set(), [])
    assert given == {"OwnImages": "training", "OwnImageRepositories": ARN}
    more = {"ServingImage": f"{HOST}/vision/own:3"}
    assert choose(more, stack(OwnImages="training", OwnImageRepositories="arn:x"))[0] == {"training", "serving"}
    assert (more["OwnImages"], more["OwnImageRepositories"]) == ("serving,training", f"arn:{ARN[4:]},arn:x")


@pytest.mark.parametrize("word", ["", "built"])
def test_it_is_given_up_by_a_word(word: str) -> None:
    """The image is built again; what was judged with the own one may still be pulled, for a way back."""
    given = {"TrainingImage": word}
    assert choose(given, stack(OwnImages="training", OwnImageRepositories=ARN)) == (set(), {"training"}, [])
    assert given == {"OwnImages": "", "OwnImageRepositories": ARN}


def test_a_stack_without_own_images_is_told_nothing_of_them() -> None:
    """Nor is one that is told to go on as it is."""
    for given in ({}, {"TrainingImage": "built"}):
        assert choose(given, stack(TrainingImage="x")) == (set(), set(), [])
        assert given == {}


def test_a_registry_that_tells_nothing_leaves_the_tag_and_that_is_said() -> None:
    """One of another account may let SageMaker pull and nobody else look."""
    given = {"ServingImage": f"{ELSEWHERE}/vision/own:3"}
    _, _, (step,) = choose(given)
    assert given["ServingImage"] == f"{ELSEWHERE}/vision/own:3"
    assert given["OwnImageRepositories"] == ARN.replace(PLACE.account, "210987654321")
    assert (step.resource, step.status) == ("image serving", "is named by its tag")
    by_digest = {"ServingImage": f"{ELSEWHERE}/vision/own@{DIGEST}"}
    assert choose(by_digest)[2] == []
    assert by_digest["ServingImage"].endswith(DIGEST)


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("docker.io/library/python:3.11", f"SageMaker pulls from ECR alone; name it as {HOST}/repository:tag"),
        (f"{HOST}/vision/own", "ECR alone"),
        (f"{HOST.replace('eu-central-1', 'us-east-1')}/vision/own:3", "its own region, eu-central-1; push"),
        (f"{HOST}/vision/own:4", "there is no such image. Push it first"),
        (f"{HOST}/vision/other:3", "there is no such image. Push it first"),
    ],
)
def test_what_sagemaker_could_not_pull_is_refused(named: str, said: str) -> None:
    """Before the stack is touched."""
    with pytest.raises(UsageError, match=f"--parameter TrainingImage={named}: .*{said}"):
        choose({"TrainingImage": named})


def test_an_oci_image_is_refused_with_how_to_build_another() -> None:
    """SageMaker would say so minutes later, in every job."""
    registry = Registry()
    registry.media_type = "application/vnd.oci.image.manifest.v1+json"
    with pytest.raises(UsageError, match=r"an OCI image, which SageMaker does not run.*--format docker"):
        choose({"TrainingImage": f"{HOST}/vision/own:3"}, cloud=registry)


def test_the_stand_in_takes_any_name() -> None:
    """It is stood for by a folder, and no registry is asked."""
    registry = Registry()
    registry.local = True
    given = {"TrainingImage": "brightness-training"}
    assert choose(given, cloud=registry)[0] == {"training"}
    assert given == {"TrainingImage": "brightness-training", "OwnImages": "training", "OwnImageRepositories": ""}
