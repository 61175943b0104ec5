"""Models that the tests of bad input share."""

import pytest

from tests.core.inputs import ready


@pytest.fixture(scope="module")
def dense():
    """A model that no test trains."""
    return ready("dense_vae")


@pytest.fixture(scope="module")
def conv():
    """A model of images that no test trains."""
    return ready("conv_vae")
