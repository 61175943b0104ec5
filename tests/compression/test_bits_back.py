"""Bits-back coding: pushes undo pops, and the code has the length of the ELBO."""

import types

import numpy as np
import pytest

import zoo
from tests.compression.examples import MODELS, random_examples
from tests.helpers import small
from zoo.compression.ans_stack import ANSStack
from zoo.compression.bits_back import BitsBackCoder, expected_bits
from zoo.compression.block_model import make_block_model
from zoo.compression.grids import MixtureGrid, NormalGrid

RNG = np.random.default_rng(0)


def test_a_push_undoes_a_pop_and_adds_the_information_of_the_symbols():
    stack = ANSStack(RNG.integers(1, 2**32, 500))
    before, words = stack.bits, stack.words()
    loc, scale = RNG.normal(0, 20, 600), RNG.uniform(2, 9, 600)
    p = RNG.dirichlet(np.ones(5), 600)

    z, symbols = stack.pop_normal(loc, scale, 200), stack.pop_symbols(p)
    popped = before - stack.bits
    stack.push_symbols(symbols, p)
    stack.push_normal(z, loc, scale, 200)

    normal = 0.5 * ((z - loc) / scale) ** 2 + np.log(scale * np.sqrt(2 * np.pi))
    expected = normal.sum() - np.log(p[np.arange(600), symbols]).sum()
    np.testing.assert_array_equal(stack.words(), words)
    assert popped == pytest.approx(expected / np.log(2), rel=0.01)


def test_a_mixture_costs_its_density_by_bits_back():
    logits, locs = np.log([0.2, 0.5, 0.3]), RNG.normal(0, 2, (3, 4))
    scales = RNG.uniform(0.3, 1, (3, 4))
    grid = MixtureGrid(logits, locs, scales, 2.0**-6)
    c = RNG.choice(3, 300, p=[0.2, 0.5, 0.3])
    z = locs[c] + scales[c] * RNG.normal(size=(300, 4))
    k = np.rint(grid.in_grid_units(z, np.ones_like(z))[0]).astype("int32")
    stack = ANSStack(RNG.integers(1, 2**32, 100))
    before, words = stack.bits, stack.words()

    grid.push(stack, k, bits_back=True)
    pushed = stack.bits - before
    popped = grid.pop(stack, 300, bits_back=True)

    log_components = -0.5 * ((grid.z(k)[:, None] - locs) / scales) ** 2 - np.log(
        scales * np.sqrt(2 * np.pi) / grid.width
    )
    expected = -np.log2((np.exp(logits) * np.exp(log_components.sum(-1))).sum(-1)).sum()
    np.testing.assert_array_equal(popped, k)
    np.testing.assert_array_equal(stack.words(), words)
    assert pushed == pytest.approx(expected, rel=0.005)


def test_a_mixture_of_one_component_is_a_normal():
    loc, scale, k = RNG.normal(size=(1, 3)), RNG.uniform(1, 2, (1, 3)), RNG.integers(-9, 9, (50, 3))
    bits = []
    for grid in (
        MixtureGrid([0.0], loc, scale, 0.25),
        NormalGrid(loc, scale, 0.25),
    ):
        stack = ANSStack()
        grid.push(stack, k.astype("int32"), bits_back=False)
        bits.append(stack.bits)
        np.testing.assert_array_equal(grid.pop(stack, 50, bits_back=False), k)

    assert bits[0] - bits[1] == pytest.approx(50, abs=2)  # a bit for each component


@pytest.mark.parametrize("name", MODELS)
def test_the_code_has_as_many_bits_as_the_negative_elbo(models, name):
    vae = models[name]
    alphabet = zoo.compression.alphabet(vae.decoder.likelihood)
    x = random_examples(vae, 1000)
    coder = BitsBackCoder(make_block_model(vae), 2.0**-6)

    bits = coder.encode(alphabet.symbols(x)).bits

    expected = -vae.elbo(x, samples=32).sum() / np.log(2)
    assert bits == pytest.approx(expected, rel=0.03)


@pytest.mark.parametrize("n", [1, 2, 100, 5000])
def test_the_grid_is_chosen_by_the_length_of_the_whole_code(n):
    class Coder:
        def encode(self, k, stack=None):
            bits = 3 * len(k) + (stack.bits if stack else 0)
            return types.SimpleNamespace(bits=bits + (1000 if len(k) and not bits > 1000 else 0))

    k = np.zeros((n, 4), "int32")

    # 1000 bits for the first example's z, and 3 for each example.
    assert expected_bits(Coder(), k) == 1000 + 3 * n


def test_a_trained_model_compresses_better():
    vae = small("dense_vae", run_eagerly=False)
    x = np.repeat([[0, 0, 0, 1, 1, 1], [1, 1, 1, 0, 0, 0]], 500, 0).astype("float32")
    before = len(vae.compress(x))
    vae.fit(x, epochs=60, batch_size=50, verbose=0)

    assert len(vae.compress(x)) < 0.5 * before
