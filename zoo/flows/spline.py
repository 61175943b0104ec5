"""Monotone rational quadratic splines, value and slope at once."""

import tensorflow as tf


class Spline:
    """A monotone function of a number: quotients of quadratics between knots, x itself outside.

    In a bin of width w and height h, with slopes d_0 and d_1 at its ends, s = h / w and t the
    position in it from 0 to 1:
    y = y_0 + h (s t^2 + d_0 t (1 - t)) / q, q = s + (d_0 + d_1 - 2 s) t (1 - t),
    dy/dx = s^2 (d_1 t^2 + 2 s t (1 - t) + d_0 (1 - t)^2) / q^2. Gregory and Delbourgo, Piecewise
    rational quadratic interpolation to monotonic data, 1982; Durkan et al., Neural spline flows,
    2019.

    Bins are found by comparing with every knot: there are few, and what needs no gathering compiles
    to one loop.

    Args:
        widths, heights: `[..., K]`, positive, each with the sum 2 * bound.
        slopes: `[..., K - 1]`, positive, at the inner knots; at the outer ones it is 1.
        bound: the knots are within [-bound, bound], in x and in y.
    """

    def __init__(self, widths, heights, slopes, bound):
        one = tf.ones_like(widths[..., :1])
        self.bound = bound
        self.x, self.y = (tf.cumsum(v, -1, exclusive=True) - bound for v in (widths, heights))
        self.widths, self.heights = widths, heights
        self.before = tf.concat([one, slopes], -1)
        self.after = tf.concat([slopes, one], -1)

    def forward(self, x):
        """x `[...]` -> (y, log dy/dx)."""
        inside = tf.abs(x) < self.bound
        safe = tf.where(inside, x, 0.0)
        x0, y0, w, h, d0, d1 = self._bin(safe, self.x)
        t = (safe - x0) / w
        y, log_slope = _within(t, h / w, h, d0, d1)
        return tf.where(inside, y0 + y, x), tf.where(inside, log_slope, 0.0)

    def inverse(self, y):
        """y `[...]` -> (x, log dy/dx)."""
        inside = tf.abs(y) < self.bound
        safe = tf.where(inside, y, 0.0)
        x0, y0, w, h, d0, d1 = self._bin(safe, self.y)
        s, rise = h / w, safe - y0
        # a t^2 + b t + c = 0, solved without subtracting near-equal numbers.
        bend = rise * (d0 + d1 - 2.0 * s)
        a, b, c = h * (s - d0) + bend, h * d0 - bend, -s * rise
        t = 2.0 * c / (-b - tf.sqrt(tf.maximum(tf.square(b) - 4.0 * a * c, 1e-12)))
        log_slope = _within(t, s, h, d0, d1)[1]
        return tf.where(inside, x0 + w * t, y), tf.where(inside, log_slope, 0.0)

    def _bin(self, value, knots):
        """x_0, y_0, w, h, d_0, d_1 of the bins where value is, by their lower knots."""
        past = tf.cast(value[..., None] >= knots[..., 1:], value.dtype)
        here = tf.concat([tf.ones_like(past[..., :1]), past], -1)
        here -= tf.concat([past, tf.zeros_like(past[..., :1])], -1)
        table = (self.x, self.y, self.widths, self.heights, self.before, self.after)
        return [tf.reduce_sum(here * values, -1) for values in table]


def _within(t, s, h, d0, d1):
    """(y - y_0, log dy/dx) at position t of a bin."""
    both = t * (1.0 - t)
    q = s + (d0 + d1 - 2.0 * s) * both
    y = h * (s * tf.square(t) + d0 * both) / q
    rate = d1 * tf.square(t) + 2.0 * s * both + d0 * tf.square(1.0 - t)
    return y, 2.0 * tf.math.log(s) + tf.math.log(rate) - 2.0 * tf.math.log(q)
