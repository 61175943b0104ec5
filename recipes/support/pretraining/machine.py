"""Name of the machine on which weights are trained."""

import os
import pathlib
import platform


def name():
    """Text of the GPUs that TensorFlow sees, or else of the processor and its threads."""
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        return ", ".join(tf.config.experimental.get_device_details(g)["device_name"] for g in gpus)
    threads = tf.config.threading.get_intra_op_parallelism_threads() or os.cpu_count()
    threads = int(os.environ.get("TF_NUM_INTRAOP_THREADS", threads))
    return f"{_processor()}, {threads} thread{'s' * (threads > 1)}"


def _processor():
    """Name of the processor, or of its kind otherwise."""
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.partition(": ")[2] for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
