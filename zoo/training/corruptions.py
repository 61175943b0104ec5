"""Corruptions of the encoder's input in training; the target stays clean (a denoising VAE)."""

import math

import keras
import tensorflow as tf

from zoo.core.argument_values import fraction, is_float32, is_real
from zoo.core.random import SeedStream, normal, uniform
from zoo.core.serialization import component


def _check_std(amount):
    if not is_float32(amount) or amount < 0:
        raise ValueError(f"amount must be a standard deviation of at least 0, got {amount!r}")


def _check_fraction(amount):
    fraction(amount=amount)


def _check_probability(amount):
    if not is_real(amount) or not 0 <= amount <= 1:
        raise ValueError(f"amount must be a probability in [0, 1], got {amount!r}")


class _Corruption(keras.layers.Layer):
    """Base class of corruptions: the identity outside of training.

    A subclass implements `check_amount(amount)` and `corrupt(x)`.

    Args:
        amount: strength of the corruption; the subclass defines its unit.
        seed: seed of the noise; None takes that of the model.
    """

    def __init__(self, amount: float = 0.1, seed: int | None = None, **kwargs):
        super().__init__(**kwargs)
        self.check_amount(amount)
        self.amount, self.seed = amount, seed
        self._seeds = SeedStream(seed)
        self.seed_state = self._seeds.state

    def seed_by_default(self, seed):
        """Use `seed` if the constructor got none, in a random stream other than that of z."""
        if self.seed is None and seed is not None:
            self.seed_state.assign([seed, 2**31])

    def build(self, input_shape):
        del input_shape

    def call(self, x, training=None):
        if not training:
            return x
        return tf.where(tf.math.is_nan(x), x, self.corrupt(x))  # missing values stay missing

    @staticmethod
    def check_amount(amount):
        """Raise `ValueError` unless `amount` is possible for this corruption."""
        raise NotImplementedError

    def corrupt(self, x):
        """Corrupted x, in x's dtype and shape."""
        raise NotImplementedError

    def next_seed(self):
        """An int32 `[2]` seed that this layer has not used before."""
        return self._seeds.next()


@component
class GaussianCorruption(_Corruption):
    """Gaussian noise: x + amount * e, e ~ Normal(0, 1).

    Args:
        amount: standard deviation of the noise.
        seed: seed of the noise; None takes that of the model.
    """

    check_amount = staticmethod(_check_std)

    def corrupt(self, x):
        noise = normal(tf.shape(x), self.next_seed())
        return x + tf.cast(self.amount * noise, x.dtype)


@component
class NoiseLevelsCorruption(_Corruption):
    """Gaussian noise of another standard deviation for each example: x + s * e, e ~ Normal(0, 1).

    s is amount * lowest**u with u uniform in (0, 1): all orders of magnitude between the smallest
    and the largest noise are equally frequent, as in the training of diffusion models.

    Args:
        amount: largest standard deviation.
        lowest: smallest standard deviation, as a fraction of `amount`.
        seed: seed of the noise; None takes that of the model.
    """

    check_amount = staticmethod(_check_std)

    def __init__(
        self, amount: float = 3.0, lowest: float = 1 / 30, seed: int | None = None, **kwargs
    ):
        super().__init__(amount, seed, **kwargs)
        if not is_real(lowest) or not 0 < lowest <= 1:
            raise ValueError(f"lowest must be a fraction in (0, 1], got {lowest!r}")
        self.lowest = lowest

    def corrupt(self, x):
        shape = [tf.shape(x)[0], *[1] * (len(x.shape) - 1)]
        std = self.amount * tf.exp(math.log(self.lowest) * uniform(shape, self.next_seed()))
        return x + tf.cast(std * normal(tf.shape(x), self.next_seed()), x.dtype)


@component
class MaskingCorruption(_Corruption):
    """Masking noise: each element is set to zero with probability `amount`.

    Args:
        amount: probability that an element is masked, in [0, 1).
        seed: seed of the noise; None takes that of the model.
    """

    check_amount = staticmethod(_check_fraction)

    def corrupt(self, x):
        keep = uniform(tf.shape(x), self.next_seed()) >= self.amount
        return tf.where(keep, x, tf.zeros_like(x))


@component
class SaltAndPepperCorruption(_Corruption):
    """Salt-and-pepper noise: each element becomes 0 or 1, each with probability `amount / 2`.

    Args:
        amount: probability that an element is replaced, in [0, 1).
        seed: seed of the noise; None takes that of the model.
    """

    check_amount = staticmethod(_check_fraction)

    def corrupt(self, x):
        u = uniform(tf.shape(x), self.next_seed())
        x = tf.where(u < self.amount / 2, tf.zeros_like(x), x)
        return tf.where(u > 1 - self.amount / 2, tf.ones_like(x), x)


@component
class AffineCorruption(_Corruption):
    """Random affine transformations of images `[B, H, W]` or `[B, H, W, C]`.

    The pixel at p = (row, column), each from -1 to 1 over the image, gets the value at p + E p + b;
    the six numbers of E and b are Normal(0, amount), drawn for each image and step. Values between
    pixels are interpolated linearly, those outside the image are 0. The target is not transformed,
    so codes become less dependent on rotation, scale, shear and position.

    Args:
        amount: standard deviation of at least 0; 0.1 moves the border by about a twentieth of the
            image.
        seed: seed of the noise; None takes that of the model.
    """

    check_amount = staticmethod(_check_std)

    def build(self, input_shape):
        if len(input_shape) not in (3, 4) or None in input_shape[1:3]:
            raise ValueError(
                "x must be images [B, H, W] or [B, H, W, C] of a fixed size for AffineCorruption, "
                f"got shape {tuple(input_shape)}"
            )

    def corrupt(self, x):
        rows, columns = x.shape[1:3]
        images = tf.shape(x)[0]
        grid = tf.meshgrid(
            tf.linspace(-1.0, 1.0, rows), tf.linspace(-1.0, 1.0, columns), indexing="ij"
        )
        grid = tf.reshape(tf.stack([*grid, tf.ones([rows, columns])]), [3, -1])
        e = self.amount * normal([images, 2, 3], self.next_seed())
        source = (grid[:2] + tf.tensordot(e, grid, 1) + 1.0) / 2.0
        # The image gets a border of zeros, to which positions outside of it are clipped.
        sizes = tf.constant([[rows], [columns]], tf.float32)
        source = tf.clip_by_value(source * (sizes - 1.0) + 1.0, 0.0, sizes + 1.0)
        corner = tf.floor(source)
        row, column = tf.unstack(tf.cast(corner, tf.int32), axis=1)
        down, right = tf.unstack((source - corner)[..., None], axis=1)
        padded = tf.pad(x, [[0, 0], [1, 2], [1, 2], *[[0, 0]] * (len(x.shape) - 3)])
        flat = tf.reshape(padded, [images, (rows + 3) * (columns + 3), -1])

        def pixels(row, column):
            return tf.cast(tf.gather(flat, row * (columns + 3) + column, batch_dims=1), tf.float32)

        above = (1.0 - right) * pixels(row, column) + right * pixels(row, column + 1)
        below = (1.0 - right) * pixels(row + 1, column) + right * pixels(row + 1, column + 1)
        return tf.cast(tf.reshape((1.0 - down) * above + down * below, tf.shape(x)), x.dtype)


@component
class ModalityDropout(_Corruption):
    """Encode an example from a random subset of its modalities with probability `amount`.

    Each of its modalities is then kept with probability 1/2, and at least one always is. The
    decoder still reconstructs all of them, so the encoder learns to infer the others from the
    subset. x is `{name: [B, ...], "present": bool [B, M]}`.

    Args:
        amount: probability, in [0, 1].
        seed: seed of the noise; None takes that of the model.
    """

    check_amount = staticmethod(_check_probability)

    def __init__(self, amount: float = 0.5, seed: int | None = None, **kwargs):
        super().__init__(amount, seed, **kwargs)

    def call(self, x, training=None):
        return {**x, "present": self.corrupt(x["present"])} if training else x

    def corrupt(self, present):
        """The subset of `present`, bool `[B, M]`, that is encoded."""
        u, priority = (uniform(tf.shape(present), self.next_seed()) for _ in range(2))
        subset = (u < 0.5) & present
        first = tf.argmax(tf.where(present, priority, -1.0), -1)
        fallback = tf.cast(tf.one_hot(first, present.shape[-1]), tf.bool)
        subset = tf.where(tf.reduce_any(subset, -1, keepdims=True), subset, fallback)
        unchanged = uniform(tf.shape(present)[:1], self.next_seed()) >= self.amount
        return tf.where(unchanged[:, None], present, subset)


IDENTIFIERS = {
    "gaussian": GaussianCorruption,
    "noise_levels": NoiseLevelsCorruption,
    "masking": MaskingCorruption,
    "salt_and_pepper": SaltAndPepperCorruption,
}
