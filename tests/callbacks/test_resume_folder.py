"""Folders of Resume that are damaged, of another run, or hold other files."""

import json
import os
import pathlib
import shutil

import h5py
import keras
import numpy as np
import pytest

from tests.helpers import assert_same, data, optimizer, small, values
from zoo.callbacks import Resume
from zoo.core import checkpoints

X = data("dense_vae")


def model(chosen=None, **options):
    vae = small("dense_vae", **options)
    vae.compile(chosen or optimizer(), run_eagerly=True)
    return vae


def fit(folder, vae, epochs=3, x=X, **options):
    vae.fit(x, epochs=epochs, callbacks=Resume(folder), verbose=0, **options)
    return values([*vae.variables, *vae.optimizer.variables])


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder with the states of epochs 2 and 3, and the values after epoch 3."""
    folder = tmp_path_factory.mktemp("resume") / "run"
    return folder, fit(folder, model())


@pytest.fixture
def run(trained, tmp_path):
    """A copy of the trained folder."""
    return pathlib.Path(shutil.copytree(trained[0], tmp_path / "run"))


def newest(run):
    return run / "epoch-000003.weights.h5"


def forge(path, change):
    """Change a weights file and its checksum."""
    change(path)
    record = checkpoints.record_path(path)
    content = json.loads(record.read_text())
    content["sha256"] = checkpoints._digest(path.read_bytes())
    record.write_text(json.dumps(content))


def flip_bits(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 255
    path.write_bytes(content)


def truncate(path):
    os.truncate(path, 1000)


def set_nan(path):
    with h5py.File(path, "r+") as file:
        arrays = []
        file.visititems(lambda _, item: arrays.append(item) if hasattr(item, "shape") else None)
        kernel = next(array for array in arrays if array.ndim == 2)
        kernel[0, 0] = np.nan


def replace_configuration(path):
    record = path.with_name("epoch-000003.json")
    record.write_text(json.dumps({**json.loads(record.read_text()), "configuration": 1.5}))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (flip_bits, "epoch-000003.weights.h5 is damaged: its SHA-256 checksum differs"),
        (truncate, "epoch-000003.weights.h5 is damaged: its SHA-256 checksum differs"),
        (lambda path: forge(path, truncate), "epoch-000003.weights.h5 cannot be loaded into this"),
        (lambda path: forge(path, set_nan), "epoch-000003.weights.h5 holds NaN or infinity in"),
        (lambda path: truncate(path.with_name("epoch-000003.json")), "000003.json is damaged"),
        (lambda path: path.with_name("epoch-000003.json").write_text("[]"), "json is not the rec"),
        (replace_configuration, "000003.json is damaged: configuration must be a dict, got float"),
    ],
)
def test_damaged_state_is_passed_over_and_trained_again(trained, run, damage, message):
    damage(newest(run))

    with pytest.warns(UserWarning, match=f"{message}.*; .*000002.weights.h5 is used instead"):
        assert_same(fit(run, model()), trained[1])

    assert Resume(run).restore(model()) == 3


def test_folder_without_a_good_state_is_refused_and_model_and_files_are_unchanged(run):
    for path in run.glob("*.h5"):
        flip_bits(path)
    before, vae = names(run), model()
    weights = values(vae.variables)

    with pytest.raises(ValueError, match=r"state that can be loaded, .*000003.*000002.*damaged"):
        fit(run, vae)

    assert names(run) == before
    assert_same(values(vae.variables), weights)


def test_folder_that_lost_its_weights_is_refused_and_unchanged(run):
    for path in run.glob("*.h5"):
        path.unlink()
    before = names(run)

    with pytest.raises(ValueError, match=r"got .*run with 2 records of states, epoch-00000"):
        fit(run, model())

    assert names(run) == before


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"beta": 4.0}, r"objective.terms.0.weight: 1.0 in the saved state, 4.0 now"),
        ({"likelihood": "binarized_bernoulli"}, r"decoder.likelihood: Bernoulli in .*, Binarized"),
        ({"seed": 2}, "seed: 1 in the saved state, 2 now"),
        ({"hidden": 8}, r"latents.encoder.hidden: \[12\] in the saved state, \[8\] now"),
        ({"chosen": keras.optimizers.SGD}, "optimizer: FusedAdam in the saved state, SGD now"),
    ],
)
def test_state_of_another_model_is_refused(run, options, message):
    if "chosen" in options:
        options = {"chosen": options["chosen"]()}
    vae = model(**options)
    weights = values(vae.variables)

    with pytest.raises(ValueError, match=f"of another run: {message}"):
        fit(run, vae)

    assert_same(values(vae.variables), weights)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"x": 0.5 * X}, r"x: float32 \(20, 6\), SHA-256 .* in the saved state, float32 \(20, 6\)"),
        ({"x": X[:19]}, r"x: float32 \(20, 6\), SHA-256 .* in the saved state, float32 \(19, 6\)"),
        ({"batch_size": 7}, "batch_size: 128 in the saved state, 7 now"),
        ({"shuffle": False}, "shuffle: True in the saved state, False now"),
        ({"sample_weight": np.ones(20)}, "sample_weight: not set in the saved state, float32"),
    ],
)
def test_state_of_other_data_or_another_order_is_refused(run, options, message):
    with pytest.raises(ValueError, match=f"of another run: .*{message}"):
        fit(run, model(), **options)


def test_lower_learning_rate_replaces_that_of_the_saved_run(run):
    vae = model(optimizer(1e-3))

    fit(run, vae, epochs=4)

    assert float(vae.optimizer.learning_rate) == pytest.approx(1e-3)


def test_learning_rate_that_a_callback_lowered_is_resumed(tmp_path):
    class Lower(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.optimizer.learning_rate = 1e-4

    model().fit(X, epochs=1, callbacks=[Lower(), Resume(tmp_path)], verbose=0)
    again = model()
    fit(tmp_path, again, epochs=2)

    assert float(again.optimizer.learning_rate) == pytest.approx(1e-4)


def test_state_from_which_training_diverged_is_passed_over(run, trained):
    with pytest.raises(FloatingPointError, match="loss became"):
        # Finite after the first step of epoch 4, NaN in that of epoch 5.
        fit(run, model(optimizer(1e30)), epochs=6)
    assert names(run)[0] == "epoch-000003.json" and Resume(run).states()[-1][0] == 4

    vae = model()
    with pytest.warns(UserWarning, match="training diverged from .*000004.*000003.* is used"):
        fit(run, vae, epochs=4)

    assert np.isfinite(vae.elbo(X)).all()


def test_training_begins_anew_where_it_diverged_from_the_first_state(tmp_path):
    sgd = keras.optimizers.SGD
    with pytest.raises(FloatingPointError, match="loss became"):
        fit(tmp_path, model(sgd(1e38)), epochs=5)

    vae = model(sgd(1e-3))
    with pytest.warns(UserWarning, match="training diverged from each state .* begins anew"):
        got = fit(tmp_path, vae, epochs=5)

    assert_same(got, fit(tmp_path / "other", model(sgd(1e-3)), epochs=5))


def test_rate_that_is_infinite_at_the_last_step_saves_no_state(run):
    class Explode(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            self.model.optimizer.learning_rate = np.inf

    before = names(run)
    with pytest.raises(FloatingPointError, match="became NaN or infinite"):
        model().fit(X, epochs=4, callbacks=[Resume(run), Explode()], verbose=0)

    assert names(run) == before


# Other files


def test_file_without_a_record_loads_with_a_warning(run, trained):
    for path in run.glob("*.json"):  # as of version 0.1.0
        path.unlink()
    vae = model()

    with pytest.warns(UserWarning, match="000003.weights.h5 has no record, as if .* zoo 0.1.0"):
        assert Resume(run).restore(vae) == 3

    assert_same(values([*vae.variables, *vae.optimizer.variables]), trained[1])


def test_files_of_other_programs_are_left_as_they_are(run):
    foreign = {"epoch-000009.weights.h5": b"a", "partial-a.weights.h5": b"b", "epoch-1.h5": b"c"}
    for name, content in foreign.items():
        (run / name).write_bytes(content)

    fit(run, model(), epochs=5)

    assert {name: (run / name).read_bytes() for name in foreign} == foreign


@pytest.mark.parametrize("name", ["epoch-000004.weights.h5", "epoch-000004.json"])
def test_file_of_another_program_is_not_overwritten(run, name):
    (run / name).write_text("{}")

    vae = model()

    with pytest.raises(FileExistsError, match="was not written by this version of zoo"):
        fit(run, vae, epochs=4)

    assert int(vae.optimizer.iterations) == 3  # of the restored state, before a further step
    assert (run / name).read_text() == "{}"


@pytest.mark.parametrize("directory", [None, 5, "", b"run", ["run"]])
def test_directory_that_is_not_a_path_is_refused(directory):
    with pytest.raises(TypeError, match="directory must be a path, got"):
        Resume(directory)


def test_directory_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(ValueError, match=r"directory must be a folder, got .*file"):
        fit(tmp_path / "file", model())


@pytest.mark.parametrize("callbacks", [5, "x", [5], [Resume], {"a": 1}])
def test_invalid_callbacks_are_refused(callbacks):
    with pytest.raises(TypeError, match=r"callbacks must be a keras.callbacks.Callback or a list"):
        model().fit(X, callbacks=callbacks, verbose=0)
