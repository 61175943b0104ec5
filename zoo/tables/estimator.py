"""Base of the estimators of tables: columns and a VAE that is trained on encoded rows."""

from sklearn.base import BaseEstimator

from zoo.core import validation
from zoo.core.argument_values import is_real
from zoo.core.estimators import seeded, unchanged_on_error
from zoo.tables.batches import encoded_dataset
from zoo.tables.model import train, train_on_dataset
from zoo.tables.reading import ReadsColumns


class TableEstimator(ReadsColumns, BaseEstimator):
    """Base class of the estimators of tables.

    A subclass has the arguments `latent_dim`, `hidden`, `beta`, `kinds`, `epochs`, `batch_size`,
    `random_state` and `verbose`. `_finish` completes the training.
    """

    _model_missing = True  # missing values are values of their own
    _patience = 400  # optimizer steps without a better ELBO of held-out rows, if epochs=None

    def _fit(self, X):  # noqa: N803  (scikit-learn's name)
        """Read the columns of X and train the VAE."""
        self._check_arguments()
        with unchanged_on_error(self):
            rows, batches = self._read(X, self._model_missing)
            classes = self.columns_.classes
            with seeded(self.random_state):
                noise = self._input_noise(classes)
                if batches is None:
                    self.vae_ = train(rows, classes, self, noise, self._patience)
                else:
                    dataset = encoded_dataset(batches, self.columns_, self.batch_size)
                    self.vae_ = train_on_dataset(dataset, classes, self, noise)
                self._finish(rows)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = tags.input_tags.string = tags.input_tags.categorical = True
        return tags

    def _check_arguments(self):
        """Raise for an invalid argument, before anything is read."""
        validation.check_optional_counts(epochs=self.epochs)
        validation.check_counts(batch_size=self.batch_size, latent_dim=self.latent_dim)
        if not is_real(self.beta) or self.beta < 0:
            raise ValueError(f"beta must be a number of at least 0, got {self.beta!r}")

    def _input_noise(self, classes):
        """Corruption of the encoder's input in training, or None."""
        return

    def _finish(self, rows):
        """Complete the training on encoded rows."""
