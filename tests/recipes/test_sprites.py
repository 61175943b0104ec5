"""`sprites.py`: images and their factors, TFDS data sets, table and figure, and a whole run."""

import json
import types

import numpy as np
import pytest

for package in ("matplotlib", "sklearn"):
    pytest.importorskip(package, reason=f"the recipes need {package}: pip install '.[recipes]'")


@pytest.fixture
def sprites(recipe):
    """The module of the data."""
    return recipe("support.data.sprites")


def options(**changes):
    defaults = {"dataset": None, "data_dir": None, "limit": 60, "evaluate": 40}
    return types.SimpleNamespace(**{**defaults, **changes})


def all_of(sprites, **fixed):
    """All combinations of factors, except those that are fixed."""
    ranges = [[fixed[n]] if n in fixed else range(size) for n, size in sprites.FACTORS.items()]
    return np.stack([a.ravel() for a in np.meshgrid(*ranges, indexing="ij")], 1)


def test_each_combination_of_factors_has_its_own_image(sprites):
    factors = all_of(sprites, x=3, y=8)

    x = sprites.draw(factors)

    assert x.shape == (3 * 5 * 12, 32, 32, 1) and x.dtype == np.float32
    assert set(np.unique(x)) == {0.0, 1.0}
    assert len(np.unique(x.reshape(len(x), -1), axis=0)) == len(x)


def test_position_and_scale_follow_their_factors(sprites):
    scales = sprites.draw(all_of(sprites, shape=1, orientation=2, x=0, y=0)).sum((1, 2, 3))
    one = sprites.draw(np.array([[2, 4, 1, 3, 5]]))[0]

    moved = sprites.draw(np.array([[2, 4, 1, 5, 4]]))[0]

    np.testing.assert_array_equal(moved, np.roll(one, (-1, 2), axis=(0, 1)))  # up and right
    assert (np.diff(scales) > 0).all()


def test_quarter_rotation_rotates_the_image(sprites):
    quarter = len(sprites.ROTATIONS) // 4
    factors = np.array([[2, 4, 1, 0, 0], [2, 4, 1 + quarter, 0, 0]])

    # 21 x 21 pixels around the first position, 10.5.
    first, second = sprites.draw(factors)[:, :21, :21]

    assert first.sum() > 50
    np.testing.assert_array_equal(second, np.rot90(first, -1))  # clockwise


def test_train_and_test_images_are_different(sprites):
    data, again = (sprites.load(options()) for _ in range(2))

    np.testing.assert_array_equal(data.x, again.x)
    np.testing.assert_array_equal(data.test_x, sprites.draw(data.test_factors))
    train = {image.tobytes() for image in data.x}
    assert len(train) == 60 and not train & {image.tobytes() for image in data.test_x}
    assert data.categorical == (0,) and data.factor_names[0] == "shape"


def test_more_images_than_available_are_refused(input_error, sprites):
    with pytest.raises(input_error, match=r"--limit: expected at most 25920 images .* got 25900"):
        sprites.load(options(limit=25900))


@pytest.fixture
def builder():
    """Stands for a builder of TFDS: 30 images whose brightness is their first class."""
    tfds = pytest.importorskip("tensorflow_datasets")
    import tensorflow as tf

    classes = {"label_bright": 30, "label_shape": 3}
    labels = {n: tfds.features.ClassLabel(num_classes=size) for n, size in classes.items()}
    features = tfds.features.FeaturesDict({"image": tfds.features.Image(shape=(8, 8, 1)), **labels})
    rows = np.arange(30)
    images = [np.full((8, 8, 1), 8 * row, "uint8") for row in rows]
    parts = {
        "image": [tf.io.encode_png(image).numpy() for image in images],
        "label_bright": rows,
        "label_shape": rows % 3,
    }

    def as_dataset(split, decoders):
        assert split == "train" and isinstance(decoders["image"], type(tfds.decode.SkipDecoding()))
        return tf.data.Dataset.from_tensor_slices(parts)

    info = types.SimpleNamespace(
        features=features, splits={"train": types.SimpleNamespace(num_examples=30)}
    )
    return types.SimpleNamespace(info=info, as_dataset=as_dataset)


def test_classes_of_a_tfds_data_set_are_factors(sprites, builder, monkeypatch):
    monkeypatch.setattr(sprites, "tfds_builder", lambda name, data_dir: builder)

    data = sprites.load(options(dataset="own", limit=20, evaluate=10))

    assert data.x.shape == (20, 8, 8, 1) and data.test_x.shape == (10, 8, 8, 1)
    assert data.factor_names == ["bright", "shape"] and data.categorical == (1,)
    bright = np.round(data.test_x[:, 0, 0, 0] * 255 / 8)
    np.testing.assert_array_equal(data.test_factors[:, 0], bright)
    np.testing.assert_array_equal(data.test_factors[:, 1], bright % 3)
    train = {*np.round(data.x[:, 0, 0, 0] * 255 / 8)}
    assert len(train) == 20 and not train & {*bright}


def row(beta, seed, mig, nll):
    names = ("disentanglement", "completeness", "informativeness", "sap", "factor_vae", "beta_vae")
    logs = {"elbo": -nll - 5, "nll": nll, "kl": 5.0, "active_units": 4.0}
    return {"beta": beta, "seed": seed, **logs, "mig": mig, **dict.fromkeys(names, 0.5)}


ROWS = [row(1.0, 0, 0.1, 50.0), row(1.0, 1, 0.2, 52.0), row(4.0, 0, 0.3, 70.0)]


def test_table_has_means_over_seeds(recipe):
    head, _, one, four = recipe("support.results.beta_sweep").table(ROWS)

    columns = head.split(" | ")
    one, four = (line.split(" | ") for line in (one, four))
    assert columns[2] == "NLL" and one[2] == "51.0 ± 1.4" and four[2] == "70.0"
    assert columns[5] == "MIG" and one[5] == "0.150 ± 0.071" and four[5] == "0.300"


def test_figure_has_a_point_for_each_model(recipe):
    figure = recipe("support.results.beta_sweep").trade_off(ROWS)

    first = figure.axes[0]
    assert first.get_title(loc="left") == "MIG"
    points = np.concatenate([c.get_offsets() for c in first.collections])
    assert {(x, y) for x, y in points.tolist()} == {(50.0, 0.1), (52.0, 0.2), (70.0, 0.3)}
    np.testing.assert_allclose(first.get_lines()[0].get_ydata(), [0.15, 0.3])


@pytest.mark.usefixtures("quick", "exported")
def test_run_of_one_model(start, tmp_path, capsys):
    import keras

    out = tmp_path / "run"
    flags = ["--betas", "4", "--epochs", "1", "--limit", "64", "--evaluate", "60", "--seed", "2"]
    flags += ["--option", "hidden=(8,)", "--latent-dim", "3", "--out", str(out)]

    assert start("sprites", *flags) == 0

    record = json.loads((out / "metrics.json").read_text())
    (scores,) = record["scores"]
    assert record["finished"] and (scores["beta"], scores["seed"], scores["rows"]) == (4.0, 2, 60)
    assert f"| {scores['mig']:.3f} |" in capsys.readouterr().out
    figures = {path.stem for path in (out / "figures").glob("*.png")}
    assert figures == {"images", "trade_off", "traversals_4"}
    vae = keras.models.load_model(out / "model.keras")
    assert vae.encode(np.zeros((2, 32, 32, 1), "float32")).loc.shape == (2, 3)
    assert vae.objective.term("kl").weight == 4.0


@pytest.mark.parametrize("count", [1, 2, 3])
def test_too_few_images_are_refused_before_training(refusal, tmp_path, count):
    flags = ("--limit", 5, "--evaluate", count, "--out", tmp_path / "run")

    assert "--evaluate: expected images with several values" in refusal("sprites", *flags)
