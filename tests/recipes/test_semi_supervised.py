"""Few labels: which ones, how often, how they are passed on; and a whole run."""

import json
import types

import numpy as np
import pytest

for package in ("matplotlib", "sklearn", "PIL"):
    pytest.importorskip(package, reason=f"the recipes need {package}: pip install '.[recipes]'")

EAGER = True

TINY = ["--limit", "200", "--labels", "20", "--epochs", "2", "--rounds", "1", "--latent-dim", "4"]


@pytest.fixture
def data(recipe):
    return recipe("support.data.few_labels")


@pytest.fixture
def run(recipe, tmp_path):
    """run("--seeds", 2) is the exit status of a run in `tmp_path / "run"`."""

    def run(*flags, out="run"):
        semi_supervised = recipe("semi_supervised")
        flags = [*TINY, "--option", "hidden=(16,)", "--out", str(tmp_path / out), *map(str, flags)]
        return recipe("support.run.cli").main(semi_supervised.parser(), semi_supervised.run, flags)

    return run


def test_as_many_of_each_class_are_chosen_by_the_seed(data):
    y = np.random.default_rng(0).integers(0, 4, 400)

    chosen, again, other = (data.choose(y, 20, seed) for seed in (0, 0, 1))

    np.testing.assert_array_equal(chosen, again)
    assert {*chosen} != {*other} and len({*chosen}) == 20
    np.testing.assert_array_equal(np.bincount(y[chosen]), 5)


@pytest.mark.parametrize(
    ("labels", "message"), [(10, "multiple of 4 classes"), (404, "asks for 101 of each class")]
)
def test_labels_that_cannot_be_had_are_named(recipe, data, labels, message):
    with pytest.raises(recipe("support.run.cli").InputError, match=f"--labels: .*{message}"):
        data.choose(np.arange(400) % 4, labels, 0)


def test_labelled_images_become_a_tenth_of_what_is_trained_on(data):
    y = np.arange(400) % 4
    x, chosen = np.arange(400)[:, None], np.array([3, 10, 21, 32])
    known = data.known(y, chosen)

    mixed_x, mixed_y = data.mixed(x, known, chosen)

    assert (known >= 0).sum() == 4 and (known[chosen] == y[chosen]).all()
    np.testing.assert_array_equal(mixed_x[:400], x)
    labelled = mixed_y >= 0
    assert labelled.mean() == pytest.approx(0.1, abs=0.005)
    np.testing.assert_array_equal(mixed_y[labelled], y[mixed_x[labelled, 0]])
    counts = np.bincount(mixed_x[labelled, 0])[chosen]
    assert counts.max() - counts.min() <= 1


def moons(n=400):
    """Two half circles, each inside the other's reach, and one label on each."""
    rng = np.random.default_rng(0)
    turn, y = rng.uniform(0, np.pi, n), np.arange(n) % 2
    codes = np.stack([np.cos(turn), np.sin(turn)], -1)
    codes[y == 1] = [1.0, 0.4] - codes[y == 1]
    known = np.full(n, -1)
    known[[np.flatnonzero(y == c)[np.argmin(codes[y == c, 0])] for c in (0, 1)]] = [0, 1]
    return codes + 0.04 * rng.standard_normal((n, 2)), y, known


def test_labels_are_passed_on_along_what_hangs_together(recipe):
    codes, y, known = moons()
    nearest = ((codes[:, None] - codes[known >= 0]) ** 2).sum(-1).argmin(1)

    found = recipe("support.results.label_propagation").spread(codes, known, 2, seed=0)

    sure = found >= 0
    assert sure.mean() == pytest.approx(0.95, abs=0.01)
    assert (found[sure] == y[sure]).mean() > 0.98
    assert (y[known >= 0][nearest] == y).mean() < 0.9  # which the nearest label alone is not
    np.testing.assert_array_equal(found[known >= 0], known[known >= 0])


def test_of_many_examples_a_random_part_gets_labels(recipe, monkeypatch):
    graph, (codes, y, known) = recipe("support.results.label_propagation"), moons()
    monkeypatch.setattr(graph, "MAX", 300)

    found = graph.spread(codes, known, 2, seed=0)

    assert (found >= 0).sum() == round(0.95 * 300)
    assert ((found == y) | (found < 0)).mean() > 0.97
    assert (found != graph.spread(codes, known, 2, seed=1)).any()


def test_a_whole_run_and_its_numbers(run, tmp_path, capsys):
    import keras

    assert run("--evaluate", 50) == 0

    out, said = tmp_path / "run", capsys.readouterr().out
    found = json.loads((out / "metrics.json").read_text())
    (scores,) = found["accuracy"]
    assert found["finished"] and scores["seed"] == 0
    for name in ("VAE", "logistic regression", "nearest neighbour"):
        assert found["mean_accuracy"][name]["mean"] == pytest.approx(100 * scores[name])
        assert f"{name} {100 * scores[name]:.2f} %" in said
    assert len((out / "history.csv").read_text().splitlines()) == 1 + 2 + 1
    assert {p.stem for p in (out / "figures").glob("*.png")} == {"classes", "curves", "latent"}
    vae = keras.models.load_model(out / "model.keras")
    assert vae.classify(np.zeros((2, 8, 8, 1), "float32")).shape == (
        2,
        10,
    )


def test_the_summary_is_of_all_seeds(recipe):
    folder = types.SimpleNamespace(record={})
    found = [{"seed": 0, "VAE": 0.9, "seconds": 1.0}, {"seed": 1, "VAE": 0.94, "seconds": 1.0}]

    (line,) = recipe("semi_supervised")._summary(folder, found)

    assert "92.00 ± 2.83 %" in line
    assert folder.record["mean_accuracy"]["VAE"]["mean"] == pytest.approx(92.0)


def test_images_without_classes_are_an_error_that_says_so(run, tmp_path, capsys):
    np.save(tmp_path / "x.npy", np.random.default_rng(0).random((40, 8, 8)))

    with pytest.raises(SystemExit) as stopped:
        run("--data", tmp_path / "x.npy")

    assert stopped.value.code == 2
    assert "--data: x.npy has no labels" in capsys.readouterr().err
