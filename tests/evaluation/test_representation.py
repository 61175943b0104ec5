"""What codes are good for: classes that are easy, hard or impossible to find, and held out."""

import json
import types

import numpy as np
import pytest
import tensorflow as tf

from tests.helpers import data, small

pytest.importorskip("sklearn", reason="the scores need scikit-learn: pip install '.[recipes]'")

from zoo.evaluation import representation
from zoo.evaluation.representation import inputs, probes

RNG = np.random.default_rng(0)
Y = np.arange(300) % 3
APART = 20.0 * np.eye(3)[Y] + RNG.standard_normal((300, 3))
NOISE = RNG.standard_normal((300, 3))


def halves(features):
    return {"codes": (features[:200], features[200:])}


def scored(features, **options):
    return representation.score_features(halves(features), Y[:200], Y[200:], **options).rows[
        "codes"
    ]


def test_classes_that_lie_apart_are_found_by_every_probe():
    row = scored(APART, few=[3, 30])

    assert row.linear == row.neighbours == 1.0
    assert row.ari == row.nmi == pytest.approx(1.0)
    assert row.silhouette > 0.8
    assert row.few_labels == {3: [1.0] * 5, 30: [1.0] * 5}


def test_noise_tells_nothing():
    row = scored(NOISE, few=[30])

    for accuracy in (row.linear, row.neighbours, *row.few_labels[30]):
        assert accuracy == pytest.approx(1 / 3, abs=0.15)
    assert abs(row.ari) < 0.1 and row.nmi < 0.1


def test_rings_are_for_neighbours_and_not_for_a_line():
    turn = RNG.uniform(0, 2 * np.pi, 300)
    rings = (1 + Y[:, None]) * np.stack([np.cos(turn), np.sin(turn)], 1)

    row = scored(rings, few=[])

    assert row.neighbours > 0.95
    assert row.linear < 0.6
    assert row.few_labels == {}


def test_nothing_is_learned_from_what_was_held_out():
    """Labels that hold in the training rows alone: right there, chance on the others."""
    y = np.concatenate([Y[:200], RNG.permutation(Y[200:])])

    (row,) = representation.score_features(halves(APART), y[:200], y[200:], few=[]).rows.values()

    assert row.linear == pytest.approx(1 / 3, abs=0.15)
    assert abs(row.ari) < 0.1


def test_what_is_held_out_is_a_fifth_of_each_class():
    y = np.repeat([0, 1], [80, 20])

    train, test = inputs.held_out(y, seed=4)

    assert {*train} | {*test} == {*range(100)} and not {*train} & {*test}
    np.testing.assert_array_equal(np.bincount(y[test]), [16, 4])
    np.testing.assert_array_equal(test, inputs.held_out(y, seed=4)[1])
    assert (test != inputs.held_out(y, seed=5)[1]).any()


def test_few_labels_are_as_many_of_each_class_and_of_the_seed():
    y = np.repeat([0, 1, 2], [5, 50, 500])

    rows = inputs.balanced(y, 11, seed=0)

    assert len({*rows}) == 11
    assert sorted(np.bincount(y[rows])) == [3, 4, 4]
    np.testing.assert_array_equal(rows, inputs.balanced(y, 11, seed=0))
    assert {*rows} != {*inputs.balanced(y, 11, seed=1)}


def test_default_numbers_of_labels_are_those_that_the_data_have():
    assert inputs.few_labels(None, np.arange(300) % 3) == (10, 100)
    assert inputs.few_labels(None, np.repeat([0, 1], [200, 4])) == ()
    assert inputs.few_labels(None, np.arange(5000) % 20) == (100, 1000)


def test_the_silhouette_by_hand():
    points, clusters = np.array([[0.0], [2.0], [10.0], [12.0]]), np.array([0, 0, 1, 1])
    # Of each: (b - a) / max(a, b), a its mean distance within the cluster, b to the other.
    expected = np.mean([(11 - 2) / 11, (9 - 2) / 9, (9 - 2) / 9, (11 - 2) / 11])

    assert probes._silhouette(points, clusters, 0) == pytest.approx(expected)
    assert np.isnan(probes._silhouette(points, np.zeros(4, int), 0))


def test_components_are_those_of_the_training_inputs():
    train, test = (RNG.standard_normal((n, 4)) @ np.diag([5.0, 2, 1, 0.1]) for n in (60, 30))

    found = probes.components([train, test], 2, seed=0)

    _, _, directions = np.linalg.svd(train - train.mean(0), full_matrices=False)
    expected = (test - train.mean(0)) @ directions[:2].T
    np.testing.assert_allclose(np.abs(found[1]), np.abs(expected), atol=1e-8)


@pytest.fixture(scope="module")
def model():
    """A model, rows of two classes for it, and their names."""
    x = data("dense_vae", 120)
    x[::2, 0] = 0.0
    return small("dense_vae"), x, np.where(np.arange(120) % 2, "odd", "even")


def test_a_model_beside_its_inputs_in_one_table(model):
    vae, x, y = model

    found = representation.scores(vae, x, y, few=[2, 10], draws=2, baselines=True, seed=1)

    train, test = inputs.held_out(inputs.classes(y, None)[0], 1)
    means = np.asarray(vae.encode(x).loc)
    features = {"codes": (means[train], means[test]), "inputs": (x[train], x[test])}
    expected = representation.score_features(
        features, y[train], y[test], few=[2, 10], draws=2, seed=1
    )
    assert list(found.rows) == ["codes", "inputs", "components"]
    assert {k: found.rows[k] for k in features} == expected.rows
    assert (found.train, found.test) == (96, 24)
    heads, codes, *_, last = str(found).splitlines()
    names = "linear neighbours ari nmi silhouette 2 labels 10 labels"
    assert " ".join(heads.split()) == names
    row = found.rows["codes"]
    assert codes.split()[:3] == ["codes", f"{row.linear:.3f}", f"{row.neighbours:.3f}"]
    two = row.few_labels[2]
    assert f"{np.mean(two):.3f} ± {np.std(two, ddof=1):.3f}" in codes
    assert last == "96 to train on, 24 held out"
    assert json.loads(json.dumps(found.to_dict()))["rows"]["codes"]["linear"] == row.linear


def test_a_dataset_and_a_given_test_set(model):
    vae, x, y = model
    dataset = tf.data.Dataset.from_tensor_slices(x[:80]).batch(32)

    one, other = (
        representation.scores(vae, train, y[:80], test=(x[80:], y[80:]), few=[], seed=2)
        for train in (dataset, x[:80])
    )

    assert (one.train, one.test) == (80, 40)
    assert one.rows["codes"].linear == other.rows["codes"].linear


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"y": Y[:9]}, ValueError, "y has 9 rows, expected 300"),
        ({"y": NOISE}, ValueError, r"y must be a vector, .* got shape \(300, 3\)"),
        ({"y": np.where(Y, np.nan, 1.0)}, TypeError, "y must be numbers or strings"),
        ({"y": np.zeros(300)}, ValueError, "at least two classes"),
        ({"test": NOISE}, TypeError, r"test must be None or a pair \(x, y\)"),
        ({"test": (NOISE, Y + 1)}, ValueError, "y of test has the class 3, which y has not"),
        ({"test": (NOISE, Y[:4])}, ValueError, "y of test has 4 rows, expected 300"),
        ({"x": "images"}, TypeError, "x must be an array or a dataset"),
        ({"x": {"a": NOISE}, "baselines": True}, TypeError, "x must be an array where baselines"),
    ],
)
def test_what_does_not_fit_is_an_error_before_anything_is_encoded(changes, error, message):
    def encode(x, batch_size):
        raise AssertionError("encoded")

    with pytest.raises(error, match=message):
        representation.scores(
            **{"vae": types.SimpleNamespace(encode=encode), "x": NOISE, "y": Y, **changes}
        )


def test_other_arguments_that_do_not_fit_are_named():
    with pytest.raises(ValueError, match=r"few must hold integers from 3, .* to 198"):
        scored(NOISE, few=[2])
    with pytest.raises(ValueError, match="draws must be at least 2"):
        scored(NOISE, draws=1)
    with pytest.raises(ValueError, match=r"features\['codes'\] must be finite"):
        scored(NOISE * np.nan)
