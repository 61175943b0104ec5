"""Unusual input that is correct."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import zoo
from tests.core.inputs import IMAGES, TABLE, ready, spoiled
from tests.helpers import assert_same, forward, optimizer, small, values


def test_a_list_of_validation_data_is_x():
    vae = ready("dense_vae")

    listed, array = (
        vae.evaluate(x, verbose=0, return_dict=True)["loss"] for x in (list(TABLE), TABLE)
    )
    history = vae.fit(TABLE, validation_data=list(TABLE[:3]), verbose=0).history

    assert listed == array
    assert history["val_loss"] == [vae.evaluate(TABLE[:3], verbose=0, return_dict=True)["loss"]]


def test_checked_datasets_train_as_arrays_do():
    x = np.concatenate([TABLE, TABLE[:3]])
    vaes = [ready("dense_vae") for _ in "ab"]

    vaes[0].fit(x, batch_size=4, shuffle=False, verbose=0)
    vaes[1].fit(tf.data.Dataset.from_tensor_slices((x, x)).batch(4), verbose=0)

    assert_same(*(values(vae.trainable_variables) for vae in vaes), atol=1e-6)


def test_one_example_trains():
    history = ready("dense_vae").fit(TABLE[:1], verbose=0).history

    assert np.isfinite(history["loss"]).all()


def test_one_image_trains_through_batch_normalization():
    vae = ready("conv_vae")

    vae.fit(IMAGES[:1], epochs=2, verbose=0)

    assert np.isfinite(vae.elbo(IMAGES[:1])).all()


def test_batch_larger_than_the_data_is_one_batch():
    vae = ready("dense_vae")

    vae.fit(TABLE, batch_size=1000, verbose=0)

    assert int(vae.optimizer.iterations.numpy()) == 1


@pytest.mark.parametrize("dtype", ["float64", "float16", "bool", "uint8", "int64"])
def test_any_real_dtype_trains(dtype):
    vae = ready("dense_vae")

    vae.fit(np.round(TABLE).astype(dtype), verbose=0)

    assert int(vae.optimizer.iterations.numpy()) == 1


def test_lists_are_arrays():
    assert ready("dense_vae").elbo(TABLE.tolist()).shape == (8,)


def test_values_up_to_the_limit_train_with_a_finite_loss():
    vae = ready("dense_vae", likelihood="per_element_normal")

    history = vae.fit(spoiled(1e6), epochs=2, verbose=0).history

    assert np.isfinite(history["loss"]).all()


@pytest.mark.parametrize("shape", [(8, 8, 1), (11, 8, 3), (9, 13, 5)])
@pytest.mark.parametrize("stem_strides", [1, 2])
def test_any_image_size_and_channel_count(shape, stem_strides):
    vae = small("conv_vae", input_shape=shape, stem_strides=stem_strides)
    x = np.random.default_rng(0).random((2, *shape), "float32")

    assert np.isfinite(
        forward(vae, x, zoo.core.samplers.MeanSampler()).likelihood.log_prob(x)
    ).all()
    assert vae.decoder(tf.zeros([2, 2])).mean().shape == (2, *shape)


def test_keras_metrics_of_ones_own_need_no_loss():
    vae = small("dense_vae")
    vae.compile(optimizer(), run_eagerly=True, metrics=[])

    logs = {"loss", "elbo", "nll", "kl", "active_units"}
    assert {*vae.fit(TABLE, verbose=0).history} == logs


def test_generators_train():
    vae = ready("dense_vae")

    class Batches(keras.utils.PyDataset):
        def __len__(self):
            return 2

        def __getitem__(self, index):
            return (TABLE[4 * index : 4 * index + 4],)

    vae.fit(Batches(), verbose=0)

    assert int(vae.optimizer.iterations.numpy()) == 2
