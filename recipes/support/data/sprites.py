"""Data of `sprites.py`: images of a rotated, scaled and moved shape, or a TFDS data set."""

import dataclasses
from typing import Any

import numpy as np
from support.data.tfds_builder import tfds_builder
from support.run.cli import InputError

SIDE = 32
RADIUS = 10.0  # pixels from the center to the edge of a shape of scale 1
SCALES = np.linspace(0.65, 1.0, 5)
ROTATIONS = np.arange(12) * (2 * np.pi / 12)
POSITIONS = np.arange(12) + (SIDE - 11) / 2  # pixels; a shape of any scale stays inside
CHUNK = 1000  # images drawn at once
UNORDERED = ("shape", "category")  # factors whose values have no order


def wedge(u, v):
    """A triangle that points in the direction of u."""
    return (u >= -0.5) & (np.abs(v) <= 0.45 * (1 - u))


def half_disc(u, v):
    """Half of a disc."""
    return (u >= -0.38) & ((u + 0.38) ** 2 + v**2 <= 0.9**2)


def corner(u, v):
    """Two bars at a right angle."""
    inside = (u >= -0.55) & (v >= -0.65)
    return inside & (((u <= 0.0) & (v <= 0.75)) | ((u <= 0.75) & (v <= -0.1)))


# No shape has a rotational symmetry, so that every orientation can be recognised.
SHAPES = (wedge, half_disc, corner)
FACTORS = {
    "shape": len(SHAPES),
    "scale": len(SCALES),
    "orientation": len(ROTATIONS),
    "x": len(POSITIONS),
    "y": len(POSITIONS),
}


@dataclasses.dataclass
class Factored:
    """Images `[N, H, W, C]` in [0, 1] whose factors of variation are known.

    Attributes:
        name: name of the data.
        x: images to train on.
        test_x: images to test on.
        test_factors: their factors, integers `[N, K]`.
        factor_names: K names.
    """

    name: str
    x: Any
    test_x: Any
    test_factors: Any
    factor_names: list

    @property
    def categorical(self):
        """Columns of the factors whose values have no order."""
        return tuple(k for k, name in enumerate(self.factor_names) if name in UNORDERED)


def load(options):
    """Load the `Factored` images of --dataset, or else draw sprites."""
    if options.dataset is not None:
        return _from_tfds(options)
    total = int(np.prod(list(FACTORS.values())))
    train, test = _rows(total, options)
    factors = np.stack(np.unravel_index(np.concatenate([train, test]), tuple(FACTORS.values())), 1)
    x = draw(factors)
    n = len(train)
    return Factored("sprites", x[:n], x[n:], factors[n:], list(FACTORS))


def draw(factors):
    """Draw images `[N, 32, 32, 1]`, float32 0 or 1, of factors, integers `[N, 5]` as in FACTORS."""
    parts = [_draw(factors[i : i + CHUNK]) for i in range(0, len(factors), CHUNK)]
    return np.concatenate(parts)[..., None]


def _draw(factors):
    shape, scale, rotation, x, y = factors.T[..., None, None]
    down, right = np.mgrid[:SIDE, :SIDE] + 0.5  # pixel centers
    size = RADIUS * SCALES[scale]
    right, down = (right - POSITIONS[x]) / size, (down - POSITIONS[y]) / size
    cos, sin = np.cos(ROTATIONS[rotation]), np.sin(ROTATIONS[rotation])
    u, v = cos * right + sin * down, cos * down - sin * right
    return np.choose(shape, [inside(u, v) for inside in SHAPES]).astype("float32")


def _rows(total, options):
    """Row numbers to train on and others to test on, in a random order."""
    if options.limit + options.evaluate > total:
        raise InputError(
            "--limit",
            f"expected at most {total} images with those of --evaluate, got {options.limit} + "
            f"{options.evaluate}; use fewer",
        )
    rows = np.random.default_rng(0).permutation(total)[: options.limit + options.evaluate]
    return rows[: options.limit], rows[options.limit :]


def _from_tfds(options):
    """Images of a TFDS data set with several classes per image: dsprites, shapes3d, ..."""
    import tensorflow_datasets as tfds

    builder = tfds_builder(options.dataset, options.data_dir)
    features = builder.info.features
    images = [k for k, f in features.items() if isinstance(f, tfds.features.Image)]
    labels = [k for k, f in features.items() if isinstance(f, tfds.features.ClassLabel)]
    if not images or len(labels) < 2:
        raise InputError(
            "--dataset",
            f"expected an image and at least two classes, got {list(features)} in "
            f"{options.dataset}; choose another data set",
        )
    train, test = _rows(builder.info.splits["train"].num_examples, options)
    chosen = np.concatenate([train, test])
    x, factors = _read(builder, images[0], labels, chosen)
    # Images of dsprites are masks of 0 and 1.
    x = x.astype("float32") / (255 if x.max() > 1 else 1)
    n, names = len(train), [name.removeprefix("label_") for name in labels]
    return Factored(options.dataset, x[:n], x[n:], factors[n:], names)


def _read(builder, image, labels, chosen):
    """Images and factors of the chosen rows, in their order; other images are not decoded."""
    import tensorflow as tf
    import tensorflow_datasets as tfds

    dataset = builder.as_dataset(split="train", decoders={image: tfds.decode.SkipDecoding()})
    is_chosen = np.zeros(builder.info.splits["train"].num_examples, bool)
    is_chosen[chosen] = True
    is_chosen = tf.constant(is_chosen)
    dataset = dataset.enumerate().filter(lambda row, example: is_chosen[row])
    decode = builder.info.features[image].decode_example
    dataset = dataset.map(
        lambda row, example: (decode(example[image]), [example[name] for name in labels])
    )
    x, factors = zip(*dataset.as_numpy_iterator(), strict=True)
    # The data set has the order of its files, not that of `chosen`.
    order = np.argsort(np.argsort(chosen))
    return np.stack(x)[order], np.stack([np.stack(row) for row in factors])[order]
