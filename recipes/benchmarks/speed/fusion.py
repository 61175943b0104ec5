"""Time of training a `multimodal_vae`, compared with its parts trained alone.

The parts are VAEs of one modality each, with the same encoders and decoders. In each round all
models are trained for an epoch, one after the other. Prints the median over rounds of the seconds
of the multimodal model divided by the sum of the seconds of its parts.

Needs no data:

    python recipes/benchmarks/speed/fusion.py
    python recipes/benchmarks/speed/fusion.py --vectors

`docs/results.md` has results.
"""

import argparse
import statistics
import time

import keras
import numpy as np
from workload import images

import zoo

FUSIONS = ("product", "mixture", "mixture_of_products", "concatenation")


def main():
    """Train all models in turns and print a table."""
    args = parser().parse_args()
    keras.utils.set_random_seed(0)
    x = vectors(args.examples) if args.vectors else pictures(args.examples)
    shapes = {name: value.shape[1:] for name, value in x.items()}
    models = {fusion: compiled(model(shapes, fusion), args) for fusion in FUSIONS}
    parts = {name: compiled(part(shapes, name), args) for name in x}
    seconds = {name: [] for name in (*models, *parts)}
    for number in range(1 + args.rounds):
        for name, vae in (*models.items(), *parts.items()):
            epoch_seconds = train(vae, x if name in models else x[name], args.batch_size)
            if number:  # the first epoch includes compilation
                seconds[name].append(epoch_seconds)
    print("| fusion | seconds per epoch | of its parts | ratio |")
    print("|---|---|---|---|")
    parts_seconds = [
        sum(of_round) for of_round in zip(*(seconds[name] for name in parts), strict=True)
    ]
    for fusion in FUSIONS:
        ratio = statistics.median(
            a / b for a, b in zip(seconds[fusion], parts_seconds, strict=True)
        )
        medians = [statistics.median(values) for values in (seconds[fusion], parts_seconds)]
        print(f"| {fusion} | {medians[0]:.2f} | {medians[1]:.2f} | {ratio:.3f} |", flush=True)


def pictures(examples):
    """Two modalities: images of 28x28 and of 40x40 pixels."""
    x = images(examples).reshape(-1, 28, 28, 1)
    return {"image": x, "audio": np.pad(x, ((0, 0), (6, 6), (6, 6), (0, 0)))}


def vectors(examples):
    """Two modalities: vectors of 784 and of 100 numbers."""
    x = images(examples)
    return {"long": x, "short": x[:, 300:400]}


def model(shapes, fusion):
    """VAE of both modalities."""
    return zoo.get("multimodal_vae", input_shape=shapes, fusion=fusion, seed=0)


def part(shapes, name):
    """VAE of one modality, with the encoder and decoder of the multimodal model."""
    multimodal = zoo.get("multimodal_vae", input_shape=shapes, seed=0)
    encoder = multimodal.latents.encoder.encoders[name]
    return zoo.VAE(
        zoo.SingleLatent(encoder),
        multimodal.decoder.decoders[name],
        auto_compile=multimodal.auto_compile,
        seed=0,
    )


def compiled(vae, args):
    """The compiled model, with XLA for vectors."""
    vae.compile(jit_compile=True if args.vectors else "auto")
    return vae


def train(vae, x, batch_size):
    """Train for an epoch; return the seconds."""
    start = time.perf_counter()
    vae.fit(x, batch_size=batch_size, epochs=1, verbose=0)
    return time.perf_counter() - start


def parser():
    """Command line."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument(
        "--vectors", action="store_true", help="two vectors, with XLA (default: two images)"
    )
    p.add_argument("--examples", type=int, default=2560)
    p.add_argument("--batch-size", type=int, default=128)
    p.add_argument("--rounds", type=int, default=5)
    return p


if __name__ == "__main__":
    main()
