"""Arguments that once were accepted without a word, and numbers of NumPy."""

import numpy as np
import pytest
import tensorflow as tf

import zoo
from tests.helpers import data, small

X = data("dense_vae")


@pytest.fixture(scope="module")
def vae():
    return small("dense_vae", likelihood="normal")


REFUSED = {
    "format must be one of .*, got 'keras'": lambda vae, p: vae.export(p, "keras"),
    "format must be one of .*, got <tf.Tensor": lambda vae, p: vae.export(p, tf.ones(2)),
    "filepath must be a path, got None": lambda vae, p: vae.export(None),
    r"x must lie in \[0, 1\] for probabilities": lambda vae, p: zoo.binarize(X * 255),
    "x must be finite": lambda vae, p: zoo.binarize(np.full(3, np.nan)),
    "low must be a finite number": lambda vae, p: vae.traverse(low=np.nan),
    "high must be a finite number": lambda vae, p: vae.traverse(high="3"),
    r"event_shape must be \(6,\)": lambda vae, p: vae.generate(2, event_shape=(999,)),
    r"event_shape must be \(6,\),": lambda vae, p: vae.sample(2, event_shape=6),
    r"event_shape must be \(6,\), ": lambda vae, p: vae.decode(np.zeros((1, 2)), (6, 1)),
    "epochs must be an integer of at least 0": lambda vae, p: vae.fit(X, epochs=-1),
    "epochs must be an integer": lambda vae, p: vae.fit(X, epochs="x"),
    "initial_epoch must be an integer": lambda vae, p: vae.fit(X, initial_epoch=-1),
    r"a must have shape \[N, D\] with N of at least 2": lambda vae, p: (
        zoo.evaluation.aggregate_posterior.mmd(X[:1], X)
    ),
}


@pytest.mark.parametrize("message", REFUSED)
def test_it_is_refused(vae, tmp_path, message):
    with pytest.raises((ValueError, TypeError), match=message):
        REFUSED[message](vae, tmp_path / "exported")
    assert not [*tmp_path.iterdir()]


def test_series_of_any_length_keep_their_channels():
    vae = small("lstm_vae")

    assert vae.generate(2, event_shape=(9, 2)).shape == (2, 9, 2)
    with pytest.raises(ValueError, match=r"event_shape must be \(None, 2\)"):
        vae.generate(2, event_shape=(9, 3))


@pytest.mark.parametrize("number", [np.float32, np.float64, np.float16, np.array])
def test_numbers_may_be_scalars_of_numpy(vae, number):
    half = number(0.5)

    assert zoo.AnomalyDetector(vae, contamination=half).fit(X).offset_
    assert zoo.likelihoods.Normal(half).get_config()["scale"] == 0.5
    assert type(zoo.likelihoods.Normal(half).get_config()["scale"]) is float
    assert zoo.priors.MixturePrior(2, 3, floor=number(0.25)).get_config()["floor"] == 0.25
    assert vae.traverse(low=-half, high=half, steps=np.int8(2)).shape == (2, 2, 6)
    assert vae.traverse(high=2**64 + 1, steps=2).shape == (2, 2, 6)  # no integer of NumPy
    assert zoo.coverage(X, X[None], [half]) == {0.5: 1.0}


@pytest.mark.parametrize("integer", [np.int32, np.int64, np.uint8, np.array])
def test_counts_may_be_scalars_of_numpy(vae, integer):
    two = integer(2)

    history = vae.fit(X, epochs=two, batch_size=integer(20), verbose=0)

    assert history.epoch == [0, 1]
    assert vae.generate(two, seed=two).shape == (2, 6)
    assert vae.elbo(X, samples=two, seed=two, batch_size=integer(7)).shape == (20,)


@pytest.mark.parametrize("wrong", [True, np.bool_(True), "2", 2.0, np.float64(2), np.array([2])])
def test_what_is_not_an_integer_is_no_count(vae, wrong):
    with pytest.raises(ValueError, match="samples must be a positive integer"):
        vae.elbo(X, samples=wrong)


def test_fit_takes_keras_arguments_by_name_and_place(vae):
    assert vae.fit(X, None, 20, 2, 0).epoch == [0, 1]
    assert "batch_size: examples of a step" in zoo.VAE.fit.__doc__


def test_dir_lists_public_names_alone():
    assert {name for name in dir(zoo) if not name.startswith("__")} == {*zoo.__all__}
