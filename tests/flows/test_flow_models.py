"""Flows inside models: training, inference, saving, serving, and a curved posterior."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

import zoo
from tests.helpers import assert_same, data, optimizer, small
from zoo import flows
from zoo.core.samplers import CommonSampler
from zoo.inference.scoring import elbo_terms

tfd = tfp.distributions

NAMES = tuple(flows.IDENTIFIERS)


def model(name, **options):
    """A model with a small flow that is not the identity."""
    flow = flows.IDENTIFIERS[name](hidden=(8,), steps=2)
    vae = small("dense_vae", flow=flow, latent_dim=3, **options)
    rng = np.random.default_rng(0)
    for weight in vae.latents.flow.weights:
        weight.assign_add(0.1 * rng.standard_normal(weight.shape))
    return vae


@pytest.fixture(scope="module")
def models():
    """A model of each name, not to be trained."""
    return {name: model(name) for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_fit_changes_every_weight_of_the_flow(name):
    vae, x = model(name), data("dense_vae", 16)
    vae.compile(optimizer(), jit_compile=True, steps_per_execution=1)
    before = [np.array(w) for w in vae.latents.flow.weights]

    logs = vae.fit(x, batch_size=8, epochs=1, verbose=0).history

    assert np.isfinite(logs["elbo"]).all()
    moved = [np.abs(a - b).max() for a, b in zip(before, vae.latents.flow.weights, strict=True)]
    assert min(moved) > 0


@pytest.mark.parametrize("name", NAMES)
def test_encode_gives_a_normal_whose_mean_reconstructs(models, name):
    vae, x = models[name], data("dense_vae")

    q = vae.encode(x)

    assert type(q) is tfd.Normal
    wrapped = vae.latents.flow.wrap(vae.latents.encoder(tf.constant(x)))
    np.testing.assert_allclose(q.loc, wrapped.mean(), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(q.scale, wrapped.stddev(), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(vae.decode(q.mean()).mean(), vae.reconstruct(x), atol=1e-5)
    np.testing.assert_allclose(vae.predict(x, verbose=0)["loc"], q.loc, rtol=1e-4, atol=1e-5)


def test_a_saved_model_scores_alike(tmp_path):
    prior = zoo.FlowPrior(3, flows.CouplingFlow(hidden=(8,), steps=2))
    vae, x = model("sylvester", prior=prior), data("dense_vae")
    vae.export(tmp_path / "served")

    served = tf.saved_model.load(str(tmp_path / "served")).signatures

    score = served["score"](x=tf.constant(x))
    assert_same(score, {k: vae.score(x)[k] for k in score}, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(
        served["encode"](x=tf.constant(x))["loc"], vae.encode(x).loc, atol=1e-5
    )


@pytest.mark.parametrize("name", NAMES)
def test_the_score_has_no_random_op_and_equals_that_of_eager_operations(models, name):
    vae, x = models[name], tf.constant(data("dense_vae"))

    def score(x):
        return elbo_terms(vae, x, CommonSampler())

    graph = tf.function(score, autograph=False).get_concrete_function(x)

    ops = {node.op for node in _operations(graph.graph)}
    assert not [op for op in ops if "Random" in op]
    assert_same(graph(x), score(x), rtol=1e-4, atol=1e-4)


def _operations(graph):
    """All operations of a graph and of the functions in it."""
    part = graph.as_graph_def()
    return [*part.node, *(node for f in part.library.function for node in f.node_def)]


def test_a_new_flow_does_not_change_the_elbo():
    plain, moved = (small("dense_vae", flow=flow, latent_dim=3) for flow in (None, "iaf"))
    for a, b in zip(moved.latents.encoder.weights, plain.latents.encoder.weights, strict=True):
        a.assign(b)
    for a, b in zip(moved.decoder.weights, plain.decoder.weights, strict=True):
        a.assign(b)
    x = data("dense_vae")

    # The KL is an estimate here, but balanced noise makes no error in what is quadratic.
    np.testing.assert_allclose(moved.elbo(x), plain.elbo(x), atol=1e-4)


def test_an_unknown_flow_is_refused_with_a_suggestion():
    with pytest.raises(
        ValueError, match=r"flow must be one of .* got 'splin'; did you mean 'spline'"
    ):
        zoo.get("dense_vae", flow="splin")


# Fit of a curved posterior


def banana(z):
    """log p(x|z) of one x, whose posterior is curved: z_2 is near z_1 squared."""
    return -0.5 * tf.square((z[..., 1] - tf.square(z[..., 0]) + 1.0) / 0.2)


@pytest.fixture(scope="module")
def elbo_without():
    return best_elbo(None)


def best_elbo(flow, steps=400):
    """E_q[log p(x|z) + log p(z) - log q(z)] after training, p(z) = N(0, 1)."""
    keras.utils.set_random_seed(0)
    loc, raw = tf.Variable(tf.zeros([1, 2])), tf.Variable(tf.fill([1, 2], -0.5))
    variables = [loc, raw]
    if flow is not None:
        flow.build((None, 2))
        variables += [w.value for w in flow.trainable_weights]
    adam = keras.optimizers.Adam(1e-2)
    adam.build(variables)

    def elbo(noise):
        base = tfd.Normal(loc, tf.exp(raw))
        u = base.loc + base.scale * noise[:, None]
        if flow is None:
            z, log_q = u, tfd.Independent(base, 1).log_prob(u)
        else:
            z, log_q = flow.wrap(base).transform_base_sample(u)
        prior = tfd.Independent(tfd.Normal(tf.zeros(2), 1.0), 1)
        return tf.reduce_mean(banana(z) + prior.log_prob(z) - log_q)

    @tf.function
    def train(seed):
        with tf.GradientTape() as tape:
            loss = -elbo(tf.random.stateless_normal([64, 2], seed))
        adam.apply(tape.gradient(loss, variables), variables)

    for i in range(steps):
        train(tf.constant([i, 0]))
    return float(elbo(tf.random.stateless_normal([20_000, 2], [0, 1])))


@pytest.mark.parametrize("name", NAMES)
def test_a_flow_fits_a_posterior_that_a_normal_cannot(name, elbo_without):
    flow = flows.IDENTIFIERS[name](hidden=(32,), steps=2)

    elbo = best_elbo(flow)

    grid = tf.constant(np.stack(np.meshgrid(*[np.linspace(-6, 6, 601)] * 2), -1), tf.float32)
    joint = banana(grid) + tfd.Independent(tfd.Normal(tf.zeros(2), 1.0), 1).log_prob(grid)
    log_p = float(tf.reduce_logsumexp(joint)) + 2 * np.log(0.02)
    assert elbo_without + 0.3 < elbo < log_p + 0.02
