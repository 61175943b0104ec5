"""`VAE.sample`, `generate` and draws by `reconstruct`."""

import inspect

import numpy as np
import pytest
import tensorflow as tf

import zoo
from tests.helpers import WORDS, assert_same, data, small
from tests.likelihoods.text.texts import TEXTS, string_vae
from zoo.core.samplers import RandomSampler

IMAGES = data("conv_vae")
TABLE = data("dense_vae")


@pytest.fixture(scope="module")
def normal():
    """A model whose p(x|z) is Normal(mean, 0.1)."""
    return small("dense_vae", likelihood=zoo.likelihoods.Normal(0.1))


@pytest.fixture(scope="module")
def texts():
    vae = string_vae()
    vae.adapt(TEXTS)
    vae.encode(TEXTS)
    return vae


def test_a_seed_reproduces_samples_and_another_one_does_not(normal):
    first, again, other = (normal.sample(4, seed=seed) for seed in (3, 3, 4))

    np.testing.assert_array_equal(first, again)
    assert (first != other).all()


def test_without_a_seed_samples_differ_each_time(normal):
    assert (normal.sample(2) != normal.sample(2)).all()


def test_samples_are_draws_around_what_generate_gives(normal):
    samples, means = normal.sample(2000, seed=5), normal.generate(2000, seed=5)

    noise = (samples - means) / 0.1
    assert abs(noise.mean()) < 5 / np.sqrt(noise.size)
    assert noise.std() == pytest.approx(1.0, abs=5 / np.sqrt(2 * noise.size))


def test_noise_of_x_is_independent_of_the_code(normal):
    samples, means = normal.sample(4000, seed=5), normal.generate(4000, seed=5)

    for column in range(TABLE.shape[1]):
        correlation = np.corrcoef(samples[:, column] - means[:, column], means[:, column])[0, 1]
        assert abs(correlation) < 5 / np.sqrt(4000)


def test_samples_of_a_bernoulli_are_binary_with_the_mean_as_probability():
    vae = small("dense_vae")

    samples, means = vae.sample(3000, seed=1), vae.generate(3000, seed=1)

    assert {*np.unique(samples)} <= {0.0, 1.0}
    np.testing.assert_allclose(samples.mean(0), means.mean(0), atol=5 * 0.5 / np.sqrt(3000))


def test_batches_do_not_change_the_codes(normal):
    whole, parts = (
        normal.generate(7, seed=2, batch_size=7),
        normal.generate(7, seed=2, batch_size=3),
    )

    np.testing.assert_allclose(whole, parts, rtol=1e-6)
    assert normal.sample(7, seed=2, batch_size=3).shape == (7, *TABLE.shape[1:])


def test_samples_of_a_table_are_values_that_it_accepts():
    table = zoo.likelihoods.Tabular((0, 3, 0), means=(1.0, 0.0, 5.0), scales=(2.0, 1.0, 0.5))
    vae = small("dense_vae", likelihood=table, input_shape=(3,))

    samples = vae.sample(50, seed=0)

    vae.preprocessor.validate(samples)
    assert {*np.unique(samples[:, 1])} <= {0.0, 1.0, 2.0}


def test_series_are_sampled_at_the_length_that_is_asked_for():
    vae = small("lstm_vae")

    assert vae.sample(3, seed=0).shape == (3, 7, 2)
    assert vae.sample(3, seed=0, event_shape=(11, 2)).shape == (3, 11, 2)


def test_a_class_is_sampled_where_the_prior_knows_classes():
    vae = small("dense_vae", prior=zoo.LabelPrior(2, 3))

    one, same = vae.sample(4, seed=1, label=2), vae.sample(4, seed=1, label=[2, 2, 2, 2])

    np.testing.assert_array_equal(one, same)


def test_texts_are_sampled_as_strings(texts):
    samples = texts.sample(5, seed=0, temperature=0.7, top_p=0.9)

    assert samples.shape == (5,)
    assert all(isinstance(text, str) for text in samples)


def test_a_text_at_a_small_temperature_is_the_most_probable_one(texts):
    cold = texts.sample(6, seed=1, temperature=1e-6)

    assert cold.tolist() == texts.generate(6, seed=1).tolist()


def test_a_temperature_makes_texts_vary(texts):
    hot = {*texts.sample(40, seed=1, temperature=2.0)}

    assert len(hot) > len({*texts.sample(40, seed=1, temperature=1e-6)})


def test_token_ids_are_sampled_without_a_vocabulary():
    vae = small("transformer_vae")

    samples = vae.sample(4, seed=0, top_p=0.5)

    assert samples.shape == (4, 7) and samples.dtype == np.int32
    assert samples.min() >= 0 and samples.max() < WORDS


def test_modalities_are_sampled_by_name():
    vae = small("multimodal_vae")

    samples, means = vae.sample(3, seed=0), vae.generate(3, seed=0)

    assert {*samples} == {*means}
    assert all(samples[name].shape == means[name].shape for name in means)
    assert_same(samples, vae.sample(3, seed=0))


def test_options_of_one_modality_go_to_its_own_distribution():
    x = {"text": np.array(["one two", "two", "one", "two one"]), "vector": np.ones((4, 2))}
    vae = zoo.get("multimodal_vae", latent_dim=2)
    vae.compile(run_eagerly=True)
    vae.fit(x, verbose=0)

    cold = vae.sample(3, seed=0, text={"temperature": 1e-6})

    assert cold["text"].tolist() == vae.generate(3, seed=0)["text"].tolist()


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("dense_vae", {"temperature": 1.0}, "Bernoulli has no sampling option 'temperature'"),
        ("transformer_vae", {"temprature": 1.0}, "did you mean 'temperature'"),
        ("multimodal_vae", {"image": {}}, "no sampling option 'image'"),
    ],
)
def test_an_unknown_option_is_refused_by_name(name, options, message):
    with pytest.raises(TypeError, match=message):
        small(name).sample(2, seed=0, **options)


@pytest.mark.parametrize("options", [{"temperature": 0.0}, {"top_p": 0.0}, {"top_p": 1.5}])
def test_options_out_of_range_are_refused(texts, options):
    (name,) = options
    with pytest.raises(ValueError, match=f"{name} must be"):
        texts.sample(2, seed=0, **options)


@pytest.mark.parametrize(("n", "seed"), [(0, 1), (2.5, 1), (2, -1), (2, 2**31)])
def test_bad_numbers_are_refused(normal, n, seed):
    with pytest.raises(ValueError, match="must be"):
        normal.sample(n, seed=seed)


def test_a_model_without_shapes_cannot_sample():
    with pytest.raises(ValueError, match="no shapes yet"):
        zoo.get("dense_vae").sample(2)


def test_drawn_reconstructions_have_one_x_for_each_draw_of_z(normal):
    assert normal.reconstruct(TABLE, draw=True).shape == TABLE.shape
    assert normal.reconstruct(TABLE, samples=3, draw=True).shape == (3, *TABLE.shape)


def test_drawn_reconstructions_are_reproduced_by_seed(normal):
    first, again, other = (normal.reconstruct(TABLE, draw=True, seed=s) for s in (1, 1, 2))

    np.testing.assert_array_equal(first, again)
    assert (first != other).all()


def test_a_draw_adds_the_noise_of_the_likelihood_to_that_of_z(normal):
    x = np.repeat(TABLE[:1], 4, 0)

    means = normal.reconstruct(x, samples=500, seed=3)
    draws = normal.reconstruct(x, samples=500, seed=3, draw=True)

    expected = np.hypot(means.std((0, 1)), 0.1)
    np.testing.assert_allclose(draws.std((0, 1)), expected, rtol=0.15)


def test_means_have_no_options(texts):
    with pytest.raises(TypeError, match=r"temperature need draw=True"):
        texts.reconstruct(TEXTS[:2], temperature=0.5)


def test_drawn_texts_take_options(texts):
    drawn = texts.reconstruct(TEXTS[:3], draw=True, seed=0, temperature=0.5, top_p=0.8)

    assert drawn.shape == (3,) and all(isinstance(text, str) for text in drawn)


def test_compiled_samples_are_those_of_eager_steps():
    eager = small("dense_vae")
    compiled = small("dense_vae", run_eagerly=False)

    np.testing.assert_array_equal(eager.sample(5, seed=1), compiled.sample(5, seed=1))
    np.testing.assert_array_equal(
        eager.reconstruct(TABLE, draw=True, seed=1), compiled.reconstruct(TABLE, draw=True, seed=1)
    )


def test_another_seed_traces_nothing_anew():
    vae = small("dense_vae", run_eagerly=False)
    for seed in range(3):
        vae.sample(4, seed=seed)
        vae.reconstruct(TABLE, draw=True, seed=seed)

    counts = [f.experimental_get_tracing_count() for f in vae._functions.values()]
    assert counts == [1] * len(counts)


def test_generate_and_sample_share_their_arguments():
    generate, sample = (
        [*inspect.signature(f).parameters] for f in (zoo.VAE.generate, zoo.VAE.sample)
    )

    assert sample == [*generate, "options"]


def test_images_are_sampled_in_their_shape():
    vae = small("conv_vae")

    samples = vae.sample(3, seed=0)

    assert samples.shape == (3, *IMAGES.shape[1:])
    assert tf.reduce_all((samples == 0) | (samples == 1))


def test_x_is_drawn_with_another_seed_than_z(normal, monkeypatch):
    seeds, following = [], RandomSampler.next_seed

    def spy(sampler):
        seeds.append(following(sampler).numpy().tolist())
        return tf.constant(seeds[-1])

    monkeypatch.setattr(RandomSampler, "next_seed", spy)
    normal.reconstruct(TABLE, draw=True, seed=1)

    assert len(seeds) == 2 and seeds[0] != seeds[1]
