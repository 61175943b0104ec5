"""Training killed by SIGKILL at bad moments and resumed equals training that was let alone."""

import signal

import numpy as np
import pytest

from tests.helpers import assert_same, data, end, optimizer, run_python, small, start_python, values
from zoo.callbacks import Resume

# Everything that has a state: weights, BatchNorm's averages, Adam, two kinds of noise, a schedule.
TRAIN = """
    import os, pathlib, signal, sys
    import numpy as np
    import keras, zoo
    from tests.helpers import data, optimizer, small, values

    folder, result, moment = sys.argv[1:]

    def die():
        os.kill(os.getpid(), signal.SIGKILL)

    class KillInEpoch(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            self.epoch = epoch

        def on_train_batch_end(self, batch, logs=None):
            if moment == f"epoch {self.epoch} batch {batch}":
                die()

    class Resume(zoo.Resume):
        def on_epoch_end(self, epoch, logs=None):
            if moment == f"writing {epoch}":
                def save(path, **kwargs):
                    type(self.model).save_weights(self.model, path, **kwargs)
                    with open(path, "r+b") as file:
                        file.truncate(os.path.getsize(path) // 2)
                    die()
                self.model.save_weights = save
            if moment == f"written {epoch}":
                os.replace = lambda *paths: die()
            if moment == f"renamed {epoch}":
                pathlib.Path.unlink = lambda path: die()
            super().on_epoch_end(epoch, logs)

    vae = small("conv_vae", likelihood="binarized_bernoulli", input_noise="masking")
    vae.compile(optimizer(), jit_compile=False)
    callbacks = [zoo.Anneal(zoo.callbacks.linear(9)), Resume(folder), KillInEpoch()]
    vae.fit(data("conv_vae"), batch_size=8, epochs=4, callbacks=callbacks, verbose=0)
    np.savez(result, *values([*vae.variables, *vae.optimizer.variables]))
"""


def kill(folder, moment):
    """Run until the moment at which the process kills itself."""
    end(start_python(TRAIN, folder, folder / "never.npz", moment), -signal.SIGKILL)


def finish(folder, result):
    run_python(TRAIN, folder, result, "never")
    with np.load(result) as arrays:
        return [arrays[name] for name in arrays.files]


def test_killed_and_resumed_training_equals_uninterrupted_training_bit_for_bit(tmp_path):
    uninterrupted = finish(tmp_path / "alone", tmp_path / "alone.npz")
    folder = tmp_path / "killed"

    for moment in ("writing 0", "epoch 1 batch 1", "written 1", "renamed 2"):
        kill(folder, moment)
    resumed = finish(folder, tmp_path / "resumed.npz")

    assert_same(resumed, uninterrupted)


# In one process


def fit(folder, epochs, **options):
    vae = small("dense_vae")
    vae.compile(optimizer(), run_eagerly=True)
    vae.fit(data("dense_vae"), epochs=epochs, callbacks=Resume(folder), verbose=0, **options)
    return values([*vae.variables, *vae.optimizer.variables])


def test_resuming_a_finished_run_does_nothing(tmp_path):
    assert_same(fit(tmp_path, 2), fit(tmp_path, 2))


def test_resuming_goes_on_to_more_epochs(tmp_path):
    fit(tmp_path / "a", 1)

    assert_same(fit(tmp_path / "a", 3), fit(tmp_path / "b", 3))


def test_resuming_in_the_middle_of_an_endless_sequence(tmp_path):
    options = {"batch_size": 8, "steps_per_epoch": 2}
    fit(tmp_path / "a", 2, **options)

    assert_same(fit(tmp_path / "a", 4, **options), fit(tmp_path / "b", 4, **options))


def test_only_the_newest_whole_file_is_kept(tmp_path):
    fit(tmp_path, 3)

    assert [path.name for path in tmp_path.iterdir()] == ["epoch-000003.weights.h5"]


def test_unfinished_files_are_not_loaded(tmp_path):
    expected = fit(tmp_path / "a", 2)
    fit(tmp_path / "b", 1)
    (tmp_path / "b" / "partial-1.weights.h5").write_bytes(b"half a file")

    assert_same(fit(tmp_path / "b", 2), expected)


def test_every_second_epoch(tmp_path):
    vae = small("dense_vae")
    vae.compile(optimizer(), run_eagerly=True)

    vae.fit(data("dense_vae"), epochs=3, callbacks=Resume(tmp_path, every=2), verbose=0)

    assert [path.name for path in tmp_path.iterdir()] == ["epoch-000002.weights.h5"]


def test_unbuilt_model_is_refused_where_there_is_something_to_resume(tmp_path):
    fit(tmp_path, 1)

    with pytest.raises(ValueError, match="needs a built model: give input_shape="):
        Resume(tmp_path).restore(small("dense_vae", built=False))
