"""What a trained VAE can be asked."""

import keras

from zoo.core import inputs
from zoo.inference import classification, latent_paths, multimodal, scoring


class InferenceMethods(keras.Model):
    """The questions that a `VAE` answers; each maps a compiled function over batches.

    Every method takes NumPy arrays, tensors or `tf.data.Dataset`s of any length. Deterministic
    unless samples are asked for; then a seed reproduces them.
    """

    def posterior(self, x):
        """q(z|x) of one batch of tensors: a `tfd.Normal`."""
        likelihood = self.decoder.likelihood
        return self.latents.posterior(likelihood.features(likelihood.read(x)))

    def encode(self, x, batch_size=256):
        """q(z|x): a `tfd.Normal` with batch `[N, latent_dim]`."""
        return scoring.encode(self, x, batch_size)

    def decode(self, z, event_shape=None):
        """p(x|z) for z `[N, D]`: a distribution over x with `log_prob`, `mean`, `sample`.

        `event_shape` says how large x is where that may vary; as when the model was built if None.
        """
        return self._likelihood(self.latents.code(inputs.codes(self, z)), event_shape)

    def reconstruct(self, x, samples=None, seed=0, batch_size=256):
        """E[x|z] at the posterior's mean, `[N, *event]`; or for `samples` draws, `[k, N, ...]`."""
        return scoring.reconstruct(self, x, samples, seed, batch_size)

    def translate(self, x, to, batch_size=256):
        """E[x_to|z], the modality `to` from what x, `{name: array}`, holds of the others."""
        return multimodal.translate(self, x, to, batch_size)

    def generate(self, n, seed=None, batch_size=256, event_shape=None, label=None):
        """n new examples: E[x|z] for z from the prior, `[n, *event]`; seed None: new each time.

        Of one class, or one for each, where `label` says so and the prior is a `LabelPrior`.
        """
        if label is not None:
            return classification.generate(self, n, label=label, seed=seed, batch_size=batch_size)
        return scoring.generate(self, n, seed, batch_size, event_shape)

    def classify(self, x, samples=4, seed=0, batch_size=256):
        """p(y|x), `[N, classes]`, of a model whose prior is a `LabelPrior`."""
        return classification.classify(self, x, samples, seed, batch_size)

    def elbo(self, x, samples=4, seed=0, batch_size=256):
        """The evidence lower bound, `[N]` nats, over `samples` values of z's noise.

        All x share the noise, which is balanced and not drawn: the result depends on the example
        alone. `evaluate` draws for each example, so its mean over a data set has no bias.
        """
        return scoring.score(self, x, samples, seed, batch_size)["elbo"]

    def score(self, x, samples=4, seed=0, batch_size=256):
        """`{"elbo", "nll", "kl"}`, each `[N]` nats, as in `elbo`."""
        return scoring.score(self, x, samples, seed, batch_size)

    def log_likelihood(self, x, samples=500, seed=0, batch_size=256, rows=4096):
        """The importance-weighted bound on log p(x), `[N]` nats; tight as `samples` grows.

        log (1/K) sum_k p(x, z_k) / q(z_k|x), z_k from q(z|x): Burda et al., 2016.

        Args:
            x: array or dataset.
            samples: K.
            seed: an integer; the same seed gives the same draws.
            batch_size: examples at a time.
            rows: at most so many (example, draw) pairs are decoded at once: the bound on memory.
        """
        return scoring.log_likelihood(self, x, samples, seed, batch_size, rows)

    def interpolate(self, start, end, steps=8, path=latent_paths.linear):
        """Means along a path between the codes of two batches, `[N, steps, *event]`.

        `path` is "linear", "spherical" or a function (start, end, t) -> codes.
        """
        return latent_paths.interpolate(self, start, end, steps, path)

    def traverse(self, x=None, dimensions=None, low=-3.0, high=3.0, steps=9):
        """Vary one latent dimension at a time: `[dimensions, steps, *event]`.

        Args:
            x: one example `[*event]` whose code to start from; the prior's origin by default.
            dimensions: which ones; all by default.
            low, high: range of the varied dimension, in units of z.
            steps: how many values.
        """
        return latent_paths.traverse(self, x, dimensions, low, high, steps)

    def manifold(self, x=None, dimensions=(0, 1), steps=15):
        """Means over a plane of latent space, `[steps, steps, *event]`: Kingma and Welling, 2014.

        Along both axes z takes the `zoo.normal_quantiles` of so many steps: each image then stands
        for an equal share of a standard normal prior. Entry [i, j] has the i-th value in the first
        dimension and the j-th in the second.

        Args:
            x: one example `[*event]` whose code to start from; the prior's origin by default.
            dimensions: the two that vary; all that there are, where the latent space is a plane.
            steps: how many values of each.
        """
        return latent_paths.manifold(self, x, dimensions, steps)

    def export(self, filepath, verbose=False, subsets=None):
        """Write a SavedModel with `encode`, `decode`, `reconstruct`, `generate` and `score`.

        It loads with TensorFlow alone; see `zoo.inference.export`. `subsets`: the modalities that
        further signatures take, `[("image",), ...]`; by default one for each alone.
        """
        from zoo.inference import export  # noqa: PLC0415  (export uses this class's public methods)

        export.saved_model(self, filepath, verbose, subsets)

    def compress(self, x, verbose=False):
        """Lossless: x -> bytes, about -ELBO / log 2 bits for each example; `zoo.compression`."""
        from zoo import compression  # noqa: PLC0415  (only who compresses needs its library)

        return compression.compress(self, x, verbose=verbose)

    def decompress(self, stream, verbose=False):
        """The array that `compress` made these bytes of, bit for bit; see `zoo.compression`."""
        from zoo import compression  # noqa: PLC0415

        return compression.decompress(self, stream, verbose=verbose)
