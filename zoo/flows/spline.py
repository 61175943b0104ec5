"""Monotone rational quadratic splines: value and slope in one pass."""

import tensorflow as tf


class Spline:
    """Monotone rational quadratic spline within [-bound, bound], the identity outside.

    In a bin of width w and height h, with slopes d_0 and d_1 at its ends, s = h / w and t the
    position in it from 0 to 1:
    y = y_0 + h (s t^2 + d_0 t (1 - t)) / q, q = s + (d_0 + d_1 - 2 s) t (1 - t),
    dy/dx = s^2 (d_1 t^2 + 2 s t (1 - t) + d_0 (1 - t)^2) / q^2. Gregory and Delbourgo, Piecewise
    rational quadratic interpolation to monotonic data, 1982; Durkan et al., Neural spline flows,
    2019.

    The bin of a value is found by comparing the value with every knot: there are few knots, and
    without a gather XLA compiles the whole spline to one loop.

    Args:
        widths, heights: `[..., K]`, positive, each with the sum 2 * bound.
        slopes: `[..., K - 1]`, positive, at the inner knots; at the outer knots the slope is 1.
        bound: the knots are within [-bound, bound], in x and in y.
    """

    def __init__(self, widths, heights, slopes, bound):
        one = tf.ones_like(widths[..., :1])
        self.bound = bound
        self.x, self.y = (tf.cumsum(v, -1, exclusive=True) - bound for v in (widths, heights))
        self.widths, self.heights = widths, heights
        self.left_slopes = tf.concat([one, slopes], -1)
        self.right_slopes = tf.concat([slopes, one], -1)

    def forward(self, x):
        """Map x `[...]` to y and log dy/dx."""
        inside = tf.abs(x) < self.bound
        safe_x = tf.where(inside, x, 0.0)
        x0, y0, w, h, d0, d1 = self._bin(safe_x, self.x)
        t = (safe_x - x0) / w
        y, log_slope = _rational_quadratic(t, h / w, h, d0, d1)
        return tf.where(inside, y0 + y, x), tf.where(inside, log_slope, 0.0)

    def inverse(self, y):
        """Map y `[...]` to x and log dy/dx."""
        inside = tf.abs(y) < self.bound
        safe_y = tf.where(inside, y, 0.0)
        x0, y0, w, h, d0, d1 = self._bin(safe_y, self.y)
        s, rise = h / w, safe_y - y0
        # Solve a t^2 + b t + c = 0 in the form that does not subtract nearly equal numbers.
        bend = rise * (d0 + d1 - 2.0 * s)
        a, b, c = h * (s - d0) + bend, h * d0 - bend, -s * rise
        t = 2.0 * c / (-b - tf.sqrt(tf.maximum(tf.square(b) - 4.0 * a * c, 1e-12)))
        log_slope = _rational_quadratic(t, s, h, d0, d1)[1]
        return tf.where(inside, x0 + w * t, y), tf.where(inside, log_slope, 0.0)

    def _bin(self, value, knots):
        """Find x_0, y_0, w, h, d_0, d_1 of the values' bins; `knots` are the lower ends."""
        above = tf.cast(value[..., None] >= knots[..., 1:], value.dtype)
        one_hot = tf.concat([tf.ones_like(above[..., :1]), above], -1)
        one_hot -= tf.concat([above, tf.zeros_like(above[..., :1])], -1)
        columns = (self.x, self.y, self.widths, self.heights, self.left_slopes, self.right_slopes)
        return [tf.reduce_sum(one_hot * column, -1) for column in columns]


def _rational_quadratic(t, s, h, d0, d1):
    """Compute y - y_0 and log dy/dx at position t of a bin."""
    product = t * (1.0 - t)
    q = s + (d0 + d1 - 2.0 * s) * product
    y = h * (s * tf.square(t) + d0 * product) / q
    slope = d1 * tf.square(t) + 2.0 * s * product + d0 * tf.square(1.0 - t)
    return y, 2.0 * tf.math.log(s) + tf.math.log(slope) - 2.0 * tf.math.log(q)
