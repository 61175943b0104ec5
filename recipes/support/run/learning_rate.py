"""Learning rate of a run that falls from epoch to epoch."""

import math

import keras


class CosineDecay(keras.callbacks.Callback):
    """Callback that lowers the learning rate along half a cosine, from `peak` to nearly zero.

    Each epoch has the rate of its middle. After training the rate is `peak` again, so that a saved
    model can be trained further. Loshchilov and Hutter, SGDR, 2017.

    Args:
        peak: the highest learning rate.
        epochs: number of epochs of the whole run.
    """

    def __init__(self, peak, epochs):
        super().__init__()
        self.peak, self.epochs = peak, epochs

    def rate(self, epoch):
        """Learning rate of an epoch, counted from 0."""
        done = min((epoch + 0.5) / self.epochs, 1)
        return self.peak * (1 + math.cos(math.pi * done)) / 2

    def on_epoch_begin(self, epoch, logs=None):
        """Set the rate of this epoch."""
        self.model.optimizer.learning_rate = self.rate(epoch)

    def on_train_end(self, logs=None):
        """Set the highest rate again."""
        self.model.optimizer.learning_rate = self.peak
