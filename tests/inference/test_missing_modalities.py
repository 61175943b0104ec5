"""Missing modalities, in the data and by modality dropout."""

import numpy as np
import pytest
import tensorflow as tf

import zoo
from tests.helpers import assert_same, optimizer, values
from tests.inference.modalities import ROWS, holes, small, vectors, with_garbage
from zoo.latents import fusion as fusions
from zoo.training.corruptions import ModalityDropout


@pytest.mark.parametrize("fusion", ["product", "mixture", "mixture_of_products"])
def test_garbage_in_missing_rows_changes_nothing(fusion):
    vae = small(fusion=fusion, subsets=0.0)

    def everything(garbage):
        x = with_garbage(vectors(), holes(), garbage)
        q, scores = vae.encode(x), vae.score(x)
        return [q.loc, q.scale, *scores.values(), vae.log_likelihood(x, samples=3)]

    expected = everything(0.0)
    for garbage in (np.nan, np.inf, 1e30):
        assert_same(everything(garbage), expected)


@pytest.mark.parametrize("fusion", ["product", "mixture", "mixture_of_products"])
def test_training_with_garbage_gives_the_same_weights_bit_for_bit(fusion):
    x, present = vectors(), holes()

    def trained(garbage):
        vae = small(fusion=fusion)
        vae.fit(with_garbage(x, present, garbage), batch_size=12, verbose=0)
        return values(vae.variables)

    assert_same(trained(np.nan), trained(0.0))


def test_a_missing_modality_gets_no_gradient():
    vae, x = small(subsets=0.0), vectors()
    vae.encode(x)
    present = {"b": np.zeros(ROWS, bool)}
    batch = vae.preprocessor.to_array({**x, "present": present})

    with tf.GradientTape() as tape:
        out = vae({name: tf.constant(value) for name, value in batch.items()}, training=True)
        loss = vae.compute_loss(y_pred=out)
    gradients = tape.gradient(loss, [v.value for v in vae.trainable_variables])

    parts = vae.latents.encoder.encoders["b"], vae.decoder.decoders["b"]
    of_b = {v.path for part in parts for v in part.trainable_variables}
    assert of_b
    for variable, gradient in zip(vae.trainable_variables, gradients, strict=True):
        size = 0.0 if gradient is None else float(np.abs(gradient).max())
        assert (size == 0.0) == (variable.path in of_b), variable.path


def test_left_out_is_the_same_as_marked_missing():
    vae, x = small(), vectors()
    vae.fit(x, verbose=0)

    left_out = {"a": x["a"]}
    marked = {**x, "present": {n: np.full(ROWS, n == "a") for n in x}}

    for got, expected in zip(vae.score(left_out).values(), vae.score(marked).values(), strict=True):
        np.testing.assert_array_equal(got, expected)


def test_scores_of_the_present_modalities_add_up():
    vae, x, present = small(), vectors(), holes()

    got = vae.score({**x, "present": present})

    np.testing.assert_allclose(got["nll"], sum(got[f"nll_{n}"] for n in x), rtol=1e-5)
    for name, there in present.items():
        assert ((got[f"nll_{name}"] == 0) == ~there).all()


def test_an_example_does_not_depend_on_missing_modalities_of_others():
    vae, x, present = small(), vectors(), holes()
    vae.fit(x, verbose=0)

    mixed = vae.elbo({**x, "present": present})

    for row in range(4):
        alone = {n: v[row : row + 1] for n, v in x.items() if present[n][row]}
        np.testing.assert_allclose(vae.elbo(alone), mixed[row : row + 1], rtol=1e-5)


def test_datasets_may_have_holes():
    x, present = vectors(), holes()
    x_with_holes = with_garbage(x, present, np.nan)

    def dataset(garbage):
        x_and_present = with_garbage(x, present, garbage)
        return tf.data.Dataset.from_tensor_slices(x_and_present).batch(12)

    def trained(garbage):
        vae = small()
        vae.fit(dataset(garbage), verbose=0)
        return vae

    vae = trained(np.nan)

    assert_same(values(vae.variables), values(trained(0.0).variables))
    np.testing.assert_allclose(vae.elbo(dataset(np.nan)), vae.elbo(x_with_holes), rtol=1e-5)


def dropped(amount, rows=4000):
    present = np.tile([[True, True, False], [True, True, True]], (rows // 2, 1))
    layer = ModalityDropout(amount, seed=1)
    x = {"a": tf.zeros([rows, 1]), "present": tf.constant(present)}
    return present, layer(x, training=True)["present"].numpy(), layer(x)["present"].numpy()


def test_modality_dropout_keeps_at_least_one_present_modality():
    before, after, outside_training = dropped(0.5)

    assert not (after & ~before).any()
    assert after.any(1).all()
    np.testing.assert_array_equal(outside_training, before)
    # Whole: 1/2 at once, and 1/4 (two modalities) or 1/8 (three) of the rest.
    complete = (after == before).all(1)
    assert complete[::2].mean() == pytest.approx(0.5 + 0.5 / 4, abs=0.04)
    assert complete[1::2].mean() == pytest.approx(0.5 + 0.5 / 8, abs=0.04)
    assert after[1::2].mean(0) == pytest.approx(after[1::2].mean(), abs=0.04)


def test_modality_dropout_of_nothing_keeps_all():
    before, after, _ = dropped(0.0)

    np.testing.assert_array_equal(after, before)


@pytest.mark.parametrize("amount", [-0.1, 1.1])
def test_modality_dropout_by_other_than_a_probability_is_refused(amount):
    with pytest.raises(ValueError, match="amount must be a probability"):
        ModalityDropout(amount)


def test_product_trains_on_parts_and_others_do_not():
    noise = {f: zoo.get("multimodal_vae", fusion=f).input_noise for f in fusions.IDENTIFIERS}

    assert noise.pop("product").amount == 0.5
    assert {*noise.values()} == {None}


def test_parts_teach_each_encoder_to_stand_alone():
    x = vectors(256)
    repeated = {name: np.tile(rows, (10, 1)) for name, rows in x.items()}

    def alone(subsets):
        vae = small(subsets=subsets)
        vae.compile(optimizer(), jit_compile=False)
        vae.fit(repeated, batch_size=32, epochs=4, verbose=0)
        error = vae.translate({"a": x["a"]}, to="b") - x["b"]
        return np.sqrt((error**2).mean())

    assert alone(0.5) < 0.8 * alone(0.0)
