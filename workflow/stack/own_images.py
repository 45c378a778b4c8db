"""Images of one's own in place of those that are built here: which a stack has, and how they are named.

``TrainingImage`` and ``ServingImage`` may be given to a deployment. They are kept until they are set to ``built`` or to
nothing, named by their digests where the registry tells them, and their repositories stay readable for versions that
were judged with them. What such an image has to do is in containers/README.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, MutableMapping
from typing import Any

from workflow.clients import Cloud
from workflow.errors import ServiceError, UsageError
from workflow.stack.changes import Progress, Step
from workflow.stack.images import IMAGES
from workflow.stack.outputs import Place, values_of

BUILT = ("", "built")
"""What sets an image back to the one that is built here."""
OWN, REPOSITORIES = "OwnImages", "OwnImageRepositories"
"""The template's parameters that remember which images are own, and the ARNs of repositories that hold any."""
_ADDRESS = re.compile(
    r"(?P<account>[0-9]{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?"
    r"/(?P<repository>[a-z0-9][a-z0-9._/-]*)(?::(?P<tag>[\w][\w.-]{0,127})|@(?P<digest>sha256:[0-9a-f]{64}))"
)
_OCI = "application/vnd.oci."


def parameter(name: str) -> str:
    """The template's parameter that names an image."""
    return f"{name.capitalize()}Image"


def choose_images(
    cloud: Cloud, place: Place, before: Mapping[str, Any] | None, given: MutableMapping[str, str], tell: Progress
) -> tuple[set[str], set[str]]:
    """Settle in ``given`` which images are a person's own; these, and those that are to be built here again.

    Raises UsageError for an address that SageMaker could not pull from, and for an image that is not there.
    """
    had = values_of(before)
    own, repositories = _words(had.get(OWN, "")), _words(had.get(REPOSITORIES, ""))
    back = set()
    for name in IMAGES:
        wanted = given.pop(parameter(name), None)
        if wanted is None:
            continue
        if wanted in BUILT:
            back |= own & {name}
            own.discard(name)
            continue
        own.add(name)
        given[parameter(name)], repository = (wanted, "") if cloud.local else _find(cloud, place, name, wanted, tell)
        repositories |= {repository} - {""}
    if own or back:
        given.update({OWN: ",".join(sorted(own)), REPOSITORIES: ",".join(sorted(repositories))})
    return own, back


def _find(cloud: Cloud, place: Place, name: str, wanted: str, tell: Progress) -> tuple[str, str]:
    """An image by its digest, or by its tag where its registry tells nothing; and the ARN of its repository."""
    found = _ADDRESS.fullmatch(wanted)
    if found is None:
        raise UsageError(
            f"--parameter {parameter(name)}={wanted}: SageMaker pulls from ECR alone; name it as "
            f"{place.account}.dkr.ecr.{place.region}.{place.domain}/repository:tag, or @sha256:… in place of the tag."
        )
    if found["region"] != place.region:
        raise UsageError(
            f"--parameter {parameter(name)}={wanted}: SageMaker pulls from its own region, {place.region}; "
            f"push the image there."
        )
    account, repository = found["account"], found["repository"]
    arn = f"arn:{place.partition}:ecr:{place.region}:{account}:repository/{repository}"
    image = {"imageDigest": found["digest"]} if found["digest"] else {"imageTag": found["tag"]}
    try:
        asked = {"registryId": account, "repositoryName": repository, "imageIds": [image]}
        (detail,) = cloud.call("ecr", "describe_images", **asked)["imageDetails"]
    except ServiceError as error:
        if error.code in ("ImageNotFoundException", "RepositoryNotFoundException"):
            raise UsageError(
                f"--parameter {parameter(name)}={wanted}: there is no such image. Push it first."
            ) from error
        if not found["digest"]:
            tell(Step(f"image {name}", "is named by its tag", f"its registry tells no digest: {error}"))
        return wanted, arn
    if str(detail.get("imageManifestMediaType", "")).startswith(_OCI):
        raise UsageError(
            f"--parameter {parameter(name)}={wanted}: it is an OCI image, which SageMaker does not run. Build it with "
            "podman build --format docker, or docker buildx build --provenance=false --output type=docker."
        )
    registry = wanted.partition("/")[0]
    return f"{registry}/{repository}@{detail['imageDigest']}", arn


def _words(text: str) -> set[str]:
    return set(text.split(",")) - {""}
