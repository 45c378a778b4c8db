"""Writes the same labelled pictures in every format that people have, as their tools lay them out.

``python -m tests.workflow.labels.writers FORMAT SOURCE_YOLO_FOLDER TARGET`` converts a folder with YOLO
labels. The same pictures give the same bytes.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import yaml
from PIL import Image, ImageOps

from workflow.labels.recognition import open_source
from workflow.labels.source import Row

WORDS = {"train": "train", "validation": "valid", "test": "test", "": ""}
"""The folder of each split as Roboflow calls it."""


@dataclass(frozen=True)
class Picture:
    """One picture of the neutral list: where it comes from, its split, its name, its size, and rows of one task."""

    file: Path
    split: str
    name: str
    width: int
    height: int
    rows: tuple[Row, ...]

    @property
    def stem(self) -> str:
        """Its name without ending."""
        return self.name.rpartition(".")[0]

    def box(self, row: Row) -> list[float]:
        """Left, top, width and height in pixels of a row that begins with a box; whole numbers where they are."""
        x, y, width, height = row.numbers[:4]
        return self.pixels((x - width / 2, y - height / 2, width, height))

    def pixels(self, points: Sequence[float]) -> list[float]:
        """Flat fractions in pixels, without what floating point adds in the last digits."""
        values = [round(value * (self.height if at % 2 else self.width), 9) for at, value in enumerate(points)]
        return [int(value) if value == int(value) else value for value in values]


@dataclass(frozen=True)
class Pictures:
    """The neutral list: pictures with rows of one task, its classes and, for pose, its keypoints."""

    task: str
    classes: tuple[str, ...]
    keypoints: tuple[int, int] | None
    flip: tuple[int, ...] | None
    pictures: tuple[Picture, ...]

    def splits(self) -> list[str]:
        """The splits in their usual order."""
        return [split for split in WORDS if any(picture.split == split for picture in self.pictures)]

    def of(self, split: str) -> list[Picture]:
        """The pictures of a split."""
        return [picture for picture in self.pictures if picture.split == split]


def read_yolo(folder: Path) -> Pictures:
    """The neutral list of a folder with YOLO labels."""
    source = open_source(folder, format="yolo")
    pictures = []
    for entry in source.entries:
        with Image.open(folder / entry.image) as image:
            width, height = ImageOps.exif_transpose(image).size
        rows = source.labels(entry, width, height).rows
        pictures.append(Picture(folder / entry.image, entry.split, entry.name, width, height, rows))
    return Pictures(source.task, source.classes, source.keypoints, source.flip, tuple(pictures))


# --- YOLO --------------------------------------------------------------------------------------


def write_roboflow(pictures: Pictures, target: Path) -> None:
    """``train/images`` and ``train/labels``; data.yaml with a list of names and paths that go up, as Roboflow's do."""
    places = {"train": "../train/images", "val": "../valid/images", "test": "../test/images"}
    _yolo(
        pictures, target, lambda split, kind: f"{split}/{kind}", {**places, "nc": len(pictures.classes)}, mapped=False
    )


def write_ultralytics(pictures: Pictures, target: Path) -> None:
    """``images/train`` and ``labels/train``; a map of names in a file called otherwise, with the root of a machine."""
    places = {"path": f"../datasets/{target.name}", "train": "images/train", "val": "images/val", "test": ""}
    _yolo(pictures, target, lambda split, kind: f"{kind}/{split.replace('valid', 'val')}", places, file="mine.yaml")


def write_flat(pictures: Pictures, target: Path) -> None:
    """``images`` and ``labels`` alone."""
    _yolo(pictures, target, lambda split, kind: kind, {})


def write_listed(pictures: Pictures, target: Path) -> None:
    """Splits as lists of images, with the paths of a Windows machine."""
    for split in pictures.splits():
        names = [f"C:\\data\\mine\\images\\{picture.name}\n" for picture in pictures.of(split)]
        _write(target / f"{WORDS[split]}.txt", "".join(names))
    places = {"path": "C:\\data\\mine", "train": "train.txt", "val": "valid.txt", "test": "test.txt"}
    _yolo(pictures, target, lambda split, kind: kind, places)


def write_darknet(pictures: Pictures, target: Path) -> None:
    """Labels beside the pictures, ``obj.data``, ``obj.names`` and a list for each split, as for Darknet."""
    _write_darknet(pictures, target, lambda split: "obj", "/home/me/darknet/data/")


def write_cvat_yolo(pictures: Pictures, target: Path) -> None:
    """CVAT's "YOLO 1.1": a folder for each subset, and lists whose paths begin with ``data/``."""
    _write_darknet(pictures, target, lambda split: f"obj_{split or 'train'}_data", "data/")


def write_labelimg(pictures: Pictures, target: Path) -> None:
    """Labels and ``classes.txt`` beside the pictures, in a folder for each split."""
    for split in pictures.splits():
        _write(target / WORDS[split] / "classes.txt", "".join(f"{name}\n" for name in pictures.classes))
    for picture in pictures.pictures:
        _copy(picture, target / WORDS[picture.split])
        _write(target / WORDS[picture.split] / f"{picture.stem}.txt", _rows(picture))


def _write_darknet(pictures: Pictures, target: Path, folder: Callable[[str], str], before: str) -> None:
    settings = [f"classes = {len(pictures.classes)}", "names = data/obj.names", "backup = backup/"]
    for split in filter(None, pictures.splits()):
        paths = [f"{before}{folder(WORDS[split])}/{picture.name}\n" for picture in pictures.of(split)]
        _write(target / f"{WORDS[split]}.txt", "".join(paths))
        settings.append(f"{WORDS[split]} = data/{WORDS[split]}.txt")
    _write(target / "obj.data", "\n".join(settings) + "\n")
    _write(target / "obj.names", "".join(f"{name}\n" for name in pictures.classes))
    for picture in pictures.pictures:
        _copy(picture, target / folder(WORDS[picture.split]))
        _write(target / folder(WORDS[picture.split]) / f"{picture.stem}.txt", _rows(picture))


def _rows(picture: Picture) -> str:
    return "".join(" ".join([str(row.class_id), *map(_shown, row.numbers)]) + "\n" for row in picture.rows)


def _yolo(
    pictures: Pictures,
    target: Path,
    folder: Callable[[str, str], str],
    settings: dict[str, Any],
    *,
    mapped: bool = True,
    file: str = "data.yaml",
) -> None:
    names = list(pictures.classes)
    document = {**settings, "names": dict(enumerate(names)) if mapped else names}
    if pictures.keypoints:
        document |= {"kpt_shape": list(pictures.keypoints)}
        document |= {"flip_idx": list(pictures.flip)} if pictures.flip else {}
    _write(target / file, yaml.safe_dump(document, sort_keys=False, allow_unicode=True))
    for picture in pictures.pictures:
        split = WORDS[picture.split]
        _copy(picture, target / folder(split, "images"))
        _write(target / folder(split, "labels") / f"{picture.stem}.txt", _rows(picture))


def write_folders(pictures: Pictures, target: Path) -> None:
    """``train/<class>``: each picture goes by the class of its first object, and those without go nowhere."""
    for picture in pictures.pictures:
        if picture.rows:
            _copy(picture, target / WORDS[picture.split] / pictures.classes[picture.rows[0].class_id])


# --- COCO --------------------------------------------------------------------------------------


def write_coco(pictures: Pictures, target: Path) -> None:
    """``annotations/instances_train.json`` and images in a folder a split; category ids count from 1, with gaps."""
    kind = "person_keypoints" if pictures.task == "pose" else "instances"
    for split in pictures.splits():
        word = WORDS[split] or "default"
        ids = {number: number * 3 + 1 for number in range(len(pictures.classes))}
        document = _coco(pictures, pictures.of(split), ids, [])
        _write(target / "annotations" / f"{kind}_{word}.json", json.dumps(document))
        for picture in pictures.of(split):
            _copy(picture, target / "images" / word)


def write_coco_roboflow(pictures: Pictures, target: Path) -> None:
    """``train/_annotations.coco.json`` among the images, with the category that Roboflow adds and never uses."""
    ids = {number: number + 1 for number in range(len(pictures.classes))}
    head = [{"id": 0, "name": "things", "supercategory": "none"}]
    for split in pictures.splits():
        document = _coco(pictures, pictures.of(split), ids, head)
        _write(target / WORDS[split] / "_annotations.coco.json", json.dumps(document))
        for picture in pictures.of(split):
            _copy(picture, target / WORDS[split])


def _coco(pictures: Pictures, chosen: Iterable[Picture], ids: dict[int, int], head: list[Any]) -> dict[str, Any]:
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for picture in chosen:
        size = {"width": picture.width, "height": picture.height}
        images.append({"id": len(images) + 1, "file_name": picture.name, **size})
        for row in picture.rows:
            annotation = {"id": len(annotations) + 1, "image_id": len(images), "category_id": ids[row.class_id]}
            annotations.append({**annotation, **_coco_shape(pictures.task, picture, row), "iscrowd": 0})
    points = {"keypoints": _point_names(pictures), "skeleton": []} if pictures.keypoints else {}
    categories = [
        {"id": ids[number], "name": name, "supercategory": "things", **points}
        for number, name in enumerate(pictures.classes)
    ]
    return {"info": {}, "licenses": [], "categories": head + categories, "images": images, "annotations": annotations}


def _coco_shape(task: str, picture: Picture, row: Row) -> dict[str, Any]:
    if task in ("segment", "obb"):
        points = picture.pixels(row.numbers)
        left, top = min(points[0::2]), min(points[1::2])
        box = [left, top, max(points[0::2]) - left, max(points[1::2]) - top]
        return {"bbox": box, "area": box[2] * box[3], "segmentation": [points]}
    box = picture.box(row)
    shape: dict[str, Any] = {"bbox": box, "area": box[2] * box[3], "segmentation": []}
    if task == "pose":
        scale = (picture.width, picture.height, 1)
        points = [round(value * scale[at % 3], 9) for at, value in enumerate(row.numbers[4:])]
        shape |= {"keypoints": points, "num_keypoints": sum(value > 0 for value in points[2::3])}
    return shape


def _point_names(pictures: Pictures) -> list[str]:
    """Names that are each other's mirror images as ``flip`` says."""
    count = pictures.keypoints[0] if pictures.keypoints else 0
    flip = pictures.flip or tuple(range(count))
    return [
        f"point_{at}" if to == at else f"left_{min(at, to)}" if at < to else f"right_{min(at, to)}"
        for at, to in enumerate(flip)
    ]


# --- VOC and Ground Truth ----------------------------------------------------------------------


def write_voc(pictures: Pictures, target: Path) -> None:
    """``VOCdevkit/VOC2012`` with ``JPEGImages``, ``Annotations`` and the lists of ``ImageSets/Main``."""
    root = target / "VOCdevkit" / "VOC2012"
    for split in pictures.splits():
        for picture in pictures.of(split):
            _copy(picture, root / "JPEGImages")
            _write(root / "Annotations" / f"{picture.stem}.xml", _xml(pictures, picture))
        if split:
            names = "".join(f"{picture.stem}\n" for picture in pictures.of(split))
            _write(root / "ImageSets" / "Main" / f"{WORDS[split].replace('valid', 'val')}.txt", names)


def write_voc_roboflow(pictures: Pictures, target: Path) -> None:
    """XML beside the images in a folder a split."""
    for picture in pictures.pictures:
        _copy(picture, target / WORDS[picture.split])
        _write(target / WORDS[picture.split] / f"{picture.stem}.xml", _xml(pictures, picture))


def _xml(pictures: Pictures, picture: Picture) -> str:
    objects = []
    for row in picture.rows:
        left, top, width, height = picture.box(row)
        edges = {"xmin": left, "ymin": top, "xmax": left + width, "ymax": top + height}
        shown = "".join(f"<{name}>{_shown(value)}</{name}>" for name, value in edges.items())
        objects.append(
            f"\t<object>\n\t\t<name>{escape(pictures.classes[row.class_id])}</name>\n\t\t<pose>Unspecified</pose>\n"
            f"\t\t<truncated>0</truncated>\n\t\t<difficult>0</difficult>\n\t\t<bndbox>{shown}</bndbox>\n\t</object>\n"
        )
    size = f"<size><width>{picture.width}</width><height>{picture.height}</height><depth>3</depth></size>"
    head = f"\t<folder>JPEGImages</folder>\n\t<filename>{escape(picture.name)}</filename>\n\t{size}\n"
    return f"<annotation>\n{head}{''.join(objects)}</annotation>\n"


def write_ground_truth(pictures: Pictures, target: Path) -> None:
    """``manifests/output/output.manifest`` of a labelling job called ``boxes``; splits as folders of the images."""
    lines = []
    for picture in pictures.pictures:
        folder = "/".join(filter(None, ("images", WORDS[picture.split])))
        _copy(picture, target / folder)
        found = [
            {"class_id": row.class_id, **dict(zip(("left", "top", "width", "height"), picture.box(row), strict=True))}
            for row in picture.rows
        ]
        size = [{"width": picture.width, "height": picture.height, "depth": 3}]
        metadata = {
            "objects": [{"confidence": 0.9}] * len(found),
            "class-map": {str(number): name for number, name in enumerate(pictures.classes)},
            "type": "groundtruth/object-detection",
            "human-annotated": "yes",
            "creation-date": "2026-01-01T12:00:00.000000",
            "job-name": "labeling-job/boxes",
        }
        label = {"image_size": size, "annotations": found}
        source = f"s3://labels-of-somebody/photos/{folder}/{picture.name}"
        lines.append(json.dumps({"source-ref": source, "boxes": label, "boxes-metadata": metadata}) + "\n")
    _write(target / "manifests" / "output" / "output.manifest", "".join(lines))


# --- annotation tools --------------------------------------------------------------------------


def write_labelme(pictures: Pictures, target: Path) -> None:
    """LabelMe's JSON beside each picture, in a folder a split, with the path that another machine had."""
    types = {"detect": "rectangle", "segment": "polygon", "obb": "oriented_rectangle"}
    for picture in pictures.pictures:
        shapes: list[dict[str, Any]] = [
            {
                "label": pictures.classes[row.class_id],
                "points": _pairs(_drawn(pictures.task, picture, row)),
                "group_id": None,
                "shape_type": types[pictures.task],
                "flags": {},
            }
            for row in picture.rows
        ]
        document = {
            "version": "5.5.0",
            "flags": {},
            "shapes": shapes,
            "imagePath": f"C:\\Users\\me\\{picture.name}",
            "imageData": "aGVsbG8=",
            "imageHeight": picture.height,
            "imageWidth": picture.width,
        }
        _copy(picture, target / WORDS[picture.split])
        _write(target / WORDS[picture.split] / f"{picture.stem}.json", json.dumps(document))


def write_cvat(pictures: Pictures, target: Path) -> None:
    """``annotations.xml`` beside ``images``, whose subsets are the splits; CVAT for images 1.1."""
    names = {"train": "Train", "validation": "Validation", "test": "Test", "": "default"}
    labels = "".join(f"<label><name>{escape(name)}</name><type>any</type></label>" for name in pictures.classes)
    images = []
    for at, picture in enumerate(pictures.pictures):
        _copy(picture, target / "images")
        shapes = "".join(_cvat_shape(pictures, picture, row) for row in picture.rows)
        said = {"id": at, "name": picture.name, "subset": names[picture.split]}
        said |= {"width": picture.width, "height": picture.height}
        images.append(f"  <image {_attributes(said)}>\n{shapes}  </image>\n")
    meta = f"<meta><task><name>mine</name><labels>{labels}</labels></task></meta>"
    head = '<?xml version="1.0" encoding="utf-8"?>\n<annotations>\n  <version>1.1</version>\n'
    _write(target / "annotations.xml", f"{head}  {meta}\n{''.join(images)}</annotations>\n")


def _cvat_shape(pictures: Pictures, picture: Picture, row: Row) -> str:
    points = _drawn(pictures.task, picture, row)
    tag, said = "polygon", dict[str, Any](points=";".join(f"{x},{y}" for x, y in _pairs(points)))
    if pictures.task == "detect":
        tag, said = "box", dict(zip(("xtl", "ytl", "xbr", "ybr"), points, strict=True))
    inner = '<attribute name="quality">good</attribute>'
    said = {"label": pictures.classes[row.class_id], "occluded": 0, **said}
    return f"    <{tag} {_attributes(said)}>{inner}</{tag}>\n"


def write_label_studio(pictures: Pictures, target: Path) -> None:
    """``train.json`` for each split, whose tasks name the pictures as Label Studio serves its own copies."""
    for split in pictures.splits():
        tasks: list[dict[str, Any]] = []
        for picture in pictures.of(split):
            _copy(picture, target / "photos")
            results = [_label_studio_result(pictures, picture, row) for row in picture.rows]
            annotation = {"id": 1, "was_cancelled": False, "ground_truth": False, "result": results}
            address = f"/data/upload/3/{len(tasks):08x}-{picture.name}"
            tasks.append({"id": len(tasks) + 1, "annotations": [annotation], "data": {"image": address}})
        _write(target / f"{WORDS[split] or 'tasks'}.json", json.dumps(tasks))


def _label_studio_result(pictures: Pictures, picture: Picture, row: Row) -> dict[str, Any]:
    type_ = "rectanglelabels" if pictures.task == "detect" else "polygonlabels"
    value: dict[str, Any] = {type_: [pictures.classes[row.class_id]]}
    if pictures.task == "detect":
        x, y, width, height = row.numbers
        corner = {"x": (x - width / 2) * 100, "y": (y - height / 2) * 100}
        value |= {**corner, "width": width * 100, "height": height * 100, "rotation": 0}
    else:
        value |= {"points": _pairs([number * 100 for number in row.numbers]), "closed": True}
    size = {"original_width": picture.width, "original_height": picture.height, "image_rotation": 0}
    return {"id": f"r{row.line}", "type": type_, "from_name": "label", "to_name": "image", **size, "value": value}


def _drawn(task: str, picture: Picture, row: Row) -> list[float]:
    """The points in pixels: two opposite corners of a box, and every corner of anything else."""
    if task != "detect":
        return picture.pixels(row.numbers)
    left, top, width, height = picture.box(row)
    return [left, top, left + width, top + height]


def _pairs(points: Sequence[float]) -> list[list[float]]:
    return [[x, y] for x, y in zip(points[0::2], points[1::2], strict=True)]


def _attributes(said: dict[str, Any]) -> str:
    return " ".join(f'{key}="{escape(str(value))}"' for key, value in said.items())


# --- files -------------------------------------------------------------------------------------


WRITERS: dict[str, Callable[[Pictures, Path], None]] = {
    "roboflow": write_roboflow,
    "ultralytics": write_ultralytics,
    "flat": write_flat,
    "listed": write_listed,
    "darknet": write_darknet,
    "cvat-yolo": write_cvat_yolo,
    "labelimg": write_labelimg,
    "folders": write_folders,
    "coco": write_coco,
    "coco-roboflow": write_coco_roboflow,
    "voc": write_voc,
    "voc-roboflow": write_voc_roboflow,
    "ground-truth": write_ground_truth,
    "labelme": write_labelme,
    "cvat": write_cvat,
    "label-studio": write_label_studio,
}


def _copy(picture: Picture, folder: Path) -> None:
    (folder / picture.name).parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(picture.file, folder / picture.name)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _shown(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)


if __name__ == "__main__":
    if len(sys.argv) != 4 or sys.argv[1] not in WRITERS:
        sys.exit(f"usage: python -m {__spec__.name} {{{','.join(WRITERS)}}} SOURCE_YOLO_FOLDER TARGET")
    WRITERS[sys.argv[1]](read_yolo(Path(sys.argv[2])), Path(sys.argv[3]))
