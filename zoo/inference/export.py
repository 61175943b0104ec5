"""SavedModels that load with TensorFlow alone.

| signature | inputs | outputs |
|---|---|---|
| encode | x `[N, *event]` | loc, scale `[N, D]` |
| decode | z `[N, D]` | mean `[N, *event]` |
| reconstruct | x | mean |
| generate | n int32 `[]`, seed int32 `[2]` | mean `[n, *event]` |
| score | x | elbo, nll, kl `[N]`, nats, as `VAE.score`; with several modalities `nll_NAME` too |

x and mean have the form of the user's data: strings `[N]` for a text model. A multimodal model
takes and returns the modalities by their names. It also has the signatures `encode_NAME`,
`reconstruct_NAME` and `score_NAME`, which take a subset of the modalities.

x is float32. A model of data that float32 cannot hold, such as unix time in seconds, also has the
signatures `encode_float64`, `reconstruct_float64` and `score_float64`, which take x as float64.

Only `generate` contains a random op, so the others convert to formats of other runtimes
(`zoo.inference.formats`), except for `score` if the prior is a `VampPrior`, whose density needs
64 bits.
"""

import functools
import os
import sys

import keras
import tensorflow as tf

from zoo.core import inputs
from zoo.core.forward import decode, forward_pass
from zoo.core.samplers import CommonSampler, MeanSampler
from zoo.inference.scoring import elbo_terms


def saved_model(model, filepath, verbose=False, subsets=None):
    """Write `model`, which must be built, to the folder `filepath`."""
    inputs.require_built(model)
    if not isinstance(filepath, (str, os.PathLike)):
        raise TypeError(f"filepath must be a path, got {type(filepath).__name__}")
    functions = {}
    inputs_by_suffix = model.preprocessor.serving_inputs(model.decoder.free_event_shape, subsets)
    for suffix, x in inputs_by_suffix.items():
        for name, function in FUNCTIONS.items():
            functions[name + suffix] = _traced(functools.partial(function, model), x)
    z = tf.TensorSpec([None, model.latents.latent_dim], tf.float32, name="z")
    n, seed = tf.TensorSpec([], tf.int32, name="n"), tf.TensorSpec([2], tf.int32, name="seed")
    functions["decode"] = _traced(lambda z: _mean(model, decode(model, z)), z)
    functions["generate"] = _traced(lambda n, seed: _generate(model, n, seed), n, seed)
    module = tf.Module()
    module.weights = list({id(v): v for f in functions.values() for v in f.variables}.values())
    module.resources = list(model.preprocessor.resources)
    for name, function in functions.items():
        setattr(module, name, function)
    functions["serving_default"] = functions["encode"]
    tf.saved_model.save(module, os.fspath(filepath), signatures=functions)
    if verbose:
        for name, function in functions.items():
            (taken, _), returned = function.structured_input_signature, function.structured_outputs
            sys.stdout.write(f"{name}: {_listed(taken)} -> {_listed(returned)}\n")


def _listed(specs):
    """Names, types and shapes of inputs or outputs, in one line."""
    return ", ".join(
        f"{path[-1] if isinstance(path[-1], str) else spec.name} {spec.dtype.name} {spec.shape}"
        for path, spec in keras.tree.flatten_with_path(specs)
    )


def _traced(function, *specs):
    """The function for inputs of these specs.

    A signature that is not traced yet, such as one of `keras.export.ExportArchive`, is traced twice
    while TensorFlow saves it.
    """
    return tf.function(function, autograph=False).get_concrete_function(*specs)


def _encode(model, x):
    q = model.posterior(x)
    return {"loc": q.loc, "scale": q.scale}


def _reconstruct(model, x):
    x = model.preprocessor.to_tensor(x)
    return _mean(model, forward_pass(model, x, MeanSampler()).likelihood)


def _score(model, x):
    return elbo_terms(model, model.preprocessor.to_tensor(x), CommonSampler())


def _generate(model, n, seed):
    return _mean(model, decode(model, model.latents.generate(n, seed)))


def _mean(model, likelihood):
    return model.preprocessor.serving_outputs(likelihood.mean())


FUNCTIONS = {"encode": _encode, "reconstruct": _reconstruct, "score": _score}
