"""What every decoder promises: the shape and the kind of p(x|z)."""

import numpy as np
import pytest
import tensorflow as tf

import zoo
from tests.helpers import data, event_shape, small
from zoo import decoders
from zoo.core.serialization import ensure_built
from zoo.decoders import (
    ConvDecoder,
    Decoder,
    DenseDecoder,
    LSTMDecoder,
    MultimodalDecoder,
    SkipDenseDecoder,
)

CODES = tf.constant(np.random.default_rng(0).normal(size=(3, 2)), tf.float32)
SEED = tf.constant([1, 2])


def built(decoder, shape=(None, 2)):
    ensure_built(decoder, shape)
    return decoder


DENSE = {
    "vector": DenseDecoder((5,), hidden=(4,)),
    "image": DenseDecoder((4, 3, 2), hidden=(4,)),
    "skip": SkipDenseDecoder((4, 2), hidden=(4,), likelihood="series_normal"),
    "no hidden layer": DenseDecoder((5,), hidden=()),
    "two parameters": DenseDecoder((5,), hidden=(4,), likelihood="per_element_normal"),
    "classes": DenseDecoder((5,), hidden=(4,), likelihood=zoo.likelihoods.Categorical(3)),
    "levels": DenseDecoder((5,), hidden=(4,), likelihood="discretized_logistic"),
}
CONV = {
    "even": ConvDecoder((8, 8, 1), widths=(4, 8), blocks=1),
    "odd": ConvDecoder((9, 11, 3), widths=(4, 8), blocks=1),
    "three stages": ConvDecoder((16, 12, 1), widths=(4, 8, 8), blocks=1),
    "strided stem": ConvDecoder((16, 13, 1), widths=(4, 8), blocks=1, stem_strides=2),
    "dense layer": ConvDecoder((8, 8, 1), widths=(4, 8), blocks=2, hidden=6),
    "group": ConvDecoder((8, 8, 1), widths=(4, 8), blocks=1, normalization="group"),
    "no normalization": ConvDecoder((8, 8, 1), widths=(4, 8), blocks=1, normalization=None),
}
SERIES = {
    "one channel": LSTMDecoder((6,), units=(4,)),
    "channels": LSTMDecoder((6, 2), units=(4,)),
    "stacked": LSTMDecoder((6, 2), units=(4, 3)),
    "gru": LSTMDecoder((6, 2), units=(4,), cell="gru"),
    "no basis": LSTMDecoder((6, 2), units=(4,), basis=0),
    "positions": LSTMDecoder((6, 2), units=(4,), positions=3),
    "student": LSTMDecoder((6, 2), units=(4,), likelihood="series_student_t"),
    "autoregressive": LSTMDecoder((6, 2), units=(4,), likelihood="series_autoregressive"),
    "vector": LSTMDecoder((6, 2), units=(4,), likelihood="series_vector_autoregressive"),
    "scaled": LSTMDecoder((6, 2), units=(4,), likelihood="series_scaled_vector_autoregressive"),
    "per step": LSTMDecoder((6, 2), units=(4,), likelihood="series_per_step_normal"),
}
ALL = {
    **{f"dense, {name}": decoder for name, decoder in DENSE.items()},
    **{f"conv, {name}": decoder for name, decoder in CONV.items()},
    **{f"series, {name}": decoder for name, decoder in SERIES.items()},
}
each_decoder = pytest.mark.parametrize("decoder", ALL.values(), ids=ALL)
each_series = pytest.mark.parametrize("decoder", SERIES.values(), ids=SERIES)


@each_decoder
def test_p_of_x_has_the_event_shape(decoder):
    p = built(decoder)(CODES)

    assert p.mean().shape == (3, *decoder.event_shape)
    assert p.sample(seed=SEED).shape == (3, *decoder.event_shape)
    assert p.log_prob(p.mean()).shape == (3,)


@each_decoder
def test_equal_codes_give_equal_distributions(decoder):
    p = built(decoder)(tf.tile(CODES[:1], [2, 1]))

    first, second = np.asarray(p.mean())
    np.testing.assert_allclose(first, second, rtol=1e-6, atol=1e-7)


@each_decoder
def test_every_weight_gets_a_gradient_from_log_prob(decoder):
    decoder = built(decoder)
    rng = np.random.default_rng(0)
    for variable in decoder.trainable_variables:  # a branch that starts at zero passes nothing on
        variable.assign_add(0.1 * rng.standard_normal(variable.shape))

    with tf.GradientTape() as tape:
        p = decoder(CODES, training=True)
        loss = -tf.reduce_sum(p.log_prob(p.sample(seed=SEED)))
    gradients = tape.gradient(loss, [v.value for v in decoder.trainable_variables])

    for variable, gradient in zip(decoder.trainable_variables, gradients, strict=True):
        assert gradient is not None and np.isfinite(gradient).all(), variable.path


@pytest.mark.parametrize("decoder", [*DENSE.values(), *CONV.values()])
def test_events_of_one_shape_need_none(decoder):
    x = tf.zeros([3, *decoder.event_shape])

    assert decoder.free_event_shape == decoder.event_shape
    assert decoder.event_shape_of(x) is None
    np.testing.assert_array_equal(
        built(decoder).distribution(CODES).mean(), built(decoder)(CODES).mean()
    )


@each_series
def test_series_vary_in_length_alone(decoder):
    assert decoder.free_event_shape == (None, *decoder.event_shape[1:])
    assert decoder.event_shape_of(tf.zeros([3, 9, *decoder.event_shape[1:]]))[0] == 9


@each_series
@pytest.mark.parametrize("steps", [1, 6, 11])
def test_a_series_is_decoded_at_the_length_that_is_asked_for(decoder, steps):
    shape = (steps, *decoder.event_shape[1:])

    assert built(decoder).distribution(CODES, shape).mean().shape == (3, *shape)


@each_series
def test_a_longer_series_starts_like_a_shorter_one(decoder):
    short, long = (
        np.asarray(built(decoder)(CODES, event_shape=(steps, *decoder.event_shape[1:])).mean())
        for steps in (4, 9)
    )

    np.testing.assert_allclose(long[:, :4], short, rtol=1e-5, atol=1e-6)


def test_a_length_that_is_known_when_the_graph_runs():
    decoder = built(LSTMDecoder((6, 2), units=(4,)))

    @tf.function(input_signature=[tf.TensorSpec([None, None, 2])])
    def mean_like(x):
        return decoder.distribution(CODES, decoder.event_shape_of(x)).mean()

    assert mean_like(tf.zeros([3, 8, 2])).shape == (3, 8, 2)


def test_texts_have_a_length_of_their_own():
    decoder = small("transformer_vae").decoder

    assert decoder.own_length
    assert decoder.event_shape_of(tf.zeros([3, 5], tf.int32)) is None
    assert decoder.free_event_shape == (None,)
    assert decoder.distribution(CODES).sample(seed=SEED).shape == (3, 7)
    assert decoder.distribution(CODES, (4,)).sample(seed=SEED).shape == (3, 4)


def test_word_dropout_hides_tokens_in_training_alone():
    decoder = small("transformer_vae", word_dropout=0.5).decoder
    token_ids = tf.constant(data("transformer_vae", 40))

    hidden = np.asarray(decoder.drop_words(token_ids, training=True))

    np.testing.assert_array_equal(decoder.drop_words(token_ids), token_ids)
    changed = hidden != np.asarray(token_ids)
    assert (hidden[changed] == 1).all()
    assert 0.3 < changed[np.asarray(token_ids) > 1].mean() < 0.7
    assert (hidden[np.asarray(token_ids) == 0] == 0).all()


@pytest.fixture
def multimodal():
    decoders = {"a": DenseDecoder(hidden=(4,)), "b": LSTMDecoder(units=(4,))}
    return built(MultimodalDecoder({"a": (5,), "b": (6, 2)}, decoders=decoders))


def test_modalities_have_the_shapes_of_their_decoders(multimodal):
    p = multimodal(CODES)

    assert {name: mean.shape for name, mean in p.mean().items()} == {"a": (3, 5), "b": (3, 6, 2)}
    assert multimodal.free_event_shape == {"a": (5,), "b": (None, 2)}


def test_modalities_are_independent_given_z(multimodal):
    p = multimodal(CODES)
    x = {"a": tf.ones([3, 5]), "b": tf.zeros([3, 6, 2])}

    by_modality = p.log_prob_by_modality(x)

    np.testing.assert_allclose(p.log_prob(x), by_modality["a"] + by_modality["b"], rtol=1e-6)
    np.testing.assert_allclose(by_modality["a"], multimodal.decoders["a"](CODES).log_prob(x["a"]))


def test_a_missing_modality_adds_nothing(multimodal):
    x = {"a": tf.ones([3, 5]), "b": tf.zeros([3, 6, 2])}
    present = tf.constant([[True, True], [True, False], [False, True]])

    by_modality = multimodal(CODES).log_prob_by_modality({**x, "present": present})

    assert (np.asarray(by_modality["a"]) == 0).tolist() == [False, False, True]
    assert (np.asarray(by_modality["b"]) == 0).tolist() == [False, True, False]


def test_modalities_are_drawn_with_seeds_of_their_own():
    parts = {name: DenseDecoder(hidden=(4,), likelihood="normal") for name in ("a", "b")}
    decoder = built(MultimodalDecoder({"a": (5,), "b": (5,)}, decoders=parts))
    p = decoder(CODES)

    noise = {name: value - p.mean()[name] for name, value in p.sample(seed=SEED).items()}

    assert abs(np.asarray(noise["a"]) - np.asarray(noise["b"])).min() > 0


def test_a_decoder_of_a_users_own_follows_the_contract():
    class Constant(Decoder):
        """The same mean for every code."""

        def __init__(self, event_shape=None, **kwargs):
            super().__init__(**kwargs)
            self.event_shape = event_shape
            self.likelihood = zoo.likelihoods.Normal(0.5)

        def build(self, input_shape):
            ensure_built(self.likelihood, (None, *self.event_shape))

        def call(self, code, training=None):
            del training
            return self.likelihood(tf.zeros([tf.shape(code)[0], *self.event_shape]))

    encoder = zoo.encoders.DenseEncoder(2, hidden=(4,))
    vae = zoo.VAE(zoo.SingleLatent(encoder), Constant(), seed=0)
    x = np.zeros((4, 3), "float32")

    assert vae.reconstruct(x).shape == (4, 3)
    assert vae.decoder.event_shape == (3,)
    assert vae.sample(400, seed=0).std() == pytest.approx(0.5, rel=0.1)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: DenseDecoder(hidden=(4, 0)), "hidden must be made of positive integers"),
        (lambda: ConvDecoder(widths=()), "widths must hold at least one"),
        (lambda: ConvDecoder(stem_strides=3), "stem_strides must be one of"),
        (lambda: LSTMDecoder(units=()), "units must hold at least one"),
        (lambda: LSTMDecoder(positions=-1), "positions must be an integer of at least 0, got -1"),
        (lambda: LSTMDecoder(basis=2.5), "basis must be an integer of at least 0, got 2.5"),
        (lambda: LSTMDecoder(cell="rnn"), "cell"),
        (lambda: DenseDecoder(likelihood="bernouli"), "did you mean 'bernoulli'"),
        (lambda: decoders.TextDecoder(likelihood="normal"), "zoo.likelihoods.Text"),
    ],
)
def test_bad_arguments_are_refused_by_name(build, message):
    with pytest.raises((TypeError, ValueError), match=message):
        build()


def test_a_map_of_another_shape_than_the_first_stage_is_refused():
    decoder = ConvDecoder((8, 8, 1), widths=(4, 8), blocks=1)

    with pytest.raises(ValueError, match=r"must be a map of shape \(4, 4, 8\)"):
        decoder.build((None, 3, 3, 8))


@pytest.mark.parametrize("name", zoo.available())
def test_the_decoder_of_a_variant_takes_its_event_shape_from_the_first_batch(name):
    vae = small(name, built=False)
    vae.encode(data(name))

    shape = vae.decoder.event_shape
    assert shape == event_shape(name) or {*shape} == {*event_shape(name)}
