"""SavedModels that load with TensorFlow alone.

| signature | inputs | outputs |
|---|---|---|
| encode | x `[N, *event]` | loc, scale `[N, D]` |
| decode | z `[N, D]` | mean `[N, *event]` |
| reconstruct | x | mean |
| generate | n int32 `[]`, seed int32 `[2]` | mean `[n, *event]` |
| score | x | elbo, nll, kl `[N]`, nats, as `VAE.score`: the noise is constant |

x and mean are as users give and read them: strings `[N]` for a model of texts.

All but `generate` hold no random op, so they convert to TFLite too.
"""

import keras
import tensorflow as tf

from zoo import checks
from zoo.sampling import CommonSampler, MeanSampler


def saved_model(model, filepath, verbose=False):
    """Write `model`, which must be built, to the folder `filepath`."""
    checks.built(model)
    x = model.decoder.likelihood.signature(model.free_event_shape)
    z = tf.TensorSpec([None, *model.latents.code_shape], tf.float32, name="z")
    n, seed = tf.TensorSpec([], tf.int32, name="n"), tf.TensorSpec([2], tf.int32, name="seed")
    archive = keras.export.ExportArchive()
    for resource in (model, *model.decoder.likelihood.resources):
        archive.track(resource)
    for name, function, signature in (
        ("encode", lambda x: _encode(model, x), [x]),
        ("decode", lambda z: _mean(model, model.decode(z)), [z]),
        ("reconstruct", lambda x: _reconstruct(model, x), [x]),
        ("generate", lambda n, seed: _generate(model, n, seed), [n, seed]),
        ("score", lambda x: model.scores(x, CommonSampler()), [x]),
    ):
        archive.add_endpoint(name, function, input_signature=signature)
    archive.write_out(str(filepath), verbose=verbose)


def _encode(model, x):
    q = model.posterior(x)
    return {"loc": q.loc, "scale": q.scale}


def _reconstruct(model, x):
    return _mean(model, model.run(x, MeanSampler()).likelihood)


def _generate(model, n, seed):
    return _mean(model, model.decoder(model.latents.generate(n, seed), training=False))


def _mean(model, likelihood):
    return {"mean": model.decoder.likelihood.write(likelihood.mean())}
