"""A stream of which a later batch is refused leaves the model as it was before the call."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import zoo
from tests.helpers import assert_same, data, optimizer, small, values
from zoo.core import checkpoints

TABLE = data("dense_vae", 8)
SERIES = data("lstm_vae", 8)


def dense(**options):
    vae = small("dense_vae")
    vae.compile(optimizer(), **{"run_eagerly": True, **options})
    return vae


def state(vae):
    return values(checkpoints.variables(vae))


def generator(*batches):
    yield from batches


def dataset(*batches):
    return tf.data.Dataset.from_generator(
        lambda: iter(batches), output_signature=tf.TensorSpec([None, 6], tf.float32)
    )


class Batches(keras.utils.PyDataset):
    def __init__(self, *batches):
        super().__init__()
        self.batches = batches

    def __len__(self):
        return len(self.batches)

    def __getitem__(self, i):
        return self.batches[i]


class Counter(keras.callbacks.Callback):
    """Counts steps; raises an error after the first one, if it has one."""

    def __init__(self, error=None):
        super().__init__()
        self.steps, self.error = 0, error

    def on_train_batch_end(self, batch, logs=None):
        self.steps += 1
        if self.error is not None:
            raise self.error


@pytest.mark.parametrize("stream", [generator, dataset, Batches])
def test_the_steps_before_a_refused_batch_are_undone(stream):
    vae, counter = dense(), Counter()
    vae.fit(TABLE, verbose=0)
    before = state(vae)

    with pytest.raises(ValueError, match=r"^x \(batch 3\) must"):
        vae.fit(stream(TABLE, TABLE, TABLE * 255), shuffle=False, verbose=0, callbacks=counter)

    assert counter.steps == 2
    assert_same(state(vae), before)
    vae.fit(Batches(TABLE, TABLE, TABLE), verbose=0)
    assert int(vae.optimizer.iterations) == 4


def test_the_steps_before_a_refused_batch_are_undone_in_compiled_calls():
    vae = dense(run_eagerly=False, jit_compile=False, steps_per_execution=2)
    before = values(vae.variables)

    with pytest.raises(ValueError, match=r"^x \(batch 5\) must"):
        vae.fit(dataset(*[TABLE] * 4, TABLE * 255), verbose=0)

    assert_same(values(vae.variables), before)
    assert int(vae.optimizer.iterations) == 0


def test_epochs_that_were_complete_are_resumed(tmp_path):
    class Spoiled(Batches):
        def on_epoch_end(self):
            self.batches = (TABLE, TABLE * 255)

    vae = dense()
    before = values(vae.variables)
    options = dict(epochs=2, shuffle=False, verbose=0, callbacks=[zoo.Resume(tmp_path)])

    with pytest.raises(ValueError, match=r"^x \(batch 2\) must"):
        vae.fit(Spoiled(TABLE, TABLE), **options)

    assert_same(values(vae.variables), before)
    assert vae.fit(Batches(TABLE, TABLE), **options).epoch == [1]


def test_the_epoch_before_refused_validation_data_is_undone():
    vae, counter = dense(), Counter()
    before = values(vae.variables)

    with pytest.raises(ValueError, match=r"^validation_data \(batch 2\) must"):
        vae.fit(TABLE, validation_data=Batches(TABLE, TABLE - 1), verbose=0, callbacks=counter)

    assert counter.steps == 1
    assert_same(values(vae.variables), before)


@pytest.mark.parametrize("error", [KeyboardInterrupt(), ValueError("of my own")])
def test_an_interrupt_and_errors_of_callbacks_keep_the_steps(error):
    vae = dense()

    with pytest.raises(type(error)):
        vae.fit(Batches(TABLE, TABLE), verbose=0, callbacks=Counter(error))

    assert int(vae.optimizer.iterations) == 1


def test_an_error_of_a_generator_keeps_the_steps():
    def fails():
        yield TABLE
        raise ValueError("of my own")

    vae = dense()

    with pytest.raises(tf.errors.OpError, match="of my own"):
        vae.fit(fails(), verbose=0)

    assert int(vae.optimizer.iterations) == 1


def test_units_and_pseudo_inputs_are_forgotten_with_the_steps():
    series = small("lstm_vae")
    pseudo_inputs = small("dense_vae", prior=zoo.VampPrior(2, 4), built=False)
    for vae, x in ((series, SERIES), (pseudo_inputs, TABLE)):
        vae.compile(optimizer(), run_eagerly=True)
        adapted = vae.preprocessor.adapted, vae.latents.adapted
        weighted = [(x, None, np.ones(8)), (x, None, -np.ones(8))]
        with pytest.raises(ValueError, match="batch 2"):
            vae.fit(Batches(*weighted), shuffle=False, verbose=0)

        assert (vae.preprocessor.adapted, vae.latents.adapted) == adapted != (True, True)


def test_the_vocabulary_of_a_model_that_was_built_stays():
    vae = zoo.get("transformer_vae", latent_dim=2)
    vae.compile(optimizer(), run_eagerly=True)
    texts = (["a b"], None, np.ones(1)), (["c d"], None, -np.ones(1))

    with pytest.raises(ValueError, match=r"^sample_weight .*batch 2"):
        vae.fit(Batches(*texts), shuffle=False, verbose=0)

    assert {*vae.decoder.likelihood.vocabulary} == {*"abcd"}
    vae.fit(["a b c d e f g"], verbose=0)
