"""What the speed contenders share: the data, the clock and the one line that they print."""

import argparse
import json
import os
import time

import numpy as np

LATENT = 16
PIXELS = 28 * 28
STEPS, CHANNELS = 64, 8
# Texts: words and their end, 64 positions.
WORDS, VOCABULARY, WIDTH, HEADS, BLOCKS = 63, 8000, 128, 4, 2
BATCHES = {"w1": 468, "w2": 10, "w3": 80, "w4": 20, "w4-ragged": 40}
BATCH_SIZES = {"w1": 128, "w2": 128, "w3": 128, "w4": 64, "w4-ragged": 64}
LATENTS = {"w1": LATENT, "w2": LATENT, "w3": LATENT, "w4": 32, "w4-ragged": 32}


def process_age():
    """Seconds since this process was started, imports included (Linux)."""
    with open("/proc/self/stat") as stat, open("/proc/uptime") as uptime:
        started = float(stat.read().rsplit(")", 1)[1].split()[19]) / os.sysconf("SC_CLK_TCK")
        return float(uptime.read().split()[0]) - started


def images(examples):
    """Soft blobs on black, `[examples, 784]` in [0, 1]: something that a VAE can learn."""
    rng = np.random.default_rng(0)
    at = np.arange(28, dtype=np.float32)
    y, x = rng.uniform(9, 19, (2, examples, 1)).astype(np.float32)
    width = rng.uniform(2, 4, (examples, 1)).astype(np.float32)
    rows, columns = np.exp(-(((at - y) / width) ** 2)), np.exp(-(((at - x) / width) ** 2))
    return (rows[:, :, None] * columns[:, None, :]).reshape(examples, PIXELS)


def series(examples):
    """Sums of two sines a channel and noise, `[examples, STEPS, CHANNELS]`, deviation about 1."""
    rng = np.random.default_rng(0)
    step = np.arange(STEPS, dtype=np.float32)
    x = 0.1 * rng.standard_normal((examples, STEPS, CHANNELS), np.float32)
    for _ in range(2):
        rate, phase = rng.uniform((0.05, 0.0), (0.5, 6.3), (examples, CHANNELS, 2)).T
        x += np.sin(step * rate.T[..., None] + phase.T[..., None]).swapaxes(1, 2)
    return x.astype(np.float32)


def texts(examples):
    """Word numbers `[examples, WORDS]`, rare ones rarer, each text with favourites of its own.

    0 is the end that follows every text and starts what a decoder reads, 1 is not used.
    """
    rng = np.random.default_rng(0)
    shares = 1.0 / np.arange(10, VOCABULARY + 8)
    words = rng.choice(VOCABULARY - 2, (examples, WORDS), p=shares / shares.sum())
    favourites = rng.integers(0, VOCABULARY - 2, (examples, 1))
    return (2 + np.where(rng.random(words.shape) < 0.2, favourites, words)).astype("int32")


def ragged_texts(examples):
    """The same texts cut to lengths as sentences of newspapers have, 21 words +- 10; then zeros."""
    lengths = np.random.default_rng(1).gamma(4.0, 5.3, (examples, 1)).round().clip(1, WORDS)
    return np.where(np.arange(WORDS) < lengths, texts(examples), 0)


def positions(length):
    """Sines, then cosines, of the position: `[length, WIDTH]`."""
    rates = np.exp(-np.log(10_000.0) * np.arange(WIDTH // 2) / (WIDTH // 2))
    angle = np.arange(length)[:, None] * rates
    return np.concatenate([np.sin(angle), np.cos(angle)], -1).astype("float32")


def data_of(args):
    """What a contender trains on: images, flat; series; or word numbers."""
    kinds = {"w1": images, "w2": images, "w3": series, "w4": texts, "w4-ragged": ragged_texts}
    return kinds[args.workload](examples_of(args))


def parser(description):
    """The arguments that every contender takes."""
    p = argparse.ArgumentParser(description=description)
    p.add_argument("--workload", choices=tuple(BATCHES), default="w1")
    p.add_argument("--epochs", type=int, default=4, help="the first warms up")
    p.add_argument("--batch", type=int, help="default: 128, or 64 texts")
    p.add_argument("--examples", type=int, help="default: as many batches as take seconds")
    return p


def examples_of(args):
    """How many examples make an epoch: whole batches; settles the batch size."""
    args.batch = args.batch or BATCH_SIZES[args.workload]
    return args.examples or BATCHES[args.workload] * args.batch


class Clock:
    """Times epochs, and the process up to the end of its first step."""

    def __init__(self, examples):
        self.examples, self.rates, self.first_step = examples, [], None

    def step(self):
        """Call at the end of each step (or call of several)."""
        if self.first_step is None:
            self.first_step = process_age()

    def epoch(self):
        """Call at the start of each epoch; returns what to call at its end."""
        start = time.perf_counter()
        return lambda: self.rates.append(self.examples / (time.perf_counter() - start))

    def report(self, contender, workload, loss):
        """One JSON line."""
        found = {"contender": contender, "workload": workload, "loss": round(loss, 3)}
        found["first_step_s"] = round(self.first_step, 2)
        found["rates"] = [round(r) for r in self.rates]
        print(json.dumps(found), flush=True)
