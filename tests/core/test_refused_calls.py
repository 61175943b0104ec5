"""A refused call changes nothing: weights, optimizer, seeds, compiled functions, later results."""

import inspect

import keras
import numpy as np
import pytest

import zoo
from tests.core.inputs import TABLE, spoiled
from tests.helpers import assert_same, data, optimizer, small, values

NAN = spoiled(np.nan)

# method -> bad calls of it.
CALLS = {
    "adapt": [(None,), ("x",), (NAN,)],
    "classify": [(TABLE,), (NAN,)],
    "compile": [
        dict(optimizer="bogus"),
        dict(loss="mse"),
        dict(jit_compile="x"),
        dict(steps_per_execution=-1),
        dict(metrics=5),
        dict(bogus=1),
    ],
    "compress": [("x",), (NAN,)],
    "decode": [("x",), (None,), ([[1], [1, 2]],), (np.zeros((1, 3)),), (np.full((1, 2), np.nan),)],
    "decompress": [("x",), (b"x",)],
    "elbo": [(NAN,), dict(x=TABLE, samples="x"), dict(x=TABLE, seed=-1)],
    "encode": [(NAN,), dict(x=TABLE, batch_size="x"), ([[1.0], [1.0, 2.0]],)],
    "evaluate": [
        (NAN,),
        dict(x=TABLE, y=1),
        dict(x=TABLE, batch_size=-1),
        dict(x=TABLE, steps="x"),
        dict(x=TABLE, steps=-1),
        dict(x=TABLE, callbacks=5),
        dict(x=TABLE, bogus=1),
        dict(x=TABLE, sample_weight=-np.ones(8)),
    ],
    "export": [(None,), ("d", "keras")],
    "fit": [
        (NAN,),
        dict(x=TABLE, y=1),
        dict(x=TABLE, sample_weight="w"),
        dict(x=TABLE, epochs="x"),
        dict(x=TABLE, epochs=-1),
        dict(x=TABLE, epochs=1.5),
        dict(x=TABLE, epochs=10**30),
        dict(x=TABLE, initial_epoch=-1),
        dict(x=TABLE, validation_split=np.nan),
        dict(x=TABLE, validation_split="x"),
        dict(x=TABLE, validation_split=2),
        dict(x=TABLE, validation_data=(NAN,)),
        dict(x=TABLE, validation_data=()),
        dict(x=TABLE, validation_steps=-1),
        dict(x=TABLE, validation_freq=0),
        dict(x=TABLE, callbacks=5),
        dict(x=TABLE, callbacks=["x"]),
        dict(x=TABLE, callbacks=keras.callbacks.History),
        dict(x=TABLE, batch_size=-1),
        dict(x=TABLE, verbose=7),
        dict(x=TABLE, shuffle=None),
        dict(x=TABLE, bogus=1),
        dict(x=TABLE, class_weight=5),
    ],
    "generate": [(0,), dict(n=2, seed=-1), dict(n=2, label=1), dict(n=2, batch_size="x")],
    "interpolate": [(TABLE, NAN), (TABLE, None), dict(start=TABLE, end=TABLE, path="x")],
    "load_weights": [
        (None,),
        (5,),
        ("missing.weights.h5",),
        (__file__,),
        dict(filepath=__file__, by_name=1),
    ],
    "log_likelihood": [(NAN,), dict(x=TABLE, samples=0), dict(x=TABLE, rows="x")],
    "manifold": [dict(dimensions=5), dict(steps=0), (NAN[3],)],
    "posterior": [(None,), ("x",), (NAN,)],
    "predict": [(NAN,), dict(x=TABLE, batch_size=0), dict(x=TABLE, bogus=1)],
    "predict_on_batch": [(NAN,), (TABLE[:, :5],)],
    "reconstruct": [(NAN,), dict(x=TABLE, samples=0), dict(x=TABLE, top_p=1)],
    "sample": [(0,), dict(n=2, seed=-1), dict(n=2, bogus=1)],
    "save_to_preset": [
        (None,),
        (__file__,),
        dict(folder="d", dtype="int8"),
        dict(folder="d", card="x"),
        dict(folder="d", card={"sumary": "x"}),
        dict(folder="d", card={"data": 5}),
        dict(folder="d", card={"numbers": {"log p(x)": -1.0}}),
    ],
    "score": [(NAN,), dict(x=TABLE, samples="x")],
    "test_on_batch": [(NAN,), dict(x=TABLE, sample_weight="w"), dict(x=TABLE, y=1)],
    "train_on_batch": [
        (NAN,),
        (TABLE * 255,),
        (iter([TABLE]),),
        dict(x=TABLE, y=1),
        dict(x=TABLE, sample_weight=-np.ones(8)),
        dict(x=TABLE, class_weight={0: 1.0}),
    ],
    "translate": [(TABLE, "a")],
    "traverse": [dict(low=np.nan), dict(high="x"), dict(dimensions=[9]), (NAN[3],)],
}
EACH = [(name, i) for name, calls in CALLS.items() for i in range(len(calls))]
HOOKS = {"build", "call", "compute_loss", "compute_metrics", "compile_from_config"}
HOOKS |= {"get_compile_config", "make_train_function", "make_test_function"}
HOOKS |= {"make_predict_function", "train_step", "test_step", "predict_step"}
HOOKS |= {"save", "get_config"}  # of Keras


@pytest.fixture(scope="module")
def trained():
    vae = small("dense_vae", run_eagerly=False)
    vae.compile(optimizer(), jit_compile=False, steps_per_execution=1)
    vae.fit(TABLE, verbose=0)
    vae.elbo(TABLE)
    return vae


def state(vae):
    functions = (vae.train_function, vae.test_function, vae.predict_function)
    return vae.optimizer, dict(vae._functions), functions, vae.built, vae.steps_per_execution


def test_every_public_method_has_a_bad_call():
    own = [c for c in zoo.VAE.__mro__ if c.__module__.startswith("zoo.")]
    methods = {n for c in own for n, m in vars(c).items() if inspect.isfunction(m)}
    methods = {name for name in methods if not name.startswith("_")}
    assert methods - HOOKS == {*CALLS}


@pytest.mark.parametrize(("name", "number"), EACH, ids=lambda value: str(value))
def test_a_refused_call_changes_nothing(trained, name, number):
    call = CALLS[name][number]
    variables = [*trained.variables, *trained.optimizer.variables]
    before, numbers = state(trained), values(variables)

    with pytest.raises((TypeError, ValueError, ImportError, FileExistsError)) as error:
        options = call if isinstance(call, dict) else {}
        if name in ("fit", "evaluate", "predict"):
            options = {"verbose": 0, **options}
        getattr(trained, name)(*(() if isinstance(call, dict) else call), **options)

    assert len(str(error.value)) < 500
    assert not any(word in str(error.value) for word in ("Tensor(", "node", "__len__", "len()"))
    assert state(trained) == before
    assert_same(values(variables), numbers)


@pytest.mark.parametrize(("name", "bad"), [("multimodal_vae", 5), ("lstm_vae", "x")])
def test_refused_validation_data_leave_a_model_without_units(name, bad):
    vae = small(name)
    before = values(vae.variables)

    with pytest.raises(TypeError, match="validation_data must be"):
        vae.fit(data(name, 8), validation_data=bad, verbose=0)

    assert_same(values(vae.variables), before)


MODALITIES = data("multimodal_vae", 8)
RAGGED = [image[: 9 - i] for i, image in enumerate(MODALITIES["image"])]


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("lstm_vae", dict(validation_data=iter([np.zeros(6)]))),
        ("lstm_vae", dict(validation_data=iter([]))),
        ("lstm_vae", dict(validation_data=(data("lstm_vae", 8) * 1e9,))),
        ("multimodal_vae", dict(x={**MODALITIES, "image": RAGGED})),
    ],
)
def test_what_a_refused_fit_has_learned_is_undone(name, call):
    vae = small(name)
    before = values(vae.variables)

    with pytest.raises(ValueError, match="must"):
        vae.fit(**{"x": data(name, 8), "verbose": 0, **call})

    assert_same(values(vae.variables), before)
    assert not vae.preprocessor.adapted
    vae.fit(data(name, 8), verbose=0)


def test_units_are_undone_where_a_callback_fails_to_restore_a_state():
    vae = small("lstm_vae")

    with pytest.raises(RuntimeError, match="of my own"):
        vae.fit(data("lstm_vae", 8), callbacks=[Refusing()], verbose=0)

    assert not vae.preprocessor.adapted


class Refusing(keras.callbacks.Callback):
    def restore(self, model):
        raise RuntimeError("of my own")


def test_a_vocabulary_that_a_refused_call_has_learned_is_undone():
    vae = zoo.get("transformer_vae", latent_dim=2)
    size = vae.decoder.likelihood.vocabulary_size

    for call in (
        lambda: vae.fit(["a b", "b c"], validation_data=([1.5],), verbose=0),
        lambda: vae.adapt({"a": 1}),
    ):
        with pytest.raises((TypeError, ValueError), match="must"):
            call()

        assert not vae.preprocessor.adapted and vae.decoder.likelihood.vocabulary is None
        assert vae.decoder.likelihood.vocabulary_size == size
    vae.adapt(["b d"])
    assert vae.decoder.likelihood.vocabulary == ("d", "b")


def test_metrics_without_y_are_refused_and_the_model_fits_afterwards():
    vae = small("dense_vae", run_eagerly=False)
    vae.compile(optimizer(), metrics=["mae"], jit_compile=False, steps_per_execution=2)

    for call in (vae.fit, vae.evaluate):
        with pytest.raises(ValueError, match="y must be given beside x, because compile was given"):
            call(TABLE, verbose=0)
    assert 0 < vae.fit(TABLE, TABLE, verbose=0).history["mae"][0] < 1

    vae.compile(optimizer(), run_eagerly=True)
    assert "mae" not in vae.fit(TABLE, verbose=0).history


def test_an_error_while_tracing_leaves_no_function_traced_in_part():
    def fails(y, mean):
        raise RuntimeError("of my own")

    vae = small("dense_vae", run_eagerly=False)
    vae.compile(optimizer(), metrics=[fails], jit_compile=False, steps_per_execution=2)
    for call in (vae.fit, vae.evaluate):
        with pytest.raises(RuntimeError, match="of my own"):
            call(TABLE, TABLE, verbose=0)
    assert not vae._functions
    assert vae.test_function is None


@pytest.mark.parametrize(
    "bad",
    [
        dict(x=NAN),
        dict(x=TABLE, y=np.zeros(3)),
        dict(x=TABLE, validation_data=(TABLE[:, :5],)),
        dict(x=TABLE, validation_data=(NAN,)),
        dict(x=TABLE, epochs=-1),
    ],
    ids=lambda bad: [*bad][-1],
)
def test_a_refused_fit_does_not_build_a_model(bad):
    vae = small("dense_vae", built=False)
    before = len(vae.variables)
    with pytest.raises(ValueError, match="must"):
        vae.fit(**bad, verbose=0)
    assert not vae.built
    assert len(vae.variables) == before


@pytest.mark.parametrize(
    "bad",
    [
        dict(y=np.zeros(3)),
        dict(sample_weight="w"),
        dict(validation_data=(np.full((2, 3), np.inf),)),
    ],
    ids=lambda bad: [*bad][-1],
)
def test_a_refused_fit_does_not_learn_units(bad):
    vae = small("lstm_vae", built=False)
    with pytest.raises((TypeError, ValueError), match="must"):
        vae.fit(np.ones((4, 3)), **bad, verbose=0)
    assert not vae.preprocessor.adapted


def test_train_on_batch_refuses_a_model_that_has_not_learned_units():
    vae = small("lstm_vae", built=False)
    series = 1000 + 50 * np.random.default_rng(0).normal(size=(16, 6, 1))
    with pytest.raises(ValueError, match=r"call vae.adapt\(data\) with all training data first"):
        vae.train_on_batch(series)
    vae.adapt(series)
    assert vae.train_on_batch(series, return_dict=True)["loss"] < 100
