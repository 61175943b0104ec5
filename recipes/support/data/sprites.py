"""Images of a shape that is turned, scaled and moved, each by factors that are known."""

import dataclasses
from typing import Any

import numpy as np
from support.run.cli import InputError, tfds_builder

SIDE = 32
RADIUS = 10.0  # pixels that a shape of scale 1 reaches from its centre
SCALES = np.linspace(0.65, 1.0, 5)
TURNS = np.arange(12) * (2 * np.pi / 12)
CENTRES = np.arange(12) + (SIDE - 11) / 2  # pixels; a shape of any scale stays inside
CHUNK = 1000  # images to draw at a time
UNORDERED = ("shape", "category")  # factors whose numbers are names


def wedge(u, v):
    """A triangle that points to where u is large."""
    return (u >= -0.5) & (np.abs(v) <= 0.45 * (1 - u))


def half_disc(u, v):
    """A disc cut through its middle."""
    return (u >= -0.38) & ((u + 0.38) ** 2 + v**2 <= 0.9**2)


def corner(u, v):
    """Two bars at a right angle."""
    low = (u >= -0.55) & (v >= -0.65)
    return low & (((u <= 0.0) & (v <= 0.75)) | ((u <= 0.75) & (v <= -0.1)))


# None looks the same when it is turned, so that every orientation can be seen.
SHAPES = (wedge, half_disc, corner)
FACTORS = {
    "shape": len(SHAPES),
    "scale": len(SCALES),
    "orientation": len(TURNS),
    "x": len(CENTRES),
    "y": len(CENTRES),
}


@dataclasses.dataclass
class Factored:
    """Images `[N, H, W, C]` in [0, 1] and factors, integers `[N, K]`; to train on, to test."""

    name: str
    x: Any
    test_x: Any
    test_factors: Any
    factor_names: list

    @property
    def categorical(self):
        """Columns of factors whose numbers are names."""
        return tuple(k for k, name in enumerate(self.factor_names) if name in UNORDERED)


def load(options):
    """The `Factored` that --dataset asks for: our sprites, or a TFDS data set."""
    if options.dataset is not None:
        return _from_tfds(options)
    total = int(np.prod(list(FACTORS.values())))
    train, test = _rows(total, options)
    factors = np.stack(np.unravel_index(np.concatenate([train, test]), tuple(FACTORS.values())), 1)
    x = draw(factors)
    cut = len(train)
    return Factored("sprites", x[:cut], x[cut:], factors[cut:], list(FACTORS))


def draw(factors):
    """Images `[N, 32, 32, 1]` of 0 and 1, float32, of factors, integers `[N, 5]` as in FACTORS."""
    parts = [_draw(factors[i : i + CHUNK]) for i in range(0, len(factors), CHUNK)]
    return np.concatenate(parts)[..., None]


def _draw(factors):
    shape, scale, turn, x, y = factors.T[..., None, None]
    down, right = np.mgrid[:SIDE, :SIDE] + 0.5  # the middles of pixels
    size = RADIUS * SCALES[scale]
    right, down = (right - CENTRES[x]) / size, (down - CENTRES[y]) / size
    cos, sin = np.cos(TURNS[turn]), np.sin(TURNS[turn])
    u, v = cos * right + sin * down, cos * down - sin * right
    return np.choose(shape, [inside(u, v) for inside in SHAPES]).astype("float32")


def _rows(total, options):
    """Row numbers to train on and to test on, none twice, in a random order."""
    if options.limit + options.evaluate > total:
        raise InputError(
            "--limit",
            f"{options.limit} images to train on and {options.evaluate} to test (--evaluate) are "
            f"more than the {total} that there are",
        )
    rows = np.random.default_rng(0).permutation(total)[: options.limit + options.evaluate]
    return rows[: options.limit], rows[options.limit :]


def _from_tfds(options):
    """Images of a TFDS data set that has several classes for each: dsprites, shapes3d, ..."""
    import tensorflow_datasets as tfds

    builder = tfds_builder(options.dataset, options.data_dir)
    features = builder.info.features
    images = [k for k, f in features.items() if isinstance(f, tfds.features.Image)]
    labels = [k for k, f in features.items() if isinstance(f, tfds.features.ClassLabel)]
    if not images or len(labels) < 2:
        raise InputError(
            "--dataset",
            f"an image and at least two classes are needed, {options.dataset} has {list(features)}",
        )
    train, test = _rows(builder.info.splits["train"].num_examples, options)
    chosen = np.concatenate([train, test])
    x, factors = _read(builder, images[0], labels, chosen)
    # dSprites has masks of 0 and 1.
    x = x.astype("float32") / (255 if x.max() > 1 else 1)
    cut, names = len(train), [name.removeprefix("label_") for name in labels]
    return Factored(options.dataset, x[:cut], x[cut:], factors[cut:], names)


def _read(builder, image, labels, chosen):
    """Images and factors of the chosen rows, in their order; no other image is decoded."""
    import tensorflow as tf
    import tensorflow_datasets as tfds

    dataset = builder.as_dataset(split="train", decoders={image: tfds.decode.SkipDecoding()})
    wanted = np.zeros(builder.info.splits["train"].num_examples, bool)
    wanted[chosen] = True
    wanted = tf.constant(wanted)
    dataset = dataset.enumerate().filter(lambda row, example: wanted[row])
    decode = builder.info.features[image].decode_example
    found = dataset.map(
        lambda row, example: (decode(example[image]), [example[name] for name in labels])
    )
    x, factors = zip(*found.as_numpy_iterator(), strict=True)
    # They came in the order of the files.
    place = np.argsort(np.argsort(chosen))
    return np.stack(x)[place], np.stack([np.stack(row) for row in factors])[place]
