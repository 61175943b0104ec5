"""`multimodal_vae`: modalities by name, any of which may be missing."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import zoo
from tests.helpers import assert_same, optimizer, values
from zoo import decoders, encoders
from zoo.decoders import DenseDecoder
from zoo.encoders import DenseEncoder
from zoo.latents import fusion as fusions
from zoo.likelihoods import SharedScaleNormal
from zoo.objectives import ELBO, KL, Alignment, Rescaling
from zoo.training.corruptions import ModalityDropout

EAGER = True

ROWS = 24


def vectors(rows=ROWS, seed=0):
    rng = np.random.default_rng(seed)
    shared = rng.standard_normal((rows, 2))
    return {
        name: (shared @ rng.standard_normal((2, width))).astype("float32")
        for name, width in (("a", 5), ("b", 4), ("c", 3))
    }


def small(**options):
    """Three vectors with small dense layers."""
    keras.utils.set_random_seed(2)
    names = ("a", "b", "c")
    vae = zoo.get(
        "multimodal_vae",
        latent_dim=2,
        encoders={n: DenseEncoder(2, hidden=(8,)) for n in names},
        decoders={n: DenseDecoder(hidden=(8,), likelihood=SharedScaleNormal()) for n in names},
        input_shape=dict(zip(names, ((5,), (4,), (3,)), strict=True)),
        seed=2,
        **options,
    )
    vae.compile(optimizer(), jit_compile=False)
    return vae


def holes(rows=ROWS, seed=3):
    """Who has what; each has something."""
    rng = np.random.default_rng(seed)
    found = {name: rng.random(rows) < 0.6 for name in ("a", "b", "c")}
    found["c"] |= ~(found["a"] | found["b"])
    return found


def with_garbage(x, present, value):
    """x with `value` in the rows of what is missing."""
    rows = {name: there[:, None] for name, there in present.items()}
    return {**{n: np.where(rows[n], x[n], np.float32(value)) for n in x}, "present": present}


# Choosing


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


def test_what_is_chosen_by_the_user_is_taken():
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

    vae.fit(x, verbose=0)

    padded = {"series": [np.pad(s, ((0, 4), (0, 0)), constant_values=np.nan) for s in x["series"]]}
    np.testing.assert_allclose(
        vae.encode({"series": x["series"]}).loc, vae.encode(padded).loc, rtol=1e-5, atol=1e-6
    )


def test_no_encoder_looks_at_the_batch():
    vae = zoo.get("multimodal_vae", input_shape={"image": (8, 8, 1), "series": (5, 2), "v": (3,)})

    layers = vae._flatten_layers()

    assert not [x for x in layers if isinstance(x, keras.layers.BatchNormalization)]


# Missing


@pytest.mark.parametrize("fusion", ["product", "mixture", "mixture_of_products"])
@pytest.mark.parametrize("garbage", [np.nan, np.inf, 1e30])
def test_garbage_in_missing_rows_changes_nothing(fusion, garbage):
    x, present, vae = vectors(), holes(), small(fusion=fusion, subsets=0.0)
    clean, dirty = (with_garbage(x, present, value) for value in (0.0, garbage))

    def everything(x):
        q, scores = vae.encode(x), vae.score(x)
        return [q.loc, q.scale, *scores.values(), vae.log_likelihood(x, samples=3)]

    assert_same(everything(dirty), everything(clean))


@pytest.mark.parametrize("fusion", ["product", "mixture", "mixture_of_products"])
def test_training_with_garbage_gives_the_same_weights_bit_for_bit(fusion):
    x, present = vectors(), holes()

    def trained(garbage):
        vae = small(fusion=fusion)
        vae.fit(with_garbage(x, present, garbage), batch_size=8, epochs=2, verbose=0)
        return values(vae.variables)

    assert_same(trained(np.nan), trained(0.0))


def test_a_missing_modality_gets_no_gradient():
    vae, x = small(subsets=0.0), vectors()
    vae.encode(x)
    present = {"b": np.zeros(ROWS, bool)}
    batch = vae.decoder.likelihood.prepare({**x, "present": present})

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


def test_scores_of_modalities_add_up_over_what_is_there():
    vae, x, present = small(), vectors(), holes()

    got = vae.score({**x, "present": present})

    np.testing.assert_allclose(got["nll"], sum(got[f"nll_{n}"] for n in x), rtol=1e-5)
    for name, there in present.items():
        assert ((got[f"nll_{name}"] == 0) == ~there).all()


def test_an_example_does_not_depend_on_what_others_lack():
    vae, x, present = small(), vectors(), holes()
    vae.fit(x, verbose=0)

    mixed = vae.elbo({**x, "present": present})

    for row in range(4):
        alone = {n: v[row : row + 1] for n, v in x.items() if present[n][row]}
        np.testing.assert_allclose(vae.elbo(alone), mixed[row : row + 1], rtol=1e-5)


def test_datasets_may_have_holes():
    x, present = vectors(), holes()
    given = with_garbage(x, present, np.nan)

    def dataset(garbage):
        x_and_present = with_garbage(x, present, garbage)
        return tf.data.Dataset.from_tensor_slices(x_and_present).batch(8)

    def trained(garbage):
        vae = small()
        vae.fit(dataset(garbage), epochs=2, verbose=0)
        return vae

    vae = trained(np.nan)

    assert_same(values(vae.variables), values(trained(0.0).variables))
    np.testing.assert_allclose(vae.elbo(dataset(np.nan)), vae.elbo(given), rtol=1e-5)


# Training on parts


def dropped(amount, rows=4000):
    present = np.tile([[True, True, False], [True, True, True]], (rows // 2, 1))
    layer = ModalityDropout(amount, seed=1)
    x = {"a": tf.zeros([rows, 1]), "present": tf.constant(present)}
    return present, layer(x, training=True)["present"].numpy(), layer(x)["present"].numpy()


def test_modality_dropout_keeps_a_part_of_what_is_there():
    before, after, outside_training = dropped(0.5)

    assert not (after & ~before).any()
    assert after.any(1).all()
    np.testing.assert_array_equal(outside_training, before)
    # Whole: 1/2 at once, and 1/4 (two modalities) or 1/8 (three) of the rest.
    whole = (after == before).all(1)
    assert whole[::2].mean() == pytest.approx(0.5 + 0.5 / 4, abs=0.04)
    assert whole[1::2].mean() == pytest.approx(0.5 + 0.5 / 8, abs=0.04)
    assert after[1::2].mean(0) == pytest.approx(after[1::2].mean(), abs=0.04)


def test_modality_dropout_of_nothing_keeps_all():
    before, after, _ = dropped(0.0)

    np.testing.assert_array_equal(after, before)


@pytest.mark.parametrize("amount", [-0.1, 1.1])
def test_modality_dropout_wants_a_probability(amount):
    with pytest.raises(ValueError, match="amount must be a probability"):
        ModalityDropout(amount)


def test_product_trains_on_parts_and_others_do_not():
    noise = {f: zoo.get("multimodal_vae", fusion=f).input_noise for f in fusions.IDENTIFIERS}

    assert noise.pop("product").amount == 0.5
    assert {*noise.values()} == {None}


def test_parts_teach_each_encoder_to_stand_alone():
    x = vectors(256)

    def alone(subsets):
        vae = small(subsets=subsets)
        vae.fit(x, batch_size=32, epochs=40, verbose=0)
        error = vae.translate({"a": x["a"]}, to="b") - x["b"]
        return np.sqrt((error**2).mean())

    assert alone(0.5) < 0.8 * alone(0.0)


# Use


def test_translate_is_the_reconstruction_of_the_other():
    vae, x = small(), vectors()

    got = vae.translate({"a": x["a"]}, to="c")

    np.testing.assert_array_equal(got, vae.reconstruct({"a": x["a"]})["c"])
    with pytest.raises(ValueError, match="to='d' is no modality of this model"):
        vae.translate(x, to="d")
    with pytest.raises(ValueError, match="needs a model of several modalities"):
        zoo.get("dense_vae", input_shape=(3,)).translate(np.zeros((1, 3)), to="a")


def test_unimodal_posteriors_multiply_to_the_joint_one():
    vae, x, present = small(), vectors(), holes()
    given = {**x, "present": present}

    parts = zoo.unimodal_posteriors(vae, given)

    precision = 1 + sum(np.nan_to_num(1 / np.square(q.scale)) for q in parts.values())
    np.testing.assert_allclose(vae.encode(given).scale, precision**-0.5, rtol=1e-5)
    for name, q in parts.items():
        assert (np.isnan(q.loc).all(1) == ~present[name]).all()


def test_alignment_measures_what_its_term_adds_and_training_lowers_it():
    x = vectors(128)
    apart, together = (small(subsets=0.0, alignment=weight) for weight in (0.0, 1.0))
    start = np.mean([*zoo.alignment(apart, x).values()])

    logged = together.evaluate(x, verbose=0, return_dict=True)["alignment"]
    for vae in (apart, together):
        vae.fit(x, batch_size=32, epochs=30, verbose=0)
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
    out = vae({n: tf.constant(v) for n, v in vae.decoder.likelihood.prepare(x).items()})
    nats = {n: float(tf.reduce_mean(v)) for n, v in zoo.nats.nll_by_modality(out).items()}

    assert b["elbo"] == pytest.approx(a["elbo"], rel=1e-5)
    extra = 2.0 * nats["a"] - 0.5 * nats["b"]
    assert b["loss"] - a["loss"] == pytest.approx(extra, rel=1e-3)


@pytest.mark.parametrize("factor", [0, -1.0, float("inf"), "2"])
def test_rescaling_wants_positive_numbers(factor):
    with pytest.raises(ValueError, match=r"factors\['a'\] must be a positive number"):
        Rescaling({"a": factor})


def test_rescaling_of_an_unknown_modality_is_refused():
    with pytest.raises(ValueError, match="factors name 'd'"):
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
    with pytest.raises(ValueError, match="subsets must be made of 'a', 'b', 'c', got 'd'"):
        vae.export(tmp_path / "wrong", subsets=["d"])


def test_subsets_mean_nothing_to_a_model_of_one_array(tmp_path):
    with pytest.raises(ValueError, match=r"subsets=.* several modalities only"):
        zoo.get("dense_vae", input_shape=(3,)).export(tmp_path, subsets=["a"])


# Bad input


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda x: {"aa": x["a"]}, "x has a modality 'aa'; did you mean 'a'"),
        (lambda x: {}, "x must hold at least one modality, got none"),
        (lambda x: x["a"], "x must be a dict of modalities"),
        (lambda x: {**x, "b": x["b"][:3]}, "equally many of each modality, got .*'b': 3"),
        (lambda x: {"a": x["a"][:, :2]}, r"x\['a'\] has examples of shape \(2,\), expected \(5,\)"),
        (lambda x: {**x, "a": x["a"] * np.nan}, r"x\['a'\] must be finite"),
        (
            lambda x: {"a": x["a"], "present": {"a": np.arange(ROWS) > 3}},
            "a modality of each example, got none of example 0",
        ),
        (lambda x: {**x, "present": {"d": np.ones(ROWS)}}, r"\['d'\] is of no modality"),
        (lambda x: {**x, "present": {"a": np.ones(3)}}, "must be 24 times True or False"),
        (lambda x: {**x, "present": {"a": np.full(ROWS, 2)}}, "must be 24 times True or False"),
        (
            lambda x: {"a": x["a"], "present": {"b": np.ones(ROWS)}},
            "says that 'b' is there, and x does not hold it",
        ),
    ],
)
def test_bad_input_is_refused_by_name(change, message):
    vae, x = small(), vectors()
    vae.encode(x)

    with pytest.raises((ValueError, TypeError), match=message):
        vae.encode(change(x))


def test_a_modality_that_all_lack_is_refused_before_training():
    x = vectors()
    vae = small()
    vae.encode(x)
    nobody = np.zeros(ROWS, bool)

    for given in ({"a": x["a"]}, {**x, "present": {"b": nobody}}):
        dataset = tf.data.Dataset.from_tensor_slices(given).batch(8)
        for data in (given, dataset, dataset.repeat()):
            with pytest.raises(ValueError, match="x lacks the modality 'b' in every example"):
                vae.fit(data, steps_per_epoch=1)
    with pytest.raises(ValueError, match="x lacks the modality 'b' in every example"):
        zoo.get("multimodal_vae").fit({**x, "present": {"b": nobody}})


def test_concatenation_refuses_holes():
    vae, x = small(fusion="concatenation"), vectors()
    vae.fit(x, verbose=0)

    with pytest.raises(ValueError, match="x lacks a modality of example 0, and Concatenation"):
        vae.encode({"a": x["a"]})


def test_encoders_of_another_size_are_refused():
    vae = zoo.get("multimodal_vae", latent_dim=2, encoders={"a": DenseEncoder(3)})

    with pytest.raises(ValueError, match=r"encoders\['a'\] must have latent_dim=2"):
        vae.encode({"a": vectors()["a"]})


@pytest.mark.parametrize("name", ["present", "two words", "class_name"])
def test_names_that_mean_something_else_are_refused(name):
    with pytest.raises(ValueError, match=r"a modality's name must be|at least one modality"):
        zoo.get("multimodal_vae").encode({name: vectors()["a"]})


def test_encoders_for_what_the_data_lack_are_refused():
    vae = zoo.get("multimodal_vae", encoders={"d": DenseEncoder(16)})

    with pytest.raises(ValueError, match="encoders has 'd', which the data lack"):
        vae.encode(vectors())


def test_an_array_of_a_rank_that_no_encoder_takes_is_refused():
    with pytest.raises(ValueError, match=r"x\['a'\] must be images .*got 5 dimensions"):
        zoo.get("multimodal_vae").encode({"a": np.zeros((2, 3, 4, 5, 6))})
