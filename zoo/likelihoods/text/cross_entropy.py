"""Cross-entropy over a large vocabulary, -log softmax(h W')[target], in tiles of rows.

In a plain graph the rows are processed in tiles; one XLA program computes the exponentials of a
tile. They are stored, and three matrix products compute the gradient from them, so that a matrix of
rows times classes is written only once. Values and gradients are those of `plain`, in less than
half of the time. A text model spends most of its time here.
"""

import tensorflow as tf

from zoo.core import execution

MAX_TILE_ROWS = 1024
ROW_MULTIPLE = 128  # few different row counts, because XLA compiles for each of them
TILES_IN_FLIGHT = 2  # one is multiplied while another's exponentials are computed


def cross_entropy(h, table, targets):
    """Nats of each row, `[M]`, from h `[M, W]`, table W `[V, W]`, targets `[M]` int32."""
    return (plain if execution.xla_may_compile() else tiled)(h, table, targets)


def plain(h, table, targets):
    """The cross-entropy by its definition, with the whole matrix of logits."""
    logits = tf.matmul(h, table, transpose_b=True)
    # TFLite lacks TensorFlow's own op for this.
    return -tf.gather(tf.nn.log_softmax(logits), targets, batch_dims=1)


def tiled(h, table, targets):
    """The cross-entropy in tiles, for graphs that XLA does not compile."""
    count = tf.shape(h)[0]
    tiles = tf.maximum(-(-count // MAX_TILE_ROWS), 1)  # at least 1: a replica may have no rows
    # Rows of a tile: the smallest multiple that holds all of them.
    rows = tf.maximum(-(-count // (tiles * ROW_MULTIPLE)), 1) * ROW_MULTIPLE
    missing = tiles * rows - count
    h = tf.pad(h, [[0, missing], [0, 0]])
    targets = tf.pad(targets, [[0, missing]])
    return _tiled(h, table, targets, rows)[:count]


@tf.custom_gradient
def _tiled(h, table, targets, rows):
    """With p = softmax, the gradients are d (p W - W[target]) and (d p)' h - (d onehot)' h."""
    tiles = tf.shape(h)[0] // rows
    chosen = tf.gather(table, targets)

    def tile(x, i):
        return x[i * rows : (i + 1) * rows]

    def forward(i, log_totals, scales, powers):
        values = _exponentials(tf.matmul(tile(h, i), table, transpose_b=True))
        arrays = zip((log_totals, scales, powers), values, strict=True)
        return i + 1, *(array.write(i, value) for array, value in arrays)

    arrays = _array(tiles), _array(tiles), _array(tiles, table.shape[0])
    _, log_totals, scales, powers = _over(tiles, forward, (tf.constant(0), *arrays))

    def gradient(upstream):
        upstream = upstream[:, None]
        scaled = upstream * scales.concat()[:, None]
        scaled_h = scaled * h

        def backward(i, d_h, d_table):
            power = powers.read(i)
            d_h = d_h.write(i, tf.matmul(power, table))
            return i + 1, d_h, d_table + tf.matmul(power, tile(scaled_h, i), transpose_a=True)

        start = tf.constant(0), _array(tiles, h.shape[1]), tf.zeros_like(table)
        _, d_h, d_table = _over(tiles, backward, start)
        of_targets = tf.math.unsorted_segment_sum(upstream * h, targets, tf.shape(table)[0])
        d_h = d_h.concat() * scaled - chosen * upstream
        return d_h, d_table - of_targets, None, None

    return log_totals.concat() - tf.reduce_sum(h * chosen, -1), gradient


def _exponentials(logits):
    """log sum exp, 1 / sum of the powers, and the powers exp(logits - largest)."""
    return _powers(logits, tf.reduce_max(logits, -1, keepdims=True))


@tf.function(jit_compile=True, autograph=False)
def _powers(logits, largest):
    """`_exponentials` given the largest logit, without reductions (`zoo.layers.fused_ops`)."""
    powers = tf.exp(logits - largest)
    total = tf.matmul(powers, tf.ones([logits.shape[-1], 1]))[:, 0]
    return tf.math.log(total) + largest[:, 0], 1.0 / total, powers


def _array(tiles, *shape):
    return tf.TensorArray(tf.float32, tiles, element_shape=(None, *shape))


def _over(tiles, body, start):
    return tf.while_loop(lambda i, *_: i < tiles, body, start, parallel_iterations=TILES_IN_FLIGHT)
