"""Results of a model under the names that the signatures of its SavedModel have."""

import contextlib

import numpy as np

from tests.helpers import without_mask
from zoo.core.nested import map_arrays


def named(value, name):
    """The arrays of a signature by their own names, or one array by this name."""
    return value if isinstance(value, dict) else {name: value}


def parts(x):
    """Suffix of a signature -> the part of x that it takes: each modality alone."""
    return {f"_{name}": {name: value} for name, value in x.items()} if isinstance(x, dict) else {}


def signature_inputs(x, z):
    """Deterministic signature -> its inputs."""
    xs = {"": x, **parts(x)}
    calls = {
        f"{call}{suffix}": named(part, "x")
        for call in ("encode", "reconstruct", "score")
        for suffix, part in xs.items()
    }
    return {"decode": {"z": z}, **calls}


@contextlib.contextmanager
def eagerly(vae):
    """Answer without graphs: tracing them takes longer than one batch."""
    before, vae.run_eagerly = vae.run_eagerly, True
    yield vae
    vae.run_eagerly = before


def keras_outputs(vae, x):
    """Deterministic signature -> the outputs that it should give."""
    with eagerly(vae):
        return _keras_outputs(vae, x)


def _keras_outputs(vae, x):
    mean = map_arrays(np.asarray, vae.decode(codes(vae)).mean())
    outputs = {"decode": named(mean, "mean")}
    for suffix, part in {"": x, **parts(without_mask(x))}.items():
        q = vae.encode(part)
        outputs[f"encode{suffix}"] = {"loc": np.asarray(q.loc), "scale": np.asarray(q.scale)}
        outputs[f"reconstruct{suffix}"] = named(vae.reconstruct(part), "mean")
        outputs[f"score{suffix}"] = map_arrays(np.asarray, vae.score(part))
    return outputs


def codes(vae, n=5):
    """n codes to decode, the same each time."""
    return np.random.default_rng(0).standard_normal((n, vae.latents.latent_dim)).astype("float32")
