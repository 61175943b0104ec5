"""Sinusoidal position encodings."""

import numpy as np
import pytest

from tests.layers.sequence_layers import WIDTH
from zoo.layers.positions import position_encoding


def test_encoding_is_sines_then_cosines_at_geometric_wavelengths():
    t, i = np.arange(50)[:, None], np.arange(4)
    angle = t / 10_000 ** (2 * i / WIDTH)

    got = position_encoding(50, WIDTH)

    np.testing.assert_allclose(got, np.concatenate([np.sin(angle), np.cos(angle)], 1), atol=1e-5)


@pytest.mark.parametrize("width", [1, 5, 8])
def test_encodings_of_any_width_differ_between_positions(width):
    got = np.asarray(position_encoding(6, width))

    assert got.shape == (6, width)
    assert len({tuple(row) for row in got.tolist()}) == 6
