"""How near the aggregated posterior is to the prior, seen by two tests that need no density."""

import importlib

import numpy as np
import tensorflow as tf

from zoo.core import validation
from zoo.core.distributions import as_event
from zoo.core.forward import forward_pass
from zoo.core.samplers import RandomSampler
from zoo.inference import batching
from zoo.objectives import InverseMultiquadratic
from zoo.priors import MixturePrior

FOLDS = 5


def prior_match(model, x, *, seed=0, batch_size=256):
    """How near draws z ~ q(z|x), one for each example, are to as many draws of the prior.

    What is generated looks like data only where codes of data lie where the prior's draws do.

    Args:
        model: a `VAE` with one stochastic layer.
        x: data that the model has not seen, at least 20 examples; more make both tests sharper.
        seed: of all draws and of the classifier.
        batch_size: examples to encode at a time.

    Returns:
        {"mmd": the squared maximum mean discrepancy (`zoo.objectives.MMD`'s unbiased estimate),
        "mmd_of_prior": the same between two sets of draws of the prior, what chance alone gives,
        "accuracy": of a classifier that tells draws of q(z) from those of the prior, on draws that
        it has not seen; 0.5 where it sees no difference, 1 where it always knows. Lopez-Paz and
        Oquab, Revisiting classifier two-sample tests, 2017.}

    Raises:
        ValueError: too few examples, or several stochastic layers.
        ImportError: scikit-learn is not installed.
    """
    seed = validation.seed(seed)

    def draws(batch, seed):
        found = forward_pass(model, batch, RandomSampler(seed)).draws
        if len(found) != 1:
            raise ValueError(f"prior_match needs one stochastic layer, got {len(found)}")
        return found[0].z

    z = batching.map_batches(model, "draws of codes", draws, x, batch_size, seed)
    if len(z) < 4 * FOLDS:
        raise ValueError(f"x must hold at least {4 * FOLDS} examples, got {len(z)}")
    prior = as_event(model.latents.prior.distribution(model.latents.encoder))
    first, second = (np.asarray(prior.sample(len(z), seed=tf.constant([seed, i]))) for i in (1, 2))
    return {
        "mmd": mmd(z, first),
        "mmd_of_prior": mmd(second, first),
        "accuracy": two_sample_accuracy(z, first, seed),
    }


def mmd(a, b, kernel=None):
    """The unbiased estimate of the squared maximum mean discrepancy of `[N, D]` and `[M, D]`.

    sum_{i != j} k(a_i, a_j) / (N (N - 1)) + the same of b - 2 mean k(a_i, b_j). Gretton et al., A
    kernel two-sample test, 2012.

    Args:
        a, b: draws of two distributions.
        kernel: `zoo.objectives.InverseMultiquadratic()` by default.
    """
    kernel = InverseMultiquadratic() if kernel is None else kernel
    a, b = (tf.convert_to_tensor(x, tf.float32) for x in (a, b))

    def within(x):
        pairs = kernel(x, x)
        others = tf.reduce_sum(pairs) - tf.reduce_sum(tf.linalg.diag_part(pairs))
        return float(others) / (len(x) * (len(x) - 1))

    return within(a) + within(b) - 2.0 * float(tf.reduce_mean(kernel(a, b)))


def two_sample_accuracy(a, b, seed=0):
    """Accuracy with which a classifier tells rows of a from rows of b that it has not seen.

    A dense network with two layers of 64, cross-validated in five parts; a and b are equally many.
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
    parts = sklearn["model_selection"].StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    rows, labels = np.concatenate([a, b]), np.repeat([0, 1], [len(a), len(b)])
    scores = sklearn["model_selection"].cross_val_score(classifier, rows, labels, cv=parts)
    return float(scores.mean())


def fit_prior(model, x, *, seed=0, batch_size=256):
    """Fit a trained model's `MixturePrior` to codes of x, one draw of q(z|x) for each example.

    What is generated then begins where codes of data lie, and the ELBO rises as the KL falls:
    encoder and decoder given, the prior that is best for it is the aggregated posterior. Training
    may go on afterwards. By the EM algorithm of scikit-learn. Ghosh et al., From variational to
    deterministic autoencoders, 2020, fit such densities to the codes of other autoencoders.

    Args:
        model: a `VAE` whose latents have a `MixturePrior`.
        x: training data, at least as many examples as the prior has components.
        seed: of the draws and of where EM begins.
        batch_size: examples to encode at a time.

    Raises:
        TypeError: the model's prior is another one.
        ValueError: too few examples.
        ImportError: scikit-learn is not installed.
    """
    prior = model.latents.prior
    if not isinstance(prior, MixturePrior):
        raise TypeError(
            "fit_prior needs a model with prior=zoo.MixturePrior(...), its prior is a "
            f"{type(prior).__name__}"
        )

    def draws(batch, seed):
        (draw,) = forward_pass(model, batch, RandomSampler(seed)).draws
        return draw.z

    prior.fit(batching.map_batches(model, "draws of codes", draws, x, batch_size, seed), seed)
