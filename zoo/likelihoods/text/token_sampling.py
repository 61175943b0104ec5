"""Choice of the next token from its logits `[B, V]`: greedy, temperature and top-p sampling."""

import tensorflow as tf

from zoo.core.argument_values import is_real
from zoo.core.random import uniform

MIN_TEMPERATURE = 1e-30  # below it float32 divides by zero


def greedy(logits, t):
    """The most probable token, `[B]` int32."""
    del t
    return tf.argmax(logits, -1, output_type=tf.int32)


def top_p_sampling(seed, temperature=1.0, top_p=1.0):
    """Top-p sampling: restricted to the fewest most probable tokens that together reach `top_p`.

    Returns `choose(logits [B, V], t)`, which draws the token at position t of each text, `[B]`.
    Holtzman et al., The curious case of neural text degeneration, 2020.

    Args:
        seed: int32 `[2]`.
        temperature: divides the logits; below 1 it sharpens, above it flattens. At least 1e-30.
        top_p: from 0 (excluded) to 1, which keeps all tokens. At least one token is kept.
    """
    if not is_real(temperature) or not temperature >= MIN_TEMPERATURE:
        raise ValueError(
            f"temperature must be at least {MIN_TEMPERATURE:g}, got {temperature!r}: for the most "
            "probable tokens use mode()"
        )
    if not is_real(top_p) or not 0 < top_p <= 1:
        raise ValueError(f"top_p must be a probability in (0, 1], got {top_p!r}")

    def choose(logits, t):
        # Subtract the largest first, because a small temperature would make all logits infinite.
        logits = (logits - tf.reduce_max(logits, -1, keepdims=True)) / temperature
        if top_p < 1:
            logits = _top_p_logits(logits, top_p)
        # The largest of logits + Gumbel noise is a draw from their softmax.
        u = uniform(tf.shape(logits), tf.random.experimental.stateless_fold_in(seed, t))
        return tf.argmax(logits - tf.math.log(-tf.math.log(u)), -1, output_type=tf.int32)

    return choose


def _top_p_logits(logits, top_p):
    """Logits with -inf outside of the most probable tokens whose probabilities reach top_p.

    A token is kept if those that are more probable have less than top_p together; tokens that are
    equally probable as the last one are kept as well.
    """
    ranked = tf.sort(logits, direction="DESCENDING")
    probabilities = tf.nn.softmax(ranked)
    more_probable = tf.cumsum(probabilities, axis=-1, exclusive=True)
    kept = tf.where(more_probable < top_p, ranked, float("inf"))
    return tf.where(logits >= tf.reduce_min(kept, -1, keepdims=True), logits, float("-inf"))
