"""Representation probes on separable, nonlinear and random classes, and their split."""

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
SEPARATED = 20.0 * np.eye(3)[Y] + RNG.standard_normal((300, 3))
NOISE = RNG.standard_normal((300, 3))


def halves(features):
    return {"codes": (features[:200], features[200:])}


def scored(features, **options):
    return representation.score_features(halves(features), Y[:200], Y[200:], **options).rows[
        "codes"
    ]


def test_every_probe_is_perfect_on_separated_classes():
    row = scored(SEPARATED, few=[3, 30])

    assert row.linear == row.neighbours == 1.0
    assert row.ari == row.nmi == pytest.approx(1.0)
    assert row.silhouette > 0.8
    assert row.few_labels == {3: [1.0] * 5, 30: [1.0] * 5}


def test_noise_is_at_chance():
    row = scored(NOISE, few=[30])

    for accuracy in (row.linear, row.neighbours, *row.few_labels[30]):
        assert accuracy == pytest.approx(1 / 3, abs=0.15)
    assert abs(row.ari) < 0.1 and row.nmi < 0.1


def test_rings_suit_neighbours_but_not_a_linear_probe():
    angle = RNG.uniform(0, 2 * np.pi, 300)
    rings = (1 + Y[:, None]) * np.stack([np.cos(angle), np.sin(angle)], 1)

    row = scored(rings, few=[])

    assert row.neighbours > 0.95
    assert row.linear < 0.6
    assert row.few_labels == {}


def test_held_out_labels_are_not_used_for_training():
    """Labels are informative in the training rows alone, so held-out accuracy is at chance."""
    y = np.concatenate([Y[:200], RNG.permutation(Y[200:])])

    (row,) = representation.score_features(
        halves(SEPARATED), y[:200], y[200:], few=[]
    ).rows.values()

    assert row.linear == pytest.approx(1 / 3, abs=0.15)
    assert abs(row.ari) < 0.1


def test_a_fifth_of_each_class_is_held_out():
    y = np.repeat([0, 1], [80, 20])

    train, test = inputs.train_test_rows(y, seed=4)

    assert {*train} | {*test} == {*range(100)} and not {*train} & {*test}
    np.testing.assert_array_equal(np.bincount(y[test]), [16, 4])
    np.testing.assert_array_equal(test, inputs.train_test_rows(y, seed=4)[1])
    assert (test != inputs.train_test_rows(y, seed=5)[1]).any()


def test_few_labels_are_balanced_and_depend_on_the_seed():
    y = np.repeat([0, 1, 2], [5, 50, 500])

    rows = inputs.balanced_rows(y, 11, seed=0)

    assert len({*rows}) == 11
    assert sorted(np.bincount(y[rows])) == [3, 4, 4]
    np.testing.assert_array_equal(rows, inputs.balanced_rows(y, 11, seed=0))
    assert {*rows} != {*inputs.balanced_rows(y, 11, seed=1)}


def test_default_label_counts_are_those_that_the_data_allow():
    assert inputs.label_counts(None, np.arange(300) % 3) == (10, 100)
    assert inputs.label_counts(None, np.repeat([0, 1], [200, 4])) == ()
    assert inputs.label_counts(None, np.arange(5000) % 20) == (100, 1000)


def test_the_silhouette_by_hand():
    points, clusters = np.array([[0.0], [2.0], [10.0], [12.0]]), np.array([0, 0, 1, 1])
    # (b - a) / max(a, b), a the mean distance within the cluster, b to the other cluster.
    expected = np.mean([(11 - 2) / 11, (9 - 2) / 9, (9 - 2) / 9, (11 - 2) / 11])

    assert probes._silhouette(points, clusters, 0) == pytest.approx(expected)
    assert np.isnan(probes._silhouette(points, np.zeros(4, int), 0))


def test_principal_components_are_those_of_the_training_inputs():
    train, test = (RNG.standard_normal((n, 4)) @ np.diag([5.0, 2, 1, 0.1]) for n in (60, 30))

    projected = probes.principal_components(train, test, 2, seed=0)

    _, _, directions = np.linalg.svd(train - train.mean(0), full_matrices=False)
    expected = (test - train.mean(0)) @ directions[:2].T
    np.testing.assert_allclose(np.abs(projected[1]), np.abs(expected), atol=1e-8)


@pytest.fixture(scope="module")
def model():
    """A model, its inputs of two classes, and their labels."""
    x = data("dense_vae", 120)
    x[::2, 0] = 0.0
    return small("dense_vae"), x, np.where(np.arange(120) % 2, "odd", "even")


def test_codes_and_baselines_are_in_one_table(model):
    vae, x, y = model

    result = representation.scores(vae, x, y, few=[2, 10], draws=2, baselines=True, seed=1)

    train, test = inputs.train_test_rows(inputs.class_indices(y, None)[0], 1)
    means = np.asarray(vae.encode(x).loc)
    features = {"codes": (means[train], means[test]), "inputs": (x[train], x[test])}
    expected = representation.score_features(
        features, y[train], y[test], few=[2, 10], draws=2, seed=1
    )
    assert list(result.rows) == ["codes", "inputs", "components"]
    assert {k: result.rows[k] for k in features} == expected.rows
    assert (result.train, result.test) == (96, 24)
    heads, codes, *_, last = str(result).splitlines()
    titles = "linear neighbours ari nmi silhouette 2 labels 10 labels"
    assert " ".join(heads.split()) == titles
    row = result.rows["codes"]
    assert codes.split()[:3] == ["codes", f"{row.linear:.3f}", f"{row.neighbours:.3f}"]
    two = row.few_labels[2]
    assert f"{np.mean(two):.3f} ± {np.std(two, ddof=1):.3f}" in codes
    assert last == "96 training examples, 24 held out"
    assert json.loads(json.dumps(result.to_dict()))["rows"]["codes"]["linear"] == row.linear


def test_a_dataset_and_a_separate_test_set(model):
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
        ({"y": Y[:9]}, ValueError, "y must have 300 rows, .* got 9"),
        ({"y": NOISE}, ValueError, r"y must be a vector .* got shape \(300, 3\)"),
        ({"y": np.where(Y, np.nan, 1.0)}, ValueError, "y must not be NaN"),
        ({"y": [None] * 300}, TypeError, "y must be numbers or strings"),
        ({"y": np.zeros(300)}, ValueError, "at least 6 rows and two classes"),
        ({"test": NOISE}, TypeError, r"test must be None or a pair \(x, y\)"),
        ({"test": (NOISE, Y + 1)}, ValueError, "y of test must hold classes of y, got 3"),
        ({"test": (NOISE, Y[:4])}, ValueError, "y of test must have 300 rows, .* got 4"),
        ({"x": "images"}, TypeError, "x must be an array or a dataset"),
        (
            {"x": {"a": NOISE}, "baselines": True},
            TypeError,
            "x must be an array if baselines=True, got dict",
        ),
    ],
)
def test_wrong_arguments_raise_before_encoding(changes, error, message):
    def encode(x, batch_size):
        raise AssertionError("encoded")

    with pytest.raises(error, match=message):
        representation.scores(
            **{"vae": types.SimpleNamespace(encode=encode), "x": NOISE, "y": Y, **changes}
        )


def test_other_wrong_arguments_raise():
    with pytest.raises(ValueError, match=r"few must hold integers from 3, .* to 198"):
        scored(NOISE, few=[2])
    with pytest.raises(ValueError, match="draws must be at least 2"):
        scored(NOISE, draws=1)
    with pytest.raises(ValueError, match=r"features\['codes'\] must be finite"):
        scored(NOISE * np.nan)
