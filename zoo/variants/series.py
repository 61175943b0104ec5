"""VAEs for time series."""

from zoo import likelihoods
from zoo.core.argument_values import as_tuple
from zoo.core.identifiers import resolve
from zoo.decoders import LSTMDecoder
from zoo.encoders import LSTMEncoder
from zoo.objectives import ELBO, KL, SquaredError
from zoo.variants.common import with_shared_options


@with_shared_options()
def lstm_vae(
    *,
    latent_dim=16,
    units=(64,),
    bidirectional=False,
    cell="lstm",
    positions=0,
    basis=48,
    likelihood="series_scaled_vector_autoregressive",
    squared_error_weight=0.3,
    initial_fit="pca",
    shared,
):
    """A VAE for time series of any length, with or without missing values.

    Args:
        latent_dim: number of latent dimensions.
        units: sizes of the encoder's layers; the decoder mirrors them.
        bidirectional: whether the encoder reads the series backwards too.
        cell: "lstm" or "gru".
        positions: width of the decoder's position encoding (sines and cosines); 0 for none.
        basis: number of sines and cosines of the step with which the encoder summarises all steps
            and the decoder adds a part that is linear in z; 0 for recurrent layers alone.
        likelihood: identifier or `Series` likelihood.
        squared_error_weight: weight in the loss of the squared error, where residuals are
            correlated; a larger one makes the reconstruction better and log p(x) worse. Without
            effect for independent residuals and where `objective` is given.
        initial_fit: "pca" to start near the principal components of the first training data, with
            half the learning rate; None for random weights. Without effect where `basis` is 0.
    """
    likelihood = resolve(likelihood, likelihoods.IDENTIFIERS, "likelihood", required=True)
    units = as_tuple(units)
    body = dict(cell=cell, basis=basis, kernel_regularizer=shared.kernel_regularizer)
    initial_fit = initial_fit if basis else None
    encoder = LSTMEncoder(latent_dim, units=units, bidirectional=bidirectional, **body)
    return shared.vae(
        shared.single_latent(encoder),
        LSTMDecoder(units=units[::-1], positions=positions, likelihood=likelihood, **body),
        name="lstm_vae",
        default=_objective(likelihood, shared.beta, squared_error_weight),
        initial_fit=initial_fit,
        # The recurrent layers compile their own loops; the rest is large matrix products.
        xla_on_cpu=False,
        steps_per_execution=20,
        # Near the best linear model, larger steps fit the training series alone.
        learning_rate=5e-4 if initial_fit else 1e-3,
    )


def _objective(likelihood, beta, weight):
    """The ELBO; with the squared error where the mean could be far from x at no cost."""
    correlated = getattr(likelihood, "correlated", False)
    return ELBO((KL(beta), SquaredError(weight)) if correlated else (KL(beta),))
