"""Noise on the encoder's input while training; the target stays clean (a denoising VAE)."""

import keras
import tensorflow as tf

from zoo.component import component, fraction
from zoo.sampling import normal, replica_seed, uniform


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
