"""-log softmax(h W' + b)[target] for many rows and many classes, without the table of all of it.

In a plain graph the rows come in tiles that fit the processor's cache, the softmax of a tile is one
XLA program, and what the gradient needs is kept from the way forward. Same values and gradients as
`plain`, at a third of the time: most of the work of a text model is here.
"""

import tensorflow as tf

from zoo import tracing

ROWS = 256  # of a tile
AT_ONCE = 2  # tiles in flight: one is multiplied while another's softmax is taken


def cross_entropy(h, table, bias, targets):
    """Nats of each row, `[M]`, from h `[M, W]`, table `[V, W]`, bias `[V]`, targets `[M]` int32."""
    return (tiled if tracing.is_plain_graph() else plain)(h, table, bias, targets)


def plain(h, table, bias, targets):
    """The definition."""
    logits = tf.matmul(h, table, transpose_b=True) + bias
    # Not the op that is made for it: TFLite has none.
    return -tf.gather(tf.nn.log_softmax(logits), targets, batch_dims=1)


def tiled(h, table, bias, targets):
    """The same in tiles; for graphs outside of XLA."""
    count = tf.shape(h)[0]
    missing = -count % ROWS
    h = tf.pad(h, [[0, missing], [0, 0]])
    targets = tf.pad(targets, [[0, missing]])
    return _tiled(h, table, bias, targets)[:count]


@tf.custom_gradient
def _tiled(h, table, bias, targets):
    tiles = tf.shape(h)[0] // ROWS

    def forward(i, nats, errors):
        logits = tf.matmul(_tile(h, i), table, transpose_b=True)
        found, error = _softmax(logits, bias, _tile(targets, i))
        return i + 1, nats.write(i, found), errors.write(i, error)

    arrays = _array(tiles), _array(tiles, bias.shape[0])
    _, nats, errors = _over(tiles, forward, (tf.constant(0), *arrays))

    def gradient(upstream):
        def backward(i, d_h, d_table, d_bias):
            error, scale = errors.read(i), _tile(upstream, i)[:, None]
            d_h = d_h.write(i, tf.matmul(error, table) * scale)
            d_table += tf.matmul(error, _tile(h, i) * scale, transpose_a=True)
            return i + 1, d_h, d_table, d_bias + tf.matmul(error, scale, transpose_a=True)[:, 0]

        start = tf.constant(0), _array(tiles, h.shape[1]), tf.zeros_like(table), tf.zeros_like(bias)
        _, d_h, d_table, d_bias = _over(tiles, backward, start)
        return d_h.concat(), d_table, d_bias, None

    return nats.concat(), gradient


@tf.function(jit_compile=True, autograph=False)
def _softmax(logits, bias, targets):
    """Nats of each row, and softmax - onehot: the gradient of the one by the logits."""
    logits += bias
    largest = tf.reduce_max(logits, -1, keepdims=True)
    powers = tf.exp(logits - largest)
    total = tf.reduce_sum(powers, -1, keepdims=True)
    chosen = tf.range(logits.shape[-1]) == targets[:, None]
    picked = tf.reduce_sum(tf.where(chosen, logits, 0.0), -1)
    nats = tf.math.log(total[:, 0]) + largest[:, 0] - picked
    return nats, powers / total - tf.cast(chosen, logits.dtype)


def _tile(x, i):
    return tf.ensure_shape(x[i * ROWS : (i + 1) * ROWS], [ROWS, *x.shape[1:]])


def _array(tiles, *shape):
    return tf.TensorArray(tf.float32, tiles, element_shape=(ROWS, *shape))


def _over(tiles, body, start):
    return tf.while_loop(lambda i, *_: i < tiles, body, start, parallel_iterations=AT_ONCE)
