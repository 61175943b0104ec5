"""VAEs for time series."""

from zoo.core.serialization import as_tuple
from zoo.decoders import LSTMDecoder
from zoo.encoders import LSTMEncoder
from zoo.model import VAE
from zoo.variants.common import chosen_objective, single_latent


def lstm_vae(
    *,
    latent_dim=16,
    units=(64,),
    bidirectional=False,
    cell="lstm",
    positions=0,
    likelihood="series_normal",
    prior=None,
    flow=None,
    objective=None,
    beta=1.0,
    input_noise=None,
    kernel_regularizer=None,
    seed=None,
):
    """A VAE for time series of any length, with missing values or without.

    Args:
        latent_dim: number of latent dimensions.
        units: sizes of the encoder's layers; the decoder mirrors them.
        bidirectional: whether the encoder reads the series backwards too.
        cell: "lstm" or "gru".
        positions: how many numbers, sines and cosines, tell the decoder the step; 0 for none.
        likelihood: identifier or `Series` likelihood.
        prior: identifier or `Prior`; the standard Normal by default.
        flow: identifier or `zoo.flows.Flow` that makes more than a Normal of the posterior.
        objective: identifier or objective; the ELBO by default.
        beta: weight of the KL in the loss, where no objective is given.
        input_noise: identifier or corruption.
        kernel_regularizer: for every layer.
        seed: of noise and data order.
    """
    units = as_tuple(units)
    body = dict(cell=cell, kernel_regularizer=kernel_regularizer)
    return VAE(
        single_latent(
            LSTMEncoder(latent_dim, units=units, bidirectional=bidirectional, **body), prior, flow
        ),
        LSTMDecoder(units=units[::-1], positions=positions, likelihood=likelihood, **body),
        objective=chosen_objective(objective, beta),
        input_noise=input_noise,
        # The layers compile their own loops; what is around them is large products.
        xla_on_cpu=False,
        steps_per_call=20,
        seed=seed,
        name="lstm_vae",
    )
