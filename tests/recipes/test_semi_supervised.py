"""`semi_supervised.py`: choice and propagation of labels, and a whole run."""

import json
import types

import numpy as np
import pytest

for package in ("matplotlib", "sklearn", "PIL"):
    pytest.importorskip(package, reason=f"the recipes need {package}: pip install '.[recipes]'")

TINY = ["--limit", "200", "--labels", "20", "--epochs", "2", "--rounds", "1", "--latent-dim", "4"]
TINY += ["--option", "hidden=(16,)"]


@pytest.fixture
def data(recipe):
    """The module of the data."""
    return recipe("support.data.few_labels")


def test_seed_chooses_equally_many_labels_of_each_class(data):
    y = np.random.default_rng(0).integers(0, 4, 400)

    chosen, again, other = (data.choose(y, 20, seed) for seed in (0, 0, 1))

    np.testing.assert_array_equal(chosen, again)
    assert {*chosen} != {*other} and len({*chosen}) == 20
    np.testing.assert_array_equal(np.bincount(y[chosen]), 5)


@pytest.mark.parametrize(
    ("labels", "message"),
    [(10, "a multiple of the 4 classes, got 10"), (404, "at most 400, got 404")],
)
def test_impossible_number_of_labels_is_refused(input_error, data, labels, message):
    with pytest.raises(input_error, match=f"--labels: expected {message}"):
        data.choose(np.arange(400) % 4, labels, 0)


def test_labelled_images_are_repeated_up_to_a_tenth(data):
    y = np.arange(400) % 4
    x, rows = np.arange(400)[:, None], np.array([3, 10, 21, 32])
    visible = data.hide(y, rows)

    train_x, train_y = data.repeat_labelled(x, visible, rows)

    assert (visible >= 0).sum() == 4 and (visible[rows] == y[rows]).all()
    np.testing.assert_array_equal(train_x[:400], x)
    labelled = train_y >= 0
    assert labelled.mean() == pytest.approx(0.1, abs=0.005)
    np.testing.assert_array_equal(train_y[labelled], y[train_x[labelled, 0]])
    counts = np.bincount(train_x[labelled, 0])[rows]
    assert counts.max() - counts.min() <= 1


def moons(n=400):
    """Codes on two interlocking half circles, their classes, and the labels: one on each."""
    rng = np.random.default_rng(0)
    angle, y = rng.uniform(0, np.pi, n), np.arange(n) % 2
    codes = np.stack([np.cos(angle), np.sin(angle)], -1)
    codes[y == 1] = [1.0, 0.4] - codes[y == 1]
    labels = np.full(n, -1)
    labels[[np.flatnonzero(y == c)[np.argmin(codes[y == c, 0])] for c in (0, 1)]] = [0, 1]
    return codes + 0.04 * rng.standard_normal((n, 2)), y, labels


def test_labels_are_propagated_along_each_half_circle(recipe):
    codes, y, labels = moons()
    nearest = ((codes[:, None] - codes[labels >= 0]) ** 2).sum(-1).argmin(1)

    propagated = recipe("support.results.label_propagation").propagate(codes, labels, 2, seed=0)

    certain = propagated >= 0
    assert certain.mean() == pytest.approx(0.95, abs=0.01)
    assert (propagated[certain] == y[certain]).mean() > 0.98
    assert (y[labels >= 0][nearest] == y).mean() < 0.9  # the nearest label is often wrong
    np.testing.assert_array_equal(propagated[labels >= 0], labels[labels >= 0])


def test_random_part_of_many_examples_gets_labels(recipe, monkeypatch):
    module, (codes, y, labels) = recipe("support.results.label_propagation"), moons()
    monkeypatch.setattr(module, "MAX_CODES", 300)

    propagated = module.propagate(codes, labels, 2, seed=0)

    assert (propagated >= 0).sum() == round(0.95 * 300)
    assert ((propagated == y) | (propagated < 0)).mean() > 0.97
    assert (propagated != module.propagate(codes, labels, 2, seed=1)).any()


@pytest.mark.usefixtures("quick", "exported")
def test_run_reports_the_accuracy_of_each_method(start, reported, tmp_path, capsys):
    import keras

    assert start("semi_supervised", *TINY, "--evaluate", 50, "--out", tmp_path / "run") == 0

    out, printed = tmp_path / "run", capsys.readouterr().out
    record = json.loads((out / "metrics.json").read_text())
    (scores,) = record["accuracy"]
    assert record["finished"] and scores["seed"] == 0
    for name in ("VAE", "logistic regression", "nearest neighbour"):
        assert record["mean_accuracy"][name]["mean"] == pytest.approx(100 * scores[name])
        assert f"{name} {100 * scores[name]:.2f} %" in printed
    assert len((out / "history.csv").read_text().splitlines()) == 1 + 2 + 1
    assert {p.stem for p in (out / "figures").glob("*.png")} == {"classes", "curves", "latent"}
    assert len(reported) == 1 and len(reported[0]["labels"]) == 50
    vae = keras.models.load_model(out / "model.keras")
    assert vae.classify(np.zeros((2, 8, 8, 1), "float32")).shape == (2, 10)


def test_summary_has_mean_and_std_over_seeds(recipe):
    run = types.SimpleNamespace(record={})
    accuracies = [{"seed": 0, "VAE": 0.9, "seconds": 1.0}, {"seed": 1, "VAE": 0.94, "seconds": 1.0}]

    (line,) = recipe("semi_supervised")._summary(run, accuracies)

    assert "92.00 ± 2.83 %" in line
    assert run.record["mean_accuracy"]["VAE"]["mean"] == pytest.approx(92.0)


def test_images_without_classes_are_refused(refusal, tmp_path):
    np.save(tmp_path / "x.npy", np.random.default_rng(0).random((40, 8, 8)))
    flags = ["--data", tmp_path / "x.npy", "--out", tmp_path / "run"]

    line = refusal("semi_supervised", *TINY, *flags)

    assert "--data: expected images with classes, got x.npy without classes" in line
