"""Functions of several scripts in this folder: data, command lines, optimizer, evaluation."""

import argparse
import json
import sys

import keras
import numpy as np

import zoo


def tfds_images(name, data_dir):
    """Training and test part of a TFDS data set: images `[N, H, W, C]` uint8 and classes `[N]`."""
    import tensorflow_datasets as tfds

    splits = tfds.load(name, split=["train", "test"], data_dir=data_dir, batch_size=-1)
    return [(part["image"].numpy(), part["label"].numpy()) for part in splits]


def unit_range(images):
    """uint8 images as float32 in [0, 1]."""
    return images.astype("float32") / 255


def mnist(data_dir):
    """Training and test images of MNIST, `[N, 28, 28, 1]` float32 in [0, 1]."""
    return [unit_range(images) for images, _ in tfds_images("mnist", data_dir)]


def command_line(description):
    """argparse parser whose --help keeps the line breaks of the script's docstring."""
    return argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawTextHelpFormatter
    )


def cosine_adam(peak, steps):
    """Adam whose learning rate rises for 500 steps and then falls along a cosine."""
    rate = keras.optimizers.schedules.CosineDecay(0.0, steps, warmup_target=peak, warmup_steps=500)
    return zoo.FusedAdam(rate, global_clipnorm=300.0)


def log_likelihoods(vae, x, samples, slice_size, skip=0):
    """Importance-weighted bound of each image, in nats; progress goes to stderr.

    Args:
        vae: the model.
        x: images.
        samples: importance samples.
        slice_size: approximate number of images between two lines of progress.
        skip: number of slices to leave out.
    """
    bounds = []
    slices = np.array_split(x, -(-len(x) // slice_size))
    for number, part in [*enumerate(slices)][skip:]:
        # Each slice has its own seed: one seed would repeat the noise.
        bounds.append(vae.log_likelihood(part, samples=samples, seed=number, batch_size=64))
        values = np.concatenate(bounds)
        print(f"{len(values)} images: {values.mean():.3f} nats", file=sys.stderr, flush=True)
    return values


def mean_and_std(values, form=".2f"):
    """Text of the mean and, of several values, their standard deviation."""
    if len(values) < 2:
        return format(np.mean(values), form) if len(values) else ""
    return f"{np.mean(values):{form}} +- {np.std(values, ddof=1):{form}}"


def write_json(path, value):
    """Write a JSON file; its folder is created."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=2) + "\n")
