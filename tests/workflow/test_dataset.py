"""A folder of labelled images is looked at before anything is started."""

from __future__ import annotations

from pathlib import Path

import pytest

from workflow.dataset import read_dataset
from workflow.errors import UsageError

LABEL = "0 0.5 0.5 0.2 0.2\n"


def write(folder: Path, **files: str) -> Path:
    """Write files; two underscores in a name stand for a slash and the last single one for a dot."""
    for name, text in files.items():
        path = folder / name.replace("__", "/")
        path = path.with_name(".".join(path.name.rsplit("_", 1)))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def roboflow(folder: Path) -> Path:
    """A small dataset as Roboflow exports it."""
    splits = {f"{split}__{kind}": text for split in ("train", "valid", "test") for kind, text in KINDS.items()}
    return write(folder, data_yaml="names: [bolt]\n", README_txt="hello", **splits)


KINDS = {"images__a_jpg": "picture", "labels__a_txt": LABEL}
ULTRALYTICS = {"images__train__a_jpg": "x", "images__val__b_jpg": "y", "labels__train__a_txt": LABEL}


def refused(folder: Path) -> str:
    """What is said about a folder that cannot be used."""
    with pytest.raises(UsageError) as caught:
        read_dataset(folder)
    assert caught.value.exit_code == 2
    return str(caught.value)


def test_a_roboflow_export_is_read_split_by_split(tmp_path: Path) -> None:
    """All three splits are found, and only images, labels and data.yaml are to be uploaded."""
    dataset = read_dataset(roboflow(tmp_path / "My Photos"))
    assert dataset.splits == {"train": 1, "validation": 1, "test": 1}
    assert sorted(dataset.files) == sorted(
        ["data.yaml", *(f"{s}/{k}" for s in ("train", "valid", "test") for k in ("images/a.jpg", "labels/a.txt"))]
    )
    assert (dataset.name, dataset.images, dataset.objects) == ("my-photos", 3, 3)
    assert dataset.text() == "1 + 1 + 1 pictures of my-photos"


def test_an_ultralytics_layout_with_another_yaml_is_uploaded_as_data_yaml(tmp_path: Path) -> None:
    """The one file that names the classes may be called anything; an image without a label is background."""
    dataset = read_dataset(write(tmp_path, coco8_yaml="names: {0: bolt, 1: nut}\n", **ULTRALYTICS))
    assert dataset.files["data.yaml"] == tmp_path / "coco8.yaml"
    assert dataset.classes == ("bolt", "nut")
    assert dataset.splits == {"train": 1, "validation": 1}


def test_a_folder_without_splits_is_one_split(tmp_path: Path) -> None:
    """Images and labels side by side are enough: the preparation splits them."""
    dataset = read_dataset(write(tmp_path, data_yaml="names: [bolt]", images__a_png="x", labels__a_txt=LABEL))
    assert dataset.splits == {"all": 1}


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    """Nothing at the path."""
    assert refused(tmp_path / "nowhere") == f"{tmp_path / 'nowhere'}: there is no such folder."


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    """A file where a folder is meant."""
    assert "is a file" in refused(write(tmp_path, a_txt="") / "a.txt")


def test_an_empty_folder_says_which_images_were_looked_for(tmp_path: Path) -> None:
    """No image anywhere."""
    assert "holds no images: Greenlight looked for .jpg" in refused(tmp_path)


def test_images_without_labels_say_what_was_looked_for(tmp_path: Path) -> None:
    """The count of images, and every format of labels that was looked for."""
    said = refused(write(tmp_path, a_jpg="x", more__b_png="y"))
    assert said.startswith(f"{tmp_path} holds 2 images and no labels.\n")
    assert all(kind in said for kind in ("labels/**", "COCO", "VOC", "Ground Truth"))


def test_labels_of_another_format_are_named(tmp_path: Path) -> None:
    """A COCO file is found, named and not taken for YOLO labels."""
    said = refused(write(tmp_path, images__a_jpg="x", instances_json="{}"))
    assert f"It found {tmp_path / 'instances.json'}, which may be COCO" in said


def test_labels_in_an_unknown_layout_are_told_from_missing_ones(tmp_path: Path) -> None:
    """Labels beside the images are there, but in no layout that training reads."""
    assert "not in a layout Greenlight knows" in refused(write(tmp_path, a_jpg="x", a_txt=LABEL))


def test_a_broken_label_is_named_with_file_and_line(tmp_path: Path) -> None:
    """The person can jump to the place; empty lines count."""
    roboflow(tmp_path)
    label = tmp_path / "valid" / "labels" / "a.txt"
    label.write_text(LABEL + "\n0 0.5 0.5 nan 0.2\n")
    assert f"  {label}:3: 'nan' is not a finite number" in refused(tmp_path)


def test_many_broken_labels_are_counted_after_the_first_few(tmp_path: Path) -> None:
    """Five in full, the rest as a number."""
    roboflow(tmp_path)
    (tmp_path / "train" / "labels" / "a.txt").write_text("7 0.5 0.5 0.1 0.1\n" * 8)
    said = refused(tmp_path)
    assert said.startswith("8 label lines cannot be used:")
    assert said.count("class 7 is unknown") == 5
    assert said.endswith("  and 3 more")


def test_a_label_that_is_no_text_is_named(tmp_path: Path) -> None:
    """Bytes that are no UTF-8 do not end in a traceback."""
    roboflow(tmp_path)
    (tmp_path / "train" / "labels" / "a.txt").write_bytes(b"\xff\xfe\x00")
    assert "a.txt:1: not a text in UTF-8" in refused(tmp_path)


def test_labels_without_a_single_box_are_refused(tmp_path: Path) -> None:
    """Background alone teaches nothing."""
    folder = write(tmp_path, data_yaml="names: [bolt]", images__a_jpg="x", labels__a_txt="\n")
    assert "hold no box" in refused(folder)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("names: [a, b\n", "data.yaml:2: is not readable YAML"),
        ("train: images\n", "'names' must list the classes"),
        ("names: {1: bolt, 2: nut}\n", "'names' must list the classes"),
        ("names: [bolt, bolt]\n", "every class needs a name of its own"),
        ("names: [bolt]\nnc: 4\n", "nc is 4, but names has 1"),
    ],
)
def test_a_data_yaml_that_names_no_classes_is_refused(tmp_path: Path, text: str, said: str) -> None:
    """Each way to get data.yaml wrong has words of its own, with the file's name."""
    folder = write(tmp_path, data_yaml=text, images__a_jpg="x", labels__a_txt=LABEL)
    assert said in refused(folder)
    assert "data.yaml" in refused(folder)


def test_a_missing_data_yaml_is_asked_for_with_an_example(tmp_path: Path) -> None:
    """The message shows the line that is enough."""
    said = refused(write(tmp_path, images__a_jpg="x", labels__a_txt=LABEL))
    assert "one data.yaml that names the classes is needed, and the folder holds none" in said
    assert "names: [bolt, nut, washer]" in said


def test_a_split_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    """Nobody can know which of the two is meant."""
    roboflow(tmp_path)
    write(tmp_path, images__train__b_jpg="x")
    assert "the train split is there twice" in refused(tmp_path)


def test_real_photographs_in_roboflow_layout_are_accepted() -> None:
    """An export as people have it."""
    folder = Path(__file__).parents[3] / "shared" / "data" / "empire-state"
    if not folder.is_dir():
        pytest.skip("needs the photographs in ../shared/data/empire-state")
    assert read_dataset(folder).splits == {"train": 63, "validation": 6, "test": 4}
