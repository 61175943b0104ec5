"""Series whose residuals form a vector autoregression, against a dense multivariate Normal."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp
from scipy.stats import multivariate_normal

from tests.likelihoods.series import NAN, vae_of, waves
from zoo.likelihoods import SeriesVectorAutoregressive
from zoo.likelihoods.stationary_process import stationary_process
from zoo.likelihoods.vector_autoregressive_series import VectorAutoregressiveSeries

SHAPES = [(1, 1, 6), (2, 2, 6), (3, 2, 5), (2, 3, 2), (2, 1, 1)]  # channels, order, steps


def process_of(channels, order, seed=0):
    rng = np.random.default_rng(seed)
    return stationary_process(
        tf.constant(rng.normal(size=(channels, channels)), tf.float32),
        tf.constant(0.7 * rng.normal(size=(order, channels, channels)), tf.float32),
    )


def series(channels, order, steps, n=4):
    rng = np.random.default_rng(1)
    loc = rng.normal(size=(n, steps, channels)).astype("float32")
    normal = tfp.distributions.Normal(loc, rng.uniform(0.5, 2.0, loc.shape).astype("float32"))
    return VectorAutoregressiveSeries(normal, process=process_of(channels, order))


def residual_covariance(process, steps):
    """Covariance of u `[T C, T C]`, in float64, from its definition as a linear map of e."""
    channels, order = process.channels, process.order
    coefficients, factors = (
        np.asarray(a, "float64") for a in (process.coefficients, process.factors)
    )
    size = steps * channels
    u = np.zeros((steps, channels, size))
    noise = np.eye(size).reshape(steps, channels, size)
    for t in range(steps):
        u[t] = factors[min(t, order)] @ noise[t]
        for i in range(min(t, order)):
            block = coefficients[min(t, order)][:, i * channels : (i + 1) * channels]
            u[t] += block @ u[t - 1 - i]
    return u.reshape(size, size) @ u.reshape(size, size).T


def dense(p, x):
    """log p of the observed values, and x with the mean of the missing ones, from a covariance."""
    loc, scale = p.distribution.loc.numpy(), p.distribution.scale.numpy()
    covariance = residual_covariance(p.process, x.shape[1])
    log_prob, filled = np.zeros(len(x)), x.astype("float64").reshape(len(x), -1)
    for i, row in enumerate(filled):
        mean, s, seen = loc[i].ravel(), scale[i].ravel(), ~np.isnan(row)
        joint = covariance * np.outer(s, s)
        if seen.any():
            among = joint[np.ix_(seen, seen)]
            log_prob[i] = multivariate_normal(mean[seen], among).logpdf(row[seen])
            gain = np.linalg.solve(among, joint[np.ix_(seen, ~seen)]).T
            row[~seen] = mean[~seen] + gain @ (row[seen] - mean[seen])
        else:
            row[:] = mean
    return log_prob, filled.reshape(x.shape)


def with_gaps(p, gaps):
    rng = np.random.default_rng(2)
    x = p.sample(seed=[1, 2]).numpy()
    x[rng.random(x.shape) < gaps] = NAN
    x[1, x.shape[1] // 2 + 1 :] = NAN  # padding
    return x


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_the_process_is_stationary_with_variances_of_1(shape):
    channels, _, steps = shape
    covariance = residual_covariance(process_of(*shape[:2]), steps)
    blocks = covariance.reshape(steps, channels, steps, channels)

    np.testing.assert_allclose(np.diag(covariance), 1.0, rtol=1e-5)
    for s, t in np.ndindex(steps, steps):
        if s >= t:
            np.testing.assert_allclose(blocks[s, :, t], blocks[s - t, :, 0], atol=1e-5)


def test_zeros_are_independent_channels_and_steps():
    process = stationary_process(tf.zeros((3, 3)), tf.zeros((2, 3, 3)))

    np.testing.assert_allclose(residual_covariance(process, 4), np.eye(12), atol=1e-6)


@pytest.mark.parametrize("gaps", [0.0, 0.4, 0.8])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_log_prob_and_conditional_mean_are_those_of_a_multivariate_normal(shape, gaps):
    p = series(*shape)
    x = with_gaps(p, gaps)

    log_prob, filled = dense(p, x)

    np.testing.assert_allclose(p.log_prob(x), log_prob, rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(p.conditional_mean(x), filled, rtol=1e-3, atol=1e-3)


def test_steps_between_two_gaps_do_not_change_the_density():
    p = series(2, 2, 14)
    x = p.sample(seed=[1, 2]).numpy()
    for row, (first, second) in enumerate([(0, 9), (3, 13), (5, 10), (2, 4)]):
        x[row, first, 0] = x[row, second, 1] = x[row, second - 1] = NAN

    log_prob, filled = dense(p, x)

    np.testing.assert_allclose(p.log_prob(x), log_prob, rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(p.conditional_mean(x), filled, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("compiled", [False, True])
def test_graphs_have_the_values_of_eager_calls(compiled):
    p = series(2, 2, 5)
    function = tf.function(p.log_prob_per_value, jit_compile=compiled)

    for gaps in (0.0, 0.4):
        x = with_gaps(p, gaps)
        np.testing.assert_allclose(function(x), p.log_prob_per_value(x), atol=1e-4)


def test_values_are_conditional_on_earlier_steps_and_channels():
    p = series(2, 1, 5)
    x = p.sample(seed=[1, 2]).numpy()
    changed = x.copy()
    changed[:, 2, 1] += 1.0

    a, b = p.log_prob_per_value(x).numpy(), p.log_prob_per_value(changed).numpy()

    same = np.ones((5, 2), bool)
    same[2, 1] = same[3] = False
    np.testing.assert_array_equal(np.isclose(a, b, atol=1e-4).all(0), same)


def test_a_marginal_is_the_normal_of_its_value():
    p = series(2, 2, 5)
    x = with_gaps(p, 0.3)
    expected = np.where(np.isnan(x), 0, p.distribution.log_prob(np.nan_to_num(x)))

    np.testing.assert_allclose(p.marginal_log_prob(x), expected, rtol=1e-5)


def test_gradients_are_finite_and_those_of_the_dense_density():
    correlation, partial = tf.Variable([[0.0, 0.0], [0.5, 0.0]]), tf.Variable([[[2.0, 0.1]] * 2])
    p = series(2, 1, 4)
    x = with_gaps(p, 0.3)
    x[2] = NAN

    def total():
        process = stationary_process(correlation, partial)
        return tf.reduce_sum(
            VectorAutoregressiveSeries(p.distribution, process=process).log_prob(x)
        )

    with tf.GradientTape() as tape:
        value = total()
    gradient = tape.gradient(value, [correlation, partial])
    step = 1e-2
    partial[0, 1, 0].assign(partial[0, 1, 0] + step)
    above = total()
    partial[0, 1, 0].assign(partial[0, 1, 0] - 2 * step)

    assert np.isfinite(gradient[0]).all() and np.isfinite(gradient[1]).all()
    slope = (above - total()) / (2 * step)
    assert gradient[1][0, 1, 0].numpy() == pytest.approx(slope.numpy(), rel=2e-2)


def test_missing_values_are_drawn_given_the_observed_ones():
    p, n = series(2, 2, 5, n=1), 20_000
    x = np.full((1, 5, 2), NAN, "float32")
    x[0, [0, 3], [0, 1]] = 1.0
    many = tfp.distributions.Normal(
        *(tf.repeat(a, n, 0) for a in (p.distribution.loc, p.distribution.scale))
    )
    q = VectorAutoregressiveSeries(many, process=p.process)

    draws = q.conditional_sample(np.repeat(x, n, 0), seed=[1, 2]).numpy().reshape(n, -1)

    seen, s = ~np.isnan(x.ravel()), p.distribution.scale.numpy().ravel()
    joint = residual_covariance(p.process, 5) * np.outer(s, s)
    inverse = np.linalg.inv(joint[np.ix_(seen, seen)])
    gain = joint[np.ix_(~seen, seen)] @ inverse
    np.testing.assert_allclose(draws.mean(0), dense(p, x)[1].ravel(), atol=0.06)
    np.testing.assert_allclose(
        np.cov(draws[:, ~seen].T),
        joint[np.ix_(~seen, ~seen)] - gain @ joint[np.ix_(seen, ~seen)],
        atol=0.12,
    )


def test_training_learns_a_vector_autoregression():
    a, rng = np.array([[0.5, 0.4], [0.0, 0.7]]), np.random.default_rng(0)
    x = np.zeros((256, 40, 2), "float32")
    for t in range(1, 40):
        x[:, t] = x[:, t - 1] @ a.T + rng.normal(size=(256, 2)) @ [[1, 0.6], [0, 0.8]]
    x = x[:, 10:]
    likelihood = SeriesVectorAutoregressive(order=1)
    likelihood.build((None, None, 2))
    optimizer = keras.optimizers.Adam(0.02)

    for _ in range(150):
        with tf.GradientTape() as tape:
            loss = -tf.reduce_mean(likelihood(tf.zeros(x.shape)).log_prob(x))
        weights = likelihood.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))

    s = likelihood.scale().numpy()
    coefficients = likelihood.process().coefficients[1].numpy() * np.outer(s, 1 / s)
    np.testing.assert_allclose(coefficients, a, atol=0.05)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"order": 0}, "order must be made of positive integers, got 0"),
        ({"initial_correlation": 1.0}, r"initial_correlation must lie in \(0, 1\), got 1.0"),
    ],
)
def test_unusable_arguments_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        SeriesVectorAutoregressive(**options)


@pytest.mark.filterwarnings("ignore:.*tf.lite.Interpreter is deprecated.*")
@pytest.mark.parametrize(
    ("likelihood", "gaps"),
    [
        ("series_vector_autoregressive", 0.3),
        ("series_scaled_vector_autoregressive", 0.0),
    ],
)
def test_scores_convert_to_tflite(likelihood, gaps, tmp_path):
    x = waves(n=3, gaps=gaps)
    vae = vae_of(x, likelihood=likelihood)
    vae.export(tmp_path / "served")
    converter = tf.lite.TFLiteConverter.from_saved_model(
        str(tmp_path / "served"), signature_keys=["score"]
    )
    interpreter = tf.lite.Interpreter(model_content=converter.convert())

    got = interpreter.get_signature_runner("score")(x=x)

    for name, expected in vae.score(x).items():
        np.testing.assert_allclose(got[name], expected, rtol=1e-3, atol=1e-3)


def test_the_model_reconstructs_and_generates():
    x = waves(gaps=0.2)
    vae = vae_of(x)

    vae.fit(x, epochs=1, verbose=0)

    assert isinstance(vae.decoder.likelihood, SeriesVectorAutoregressive)
    assert np.isfinite(vae.elbo(x)).all()
    assert vae.reconstruct(x).shape == x.shape == vae.reconstruct(x, draw=True).shape
    assert vae.sample(2, seed=0).shape == (2, 10, 2)
