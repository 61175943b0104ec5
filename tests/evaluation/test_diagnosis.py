"""The report on how a model uses its latent space, and its verdict."""

import dataclasses
import json

import keras
import numpy as np
import pytest
import tensorflow as tf

import zoo
from tests.helpers import data, small
from zoo.evaluation.diagnosis import VERDICTS
from zoo.evaluation.diagnosis.running_moments import Moments

EAGER = True

pytest.importorskip("matplotlib", reason="figures need matplotlib: pip install '.[recipes]'")


def factors(n=512, seed=0):
    """Six numbers each, made of two that are independent, and a little noise."""
    rng = np.random.default_rng(seed)
    mix = np.random.default_rng(9).standard_normal((2, 6))
    return (rng.standard_normal((n, 2)) @ mix + 0.1 * rng.standard_normal((n, 6))).astype("float32")


def trained(epochs=60, **options):
    keras.utils.set_random_seed(0)
    likelihood = zoo.likelihoods.Normal(0.3)
    vae = zoo.get("dense_vae", hidden=(16,), likelihood=likelihood, seed=0, **options)
    vae.compile(zoo.FusedAdam(1e-2))
    vae.fit(factors(), epochs=epochs, batch_size=64, verbose=0)
    return vae


@pytest.fixture(scope="module")
def healthy():
    return trained(latent_dim=2)


def test_a_model_that_uses_its_dimensions_is_healthy(healthy):
    found = zoo.diagnose(healthy, factors(seed=1))

    assert found.verdict == "healthy"
    assert found.active_units == 2
    assert found.decoder_use > 5


STATES = {
    "collapsed": dict(latent_dim=2, beta=200.0),
    "partly collapsed": dict(latent_dim=6),
    "sigma vanishing": dict(latent_dim=2, beta=0.0, epochs=300),
}


@pytest.mark.parametrize("verdict", STATES)
def test_a_model_driven_into_a_state_is_told_so(verdict):
    found = zoo.diagnose(trained(**STATES[verdict]), factors(seed=1))

    assert found.verdict == verdict
    assert found.advice[0] == VERDICTS[verdict][1]
    assert verdict in str(found) and found.advice[0] in " ".join(str(found).split())


def test_weights_that_are_no_numbers_are_told(healthy):
    found = dataclasses.replace(zoo.diagnose(healthy, factors(64)), elbo=float("nan"))

    assert found.verdict == "diverged"
    assert found.to_dict()["elbo"] is None


@pytest.mark.parametrize("name", ["dense_vae", "dense_ladder_vae", "multimodal_vae"])
def test_numbers_are_those_of_the_models_own_methods(name):
    vae, x = small(name), data(name)

    found = zoo.diagnose(vae, x, importance_samples=7, bounded=6, batch_size=8)

    scores, q = vae.score(x), vae.encode(x)
    assert found.examples == 20
    for key in ("elbo", "nll", "kl"):
        assert getattr(found, key) == pytest.approx(scores[key].mean(), rel=1e-4)
    few = zoo.core.nested.cut(x, slice(6))
    bound = vae.log_likelihood(few, samples=7, batch_size=8)
    assert found.log_likelihood == pytest.approx(bound.mean(), rel=1e-5)
    assert found.gap == pytest.approx((bound - vae.elbo(few)).mean(), abs=1e-3)
    assert found.kl_by_level.sum() == pytest.approx(found.kl, rel=1e-5)
    top = vae.latents.encoder.latent_dim  # those of a ladder's lower levels hang on the draws
    np.testing.assert_allclose(found.loc_mean[:top], np.mean(q.loc, 0)[:top], atol=1e-5)
    np.testing.assert_allclose(found.loc_deviation[:top], np.std(q.loc, 0)[:top], atol=1e-5)
    np.testing.assert_allclose(found.scale_mean[:top], np.mean(q.scale, 0)[:top], rtol=1e-5)


def test_kl_by_dimension_and_mutual_information_add_up_as_they_should(healthy):
    x = factors(1000, seed=1)

    found = zoo.diagnose(healthy, x)

    q = healthy.encode(x)
    by_hand = 0.5 * (q.loc**2 + q.scale**2 - 1) - np.log(q.scale)
    np.testing.assert_allclose(found.kl_by_dimension, np.mean(by_hand, 0), rtol=1e-4)
    assert found.kl_by_dimension.sum() == pytest.approx(found.kl, rel=1e-4)
    assert found.aggregate_kl == pytest.approx(found.kl - found.mutual_information, rel=1e-4)
    assert 1.0 < found.mutual_information < np.log(1000)
    assert -0.2 < found.aggregate_kl < found.kl


def test_a_flow_leaves_out_what_has_no_closed_form():
    found = zoo.diagnose(small("dense_vae", flow="iaf"), data("dense_vae"))

    assert found.mutual_information is found.aggregate_kl is found.kl_by_dimension is None
    assert "mutual information" not in str(found)
    assert "mutual_information" not in found.scalars()
    assert found.plot().axes


def test_datasets_of_any_batches_give_the_same(healthy):
    x = factors(40, seed=1)
    dataset = tf.data.Dataset.from_tensor_slices((x, np.arange(40))).batch(7)

    one, other = zoo.diagnose(healthy, x, bounded=20), zoo.diagnose(healthy, dataset, bounded=20)

    for key in ("elbo", "nll", "kl", "log_likelihood"):
        assert getattr(one, key) == pytest.approx(getattr(other, key), rel=0.02)
    np.testing.assert_allclose(one.loc_deviation, other.loc_deviation, rtol=1e-4)
    np.testing.assert_array_equal(one.loc_histogram[0], other.loc_histogram[0])


def test_moments_are_those_of_all_batches_together():
    rng = np.random.default_rng(0)
    loc, scale = 100 + rng.standard_normal((50, 3)), rng.random((50, 3)) + 0.1
    moments = Moments(pairs=5)
    for part in (slice(0, 1), slice(1, 20), slice(20, 50)):
        moments.update({"loc": loc[part], "scale": scale[part]})

    assert moments.examples == 50
    np.testing.assert_allclose(moments.means["loc"], loc.mean(0))
    np.testing.assert_allclose(moments.deviation("scale"), scale.std(0))
    assert moments.histogram("loc")[0].sum() == 150  # what lies outside is counted at the edge


def test_it_is_json_text_and_a_notebooks_table(healthy):
    found = zoo.diagnose(healthy, factors(64))

    read = json.loads(json.dumps(found.to_dict()))

    assert read["verdict"] == found.verdict and len(read["kl_by_dimension"]) == 2
    assert f"{found.elbo:.2f}" in str(found) and f"{found.elbo:.2f}" in found._repr_html_()
    assert max(len(line) for line in str(found).splitlines()) < 90
    assert [axes.get_title(loc="left") for axes in found.plot().axes][1] == "KL of each dimension"


def test_draws_are_reproduced_by_a_seed(healthy):
    one, again, other = (zoo.diagnose(healthy, factors(64), seed=s) for s in (1, 1, 2))

    assert one.to_dict() == again.to_dict()
    assert one.decoder_use != other.decoder_use


def test_a_logger_writes_for_tensorboard_each_so_many_epochs_and_at_the_end(tmp_path):
    pytest.importorskip("tensorboard")
    vae, x = small("dense_vae"), data("dense_vae")
    vae.compile(run_eagerly=True)
    logger = zoo.DiagnosisLogger(
        x, tmp_path, every=2, labels=list("ab") * 10, projected=6, importance_samples=3
    )

    vae.fit(x, epochs=3, callbacks=logger, verbose=0)

    events = {}
    for file in tmp_path.glob("events.out.*"):
        for record in tf.data.TFRecordDataset(str(file)):
            event = tf.compat.v1.Event.FromString(record.numpy())
            for value in event.summary.value:
                events.setdefault(value.tag, []).append((event.step, value))
    scalars = {f"diagnosis/{name}" for name in logger.found.scalars()}
    assert {*events} == scalars | {
        f"diagnosis/{name}" for name in ("figure", "loc", "report", "scale")
    }
    steps, (*_, last) = zip(*events["diagnosis/elbo"], strict=True)
    assert steps == (1, 2)  # after the second epoch and after the last
    assert float(tf.make_ndarray(last.tensor)) == pytest.approx(logger.found.elbo, rel=1e-6)
    assert logger.found.elbo == pytest.approx(zoo.diagnose(vae, x).elbo, rel=1e-6)
    codes = np.loadtxt(tmp_path / "codes.tsv", delimiter="\t")
    np.testing.assert_allclose(codes, vae.encode(x[:6]).loc, rtol=1e-5, atol=1e-6)
    assert (tmp_path / "labels.tsv").read_text() == "a\nb\na\nb\na\nb\n"
    assert "codes.tsv" in (tmp_path / "projector_config.pbtxt").read_text()


def test_errors_name_the_argument(healthy):
    with pytest.raises(ValueError, match="x must hold at least two examples, got one"):
        zoo.diagnose(healthy, factors(1))
    with pytest.raises(ValueError, match="pairs must be a positive integer, got 0"):
        zoo.diagnose(healthy, factors(8), pairs=0)
    with pytest.raises(ValueError, match=r"examples of shape \(5,\), expected \(6,\)"):
        zoo.diagnose(healthy, factors(8)[:, :5])
