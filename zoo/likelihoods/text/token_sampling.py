"""How the next word is chosen from its logits `[B, V]`."""

import tensorflow as tf

from zoo.core.random import uniform

MIN = 1e-30  # temperature; below it float32 divides by zero


def greedy(logits, t):
    """The most probable word, `[B]` int32."""
    del t
    return tf.argmax(logits, -1, output_type=tf.int32)


def nucleus(seed, temperature=1.0, top_p=1.0):
    """Draws from the most probable words that together have probability `top_p`.

    Holtzman et al., The curious case of neural text degeneration, 2020.

    Args:
        seed: int32 `[2]`.
        temperature: divides the logits; below 1 it sharpens, above it flattens. At least 1e-30.
        top_p: 1.0 keeps all words; the most probable one always stays.
    """
    if not temperature >= MIN:
        raise ValueError(
            f"temperature must be at least {MIN:g}, got {temperature!r}: mode() is the limit"
        )
    if not 0 < top_p <= 1:
        raise ValueError(f"top_p must be a probability in (0, 1], got {top_p!r}")

    def choose(logits, t):
        # The largest first: a small temperature would make all of them infinite.
        logits = (logits - tf.reduce_max(logits, -1, keepdims=True)) / temperature
        if top_p < 1:
            logits = _nucleus(logits, top_p)
        # The largest of logits + Gumbel noise is a draw from their softmax.
        u = uniform(tf.shape(logits), tf.random.experimental.stateless_fold_in(seed, t))
        return tf.argmax(logits - tf.math.log(-tf.math.log(u)), -1, output_type=tf.int32)

    return choose


def _nucleus(logits, top_p):
    """-inf for all but the fewest words whose probabilities reach top_p."""
    ranked = tf.sort(logits, direction="DESCENDING")
    share = tf.nn.softmax(ranked)
    before = tf.cumsum(share, axis=-1, exclusive=True)
    least = tf.reduce_min(tf.where(before < top_p, ranked, float("inf")), -1, keepdims=True)
    return tf.where(logits >= least, logits, float("-inf"))
