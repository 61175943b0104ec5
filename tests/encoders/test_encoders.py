"""What every encoder promises: q(z|x) as a Normal, from inputs of the shape that it takes."""

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

import zoo
from zoo.core.serialization import ensure_built
from zoo.encoders import (
    ConvEncoder,
    ConvLadderEncoder,
    DenseEncoder,
    DenseLadderEncoder,
    LSTMEncoder,
    MultimodalEncoder,
    SkipDenseEncoder,
)

RNG = np.random.default_rng(0)


def inputs(*shape):
    return tf.constant(RNG.random((4, *shape)), tf.float32)


ENCODERS = {
    "dense": (DenseEncoder(3, hidden=(5,)), inputs(6)),
    "dense, two layers": (DenseEncoder(3, hidden=(5, 4), activation="tanh"), inputs(6)),
    "dense, skip": (SkipDenseEncoder(3, hidden=(5,), activation="tanh"), inputs(4, 2)),
    "dense, image": (DenseEncoder(3, hidden=(5,)), inputs(4, 3, 2)),
    "conv": (ConvEncoder(3, widths=(4, 8), blocks=1), inputs(8, 8, 1)),
    "conv, odd": (ConvEncoder(3, widths=(4, 8), blocks=2), inputs(9, 11, 2)),
    "conv, strided": (ConvEncoder(3, widths=(4,), stem_strides=2), inputs(8, 8, 1)),
    "conv, hidden": (ConvEncoder(3, widths=(4, 8), blocks=1, hidden=6), inputs(8, 8, 1)),
    "conv, group": (
        ConvEncoder(3, widths=(4, 8), blocks=1, normalization="group"),
        inputs(8, 8, 1),
    ),
    "lstm": (LSTMEncoder(3, units=(4,)), inputs(5, 2)),
    "lstm, stacked": (LSTMEncoder(3, units=(4, 5)), inputs(5, 2)),
    "lstm, both ways": (LSTMEncoder(3, units=(4,), bidirectional=True), inputs(5, 2)),
    "lstm, last state": (LSTMEncoder(3, units=(4,), basis=0), inputs(5, 2)),
    "gru": (LSTMEncoder(3, units=(4,), cell="gru"), inputs(5, 2)),
    "dense ladder": (DenseLadderEncoder(3, lower_levels=2, hidden=5), inputs(6)),
    "conv ladder": (ConvLadderEncoder(3, lower_levels=1, widths=(4, 8), blocks=1), inputs(8, 8, 1)),
}
each_encoder = pytest.mark.parametrize(("encoder", "x"), ENCODERS.values(), ids=ENCODERS)
SERIES = {name: pair for name, pair in ENCODERS.items() if name.startswith(("lstm", "gru"))}
each_series_encoder = pytest.mark.parametrize(("encoder", "x"), SERIES.values(), ids=SERIES)


def built(encoder, x):
    ensure_built(encoder, (None, *x.shape[1:]))
    return encoder


@each_encoder
def test_the_posterior_is_a_normal_of_the_latent_size(encoder, x):
    q = built(encoder, x)(x)

    assert isinstance(q, tfp.distributions.Normal)
    assert q.loc.shape == q.scale.shape == (4, 3)
    assert (np.asarray(q.scale) > 0).all()


@each_encoder
def test_an_example_is_encoded_alone_as_among_others(encoder, x):
    encoder = built(encoder, x)

    together, alone = encoder(x), encoder(x[2:3])

    np.testing.assert_allclose(alone.loc[0], together.loc[2], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(alone.scale[0], together.scale[2], rtol=1e-4, atol=1e-5)


@each_encoder
def test_different_examples_have_different_posteriors(encoder, x):
    encoder = built(encoder, x)
    rng = np.random.default_rng(1)
    for variable in encoder.trainable_variables:
        variable.assign(0.3 * rng.standard_normal(variable.shape))

    loc = np.asarray(encoder(x).loc)

    assert np.abs(loc[0] - loc[1]).max() > 1e-5


@each_encoder
def test_every_weight_gets_a_gradient(encoder, x):
    encoder = built(encoder, x)

    with tf.GradientTape() as tape:
        q = encoder(x, training=True)
        loss = tf.reduce_sum(q.loc**2) + tf.reduce_sum(q.scale)
    gradients = tape.gradient(loss, [v.value for v in encoder.trainable_variables])

    assert gradients and all(g is not None and np.isfinite(g).all() for g in gradients)


@each_series_encoder
def test_padding_and_gaps_at_the_end_change_nothing(encoder, x):
    padded = tf.concat([x, tf.fill([4, 3, 2], np.nan)], 1)

    np.testing.assert_allclose(
        built(encoder, x)(padded).loc, built(encoder, x)(x).loc, rtol=1e-5, atol=1e-6
    )


@each_series_encoder
def test_a_gap_in_the_middle_is_not_the_same_as_its_values(encoder, x):
    gap = tf.concat([x[:, :2], tf.fill([4, 1, 2], np.nan), x[:, 3:]], 1)
    encoder = built(encoder, x)

    with_gap = np.asarray(encoder(gap).loc)

    assert np.isfinite(with_gap).all()
    assert np.abs(with_gap - np.asarray(encoder(x).loc)).max() > 1e-6


@pytest.mark.parametrize("name", ["dense ladder", "conv ladder"])
def test_a_ladder_has_features_for_each_level_from_the_top_down(name):
    encoder, x = ENCODERS[name]

    features = built(encoder, x).bottom_up(x)

    assert len(features) == encoder.lower_levels + 1
    assert [tuple(f.shape[1:]) for f in features] == [*map(tuple, encoder.feature_shapes)]


@pytest.mark.parametrize("name", ["dense ladder", "conv ladder"])
def test_the_top_of_a_ladder_is_its_posterior(name):
    encoder, x = ENCODERS[name]

    top, *_ = built(encoder, x).bottom_up(x)

    np.testing.assert_allclose(encoder.posterior(top).loc, encoder(x).loc, rtol=1e-6)


@pytest.mark.parametrize("fusion", ["product", "mixture", "mixture_of_products", "concatenation"])
def test_modalities_are_fused_into_one_posterior(fusion):
    encoders = {name: DenseEncoder(3, hidden=(4,)) for name in ("a", "b")}
    encoder = MultimodalEncoder(3, fusion=fusion, encoders=encoders)
    x = {"a": inputs(5), "b": inputs(2), "present": tf.ones([4, 2], tf.bool)}
    encoder.build({"a": (None, 5), "b": (None, 2)})

    experts = encoder.experts(x)
    q = encoder.fuse(experts)

    assert {*experts} == {"a", "b"}
    assert q.mean().shape == (4, 3)
    assert encoder(x).loc.shape == (4, 3)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: DenseEncoder(0), "latent_dim must be made of positive integers, got 0"),
        (lambda: DenseEncoder(2, hidden=(4, -1)), "hidden must be made of positive integers"),
        (lambda: ConvEncoder(2, widths=()), "widths must hold at least one"),
        (lambda: ConvEncoder(2, stem_strides=3), "stem_strides must be one of"),
        (lambda: LSTMEncoder(2, units=()), "units must hold at least one"),
        (lambda: LSTMEncoder(2, cell="rnn"), "cell"),
        (lambda: DenseLadderEncoder(2, lower_levels=-1), "lower_levels must be an integer"),
        (lambda: zoo.encoders.TransformerEncoder(2, pooling="max"), "pooling must be one of"),
        (lambda: DenseLadderEncoder(2, lower_levels=2**63), "lower_levels must be .* to 1000"),
        (lambda: DenseLadderEncoder(2, depth=1001), "depth must be at most 1000 layers"),
        (lambda: ConvEncoder(2, blocks=2**30), "blocks must be at most 1000 layers"),
        (lambda: zoo.encoders.TransformerEncoder(2, blocks=2**30), "blocks must be at most 1000"),
        (lambda: zoo.flows.CouplingFlow(steps=2**30), "steps must be at most 1000 layers"),
    ],
)
def test_bad_arguments_are_refused_by_name(build, message):
    with pytest.raises((TypeError, ValueError), match=message):
        build()


@pytest.mark.parametrize("shape", [(7, 8, 1), (8, 7, 1), (28, 28), (28,)])
def test_images_that_are_too_small_or_flat_are_refused(shape):
    with pytest.raises(ValueError, match="x must be images"):
        ConvEncoder(2, widths=(4,)).build((None, *shape))
