"""Models that the compression tests share; compiling them takes longest."""

import pytest

from tests.compression.examples import MODELS


@pytest.fixture(scope="session")
def models():
    return {name: make() for name, make in MODELS.items()}


@pytest.fixture(scope="session")
def vae(models):
    return models["binary"]
