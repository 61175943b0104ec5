"""SavedModels that load with TensorFlow alone.

| signature | inputs | outputs |
|---|---|---|
| encode | x `[N, *event]` | loc, scale `[N, D]` |
| decode | z `[N, D]` | mean `[N, *event]` |
| reconstruct | x | mean |
| generate | n int32 `[]`, seed int32 `[2]` | mean `[n, *event]` |
| score | x | elbo, nll, kl `[N]`, nats, as `VAE.score`: the noise is constant |

x and mean are as users give and read them: strings `[N]` for a model of texts. A model of several
modalities takes and gives them by their names, and has `encode_NAME`, `reconstruct_NAME` and
`score_NAME` too, which take a part of them.

All but `generate` hold no random op, so they convert to TFLite too; but `score` does not where the
prior is a `VampPrior`, whose density takes 64 bits.
"""

import functools

import keras
import tensorflow as tf

from zoo.core import inputs
from zoo.core.samplers import CommonSampler, MeanSampler


def saved_model(model, filepath, verbose=False, subsets=None):
    """Write `model`, which must be built, to the folder `filepath`."""
    inputs.built(model)
    likelihood = model.decoder.likelihood
    archive = keras.export.ExportArchive()
    for resource in (model, *likelihood.resources):
        archive.track(resource)
    for suffix, x in likelihood.signatures(model.free_event_shape, subsets).items():
        for name, function in (
            ("encode", _encode),
            ("reconstruct", _reconstruct),
            ("score", _score),
        ):
            endpoint = functools.partial(function, model)
            archive.add_endpoint(name + suffix, endpoint, input_signature=[x])
    z = tf.TensorSpec([None, model.latents.latent_dim], tf.float32, name="z")
    n, seed = tf.TensorSpec([], tf.int32, name="n"), tf.TensorSpec([2], tf.int32, name="seed")
    archive.add_endpoint("decode", lambda z: _mean(model, model.decode(z)), input_signature=[z])
    archive.add_endpoint(
        "generate", lambda n, seed: _generate(model, n, seed), input_signature=[n, seed]
    )
    archive.write_out(str(filepath), verbose=verbose)


def _encode(model, x):
    q = model.posterior(x)
    return {"loc": q.loc, "scale": q.scale}


def _reconstruct(model, x):
    return _mean(model, model.run(x, MeanSampler()).likelihood)


def _score(model, x):
    return model.scores(x, CommonSampler())


def _generate(model, n, seed):
    return _mean(model, model.decode(model.latents.generate(n, seed)))


def _mean(model, likelihood):
    return model.decoder.likelihood.outputs_written(likelihood.mean())
