"""Diagnosis of the latent space: numbers, verdict, report and TensorBoard logger."""

import dataclasses
import json

import keras
import numpy as np
import pytest
import tensorflow as tf

import zoo
from tests.helpers import data, small
from zoo.evaluation.diagnosis import VERDICTS
from zoo.evaluation.diagnosis.running_moments import RunningMoments

pytest.importorskip("matplotlib", reason="figures need matplotlib: pip install '.[recipes]'")


def factors(n=512, seed=0):
    """Six columns that mix two independent ones, with a little noise."""
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
    report = zoo.diagnose(healthy, factors(seed=1))

    assert report.verdict == "healthy"
    assert report.active_units == 2
    assert report.decoder_use > 5


STATES = {
    "collapsed": dict(latent_dim=2, beta=200.0, epochs=20),
    "partly collapsed": dict(latent_dim=6),
    "sigma vanishing": dict(latent_dim=2, beta=0.0, epochs=150),
}


@pytest.mark.parametrize("verdict", STATES)
def test_the_verdict_names_the_state_of_the_model(verdict):
    report = zoo.diagnose(trained(**STATES[verdict]), factors(seed=1))

    assert report.verdict == verdict
    assert report.advice[0] == VERDICTS[verdict][1]
    assert verdict in str(report) and report.advice[0] in " ".join(str(report).split())


def test_a_nan_gives_the_verdict_diverged(healthy):
    report = dataclasses.replace(zoo.diagnose(healthy, factors(64)), elbo=float("nan"))

    assert report.verdict == "diverged"
    assert report.to_dict()["elbo"] is None


@pytest.mark.parametrize("name", ["dense_vae", "dense_ladder_vae", "multimodal_vae"])
def test_numbers_are_those_of_the_models_own_methods(name):
    vae, x = small(name), data(name)

    report = zoo.diagnose(vae, x, importance_samples=7, bounded=6, batch_size=8)

    scores, q = vae.score(x), vae.encode(x)
    assert report.examples == 20
    for key in ("elbo", "nll", "kl"):
        assert getattr(report, key) == pytest.approx(scores[key].mean(), rel=1e-4)
    subset = zoo.core.nested.take_rows(x, slice(6))
    bound = vae.log_likelihood(subset, samples=7, batch_size=8)
    assert report.log_likelihood == pytest.approx(bound.mean(), rel=1e-5)
    assert report.gap == pytest.approx((bound - vae.elbo(subset)).mean(), abs=1e-3)
    assert report.kl_by_level.sum() == pytest.approx(report.kl, rel=1e-5)
    top = vae.latents.encoder.latent_dim  # a ladder's lower levels depend on the draws
    np.testing.assert_allclose(report.loc_mean[:top], np.mean(q.loc, 0)[:top], atol=1e-5)
    np.testing.assert_allclose(report.loc_std[:top], np.std(q.loc, 0)[:top], atol=1e-5)
    np.testing.assert_allclose(report.scale_mean[:top], np.mean(q.scale, 0)[:top], rtol=1e-5)


def test_kl_by_dimension_and_mutual_information_match_their_definitions(healthy):
    x = factors(1000, seed=1)

    report = zoo.diagnose(healthy, x)

    q = healthy.encode(x)
    by_hand = 0.5 * (q.loc**2 + q.scale**2 - 1) - np.log(q.scale)
    np.testing.assert_allclose(report.kl_by_dimension, np.mean(by_hand, 0), rtol=1e-4)
    assert report.kl_by_dimension.sum() == pytest.approx(report.kl, rel=1e-4)
    assert report.aggregate_kl == pytest.approx(report.kl - report.mutual_information, rel=1e-4)
    assert 1.0 < report.mutual_information < np.log(1000)
    assert -0.2 < report.aggregate_kl < report.kl


def test_numbers_without_a_closed_form_are_none_with_a_flow():
    report = zoo.diagnose(small("dense_vae", flow="iaf"), data("dense_vae"))

    assert report.mutual_information is report.aggregate_kl is report.kl_by_dimension is None
    assert "mutual information" not in str(report)
    assert "mutual_information" not in report.scalars()
    assert report.plot().axes


def test_datasets_of_any_batch_size_give_the_same_numbers(healthy):
    x = factors(40, seed=1)
    dataset = tf.data.Dataset.from_tensor_slices((x, np.arange(40))).batch(7)

    one, other = zoo.diagnose(healthy, x, bounded=20), zoo.diagnose(healthy, dataset, bounded=20)

    for key in ("elbo", "nll", "kl", "log_likelihood"):
        assert getattr(one, key) == pytest.approx(getattr(other, key), rel=0.02)
    np.testing.assert_allclose(one.loc_std, other.loc_std, rtol=1e-4)
    np.testing.assert_array_equal(one.loc_histogram[0], other.loc_histogram[0])


def test_moments_are_those_of_all_batches_together():
    rng = np.random.default_rng(0)
    loc, scale = 100 + rng.standard_normal((50, 3)), rng.random((50, 3)) + 0.1
    moments = RunningMoments(pairs=5)
    for part in (slice(0, 1), slice(1, 20), slice(20, 50)):
        moments.update({"loc": loc[part], "scale": scale[part]})

    assert moments.examples == 50
    np.testing.assert_allclose(moments.means["loc"], loc.mean(0))
    np.testing.assert_allclose(moments.std("scale"), scale.std(0))
    assert moments.histogram("loc")[0].sum() == 150  # values outside are in the outermost bins


def test_a_diagnosis_converts_to_json_text_and_html(healthy):
    report = zoo.diagnose(healthy, factors(64))

    parsed = json.loads(json.dumps(report.to_dict()))

    assert parsed["verdict"] == report.verdict and len(parsed["kl_by_dimension"]) == 2
    assert f"{report.elbo:.2f}" in str(report) and f"{report.elbo:.2f}" in report._repr_html_()
    assert max(len(line) for line in str(report).splitlines()) < 90
    assert [axes.get_title(loc="left") for axes in report.plot().axes][
        1
    ] == "KL to the prior, by dimension"


def test_the_same_seed_gives_the_same_draws(healthy):
    one, again, other = (zoo.diagnose(healthy, factors(64), seed=s) for s in (1, 1, 2))

    assert one.to_dict() == again.to_dict()
    assert one.decoder_use != other.decoder_use


def test_the_logger_writes_every_few_epochs_and_after_the_last(tmp_path):
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
    scalars = {f"diagnosis/{name}" for name in logger.diagnosis.scalars()}
    assert {*events} == scalars | {
        f"diagnosis/{name}" for name in ("figure", "loc", "report", "scale")
    }
    steps, (*_, last) = zip(*events["diagnosis/elbo"], strict=True)
    assert steps == (1, 2)  # after the second epoch and after the last
    assert float(tf.make_ndarray(last.tensor)) == pytest.approx(logger.diagnosis.elbo, rel=1e-6)
    assert logger.diagnosis.elbo == pytest.approx(zoo.diagnose(vae, x).elbo, rel=1e-6)
    codes = np.loadtxt(tmp_path / "codes.tsv", delimiter="\t")
    np.testing.assert_allclose(codes, vae.encode(x[:6]).loc, rtol=1e-5, atol=1e-6)
    assert (tmp_path / "labels.tsv").read_text() == "a\nb\na\nb\na\nb\n"
    assert "codes.tsv" in (tmp_path / "projector_config.pbtxt").read_text()


def test_errors_name_the_argument(healthy):
    with pytest.raises(ValueError, match="x must hold at least two examples, got one"):
        zoo.diagnose(healthy, factors(1))
    with pytest.raises(ValueError, match="pairs must be a positive integer, got 0"):
        zoo.diagnose(healthy, factors(8), pairs=0)
    with pytest.raises(ValueError, match=r"examples of shape \(6,\), .* got \(5,\)"):
        zoo.diagnose(healthy, factors(8)[:, :5])
