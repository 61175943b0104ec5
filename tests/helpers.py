"""Tiny models and data for any variant, and fresh Python processes."""

import importlib
import inspect
import os
import pathlib
import pkgutil
import subprocess
import sys
import textwrap

import keras
import numpy as np
import tensorflow as tf

import zoo
from zoo import decoders, encoders
from zoo.core import nested
from zoo.core.forward import forward_pass
from zoo.core.nested import map_arrays
from zoo.core.samplers import MeanSampler
from zoo.likelihoods.multimodal import PRESENT

ROOT = str(pathlib.Path(__file__).resolve().parents[1])

# By the name of an option and by the kind of data, never by the name of a variant.
SMALL_OPTIONS = {"latent_dim": 2, "hidden": 12, "widths": (4, 8), "blocks": 1, "units": (5, 4)}
SMALL_OPTIONS |= {"heads": 2, "free_bits": None, "level_dims": (3, 2)}
SMALL_OPTIONS["normalization"] = "batch"  # it has a state, and a result that depends on the batch
EVENT_SHAPES = {"tables": (6,), "images": (9, 10, 2), "series": (7, 2), "texts": (7,)}
EVENT_SHAPES["modalities"] = {"image": (9, 10, 2), "series": (7, 2), "vector": (6,)}
WORDS = 11


def event_shape(name):
    """Shape of one tiny example of a variant; images have odd sizes and two channels."""
    return EVENT_SHAPES[zoo.card(name).data]


def shapes(name, *batch):
    """Shapes of the arrays of a variant's examples, with `batch` in front."""
    return map_arrays(lambda event: (*batch, *event), event_shape(name))


def data(name, n=20, seed=0):
    """n examples that a variant can take: in [0, 1], or token ids of texts of any length.

    Of modalities most examples lack one; which one differs from seed to seed.
    """
    rng, shape = np.random.default_rng(seed), event_shape(name)
    if zoo.card(name).data != "texts":
        x = map_arrays(lambda size: rng.random(size, "float32"), shapes(name, n))
        return {**x, PRESENT: _some(x, n, seed)} if isinstance(x, dict) else x
    ends = rng.integers(2, shape[0] + 1, (n, 1))
    words = rng.integers(2, WORDS, (n, *shape))
    return np.where(np.arange(shape[0]) < ends, words, 0).astype("int32")


def _some(names, n, seed):
    """name -> mask of the n examples that have it: each name is missing in turn, then none is."""
    turn = (np.arange(n) + seed) % (1 + len(names))
    return {name: turn != i for i, name in enumerate(names)}


def without_mask(x):
    """x without the mask of missing modalities, as a SavedModel takes it."""
    return {n: a for n, a in x.items() if n != PRESENT} if isinstance(x, dict) else x


def choose(where, a, b):
    """The rows of `a` where the mask is true, and those of `b` elsewhere."""

    def rows(a, b):
        return np.where(np.reshape(where, (-1, *[1] * (a.ndim - 1))), a, b)

    return keras.tree.map_structure(rows, a, b)


def small(name, *, built=True, run_eagerly=True, **options):
    """A variant at its smallest, built, with the same initial weights each time.

    Compiled to run eagerly, because a few steps take less time than tracing them; with
    `run_eagerly=False` compiled as `zoo.get` compiles it.
    """
    keras.utils.set_random_seed(1)
    known = inspect.signature(zoo.builder(name)).parameters
    chosen = {key: value for key, value in SMALL_OPTIONS.items() if key in known}
    if zoo.card(name).data == "texts":
        chosen["likelihood"] = zoo.likelihoods.Text(WORDS, *event_shape(name), width=8)
    if zoo.card(name).data == "modalities":
        chosen |= _subnetworks(options.get("kernel_regularizer"))
    if built:
        options.setdefault("input_shape", event_shape(name))
    vae = zoo.get(name, **{"seed": 1, **chosen, **options})
    if built and not vae.latents.adapted:  # or the first `fit` would change weights beforehand
        vae.adapt(data(name))
    if run_eagerly:
        vae.compile(run_eagerly=True)
    return vae


def _subnetworks(regularizer):
    """An encoder and a decoder for each modality, smaller than those that a variant chooses."""
    common = {"kernel_regularizer": regularizer}
    image = {"widths": (4, 8), "blocks": 1, "normalization": None, **common}
    series, vector = {"units": (5,), **common}, {"hidden": (12,), **common}
    return {
        "encoders": {
            "image": encoders.ConvEncoder(2, **image),
            "series": encoders.LSTMEncoder(2, **series),
            "vector": encoders.DenseEncoder(2, **vector),
        },
        "decoders": {
            "image": decoders.ConvDecoder(**image),
            "series": decoders.LSTMDecoder(**series),
            "vector": decoders.DenseDecoder(**vector),
        },
    }


def optimizer(rate=1e-2):
    """Adam whose steps are smooth in the gradient, so that rounding errors stay small."""
    return zoo.FusedAdam(rate, epsilon=1e-2)


def compile_options(strategy):
    """Options of `compile` for a few steps: a graph only for several replicas, which need it."""
    if strategy.num_replicas_in_sync == 1:
        return {"run_eagerly": True}
    return {"jit_compile": False, "steps_per_execution": 1}


def values(variables):
    """Values of variables, as arrays."""
    return [np.array(v.numpy()) for v in variables]


def assert_same(got, expected, **tolerance):
    """Assert that two trees of arrays are equal: bit for bit, or to a tolerance if it is passed."""
    got, expected = keras.tree.flatten(got), keras.tree.flatten(expected)
    assert len(got) == len(expected)
    for a, b in zip(got, expected, strict=True):
        if tolerance:
            np.testing.assert_allclose(a, b, **tolerance)
        else:
            np.testing.assert_array_equal(a, b)


def registered_classes():
    """Every class of zoo that Keras can save."""
    classes = set()
    for module in pkgutil.walk_packages(zoo.__path__, "zoo."):
        for value in vars(importlib.import_module(module.name)).values():
            name = inspect.isclass(value) and keras.saving.get_registered_name(value)
            if name and name.startswith("zoo>"):
                classes.add(value)
    return classes


def start_python(code, *arguments, stdout=subprocess.PIPE, **environment):
    """Start a process that runs `code` with this repository's zoo; a variable of None is unset."""
    env = {**os.environ, "PYTHONPATH": ROOT, **environment}
    env = {name: value for name, value in env.items() if value is not None}
    command = [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)]
    return subprocess.Popen(command, env=env, stdout=stdout, stderr=subprocess.PIPE, text=True)


def run_python(code, *arguments, **environment):
    """Run `code` in a new process, which must succeed, and return its output."""
    return end(start_python(code, *arguments, **environment))


def end(process, returncode=0):
    """Wait for a process to end with this return code, and return its output."""
    try:
        out, err = process.communicate(timeout=900)
    finally:
        process.kill()  # does nothing to one that has ended
    assert process.returncode == returncode, err[-3000:]
    return out


class NoiselessSampler(MeanSampler):
    """A sampler of the mean, so that training is the same on any number of replicas."""

    def __init__(self, seed):
        del seed

    def next_seed(self):
        return tf.constant([1, 2])


def forward(vae, x, sampler, training=False):
    """The `Pass` of x as a user passes it, batch first."""
    x = vae.preprocessor.to_tensor(nested.map_arrays(tf.convert_to_tensor, x))
    return forward_pass(vae, x, sampler, training)
