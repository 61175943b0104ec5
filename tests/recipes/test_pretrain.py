"""`pretrain.py`: makes weights again, continues, and measures those of the package."""

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

import zoo
from tests.helpers import assert_same, values

pytest.importorskip("sklearn", reason="the recipes need scikit-learn: pip install '.[recipes]'")
WINE = "dense_vae/wine"


@pytest.fixture(scope="module")
def run(recipe, tmp_path_factory):
    """Folder of two epochs of the wines."""
    out = tmp_path_factory.mktemp("pretrain")
    _start(recipe, WINE, "--epochs", 2, "--evaluate", 8, "--out", out)
    return out


def _start(recipe, *flags):
    module = recipe("pretrain")
    arguments = [str(flag) for flag in flags]
    assert recipe("support.run.cli").main(module.parser(), module.main, arguments) == 0


def stored(run):
    return values(zoo.get("dense_vae", weights=run / "preset").trainable_variables)


def test_a_run_leaves_a_preset_with_its_numbers(run):
    card = zoo.card("dense_vae", weights=run / "preset")

    assert card.tag == "wine" and card.dtype == "float16" and card.minutes >= 0
    assert card.numbers["log p(x)"]["how"] == "1,000 importance samples, 8 held-out examples"
    assert card.numbers["log p(x) of PCA"]["value"] < 0
    assert zoo.get("dense_vae", weights=run / "preset", latent_dim=3).built
    assert (run / "model.keras").exists() and (run / "history.csv").exists()


def test_the_same_command_continues_a_run(recipe, run):
    before = stored(run)
    epochs = len((run / "history.csv").read_text().splitlines())

    _start(recipe, WINE, "--epochs", 2, "--evaluate", 8, "--out", run)

    assert_same(stored(run), before)
    assert len((run / "history.csv").read_text().splitlines()) == epochs


def test_a_model_that_was_trained_elsewhere_is_stored(recipe, run, tmp_path):
    model = run / "model.keras"
    _start(recipe, WINE, "--model", model, "--evaluate", 8, "--out", tmp_path)

    card = zoo.card("dense_vae", weights=tmp_path / "preset")
    assert_same(stored(tmp_path), stored(run))
    assert card.minutes is None and card.options["latent_dim"] == 3


def test_the_numbers_of_the_package_are_those_of_its_weights(start, capsys):
    assert start("pretrain", WINE, "--check") == 0

    printed = capsys.readouterr().out
    for name, number in zoo.card("dense_vae", weights="wine").numbers.items():
        (line,) = [line for line in printed.splitlines() if line.startswith(f"{name}  ")]
        value = float(line.removeprefix(name).split()[0])
        assert value == pytest.approx(number["value"], abs=0.1), name


def test_the_tags_are_listed(start, capsys):
    assert start("pretrain", "--list") == 0
    assert WINE in capsys.readouterr().out


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ((), "expected the name of weights, got none"),
        (("dense_vae/wien",), "got 'dense_vae/wien'; did you mean 'dense_vae/wine'?"),
    ],
)
def test_a_tag_that_is_unknown_is_refused(start, capsys, flags, message):
    with pytest.raises(SystemExit):
        start("pretrain", *flags)
    assert message in capsys.readouterr().err


def test_an_average_of_the_weights_is_stored(recipe):
    train, specs = recipe("support.pretraining.train"), recipe("support.pretraining.specs")
    x = np.random.default_rng(0).random((8, 3), "float32")
    trained = []
    for ema in (None, 0.999):
        plan = specs.Training(epochs=1, ema=ema, optimizer="adamax", warmup=1, clipnorm=None)
        keras.utils.set_random_seed(0)
        vae = zoo.get("dense_vae", hidden=(4,), latent_dim=2, input_shape=3, seed=0)
        before = values(vae.trainable_variables)[0]
        vae.compile(train.make_optimizer(plan, 10), run_eagerly=True)
        vae.fit(x, epochs=1, batch_size=2, verbose=0)
        trained.append(np.abs(values(vae.trainable_variables)[0] - before).max())

    last, average = trained
    assert 0 < average < last / 2


def test_weights_that_are_too_large_are_refused(recipe, tmp_path, monkeypatch):
    store, sources = recipe("support.pretraining.store"), recipe("support.pretraining.sources")
    spec = recipe("support.pretraining.specs").SPECS[WINE]
    monkeypatch.setattr(store, "MAX_BYTES", 10)
    data = sources.Data(np.ones((4, 13), "float32"), np.ones((2, 13), "float32"))
    vae = zoo.get("dense_vae", input_shape=13, **{**spec.options, "likelihood": "normal"})

    with pytest.raises(recipe("support.run.cli").InputError, match="expected at most 10 bytes of"):
        store.store(dataclasses.replace(spec), vae, data, tmp_path / "preset")


def test_sketches_are_read_from_bitmaps(recipe, tmp_path):
    read = recipe("support.pretraining.sources").SOURCES["quickdraw"].read
    images = np.random.default_rng(0).integers(0, 256, (20, 784), "uint8")
    np.save(tmp_path / "cats.npy", images)
    images.tofile(tmp_path / "trains.bin")

    data = read(tmp_path)

    assert data.train.shape == (36, 28, 28, 1) and data.held_out.shape == (4, 28, 28, 1)
    assert data.train.max() <= 1 and sorted({*data.labels}) == ["cats", "trains"]
    with pytest.raises(recipe("support.run.cli").InputError, match="expected the folder of the bi"):
        read(None)


def test_numbers_of_texts_have_a_perplexity(recipe):
    evaluate, specs, sources = (
        recipe(f"support.pretraining.{name}") for name in ("evaluate", "specs", "sources")
    )
    lines = np.array(["to be or not to be", "that is the question", "to die"], object)
    spec = specs.SPECS["transformer_vae/tiny_shakespeare"]
    likelihood = zoo.likelihoods.Text(12, max_length=8, width=4)
    vae = zoo.get(
        "transformer_vae",
        latent_dim=2,
        blocks=1,
        heads=1,
        hidden=4,
        decoder="lstm",
        likelihood=likelihood,
        seed=0,
    )
    vae.adapt(lines)
    vae.build((None, 8))

    numbers = evaluate.evaluate(
        dataclasses.replace(spec, samples=2), vae, sources.Data(lines, lines)
    )

    # An untrained model gives each of the 12 tokens about the same probability.
    assert numbers["perplexity"]["value"] == pytest.approx(12, rel=0.2)
    assert numbers["log p(x)"]["how"] == "2 importance samples, 3 held-out examples"


def test_numbers_of_pairs_say_how_often_the_other_half_is_found(recipe):
    evaluate, specs, sources = (
        recipe(f"support.pretraining.{name}") for name in ("evaluate", "specs", "sources")
    )
    spec = specs.SPECS["multimodal_vae/spoken_mnist"]
    rng = np.random.default_rng(0)
    x = {
        "image": rng.random((20, 4, 4, 1), "float32"),
        "audio": rng.random((20, 6, 1, 1), "float32"),
    }
    vae = zoo.get(
        "multimodal_vae", seed=0, **recipe("support.pretraining.train").options_of(spec, x)
    )
    vae(x)

    observed = evaluate.observed(vae, x)
    data = sources.Data(x, x, np.zeros(20, int))
    numbers = evaluate.evaluate(dataclasses.replace(spec, samples=2), vae, data, 20)

    assert set(np.unique(observed["image"])) == {0, 1} and observed["audio"] is x["audio"]
    assert numbers["audio by image"]["value"] == numbers["image by audio"]["value"] == 1


def test_only_spoken_lines_of_plays_are_read(recipe, tmp_path, monkeypatch):
    sources = recipe("support.pretraining.sources")
    parts = {
        "train": "FIRST:\nSpeak, speak.\n\nYes\nNow, sir!\nSpeak, speak.\ncut h",
        "validation": "ere\nNow, sir!\nNo, no.\nend",
        "test": "a\nNo, no.\nGood night.\nend",
    }

    class Builder:
        def as_dataset(self, split):
            return tf.data.Dataset.from_tensors({"text": parts[split]})

    monkeypatch.setattr(sources.tfds_builder, "tfds_builder", lambda name, folder: Builder())

    data = sources.verses(tmp_path)

    assert [*data.train] == ["Speak, speak.", "Now, sir!"]
    assert [*data.held_out] == ["No, no.", "Good night."]
