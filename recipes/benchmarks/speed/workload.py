"""Data, clock and printed line of the contenders of `speed.py`."""

import argparse
import json
import os
import time

import numpy as np

LATENT = 16
PIXELS = 28 * 28
STEPS, CHANNELS = 64, 8
# Texts: 63 words and the end, 64 positions.
WORDS, VOCABULARY, WIDTH, HEADS, BLOCKS = 63, 8000, 128, 4, 2
BATCHES = {"w1": 468, "w2": 10, "w3": 80, "w4": 20, "w4-ragged": 40}
BATCH_SIZES = {"w1": 128, "w2": 128, "w3": 128, "w4": 64, "w4-ragged": 64}
# Options of the zoo's variants for the networks that the other contenders write by hand.
NETWORKS = {
    "w1": dict(latent_dim=LATENT, hidden=(512, 256), activation="relu"),
    "w2": dict(
        latent_dim=LATENT,
        widths=(32, 64, 128),
        blocks=2,
        stem_strides=1,
        hidden=None,
        normalization="batch",
        activation="relu",
    ),
}
LEARNING_RATE = 1e-3
LATENTS = {"w1": LATENT, "w2": LATENT, "w3": LATENT, "w4": 32, "w4-ragged": 32}


def process_age():
    """Seconds since the start of this process, which includes imports (Linux)."""
    with open("/proc/self/stat") as stat, open("/proc/uptime") as uptime:
        started = float(stat.read().rsplit(")", 1)[1].split()[19]) / os.sysconf("SC_CLK_TCK")
        return float(uptime.read().split()[0]) - started


def images(examples):
    """Soft blobs on black, `[examples, 784]` in [0, 1]."""
    rng = np.random.default_rng(0)
    pixels = np.arange(28, dtype=np.float32)
    y, x = rng.uniform(9, 19, (2, examples, 1)).astype(np.float32)
    width = rng.uniform(2, 4, (examples, 1)).astype(np.float32)
    rows, columns = np.exp(-(((pixels - y) / width) ** 2)), np.exp(-(((pixels - x) / width) ** 2))
    return (rows[:, :, None] * columns[:, None, :]).reshape(examples, PIXELS)


def series(examples):
    """Two sines per channel with noise, `[examples, STEPS, CHANNELS]`, std about 1."""
    rng = np.random.default_rng(0)
    step = np.arange(STEPS, dtype=np.float32)
    x = 0.1 * rng.standard_normal((examples, STEPS, CHANNELS), np.float32)
    for _ in range(2):
        rate, phase = rng.uniform((0.05, 0.0), (0.5, 6.3), (examples, CHANNELS, 2)).T
        x += np.sin(step * rate.T[..., None] + phase.T[..., None]).swapaxes(1, 2)
    return x.astype(np.float32)


def texts(examples):
    """Token ids `[examples, WORDS]` of a Zipf distribution; each text also repeats one token.

    Id 0 is the end of a text and starts the decoder's input; id 1 is not used.
    """
    rng = np.random.default_rng(0)
    weights = 1.0 / np.arange(10, VOCABULARY + 8)
    words = rng.choice(VOCABULARY - 2, (examples, WORDS), p=weights / weights.sum())
    repeated = rng.integers(0, VOCABULARY - 2, (examples, 1))
    return (2 + np.where(rng.random(words.shape) < 0.2, repeated, words)).astype("int32")


def ragged_texts(examples):
    """The same texts, cut to lengths as in newspapers, 21 words +- 10, and padded with zeros."""
    lengths = np.random.default_rng(1).gamma(4.0, 5.3, (examples, 1)).round().clip(1, WORDS)
    return np.where(np.arange(WORDS) < lengths, texts(examples), 0)


def positions(length):
    """Sines and cosines of the positions, `[length, WIDTH]`."""
    rates = np.exp(-np.log(10_000.0) * np.arange(WIDTH // 2) / (WIDTH // 2))
    angle = np.arange(length)[:, None] * rates
    return np.concatenate([np.sin(angle), np.cos(angle)], -1).astype("float32")


def data_of(args):
    """Training data of a workload: flat images, series, or token ids."""
    kinds = {"w1": images, "w2": images, "w3": series, "w4": texts, "w4-ragged": ragged_texts}
    return kinds[args.workload](examples_of(args))


def parser(description):
    """Command line of a contender."""
    p = argparse.ArgumentParser(description=description)
    p.add_argument("--workload", choices=tuple(BATCHES), default="w1")
    p.add_argument("--epochs", type=int, default=4, help="epochs; the first is not counted")
    p.add_argument("--batch", type=int, help="batch size (default: 128, or 64 for texts)")
    p.add_argument("--examples", type=int, help="examples per epoch (default: some seconds' worth)")
    return p


def examples_of(args):
    """Number of examples in an epoch, full batches; sets `args.batch` if it is None."""
    args.batch = args.batch or BATCH_SIZES[args.workload]
    return args.examples or BATCHES[args.workload] * args.batch


class Clock:
    """Clock of the epochs, and of the process up to the end of its first step."""

    def __init__(self, examples):
        self.examples, self.rates, self.first_step = examples, [], None

    def step(self):
        """Call at the end of each step, or of each call with several steps."""
        if self.first_step is None:
            self.first_step = process_age()

    def epoch(self):
        """Call at the start of each epoch; returns a function to call at its end."""
        start = time.perf_counter()
        return lambda: self.rates.append(self.examples / (time.perf_counter() - start))

    def report(self, contender, workload, loss):
        """Print one JSON line."""
        line = {"contender": contender, "workload": workload, "loss": round(loss, 3)}
        line["first_step_s"] = round(self.first_step, 2)
        line["rates"] = [round(r) for r in self.rates]
        print(json.dumps(line), flush=True)
