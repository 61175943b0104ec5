"""Compiled functions of a model: when they are made, kept and dropped."""

import tensorflow as tf

from tests.helpers import data, small
from zoo.core import execution
from zoo.core.functions import compiled, forget

X = tf.constant([1.0, 2.0])


def double(x):
    return 2.0 * x


def test_a_function_is_compiled_once_for_each_name():
    vae = small("dense_vae", run_eagerly=False)

    first, again = compiled(vae, "double", double), compiled(vae, "double", double)
    other = compiled(vae, ("double", 2), double)

    assert first is again and first is not other
    assert first(X).numpy().tolist() == [2.0, 4.0]


def test_compiling_the_model_drops_them():
    vae = small("dense_vae", run_eagerly=False)
    before = compiled(vae, "double", double)

    vae.compile()

    assert compiled(vae, "double", double) is not before


def test_forgetting_drops_them_and_those_of_keras():
    vae = small("dense_vae", run_eagerly=False)
    vae.fit(data("dense_vae"), verbose=0)
    before = compiled(vae, "double", double)

    forget(vae)

    assert compiled(vae, "double", double) is not before
    assert vae.train_function is None and vae.test_function is None


def test_an_eager_model_runs_python():
    vae = small("dense_vae")
    calls = []

    def counted(x):
        calls.append(tf.executing_eagerly())
        return x

    function = compiled(vae, "counted", counted)
    function(X)
    function(X)

    assert calls == [True, True]
    assert vae._functions == {}


def test_a_function_is_traced_once_and_for_any_number_of_rows():
    vae = small("dense_vae", run_eagerly=False)
    traces = []

    def counted(x):
        traces.append(x.shape)
        return x

    function = compiled(vae, "counted", counted)
    for rows in (2, 3, 4, 5):
        function(tf.zeros([rows, 2]))

    assert len(traces) == 2  # the first shape, then any


def test_what_xla_compiles_knows_it():
    vae = small("dense_vae", run_eagerly=False)
    seen = []

    def ask(x):
        seen.append(execution.xla_may_compile())
        return x

    compiled(vae, "graph", ask)(X)
    compiled(vae, "xla", ask, jit_compile=True)(X)

    assert seen == [False, True]
