"""Texts: their probability, how they are written, strings in and strings out."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

import zoo
from tests.helpers import (
    WORDS,
    assert_same,
    data,
    optimizer,
    run_python,
    small,
    start_python,
    values,
)
from zoo import halves, nats, tracing
from zoo.causal import CausalLSTM
from zoo.choosing import greedy, nucleus
from zoo.decoders import DenseDecoder, TextDecoder
from zoo.likelihoods import Text, softmax
from zoo.sampling import CommonSampler, MeanSampler

LENGTH = 7
X = data("transformer_vae", 8)[:, :5]  # some end within, some do not
CODES = np.random.default_rng(3).standard_normal((8, 2)).astype("float32")
TEXTS = ("The cat sat, on a mat!", "A dog ran (fast).", "", "the dog sat", "Élan and cat and élan")
DECODERS = {
    "transformer": lambda: "transformer",
    "lstm": lambda: "lstm",
    "gru": lambda: CausalLSTM((6, 5), "gru"),
}
each_decoder = pytest.mark.parametrize("vae", DECODERS, indirect=True)


def shaken(vae, seed=0):
    """The model with distributions that are far from uniform."""
    rng = np.random.default_rng(seed)
    for weight in vae.trainable_variables:
        weight.assign_add(0.3 * rng.standard_normal(weight.shape))
    return vae


def text_vae(decoder="transformer", **options):
    """A tiny model of word numbers in which nothing is dropped, unless told."""
    options = {"dropout": 0.0, "word_dropout": 0.0, **options}
    return shaken(small("transformer_vae", decoder=DECODERS[decoder](), **options))


def string_vae(likelihood=None, **options):
    """A tiny model that has not seen any text."""
    likelihood = Text(40, LENGTH, width=8) if likelihood is None else likelihood
    options = {"built": False, "dropout": 0.0, "word_dropout": 0.0, **options}
    vae = small("transformer_vae", likelihood=likelihood, **options)
    vae.compile(optimizer(), run_eagerly=True)
    return vae


@pytest.fixture(scope="module")
def vae(request):
    """One for each decoder; not to be trained."""
    return text_vae(getattr(request, "param", "transformer"))


def padded(x, length):
    return np.pad(x, [(0, 0), (0, length - x.shape[1])])


def log_probs(vae, x, codes=CODES):
    return np.asarray(vae.decode(codes).log_prob_per_word(tf.constant(x)))


def elbo(vae, x):
    """As `VAE.elbo`, with nothing compiled."""
    return vae.scores(tf.constant(x), CommonSampler())["elbo"]


def first_word(vae, codes):
    """p(x_1 | z) of each number, from the probabilities of texts of one word: `[B, V]`."""
    found = [log_probs(vae, np.full((len(codes), 1), v), codes)[:, 0] for v in range(WORDS)]
    return np.exp(np.stack(found, 1).astype("float64"))


def can_be_written(p):
    """Probabilities given that the next word is not the unknown one."""
    p = np.array(p)
    p[..., 1] = 0
    return p / p.sum(-1, keepdims=True)


def assert_frequencies(counts, p):
    """Counts of n draws are within five standard deviations of n p."""
    n = counts.sum()
    assert (counts[p == 0] == 0).all()
    assert (np.abs(counts / n - p) <= 5 * np.sqrt(p * (1 - p) / n) + 1 / n).all(), (counts / n, p)


# Probability


@each_decoder
def test_probability_is_that_of_each_word_given_those_before(vae):
    decoder, text = vae.decoder, vae.decoder.likelihood
    table = np.asarray(text.table, "float64")
    memory, word = decoder.body.memory(8, LENGTH), np.zeros(8, int)
    shift = decoder.shift(CODES)
    expected, going = np.zeros((8, 6)), np.ones(8, bool)
    for t in range(6):
        h, memory = decoder.body.step(text.embed(word) + shift, memory, tf.constant(t))
        logits = np.asarray(h, "float64") @ table.T
        log_p = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
        word = X[:, t] if t < 5 else np.zeros(8, int)
        expected[:, t] = np.where(going, log_p[np.arange(8), word], 0)
        going &= word != 0

    np.testing.assert_allclose(log_probs(vae, X), expected, rtol=1e-4, atol=1e-5)
    total = vae.decode(CODES).log_prob(X)
    np.testing.assert_allclose(total, expected.sum(-1), rtol=1e-4, atol=1e-5)


@each_decoder
@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_probabilities_of_all_texts_sum_to_one(n, vae):
    small_vocabulary = Text(4, LENGTH, width=8)
    body = DECODERS["gru"]() if isinstance(vae.decoder.body, CausalLSTM) else "transformer"
    options = {"decoder": body, "likelihood": small_vocabulary, "word_dropout": 0.0}
    model = shaken(small("transformer_vae", dropout=0.0, **options))
    texts = [t for k in range(n + 1) for t in itertools.product((1, 2, 3), repeat=k)]
    x = np.array([[*t, *[0] * (3 - len(t))] for t in texts])
    going = np.array([len(t) == n for t in texts])

    found = log_probs(model, x, np.tile(CODES[:1], (len(x), 1))).astype("float64")

    ended = np.exp(found.sum(-1))[~going].sum()
    still_going = np.exp(found[:, :n].sum(-1))[going].sum()
    assert ended + still_going == pytest.approx(1, abs=1e-5)


@each_decoder
@pytest.mark.parametrize("t", [1, 4])
def test_a_word_changes_no_probability_before_it(vae, t):
    x = np.random.default_rng(0).integers(2, WORDS, (8, 5))
    other = x.copy()
    other[:, t] = 2 + (x[:, t] - 1) % (WORDS - 2)

    a, b = log_probs(vae, x), log_probs(vae, other)

    np.testing.assert_allclose(a[:, :t], b[:, :t], atol=1e-6)
    assert (np.abs(a[:, t:] - b[:, t:]).max(0) > 1e-3).all()


@each_decoder
def test_a_code_changes_every_probability(vae):
    change = np.abs(log_probs(vae, X) - log_probs(vae, X, CODES + 1.0))

    assert (change.max(0) > 1e-3).all()


def test_probability_per_word_ends_with_the_end(vae):
    found = log_probs(vae, np.array([[3, 4, 0], [0, 0, 0], [5, 6, 7]]), CODES[:3])

    assert found.shape == (3, 4)
    np.testing.assert_array_equal(found < 0, [[1, 1, 1, 0], [1, 0, 0, 0], [1, 1, 1, 1]])


# Padding


def loss_and_gradients(vae, x):
    with tf.GradientTape() as tape:
        out = vae.run(tf.constant(x), MeanSampler())
        loss = tf.reduce_mean(nats.nll(out) + nats.total_kl(out))
    return [loss, *tape.gradient(loss, [v.value for v in vae.trainable_variables])]


@each_decoder
def test_padding_never_changes_a_result(vae):
    longer = padded(X, LENGTH)

    a, b = vae.posterior(tf.constant(X)), vae.posterior(tf.constant(longer))
    np.testing.assert_allclose(a.loc, b.loc, atol=1e-5)
    np.testing.assert_allclose(a.scale, b.scale, atol=1e-5)
    np.testing.assert_allclose(log_probs(vae, X), log_probs(vae, longer)[:, :6], atol=1e-5)
    assert np.abs(log_probs(vae, longer)[:, 6:]).max() == 0
    np.testing.assert_allclose(elbo(vae, X), elbo(vae, longer), rtol=1e-5)


@each_decoder
def test_padding_never_changes_a_gradient(vae):
    short, long = loss_and_gradients(vae, X), loss_and_gradients(vae, padded(X, LENGTH))

    for p, q in zip(short, long, strict=True):
        assert np.isfinite(p).all()
        np.testing.assert_allclose(tf.convert_to_tensor(p), q, rtol=1e-3, atol=1e-5)


@each_decoder
def test_other_texts_change_nothing(vae):
    mates = data("transformer_vae", 8, seed=7)
    mates[3] = padded(X, LENGTH)[3]

    alone, among_others = vae.posterior(tf.constant(X[3:4])), vae.posterior(tf.constant(mates))
    np.testing.assert_allclose(among_others.loc[3:4], alone.loc, atol=1e-5)
    np.testing.assert_allclose(among_others.scale[3:4], alone.scale, atol=1e-5)
    expected = log_probs(vae, X[3:4], CODES[3:4])
    np.testing.assert_allclose(log_probs(vae, mates)[3:4, :6], expected, atol=1e-5)
    np.testing.assert_allclose(elbo(vae, mates)[3:4], elbo(vae, X[3:4]), rtol=1e-5)


def test_texts_without_words_have_a_result_and_finite_gradients(vae):
    x = np.zeros((3, 4), "int32")

    assert np.isfinite(elbo(vae, x)).all()
    assert all(np.isfinite(tf.convert_to_tensor(g)).all() for g in loss_and_gradients(vae, x))


# The cross entropy in tiles


@tf.function(autograph=False, reduce_retracing=True)
def in_a_graph(plain, h, table, targets):
    weights = tf.cast(tf.range(tf.shape(h)[0]) % 7 + 1, tf.float32)
    with tf.GradientTape() as tape, tracing.graph(plain=plain):
        tape.watch([h, table])
        found = softmax.cross_entropy(h, table, targets)
        loss = tf.reduce_sum(found * weights)
    return [found, *tape.gradient(loss, [h, table])]


def head(count, scale=1.0):
    rng = np.random.default_rng(count)
    h, table = (rng.standard_normal(s).astype("float32") for s in ((count, 5), (9, 5)))
    return h * scale, table, rng.integers(0, 9, count).astype("int32")


def by_hand(h, table, targets):
    """Values and gradients in float64, from the formulas."""
    weights = np.arange(len(h)) % 7 + 1.0
    logits = h.astype("float64") @ table.T
    logits -= logits.max(-1, keepdims=True, initial=-np.inf)
    p = np.exp(logits)
    p /= p.sum(-1, keepdims=True)
    error = (p - np.eye(9)[targets]) * weights[:, None]
    found = -(logits - np.log(np.exp(logits).sum(-1, keepdims=True)))[np.arange(len(h)), targets]
    return found, error @ table, error.T @ h


@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize("count", [0, 1, 255, 256, 257, 700])
def test_cross_entropy_equals_its_formula_with_all_gradients(count, plain):
    arguments = head(count)

    got = in_a_graph(plain, *map(tf.constant, arguments))

    for a, b in zip(got, by_hand(*arguments), strict=True):
        assert a.shape == b.shape
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4)


def test_cross_entropy_of_large_logits_is_finite():
    arguments = head(300, scale=1e4)

    got = in_a_graph(True, *map(tf.constant, arguments))

    for a, b in zip(got, by_hand(*arguments), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1.0)


def test_tiles_are_for_plain_graphs_alone(monkeypatch):
    monkeypatch.setattr(softmax, "tiled", lambda *_: "tiled")
    monkeypatch.setattr(softmax, "plain", lambda *_: "plain")

    assert softmax.cross_entropy(*head(3)) == "plain"
    with tracing.graph(plain=True):
        assert softmax.cross_entropy(*head(3)) == "tiled"
        with tracing.graph(plain=False):
            assert softmax.cross_entropy(*head(3)) == "plain"
        assert softmax.cross_entropy(*head(3)) == "tiled"
    assert softmax.cross_entropy(*head(3)) == "plain"


def test_whether_a_graph_is_plain_is_forgotten_after_an_error():
    with pytest.raises(KeyError), tracing.graph(plain=True):
        raise KeyError

    assert not tracing.is_plain_graph()


@pytest.mark.parametrize(
    "least, dropped", [(1000, {"word_dropout": 0.3, "dropout": 0.1}), (16, {})]
)
def test_training_in_tiles_and_halves_gives_the_weights_of_plain_eager_training(
    monkeypatch, least, dropped
):
    x = data("transformer_vae", 120)
    assert (x > 0).sum() > 2 * softmax.ROWS
    monkeypatch.setattr(halves, "LEAST", least)  # each half draws for itself what it drops
    vaes, tiles = [text_vae(**dropped) for _ in "ab"], []
    tiled = softmax.tiled
    monkeypatch.setattr(softmax, "tiled", lambda *args: tiles.append(1) or tiled(*args))
    vaes[0].compile(optimizer(), jit_compile=False)
    vaes[0].fit(x, batch_size=60, epochs=2, verbose=0)
    assert tiles

    monkeypatch.setattr(softmax, "tiled", softmax.plain)
    vaes[1].compile(optimizer(), run_eagerly=True)
    vaes[1].fit(x, batch_size=60, epochs=2, verbose=0)

    trained = (values(vae.trainable_variables) for vae in vaes)
    assert_same(*trained, rtol=1e-3, atol=1e-4)


def test_a_batch_is_halved_where_it_is_even_and_large_enough_and_that_is_wanted():
    def sizes(rows, **options):
        seen = []
        x = tf.reshape(tf.range(2 * rows), [rows, 2])
        doubled = halves.by_halves(lambda a, b: seen.append(len(a)) or a + b, x, x, **options)
        np.testing.assert_array_equal(doubled, 2 * x)
        return seen

    assert sizes(2 * halves.LEAST) == [halves.LEAST, halves.LEAST]
    assert sizes(2 * halves.LEAST - 2) == [2 * halves.LEAST - 2]
    assert sizes(2 * halves.LEAST + 1) == [2 * halves.LEAST + 1]
    assert sizes(2 * halves.LEAST, when=False) == [2 * halves.LEAST]


def test_a_half_is_not_halved_again():
    seen = []

    def inner(x):
        return halves.by_halves(lambda y: seen.append(len(y)) or y, x)

    x = tf.range(4 * halves.LEAST)
    np.testing.assert_array_equal(halves.by_halves(inner, x), x)
    assert seen == [2 * halves.LEAST, 2 * halves.LEAST]
    inner(x)
    assert seen[2:] == [2 * halves.LEAST, 2 * halves.LEAST]


# Choosing a word

LOGITS = np.log([0.02, 0.1, 0.4, 0.03, 0.3, 0.15]).astype("float32")


def chosen(n=20_000, logits=LOGITS, seed=5, t=0, **options):
    """How often each word is chosen of n times."""
    choose = nucleus(tf.constant([seed, 0]), **options)
    words = choose(tf.constant(np.tile(logits, (n, 1))), tf.constant(t))
    return np.bincount(words, minlength=len(logits))


def test_greedy_takes_the_most_probable_word():
    logits = np.random.default_rng(0).standard_normal((50, 6)).astype("float32")

    found = greedy(tf.constant(logits), 0)

    assert found.dtype == tf.int32
    np.testing.assert_array_equal(found, logits.argmax(-1))


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_words_are_drawn_with_the_probabilities_of_a_softmax(temperature):
    p = np.exp(LOGITS.astype("float64") / temperature)

    assert_frequencies(chosen(temperature=temperature), p / p.sum())


@pytest.mark.parametrize(
    ("top_p", "kept"),
    [
        (1e-9, [2]),
        (0.39, [2]),
        (0.41, [2, 4]),
        (0.69, [2, 4]),
        (0.71, [2, 4, 5]),
        (0.94, [1, 2, 4, 5]),
        (0.97, [1, 2, 3, 4, 5]),
        (0.99, [0, 1, 2, 3, 4, 5]),
        (1.0, [0, 1, 2, 3, 4, 5]),
    ],
)
def test_words_are_drawn_from_the_nucleus_in_proportion(top_p, kept):
    p = np.zeros(6)
    p[kept] = np.exp(LOGITS[kept])

    assert_frequencies(chosen(top_p=top_p), p / p.sum())


def test_the_nucleus_is_that_of_the_distribution_at_the_temperature():
    p = np.zeros(6)  # at 0.5 the shares are 0.57, 0.32, 0.08, ...
    p[[2, 4]] = np.exp(2 * LOGITS[[2, 4]])

    assert_frequencies(chosen(top_p=0.8, temperature=0.5), p / p.sum())


@pytest.mark.parametrize("top_p", [0.5, 0.9999999, 1.0])
def test_a_word_of_probability_zero_is_never_drawn(top_p):
    logits = LOGITS.copy()
    logits[[0, 5]] = -np.inf

    assert chosen(logits=logits, top_p=top_p)[[0, 5]].sum() == 0


def test_draws_are_those_of_the_seed_and_the_position():
    def draws(seed, t):
        choose = nucleus(tf.constant([seed, 0]))
        return np.asarray(choose(tf.constant(np.tile(LOGITS, (100, 1))), tf.constant(t)))

    np.testing.assert_array_equal(draws(1, 3), draws(1, 3))
    assert (draws(1, 3) != draws(2, 3)).any()
    assert (draws(1, 3) != draws(1, 4)).any()


@pytest.mark.parametrize("temperature", [1e-3, 1e-30])
def test_the_smallest_temperatures_take_the_most_probable_word(temperature):
    assert chosen(100, LOGITS - 5, temperature=temperature)[2] == 100


@pytest.mark.parametrize("temperature", [0, 1e-38, -1.0, float("nan")])
def test_a_temperature_that_float32_cannot_divide_by_is_an_error(vae, temperature):
    with pytest.raises(ValueError, match="temperature must be at least 1e-30, got"):
        vae.decode(CODES).sample(seed=1, temperature=temperature)


@pytest.mark.parametrize("top_p", [0, -0.1, 1.5, float("nan")])
def test_a_top_p_that_is_no_probability_is_an_error(vae, top_p):
    with pytest.raises(ValueError, match=r"top_p must be a probability in \(0, 1\], got"):
        vae.decode(CODES).sample(seed=1, top_p=top_p)


# Writing


def after_the_end(x):
    """What stands after the first 0 of each row."""
    return np.where(np.cumsum(x == 0, -1) > 0, x, 0)


@each_decoder
def test_mode_is_the_most_probable_word_each_time(vae):
    x = np.zeros((8, 0), int)
    for _ in range(LENGTH):
        each = [np.c_[x, np.full(8, v)] for v in (0, *range(2, WORDS))]  # never the unknown word
        found = log_probs(vae, np.concatenate(each), np.tile(CODES, (10, 1)))[:, x.shape[1]]
        best = found.reshape(10, 8).argmax(0)
        x = np.c_[x, np.where((x > 0).all(-1), best + (best > 0), 0)]

    np.testing.assert_array_equal(vae.decode(CODES).mode(), x)
    np.testing.assert_array_equal(vae.decode(CODES).mean(), x)


@each_decoder
@pytest.mark.parametrize("options", [{"temperature": 1e-4}, {"top_p": 1e-6}])
def test_sharp_samples_are_the_mode(vae, options):
    p = vae.decode(CODES)

    np.testing.assert_array_equal(p.sample(seed=1, **options), p.mode())


@each_decoder
def test_first_words_are_drawn_with_their_probability(vae):
    n = 20_000
    p = can_be_written(first_word(vae, CODES[:1])[0])

    words = vae.decode(np.tile(CODES[:1], (n, 1)), event_shape=(1,)).sample(seed=3)

    assert words.shape == (n, 1)
    assert_frequencies(np.bincount(words[:, 0], minlength=WORDS), p)


@each_decoder
def test_pairs_of_words_are_drawn_with_their_probability(vae):
    n, code = 20_000, np.tile(CODES[:1], (WORDS, 1))
    first = can_be_written(first_word(vae, CODES[:1])[0])
    second = np.zeros((WORDS, WORDS))
    for v in range(WORDS):
        x = np.stack([np.full(WORDS, v), np.arange(WORDS)], 1)
        second[v] = np.exp(log_probs(vae, x, code)[:, 1].astype("float64"))
    p = first[:, None] * can_be_written(second)
    p[0] = 0
    p[0, 0] = first[0]

    x = np.asarray(vae.decode(np.tile(CODES[:1], (n, 1)), event_shape=(2,)).sample(seed=4))

    counts = np.bincount(x[:, 0] * WORDS + x[:, 1], minlength=WORDS**2)
    assert_frequencies(counts, p.ravel())


@each_decoder
def test_nothing_is_written_after_the_end(vae):
    x = np.asarray(vae.decode(np.tile(CODES, (50, 1))).sample(seed=1))
    lengths = (x > 0).sum(-1)

    assert after_the_end(x).max() == 0
    assert lengths.min() < 2
    assert lengths.max() == LENGTH


def prefer(vae, logits):
    """Make the logits of each next word these, whatever was read."""
    norm, text = vae.decoder.body.norm, vae.decoder.likelihood
    norm.gamma.assign(np.zeros(text.width))
    norm.beta.assign(np.eye(text.width)[0])
    text.table.assign(logits[:, None] * np.eye(text.width)[:1])


def test_each_text_ends_on_its_own():
    vae = text_vae()
    prefer(vae, np.eye(WORDS)[0] * 50)

    assert np.abs(vae.decode(CODES).sample(seed=1)).max() == 0


def test_a_seed_reproduces_and_another_differs(vae):
    p = vae.decode(CODES)

    np.testing.assert_array_equal(p.sample(seed=1), p.sample(seed=1))
    np.testing.assert_array_equal(p.sample(seed=1), p.sample(seed=tf.constant([1, 0])))
    assert (p.sample(seed=1) != p.sample(seed=2)).numpy().any()
    assert (p.sample() != p.sample()).numpy().any()


def test_a_seed_may_be_numpys_integer(vae):
    p = vae.decode(CODES)

    np.testing.assert_array_equal(p.sample(seed=np.int64(1)), p.sample(seed=1))


@pytest.mark.parametrize("options", [{}, {"temperature": 50.0}, {"top_p": 0.9}])
def test_neither_the_unknown_word_nor_numbers_beyond_the_vocabulary_are_written(options):
    vae = string_vae(built=True)
    vae.adapt(TEXTS)
    text = vae.decoder.likelihood
    assert text.size < text.vocabulary_size == 40
    wanted = np.full(40, 30.0)  # what may not be written is what is wanted
    wanted[[0, *range(2, text.size)]] = [0.0, *[1.0] * (text.size - 2)]
    prefer(vae, wanted)
    p = vae.decode(np.tile(CODES, (20, 1)))

    for x in (np.asarray(p.sample(seed=1, **options)), np.asarray(p.mode())):
        assert x.max() < text.size
        assert (x != 1).all()
        assert x.max() > 1


@pytest.mark.parametrize("length", [1, 3, 12])
def test_texts_of_any_length_can_be_asked_for(vae, length):
    assert vae.generate(3, seed=1, event_shape=(length,)).shape == (3, length)


@pytest.mark.parametrize("decoder", ["transformer", "lstm"])
def test_a_graph_writes_the_same(decoder):
    vae = text_vae(decoder)
    write = tf.function(lambda z: (vae.decode(z).mode(), vae.decode(z).sample(seed=1)))

    mode, sample = write(tf.constant(CODES))

    np.testing.assert_array_equal(mode, vae.decode(CODES).mode())
    np.testing.assert_array_equal(sample, vae.decode(CODES).sample(seed=1))


@pytest.mark.parametrize("decoder", DECODERS)
def test_mixed_bfloat16_writes_too(decoder):
    keras.config.set_dtype_policy("mixed_bfloat16")
    vae = text_vae(decoder)

    x = vae.generate(4, seed=1)

    assert x.shape == (4, LENGTH)
    assert after_the_end(x).max() == 0
    assert x.max() < WORDS


# Word dropout


def read_by_the_body(vae, x, training, monkeypatch):
    """The words that the decoder embeds."""
    text, read = vae.decoder.likelihood, []
    embed = text.embed
    monkeypatch.setattr(text, "embed", lambda words: read.append(np.asarray(words)) or embed(words))
    p = vae.decoder(tf.zeros([len(x), 2]), event_shape=x.shape[1:], training=training)
    found = p.log_prob_per_word(tf.constant(x))
    (words,) = read
    return words, np.asarray(found)


def test_words_are_hidden_from_the_decoder_while_training(monkeypatch):
    vae, x = text_vae(word_dropout=0.3), np.full((400, 6), 5)

    words, _ = read_by_the_body(vae, x, True, monkeypatch)

    words = words.reshape(400, 7)
    assert (words[:, 0] == 0).all()  # the start is never hidden
    hidden = words[:, 1:] == 1
    assert (hidden | (words[:, 1:] == 5)).all()
    assert abs(hidden.mean() - 0.3) < 5 * np.sqrt(0.21 / hidden.size)
    assert hidden.any(0).all()


def test_no_word_is_hidden_outside_of_training(monkeypatch):
    vae, x = text_vae(word_dropout=0.9), np.full((50, 6), 5)

    words, _ = read_by_the_body(vae, x, False, monkeypatch)

    np.testing.assert_array_equal(words.reshape(50, 7), [[0, 5, 5, 5, 5, 5, 5]] * 50)


def test_hidden_words_still_have_to_be_told(monkeypatch):
    vae, x = text_vae(word_dropout=0.99), np.tile([5, 7, 9, 3], (30, 1))

    words, found = read_by_the_body(vae, x, True, monkeypatch)

    unknown = np.ones_like(x)
    blind = vae.decode(np.zeros((30, 2)))
    rows = (words.reshape(30, 5)[:, 1:] == 1).all(-1)
    assert rows.sum() > 5
    told = []
    for t in range(4):
        prefix = np.c_[unknown[:, :t], x[:, t]]
        told.append(blind.log_prob_per_word(prefix)[:, t])
    np.testing.assert_allclose(found[rows][:, :4], np.stack(told, 1)[rows], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("decoder", DECODERS)
def test_results_outside_of_training_know_no_dropout(decoder):
    plain, dropped = text_vae(decoder), text_vae(decoder, dropout=0.5, word_dropout=0.5)
    for a, b in zip(plain.trainable_variables, dropped.trainable_variables, strict=True):
        b.assign(a)

    a, b = (vae(tf.constant(X), training=False) for vae in (plain, dropped))
    np.testing.assert_array_equal(a.draws[0].posterior.loc, b.draws[0].posterior.loc)
    np.testing.assert_array_equal(a.likelihood.log_prob(X), b.likelihood.log_prob(X))
    np.testing.assert_array_equal(log_probs(plain, X), log_probs(dropped, X))
    np.testing.assert_array_equal(plain.decode(CODES).mode(), dropped.decode(CODES).mode())


@pytest.mark.parametrize("decoder", ["transformer", "lstm"])
def test_training_resumed_from_a_file_drops_what_uninterrupted_training_drops(decoder, tmp_path):
    def new():
        vae = text_vae(decoder, dropout=0.3, word_dropout=0.3)
        vae.compile(optimizer(), run_eagerly=True)
        return vae

    whole, half = new(), new()
    whole.fit(X, epochs=2, verbose=0)
    half.fit(X, epochs=1, verbose=0)
    half.save(tmp_path / "half.keras")
    keras.utils.set_random_seed(99)
    resumed = keras.models.load_model(tmp_path / "half.keras")

    resumed.fit(X, initial_epoch=1, epochs=2, verbose=0)

    assert_same(values(resumed.variables), values(whole.variables))


@pytest.mark.parametrize("option", ["dropout", "word_dropout"])
@pytest.mark.parametrize("decoder", DECODERS)
def test_each_dropout_reaches_training(decoder, option):
    vae = text_vae(decoder, **{option: 0.5})

    def log_prob():
        return vae.run(tf.constant(X), MeanSampler(), True).likelihood.log_prob(X)

    assert np.abs(log_prob() - log_prob()).max() > 1e-4


# Strings in, strings out


@pytest.fixture(scope="module")
def writer():
    """A model that knows five texts by heart."""
    vae = zoo.get(
        "transformer_vae",
        likelihood=Text(40, LENGTH + 1, width=16),
        **dict(latent_dim=6, blocks=1, heads=2, hidden=32, dropout=0.0, word_dropout=0.3, seed=1),
        beta=0.01,
    )
    vae.compile(zoo.FusedAdam(1e-2), jit_compile=False)
    vae.fit(np.array(TEXTS, object), epochs=200, verbose=0)
    return vae


def test_a_trained_model_writes_back_the_texts_that_it_knows(writer):
    assert writer.reconstruct(TEXTS).tolist() == [text.lower() for text in TEXTS]


def test_strings_come_out_where_strings_went_in(writer):
    found = {
        "reconstruct": writer.reconstruct(TEXTS),
        "draws": writer.reconstruct(TEXTS, samples=2),
        "generate": writer.generate(3, seed=1),
        "interpolate": writer.interpolate(TEXTS[:2], TEXTS[3:], steps=4),
        "traverse": writer.traverse(TEXTS[0], dimensions=[1], steps=3),
        "predict": writer.predict(np.array(TEXTS, object), verbose=0)["reconstruction"],
    }

    shapes = {key: value.shape for key, value in found.items()}
    assert shapes == {
        "reconstruct": (5,),
        "draws": (2, 5),
        "generate": (3,),
        "interpolate": (2, 4),
        "traverse": (1, 3),
        "predict": (5,),
    }
    for texts in found.values():
        assert all(type(text) is str for text in texts.flat)


def test_interpolation_begins_and_ends_with_the_texts(writer):
    path = writer.interpolate(TEXTS[:2], TEXTS[3:], steps=4)

    np.testing.assert_array_equal(path[:, 0], writer.reconstruct(TEXTS[:2]))
    np.testing.assert_array_equal(path[:, -1], writer.reconstruct(TEXTS[3:]))


def test_strings_and_their_numbers_are_the_same(writer):
    numbers = writer.decoder.likelihood.words.read(tf.constant(TEXTS)).numpy()

    np.testing.assert_array_equal(writer.encode(TEXTS).loc, writer.encode(numbers).loc)
    np.testing.assert_array_equal(writer.elbo(TEXTS), writer.elbo(numbers))


def test_standardization_and_the_longest_length_are_part_of_the_model(writer):
    loud, cut = "THE CAT SAT , ON A MAT !", "the cat sat, on a mat! and so on"

    q = writer.encode([TEXTS[0], loud, cut])

    np.testing.assert_array_equal(q.loc[0], q.loc[1])
    np.testing.assert_array_equal(q.loc[0], q.loc[2])


def test_a_keras_file_holds_the_vocabulary(writer, tmp_path):
    writer.save(tmp_path / "vae.keras")

    loaded = keras.models.load_model(tmp_path / "vae.keras")

    assert loaded.decoder.likelihood.vocabulary == writer.decoder.likelihood.vocabulary
    np.testing.assert_array_equal(loaded.encode(TEXTS).loc, writer.encode(TEXTS).loc)
    np.testing.assert_array_equal(loaded.elbo(TEXTS), writer.elbo(TEXTS))
    assert loaded.reconstruct(TEXTS).tolist() == [text.lower() for text in TEXTS]


def test_a_keras_file_of_a_model_that_was_built_before_it_saw_words(tmp_path):
    vae = string_vae(built=True)
    vae.fit(TEXTS, verbose=0)
    vae.save(tmp_path / "vae.keras")

    loaded = keras.models.load_model(tmp_path / "vae.keras")

    np.testing.assert_array_equal(loaded.encode(TEXTS).loc, vae.encode(TEXTS).loc)
    np.testing.assert_array_equal(loaded.reconstruct(TEXTS), vae.reconstruct(TEXTS))


def test_a_saved_model_takes_and_gives_strings_with_tensorflow_alone(writer, tmp_path):
    writer.export(tmp_path / "served")
    z = np.random.default_rng(0).standard_normal((3, 6)).astype("float32")
    np.savez(tmp_path / "given.npz", x=np.array(TEXTS), z=z)
    code = """
        import sys

        class Without:
            def __init__(self, finder):
                self.finder = finder

            def find_spec(self, name, path=None, target=None):
                if name.split(".")[0] in ("zoo", "keras", "tf_keras", "tensorflow_probability"):
                    return None
                return self.finder.find_spec(name, path, target)

        sys.meta_path[:] = [Without(finder) for finder in sys.meta_path]
        import numpy as np
        import tensorflow as tf

        folder, given, result = sys.argv[1:]
        signatures = tf.saved_model.load(folder).signatures
        given = np.load(given)
        x, z = tf.constant(given["x"]), tf.constant(given["z"])

        def strings(found):
            return np.array([text.decode() for text in found["mean"].numpy()])

        np.savez(
            result,
            loc=signatures["encode"](x=x)["loc"].numpy(),
            one=signatures["encode"](x=x[:1])["loc"].numpy(),
            elbo=signatures["score"](x=x)["elbo"].numpy(),
            reconstruct=strings(signatures["reconstruct"](x=x)),
            decode=strings(signatures["decode"](z=z)),
            generate=strings(signatures["generate"](n=tf.constant(4), seed=tf.constant([1, 0]))),
        )
        assert "keras" not in sys.modules
    """

    run_python(code, tmp_path / "served", tmp_path / "given.npz", tmp_path / "result.npz")

    got, q = np.load(tmp_path / "result.npz"), writer.encode(TEXTS)
    np.testing.assert_allclose(got["loc"], q.loc, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(got["one"], q.loc[:1], rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(got["elbo"], writer.elbo(TEXTS), rtol=1e-4)
    assert got["reconstruct"].tolist() == [text.lower() for text in TEXTS]
    written = writer.decoder.likelihood.present(writer.decode(z).mean())
    np.testing.assert_array_equal(got["decode"], written)
    assert got["generate"].shape == (4,)


KINDS = {
    "list": list,
    "tuple": tuple,
    "object array": lambda texts: np.array(texts, object),
    "unicode array": np.array,
    "bytes": lambda texts: [text.encode() for text in texts],
    "tensor": tf.constant,
    "dataset": lambda texts: tf.data.Dataset.from_tensor_slices(list(texts)).batch(2),
}


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_every_kind_of_strings_encodes_the_same(writer, kind):
    given = kind(TEXTS)

    np.testing.assert_allclose(writer.encode(given).loc, writer.encode(list(TEXTS)).loc, atol=1e-5)
    np.testing.assert_allclose(writer.elbo(given), writer.elbo(list(TEXTS)), rtol=1e-5)
    np.testing.assert_array_equal(writer.reconstruct(given), writer.reconstruct(list(TEXTS)))


def fitted(x, **options):
    """A model after a step on all of x in its order."""
    vae = string_vae(**options)
    if isinstance(x, tf.data.Dataset):
        x = tf.data.Dataset.from_tensors(tf.concat(list(x), 0))
    vae.fit(x, shuffle=False, verbose=0)
    return vae


@pytest.fixture(scope="module")
def fitted_to_a_list():
    return fitted(list(TEXTS))


@pytest.fixture(scope="module")
def fitted_to_numbers():
    return fitted(by_lists())


@pytest.mark.parametrize("kind", ["object array", "unicode array", "tensor", "dataset"])
def test_every_kind_of_strings_trains_the_same(fitted_to_a_list, kind):
    vae = fitted(KINDS[kind](TEXTS))

    expected = fitted_to_a_list
    assert vae.decoder.likelihood.vocabulary == expected.decoder.likelihood.vocabulary
    assert_same(values(vae.variables), values(expected.variables))


LISTS = [[2, 3, 4, 5], [6], [], [7, 8, 9]]
NUMBER_KINDS = {
    "lists": lambda: LISTS,
    "tuple of arrays": lambda: tuple(np.array(row, int) for row in LISTS),
    "ragged tensor": lambda: tf.ragged.constant(LISTS),
    "int64": lambda: by_lists().astype("int64"),
    "uint8": lambda: by_lists().astype("uint8"),
    "tensor": lambda: tf.constant(by_lists()),
    "dataset": lambda: tf.data.Dataset.from_tensor_slices(by_lists()).batch(2),
}


def by_lists():
    return np.stack([np.pad(row, (0, 4 - len(row))) for row in LISTS]).astype("int32")


@pytest.mark.parametrize("kind", NUMBER_KINDS.values(), ids=NUMBER_KINDS)
def test_every_kind_of_numbers_encodes_the_same(vae, kind):
    np.testing.assert_allclose(vae.encode(kind()).loc, vae.encode(by_lists()).loc, atol=1e-5)
    np.testing.assert_allclose(vae.elbo(kind()), vae.elbo(by_lists()), rtol=1e-5)


@pytest.mark.parametrize("kind", ["lists", "ragged tensor", "uint8", "dataset"])
def test_every_kind_of_numbers_trains_the_same(fitted_to_numbers, kind):
    vae = fitted(NUMBER_KINDS[kind]())

    assert_same(values(vae.variables), values(fitted_to_numbers.variables))


def test_numbers_need_no_vocabulary_and_numbers_come_out(fitted_to_numbers):
    vae = fitted_to_numbers

    found = vae.reconstruct(by_lists())

    assert found.shape == (4, LENGTH)  # however wide the numbers came
    assert found.dtype == np.int32
    assert vae.decoder.likelihood.vocabulary is None


def test_a_vocabulary_that_was_given_is_kept():
    vae = fitted(TEXTS, likelihood=Text(max_length=LENGTH, width=8, vocabulary=("cat", "dog")))

    assert vae.decoder.likelihood.vocabulary == ("cat", "dog")
    assert vae.decoder.likelihood.table.shape == (4, 8)


def test_a_vocabulary_is_learned_once():
    vae = fitted(TEXTS)
    before = vae.decoder.likelihood.vocabulary

    vae.fit(["other words, altogether"], verbose=0)

    assert vae.decoder.likelihood.vocabulary == before
    with pytest.raises(ValueError, match="has a vocabulary already"):
        vae.adapt(["other words"])


def test_strings_validate_in_any_kind():
    vae, x = string_vae(), list(TEXTS)

    options = {"batch_size": 9, "shuffle": False, "verbose": 0}
    vae.compile(keras.optimizers.SGD(0.0), run_eagerly=True)
    vae.adapt(x)

    split = vae.fit(x, validation_split=0.4, **options).history
    given = vae.fit(x, validation_data=(x[3:],), **options).history
    stream = vae.fit(x, validation_data=KINDS["dataset"](TEXTS[3:]), **options).history

    assert split["val_elbo"] == given["val_elbo"]
    assert stream["val_elbo"] == pytest.approx(given["val_elbo"], rel=1e-5)


def test_a_dataset_of_strings_trains_in_a_compiled_loop():
    vae = string_vae()
    vae.compile(optimizer(), jit_compile=False)

    vae.fit(KINDS["dataset"](TEXTS[:4]), epochs=3, verbose=0)

    assert int(vae.optimizer.iterations.numpy()) == 6


def test_a_dataset_of_strings_under_xla_leaves_the_process_alive():
    code = """
        import keras
        import tensorflow as tf
        from tests.test_text import KINDS, TEXTS, string_vae

        vae = string_vae()
        vae.compile(jit_compile=True)
        try:
            vae.fit(KINDS["dataset"](TEXTS), verbose=0)
        except (TypeError, ValueError) as error:
            print(error)
    """

    process = start_python(code)
    try:
        process.communicate(timeout=300)  # XLA takes its time where the machine is busy
    finally:
        process.kill()  # does nothing to one that has ended
    assert process.returncode == 0


def test_batches_of_numbers_may_differ_in_width():
    x = [row[: 2 + i % 4] for i, row in enumerate(data("transformer_vae", 12))]
    spec = tf.TensorSpec([None], tf.int32)
    dataset = tf.data.Dataset.from_generator(lambda: x, output_signature=spec)
    dataset = dataset.apply(tf.data.experimental.assert_cardinality(12))
    vae = text_vae()
    before = values(vae.trainable_variables)

    vae.fit(dataset.padded_batch(3), verbose=0)

    assert vae.optimizer.iterations == 4
    assert any((a != b).any() for a, b in zip(values(vae.trainable_variables), before, strict=True))
    assert vae.reconstruct(dataset.padded_batch(3)).shape == (12, LENGTH)


def test_generators_of_numbers_train_once_numbers_were_seen():
    vae, x = text_vae(), data("transformer_vae", 8)
    vae.compile(optimizer(), run_eagerly=True)

    with pytest.raises(ValueError, match="adapt"):
        vae.fit((batch for batch in [x]), shuffle=False, verbose=0)
    vae.adapt(x)
    batches = ((batch,) for batch in [x[:4], x[4:], x[:4]])
    vae.fit(batches, steps_per_epoch=2, shuffle=False, verbose=0)

    assert vae.optimizer.iterations == 2


def test_what_was_written_before_there_were_words_is_not_what_is_written_after():
    vae = string_vae(built=True)
    assert vae.generate(2, seed=1).shape == (2, LENGTH)

    vae.fit(list(TEXTS), verbose=0)

    assert all(isinstance(text, str) for text in vae.generate(30, seed=1))


def test_a_dataset_that_never_ends_teaches_no_words():
    endless = tf.data.Dataset.from_tensor_slices(list(TEXTS)).batch(2).repeat()

    with pytest.raises(ValueError, match="x repeats without end"):
        string_vae().fit(endless, steps_per_epoch=2, verbose=0)


# Bad input


def spoiled(row, column, value):
    x = X.copy()
    x[row, column] = value
    return x


METHODS = {
    "fit": lambda vae, x: vae.fit(x, verbose=0),
    "evaluate": lambda vae, x: vae.evaluate(x, verbose=0),
    "encode": lambda vae, x: vae.encode(x),
}
each_method = pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
RANGE = "x holds word numbers from {} to {}, expected 0 to 10"
BAD_NUMBERS = {
    "negative": (np.array([[3, -1]]), RANGE.format(-1, 3)),
    "too large": (np.array([[3, 11]]), RANGE.format(3, 11)),
    "too large in a list": ([[3, 11], [2]], RANGE.format(0, 11)),
    "too large for 32 bits": (np.array([[3, 2**32 + 5]]), f"from 3 to {2**32 + 5}, expected 0"),
    "too large for 32 bits in a list": ([[3, 2**32 + 5], [2]], f"to {2**32 + 5}, expected 0"),
    "a word after the end": (spoiled(2, 1, 0), r"x has a word at index \(2, 2\) after the 0"),
    "too long": (np.full((2, 9), 3), "x has texts of 9 words, expected at most max_length=7"),
    "too long a list": ([[3] * 9, [2]], "x has texts of 9 words, expected at most max_length=7"),
    "a matrix each": (np.full((2, 3, 4), 3), "x"),
    "a vector": (np.array([3, 4, 5]), "x must"),
    "none": (X[:0], "at least one example"),
}
BAD_TYPES = {
    "floats": (X.astype("float32"), "x must be strings or integer word numbers, got .* float32"),
    "truth": (X > 3, "x must be strings or integer word numbers, got an array of bool"),
    "lists of floats": ([[2.0, 3.0], [4.0]], r"x\[0\] must be a list of integers, got float64"),
    "lists of strings": ([["a", "b"], ["c"]], r"x\[0\] must be a list of integers, got <U1"),
    "lists and numbers": ([[2, 3], 4], r"x\[1\] must be a list of integers"),
    "numbers and strings": ([3, "a"], "x must be strings or integer word numbers"),
    "a lone string": ("the cat", "x must be an array or a dataset, got str"),
    "lone bytes": (b"the cat", "x must be an array or a dataset, got bytes"),
    "nothing": (None, "x must be an array or a dataset, got NoneType"),
}
BAD_STRINGS = {
    "a number among strings": (["a", 3], TypeError, r"x\[1\] must be a string, got int"),
    "none among strings": (["a", None], TypeError, r"x\[1\] must be a string, got NoneType"),
    "a matrix": (np.array([["a", "b"]]), ValueError, r"x must be texts \[N\], got shape \(1, 2\)"),
    "a tensor of rank 2": (tf.constant([["a"]]), ValueError, r"x must be texts \[N\], got shape"),
    "a column of objects": (
        np.array([["a"], ["b"]], object),
        ValueError,
        r"x must be texts \[N\], got shape \(2, 1\)",
    ),
}


@pytest.fixture(scope="module")
def taught():
    """A model with weights and a vocabulary."""
    vae = string_vae(likelihood=Text(WORDS, LENGTH, width=8, vocabulary=("a", "b")), built=True)
    vae.compile(run_eagerly=True)
    return vae


@pytest.fixture
def ready(vae):
    vae.compile(run_eagerly=True)
    return vae


@each_method
@pytest.mark.parametrize(("x", "message"), BAD_NUMBERS.values(), ids=BAD_NUMBERS)
def test_bad_numbers(ready, method, x, message):
    with pytest.raises(ValueError, match=message):
        method(ready, x)


@each_method
@pytest.mark.parametrize(("x", "message"), BAD_TYPES.values(), ids=BAD_TYPES)
def test_bad_types(ready, method, x, message):
    with pytest.raises(TypeError, match=message):
        method(ready, x)


@each_method
@pytest.mark.parametrize(("x", "error", "message"), BAD_STRINGS.values(), ids=BAD_STRINGS)
def test_bad_strings(taught, method, x, error, message):
    with pytest.raises(error, match=message):
        method(taught, x)


@pytest.mark.parametrize(("x", "error", "message"), BAD_STRINGS.values(), ids=BAD_STRINGS)
def test_bad_strings_to_learn_words_from(x, error, message):
    with pytest.raises(error, match=message):
        string_vae().fit(x, verbose=0)


@pytest.mark.parametrize("x", [["a", "b"], tf.data.Dataset.from_tensors(["a", "b"])])
@pytest.mark.parametrize("method", ["encode", "elbo", "evaluate", "reconstruct"])
def test_strings_before_there_is_a_vocabulary(method, x):
    with pytest.raises(ValueError, match="holds strings, and this model has no vocabulary yet"):
        getattr(string_vae(), method)(x)


def test_numbers_of_a_vocabulary_end_with_it(taught):
    with pytest.raises(ValueError, match="from 2 to 4, expected 0 to 3"):
        taught.encode(np.array([[2, 4]]))


def test_texts_without_any_word_teach_none():
    with pytest.raises(ValueError, match=r"^x "):
        string_vae().fit(["", " "], verbose=0)


def test_the_first_batch_of_a_dataset_is_checked(ready):
    dataset = tf.data.Dataset.from_tensors(spoiled(0, 0, 99))

    with pytest.raises(ValueError, match=r"x \(its first batch\) holds word numbers from"):
        ready.fit(dataset, verbose=0)


def test_a_dataset_that_is_not_batched(taught):
    with pytest.raises(ValueError, match=r"must be texts \[N\], got shape \(\)"):
        taught.fit(tf.data.Dataset.from_tensor_slices(["a", "b"]), verbose=0)


def test_bad_validation_data_is_named(ready):
    with pytest.raises(ValueError, match="validation_data holds word numbers from"):
        ready.fit(X, validation_data=(spoiled(0, 0, 99),), verbose=0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"vocabulary_size": 2}, "vocabulary_size must be at least 3, got 2"),
        ({"vocabulary_size": 0}, "vocabulary_size must be made of positive integers, got 0"),
        ({"max_length": 0}, "max_length must be made of positive integers, got 0"),
        ({"width": -1}, "width must be made of positive integers, got -1"),
        ({"vocabulary": ("a", "b", "a")}, "repeated term"),
    ],
)
def test_bad_options_of_the_likelihood(options, message):
    with pytest.raises(ValueError, match=message):
        Text(**options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"heads": 3}, "heads=3 must divide the width, 8"),
        ({"heads": 3, "decoder": "lstm"}, "heads=3 must divide the width, 8"),
        ({"dropout": 1.0}, r"^dropout must be a fraction in \[0, 1\), got 1.0"),
        ({"word_dropout": 1.0}, r"^word_dropout must be a fraction in \[0, 1\), got 1.0"),
        ({"decoder": "transfomer"}, "decoder='transfomer' is not known; did you mean 'tra"),
        ({"free_bits": -0.1}, "^free_bits must be None or nats from 0, got -0.1"),
        ({"free_bits": float("nan")}, "^free_bits must be None or nats from 0, got nan"),
        ({"pooling": "means"}, "'means' is not known; did you mean 'mean'"),
        ({"likelihood": "txt"}, "'txt' is not known; did you mean 'text'"),
        ({"decoder": CausalLSTM, "hidden": 0}, "hidden must be made of positive integers, got 0"),
    ],
)
def test_bad_options_of_the_model(options, message):
    with pytest.raises(ValueError, match=message):
        small("transformer_vae", **options)


@pytest.mark.parametrize("likelihood", ["normal", "bernoulli", None])
def test_a_text_decoder_wants_a_likelihood_of_texts(likelihood):
    with pytest.raises(
        TypeError, match=r"likelihood must be 'text' or a zoo.likelihoods.Text, got"
    ):
        TextDecoder(likelihood=likelihood)


def test_a_dense_decoder_writes_no_texts():
    decoder = DenseDecoder((LENGTH,), likelihood=Text(WORDS, LENGTH, width=8))

    with pytest.raises(
        TypeError, match=r"a text is read word by word: use zoo.decoders.TextDecoder"
    ):
        decoder(tf.zeros([2, 3]))
