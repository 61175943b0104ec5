"""Likelihoods: raw decoder outputs -> p(x|z), by identifier (`"bernoulli"`) or as objects."""

from zoo.likelihoods.base import Likelihood
from zoo.likelihoods.bernoulli import Bernoulli, BinarizedBernoulli, binarize
from zoo.likelihoods.categorical import Categorical
from zoo.likelihoods.counts import NegativeBinomial, Poisson
from zoo.likelihoods.discretized_logistic import (
    DiscretizedLogisticLikelihood,
    DiscretizedLogisticMixture,
    GreyLevels,
)
from zoo.likelihoods.normal import Normal, PerElementNormal, SharedScaleNormal
from zoo.likelihoods.series import (
    Series,
    SeriesNormal,
    SeriesPerStepNormal,
    SeriesStudentT,
)
from zoo.likelihoods.series_autoregressive import (
    SeriesAutoregressive,
    SeriesScaledVectorAutoregressive,
    SeriesVectorAutoregressive,
)
from zoo.likelihoods.tabular import Tabular
from zoo.likelihoods.text.head import Text

IDENTIFIERS = {
    "bernoulli": Bernoulli,
    "binarized_bernoulli": BinarizedBernoulli,
    "normal": Normal,
    "shared_scale_normal": SharedScaleNormal,
    "per_element_normal": PerElementNormal,
    "discretized_logistic": DiscretizedLogisticLikelihood,
    "discretized_logistic_mixture": DiscretizedLogisticMixture,
    "categorical": Categorical,
    "poisson": Poisson,
    "negative_binomial": NegativeBinomial,
    "series_normal": SeriesNormal,
    "series_autoregressive": SeriesAutoregressive,
    "series_vector_autoregressive": SeriesVectorAutoregressive,
    "series_scaled_vector_autoregressive": SeriesScaledVectorAutoregressive,
    "series_per_step_normal": SeriesPerStepNormal,
    "series_student_t": SeriesStudentT,
    "text": Text,
}

__all__ = [
    "IDENTIFIERS",
    "Bernoulli",
    "BinarizedBernoulli",
    "Categorical",
    "DiscretizedLogisticLikelihood",
    "DiscretizedLogisticMixture",
    "GreyLevels",
    "Likelihood",
    "NegativeBinomial",
    "Normal",
    "PerElementNormal",
    "Poisson",
    "Series",
    "SeriesAutoregressive",
    "SeriesNormal",
    "SeriesPerStepNormal",
    "SeriesScaledVectorAutoregressive",
    "SeriesStudentT",
    "SeriesVectorAutoregressive",
    "SharedScaleNormal",
    "Tabular",
    "Text",
    "binarize",
]
