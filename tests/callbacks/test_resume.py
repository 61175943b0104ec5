"""Training that was killed by SIGKILL and resumed equals uninterrupted training."""

import signal

import numpy as np
import pytest

from tests.helpers import assert_same, data, optimizer, run_python, small, values
from zoo.callbacks import Resume

# Everything that has a state: weights, BatchNorm's averages, Adam, two kinds of noise, a schedule.
# Runs are forks of a process that has imported TensorFlow and has not begun to use it.
RUNS = """
    import os, pathlib, signal, sys
    import numpy as np
    import keras, zoo
    import tensorflow as tf
    from tests.helpers import data, optimizer, small, values

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
                os.fsync = lambda file: (os.ftruncate(file, 1000), die())
            if moment == f"record written {epoch}":
                replace = os.replace
                def replace_record_or_die(old, new):
                    replace(old, new) if new.suffix == ".json" else die()
                os.replace = replace_record_or_die
            if moment == f"renamed {epoch}":
                pathlib.Path.unlink = lambda path, missing_ok=False: die()
            super().on_epoch_end(epoch, logs)

    def train(folder):
        # Rewriting a graph takes longer than it saves in a few steps.
        tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
        vae = small(
            "conv_vae", widths=(4,), likelihood="binarized_bernoulli", input_noise="masking"
        )
        vae.compile(optimizer(), jit_compile=False)
        callbacks = [zoo.Anneal(zoo.callbacks.linear(9)), Resume(folder), KillInEpoch()]
        vae.fit(data("conv_vae", 15), batch_size=5, epochs=4, callbacks=callbacks, verbose=0)
        np.savez(f"{folder}.npz", *values([*vae.variables, *vae.optimizer.variables]))

    for folder, moment in zip(sys.argv[1::2], sys.argv[2::2]):
        child = os.fork()
        if not child:
            train(folder)
            os._exit(0)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
MOMENTS = ("writing 0", "epoch 1 batch 1", "record written 1", "renamed 2")


def arrays(path):
    with np.load(path) as archive:
        return [archive[name] for name in archive.files]


def test_killed_and_resumed_training_equals_uninterrupted_training_bit_for_bit(tmp_path):
    alone, killed = tmp_path / "alone", tmp_path / "killed"
    runs = [alone, "never", *(x for moment in MOMENTS for x in (killed, moment)), killed, "never"]

    codes = [int(code) for code in run_python(RUNS, *runs).split()]

    assert codes == [0, *[-signal.SIGKILL] * len(MOMENTS), 0]
    assert_same(arrays(tmp_path / "killed.npz"), arrays(tmp_path / "alone.npz"))


# In one process


def fit(folder, epochs, name="dense_vae", **options):
    vae = small(name)
    vae.compile(optimizer(), run_eagerly=True)
    vae.fit(data(name), epochs=epochs, callbacks=Resume(folder), verbose=0, **options)
    return values([*vae.variables, *vae.optimizer.variables])


def test_resuming_a_finished_run_changes_nothing(tmp_path):
    assert_same(fit(tmp_path, 2), fit(tmp_path, 2))


@pytest.mark.parametrize("name", ["dense_vae", "lstm_vae"])  # of lstm_vae weights begin from data
def test_resuming_with_more_epochs_equals_an_uninterrupted_run(tmp_path, name):
    fit(tmp_path / "a", 1, name)

    assert_same(fit(tmp_path / "a", 3, name), fit(tmp_path / "b", 3, name))


def test_resuming_with_steps_per_epoch_equals_an_uninterrupted_run(tmp_path):
    options = {"batch_size": 8, "steps_per_epoch": 2}
    fit(tmp_path / "a", 2, **options)

    assert_same(fit(tmp_path / "a", 4, **options), fit(tmp_path / "b", 4, **options))


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def state(*epochs):
    return sorted(f"epoch-{n:06d}.{end}" for n in epochs for end in ("json", "weights.h5"))


def test_the_two_newest_states_are_kept(tmp_path):
    fit(tmp_path, 3)

    assert names(tmp_path) == state(2, 3)


def test_unfinished_files_are_deleted(tmp_path):
    (tmp_path / ".zoo-partial-1-0").write_bytes(b"half a file")

    fit(tmp_path, 1)

    assert names(tmp_path) == state(1)


def test_every_2_saves_each_second_epoch(tmp_path):
    vae = small("dense_vae")
    vae.compile(optimizer(), run_eagerly=True)

    vae.fit(data("dense_vae"), epochs=3, callbacks=Resume(tmp_path, every=2), verbose=0)

    assert names(tmp_path) == state(2)


def test_an_unbuilt_model_is_refused_if_there_is_a_state_to_resume(tmp_path):
    fit(tmp_path, 1)

    with pytest.raises(ValueError, match=r"model must be built .* pass input_shape="):
        Resume(tmp_path).restore(small("dense_vae", built=False))
