"""Initial kernels of dense layers."""

import keras
import numpy as np
import pytest

from zoo.layers.dense import dense_stack


@pytest.mark.parametrize(
    ("activation", "gain"), [("silu", 2), ("swish", 2), (keras.activations.silu, 2), ("elu", 1)]
)
def test_kernels_before_silu_are_twice_as_large_as_those_of_glorot(activation, gain):
    (layer,) = dense_stack([100], activation, None, "float32")

    layer.build((None, 300))

    limit = gain * np.sqrt(6 / (300 + 100))  # of Glorot's uniform distribution
    assert 0.99 * limit < np.abs(layer.kernel).max() <= limit
