"""The aggregated posterior, the mean of q(z|x) over data: how codes are spread in fact."""

from zoo import inference
from zoo.priors import MixturePrior
from zoo.sampling import RandomSampler


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
        (draw,) = model.run(batch, RandomSampler(seed)).draws
        return draw.z

    prior.fit(inference.over_batches(model, "draws of codes", draws, x, batch_size, seed), seed)
