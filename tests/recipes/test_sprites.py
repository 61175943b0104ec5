"""Sprites: images that show their factors, TFDS sets that have factors, and a whole small sweep."""

import json
import types

import numpy as np
import pytest

for package in ("matplotlib", "sklearn"):
    pytest.importorskip(package, reason=f"the recipes need {package}: pip install '.[recipes]'")


@pytest.fixture
def sprites(recipe):
    return recipe("support.data.sprites")


def options(**changes):
    chosen = {"dataset": None, "data_dir": None, "limit": 60, "evaluate": 40}
    return types.SimpleNamespace(**{**chosen, **changes})


def all_of(sprites, **fixed):
    """Factors in all combinations, but for those that are fixed."""
    ranges = [[fixed[n]] if n in fixed else range(size) for n, size in sprites.FACTORS.items()]
    return np.stack([a.ravel() for a in np.meshgrid(*ranges, indexing="ij")], 1)


def test_each_factor_can_be_seen(sprites):
    factors = all_of(sprites, x=3, y=8)

    x = sprites.draw(factors)

    assert x.shape == (3 * 5 * 12, 32, 32, 1) and x.dtype == np.float32
    assert set(np.unique(x)) == {0.0, 1.0}
    assert len(np.unique(x.reshape(len(x), -1), axis=0)) == len(x)


def test_places_are_those_of_the_factors_and_sizes_grow(sprites):
    scales = sprites.draw(all_of(sprites, shape=1, orientation=2, x=0, y=0)).sum((1, 2, 3))
    one = sprites.draw(np.array([[2, 4, 1, 3, 5]]))[0]

    moved = sprites.draw(np.array([[2, 4, 1, 5, 4]]))[0]

    np.testing.assert_array_equal(moved, np.roll(one, (-1, 2), axis=(0, 1)))  # up and right
    assert (np.diff(scales) > 0).all()


def test_a_turn_by_a_quarter_is_one_of_the_image(sprites):
    quarter = len(sprites.TURNS) // 4
    factors = np.array([[2, 4, 1, 0, 0], [2, 4, 1 + quarter, 0, 0]])

    # 21 pixels a side about the first place of a centre, 10.5.
    first, second = sprites.draw(factors)[:, :21, :21]

    assert first.sum() > 50
    np.testing.assert_array_equal(second, np.rot90(first, -1))  # clockwise


def test_images_to_train_on_are_not_among_those_to_test_on(sprites):
    data, again = (sprites.load(options()) for _ in range(2))

    np.testing.assert_array_equal(data.x, again.x)
    np.testing.assert_array_equal(data.test_x, sprites.draw(data.test_factors))
    seen = {image.tobytes() for image in data.x}
    assert len(seen) == 60 and not seen & {image.tobytes() for image in data.test_x}
    assert data.categorical == (0,) and data.factor_names[0] == "shape"


def test_more_images_than_there_are_is_an_error(recipe, sprites):
    with pytest.raises(
        recipe("support.run.cli").InputError, match=r"--limit: 25900 images .* than the 25920"
    ):
        sprites.load(options(limit=25900))


@pytest.fixture
def builder():
    """What TFDS gives of a set of 30 images that are as bright as their first class says."""
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


def test_a_tfds_data_set_with_several_classes(sprites, builder, monkeypatch):
    monkeypatch.setattr(sprites, "tfds_builder", lambda name, data_dir: builder)

    data = sprites.load(options(dataset="own", limit=20, evaluate=10))

    assert data.x.shape == (20, 8, 8, 1) and data.test_x.shape == (10, 8, 8, 1)
    assert data.factor_names == ["bright", "shape"] and data.categorical == (1,)
    bright = np.round(data.test_x[:, 0, 0, 0] * 255 / 8)
    np.testing.assert_array_equal(data.test_factors[:, 0], bright)
    np.testing.assert_array_equal(data.test_factors[:, 1], bright % 3)
    seen = {*np.round(data.x[:, 0, 0, 0] * 255 / 8)}
    assert len(seen) == 20 and not seen & {*bright}


def row(beta, seed, mig, nll):
    names = ("disentanglement", "completeness", "informativeness", "sap", "factor_vae", "beta_vae")
    logs = {"elbo": -nll - 5, "nll": nll, "kl": 5.0, "active_units": 4.0}
    return {"beta": beta, "seed": seed, **logs, "mig": mig, **dict.fromkeys(names, 0.5)}


ROWS = [row(1.0, 0, 0.1, 50.0), row(1.0, 1, 0.2, 52.0), row(4.0, 0, 0.3, 70.0)]


def test_the_table_has_means_over_seeds(recipe):
    head, _, one, four = recipe("sprites").table(ROWS)

    columns = head.split(" | ")
    one, four = (line.split(" | ") for line in (one, four))
    assert columns[2] == "NLL" and one[2] == "51.0 ± 1.4" and four[2] == "70.0"
    assert columns[5] == "MIG" and one[5] == "0.150 ± 0.071" and four[5] == "0.300"


def test_the_figure_has_a_point_for_each_model(recipe):
    figure = recipe("support.results.sprites").trade_off(ROWS, recipe("sprites").COLUMNS)

    first = figure.axes[0]
    assert first.get_title(loc="left") == "MIG"
    points = np.concatenate([c.get_offsets() for c in first.collections])
    assert {(x, y) for x, y in points.tolist()} == {(50.0, 0.1), (52.0, 0.2), (70.0, 0.3)}
    np.testing.assert_allclose(first.get_lines()[0].get_ydata(), [0.15, 0.3])


def test_a_whole_run(recipe, tmp_path, capsys):
    import keras

    out = tmp_path / "run"
    flags = ["--betas", "4", "--epochs", "1", "--limit", "64", "--evaluate", "60", "--seed", "2"]
    flags += ["--option", "hidden=(8,)", "--latent-dim", "3", "--out", str(out)]

    status = recipe("support.run.cli").main(
        recipe("sprites").parser(), recipe("sprites").run, flags
    )

    assert status == 0
    found = json.loads((out / "metrics.json").read_text())
    (scores,) = found["scores"]
    assert found["finished"] and (scores["beta"], scores["seed"], scores["rows"]) == (4.0, 2, 60)
    assert f"| {scores['mig']:.3f} |" in capsys.readouterr().out
    figures = {path.stem for path in (out / "figures").glob("*.png")}
    assert figures == {"images", "trade_off", "traversals_4"}
    vae = keras.models.load_model(out / "model.keras")
    assert vae.encode(np.zeros((2, 32, 32, 1), "float32")).loc.shape == (2, 3)
    assert vae.objective.term("kl").weight == 4.0
