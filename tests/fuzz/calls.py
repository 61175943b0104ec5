"""Public callables and methods of built models, each with valid arguments."""

import dataclasses
import importlib
import inspect
from collections.abc import Callable

import numpy as np

import zoo
from tests.fuzz.arguments import ARGUMENTS, LABELS, SPECIAL, TABLE
from tests.fuzz.choices import (
    ASKS,
    BASES,
    CHANGING,
    FINITE,
    KERAS,
    METHODS,
    OTHERS,
    RECORDS,
)
from tests.helpers import data, optimizer, small, values

MODELS = {
    "dense_vae": {},
    "conv_vae": {},
    "lstm_vae": {},
    "dense_ladder_vae": {},
    "multimodal_vae": {},
    "transformer_vae": {},
}


@dataclasses.dataclass
class Target:
    """A callable, valid arguments, and the model whose state a refused call must not change."""

    name: str
    function: Callable
    arguments: dict
    model: object = None
    changes: bool = False
    finite: bool = False

    @property
    def parameters(self):
        """Names of the parameters to replace."""
        kinds = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
        signature = inspect.signature(self.function).parameters.values()
        return [p.name for p in signature if p.kind not in kinds and p.name not in ASKS]


def _alphabet(likelihood):
    return zoo.compression.alphabet(likelihood)


def public_callables():
    """name -> public callable: those of `zoo.__all__` and of the `__all__` of its packages."""
    names = [f"zoo.{n}" for n in zoo._MODULES] + ["zoo"]
    names += [f"zoo.evaluation.{n}" for n in ("diagnosis", "disentanglement", "representation")]
    found = {}
    for name in names:
        module = importlib.import_module(name)
        for key in getattr(module, "__all__", ()):
            item = getattr(module, key)
            if callable(item) and item not in found.values() and not inspect.ismodule(item):
                if item is zoo.compression.alphabet:  # dispatched by its position
                    item = _alphabet
                found[f"{name.removeprefix('zoo').strip('.')}.{key}".strip(".")] = item
    left_out = RECORDS | BASES | OTHERS | KERAS
    return {n: f for n, f in found.items() if n.split(".")[-1] not in left_out}


def function_targets(models):
    """Targets of the public callables; those of a model get one that fits."""
    targets = []
    for name, function in public_callables().items():
        short = ".".join(name.split(".")[-2:])
        special = SPECIAL.get(short, SPECIAL.get(name.split(".")[-1], {}))
        parameters = inspect.signature(function).parameters
        model, x = _model_of(name, models)
        valid = {"model": model, "vae": model, **ARGUMENTS}
        if x is not None and not name.startswith(("plots.", "disentanglement.mig")):
            valid |= dict.fromkeys(("x", "data", "queries", "gallery"), x)
        if "encoder" in parameters:
            valid["encoder"] = _encoder(name)
        if "lower_levels" in parameters and "encoder" in parameters:
            valid["lower_levels"] = [zoo.latents.DenseLevel(3)]
        if name == "replace_prior":
            valid["prior"] = zoo.StandardNormal(model.latents.latent_dim)
        valid |= _of_results(name, model)
        arguments = {
            n: valid[n]
            for n, p in parameters.items()
            if n in valid and n not in special and _needed(n, p)
        }
        targets.append(
            Target(
                name,
                function,
                arguments | special,
                model if {"model", "vae"} & {*parameters} else None,
                name == "fit_prior",
            )
        )
    return targets


def _needed(name, parameter):
    small_sizes = ("batch_size", "samples", "steps", "draws", "hidden", "bounded", "pairs")
    small_sizes += ("importance_samples", "max_examples", "widths", "units", "missing")
    return parameter.default is parameter.empty or name in small_sizes


def _model_of(name, models):
    """A model and examples for a callable."""
    if name in ("alignment", "unimodal_posteriors", "retrieval"):
        kind = "multimodal_vae"
    elif name in ("kl_by_level", "reconstruct_levels"):
        kind = "dense_ladder_vae"
    elif name.startswith("compression"):
        kind = "binary"
    elif name == "fit_prior":
        kind = "mixture"
    else:
        kind = "dense_vae"
    if name == "retrieval":
        return models[kind], data(kind, 8)["image"]
    return models[kind], (
        models.binary_x if kind == "binary" else data("dense_vae" if kind == "mixture" else kind, 8)
    )


def _encoder(name):
    if "Multimodal" in name:
        return zoo.encoders.MultimodalEncoder(2, encoders={"a": zoo.encoders.DenseEncoder(2)})
    if "Ladder" in name:
        return zoo.encoders.DenseLadderEncoder(2, hidden=6)
    return zoo.encoders.DenseEncoder(2, hidden=(6,))


def _of_results(name, model):
    """Arguments that are results of other functions, made where they are needed."""
    if name in ("plots.diagnosis", "plots.kl_per_dimension", "plots.posterior_histograms"):
        return {"result": zoo.diagnose(model, TABLE, importance_samples=4)}
    if name.endswith("diagnosis.judge"):
        return {"diagnosis": zoo.diagnose(model, TABLE, importance_samples=4)}
    if name.startswith("compression.decompress"):
        return {"stream": model.compress(np.zeros((4, 6), "uint8"))}
    return {"likelihood": zoo.likelihoods.Bernoulli()}


class Models(dict):
    """Kind -> a small built and compiled model, built when it is first asked for."""

    binary_x = (TABLE > 0.5).astype("uint8")

    def __missing__(self, kind):
        options = {"binary": {"likelihood": "bernoulli"}, "mixture": {"prior": "mixture"}}
        name = kind if kind in MODELS else "dense_vae"
        vae = small(name, **options.get(kind, {}))
        _compile(vae)
        self[kind] = vae
        return vae


def method_targets(models):
    """Targets of the methods of a model of each kind."""
    targets = []
    for kind in (*MODELS, "binary"):
        vae = models[kind]
        x = models.binary_x if kind == "binary" else data(kind, 8)
        for method in METHODS:
            function = getattr(vae, method)
            special = {
                "x": x,
                "start": x,
                "end": x,
                "z": np.zeros((2, _code_size(vae)), "float32"),
                "n": 2,
                "verbose": 0,
                "to": "image",
                "stream": b"",
            }
            parameters = inspect.signature(function).parameters
            arguments = {
                n: special.get(n, ARGUMENTS.get(n))
                for n, p in parameters.items()
                if n in special or (_needed(n, p) and n in ARGUMENTS)
            }
            if method == "manifold":
                del arguments["x"]
            targets.append(
                Target(
                    f"{kind}.{method}",
                    function,
                    arguments | SPECIAL.get(method, {}),
                    vae,
                    method in CHANGING,
                    method in FINITE,
                )
            )
    return targets


def _code_size(vae):
    return int(
        np.shape(
            vae.generate(1, seed=0) is not None
            and vae.encode(data(vae.name, 2) if vae.name in MODELS else TABLE[:2]).loc
        )[-1]
    )


def restore(target, saved):
    """Give the model its values and settings of before, from which each case begins."""
    if target.changes:
        _compile(target.model)
    for variable, value in zip(target.model.variables, saved, strict=True):
        variable.assign(value)


def _compile(vae):
    vae.compile(optimizer(), run_eagerly=True)
    vae.optimizer.build(vae.trainable_variables)


def saved(target):
    return values(target.model.variables)


__all__ = ["LABELS", "Models", "function_targets", "method_targets", "restore", "saved"]
