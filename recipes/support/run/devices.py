"""What --distribute trains on."""

import json
import os

HELP = (
    "train on all GPUs, or on two logical CPU devices where there is none; with the environment "
    "variable TF_CONFIG on several machines: start the same command on each, with --out on a file "
    "system that all of them see; the worker of index 0 writes into it"
)


def strategy(distribute):
    """The strategy, made before TensorFlow does anything else; None: whichever is there.

    Over all workers of TF_CONFIG, else over all GPUs, else over two logical CPU devices.
    """
    if not distribute:
        return None
    import tensorflow as tf

    if "TF_CONFIG" in os.environ:
        return tf.distribute.MultiWorkerMirroredStrategy()
    if not tf.config.list_physical_devices("GPU"):
        cpu = tf.config.list_physical_devices("CPU")[0]
        half = tf.config.LogicalDeviceConfiguration()
        tf.config.set_logical_device_configuration(cpu, [half, half])
    devices = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    return tf.distribute.MirroredStrategy([device.name for device in devices])


def is_chief(distribute):
    """Whether this process writes the run folder: the only one, or the worker of index 0."""
    if not distribute or "TF_CONFIG" not in os.environ:
        return True
    config = json.loads(os.environ["TF_CONFIG"])
    task = config.get("task", {})
    if "chief" in config.get("cluster", {}):  # an older way to say who is first
        return task.get("type") == "chief"
    return task.get("index", 0) == 0
