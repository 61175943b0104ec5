"""What --distribute trains on."""


def two_devices():
    """Split a machine without a GPU into two logical CPU devices; before TensorFlow starts."""
    import tensorflow as tf

    if not tf.config.list_physical_devices("GPU"):
        cpu = tf.config.list_physical_devices("CPU")[0]
        half = tf.config.LogicalDeviceConfiguration()
        tf.config.set_logical_device_configuration(cpu, [half, half])


def strategy(distribute):
    """A mirror over all GPUs, or all logical CPU devices; else the strategy that is there."""
    import tensorflow as tf

    if not distribute:
        return tf.distribute.get_strategy()
    devices = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    return tf.distribute.MirroredStrategy([device.name for device in devices])
