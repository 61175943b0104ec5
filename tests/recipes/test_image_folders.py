"""Folders of images: splits, classes, links, and folders that hold everything."""

import numpy as np
import pytest

pillow = pytest.importorskip(
    "PIL.Image", reason="the recipes need Pillow: pip install '.[recipes]'"
)
RNG = np.random.default_rng(0)


def pictures(folder, count=5):
    """Write different random images of 8x8 pixels."""
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(count):
        pillow.fromarray(RNG.integers(0, 256, (8, 8), "uint8")).save(folder / f"{i}.png")


@pytest.mark.parametrize("held_out", ["val", "Test"])
def test_folders_train_and_val_are_splits_and_not_classes(tmp_path, load_images, held_out):
    for split, count in (("train", 6), (held_out, 3)):
        for name in ("cat", "dog"):
            pictures(tmp_path / split / name, count)

    data = load_images(tmp_path)

    assert len(data.train) == 12 and len(data.held_out) == 6
    assert {*data.labels} == {"cat", "dog"} == {*data.train_labels}
    assert f"trained on: train/; held out: {held_out.lower()}/ (6 images)" in data.notes


def test_links_to_folders_are_followed_but_not_in_circles(tmp_path, load_images):
    for name in ("cat", "dog"):
        pictures(tmp_path / "pets" / name)
        folder = tmp_path / "links"
        folder.mkdir(exist_ok=True)
        (folder / name).symlink_to(tmp_path / "pets" / name)
    (tmp_path / "pets" / "cat" / "circle").symlink_to(tmp_path / "links")
    (folder / "cat" / "gone.png").symlink_to("nothing")

    data = load_images(folder)

    assert len(data.train) + len(data.held_out) == 10
    assert "2 classes by sub-folder: cat 5, dog 5" in data.notes
    assert "1 image files cannot be read and are skipped: cat/gone.png (a link" in data.notes[0]


def test_classes_are_found_below_folders_that_hold_everything(tmp_path, load_images):
    for name in ("cat", "dog"):
        pictures(tmp_path / "pets" / "train" / name)

    data = load_images(tmp_path)

    assert {*data.train_labels} == {"cat", "dog"} and "all images are in pets/train/" in data.notes


def test_splits_beside_other_folders_are_noted(tmp_path, load_images):
    for name in ("train", "test", "more"):
        pictures(tmp_path / name)

    note = "train/ and test/ count as classes, because there are others: more"
    assert note in load_images(tmp_path).notes
