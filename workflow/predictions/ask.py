"""Asks an endpoint what it sees in pictures, several at once; one picture that fails leaves the others alone.

Sends each picture as it is, or as a JPEG where an endpoint would not know its format. Knows no run and no stack.
"""

from __future__ import annotations

import io
import json
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workflow.clients import Cloud
from workflow.contract.names import NOT_THERE
from workflow.contract.serverless import LARGEST_BODY as LARGEST_SERVERLESS_BODY
from workflow.errors import PictureError, ServiceError, UsageError
from workflow.predictions.in_order import in_order
from workflow.predictions.pictures import HEAD_BYTES, content_type
from workflow.predictions.prediction import Prediction, read_prediction

LARGEST_BODY = 6 * 1024 * 1024
"""Bytes that an endpoint of SageMaker accepts in one request, where it is on instances."""
_THROTTLED = {"ThrottlingException", "ThrottledException"}
_PAUSES = (1.0, 2.0, 4.0, 8.0)
"""Seconds between the attempts where as many are asking as a serverless endpoint answers at one time."""

_REFUSED = {"AccessDenied", "AccessDeniedException"}
_NO_ENDPOINT = re.compile(r"Endpoint \S+( of account \S+)? not found", re.IGNORECASE)
"""What SageMaker says where there is no endpoint of the name that was asked."""
_SERVER_MESSAGE = re.compile(r'with message "(.*)"\. See', re.DOTALL)
"""What the model's own server said, in SageMaker's sentence about it."""


@dataclass(frozen=True)
class Failure:
    """A picture without an answer, and why."""

    file: Path
    reason: str

    def document(self) -> dict[str, str]:
        """The failure as JSON."""
        return {"file": str(self.file), "error": self.reason}


@dataclass(frozen=True)
class Wanted:
    """What is asked for beside the picture; None and empty leave it to the endpoint. Classes are names or ids."""

    confidence: float | None = None
    iou: float | None = None
    classes: tuple[str, ...] = ()
    max_detections: int | None = None
    tiles: str | None = None

    def attributes(self) -> str:
        """The custom-attributes header. Raises UsageError for a class that cannot be named in it."""
        for name in self.classes:
            if not name.isascii() or not name.isprintable() or ";" in name:
                raise UsageError(f"class {name}: cannot be sent by its name; give its number instead.")
        given = {
            "confidence": self.confidence,
            "iou": self.iou,
            "classes": ";".join(self.classes) or None,
            "max_detections": self.max_detections,
            "tiles": self.tiles,
        }
        return ",".join(f"{name}={value}" for name, value in given.items() if value is not None)


def predict(
    cloud: Cloud,
    endpoint: str,
    pictures: Sequence[Path],
    wanted: Wanted = Wanted(),
    *,
    at_once: int = 1,
    largest: int = LARGEST_BODY,
    then: Callable[[Prediction], None] = lambda _: None,
    how: Callable[[Cloud, Path, Wanted], Prediction] | None = None,
    component: str = "",
) -> Iterator[Prediction | Failure]:
    """Ask the endpoint about each picture, ``at_once`` at one time; outcomes come in the order of the pictures.

    ``largest`` is how many bytes the endpoint accepts. ``then`` is done to each prediction, beside the next requests;
    ``how`` asks about one where that is not by ``ask``. ``component`` is the inference component to ask on an endpoint
    that is shared. Raises GreenlightError for what would fail for every picture alike.
    """

    def one(picture: Path) -> Prediction | Failure:
        try:
            if how:
                prediction = how(cloud, picture, wanted)
            else:
                prediction = ask(cloud, endpoint, picture, wanted, largest, component)
            then(prediction)
        except PictureError as error:
            return Failure(picture, error.reason)
        except ServiceError as error:
            raise_for_all(error, endpoint)
            return Failure(picture, reason_of(error))
        return prediction

    return in_order(one, pictures, at_once)


def require_endpoint(cloud: Cloud, endpoint: str, stage: str, component: str = "") -> int:
    """How many bytes the project's endpoint of a stage accepts; UsageError where it is not there, or not yet.

    Of an endpoint that is shared it is the ``component``. Who may ask it and not look at it is let through.
    """
    try:
        described: dict[str, Any] = {}
        if component:
            found = cloud.call("sagemaker", "describe_inference_component", InferenceComponentName=component)
            status = str(found["InferenceComponentStatus"])
        else:
            described = cloud.call("sagemaker", "describe_endpoint", EndpointName=endpoint)
            status = str(described["EndpointStatus"])
    except ServiceError as error:
        if "AccessDenied" in error.code:
            return LARGEST_BODY
        if error.code not in NOT_THERE:
            raise
        missing = f"component {component} on the shared endpoint {endpoint}" if component else f"endpoint {endpoint}"
        raise UsageError(
            f"{stage} serves no model yet: there is no {missing}.\n"
            "  greenlight start --dataset NAME   trains one, and releases it once it is approved\n"
            "  greenlight batch FOLDER           asks a production that serves by batches (serve=batch)\n"
            "  greenlight runs                   tells how the last ones ended"
        ) from error
    status = str(described["EndpointStatus"])
    if status in {"Creating", "Failed", "OutOfService", "Deleting"}:
        what = f"component {component}" if component else f"endpoint {endpoint}"
        raise UsageError(f"{stage} answers nothing now: the {what} is {status}.")
    serverless = any("CurrentServerlessConfig" in one for one in described.get("ProductionVariants", []))
    return LARGEST_SERVERLESS_BODY if serverless else LARGEST_BODY


def ask(
    cloud: Cloud,
    endpoint: str,
    picture: Path,
    wanted: Wanted = Wanted(),
    largest: int = LARGEST_BODY,
    component: str = "",
) -> Prediction:
    """Ask the endpoint, or the component of a shared one, about one picture.

    Raises PictureError for a picture it could not take, else GreenlightError.
    """
    body, kind = read_body(picture, largest)
    began = time.monotonic()
    content = send(cloud, endpoint, body, kind, "application/json", wanted, component)
    return read_prediction(picture, endpoint, content, (time.monotonic() - began) * 1000)


def send(
    cloud: Cloud, endpoint: str, body: bytes, kind: str, accept: str, wanted: Wanted, component: str = ""
) -> bytes:
    """The answer, in the form of ``accept``, to a body of a media type. Raises GreenlightError."""
    attributes = wanted.attributes()
    answer = _ask_until_not_throttled(
        cloud,
        EndpointName=endpoint,
        ContentType=kind,
        Accept=accept,
        Body=body,
        **({"CustomAttributes": attributes} if attributes else {}),
        **({"InferenceComponentName": component} if component else {}),
    )
    content: bytes = answer["Body"].read()
    return content


def _ask_until_not_throttled(cloud: Cloud, **request: Any) -> dict[str, Any]:
    for pause in _PAUSES:
        try:
            return cloud.call("sagemaker-runtime", "invoke_endpoint", **request)
        except ServiceError as error:
            if error.code not in _THROTTLED:
                raise
        time.sleep(pause)
    return cloud.call("sagemaker-runtime", "invoke_endpoint", **request)


def read_body(picture: Path, largest: int = LARGEST_BODY) -> tuple[bytes, str]:
    """What is sent for a picture, and its media type. Raises PictureError for no picture, or one too large."""
    try:
        body = picture.read_bytes()
    except OSError as error:
        raise PictureError(picture, f"cannot be read ({error.strerror})") from error
    kind = content_type(body[:HEAD_BYTES])
    if kind is None:
        body, kind = _convert_to_jpeg(picture, body), "image/jpeg"
    if len(body) > largest:
        raise PictureError(
            picture,
            f"is {len(body):,} bytes, and an endpoint like this accepts at most {largest:,}: make the picture smaller",
        )
    return body, kind


def _convert_to_jpeg(picture: Path, body: bytes) -> bytes:
    from workflow.predictions.drawing import open_picture

    packed = io.BytesIO()
    open_picture(picture, body).save(packed, "JPEG", quality=95)
    return packed.getvalue()


def raise_for_all(error: ServiceError, endpoint: str) -> None:
    """Raise what would fail for whatever is asked of the endpoint: there is none, or it may not be asked."""
    if _NO_ENDPOINT.search(str(error)):
        raise UsageError(f"there is no endpoint {endpoint}, so nothing was asked.") from error
    if error.code in _REFUSED:
        raise error


def reason_of(error: ServiceError) -> str:
    """Why a request was refused: in the words of the model's server where it was that one, else the service's."""
    message = _SERVER_MESSAGE.search(str(error))
    if error.code != "ModelError" or message is None:
        return str(error)
    try:
        return str(json.loads(message[1])["error"])
    except (ValueError, KeyError, TypeError):
        return message[1]
