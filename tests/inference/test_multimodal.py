"""`multimodal_vae`: choice of parts, translation, alignment, rescaling and export."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import zoo
from tests.helpers import optimizer
from tests.inference.modalities import ROWS, holes, small, vectors
from zoo import decoders, encoders
from zoo.core import elbo
from zoo.encoders import DenseEncoder
from zoo.objectives import ELBO, KL, Alignment, Rescaling


def kinds(vae):
    chosen = vae.latents.encoder.encoders
    return {name: type(encoder) for name, encoder in chosen.items()}


def test_encoders_and_decoders_are_chosen_by_rank_and_type():
    x = {
        "image": np.zeros((4, 8, 8, 1), "float32"),
        "series": np.random.default_rng(0).random((4, 6, 2)),
        "vector": np.array([[0.0, -3.0]] * 4),
        "words": np.array([[2, 3, 0]] * 4),
        "text": np.array(["one two", "three", "one", "two three"]),
    }
    vae = zoo.get("multimodal_vae", latent_dim=2)
    vae.compile(run_eagerly=True)

    vae.fit(x, epochs=1, verbose=0)

    assert kinds(vae) == {
        "image": encoders.ConvEncoder,
        "series": encoders.LSTMEncoder,
        "vector": encoders.DenseEncoder,
        "words": encoders.TransformerEncoder,
        "text": encoders.TransformerEncoder,
    }
    parts = vae.decoder.likelihood.parts
    assert [type(part).__name__ for part in parts.values()] == [
        "Bernoulli",
        "SeriesNormal",
        "SharedScaleNormal",
        "Text",
        "Text",
    ]
    assert parts["vector"].initial_scale == pytest.approx(1.5)  # the deviation of 0 and -3
    assert type(vae.decoder.decoders["text"]) is decoders.TextDecoder
    assert isinstance(vae.translate({"vector": x["vector"]}, to="text")[0], str)


def test_encoders_and_likelihoods_of_the_user_are_used():
    mine = DenseEncoder(3, hidden=(7,))
    vae = zoo.get("multimodal_vae", latent_dim=3, encoders={"a": mine}, likelihoods={"b": "normal"})

    vae.encode({name: value for name, value in vectors().items() if name != "c"})

    assert vae.latents.encoder.encoders["a"] is mine
    assert type(vae.decoder.likelihood.parts["b"]).__name__ == "Normal"


def test_input_shapes_build_at_once():
    vae = zoo.get("multimodal_vae", input_shape={"image": (8, 8, 1), "series": (5, 2), "v": (3,)})

    assert [k.__name__ for k in kinds(vae).values()] == [
        "ConvEncoder",
        "LSTMEncoder",
        "DenseEncoder",
    ]
    assert vae.generate(2)["series"].shape == (2, 5, 2)


def test_lists_of_series_of_any_length_are_a_modality():
    rng = np.random.default_rng(0)
    x = {"series": [rng.random((n, 2)) for n in (3, 7, 5)], "v": rng.random((3, 4))}
    vae = zoo.get("multimodal_vae", latent_dim=2)
    vae.compile(run_eagerly=True)

    vae.fit(x, verbose=0)

    padded = {"series": [np.pad(s, ((0, 4), (0, 0)), constant_values=np.nan) for s in x["series"]]}
    np.testing.assert_allclose(
        vae.encode({"series": x["series"]}).loc, vae.encode(padded).loc, rtol=1e-5, atol=1e-6
    )


def test_no_encoder_looks_at_the_batch():
    vae = zoo.get("multimodal_vae", input_shape={"image": (8, 8, 1), "series": (5, 2), "v": (3,)})

    layers = vae._flatten_layers()

    assert not [x for x in layers if isinstance(x, keras.layers.BatchNormalization)]


def test_translate_is_the_reconstruction_of_the_other():
    vae, x = small(), vectors()

    got = vae.translate({"a": x["a"]}, to="c")

    np.testing.assert_array_equal(got, vae.reconstruct({"a": x["a"]})["c"])
    with pytest.raises(ValueError, match=r"to must be one of .* got 'd'"):
        vae.translate(x, to="d")
    with pytest.raises(ValueError, match="must have several modalities"):
        zoo.get("dense_vae", input_shape=(3,)).translate(np.zeros((1, 3)), to="a")


def test_unimodal_posteriors_multiply_to_the_joint_one():
    vae, x, present = small(), vectors(), holes()
    x_with_holes = {**x, "present": present}

    parts = zoo.unimodal_posteriors(vae, x_with_holes)

    precision = 1 + sum(np.nan_to_num(1 / np.square(q.scale)) for q in parts.values())
    np.testing.assert_allclose(vae.encode(x_with_holes).scale, precision**-0.5, rtol=1e-5)
    for name, q in parts.items():
        assert (np.isnan(q.loc).all(1) == ~present[name]).all()


def test_alignment_equals_its_term_and_training_lowers_it():
    x = vectors(128)
    repeated = {name: np.tile(rows, (10, 1)) for name, rows in x.items()}
    apart, together = (small(subsets=0.0, alignment=weight) for weight in (0.0, 1.0))
    start = np.mean([*zoo.alignment(apart, x).values()])

    logged = together.evaluate(x, verbose=0, return_dict=True)["alignment"]
    for vae in (apart, together):
        vae.compile(optimizer(), jit_compile=False)
        vae.fit(repeated, batch_size=64, epochs=6, verbose=0)
    gaps = [np.mean([*zoo.alignment(vae, x).values()]) for vae in (apart, together)]

    assert logged == pytest.approx(3 * start, rel=1e-4)
    assert gaps[1] < 0.5 * gaps[0]


def test_alignment_by_hand():
    vae, x = small(), vectors()
    q, parts = vae.encode(x), zoo.unimodal_posteriors(vae, x)

    got = zoo.alignment(vae, x)

    for name, p in parts.items():
        ratio = np.square(q.scale / p.scale)
        expected = 0.5 * (ratio - 1 - np.log(ratio) + np.square((q.loc - p.loc) / p.scale)).sum(1)
        np.testing.assert_allclose(got[name], expected, rtol=1e-3, atol=1e-4)


def test_rescaling_weighs_nats_and_leaves_the_elbo_alone():
    x, factors = vectors(), {"a": 3.0, "b": 0.5}
    plain, scaled = small(subsets=0.0), small(subsets=0.0, rescale=factors)

    a, b = (
        vae.evaluate(x, batch_size=ROWS, verbose=0, return_dict=True) for vae in (plain, scaled)
    )
    vae = plain
    out = vae({n: tf.constant(v) for n, v in vae.preprocessor.to_array(x).items()})
    nats = {n: float(tf.reduce_mean(v)) for n, v in elbo.nll_by_modality(out).items()}

    assert b["elbo"] == pytest.approx(a["elbo"], rel=1e-5)
    extra = 2.0 * nats["a"] - 0.5 * nats["b"]
    assert b["loss"] - a["loss"] == pytest.approx(extra, rel=1e-3)


@pytest.mark.parametrize("factor", [0, -1.0, float("inf"), "2"])
def test_rescaling_by_other_than_positive_numbers_is_refused(factor):
    with pytest.raises(ValueError, match=r"factors\['a'\] must be a positive number"):
        Rescaling({"a": factor})


def test_rescaling_of_an_unknown_modality_is_refused():
    with pytest.raises(ValueError, match=r"factors must name some of .* got 'd'"):
        small(rescale={"d": 2.0}).evaluate(vectors(), verbose=0)


def test_terms_of_modalities_are_saved():
    objective = ELBO((KL(), Alignment(0.5), Rescaling({"a": 2.0})))

    again = type(objective).from_config(objective.get_config())

    assert again.term("rescaling").factors == {"a": 2.0}
    assert again.term("alignment").weight == 0.5


def test_export_has_a_signature_for_each_subset_named(tmp_path):
    vae, x = small(), vectors()
    vae.encode(x)

    vae.export(tmp_path / "two", subsets=[("a", "c"), "b"])
    signatures = tf.saved_model.load(str(tmp_path / "two")).signatures

    assert {n for n in signatures if n.startswith("encode")} == {"encode", "encode_a_c", "encode_b"}
    got = signatures["encode_a_c"](a=tf.constant(x["a"]), c=tf.constant(x["c"]))
    expected = vae.encode({"a": x["a"], "c": x["c"]})
    np.testing.assert_allclose(got["loc"], expected.loc, rtol=1e-5, atol=1e-6)
    for wrong, text in ((["d"], "'d'"), (3, "3"), ([3], "3"), (np.zeros((2, 3)), "array")):
        with pytest.raises(ValueError, match=f"subsets must be made of 'a', 'b', 'c', got {text}"):
            vae.export(tmp_path / "wrong", subsets=wrong)


def test_subsets_mean_nothing_to_a_model_of_one_array(tmp_path):
    with pytest.raises(ValueError, match=r"subsets must be None where x has a single modality"):
        zoo.get("dense_vae", input_shape=(3,)).export(tmp_path, subsets=["a"])
