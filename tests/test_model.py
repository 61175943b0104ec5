"""Metrics, saving, copies and input noise of a `VAE`."""

import copy

import keras
import numpy as np
import pytest

import zoo
from tests.helpers import assert_same, data, small, values


def test_metrics_compare_y_with_the_reconstruction():
    vae, x = small("dense_vae"), data("dense_vae")
    vae.compile(metrics=["mae"], weighted_metrics=["mse"], run_eagerly=True)
    weights = np.linspace(0.0, 1.0, len(x))

    got = vae.evaluate(x, x, sample_weight=weights, verbose=0, return_dict=True)
    history = vae.fit(x, x, verbose=0).history

    assert 0 < got["mae"] < 1
    assert 0 < got["mse"] < 1
    assert np.isfinite([history["mae"], history["mse"]]).all()


def test_a_metric_equals_that_of_reconstruct_where_the_posterior_has_no_variance():
    vae, x = small("dense_vae", likelihood="normal"), data("dense_vae")
    head = vae.latents.encoder.posterior.dense
    head.bias.assign(np.repeat([0.0, -50.0], 2))  # the raw scale at its floor
    vae.compile(metrics=["mae"])

    got = vae.evaluate(x, x, verbose=0, return_dict=True)

    expected = np.abs(vae.reconstruct(x) - x).mean()
    assert got["mae"] == pytest.approx(expected, rel=1e-2)


def test_a_model_without_shapes_cannot_be_saved(tmp_path):
    vae = zoo.get("dense_vae")

    with pytest.raises(ValueError, match="has no shapes yet"):
        vae.save(tmp_path / "vae.keras")

    assert not (tmp_path / "vae.keras").exists()


@pytest.mark.parametrize("noise", ["gaussian", "masking", "salt_and_pepper"])
def test_seed_decides_the_input_noise_too(noise):
    def trained(global_seed, seed):
        vae = small("dense_vae", input_noise=noise, seed=seed)
        keras.utils.set_random_seed(global_seed)
        vae.fit(data("dense_vae"), verbose=0)
        return values(vae.trainable_variables)

    def state(seed):
        keras.utils.set_random_seed(seed)  # not what decides
        return values([zoo.get("dense_vae", input_noise=noise, seed=3).input_noise.seed_state])

    weights = trained(1, 3)
    assert_same(trained(2, 3), weights)
    assert_same(state(1), state(2))
    assert any((a != b).any() for a, b in zip(weights, trained(1, 4), strict=True))


def test_input_noise_keeps_a_seed_of_its_own():
    noise = zoo.training.GaussianCorruption(0.1, seed=5)

    vae = zoo.get("dense_vae", input_noise=noise, seed=3)

    assert vae.input_noise.seed_state.numpy()[0] == 5


def test_input_noise_and_latent_noise_are_not_the_same_numbers():
    vae = zoo.get("dense_vae", input_noise="gaussian", seed=3)

    assert (vae.input_noise.seed_state.numpy() != vae._seed_state.numpy()).any()


def test_half_precision_keeps_x_in_its_own_units():
    # Near 1000 the numbers of bfloat16 are 4 apart: rounded, these rows would all look alike.
    keras.config.set_dtype_policy("mixed_bfloat16")
    x = 1000 + data("dense_vae", 40)
    likelihood = zoo.likelihoods.Tabular.from_data(x)
    vae = small("dense_vae", likelihood=likelihood)

    got = vae.evaluate(np.repeat(x, 50, 0), batch_size=1000, verbose=0, return_dict=True)

    assert got["nll"] == pytest.approx(vae.score(x, samples=64)["nll"].mean(), abs=0.2)


def test_a_model_that_was_never_fitted_is_saved_and_loaded_without_a_warning(tmp_path):
    vae = small("dense_vae")
    x = data("dense_vae")
    expected = vae.elbo(x)

    vae.save(tmp_path / "vae.keras")

    np.testing.assert_array_equal(keras.models.load_model(tmp_path / "vae.keras").elbo(x), expected)


def test_a_model_that_was_never_trained_can_be_copied():
    vae, x = small("dense_vae"), data("dense_vae")

    again = copy.deepcopy(vae)

    assert_same(values(again.variables), values(vae.variables))
    np.testing.assert_array_equal(again.encode(x).loc, vae.encode(x).loc)


@pytest.mark.filterwarnings("ignore:Layer .* does not have a `quantize` method")  # nor needs one
def test_a_quantized_model_works_but_is_not_saved_as_a_file_that_cannot_be_loaded(tmp_path):
    vae = small("dense_vae")
    x = data("dense_vae", 4)
    before = vae.elbo(x)
    vae.quantize("int8")

    for call in (lambda: vae.save(tmp_path / "vae.keras"), lambda: copy.deepcopy(vae)):
        with pytest.raises(ValueError, match=r"must not be quantized .* got int8 in layer 'dense"):
            call()
    assert not (tmp_path / "vae.keras").exists()
    np.testing.assert_allclose(vae.elbo(x), before, rtol=0.1)


def test_a_weights_file_that_does_not_fit_leaves_the_model_as_it_was(tmp_path):
    small("dense_vae").save_weights(tmp_path / "vae.weights.h5")
    other = zoo.get("dense_vae", hidden=(5, 4), input_shape=(6,))
    before = values(other.variables)

    for name, message in {
        "vae.weights.h5": "cannot be loaded into this model",
        "cut.weights.h5": "cannot be loaded into this model",
        "none.weights.h5": "cannot be read: No such file",
    }.items():
        if name.startswith("cut"):
            (tmp_path / name).write_bytes((tmp_path / "vae.weights.h5").read_bytes()[:9000])
        with pytest.raises(ValueError, match=rf"{name} {message}"):
            other.load_weights(tmp_path / name)
        assert_same(values(other.variables), before)


def test_weights_load_into_the_same_model(tmp_path):
    vae, other = small("dense_vae"), small("dense_vae")
    vae.save_weights(tmp_path / "vae.weights.h5")
    for variable in other.trainable_variables:
        variable.assign(variable + 1.0)

    other.load_weights(tmp_path / "vae.weights.h5")

    assert_same(values(other.trainable_variables), values(vae.trainable_variables))


def test_export_lists_its_signatures(tmp_path, capsys):
    small("dense_vae").export(tmp_path / "served", verbose=True)

    lines = capsys.readouterr().out.splitlines()

    assert [line.split(":")[0] for line in lines[:2]] == ["encode", "reconstruct"]
    assert "x float32 (None, 6) -> loc float32 (None, 2), scale float32 (None, 2)" in lines[0]


def test_a_summary_shows_the_layers_of_encoder_and_decoder():
    lines = []
    vae = small("dense_vae")

    vae.summary(160, expand_nested=True, print_fn=lambda text, line_break=False: lines.append(text))

    for layer in (vae.encoder, vae.decoder, vae.latents.prior, vae.decoder.likelihood):
        assert f"{layer.name} ({type(layer).__name__})" in "".join(lines)
