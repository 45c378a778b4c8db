"""Asks an endpoint what it sees in pictures, and draws its answer on them.

Sends each picture as it is, or as a JPEG where the endpoint would not know its format. Knows no run and no stack.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workflow.clients import Cloud
from workflow.dataset import IMAGE_SUFFIXES
from workflow.errors import GreenlightError, UsageError

LARGEST_BODY = 6 * 1024 * 1024
"""Bytes an endpoint of SageMaker accepts in one request."""
COLOURS = ("#e6194b", "#3cb44b", "#4363d8", "#f58231", "#911eb4", "#008080", "#9a6324", "#808000")
_TYPES = {".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png"}


@dataclass(frozen=True)
class Prediction:
    """What an endpoint saw in one picture; boxes are ``[x1, y1, x2, y2]`` in pixels of the picture as it is shown."""

    file: Path
    model_digest: str
    width: int
    height: int
    detections: tuple[Mapping[str, Any], ...]

    def document(self) -> dict[str, Any]:
        """The prediction as JSON."""
        return {
            "file": str(self.file),
            "model_digest": self.model_digest,
            "width": self.width,
            "height": self.height,
            "detections": [
                {"class": item["class"], "score": item["score"], "box": list(item["box"])} for item in self.detections
            ],
        }

    def text(self) -> str:
        """The prediction on one line, such as ``photo.jpg  2 bolt, 1 nut``."""
        counts: dict[str, int] = {}
        for item in self.detections:
            counts[str(item["class"])] = counts.get(str(item["class"]), 0) + 1
        seen = ", ".join(f"{count} {name}" for name, count in counts.items())
        return f"{self.file}  {seen or 'nothing'}"


def find_pictures(paths: tuple[str, ...]) -> list[Path]:
    """The picture files that files, folders and patterns name. Raises UsageError where one names none."""
    found: list[Path] = []
    for given in paths:
        path = Path(given)
        if path.is_dir():
            matches = [one for one in sorted(path.rglob("*")) if one.suffix.lower() in IMAGE_SUFFIXES]
        elif path.exists():
            matches = [path]
        else:
            base = Path(path.anchor) if path.is_absolute() else Path()
            pattern = given[len(path.anchor) :] if path.is_absolute() else given
            matches = sorted(base.glob(pattern)) if any(letter in given for letter in "*?[") else []
        if not matches:
            raise UsageError(f"{given}: there is no such picture, and no folder or pattern that holds one.")
        found += matches
    return list(dict.fromkeys(found))


def predict(cloud: Cloud, endpoint: str, pictures: list[Path], confidence: float | None = None) -> Iterator[Prediction]:
    """Ask the endpoint about each picture in turn."""
    for picture in pictures:
        body, content_type = _body(picture)
        attributes = {} if confidence is None else {"CustomAttributes": f"confidence={confidence}"}
        answer = cloud.call(
            "sagemaker-runtime",
            "invoke_endpoint",
            EndpointName=endpoint,
            ContentType=content_type,
            Accept="application/json",
            Body=body,
            **attributes,
        )
        yield _prediction(picture, endpoint, answer["Body"].read())


def _body(picture: Path) -> tuple[bytes, str]:
    body = picture.read_bytes()
    content_type = _TYPES.get(picture.suffix.lower(), "")
    if not content_type:
        from PIL import Image, UnidentifiedImageError

        try:
            with Image.open(picture) as image:
                packed = io.BytesIO()
                image.convert("RGB").save(packed, "JPEG", quality=95)
        except (UnidentifiedImageError, OSError) as error:
            raise UsageError(f"{picture}: is no picture ({error}).") from error
        body, content_type = packed.getvalue(), "image/jpeg"
    if len(body) > LARGEST_BODY:
        size = len(body) / 1024 / 1024
        raise UsageError(f"{picture}: {size:.1f} MB, and an endpoint accepts at most 6 MB: make the picture smaller.")
    return body, content_type


def _prediction(picture: Path, endpoint: str, body: bytes) -> Prediction:
    try:
        answer = json.loads(body)
        return Prediction(
            file=picture,
            model_digest=str(answer["model_digest"]),
            width=int(answer["width"]),
            height=int(answer["height"]),
            detections=tuple(answer["detections"]),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise GreenlightError(f"{endpoint} answered something else than detections for {picture}: {error}") from error


def targets(pictures: list[Path], folder: Path) -> list[Path]:
    """Where each picture's drawing goes: under its own name, numbered where two pictures share one."""
    taken: dict[str, int] = {}
    found = []
    for picture in pictures:
        count = taken[picture.stem] = taken.get(picture.stem, 0) + 1
        found.append(folder / (f"{picture.stem}.jpg" if count == 1 else f"{picture.stem}-{count}.jpg"))
    return found


def draw(prediction: Prediction, target: Path) -> None:
    """Write the picture with its boxes, classes and scores to ``target``."""
    from PIL import Image, ImageDraw, ImageFont, ImageOps

    with Image.open(prediction.file) as opened:
        image = ImageOps.exif_transpose(opened).convert("RGB")
    canvas = ImageDraw.Draw(image)
    thick = max(2, round(max(image.size) / 320))
    font = ImageFont.load_default(size=max(10, round(max(image.size) / 40)))
    names = sorted({str(item["class"]) for item in prediction.detections})
    for item in prediction.detections:
        number = item.get("class_id", names.index(str(item["class"])))
        colour = COLOURS[int(number) % len(COLOURS)]
        left, top, right, bottom = (float(value) for value in item["box"])
        canvas.rectangle((left, top, right, bottom), outline=colour, width=thick)
        text = f"{item['class']} {float(item['score']):.2f}"
        x1, y1, x2, y2 = canvas.textbbox((0, 0), text, font=font)
        wide, high = x2 - x1 + 4, y2 - y1 + 4
        above = top - high if top >= high else top
        start = max(0.0, min(left, image.width - wide))
        canvas.rectangle((start, above, start + wide, above + high), fill=colour)
        canvas.text((start + 2 - x1, above + 2 - y1), text, fill="white", font=font)
    target.parent.mkdir(parents=True, exist_ok=True)
    image.save(target)
