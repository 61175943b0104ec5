"""zoo: prebuilt variational autoencoders for Keras and TensorFlow.

>>> import zoo
>>> zoo.available()
('conv_vae', 'dense_ladder_vae', 'dense_vae', 'ladder_vae', 'lstm_vae', 'multimodal_vae',
 'transformer_vae')

Importing the package is cheap; TensorFlow is loaded when something needs it.
"""

import importlib

from zoo._backend import prefer_onednn, require_tensorflow
from zoo._registration import register_when_keras_is_imported
from zoo.catalogue import Card, available, builder, card, get, register, unregister

require_tensorflow()
prefer_onednn()

__version__ = "0.1.0"

# Public names that need TensorFlow -> the module that has them.
_LAZY = {
    "VAE": "zoo.model",
    "SingleLatent": "zoo.latents",
    "FusedLatent": "zoo.latents",
    "LadderLatent": "zoo.latents",
    "NormalPosterior": "zoo.posteriors",
    "StandardNormal": "zoo.priors",
    "MixturePrior": "zoo.priors",
    "NormalPrior": "zoo.priors",
    "VampPrior": "zoo.priors",
    "LabelPrior": "zoo.priors",
    "FlowPrior": "zoo.priors",
    "FusedAdam": "zoo.optimizers",
    "Anneal": "zoo.callbacks",
    "NonFiniteGuard": "zoo.callbacks",
    "Resume": "zoo.callbacks",
    "binarize": "zoo.likelihoods",
    "bits_per_dimension": "zoo.nats",
    "mutual_information": "zoo.nats",
    "AnomalyDetector": "zoo.anomaly",
    "Diagnosis": "zoo.diagnosis",
    "DiagnosisLogger": "zoo.diagnosis",
    "diagnose": "zoo.diagnosis",
    "Predictive": "zoo.uncertainty",
    "predictive": "zoo.uncertainty",
    "impute": "zoo.uncertainty",
    "coverage": "zoo.uncertainty",
    "fit_prior": "zoo.aggregated",
    "prior_match": "zoo.matching",
    "alignment": "zoo.modalities",
    "kl_by_level": "zoo.levels",
    "reconstruct_levels": "zoo.levels",
    "unimodal_posteriors": "zoo.modalities",
    "retrieval": "zoo.neighbours",
    "report": "zoo.reporting",
    "linear": "zoo.paths",
    "spherical": "zoo.paths",
    "normal_quantiles": "zoo.paths",
}
_MODULES = (
    "anomaly",
    "callbacks",
    "causal",
    "compression",
    "corruptions",
    "decoders",
    "diagnosis",
    "disentanglement",
    "distributions",
    "encoders",
    "flows",
    "fusions",
    "labels",
    "latents",
    "layers",
    "likelihoods",
    "objectives",
    "plots",
    "pooling",
    "priors",
    "representation",
    "sampling",
    "trees",
)

__all__ = [
    "Card",
    "available",
    "builder",
    "card",
    "get",
    "register",
    "unregister",
    *_LAZY,
    *_MODULES,
]


def __getattr__(name):
    if name in _LAZY:
        return getattr(importlib.import_module(_LAZY[name]), name)
    if name in _MODULES:
        try:
            return importlib.import_module(f"zoo.{name}")
        except ModuleNotFoundError as error:
            raise ImportError(
                f"zoo.{name} needs {error.name}: pip install 'zoo-vae[recipes]'"
            ) from error
    raise AttributeError(f"module 'zoo' has no attribute {name!r}")


def __dir__():
    return sorted({*globals(), *__all__})


register_when_keras_is_imported()
