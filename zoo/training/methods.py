"""Training methods of a VAE: `keras.Model`'s, with checked data."""

import keras

from zoo.training import adapt, evaluate, fit


class TrainingMethods(keras.Model):
    """Training and evaluation methods of a `VAE`.

    All data pass the same checks, batch by batch where they come in batches. A call that is refused
    leaves the model as it was.
    """

    def adapt(self, x) -> None:
        """Learn units or a vocabulary from data; the first call of `fit` does so by itself."""
        adapt.adapt(self, x)

    def fit(self, x=None, y=None, **kwargs) -> keras.callbacks.History:
        """As `keras.Model.fit`, with checked input and a reproducible order of array data.

        Args:
            x: array, tensor, dict of arrays, list of texts or series, or a `tf.data.Dataset`.
            y: labels for terms or metrics that use them; None otherwise.
            **kwargs: as in `keras.Model.fit`; `batch_size` is 128 by default.

        Returns:
            Keras' `History`: loss, elbo, nll, kl, active_units and further terms by epoch, in nats.

        Raises:
            ValueError, TypeError: data that the model cannot take, before the first step.
            FloatingPointError: training diverged; the last good weights are restored.
        """
        return fit.fit(self, super().fit, x, y, **kwargs)

    def evaluate(self, x=None, y=None, **kwargs):
        """As `keras.Model.evaluate`, with checked input."""
        return evaluate.evaluate(self, super().evaluate, x, y, **kwargs)

    def predict(self, x, **kwargs) -> dict:
        """As `keras.Model.predict`, with checked input: arrays `loc`, `scale`, `reconstruction`."""
        return evaluate.predict(self, super().predict, x, **kwargs)

    def train_on_batch(self, x, y=None, sample_weight=None, class_weight=None, return_dict=False):
        """As in Keras, with checked input; a model that learns units needs `adapt` before."""
        return evaluate.train_on_batch(
            self, super().train_on_batch, x, y, sample_weight, class_weight, return_dict
        )

    def test_on_batch(self, x, y=None, sample_weight=None, return_dict=False):
        """As in Keras, with checked input."""
        return evaluate.test_on_batch(self, super().test_on_batch, x, y, sample_weight, return_dict)

    def predict_on_batch(self, x) -> dict:
        """As `predict` for one batch."""
        return evaluate.predict_on_batch(self, super().predict_on_batch, x)
