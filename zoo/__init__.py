"""zoo: prebuilt variational autoencoders for Keras and TensorFlow.

>>> import zoo
>>> zoo.available("conv*")
('conv_vae',)

Importing the package is cheap; TensorFlow is loaded when something needs it.
"""

import importlib
from typing import TYPE_CHECKING, Any

from zoo.core.backend import prefer_onednn, require_tensorflow
from zoo.core.registration import register_when_keras_is_imported
from zoo.variants.catalogue import (
    Card,
    available,
    builder,
    card,
    get,
    register,
    unregister,
    weights,
)

if TYPE_CHECKING:  # the names of _LAZY and _MODULES, re-exported for type checkers and editors
    from zoo import anomaly as anomaly
    from zoo import callbacks as callbacks
    from zoo import compression as compression
    from zoo import decoders as decoders
    from zoo import encoders as encoders
    from zoo import evaluation as evaluation
    from zoo import flows as flows
    from zoo import inference as inference
    from zoo import latents as latents
    from zoo import layers as layers
    from zoo import likelihoods as likelihoods
    from zoo import objectives as objectives
    from zoo import plots as plots
    from zoo import pretrained as pretrained
    from zoo import priors as priors
    from zoo import tables as tables
    from zoo import training as training
    from zoo import variants as variants
    from zoo.anomaly import AnomalyDetector as AnomalyDetector
    from zoo.anomaly import SeriesDetector as SeriesDetector
    from zoo.callbacks import Anneal as Anneal
    from zoo.callbacks import NonFiniteGuard as NonFiniteGuard
    from zoo.callbacks import Resume as Resume
    from zoo.core.elbo import bits_per_dimension as bits_per_dimension
    from zoo.core.elbo import mutual_information as mutual_information
    from zoo.evaluation.aggregate_posterior import fit_prior as fit_prior
    from zoo.evaluation.aggregate_posterior import prior_match as prior_match
    from zoo.evaluation.aggregate_posterior import replace_prior as replace_prior
    from zoo.evaluation.diagnosis import Diagnosis as Diagnosis
    from zoo.evaluation.diagnosis import DiagnosisLogger as DiagnosisLogger
    from zoo.evaluation.diagnosis import diagnose as diagnose
    from zoo.evaluation.retrieval.metrics import retrieval as retrieval
    from zoo.inference.ladder import kl_by_level as kl_by_level
    from zoo.inference.ladder import reconstruct_levels as reconstruct_levels
    from zoo.inference.latent_paths import linear_path as linear_path
    from zoo.inference.latent_paths import normal_quantiles as normal_quantiles
    from zoo.inference.latent_paths import spherical_path as spherical_path
    from zoo.inference.multimodal import alignment as alignment
    from zoo.inference.multimodal import unimodal_posteriors as unimodal_posteriors
    from zoo.inference.uncertainty import Predictive as Predictive
    from zoo.inference.uncertainty import coverage as coverage
    from zoo.inference.uncertainty import impute as impute
    from zoo.inference.uncertainty import predictive as predictive
    from zoo.latents import LadderLatent as LadderLatent
    from zoo.latents import MultimodalLatent as MultimodalLatent
    from zoo.latents import NormalPosterior as NormalPosterior
    from zoo.latents import SingleLatent as SingleLatent
    from zoo.likelihoods import binarize as binarize
    from zoo.model import VAE as VAE
    from zoo.priors import FlowPrior as FlowPrior
    from zoo.priors import LabelPrior as LabelPrior
    from zoo.priors import MixturePrior as MixturePrior
    from zoo.priors import NormalPrior as NormalPrior
    from zoo.priors import StandardNormal as StandardNormal
    from zoo.priors import VampPrior as VampPrior
    from zoo.reporting import report as report
    from zoo.tables import TableSynthesizer as TableSynthesizer
    from zoo.tables import VAEEmbedder as VAEEmbedder
    from zoo.tables import VAEImputer as VAEImputer
    from zoo.tables import evaluate_synthetic as evaluate_synthetic
    from zoo.training.optimizers import FusedAdam as FusedAdam

require_tensorflow()
prefer_onednn()

__version__ = "0.1.0"

# Public names that need TensorFlow -> the module that defines them.
_LAZY = {
    "VAE": "zoo.model",
    "SingleLatent": "zoo.latents",
    "MultimodalLatent": "zoo.latents",
    "LadderLatent": "zoo.latents",
    "NormalPosterior": "zoo.latents",
    "StandardNormal": "zoo.priors",
    "MixturePrior": "zoo.priors",
    "NormalPrior": "zoo.priors",
    "VampPrior": "zoo.priors",
    "LabelPrior": "zoo.priors",
    "FlowPrior": "zoo.priors",
    "FusedAdam": "zoo.training.optimizers",
    "Anneal": "zoo.callbacks",
    "NonFiniteGuard": "zoo.callbacks",
    "Resume": "zoo.callbacks",
    "binarize": "zoo.likelihoods",
    "bits_per_dimension": "zoo.core.elbo",
    "mutual_information": "zoo.core.elbo",
    "AnomalyDetector": "zoo.anomaly",
    "SeriesDetector": "zoo.anomaly",
    "TableSynthesizer": "zoo.tables",
    "VAEEmbedder": "zoo.tables",
    "VAEImputer": "zoo.tables",
    "evaluate_synthetic": "zoo.tables",
    "Diagnosis": "zoo.evaluation.diagnosis",
    "DiagnosisLogger": "zoo.evaluation.diagnosis",
    "diagnose": "zoo.evaluation.diagnosis",
    "Predictive": "zoo.inference.uncertainty",
    "predictive": "zoo.inference.uncertainty",
    "impute": "zoo.inference.uncertainty",
    "coverage": "zoo.inference.uncertainty",
    "fit_prior": "zoo.evaluation.aggregate_posterior",
    "replace_prior": "zoo.evaluation.aggregate_posterior",
    "prior_match": "zoo.evaluation.aggregate_posterior",
    "alignment": "zoo.inference.multimodal",
    "kl_by_level": "zoo.inference.ladder",
    "reconstruct_levels": "zoo.inference.ladder",
    "unimodal_posteriors": "zoo.inference.multimodal",
    "retrieval": "zoo.evaluation.retrieval.metrics",
    "report": "zoo.reporting",
    "linear_path": "zoo.inference.latent_paths",
    "spherical_path": "zoo.inference.latent_paths",
    "normal_quantiles": "zoo.inference.latent_paths",
}
_MODULES = (
    "anomaly",
    "callbacks",
    "compression",
    "decoders",
    "encoders",
    "evaluation",
    "flows",
    "inference",
    "latents",
    "layers",
    "likelihoods",
    "objectives",
    "plots",
    "pretrained",
    "priors",
    "tables",
    "training",
    "variants",
)

__all__ = [
    "Card",
    "available",
    "builder",
    "card",
    "get",
    "register",
    "unregister",
    "weights",
    *_LAZY,
    *_MODULES,
]


def __getattr__(name: str) -> Any:
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


def __dir__() -> list[str]:
    return sorted({*__all__, *(name for name in globals() if name.startswith("__"))})


register_when_keras_is_imported()
