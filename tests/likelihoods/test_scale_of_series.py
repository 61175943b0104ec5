"""The scale of the residuals of each series, which depends on its code."""

import keras
import numpy as np
import tensorflow as tf

from zoo.decoders import LSTMDecoder
from zoo.likelihoods import SeriesScaledVectorAutoregressive

CODES = tf.constant([[-1.0, 0.5], [1.0, 0.5], [0.0, 2.0]])


def decoder_of(steps=6, channels=2, changed=True):
    keras.utils.set_random_seed(0)
    decoder = LSTMDecoder(
        (steps, channels), units=(4,), likelihood="series_scaled_vector_autoregressive"
    )
    decoder.build((None, 2))
    if changed:
        kernel = decoder.series_last.kernel
        kernel.assign(np.random.default_rng(0).normal(size=kernel.shape))
    return decoder


def test_the_change_is_bounded_and_a_factor_of_the_scale():
    likelihood = SeriesScaledVectorAutoregressive()
    likelihood.build((None, None, 2))
    raw = np.zeros((5, 3, 2), "float32")
    raw[:, :, 1] = np.array([-99.0, -0.5, 0.0, 0.5, 99.0])[:, None]

    scale = likelihood(raw).distribution.scale.numpy()[:, 0, 0]

    factor = np.exp(2 * np.tanh(raw[:, 0, 1] / 2))
    np.testing.assert_allclose(scale, likelihood.scale().numpy() * factor, rtol=1e-5)


def test_the_scale_starts_equal_for_all_series():
    scale = decoder_of(changed=False)(CODES).distribution.scale.numpy()

    assert scale.shape == (3, 6, 2)
    np.testing.assert_allclose(scale, np.broadcast_to(scale[:1, :1], scale.shape), rtol=1e-6)


def test_the_scale_is_that_of_the_series_at_each_step_and_length():
    decoder = decoder_of()

    short, long = (decoder(CODES, event_shape=(t, 2)).distribution.scale.numpy() for t in (3, 9))

    assert (np.ptp(long[:, 0], 0) > 1e-3).all()
    np.testing.assert_allclose(long, np.repeat(short[:, :1], 9, 1), rtol=1e-6)


def test_the_code_gets_no_gradient_from_the_scale():
    decoder = decoder_of()
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(CODES)
        values = decoder(CODES).distribution
        loc, scale = values.loc * 1.0, values.scale * 1.0

    np.testing.assert_array_equal(tape.gradient(scale, CODES), np.zeros(CODES.shape))
    assert np.abs(tape.gradient(loc, CODES)).max() > 0
    assert np.abs(tape.gradient(scale, decoder.series_hidden.kernel)).max() > 0


def test_training_learns_which_series_are_noisy():
    rng, noise = np.random.default_rng(0), np.array([0.1, 1.0])
    codes = tf.repeat(CODES[:2], 64, 0)
    x = np.repeat(noise, 64)[:, None, None] * rng.normal(size=(128, 6, 1)).astype("float32")
    decoder, optimizer = decoder_of(channels=1, changed=False), keras.optimizers.Adam(0.02)

    for _ in range(60):
        with tf.GradientTape() as tape:
            loss = -tf.reduce_mean(decoder(codes).log_prob(x))
        weights = decoder.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))

    scale = decoder(CODES[:2]).distribution.scale.numpy()[:, 0, 0]
    np.testing.assert_allclose(scale, noise, rtol=0.25)
