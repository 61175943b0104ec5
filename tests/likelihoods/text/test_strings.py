"""Strings in, strings out, in Keras and in a SavedModel."""

import keras
import numpy as np
import tensorflow as tf

from tests.helpers import run_python
from tests.likelihoods.text.texts import TEXTS, string_vae


def test_a_trained_model_reconstructs_its_texts(writer):
    assert writer.reconstruct(TEXTS).tolist() == [text.lower() for text in TEXTS]


def test_strings_come_out_where_strings_went_in(writer):
    outputs = {
        "reconstruct": writer.reconstruct(TEXTS),
        "draws": writer.reconstruct(TEXTS, samples=2),
        "generate": writer.generate(3, seed=1),
        "interpolate": writer.interpolate(TEXTS[:2], TEXTS[3:], steps=4),
        "traverse": writer.traverse(TEXTS[0], dimensions=[1], steps=3),
        "predict": writer.predict(np.array(TEXTS, object), verbose=0)["reconstruction"],
    }

    shapes = {key: value.shape for key, value in outputs.items()}
    assert shapes == {
        "reconstruct": (5,),
        "draws": (2, 5),
        "generate": (3,),
        "interpolate": (2, 4),
        "traverse": (1, 3),
        "predict": (5,),
    }
    for texts in outputs.values():
        assert all(type(text) is str for text in texts.flat)


def test_interpolation_begins_and_ends_with_the_texts(writer):
    path = writer.interpolate(TEXTS[:2], TEXTS[3:], steps=4)

    np.testing.assert_array_equal(path[:, 0], writer.reconstruct(TEXTS[:2]))
    np.testing.assert_array_equal(path[:, -1], writer.reconstruct(TEXTS[3:]))


def test_strings_and_their_numbers_are_the_same(writer):
    numbers = writer.preprocessor.vocabulary.tokenize(tf.constant(TEXTS)).numpy()

    np.testing.assert_array_equal(writer.encode(TEXTS).loc, writer.encode(numbers).loc)
    np.testing.assert_array_equal(writer.elbo(TEXTS), writer.elbo(numbers))


def test_standardization_and_the_longest_length_are_part_of_the_model(writer):
    loud, cut = "THE CAT SAT , ON A MAT !", "the cat sat, on a mat! and so on"

    q = writer.encode([TEXTS[0], loud, cut])

    np.testing.assert_array_equal(q.loc[0], q.loc[1])
    np.testing.assert_array_equal(q.loc[0], q.loc[2])


def test_a_keras_file_holds_the_vocabulary(writer, tmp_path):
    writer.save(tmp_path / "vae.keras")

    loaded = keras.models.load_model(tmp_path / "vae.keras")

    assert loaded.decoder.likelihood.vocabulary == writer.decoder.likelihood.vocabulary
    np.testing.assert_array_equal(loaded.encode(TEXTS).loc, writer.encode(TEXTS).loc)
    np.testing.assert_array_equal(loaded.elbo(TEXTS), writer.elbo(TEXTS))
    assert loaded.reconstruct(TEXTS).tolist() == [text.lower() for text in TEXTS]


def test_a_keras_file_of_a_model_that_was_built_before_it_saw_words(tmp_path):
    vae = string_vae(built=True)
    vae.fit(TEXTS, verbose=0)
    vae.save(tmp_path / "vae.keras")

    loaded = keras.models.load_model(tmp_path / "vae.keras")

    np.testing.assert_array_equal(loaded.encode(TEXTS).loc, vae.encode(TEXTS).loc)
    np.testing.assert_array_equal(loaded.reconstruct(TEXTS), vae.reconstruct(TEXTS))


def test_a_saved_model_takes_and_gives_strings_with_tensorflow_alone(writer, tmp_path):
    writer.export(tmp_path / "served")
    z = np.random.default_rng(0).standard_normal((3, 6)).astype("float32")
    np.savez(tmp_path / "given.npz", x=np.array(TEXTS), z=z)
    code = """
        import sys

        class Without:
            def __init__(self, finder):
                self.finder = finder

            def find_spec(self, name, path=None, target=None):
                if name.split(".")[0] in ("zoo", "keras", "tf_keras", "tensorflow_probability"):
                    return None
                return self.finder.find_spec(name, path, target)

        sys.meta_path[:] = [Without(finder) for finder in sys.meta_path]
        import numpy as np
        import tensorflow as tf

        folder, inputs, result = sys.argv[1:]
        signatures = tf.saved_model.load(folder).signatures
        inputs = np.load(inputs)
        x, z = tf.constant(inputs["x"]), tf.constant(inputs["z"])

        def strings(outputs):
            return np.array([text.decode() for text in outputs["mean"].numpy()])

        np.savez(
            result,
            loc=signatures["encode"](x=x)["loc"].numpy(),
            one=signatures["encode"](x=x[:1])["loc"].numpy(),
            elbo=signatures["score"](x=x)["elbo"].numpy(),
            reconstruct=strings(signatures["reconstruct"](x=x)),
            decode=strings(signatures["decode"](z=z)),
            generate=strings(signatures["generate"](n=tf.constant(4), seed=tf.constant([1, 0]))),
        )
        assert "keras" not in sys.modules
    """

    run_python(code, tmp_path / "served", tmp_path / "given.npz", tmp_path / "result.npz")

    got, q = np.load(tmp_path / "result.npz"), writer.encode(TEXTS)
    np.testing.assert_allclose(got["loc"], q.loc, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(got["one"], q.loc[:1], rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(got["elbo"], writer.elbo(TEXTS), rtol=1e-4)
    assert got["reconstruct"].tolist() == [text.lower() for text in TEXTS]
    written = writer.preprocessor.from_array(writer.decode(z).mean())
    np.testing.assert_array_equal(got["decode"], written)
    assert got["generate"].shape == (4,)


def test_a_list_of_strings_is_validation_data():
    vae = string_vae()

    history = vae.fit(TEXTS, validation_data=list(TEXTS[:3]), verbose=0).history

    assert np.isfinite(history["val_loss"]).all()
