"""Random affine transformations of images, against SciPy."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import ndimage

import zoo
from zoo.training import corruptions
from zoo.training.corruptions import AffineCorruption

IMAGES = np.random.default_rng(0).random((5, 9, 12, 2), "float32")


def by_hand(x, e):
    """The same with SciPy, one image at a time."""
    rows, columns = x.shape[1:3]
    grid = np.meshgrid(np.linspace(-1, 1, rows), np.linspace(-1, 1, columns), indexing="ij")
    p = np.stack([*grid, np.ones_like(grid[0])])
    images = np.zeros_like(x)
    for i in range(len(x)):
        where = p[:2] + np.tensordot(e[i], p, 1)
        where = (where + 1) / 2 * np.array([rows - 1, columns - 1])[:, None, None] + 1
        for c in range(x.shape[-1]):
            framed = np.pad(x[i, ..., c], 1)
            images[i, ..., c] = ndimage.map_coordinates(framed, where, order=1, mode="constant")
    return images


@pytest.mark.parametrize("amount", [0.1, 0.7])
def test_transformed_images_equal_those_of_scipy(amount, monkeypatch):
    e = np.random.default_rng(1).standard_normal((5, 2, 3)).astype("float32")
    monkeypatch.setattr(corruptions, "normal", lambda shape, seed: tf.constant(e))

    got = AffineCorruption(amount, seed=1)(IMAGES, training=True)

    np.testing.assert_allclose(got, by_hand(IMAGES, amount * e), atol=2e-5)


def test_an_amount_of_zero_is_the_identity():
    got = AffineCorruption(0.0, seed=1)(IMAGES, training=True)

    np.testing.assert_allclose(got, IMAGES, atol=1e-5)
    np.testing.assert_array_equal(AffineCorruption(0.5)(IMAGES, training=False), IMAGES)


def test_each_image_has_its_own_transformation_and_a_seed_reproduces_it():
    x = np.repeat(IMAGES[:1], 4, 0)

    def calls(seed):
        layer = AffineCorruption(0.2, seed=seed)
        return [np.asarray(layer(x, training=True)) for _ in range(2)]

    first, again = calls(1), calls(1)

    np.testing.assert_array_equal(first, again)
    assert np.abs(first[0] - first[1]).max() > 0.01
    assert np.abs(first[0][0] - first[0][1]).max() > 0.01


@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize("channels", [(), (1,), (3,)])
def test_graphs_take_any_batch_and_images_without_channels(jit_compile, channels):
    layer = AffineCorruption(0.2, seed=3)
    spec = tf.TensorSpec([None, 9, 12, *channels])
    layer.build((None, 9, 12, *channels))
    moved = tf.function(
        lambda x: layer(x, training=True), input_signature=[spec], jit_compile=jit_compile
    )
    for n in (4, 3):
        x = np.random.default_rng(n).random((n, 9, 12, *channels), "float32")
        layer.seed_state.assign([3, 0])
        got = moved(tf.constant(x))
        layer.seed_state.assign([3, 0])
        np.testing.assert_allclose(got, layer(x, training=True), atol=1e-4)


def test_other_shapes_than_images_and_bad_amounts_are_refused():
    with pytest.raises(ValueError, match="x must be images"):
        AffineCorruption(0.1).build((None, 9))
    with pytest.raises(ValueError, match="amount must be a standard deviation"):
        AffineCorruption(-0.1)


def test_a_vae_trained_on_transformed_images_reconstructs_the_originals():
    keras.utils.set_random_seed(1)
    x = np.zeros((64, 8, 8, 1), "float32")
    x[:, 2:6, 2:6] = 1
    vae = zoo.get("dense_vae", hidden=(16,), latent_dim=2, input_noise=AffineCorruption(0.3))
    vae.compile(zoo.FusedAdam(3e-2))
    vae.fit(x, epochs=100, verbose=0)

    moved = np.roll(x[:1], 1, axis=2)
    assert np.abs(vae.reconstruct(moved) - x[:1]).max() < 0.1
