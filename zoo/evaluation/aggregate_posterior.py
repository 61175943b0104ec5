"""Two-sample tests of the aggregate posterior against the prior, and a prior fitted to codes."""

import importlib
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from zoo.core import inputs, nested, validation
from zoo.core.distributions import as_event
from zoo.core.forward import forward_pass
from zoo.core.samplers import RandomSampler
from zoo.inference import batching
from zoo.model import VAE
from zoo.objectives import InverseMultiquadratic
from zoo.priors import MixturePrior, Prior

FOLDS = 5  # of the cross-validation


def prior_match(
    model: VAE, x: np.ndarray | tf.data.Dataset, *, seed: int = 0, batch_size: int = 256
) -> dict[str, float]:
    """Compare the aggregate posterior q(z) with the prior p(z) by two two-sample tests.

    One sample has a draw z ~ q(z|x) for each example, the other as many draws of p(z). Generated
    examples resemble the data only where the two distributions agree.

    Args:
        model: a `VAE` with one stochastic layer.
        x: held-out data, at least 20 examples; both tests gain power with more.
        seed: seed of all draws and of the classifier.
        batch_size: examples to encode at a time.

    Returns:
        {"mmd": the squared maximum mean discrepancy (`zoo.objectives.MMD`'s unbiased estimate),
        "mmd_of_prior": the same between two samples of the prior, which is the noise level,
        "accuracy": held-out accuracy of a classifier that separates draws of q(z) from those of
        p(z): about 0.5 if they are alike, 1 if they are fully separable. Lopez-Paz and Oquab,
        Revisiting classifier two-sample tests, 2017.}

    Raises:
        ValueError: x has too few examples, or the model several stochastic layers.
        ImportError: scikit-learn is not installed.
    """
    inputs.require_vae(model)
    seed = validation.as_seed(seed)
    z = _posterior_sample(model, x, seed, batch_size)
    if len(z) < 4 * FOLDS:
        raise ValueError(f"x must hold at least {4 * FOLDS} examples, got {len(z)}")
    prior = as_event(model.latents.prior.distribution(model.latents.encoder))
    first, second = (np.asarray(prior.sample(len(z), seed=tf.constant([seed, i]))) for i in (1, 2))
    return {
        "mmd": mmd(z, first),
        "mmd_of_prior": mmd(second, first),
        "accuracy": two_sample_accuracy(z, first, seed),
    }


def mmd(a: np.ndarray, b: np.ndarray, kernel: Callable | None = None) -> float:
    """Unbiased estimate of the squared maximum mean discrepancy of `[N, D]` and `[M, D]`.

    sum_{i != j} k(a_i, a_j) / (N (N - 1)) + the same of b - 2 mean k(a_i, b_j). Gretton et al., A
    kernel two-sample test, 2012.

    Args:
        a, b: draws of two distributions.
        kernel: `zoo.objectives.InverseMultiquadratic()` by default.
    """
    kernel = InverseMultiquadratic() if kernel is None else kernel
    a, b = (tf.convert_to_tensor(x, tf.float32) for x in (a, b))
    for name, draws in (("a", a), ("b", b)):
        if len(draws.shape) != 2 or len(draws) < 2:
            raise ValueError(
                f"{name} must have shape [N, D] with N of at least 2, got {tuple(draws.shape)}"
            )

    def within(x):
        pairs = kernel(x, x)
        distinct = tf.reduce_sum(pairs) - tf.reduce_sum(tf.linalg.diag_part(pairs))
        return float(distinct) / (len(x) * (len(x) - 1))

    return within(a) + within(b) - 2.0 * float(tf.reduce_mean(kernel(a, b)))


def two_sample_accuracy(a: np.ndarray, b: np.ndarray, seed: int = 0) -> float:
    """Cross-validated accuracy of a classifier that separates the rows of a from those of b.

    The classifier is a dense network with two layers of 64 units; there are five folds. a and b
    must have the same number of rows.
    """
    sklearn = {
        name: importlib.import_module(f"sklearn.{name}")
        for name in ("model_selection", "neural_network", "pipeline", "preprocessing")
    }
    classifier = sklearn["pipeline"].make_pipeline(
        sklearn["preprocessing"].StandardScaler(),
        sklearn["neural_network"].MLPClassifier(
            (64, 64), alpha=1e-2, early_stopping=True, max_iter=300, random_state=seed
        ),
    )
    folds = sklearn["model_selection"].StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    rows, labels = np.concatenate([a, b]), np.repeat([0, 1], [len(a), len(b)])
    accuracies = sklearn["model_selection"].cross_val_score(classifier, rows, labels, cv=folds)
    return float(accuracies.mean())


def fit_prior(
    model: VAE, x: np.ndarray | tf.data.Dataset, *, seed: int = 0, batch_size: int = 256
) -> None:
    """Fit a trained model's `MixturePrior` to codes of x, one draw of q(z|x) for each example.

    For a fixed encoder and decoder the best prior is the aggregate posterior. The fit therefore
    lowers the KL and raises the ELBO, and generated examples come from codes like those of the
    data. Training may continue afterwards. The fit uses scikit-learn's EM algorithm. Ghosh et al.,
    From variational to deterministic autoencoders, 2020, fit such densities to the codes of other
    autoencoders.

    Args:
        model: a `VAE` with one stochastic layer and a `MixturePrior`.
        x: training data, at least as many examples as the prior has components.
        seed: seed of the draws and of the initial components of EM.
        batch_size: examples to encode at a time.

    Raises:
        TypeError: the model's prior is not a `MixturePrior`.
        ValueError: x has too few examples, or the model several stochastic layers.
        ImportError: scikit-learn is not installed.
    """
    inputs.require_vae(model)
    prior = model.latents.prior
    if not isinstance(prior, MixturePrior):
        raise TypeError(
            f"the prior of model must be a MixturePrior, got {type(prior).__name__}: create the "
            "model with prior=zoo.MixturePrior(...)"
        )
    prior.fit(_posterior_sample(model, x, seed, batch_size), seed)


def replace_prior(model: VAE, prior: Prior) -> VAE:
    """A VAE with the encoder and the decoder of a trained one, and another prior.

    Both models have the same layers, so that training one changes the other. With `fit_prior` it
    improves what a model generates and its log p(x), at the cost of a minute and with the codes as
    they were.

    Args:
        model: a built `VAE` with one stochastic layer; it is not changed.
        prior: a `Prior` of zoo.priors, with the `latent_dim` of the model.

    Returns:
        A compiled `VAE`.

    Raises:
        ValueError: the model has several stochastic layers, or the prior another `latent_dim`.
        TypeError: the prior is no `Prior`.

    >>> import numpy as np
    >>> import zoo
    >>> x = np.random.default_rng(0).random((64, 8)).astype("float32")
    >>> vae = zoo.get("dense_vae", latent_dim=2, hidden=(4,), input_shape=8, seed=0)
    >>> mixture = zoo.replace_prior(vae, zoo.MixturePrior(2, components=3))
    >>> zoo.fit_prior(mixture, x)
    >>> mixture.sample(5, seed=0).shape
    (5, 8)
    """
    inputs.require_vae(model)
    inputs.require_built(model)
    if not isinstance(prior, Prior):
        raise TypeError(f"prior must be a Prior of zoo.priors, got {type(prior).__name__}")
    shapes = nested.map_arrays(lambda shape: (None, *shape), model.decoder.event_shape)
    with model.distribute_strategy.scope():
        replaced = VAE(
            model.latents.with_prior(prior),
            model.decoder,
            objective=model.objective,
            input_noise=model.input_noise,
            auto_compile=model.auto_compile,
            seed=model.seed,
            name=model.name,
        )
        replaced.build(shapes)
        replaced.compile()
    return replaced


def _posterior_sample(model, x, seed, batch_size):
    """One draw of q(z|x) for each example, `[N, D]`."""

    def draw_codes(batch, seed):
        draws = forward_pass(model, batch, RandomSampler(seed)).draws
        if len(draws) != 1:
            raise ValueError(f"model must have one stochastic layer, got {len(draws)}")
        return draws[0].z

    return batching.map_batches(model, "draws of codes", draw_codes, x, batch_size, seed)
