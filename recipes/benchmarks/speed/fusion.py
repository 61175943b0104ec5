"""Speed: `multimodal_vae` against the sum of its parts, each trained alone, interleaved.

    python recipes/benchmarks/speed/fusion.py
    python recipes/benchmarks/speed/fusion.py --vectors

The parts are the encoders and decoders that the model of all holds, each in a VAE of its own. In
each round all train an epoch, one after the other; what is printed is the median over rounds of the
seconds of the model of all, divided by the summed seconds of its parts in the same round.
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
    """Train and print a table."""
    args = parser().parse_args()
    keras.utils.set_random_seed(0)
    x = vectors(args.examples) if args.vectors else pictures(args.examples)
    shapes = {name: value.shape[1:] for name, value in x.items()}
    whole = {fusion: compiled(model(shapes, fusion), args) for fusion in FUSIONS}
    parts = {name: compiled(part(shapes, name), args) for name in x}
    seconds = {name: [] for name in (*whole, *parts)}
    for number in range(1 + args.rounds):
        for name, vae in (*whole.items(), *parts.items()):
            taken = train(vae, x if name in whole else x[name], args.batch_size)
            if number:  # the first compiles
                seconds[name].append(taken)
    print("| fusion | seconds an epoch | of its parts | ratio |")
    print("|---|---|---|---|")
    alone = [sum(of_round) for of_round in zip(*(seconds[name] for name in parts), strict=True)]
    for fusion in FUSIONS:
        ratio = statistics.median(a / b for a, b in zip(seconds[fusion], alone, strict=True))
        took, took_alone = (statistics.median(values) for values in (seconds[fusion], alone))
        print(f"| {fusion} | {took:.2f} | {took_alone:.2f} | {ratio:.3f} |", flush=True)


def pictures(examples):
    """Images of 28x28 and of 40x40."""
    x = images(examples).reshape(-1, 28, 28, 1)
    return {"image": x, "audio": np.pad(x, ((0, 0), (6, 6), (6, 6), (0, 0)))}


def vectors(examples):
    """784 numbers and 100."""
    x = images(examples)
    return {"long": x, "short": x[:, 300:400]}


def model(shapes, fusion):
    """All modalities."""
    return zoo.get("multimodal_vae", input_shape=shapes, fusion=fusion, seed=0)


def part(shapes, name):
    """One modality, by the encoder and the decoder that the model of all would have."""
    whole = zoo.get("multimodal_vae", input_shape=shapes, seed=0)
    encoder, decoder = whole.latents.encoder.encoders[name], whole.decoder.decoders[name]
    return zoo.VAE(
        zoo.SingleLatent(encoder),
        decoder,
        auto_compile=whole.auto_compile,
        seed=0,
    )


def compiled(vae, args):
    """Ready to train, with XLA for vectors."""
    vae.compile(jit_compile=True if args.vectors else "auto")
    return vae


def train(vae, x, batch_size):
    """Seconds of an epoch."""
    began = time.perf_counter()
    vae.fit(x, batch_size=batch_size, epochs=1, verbose=0)
    return time.perf_counter() - began


def parser():
    """Command line."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument("--vectors", action="store_true", help="two vectors, with XLA; else two images")
    p.add_argument("--examples", type=int, default=2560)
    p.add_argument("--batch-size", type=int, default=128)
    p.add_argument("--rounds", type=int, default=5)
    return p


if __name__ == "__main__":
    main()
