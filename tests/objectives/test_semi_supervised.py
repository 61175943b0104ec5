"""Models with labels: training, saving, classification, generation of a class, bad labels."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import special, stats

import zoo
from tests.helpers import assert_same, forward, optimizer, values
from zoo.decoders import DenseDecoder
from zoo.encoders import DenseEncoder
from zoo.objectives import ELBO, Classification, LabelKL


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
    vae.compile(optimizer(rate), **(options or {"run_eagerly": True}))
    return vae


def clusters(n=96, labelled=12, seed=0):
    """Three clouds in four dimensions; classes, and the few of them that are known."""
    rng = np.random.default_rng(seed)
    classes = np.arange(n) % 3
    means = 3.0 * np.eye(4)[:3]
    x = (means[classes] + 0.4 * rng.standard_normal((n, 4))).astype("float32")
    return x, classes, np.where(np.arange(n) < labelled, classes, -1)


@pytest.mark.parametrize("posterior_is_known", [True, False])
def test_every_weight_of_encoder_and_prior_gets_a_gradient(posterior_is_known):
    vae = model(zoo.LabelPrior(2, 3, learn_class_probabilities=True))
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


def test_few_labels_classify_all_clusters():
    vae = model(rate=3e-2, jit_compile=False)
    x, classes, y = clusters()

    vae.fit(np.tile(x, (10, 1)), np.tile(y, 10), epochs=4, batch_size=32, verbose=0)

    fresh, truth, _ = clusters(seed=1)
    assert (vae.classify(x).argmax(-1) == classes).mean() > 0.95
    assert (vae.classify(fresh).argmax(-1) == truth).mean() > 0.95
    for label in range(3):
        generated = vae.generate(100, label=label, seed=0)
        assert np.abs(generated.mean(0) - 3.0 * np.eye(4)[label]).max() < 0.5


def test_the_logged_kl_is_that_to_the_mixture_with_and_without_labels():
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
    weights = []
    for mode in ({"jit_compile": False}, {"jit_compile": True}, {"run_eagerly": True}):
        vae = model(**mode)
        vae.fit(x, y, batch_size=48, verbose=0)
        weights.append([v.numpy() for v in vae.trainable_variables])

    assert_same(weights[1:], [weights[0]] * 2, rtol=1e-3, atol=1e-5)


def test_arrays_and_datasets_of_labels_train_alike():
    x, _, y = clusters()
    dataset = tf.data.Dataset.from_tensor_slices((x, y)).batch(32)
    one = model()
    one.fit(x, y, batch_size=32, shuffle=False, verbose=0)

    two = model()
    two.fit(dataset, verbose=0)

    assert_same(values(two.variables), values(one.variables), rtol=1e-6, atol=1e-7)


def test_a_saved_model_keeps_its_classes(tmp_path):
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
    vae = model(terms=ELBO(), rate=3e-2, jit_compile=False)
    x, classes, _ = clusters()

    vae.fit(np.tile(x, (10, 1)), epochs=4, batch_size=32, verbose=0)  # and y is not asked for

    clusters_of_x = vae.classify(x).argmax(-1)
    counts = [[((clusters_of_x == a) & (classes == b)).sum() for b in range(3)] for a in range(3)]
    assert np.max(counts, 0).sum() / len(x) > 0.9


def test_classify_equals_bayes_rule_at_the_draws_of_elbo():
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


def test_generate_draws_from_a_given_class_by_seed():
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
def test_generate_refuses_bad_labels(label):
    vae = model()
    vae.elbo(clusters()[0])

    with pytest.raises(
        ValueError, match=r"label must be a class in 0 \.\. 2, or one for each of n=3"
    ):
        vae.generate(3, label=label)


def test_a_model_without_classes_is_refused():
    vae, x = model(zoo.StandardNormal(2)), clusters()[0]

    with pytest.raises(TypeError, match="LabelPrior, got a StandardNormal"):
        vae.classify(x)
    with pytest.raises(TypeError, match=r"must be a zoo.LabelPrior, got a StandardNormal"):
        vae.generate(3, label=0)
    with pytest.raises(
        ValueError, match=r"prior must be a zoo.LabelPrior for LabelKL, got .* Independent"
    ):
        vae.fit(x, np.zeros(len(x), int), verbose=0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda y: None, r"y must be integers \[N\] for LabelKL, .* got None"),
        (lambda y: y.astype("float32"), r"y must be integers \[N\], .* got dtype float32"),
        (lambda y: y[:, None], r"y must be integers \[N\], .* got shape \(96, 1\)"),
        (lambda y: y + 3, r"y must be .* 0 \.\. 2, or -1 if unknown, got \d"),
        (lambda y: y - 2, r"y must be .*, got -2"),
        (lambda y: y[:50], "y must have 96 rows, as many as x, got 50"),
    ],
)
def test_bad_labels_are_refused_before_training(change, message):
    x, classes, _ = clusters()
    vae = model()

    with pytest.raises(ValueError, match=message):
        vae.fit(x, change(classes), verbose=0)
    assert int(vae.optimizer.iterations.numpy()) == 0


def test_bad_labels_of_datasets_and_validation_data_are_refused():
    x, _, y = clusters()
    vae = model()
    late = np.where(np.arange(96) == 70, 7, y)
    dataset = tf.data.Dataset.from_tensor_slices((x, late)).batch(32)

    with pytest.raises(ValueError, match=r"y \(batch 3\) must be integers .*, got 7"):
        vae.fit(dataset, verbose=0)
    with pytest.raises(ValueError, match=r"y of validation_data must be .*, got 7"):
        vae.fit(x, y, validation_data=(x, late), verbose=0)
    with pytest.raises(ValueError, match=r"y of validation_data \(batch 3\) must be .*, got 7"):
        vae.fit(x, y, validation_data=dataset, verbose=0)


def test_labels_are_not_checked_with_another_prior():
    x = clusters()[0]
    vae = model(zoo.StandardNormal(2), ELBO())

    vae.fit(x, np.full(len(x), 0.5, "float32"), verbose=0)

    assert int(vae.optimizer.iterations.numpy()) > 0
