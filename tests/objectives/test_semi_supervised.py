"""Labels: densities and KLs by hand, terms that read y, classes of examples and examples of one."""

import types

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp
from scipy import special, stats

import zoo
from tests.helpers import assert_same, forward, optimizer, values
from zoo.core.outputs import Draw, Pass
from zoo.core.samplers import RandomSampler
from zoo.decoders import DenseDecoder
from zoo.encoders import DenseEncoder
from zoo.objectives import ELBO, KL, Classification, LabelKL
from zoo.priors.labels import LabelMixture

EAGER = True

tfd = tfp.distributions

LOGITS = np.array([0.0, 1.0, -1.0], "float32")
LOC = np.array([[0.0, 1.0], [1.5, -0.5], [-1.0, -1.0]], "float32")
SCALE = np.array([[1.0, 0.5], [0.7, 0.8], [0.4, 1.2]], "float32")
SHARES = special.softmax(LOGITS.astype("float64"))


def mixture():
    return LabelMixture(*map(tf.constant, (LOGITS, LOC, SCALE)))


def codes(n=6, seed=0):
    """Loc and scale of n posteriors."""
    rng = np.random.default_rng(seed)
    scale = np.exp(rng.uniform(-2, 0, (n, 2)))
    return rng.standard_normal((n, 2)).astype("float32"), scale.astype("float32")


def log_prob_by_class(z):
    return stats.norm.logpdf(np.asarray(z, "float64")[..., None, :], LOC, SCALE).sum(-1)


def log_prob(z):
    return special.logsumexp(log_prob_by_class(z) + np.log(SHARES), -1)


def kl_by_class(loc, scale):
    loc, scale = (np.asarray(a, "float64")[:, None] for a in (loc, scale))
    nats = np.log(SCALE / scale) + (scale**2 + (loc - LOC) ** 2) / (2.0 * SCALE**2) - 0.5
    return nats.sum(-1)


def passed(loc, scale, samples=1, seed=(1, 2), prior=None, posterior=None):
    """A pass with such posteriors, drawn from."""
    q = posterior or tfd.Normal(tf.convert_to_tensor(loc), tf.convert_to_tensor(scale))
    z, log_q = RandomSampler(tf.constant(seed), samples)(q)
    draw = Draw(q, prior or mixture(), z, log_q)
    sampler = types.SimpleNamespace(samples=samples)
    return Pass((draw,), None, tf.zeros([len(loc), 5]), sampler)


# LabelMixture and LabelPrior


def test_densities_of_labels_by_hand():
    z = codes()[0]
    y = np.array([2, 0, 1, 1, 0, 2])

    np.testing.assert_allclose(mixture().log_prob(z), log_prob(z), rtol=1e-5)
    np.testing.assert_allclose(mixture().log_prob_by_class(z), log_prob_by_class(z), rtol=1e-5)
    np.testing.assert_allclose(
        mixture().given(y).log_prob(z), log_prob_by_class(z)[np.arange(6), y], rtol=1e-5
    )
    bayes = SHARES * np.exp(log_prob_by_class(z))
    np.testing.assert_allclose(
        np.exp(mixture().log_class(z)), bayes / bayes.sum(-1, keepdims=True), rtol=1e-4
    )
    np.testing.assert_allclose(
        mixture().kl_by_class(tfd.Normal(*codes())), kl_by_class(*codes()), rtol=1e-5
    )


def test_the_shares_of_classes_are_uniform_unless_they_are_to_be_learned():
    fixed, learned = zoo.LabelPrior(2, 4), zoo.LabelPrior(2, 4, learn_shares=True)
    for prior in (fixed, learned):
        prior.build()
        np.testing.assert_allclose(np.exp(prior.distribution().log_shares), 0.25, rtol=1e-6)

    assert [w.name for w in fixed.trainable_weights] == ["locs", "raw_scales"]
    assert [w.name for w in learned.trainable_weights] == ["locs", "raw_scales", "logits"]


def test_classes_start_apart():
    keras.utils.set_random_seed(0)
    prior = zoo.LabelPrior(16, 10, spread=2.0)
    prior.build()
    locs = np.asarray(prior.locs)

    between = np.linalg.norm(locs[:, None] - locs, axis=-1)[np.triu_indices(10, 1)]

    assert between.mean() == pytest.approx(2.0 * np.sqrt(32), rel=0.15)
    assert between.min() > 5.0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"latent_dim": 0}, "latent_dim"),
        ({"classes": 0}, "classes"),
        ({"classes": 1}, "classes must be at least 2"),
        ({"spread": 0.0}, "spread"),
        ({"floor": 2.0}, "floor"),
        ({"initial_scale": 1e3}, "initial_scale"),
    ],
)
def test_bad_arguments_of_a_label_prior_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        zoo.LabelPrior(**{"latent_dim": 2, "classes": 3, **options})


# The terms


def test_the_kl_of_labelled_examples_is_exact_and_knows_their_share():
    y = np.array([2, 0, 1, 1, 0, 2])
    expected = kl_by_class(*codes())[np.arange(6), y] - np.log(SHARES[y])

    for seed in ((1, 2), (3, 4)):  # whatever was drawn
        got = LabelKL().per_example(None, y, passed(*codes(), seed=seed))
        np.testing.assert_allclose(got, expected, rtol=1e-5)


def test_the_kl_of_unlabelled_examples_is_that_to_the_marginal():
    loc, scale = codes()
    unknown = np.full(6, -1)
    noise = np.random.default_rng(0).standard_normal((400_000, 1, 2))
    z = loc + scale * noise
    log_q = stats.norm.logpdf(z, loc, scale).sum(-1)
    expected = (log_q - log_prob(z)).mean(0)

    got = LabelKL().per_example(None, unknown, passed(loc, scale, samples=100_000))

    np.testing.assert_allclose(got, expected, atol=0.01)


def test_the_estimate_for_unlabelled_examples_has_less_noise_than_log_q_minus_log_p():
    apart = LabelMixture(tf.constant(LOGITS), tf.constant(3 * LOC), tf.constant(SCALE))
    loc, scale = codes(200)
    loc += 3 * LOC[np.arange(200) % 3]
    out = passed(loc, scale, prior=apart)
    exact = KL().per_example(None, None, passed(loc, scale, samples=20_000, prior=apart))

    ours = LabelKL().per_example(None, np.full(200, -1), out) - exact
    plain = KL().per_example(None, None, out) - exact

    assert np.square(ours).mean() < 0.5 * np.square(plain).mean()
    assert abs(np.mean(ours)) < 4 * np.std(ours) / np.sqrt(200)


def test_the_estimate_has_no_noise_where_there_is_no_doubt_about_the_class():
    far = LabelMixture(tf.constant(LOGITS), tf.constant(40 * LOC), tf.constant(SCALE))
    loc, scale = 40 * LOC + 0.1, np.full((3, 2), 0.5, "float32")

    one, two = (
        LabelKL().per_example(None, y, passed(loc, scale, seed=seed, prior=far))
        for y, seed in ((np.full(3, -1), (1, 2)), (np.full(3, -1), (3, 4)))
    )
    known = LabelKL().per_example(None, np.arange(3), passed(loc, scale, prior=far))

    np.testing.assert_allclose(one, two, rtol=1e-6)
    np.testing.assert_allclose(one, known, rtol=1e-6)


@pytest.mark.parametrize("term", [LabelKL(), Classification()], ids=lambda t: t.name)
@pytest.mark.parametrize("samples", [1, 3])
def test_a_mixed_batch_is_the_two_computed_apart(term, samples):
    y = np.array([2, -1, 1, -1, -1, 0])
    out = passed(*codes(), samples=samples)

    mixed = term.per_example(None, y, out)
    known = term.per_example(None, np.maximum(y, 0), out)
    unknown = term.per_example(None, np.full(6, -1), out)

    np.testing.assert_array_equal(mixed, np.where(y < 0, unknown, known))
    assert mixed.shape == (6,)


def test_classification_is_the_cross_entropy_of_bayes_rule_at_the_draws():
    y = np.array([2, -1, 1, -1, -1, 0])
    out = passed(*codes(), samples=4)
    joint = log_prob_by_class(out.draws[0].z) + np.log(SHARES)
    log_class = (joint - special.logsumexp(joint, -1, keepdims=True)).reshape(4, 6, 3).mean(0)

    got = Classification().per_example(None, y, out)

    expected = np.where(y < 0, 0.0, -log_class[np.arange(6), np.maximum(y, 0)])
    np.testing.assert_allclose(got, expected, rtol=1e-4)


def test_a_posterior_that_is_not_normal_is_taken_at_its_draws():
    loc, scale = codes()
    q = tfd.Independent(tfd.StudentT(5.0, loc, scale), 1)
    out = passed(loc, scale, samples=2, posterior=q)
    draw, y = out.draws[0], np.array([2, -1, 1, -1, -1, 0])
    by_class = log_prob_by_class(draw.z)[np.arange(12), np.tile(np.maximum(y, 0), 2)]
    known = np.asarray(draw.log_q) - by_class - np.log(SHARES[np.tile(np.maximum(y, 0), 2)])
    unknown = np.asarray(draw.log_q) - log_prob(draw.z)

    got = LabelKL().per_example(None, y, out)

    expected = np.where(np.tile(y, 2) < 0, unknown, known).reshape(2, 6).mean(0)
    np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize("term", [LabelKL(), Classification()], ids=lambda t: t.name)
def test_terms_take_any_batch_size_in_a_graph_and_under_xla(term, jit_compile):
    specs = [tf.TensorSpec([None, 2]), tf.TensorSpec([None, 2]), tf.TensorSpec([None], tf.int64)]

    @tf.function(jit_compile=jit_compile, input_signature=specs)
    def nats(loc, scale, y):
        q = tfd.Normal(loc, scale)
        draw = Draw(q, mixture(), loc, tf.zeros(tf.shape(loc)[:1]))
        sampler = types.SimpleNamespace(samples=1)
        return term.per_example(None, y, Pass((draw,), None, loc, sampler))

    loc, scale = codes()
    y = np.array([2, -1, 1, -1, -1, 0])
    for n in (6, 4):
        q = tfd.Normal(tf.constant(loc[:n]), tf.constant(scale[:n]))
        draw = Draw(q, mixture(), q.loc, tf.zeros([n]))
        out = Pass((draw,), None, q.loc, types.SimpleNamespace(samples=1))
        expected = term.per_example(None, y[:n], out)
        got = nats(tf.constant(loc[:n]), tf.constant(scale[:n]), tf.constant(y[:n]))
        np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-6)


# In a model


def objective():
    return ELBO((LabelKL(), Classification(2.0)))


def model(prior=None, terms=None, rate=1e-2, **options):
    keras.utils.set_random_seed(2)
    vae = zoo.VAE(
        zoo.SingleLatent(DenseEncoder(2, hidden=(16,)), prior=prior or zoo.LabelPrior(2, 3)),
        DenseDecoder(hidden=(16,), likelihood="shared_scale_normal"),
        objective=terms or objective(),
        seed=2,
    )
    vae.compile(optimizer(rate), **{"jit_compile": False, **options})
    return vae


def clusters(n=96, labelled=12, seed=0):
    """Three clouds in four dimensions; classes, and the few of them that are known."""
    rng = np.random.default_rng(seed)
    classes = np.arange(n) % 3
    centres = 3.0 * np.eye(4)[:3]
    x = (centres[classes] + 0.4 * rng.standard_normal((n, 4))).astype("float32")
    return x, classes, np.where(np.arange(n) < labelled, classes, -1)


@pytest.mark.parametrize("posterior_is_known", [True, False])
def test_every_weight_of_encoder_and_prior_gets_a_gradient(posterior_is_known):
    vae = model(zoo.LabelPrior(2, 3, learn_shares=True))
    x, classes, _ = clusters()
    vae.elbo(x)
    y = classes if posterior_is_known else np.full(len(x), -1)
    with tf.GradientTape() as tape:
        out = vae(tf.constant(x), training=True)
        loss = tf.reduce_sum(LabelKL().per_example(None, y, out))
    weights = vae.latents.trainable_weights

    gradients = tape.gradient(loss, [w.value for w in weights])

    assert len(weights) == 7
    assert all(np.abs(g).max() > 0 for g in gradients)


def test_few_labels_name_the_clusters_of_all():
    vae = model(rate=3e-2)
    x, classes, y = clusters()

    vae.fit(x, y, epochs=40, batch_size=32, verbose=0)

    fresh, truth, _ = clusters(seed=1)
    assert (vae.classify(x).argmax(-1) == classes).mean() > 0.95
    assert (vae.classify(fresh).argmax(-1) == truth).mean() > 0.95
    for label in range(3):
        made = zoo.inference.classification.generate(vae, 100, label=label, seed=0)
        assert np.abs(made.mean(0) - 3.0 * np.eye(4)[label]).max() < 0.5


def test_what_is_logged_is_the_kl_to_the_marginal_whatever_is_known():
    x, classes, y = clusters()
    logged = [
        model().evaluate(x, y, batch_size=32, verbose=0, return_dict=True)
        for y in (classes, y, np.full(len(x), -1))
    ]

    assert len({log["kl"] for log in logged}) == 1
    assert logged[2]["classification"] == 0 and logged[1]["classification"] > 0
    assert logged[0]["loss"] > logged[1]["loss"] > logged[2]["loss"]


def test_training_with_labels_is_the_same_in_a_graph_eagerly_and_under_xla():
    x, _, y = clusters()
    found = []
    for how in ({"jit_compile": False}, {"jit_compile": True}, {"run_eagerly": True}):
        vae = model(**how)
        vae.fit(x, y, batch_size=40, verbose=0)
        found.append([v.numpy() for v in vae.trainable_variables])

    assert_same(found[1:], [found[0]] * 2, rtol=1e-3, atol=1e-5)


def test_arrays_and_datasets_of_labels_train_alike():
    x, _, y = clusters()
    dataset = tf.data.Dataset.from_tensor_slices((x, y)).batch(32)
    one = model()
    one.fit(x, y, batch_size=32, shuffle=False, verbose=0)

    two = model()
    two.fit(dataset, verbose=0)

    assert_same(values(two.variables), values(one.variables), rtol=1e-6, atol=1e-7)


def test_a_model_keeps_its_classes(tmp_path):
    vae = model()
    x, _, y = clusters()
    vae.fit(x, y, verbose=0)
    vae.save(tmp_path / "vae.keras")
    vae.export(tmp_path / "served")

    again = keras.models.load_model(tmp_path / "vae.keras")
    served = tf.saved_model.load(str(tmp_path / "served")).signatures

    assert_same(values(again.variables), values(vae.variables))
    np.testing.assert_array_equal(
        again.classify(x),
        vae.classify(x),
    )
    score = served["score"](x=tf.constant(x))
    np.testing.assert_allclose(score["kl"], vae.score(x)["kl"], rtol=1e-4, atol=1e-4)


def test_without_labels_the_classes_are_clusters():
    vae = model(terms=ELBO(), rate=3e-2)
    x, classes, _ = clusters()

    vae.fit(x, epochs=40, batch_size=32, verbose=0)  # and y is not asked for

    found = vae.classify(x).argmax(-1)
    counts = np.array([[((found == a) & (classes == b)).sum() for b in range(3)] for a in range(3)])
    assert counts.max(0).sum() / len(x) > 0.9


# Classes of examples, and examples of classes


def test_classify_is_bayes_rule_over_the_noise_that_elbo_uses():
    vae, x = model(), clusters()[0]
    q = vae.encode(x)
    prior = vae.latents.prior.distribution()
    out = forward(vae, tf.constant(x), zoo.core.samplers.CommonSampler(5, 3))
    joint = special.log_softmax(
        stats.norm.logpdf(out.draws[0].z.numpy()[:, None], prior.locs, prior.scales).sum(-1), -1
    )

    got = vae.classify(x, samples=3, seed=5, batch_size=17)

    assert got.shape == (96, 3) and q.loc.shape == (96, 2)
    np.testing.assert_allclose(got.sum(-1), 1.0, rtol=1e-5)
    np.testing.assert_allclose(got, np.exp(joint).reshape(3, 96, 3).mean(0), rtol=1e-4, atol=1e-6)
    np.testing.assert_array_equal(got, vae.classify(x, samples=3, seed=5, batch_size=17))


def test_classify_takes_datasets():
    vae, x = model(), clusters()[0]
    dataset = tf.data.Dataset.from_tensor_slices(x).batch(32)

    got = vae.classify(dataset)

    np.testing.assert_allclose(got, vae.classify(x), rtol=1e-5, atol=1e-6)


def test_generate_draws_from_the_class_asked_for_by_seed():
    vae = model()
    vae.elbo(clusters()[0])
    prior = vae.latents.prior.distribution()
    labels = [0, 2, 2, 1]

    one, again, other = (vae.generate(4, label=labels, seed=s) for s in (1, 1, 2))

    np.testing.assert_array_equal(one, again)
    assert np.abs(one - other).max() > 0.01
    noise = zoo.core.samplers.normal([4, 2], tf.constant([1, 0])).numpy()
    z = prior.locs.numpy()[labels] + prior.scales.numpy()[labels] * noise
    np.testing.assert_allclose(one, vae.decode(z).mean(), rtol=1e-5, atol=1e-6)
    same = vae.generate(4, label=2, seed=1)
    np.testing.assert_allclose(same[1:3], one[1:3], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("label", [3, -1, [0, 1], [0.5, 1, 1], "0"])
def test_generate_names_a_label_that_is_none(label):
    vae = model()
    vae.elbo(clusters()[0])

    with pytest.raises(
        ValueError, match=r"label must be a class in 0 \.\. 2, or one for each of n=3"
    ):
        zoo.inference.classification.generate(vae, 3, label=label)


def test_a_model_without_classes_is_an_error():
    vae, x = model(zoo.StandardNormal(2)), clusters()[0]

    with pytest.raises(TypeError, match="this one's is a StandardNormal"):
        vae.classify(x)
    with pytest.raises(TypeError, match=r"zoo.LabelPrior\(\.\.\.\) is needed"):
        zoo.inference.classification.generate(vae, 3, label=0)
    with pytest.raises(ValueError, match="LabelKL needs a model with prior"):
        vae.fit(x, np.zeros(len(x), int), verbose=0)


# Bad labels


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda y: None, "y must be given for LabelKL"),
        (lambda y: y.astype("float32"), "y has dtype float32, expected integers"),
        (lambda y: y[:, None], r"y has shape \(96, 1\), expected integers \[N\]"),
        (lambda y: y + 3, r"y holds \d, expected .* 0 \.\. 2, or -1"),
        (lambda y: y - 2, "y holds -2, expected"),
        (lambda y: y[:50], "y has 50 rows, expected 96"),
    ],
)
def test_bad_labels_are_named_before_training(change, message):
    x, classes, _ = clusters()
    vae = model()

    for given in ({"x": x, "y": change(classes)},):
        with pytest.raises(ValueError, match=message):
            vae.fit(**given, verbose=0)
    assert int(vae.optimizer.iterations.numpy()) == 0


def test_bad_labels_of_a_dataset_and_of_validation_data_are_named():
    x, _, y = clusters()
    vae = model()
    late = np.where(np.arange(96) == 70, 7, y)
    dataset = tf.data.Dataset.from_tensor_slices((x, late)).batch(32)

    with pytest.raises(ValueError, match=r"y \(batch 3\) holds 7, expected integers"):
        vae.fit(dataset, verbose=0)
    with pytest.raises(ValueError, match="y of validation_data holds 7"):
        vae.fit(x, y, validation_data=(x, late), verbose=0)
    with pytest.raises(ValueError, match=r"y of validation_data \(batch 3\) holds 7"):
        vae.fit(x, y, validation_data=dataset, verbose=0)


def test_labels_beside_another_prior_may_be_anything():
    x = clusters()[0]
    vae = model(zoo.StandardNormal(2), ELBO())

    vae.fit(x, np.full(len(x), 0.5, "float32"), verbose=0)

    assert int(vae.optimizer.iterations.numpy()) > 0
