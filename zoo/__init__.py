"""zoo: prebuilt variational autoencoders for Keras and TensorFlow.

>>> import zoo
>>> zoo.available("conv*")
('conv_vae',)

Importing the package is cheap; TensorFlow is loaded when something needs it.
"""

import importlib
from typing import TYPE_CHECKING, Any

from zoo.catalogue import Card, available, builder, card, get, register, unregister
from zoo.core.backend import prefer_onednn, require_tensorflow
from zoo.core.registration import register_when_keras_is_imported

if TYPE_CHECKING:  # the names of _LAZY and _MODULES, for type checkers and editors
    from zoo import (
        anomaly,
        callbacks,
        compression,
        decoders,
        encoders,
        evaluation,
        flows,
        inference,
        latents,
        layers,
        likelihoods,
        objectives,
        plots,
        priors,
        training,
        variants,
    )
    from zoo.anomaly import AnomalyDetector
    from zoo.callbacks import Anneal, NonFiniteGuard, Resume
    from zoo.core.elbo import bits_per_dimension, mutual_information
    from zoo.evaluation.aggregate_posterior import fit_prior, prior_match
    from zoo.evaluation.diagnosis import Diagnosis, DiagnosisLogger, diagnose
    from zoo.evaluation.retrieval.metrics import retrieval
    from zoo.inference.ladder import kl_by_level, reconstruct_levels
    from zoo.inference.latent_paths import linear_path, normal_quantiles, spherical_path
    from zoo.inference.multimodal import alignment, unimodal_posteriors
    from zoo.inference.uncertainty import Predictive, coverage, impute, predictive
    from zoo.latents import LadderLatent, MultimodalLatent, NormalPosterior, SingleLatent
    from zoo.likelihoods import binarize
    from zoo.model import VAE
    from zoo.priors import (
        FlowPrior,
        LabelPrior,
        MixturePrior,
        NormalPrior,
        StandardNormal,
        VampPrior,
    )
    from zoo.reporting import report
    from zoo.training.optimizers import FusedAdam

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
    "Diagnosis": "zoo.evaluation.diagnosis",
    "DiagnosisLogger": "zoo.evaluation.diagnosis",
    "diagnose": "zoo.evaluation.diagnosis",
    "Predictive": "zoo.inference.uncertainty",
    "predictive": "zoo.inference.uncertainty",
    "impute": "zoo.inference.uncertainty",
    "coverage": "zoo.inference.uncertainty",
    "fit_prior": "zoo.evaluation.aggregate_posterior",
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
    "priors",
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
    return sorted({*globals(), *__all__})


register_when_keras_is_imported()
