"""Training methods of a VAE: `keras.Model`'s, with checked data."""

import inspect

import keras

from zoo.training import adapt, evaluate, fit

FIT_ARGUMENTS = (*inspect.signature(keras.Model.fit).parameters,)[1:]


class TrainingMethods(keras.Model):
    """Training and evaluation methods of a `VAE`.

    All data pass the same checks, batch by batch where they come in batches. A call that is refused
    leaves the model as it was.
    """

    def adapt(self, x) -> None:
        """Learn units or a vocabulary from data; the first call of `fit` does so by itself."""
        adapt.adapt(self, x)

    def fit(
        self,
        x=None,
        y=None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: int | str = "auto",
        callbacks=None,
        validation_split: float = 0.0,
        validation_data=None,
        shuffle: bool = True,
        class_weight: dict | None = None,
        sample_weight=None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: int = 1,
    ) -> keras.callbacks.History:
        """As `keras.Model.fit`, with checked input and a reproducible order of array data.

        Args:
            x: array, tensor, dict of arrays, list of texts or series, or a `tf.data.Dataset`.
            y: labels for terms or metrics that use them; None otherwise.
            batch_size: examples of a step, 128 by default; None for a dataset, which has its own.
            epochs: passes over x.
            verbose: "auto", 0 (silent), 1 (progress bar) or 2 (one line for each epoch).
            callbacks: one or a list; a `NonFiniteGuard` is added if there is none.
            validation_split: fraction of the rows, the last ones, to hold out.
            validation_data: x, or `(x,)`, `(x, y)` or `(x, y, sample_weight)`, or a dataset.
            shuffle: whether arrays are read in random order, which the model's seed determines.
            class_weight: class -> weight, for integer labels y.
            sample_weight: weight of each example, `[N]`.
            initial_epoch, steps_per_epoch: as in Keras.
            validation_steps, validation_batch_size, validation_freq: as in Keras.

        Returns:
            Keras' `History`: loss, elbo, nll, kl, active_units and further terms by epoch, in nats.

        Raises:
            ValueError, TypeError: data that the model cannot take, before the first step.
            FloatingPointError: training diverged; the last good weights are restored.
        """
        arguments = {name: value for name, value in locals().items() if name in FIT_ARGUMENTS}
        return fit.fit(self, super().fit, **arguments)

    def evaluate(self, x=None, y=None, **kwargs):
        """As `keras.Model.evaluate`, with checked input."""
        return evaluate.evaluate(self, super().evaluate, x, y, **kwargs)

    def predict(self, x, **kwargs) -> dict:
        """As `keras.Model.predict`, with checked input: arrays `loc`, `scale`, `reconstruction`."""
        return evaluate.predict(self, super().predict, x, **kwargs)

    def train_on_batch(
        self, x, y=None, sample_weight=None, class_weight=None, return_dict: bool = False
    ) -> dict | list | float:
        """As in Keras, with checked input; a model that learns units needs `adapt` before."""
        return evaluate.train_on_batch(
            self, super().train_on_batch, x, y, sample_weight, class_weight, return_dict
        )

    def test_on_batch(
        self, x, y=None, sample_weight=None, return_dict: bool = False
    ) -> dict | list | float:
        """As in Keras, with checked input."""
        return evaluate.test_on_batch(self, super().test_on_batch, x, y, sample_weight, return_dict)

    def predict_on_batch(self, x) -> dict:
        """As `predict` for one batch."""
        return evaluate.predict_on_batch(self, super().predict_on_batch, x)
