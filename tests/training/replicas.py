"""Training of small models on one replica, on two of one process, and on one of two workers.

Run in processes of their own, because logical devices and workers are chosen at the start: forks
of one process that has imported TensorFlow, which takes seconds, and has not begun to use it.
"""

import json
import os
import signal

import keras
import numpy as np
import tensorflow as tf

import zoo
import zoo.objectives.elbo
from tests import helpers
from tests.conformance.variants import composed, small_flow
from zoo.objectives import (
    ELBO,
    AggregateCovariance,
    Capacity,
    Classification,
    FreeBits,
    LabelKL,
    MeanCovariance,
)

TERMS = (
    lambda: Capacity(3.0, 1.0),
    lambda: FreeBits(0.2, group_size=2, name="groups"),
    lambda: FreeBits(0.2, group_size=None, name="layer"),
    lambda: MeanCovariance(1.0),
    lambda: AggregateCovariance(1.0),
)
# What no variant of the catalogue has by default.
MODELS = {
    "iaf_and_vamp": lambda size: dict(flow=small_flow("iaf"), prior="vamp"),
    "terms": lambda size: dict(prior="normal", objective=ELBO([term() for term in TERMS])),
    "labels": lambda size: dict(
        prior=zoo.LabelPrior(size, 3), objective=ELBO((LabelKL(), Classification(2.0)))
    ),
}


def run(folder, mirrored_runs, worker_names, addresses):
    """Save the results of `mirrored` and, of one worker at each address, of `worker`."""
    os.mkdir(f"{folder}/mirrored")
    _in_processes((worker, folder, i, addresses, worker_names) for i in range(len(addresses)))
    _in_processes([(mirrored, f"{folder}/mirrored", mirrored_runs)])


def _in_processes(calls):
    """Run (function, *arguments) at once, each in a process of its own, which must succeed."""
    children = set()
    for function, *arguments in calls:
        child = os.fork()
        if not child:
            function(*arguments)
            os._exit(0)
        children.add(child)
    while children:
        child, status = os.wait()
        children.discard(child)
        if status:  # the others would wait for it for ever
            for other in children:
                os.kill(other, signal.SIGKILL)
            raise SystemExit(f"a process ended with status {status}")


def mirrored(folder, runs):
    """Save the results of each run, `MODEL-ROWS` or `MODEL-ROWS-alone`, to a file of its name."""
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    _prepare()
    # One for all models: TensorFlow mixes up the collectives of two strategies in a process.
    two = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    for run in runs:
        name, rows, *alone = run.split("-")
        results = {"one": train(name, tf.distribute.get_strategy(), int(rows))}
        if not alone:
            results["two"] = train(name, two, int(rows))
        _save(f"{folder}/{run}.npz", **results)


def worker(folder, index, addresses, names):
    """Save the results of the models of these names to files `INDEX-NAME.npz`."""
    config = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
    os.environ["TF_CONFIG"] = json.dumps(config)
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    assert strategy.num_replicas_in_sync == 2
    _prepare()
    for name in names:
        _save(f"{folder}/{index}-{name}.npz", two=train(name, strategy))


def _prepare():
    # Without sampling noise, training is the same on any number of replicas.
    zoo.objectives.elbo.RandomSampler = helpers.NoiselessSampler
    # Rewriting a graph takes longer than it saves in a few steps.
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    for name, factors in MODELS.items():
        zoo.register(name, composed(factors), data="tables")


def train(name, strategy, rows=24):
    """The logs and the weights after one epoch."""
    with strategy.scope():
        # The regularizer must count once, not once for each replica.
        vae = helpers.small(name, kernel_regularizer=keras.regularizers.L2(0.01))
        vae.compile(helpers.optimizer(), **helpers.compile_options(strategy))
    x, y = helpers.data(name, rows), None
    # Of the models here, terms of the whole batch are those that could fail in evaluation alone.
    options = {"validation_data": (x[: rows // 3],)} if name not in {*MODELS} - {"terms"} else {}
    if name == "labels":
        y = np.random.default_rng(1).integers(-1, 3, rows)
    history = vae.fit(x, y, batch_size=8, verbose=0, **options).history
    assert int(vae.optimizer.iterations.numpy()) == 3
    logs = [history[log][0] for log in sorted(history)]
    return [np.array(logs), *helpers.values(vae.variables)]


def _save(path, **results):
    np.savez(path, **{f"{n} {i:03d}": a for n, r in results.items() for i, a in enumerate(r)})
