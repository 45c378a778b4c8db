"""A folder of labelled images is looked at before anything is started."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from workflow.contract.way_on import read_policy
from workflow.datasets.check import read_dataset
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
ULTRALYTICS = {
    **{"images__train__a_jpg": "x", "images__val__b_jpg": "y", "images__val__c_jpg": "z"},
    **{"labels__train__a_txt": LABEL, "labels__val__b_txt": LABEL},
}


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
    assert dataset.splits == {"train": 1, "validation": 2}


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
    assert all(kind in said for kind in ("labels/**", "COCO, LabelMe or Label Studio", "VOC or CVAT", "Ground Truth"))


def test_pictures_that_are_not_read_are_counted(tmp_path: Path) -> None:
    """A phone's and a browser's, with what to do about them."""
    said = refused(write(tmp_path, images__a_HEIC="x", images__b_heic="x", images__c_jfif="x"))
    assert "There are 2 .heic, 1 .jfif: convert them to JPEG or PNG under the same names" in said


@pytest.mark.parametrize("name", ["b__c.zip", "set.tar.gz", "a.rar"])
def test_archives_that_are_not_opened_are_named(tmp_path: Path, name: str) -> None:
    """Beside another file, one in the other, or of another kind than a zip."""
    (tmp_path / "README.md").write_text("mine")
    (tmp_path / name).write_bytes(b"x")
    assert f"There is {name}: unpack it, or give the one .zip that is the dataset" in refused(tmp_path)


def test_folders_that_may_be_classes_are_told_with_the_line_that_says_so(tmp_path: Path) -> None:
    """A picture beside them leaves it open what they are; and the line is enough."""
    said = refused(write(tmp_path, bolt__a_jpg="x", nut__b_jpg="x", cover_jpg="x"))
    assert f"If its folders are classes, name them in {tmp_path / 'data.yaml'}:  names: [bolt, nut]" in said
    dataset = read_dataset(write(tmp_path, data_yaml="names: [bolt, nut]\n"))
    assert (dataset.task, dataset.splits) == ("classify", {"all": 2})


def test_folders_in_capitals_are_told(tmp_path: Path) -> None:
    """A Mac and Windows see no difference, Linux and S3 do."""
    said = refused(write(tmp_path, data_yaml="names: [bolt]\n", Images__a_jpg="x", Labels__a_txt=LABEL))
    assert "rename Images to images, Labels to labels" in said


def test_the_settings_of_folders_below_are_told(tmp_path: Path) -> None:
    """Two exports in one folder are no dataset, but each of them is."""
    more = {f"{name}__{file}": text for name in "ab" for file, text in (("data_yaml", "names: [x]\n"), ("a_jpg", "x"))}
    said = refused(write(tmp_path, a__a_txt=LABEL, **more))
    assert "or give the folder of one of a/data.yaml, b/data.yaml" in said


def test_labels_of_pictures_that_are_not_listed_are_told_where_nothing_is_left(tmp_path: Path) -> None:
    """COCO's annotations under other numbers than the pictures'."""
    coco = '{"images": [{"id": 1, "file_name": "a.jpg"}], "annotations": [{"id": 1, "image_id": 7, "category_id": 1,'
    coco += '"bbox": [1, 1, 5, 5]}], "categories": [{"id": 1, "name": "bolt"}]}'
    said = refused(write(tmp_path, a_jpg="x", coco_json=coco))
    assert "hold no object" in said
    assert f"{tmp_path / 'coco.json'}: annotations of 1 images that the file does not list" in said


def test_labels_of_another_format_are_named(tmp_path: Path) -> None:
    """A file that might be COCO's is named, and what it is not."""
    said = refused(write(tmp_path, images__a_jpg="x", instances_json="{}"))
    assert f"It found {tmp_path / 'instances.json'}, which is not COCO, LabelMe or Label Studio as" in said


def test_labels_in_an_unknown_layout_are_told_from_missing_ones(tmp_path: Path) -> None:
    """Labels are there, but neither beside the images nor where training looks for them."""
    said = refused(write(tmp_path, pictures__a_jpg="x", texts__a_txt=LABEL, data_yaml="names: [bolt]\n"))
    assert "not in a layout Greenlight knows" in said
    assert "a text beside each image" in said


def test_a_broken_label_is_named_with_file_and_line(tmp_path: Path) -> None:
    """The person can jump to the place; empty lines count."""
    roboflow(tmp_path)
    label = tmp_path / "valid" / "labels" / "a.txt"
    label.write_text(LABEL + "\n0 0.5 0.5 nan 0.2\n")
    assert f"  {label}:3: 'nan' is not a finite number" in refused(tmp_path)


def test_mistakes_are_counted_by_kind_and_followed_by_what_to_type(tmp_path: Path) -> None:
    """Three of a kind in full, the rest as a number; the policy is for all kinds at once."""
    roboflow(tmp_path)
    (tmp_path / "train" / "labels" / "a.txt").write_text("7 0.5 0.5 0.1 0.1\n" * 8 + "0 0.9 0.5 0.4 0.2\n")
    said = refused(tmp_path)
    assert said.startswith(f"{tmp_path} cannot be used:\n  8 unknown-class: name the class")
    assert said.count("class 7 is unknown") == 3
    assert "    and 5 more\n  1 outside-image: draw the object inside the picture" in said
    assert said.endswith("greenlight upload … --policy unknown-class=drop,outside-image=repair")
    policy = read_policy(said.rpartition("--policy ")[2])
    assert read_dataset(tmp_path, policy=policy).objects == 3


def test_a_label_that_is_no_text_is_named(tmp_path: Path) -> None:
    """Bytes that are no UTF-8 do not end in a traceback."""
    roboflow(tmp_path)
    (tmp_path / "train" / "labels" / "a.txt").write_bytes(b"\xff\xfe\x00")
    assert "a.txt:1: not a text in UTF-8" in refused(tmp_path)


def test_labels_without_a_single_box_are_refused(tmp_path: Path) -> None:
    """Background alone teaches nothing."""
    folder = write(tmp_path, data_yaml="names: [bolt]", images__a_jpg="x", labels__a_txt="\n")
    assert "hold no object" in refused(folder)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("names: [a, b\n", "data.yaml:2: is not readable YAML"),
        ("names: {'0': a, '2': b}\n", "names: the keys must be 0 to 1, found 0, 2"),
        ('names: [a]\ntrain: "C:\\Users\\me"\n', "a path with backslashes goes in single quotes"),
        ("train: images\n", "names: must be a list of class names, such as  names: [bolt, nut]"),
        ("names: {1: bolt, 2: nut}\n", "names: the keys must be 0 to 1, found 1, 2"),
        ("names: [bolt, bolt]\n", "every class needs a name of its own"),
        ("names: [bolt]\nnc: 4\n", "nc: 4, but names has 1"),
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
    assert f"{tmp_path}: no data.yaml that names the classes: looked for data.yaml" in said
    assert "names: [bolt, nut, washer]" in said


def test_a_split_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    """Nobody can know which of the two is meant."""
    roboflow(tmp_path)
    write(tmp_path, images__train__b_jpg="x")
    assert "the train split is there twice" in refused(tmp_path)


def test_real_photographs_in_roboflow_layout_are_accepted() -> None:
    """An export as people have it."""
    folder = Path(__file__).parents[4] / "shared" / "data" / "empire-state"
    if not folder.is_dir():
        pytest.skip("needs the photographs in ../shared/data/empire-state")
    assert read_dataset(folder).splits == {"train": 63, "validation": 6, "test": 4}


def pictures(folder: Path, names: list[str]) -> Path:
    """Files called like pictures."""
    return write(folder, **dict.fromkeys(names, "x"))


def voc_object(edge: int) -> str:
    """An annotation of one bolt whose right edge is given, in a picture of 100 x 50 pixels."""
    box = f"<bndbox><xmin>10</xmin><ymin>10</ymin><xmax>{edge}</xmax><ymax>30</ymax></bndbox>"
    size = "<size><width>100</width><height>50</height></size>"
    return f"<annotation>{size}\n<object><name>bolt</name>{box}</object></annotation>"


def test_a_zip_is_read_like_the_folder_that_it_packs(tmp_path: Path) -> None:
    """An export needs no unpacking by hand; its files stay until the dataset is gone."""
    roboflow(tmp_path / "My Photos")
    archive = Path(shutil.make_archive(str(tmp_path / "My Photos"), "zip", tmp_path, "My Photos"))
    dataset = read_dataset(archive)
    assert (dataset.name, dataset.splits) == ("my-photos", {"train": 1, "validation": 1, "test": 1})
    assert all(path.is_file() for path in dataset.files.values())
    assert "My Photos/data.yaml" in dataset.files
    (tmp_path / "alone").mkdir()
    shutil.move(archive, tmp_path / "alone")
    assert read_dataset(tmp_path / "alone").objects == dataset.objects


def test_a_zip_that_leads_outside_is_refused(tmp_path: Path) -> None:
    """Before a byte of it is written."""
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as out:
        out.writestr("../../a.jpg", "x")
    assert "outside of its folder" in refused(tmp_path / "a.zip")


def test_a_slip_in_a_zip_is_named_by_archive_file_and_line(tmp_path: Path) -> None:
    """The folder it was unpacked to is nobody's business."""
    roboflow(tmp_path / "mine")
    (tmp_path / "mine" / "train" / "labels" / "a.txt").write_text("9 0.5 0.5 0.1 0.1\n")
    archive = Path(shutil.make_archive(str(tmp_path / "mine"), "zip", tmp_path / "mine"))
    assert f"  {archive}/train/labels/a.txt:1: class 9 is unknown" in refused(archive)


def test_a_coco_export_is_uploaded_with_its_file(tmp_path: Path) -> None:
    """Its images and the JSON, and nothing that neither of them names."""
    annotation = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 1, 5, 5]}
    document = {
        "images": [{"id": 1, "file_name": "a.jpg", "width": 20, "height": 10}],
        "categories": [{"id": 1, "name": "bolt"}],
        "annotations": [annotation],
    }
    pictures(tmp_path, ["a_jpg", "other_jpg"])
    (tmp_path / "result.json").write_text(json.dumps(document))
    dataset = read_dataset(tmp_path)
    assert (dataset.format, dataset.task, dataset.classes, dataset.objects) == ("coco", "detect", ("bolt",), 1)
    assert (sorted(dataset.files), dataset.splits) == (["a.jpg", "result.json"], {"all": 1})


def test_voc_and_its_slips_are_read_with_their_lines(tmp_path: Path) -> None:
    """A label of any format is checked before anything is started."""
    pictures(tmp_path, ["train__a_jpg", "train__b_jpg"])
    write(tmp_path, train__a_xml=voc_object(30), train__b_xml=voc_object(50))
    assert sorted(read_dataset(tmp_path).files) == ["train/a.jpg", "train/a.xml", "train/b.jpg", "train/b.xml"]
    write(tmp_path, train__b_xml=voc_object(150))
    assert f"  {tmp_path}/train/b.xml:2: bolt: the box leaves the image: right 1.5" in refused(tmp_path)


def test_what_is_wrong_with_the_whole_is_told_before_any_row(tmp_path: Path) -> None:
    """Missing pictures come before the rows of those that are there, however many mistakes those have."""
    (tmp_path / "a.jpg").write_text("x")
    metadata = {"class-map": {"0": "bolt"}, "type": "groundtruth/object-detection"}
    label = {"annotations": [{"class_id": 9, "left": 1, "top": 1, "width": 2, "height": 2}] * 5}
    lines = [{"source-ref": f"s3://b/{name}.jpg", "boxes": label, "boxes-metadata": metadata} for name in "abc"]
    (tmp_path / "output.manifest").write_text("\n".join(map(json.dumps, lines)))
    said = refused(tmp_path).splitlines()
    assert said[1].startswith("  1 missing-images: ")
    assert "2 of 3 pictures of the manifest are not there" in said[2]
    assert said[3].startswith("  5 unknown-class: ")
    policy = {"missing-images": "drop", "unknown-class": "drop"}
    assert said[-1].endswith("--policy missing-images=drop,unknown-class=drop")
    with pytest.raises(UsageError, match="hold no object"):
        read_dataset(tmp_path, policy=policy)


def test_ground_truth_is_uploaded_with_its_manifest(tmp_path: Path) -> None:
    """The pictures are found by the ends of their addresses."""
    pictures(tmp_path, ["photos__a_jpg"])
    line = {
        "source-ref": "s3://somebody/photos/a.jpg",
        "boxes": {
            "image_size": [{"width": 20, "height": 10}],
            "annotations": [{"class_id": 0, "left": 1, "top": 1, "width": 5, "height": 5}],
        },
        "boxes-metadata": {"class-map": {"0": "bolt"}, "type": "groundtruth/object-detection"},
    }
    (tmp_path / "output.manifest").write_text(json.dumps(line) + "\n")
    dataset = read_dataset(tmp_path)
    assert (dataset.format, sorted(dataset.files)) == ("ground-truth", ["output.manifest", "photos/a.jpg"])


def test_folders_called_like_classes_need_no_labels(tmp_path: Path) -> None:
    """For classification the folder is the label."""
    dataset = read_dataset(pictures(tmp_path, ["train__bolt__a_jpg", "train__nut__b_jpg", "test__nut__c_jpg"]))
    assert (dataset.task, dataset.classes, dataset.objects) == ("classify", ("bolt", "nut"), 3)
    assert dataset.splits == {"train": 2, "test": 1}


def test_what_the_policy_drops_is_no_slip(tmp_path: Path) -> None:
    """The same words as in a run's input."""
    roboflow(tmp_path)
    (tmp_path / "train" / "labels" / "a.txt").write_text("7 0.5 0.5 0.1 0.1\n" + LABEL)
    assert "class 7 is unknown" in refused(tmp_path)
    assert read_dataset(tmp_path, policy={"unknown-class": "drop"}).objects == 3


def test_a_pixel_over_the_edge_is_no_slip(tmp_path: Path) -> None:
    """The preparation clips it, knowing the picture's size; here a side of 640 pixels is taken for every one."""
    roboflow(tmp_path)
    (tmp_path / "train" / "labels" / "a.txt").write_text("0 0.901 0.5 0.2 0.2\n")
    assert read_dataset(tmp_path).objects == 3
    (tmp_path / "train" / "labels" / "a.txt").write_text("0 0.91 0.5 0.2 0.2\n")
    assert "a.txt:1: the box leaves the image: right 1.01" in refused(tmp_path)


def test_looking_at_a_dataset_needs_no_library_of_pictures_or_networks() -> None:
    """It must work on a machine that has the command alone."""
    code = (
        "import sys, workflow.datasets.check, workflow.labels.recognition;"
        "print([name for name in ('torch', 'cv2', 'numpy', 'PIL', 'ultralytics') if name in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
