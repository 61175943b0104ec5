"""Generators, `PyDataset`s and data loaders: checked batch by batch like datasets."""

import keras
import numpy as np
import pytest

from tests.core.inputs import METHODS, TABLE, ready, spoiled
from tests.helpers import assert_same, optimizer, small, values
from zoo.core import streams


class Batches(keras.utils.PyDataset):
    def __init__(self, batches, **kwargs):
        super().__init__(**kwargs)
        self.batches, self.epochs = batches, []

    def __len__(self):
        return len(self.batches)

    def __getitem__(self, i):
        return self.batches[i]

    def on_epoch_begin(self):
        self.epochs.append("begin")

    def on_epoch_end(self):
        self.epochs.append("end")


class Loader:
    """A data loader, as Grain and PyTorch have them: iterable again and again."""

    def __init__(self, batches):
        self.batches = batches

    def __iter__(self):
        return iter(self.batches)

    def __len__(self):
        return len(self.batches)


STREAMS = {"PyDataset": Batches, "loader": Loader, "generator": iter}
each_stream = pytest.mark.parametrize("stream", STREAMS.values(), ids=STREAMS)
QUERIES = {n: m for n, m in METHODS.items() if n != "interpolate"}
QUERIES["fit"] = lambda vae, x: ready("dense_vae").fit(x, verbose=0)  # after a step


@each_stream
@pytest.mark.parametrize("method", QUERIES.values(), ids=QUERIES)
def test_a_bad_later_batch_is_refused(dense, stream, method):
    batches = [(TABLE,), (TABLE * 255,)]
    with pytest.raises(ValueError, match=r"^x \(batch 2\) must lie in \[0, 1\]"):
        method(dense, stream(batches))


@each_stream
@pytest.mark.parametrize(
    ("batch", "error", "message"),
    [
        (spoiled(np.nan), ValueError, "must be finite"),
        (TABLE[:, :5], ValueError, r"examples of shape \(6,\)"),
        (np.array([["a"] * 6]), TypeError, "must be numeric"),
        ((TABLE, None, -np.ones(8)), ValueError, "sample_weight .* of at least 0"),
        ((TABLE, np.zeros(3)), ValueError, "y .* must have 8 rows"),
        ((TABLE, 1, 2, 3), ValueError, "got a tuple of 4"),
    ],
)
def test_a_bad_first_batch_is_refused_before_a_step(dense, stream, batch, error, message):
    before = values(dense.variables)
    with pytest.raises(error, match=message):
        dense.fit(stream([batch]), verbose=0)
    assert_same(values(dense.variables), before)


def test_streams_train_as_the_array_does():
    batches = [(TABLE[:4],), (TABLE[4:],)]
    expected = ready("dense_vae")
    expected.fit(TABLE, batch_size=4, epochs=2, shuffle=False, verbose=0)

    for stream in (Batches(batches), Batches(batches, workers=2), Loader(batches)):
        vae = ready("dense_vae")
        vae.fit(stream, epochs=2, shuffle=False, verbose=0)
        assert_same(values(vae.trainable_variables), values(expected.trainable_variables))


def test_a_py_dataset_is_told_where_epochs_begin_and_end(dense):
    data = Batches([TABLE])
    assert len([*streams.elements(data)]) == 1
    assert data.epochs == ["begin", "end"]


def test_shuffle_reorders_the_batches_of_a_py_dataset():
    order = streams.shuffled(0)
    data = Batches([(i,) for i in range(9)])
    first, second = ([e[0] for e in streams.elements(data, order)] for _ in "ab")
    assert sorted(first) == sorted(second) == [*range(9)]
    assert first != second


def test_worker_processes_return_batches_in_order():
    data = Batches([(i,) for i in range(5)], workers=1, use_multiprocessing=True)
    assert [e[0] for e in streams.elements(data)] == [*range(5)]


def test_dtypes_may_differ_from_batch_to_batch():
    whole = np.round(TABLE).astype("int64")
    vae = ready("dense_vae")
    vae.fit(Loader([whole, TABLE, TABLE.astype("float64")]), verbose=0)
    assert int(vae.optimizer.iterations.numpy()) == 3


def test_parts_must_be_those_of_the_first_batch(dense):
    with pytest.raises(ValueError, match="must hold x, y as the first batch does, got x"):
        ready("dense_vae").fit(Loader([(TABLE, np.ones(8)), (TABLE,)]), verbose=0)


@pytest.mark.parametrize("name", ["y", "sample_weight"])
def test_what_a_stream_holds_itself_is_refused_beside_it(dense, name):
    with pytest.raises(ValueError, match=f"^{name} must be None if x is a dataset"):
        dense.fit(Loader([TABLE]), verbose=0, **{name: np.ones(8)})


def test_an_empty_stream_is_refused(dense):
    with pytest.raises(ValueError, match="x must hold at least one batch"):
        dense.fit(iter([]), verbose=0)


def test_texts_train_from_a_py_dataset():
    vae = small("transformer_vae")
    vae.compile(optimizer(), run_eagerly=True)
    ids = np.array([[2, 3, 4, 0], [5, 6, 0, 0]])
    vae.fit(Batches([([[2, 3], [4, 5, 6]],), (ids,)]), shuffle=False, verbose=0)
    assert int(vae.optimizer.iterations.numpy()) == 2


@pytest.mark.parametrize("x", [[1], (1,), {"a": 1}, np.ones(2), "ab", range(3), None], ids=str)
def test_containers_are_not_streams(x):
    assert not streams.is_stream(x)
