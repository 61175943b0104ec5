"""Devices of --distribute: several GPUs, logical CPU devices, or several machines."""

import json
import os

HELP = (
    "train on all GPUs, or on two logical CPU devices if there is no GPU. To train on several "
    "machines, set the environment variable TF_CONFIG and start the same command on each, with "
    "--out on a shared file system; the worker of index 0 writes the run folder"
)


def strategy(distribute):
    """Distribution strategy, or None unless `distribute`; call it before TensorFlow is used.

    It spans all workers of TF_CONFIG, or else all GPUs, or else two logical CPU devices.
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
    """True in the process that writes the run folder: the only one, or the worker of index 0."""
    if not distribute or "TF_CONFIG" not in os.environ:
        return True
    config = json.loads(os.environ["TF_CONFIG"])
    task = config.get("task", {})
    if "chief" in config.get("cluster", {}):  # older configurations name the chief
        return task.get("type") == "chief"
    return task.get("index", 0) == 0
