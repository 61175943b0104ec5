"""Several replicas train as one does: same weights, same reported loss."""

import json
import socket

import numpy as np
import pytest

from tests.helpers import assert_same, end, run_python, start_python

NAMES = ("dense_vae", "conv_vae")

# Variant and number of rows, in batches of 8. The last batch of 17 rows leaves one replica without
# a row; that of 19 gives one replica two rows and the other one.
MIRRORED_RUNS = ("dense_vae-17", "dense_vae-19", "conv_vae-17", "dense_ladder_vae-24")
# Flows and priors. Those of the conformance tests come with terms that differ between replicas.
MIRRORED_RUNS += ("iaf_and_vamp-24", "sylvester_and_flow-24", "coupling_and_normal-24")
MIRRORED_RUNS += ("spline_and_mixture-17",)
# On one replica alone, with as many rows as several workers get.
ALONE = tuple(f"{name}-24-alone" for name in NAMES)

# With oneDNN's kernels TensorFlow 2.21 mixes up the collectives of batch normalization on some
# processors where one of two replicas in a process has no row (docs/devices.md).
PLAIN_KERNELS = {"TF_ENABLE_ONEDNN_OPTS": "0"}

# Without sampling noise. With a regularizer, which must count once, not once for each replica.
TRAIN = """
    import keras
    import zoo.objectives.elbo
    from tests import helpers

    zoo.objectives.elbo.RandomSampler = helpers.NoiselessSampler
    # Rewriting a graph takes longer than it saves in a few steps.
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})

    def train(name, strategy, rows=24):
        with strategy.scope():
            vae = helpers.small(name, kernel_regularizer=keras.regularizers.L2(0.01))
            vae.compile(helpers.optimizer(), **helpers.compile_options(strategy))
        x = helpers.data(name, rows)
        history = vae.fit(x, batch_size=8, validation_data=(x[: rows // 3],), verbose=0).history
        logs = [history[k][0] for k in ("loss", "elbo", "nll", "kl", "val_loss", "val_elbo")]
        assert int(vae.optimizer.iterations.numpy()) == 3
        return [np.array(logs), *helpers.values(vae.variables)]

    def save(path, **results):
        np.savez(path, **{f"{n} {i:03d}": a for n, r in results.items() for i, a in enumerate(r)})
"""

MIRRORED = (
    """
    import sys
    import numpy as np
    import tensorflow as tf

    tf.config.set_logical_device_configuration(
        tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
    )
"""
    + TRAIN
    + """
    import zoo
    from tests.conformance.variants import composed, small_flow

    for name in {run.split("-")[0] for run in sys.argv[2:]} - {*zoo.available()}:
        flow, prior = name.split("_and_")

        def factors(size, flow=flow, prior=prior):
            prior = zoo.FlowPrior(size, small_flow("coupling")) if prior == "flow" else prior
            return dict(flow=small_flow(flow), prior=prior)

        zoo.register(name, composed(factors), data="tables")
    # One for all variants: TensorFlow mixes up the collectives of two strategies in a process.
    replicas = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    for run in sys.argv[2:]:
        name, rows, *alone = run.split("-")
        results = {"one": train(name, tf.distribute.get_strategy(), int(rows))}
        if not alone:
            results["two"] = train(name, replicas, int(rows))
        save(f"{sys.argv[1]}/{run}.npz", **results)
"""
)

WORKER = (
    """
    import sys
    import numpy as np
    import tensorflow as tf

    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    assert strategy.num_replicas_in_sync == 2
"""
    + TRAIN
    + """
    for name in sys.argv[2:]:
        save(f"{sys.argv[1]}-{name}.npz", two=train(name, strategy))
"""
)


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
def mirrored(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mirrored")
    run_python(MIRRORED, folder, *MIRRORED_RUNS, *ALONE, **PLAIN_KERNELS)
    return {path.stem: load(path) for path in folder.glob("*.npz")}


@pytest.fixture(scope="module")
def workers(tmp_path_factory):
    """{name: final logs and weights of each of two workers on loopback}."""
    folder = tmp_path_factory.mktemp("workers")
    addresses = [f"localhost:{port}" for port in free_ports(2)]
    started = []
    for index in range(2):
        config = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
        started.append(
            start_python(
                WORKER,
                folder / str(index),
                *NAMES,
                TF_CONFIG=json.dumps(config),
                **PLAIN_KERNELS,
            )
        )
    for process in started:
        end(process)
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
