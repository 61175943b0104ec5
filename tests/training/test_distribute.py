"""Several replicas train as one does: same weights, same reported loss."""

import json
import socket

import numpy as np
import pytest

from tests.helpers import assert_same, run_python

NAMES = ("dense_vae",)

# Variant and number of rows, in batches of 8. The last batch of 17 rows leaves one replica without
# a row; that of 19 or 23 gives the replicas different numbers of rows.
MIRRORED_RUNS = ("conv_vae-17", "dense_ladder_vae-24")
# Models of tests/training/replicas.py: a flow and a prior, terms of the whole batch, labels.
MIRRORED_RUNS += ("iaf_and_vamp-24", "terms-19", "labels-23")
# On one replica alone, with as many rows as several workers get.
ALONE = tuple(f"{name}-24-alone" for name in NAMES)

# With oneDNN's kernels TensorFlow 2.21 mixes up the collectives of batch normalization on some
# processors where one of two replicas in a process has no row (docs/devices.md).
PLAIN_KERNELS = {"TF_ENABLE_ONEDNN_OPTS": "0"}

RUN = """
    import json, sys
    from tests.training import replicas

    replicas.run(*json.loads(sys.argv[1]))
"""


def load(path):
    """{"one", "two": [logs, weights ...]}"""
    with np.load(path) as arrays:
        results = {}
        for name in sorted(arrays.files):
            results.setdefault(name.split()[0], []).append(arrays[name])
        return results


def assert_equal_training(got, expected):
    assert_same(got[:1], expected[:1], rtol=1e-4)
    state = [i for i, a in enumerate(expected) if a.dtype.kind == "f"]
    assert_same([got[i] for i in state], [expected[i] for i in state], rtol=1e-3, atol=1e-4)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Results of all runs."""
    folder = tmp_path_factory.mktemp("replicas")
    addresses = [f"localhost:{port}" for port in free_ports(2)]
    arguments = [str(folder), [*MIRRORED_RUNS, *ALONE], NAMES, addresses]
    run_python(RUN, json.dumps(arguments), **PLAIN_KERNELS)
    return folder


@pytest.fixture(scope="module")
def mirrored(folder):
    return {path.stem: load(path) for path in folder.glob("mirrored/*.npz")}


@pytest.fixture(scope="module")
def workers(folder):
    """{name: final logs and weights of each of two workers on loopback}."""
    return {name: [load(folder / f"{i}-{name}.npz")["two"] for i in range(2)] for name in NAMES}


def free_ports(n):
    sockets = [socket.socket() for _ in range(n)]
    for s in sockets:
        s.bind(("localhost", 0))
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


@pytest.mark.parametrize("run", MIRRORED_RUNS)
def test_two_mirrored_replicas_train_as_one(mirrored, run):
    results = mirrored[run]

    assert np.isfinite(results["two"][0]).all()
    assert_equal_training(results["two"], results["one"])


@pytest.mark.parametrize("name", NAMES)
def test_two_workers_train_as_one_replica(workers, mirrored, name):
    for worker in workers[name]:
        assert_equal_training(worker, mirrored[f"{name}-24-alone"]["one"])


@pytest.mark.parametrize("name", NAMES)
def test_two_workers_end_with_equal_weights(workers, name):
    assert_same(*workers[name])
