"""Noise on the encoder's input while training; the target stays clean (a denoising VAE)."""

import keras
import tensorflow as tf

from zoo.core.random import normal, replica_seed, uniform
from zoo.core.serialization import component, fraction


class _Corruption(keras.layers.Layer):
    """What the corruptions share: an amount, a seed, and doing nothing outside training."""

    def __init__(self, amount, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.amount, self.seed = amount, seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.seed_state = self.seed_generator.state  # Keras saves a layer's variables, not seeds

    def seed_by_default(self, seed):
        """Begin at `seed` where no seed was given here; numbers of its own, not those of z."""
        if self.seed is None and seed is not None:
            self.seed_state.assign([seed, 2**31])

    def build(self, input_shape):
        del input_shape

    def call(self, x, training=None):
        if not training:
            return x
        return tf.where(tf.math.is_nan(x), x, self.corrupt(x))  # what is not there stays so

    def corrupt(self, x):
        """Noise added to x, in x's dtype and shape."""
        raise NotImplementedError

    def next_seed(self):
        return replica_seed(tf.cast(self.seed_generator.next(), tf.int32))


@component
class GaussianCorruption(_Corruption):
    """x + amount * e, e ~ Normal(0, 1): `amount` is the noise's standard deviation."""

    def __init__(self, amount=0.1, seed=None, **kwargs):
        if amount < 0:
            raise ValueError(f"amount must be a standard deviation >= 0, got {amount!r}")
        super().__init__(amount, seed, **kwargs)

    def corrupt(self, x):
        noise = normal(tf.shape(x), self.next_seed())
        return x + tf.cast(self.amount * noise, x.dtype)


@component
class MaskingCorruption(_Corruption):
    """Each element is set to zero with probability `amount`."""

    def __init__(self, amount=0.1, seed=None, **kwargs):
        fraction(amount=amount)
        super().__init__(amount, seed, **kwargs)

    def corrupt(self, x):
        keep = uniform(tf.shape(x), self.next_seed()) >= self.amount
        return tf.where(keep, x, tf.zeros_like(x))


@component
class SaltAndPepperCorruption(_Corruption):
    """Each element becomes 0 or 1, each with probability `amount / 2`."""

    def __init__(self, amount=0.1, seed=None, **kwargs):
        fraction(amount=amount)
        super().__init__(amount, seed, **kwargs)

    def corrupt(self, x):
        u = uniform(tf.shape(x), self.next_seed())
        x = tf.where(u < self.amount / 2, tf.zeros_like(x), x)
        return tf.where(u > 1 - self.amount / 2, tf.ones_like(x), x)


@component
class AffineCorruption(_Corruption):
    """Images `[B, H, W]` or `[B, H, W, C]` seen a little turned, stretched, sheared and moved.

    A pixel at p = (row, column), each from -1 to 1 over the image, shows what was at p + E p + b;
    the six numbers of E and b are Normal(0, amount), new for each image and at each step. Between
    pixels values are interpolated linearly, outside the image they are 0. As the target stays as it
    was, codes come to say what does not depend on how a thing is held.

    Args:
        amount: a standard deviation of at least 0: 0.1 moves the border by a twentieth of the image
            or so.
    """

    def __init__(self, amount=0.1, seed=None, **kwargs):
        if not amount >= 0:
            raise ValueError(f"amount must be a standard deviation >= 0, got {amount!r}")
        super().__init__(amount, seed, **kwargs)

    def build(self, input_shape):
        if len(input_shape) not in (3, 4) or None in input_shape[1:3]:
            raise ValueError(
                "AffineCorruption needs images [B, H, W] or [B, H, W, C] of a known size, got "
                f"input_shape={tuple(input_shape)}"
            )

    def corrupt(self, x):
        rows, columns = x.shape[1:3]
        images = tf.shape(x)[0]
        grid = tf.meshgrid(
            tf.linspace(-1.0, 1.0, rows), tf.linspace(-1.0, 1.0, columns), indexing="ij"
        )
        grid = tf.reshape(tf.stack([*grid, tf.ones([rows, columns])]), [3, -1])
        e = self.amount * normal([images, 2, 3], self.next_seed())
        # In a frame of zeros, to which all that is outside is brought back.
        at = (grid[:2] + tf.tensordot(e, grid, 1) + 1.0) / 2.0
        sizes = tf.constant([[rows], [columns]], tf.float32)
        at = tf.clip_by_value(at * (sizes - 1.0) + 1.0, 0.0, sizes + 1.0)
        near = tf.floor(at)
        row, column = tf.unstack(tf.cast(near, tf.int32), axis=1)
        down, right = tf.unstack((at - near)[..., None], axis=1)
        padded = tf.pad(x, [[0, 0], [1, 2], [1, 2], *[[0, 0]] * (len(x.shape) - 3)])
        flat = tf.reshape(padded, [images, (rows + 3) * (columns + 3), -1])

        def shown(row, column):
            return tf.cast(tf.gather(flat, row * (columns + 3) + column, batch_dims=1), tf.float32)

        above = (1.0 - right) * shown(row, column) + right * shown(row, column + 1)
        below = (1.0 - right) * shown(row + 1, column) + right * shown(row + 1, column + 1)
        return tf.cast(tf.reshape((1.0 - down) * above + down * below, tf.shape(x)), x.dtype)


@component
class ModalityDropout(_Corruption):
    """With probability `amount` an example is encoded from a random part of its modalities.

    Each of those that it has then stays with probability 1/2, and one of them in any case. All that
    it has is explained, so each part learns to say of the rest what it can. x is
    `{name: [B, ...], "present": bool [B, M]}`.
    """

    def __init__(self, amount=0.5, seed=None, **kwargs):
        if not 0 <= amount <= 1:
            raise ValueError(f"amount must be a probability in [0, 1], got {amount!r}")
        super().__init__(amount, seed, **kwargs)

    def call(self, x, training=None):
        return {**x, "present": self.corrupt(x["present"])} if training else x

    def corrupt(self, x):
        chance, luck = (uniform(tf.shape(x), self.next_seed()) for _ in range(2))
        luckiest = tf.argmax(tf.where(x, luck, -1.0), -1)
        kept = (chance < 0.5) & x
        last = tf.cast(tf.one_hot(luckiest, x.shape[-1]), tf.bool)
        kept = tf.where(tf.reduce_any(kept, -1, keepdims=True), kept, last)
        whole = uniform(tf.shape(x)[:1], self.next_seed()) >= self.amount
        return tf.where(whole[:, None], x, kept)


IDENTIFIERS = {
    "gaussian": GaussianCorruption,
    "masking": MaskingCorruption,
    "salt_and_pepper": SaltAndPepperCorruption,
}
