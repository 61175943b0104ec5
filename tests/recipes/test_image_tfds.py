"""TFDS data sets in `images.py`: one that is prepared from a local folder, and random choices."""

import numpy as np
import pytest

tfds = pytest.importorskip("tensorflow_datasets", reason="the recipes need TFDS")
for package in ("importlib_resources", "PIL"):
    pytest.importorskip(package, reason=f"the recipes need {package}: pip install '.[recipes]'")


class SortedStripes(tfds.core.GeneratorBasedBuilder):
    """Images of a file that the user has put into TFDS' `manual_dir`, sorted by class."""

    VERSION = tfds.core.Version("1.0.0")
    MANUAL_DOWNLOAD_INSTRUCTIONS = "put stripes.npy there"

    def _info(self):
        image = tfds.features.Image(shape=(8, 8, 1))
        label = tfds.features.ClassLabel(names=["low", "high"])
        features = tfds.features.FeaturesDict({"image": image, "kind": label})
        return self.dataset_info_from_configs(features=features)

    def _split_generators(self, dl_manager):
        x = np.load(dl_manager.manual_dir / "stripes.npy")
        return {"train": self._generate_examples(x), "test": self._generate_examples(x[:20])}

    def _generate_examples(self, x):
        for i, image in enumerate(x):
            yield i, {"image": image, "kind": int(i >= len(x) / 2)}


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    """A TFDS folder with the file in its `manual_dir`."""
    folder = tmp_path_factory.mktemp("tfds")
    (folder / "downloads" / "manual").mkdir(parents=True)
    x = np.repeat(np.arange(40, dtype="uint8"), 64).reshape(40, 8, 8, 1)
    np.save(folder / "downloads" / "manual" / "stripes.npy", x)
    return folder


@pytest.fixture
def load(recipe, parse, data_dir):
    """load(*flags) is what the recipe reads of the data set."""
    flags = ("--dataset", "sorted_stripes", "--data-dir", data_dir)
    return lambda *more: recipe("support.data.images").load(parse("images", *flags, *more))


def test_data_set_is_prepared_from_a_local_folder(load):
    data = load()

    assert data.train.shape == (40, 8, 8, 1) and len(data.held_out) == 20
    assert {*data.train_labels} == {"low", "high"} and len(data.labels) == 20
    assert data.notes[0] == "images: feature 'image', classes: feature 'kind' of sorted_stripes"


def test_limit_and_evaluate_choose_at_random(load):
    data = load("--limit", 10, "--evaluate", 10)

    assert len(data.train) == len(data.held_out) == 10
    assert {*data.train_labels} == {"low", "high"} == {*data.labels}
    values = np.round(data.train[:, 0, 0, 0] * 255)
    assert ((values >= 20) == (data.train_labels == "high")).all()
    assert "split train: 10 of 40 images, chosen at random by --seed" in data.notes


def test_unknown_feature_is_refused(load, input_error):
    with pytest.raises(input_error, match=r"--key: expected one of \['image'\], got 'mask'"):
        load("--key", "mask")
