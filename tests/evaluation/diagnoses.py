"""A diagnosis of chosen numbers, without a model."""

import numpy as np

from zoo.evaluation.diagnosis import Diagnosis


def diagnosis(**changes):
    """A healthy `Diagnosis` of four dimensions; `changes` replace its fields."""
    fields = dict(
        model="m",
        examples=1234,
        elbo=-100.0,
        nll=90.0,
        kl=10.0,
        bounded=512,
        importance_samples=50,
        log_likelihood=-98.0,
        gap=2.0,
        decoder_use=30.0,
        mutual_information=9.0,
        aggregate_kl=1.0,
        kl_by_level=np.array([10.0]),
        kl_by_dimension=np.array([1.0, 4.0, 2.0, 3.0]),
        active=np.ones(4, bool),
        loc_mean=np.zeros(4),
        loc_std=np.full(4, 0.8),
        scale_mean=np.array([0.2, 0.4, 0.5, 0.6]),
        loc_histogram=(np.array([1, 3]), np.array([-1.0, 0.0, 1.0])),
        scale_histogram=(np.array([2, 2]), np.log10([0.1, 0.5, 1.0])),
    )
    return Diagnosis(**{**fields, **changes})
