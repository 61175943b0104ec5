"""The order of array data, and that training in chunks equals training step by step."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

from tests.helpers import assert_same, data, optimizer, small, values
from zoo.training import array_data as feeds
from zoo.training.array_data import ArrayData

ROWS = np.arange(20, dtype="float32")[:, None]


def feed(**options):
    return ArrayData((ROWS,), 3, **{"seed": 7, **options})


def test_each_epoch_is_a_permutation_of_its_own():
    orders = [feed().order(epoch) for epoch in range(4)]

    assert all(sorted(order) == list(range(20)) for order in orders)
    assert len({tuple(order) for order in orders}) == 4


def test_order_is_a_function_of_seed_and_epoch():
    used = feed()
    used.order(0)
    used.order(1)

    np.testing.assert_array_equal(used.order(2), feed().order(2))
    assert (feed(seed=8).order(2) != feed().order(2)).any()


def test_order_without_shuffling_is_that_of_the_rows():
    np.testing.assert_array_equal(feed(shuffle=False).order(3), np.arange(20))


def test_endless_epochs_are_complete_passes_in_turn():
    endless = feed(steps_per_epoch=2)

    orders = np.concatenate([endless.order(epoch) for epoch in range(10)])

    assert len(endless.order(0)) == 6
    np.testing.assert_array_equal(orders, np.concatenate([feed().order(p) for p in range(3)]))


def test_endless_epoch_may_be_longer_than_the_data():
    assert np.bincount(feed(steps_per_epoch=20).order(1)).tolist() == [3] * 20


def test_steps_per_epoch_counts_the_partial_batch():
    assert feed().steps_per_epoch == 7


def test_batch_larger_than_the_data_is_the_data():
    assert ArrayData((ROWS,), 100, seed=0).steps_per_epoch == 1


@pytest.mark.parametrize("first_epoch", [0, 2])
def test_indices_and_batches_follow_the_order(first_epoch):
    array_data = feed()
    expected = np.concatenate([array_data.order(first_epoch), array_data.order(first_epoch + 1)])

    indices = np.concatenate([*itertools.islice(array_data.chunks(first_epoch, 4), 4)])
    rows = np.concatenate(
        [b[0] for b in array_data.batches(first_epoch).take(14).as_numpy_iterator()]
    )

    np.testing.assert_array_equal(indices, expected)
    np.testing.assert_array_equal(rows[:, 0], expected)


def test_chunks_hold_fewer_steps_where_batches_are_large(monkeypatch):
    monkeypatch.setattr(feeds, "RESIDENT_BYTES", 0)
    monkeypatch.setattr(feeds, "CHUNK_BYTES", 4 * 3 * 2)

    assert feed().steps_per_chunk(32) == 2
    assert not feed().resident


def test_memory_mapped_arrays_are_not_copied(tmp_path):
    np.save(tmp_path / "x.npy", ROWS)
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")

    assert not ArrayData((mapped,), 3, seed=0).resident


# Training in chunks


def fit(steps, rows=20, **options):
    """Weights after two epochs of seven steps, the last of which is smaller."""
    vae = small("dense_vae")
    vae.compile(optimizer(), jit_compile=False, steps_per_execution=steps)
    x, weight = data("dense_vae", rows), np.linspace(0.5, 1.5, rows)
    vae.fit(x, batch_size=3, epochs=2, sample_weight=weight, verbose=0, **options)
    assert int(vae.optimizer.iterations.numpy()) == 14
    return values(vae.variables)


@pytest.fixture(scope="module")
def step_by_step():
    """The same through Keras' `train_step`, batch after batch, with nothing around it."""
    vae = small("dense_vae")
    vae.compile(optimizer(), run_eagerly=True)
    x, weight = data("dense_vae"), np.linspace(0.5, 1.5, 20).astype("float32")
    seed = int(vae._seed_state.numpy()[0])
    vae.optimizer.build(vae.trainable_variables)
    array_data = ArrayData((x,), 3, seed=seed)
    for epoch in range(2):
        order = array_data.order(epoch)
        for start in range(0, 20, 3):
            rows = order[start : start + 3]
            vae.train_step((tf.constant(x[rows]), None, tf.constant(weight[rows])))
    return values(vae.variables)


def non_trainable_metrics_left_out(weights):
    return [w for w in weights if w.shape]


@pytest.mark.parametrize("steps", [1, 3, 7])
def test_fit_in_chunks_equals_keras_step_by_step_and_counts_every_step(step_by_step, steps):
    got = fit(steps)

    assert_same(
        non_trainable_metrics_left_out(got),
        non_trainable_metrics_left_out(step_by_step),
        rtol=1e-4,
        atol=1e-5,
    )


def test_streamed_chunks_equal_resident_rows(step_by_step, monkeypatch):
    monkeypatch.setattr(feeds, "RESIDENT_BYTES", 0)

    got = fit(3)

    assert_same(
        non_trainable_metrics_left_out(got),
        non_trainable_metrics_left_out(step_by_step),
        rtol=1e-4,
        atol=1e-5,
    )


def test_logs_are_means_over_all_steps_of_the_epoch():
    vae, x = small("dense_vae"), data("dense_vae", 20)
    vae.compile(optimizer(0.0), jit_compile=False, steps_per_execution=3)

    got = vae.fit(x, batch_size=3, verbose=0).history["elbo"][0]

    alone = [vae.elbo(x, samples=1, seed=seed).mean() for seed in range(8)]
    assert got == pytest.approx(float(np.mean(alone)), abs=float(6 * np.std(alone)))


def test_datasets_in_chunks_equal_datasets_batch_by_batch():
    x = data("dense_vae")
    results = []
    for steps, eager in ((3, False), (1, True)):
        vae = small("dense_vae")
        vae.compile(optimizer(), jit_compile=False, steps_per_execution=steps, run_eagerly=eager)
        vae.fit(tf.data.Dataset.from_tensor_slices(x).batch(3), epochs=2, verbose=0)
        assert int(vae.optimizer.iterations.numpy()) == 14
        results.append(non_trainable_metrics_left_out(values(vae.variables)))

    assert_same(*results, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("steps_per_epoch", [None, 5])
@pytest.mark.parametrize("steps", [1, 2, 3, 50])
def test_numbered_chunks_are_the_chunks_in_turn(steps, steps_per_epoch):
    x = np.arange(23)[:, None]
    data = ArrayData((x,), 4, seed=3, steps_per_epoch=steps_per_epoch)

    chunks = itertools.islice(data.chunks(2, steps), 12)

    for number, rows in enumerate(chunks):
        np.testing.assert_array_equal(data.chunk(number, 2, steps), rows)


@pytest.mark.parametrize("dtype", [">f4", ">i2", ">f8"])
def test_batches_are_in_the_byte_order_of_the_machine(dtype):
    x = np.arange(6).reshape(3, 2).astype(dtype)

    (got,) = next(iter(ArrayData((x,), 3, seed=0, shuffle=False).batches(0)))

    np.testing.assert_array_equal(got, x)
