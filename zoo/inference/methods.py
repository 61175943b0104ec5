"""Methods of a trained VAE: encode, decode, generate, score."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from zoo.core import forward, inputs, nested
from zoo.inference import classification, functional, generation, latent_paths, multimodal, scoring
from zoo.inference.batching import map_batches

tfd = tfp.distributions


class InferenceMethods(keras.Model):
    """Inference methods of a `VAE`; each maps a compiled function over batches.

    Every method takes NumPy arrays, tensors or `tf.data.Dataset`s of any length. Results are
    deterministic unless samples are requested; samples are reproducible by their seed.

    A stream is read to its end. A dataset that is known to have none, as after `repeat()`, is
    refused before anything is computed; a Python generator that never ends is read for ever.
    """

    def posterior(self, x) -> tfd.Normal:
        """q(z|x) of one batch of tensors: a `tfd.Normal` with batch `[B, latent_dim]`.

        For a `keras.Input` the result has `loc` and `scale` as tensors of a functional model, whose
        weights include those of this model's encoder.
        """
        if functional.is_symbolic(x):
            return functional.symbolic_posterior(self, x)
        if not any(map(tf.is_symbolic_tensor, tf.nest.flatten(x))):
            checked = inputs.prepare(self, x)
            # Tensors stay as they are: a gradient may be taken with respect to them.
            x = x if all(map(tf.is_tensor, tf.nest.flatten(x))) else checked
            x = nested.map_arrays(tf.convert_to_tensor, x)
        x = self.preprocessor.to_tensor(x)
        return self.latents.posterior(self.preprocessor.encoder_inputs(x))

    def encode(self, x, batch_size: int = 256) -> tfd.Normal:
        """q(z|x): a `tfd.Normal` with batch `[N, latent_dim]`."""

        def parameters(batch, seed):
            q = self.latents.posterior(self.preprocessor.encoder_inputs(batch))
            return q.loc, q.scale

        return tfd.Normal(*map_batches(self, "encode", parameters, x, batch_size))

    def decode(self, z, event_shape: Sequence[int] | dict | None = None) -> Any:
        """p(x|z) for z `[N, D]`: a distribution over x with `log_prob`, `mean`, `sample`.

        Args:
            z: codes of all stochastic layers, `[N, D]`.
            event_shape: shape of an example, if it may vary; by default the shape for which the
                model was built.
        """
        event_shape = inputs.as_event_shape(self, event_shape)
        return self.preprocessor.relocated(forward.decode(self, z, event_shape))

    def reconstruct(
        self,
        x,
        samples: int | None = None,
        seed: int = 0,
        batch_size: int = 256,
        draw: bool = False,
        **options,
    ) -> Any:
        """E[x|z] at the posterior's mean, `[N, *event]`, or for draws of z, `[samples, N, *event]`.

        Args:
            x: array or dataset.
            samples: draws of z for each example; None takes z at the posterior's mean.
            seed: seed of the draws.
            batch_size: examples at a time.
            draw: whether to draw z from q(z|x) and x from p(x|z) instead of returning means.
            **options: options of the draws of x, as in `sample`.
        """
        return generation.reconstruct(self, x, samples, seed, batch_size, draw, options)

    def translate(self, x: dict, to: str, batch_size: int = 256) -> Any:
        """E[x_to|z]: the modality `to` from the others in x, `{name: array}`."""
        return multimodal.translate(self, x, to, batch_size)

    def generate(
        self,
        n: int,
        seed: int | None = None,
        batch_size: int = 256,
        event_shape: Sequence[int] | dict | None = None,
        label: int | Sequence[int] | None = None,
    ) -> Any:
        """n new examples without noise: E[x|z] for z from the prior, `[n, *event]`.

        Means vary less than data: for rows that look like those of a table, use `sample`.

        Args:
            n: number of examples.
            seed: an integer; None draws new codes at each call.
            batch_size: codes to decode at a time.
            event_shape: shape of an example, if it may vary.
            label: a class, or one for each example, if the prior is a `LabelPrior`.
        """
        return generation.generate(self, n, seed, batch_size, event_shape, label)

    def sample(
        self,
        n: int,
        seed: int | None = None,
        batch_size: int = 256,
        event_shape: Sequence[int] | dict | None = None,
        label: int | Sequence[int] | None = None,
        **options,
    ) -> Any:
        """n draws of x: z from the prior, then x from p(x|z), `[n, *event]`.

        Args:
            n, seed, batch_size, event_shape, label: as in `generate`. The codes are those of
                `generate`; the draws of x depend on `batch_size` too.
            **options: options of p(x|z)'s `sample`. For texts: `temperature` (below 1 sharpens the
                distribution of each next token) and `top_p` (restricts each draw to the fewest most
                probable tokens that together reach this probability). For several modalities: name
                of a modality -> dict of these options.

        Raises:
            TypeError: the likelihood has no such option.
        """
        return generation.sample(self, n, seed, batch_size, event_shape, label, options)

    def classify(self, x, samples: int = 4, seed: int = 0, batch_size: int = 256) -> np.ndarray:
        """p(y|x), `[N, classes]`, of a model whose prior is a `LabelPrior`."""
        return classification.classify(self, x, samples, seed, batch_size)

    def elbo(self, x, samples: int = 4, seed: int = 0, batch_size: int = 256) -> np.ndarray:
        """The evidence lower bound, `[N]` nats, over `samples` values of z's noise.

        All examples share these values, which are balanced instead of drawn at random, so that the
        result of an example does not depend on the others. `evaluate` draws noise for each example
        instead, so its mean over a data set is unbiased.
        """
        return scoring.score(self, x, samples, seed, batch_size)["elbo"]

    def score(
        self, x, samples: int = 4, seed: int = 0, batch_size: int = 256
    ) -> dict[str, np.ndarray]:
        """`{"elbo", "nll", "kl"}`, each `[N]` nats, as in `elbo`."""
        return scoring.score(self, x, samples, seed, batch_size)

    def log_likelihood(
        self, x, samples: int = 500, seed: int = 0, batch_size: int = 256, rows: int = 4096
    ) -> np.ndarray:
        """The importance-weighted bound on log p(x), `[N]` nats; tight as `samples` grows.

        log (1/K) sum_k p(x, z_k) / q(z_k|x), z_k from q(z|x): Burda et al., 2016.

        Args:
            x: array or dataset.
            samples: K.
            seed: an integer; the same seed gives the same draws.
            batch_size: examples at a time.
            rows: number of (example, draw) pairs that are decoded at a time, which bounds memory.
        """
        return scoring.log_likelihood(self, x, samples, seed, batch_size, rows)

    def interpolate(self, start, end, steps: int = 8, path: str | Callable = "linear") -> Any:
        """Means along a path between the codes of two batches, `[N, steps, *event]`.

        `path` is "linear", "spherical" or a function (start, end, t) -> codes.
        """
        return latent_paths.interpolate(self, start, end, steps, path)

    def traverse(
        self,
        x=None,
        dimensions: Sequence[int] | None = None,
        low: float = -3.0,
        high: float = 3.0,
        steps: int = 9,
    ) -> Any:
        """Vary one latent dimension at a time: `[dimensions, steps, *event]`.

        Args:
            x: one example `[*event]`, whose code is varied; by default the prior's origin.
            dimensions: indices of the dimensions to vary; all by default.
            low, high: range of the varied dimension, in units of z.
            steps: number of values.
        """
        return latent_paths.traverse(self, x, dimensions, low, high, steps)

    def manifold(self, x=None, dimensions: Sequence[int] = (0, 1), steps: int = 15) -> Any:
        """Means over a plane of latent space, `[steps, steps, *event]`: Kingma and Welling, 2014.

        Along each axis z takes the values `zoo.normal_quantiles(steps)`, so that all images
        represent the same probability of a standard normal prior. Entry [i, j] has the i-th value
        in the first dimension and the j-th in the second.

        Args:
            x: one example `[*event]`, whose code gives the other dimensions; by default the prior's
                origin.
            dimensions: indices of the two dimensions that vary.
            steps: number of values in each dimension.
        """
        return latent_paths.manifold(self, x, dimensions, steps)

    def export(
        self,
        filepath,
        format: str = "tf_saved_model",
        *,
        verbose: bool = False,
        subsets: Sequence[Sequence[str]] | None = None,
        signatures: Sequence[str] | None = None,
    ) -> None:
        """Write `encode`, `decode`, `reconstruct`, `generate` and `score` for serving.

        A SavedModel loads with TensorFlow alone (`zoo.inference.export`). The other formats are for
        runtimes without it, whose results are compared with TensorFlow's before anything is written
        (`zoo.inference.formats`). They need the extra "export", and hold no random `generate`.

        Args:
            filepath: the folder to write; for "litert" a file that ends in ".tflite".
            format: "tf_saved_model", "onnx", "openvino" or "litert".
            verbose: whether to print the signatures.
            subsets: subsets of the modalities for which to add signatures, `[("image",), ...]`; by
                default each modality alone.
            signatures: names that a format other than "tf_saved_model" must hold; by default all
                that can be converted, with a warning about the others.

        Raises:
            ValueError: a signature of `signatures` cannot be converted, or none of all.
        """
        from zoo.inference import formats  # noqa: PLC0415  (it uses this class's methods)

        formats.export(self, filepath, format, verbose, subsets, signatures)

    def compress(self, x, verbose: bool = False) -> bytes:
        """Compress x without loss, to about -ELBO / log 2 bits per example (`zoo.compression`)."""
        from zoo import compression  # noqa: PLC0415  (its library is optional)

        return compression.compress(self, x, verbose=verbose)

    def decompress(self, stream: bytes, verbose: bool = False) -> np.ndarray:
        """Recover the array that `compress` encoded, bit for bit (`zoo.compression`)."""
        from zoo import compression  # noqa: PLC0415

        return compression.decompress(self, stream, verbose=verbose)
