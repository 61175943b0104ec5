"""TFDS data sets of images, for `images.py`."""

import numpy as np
from support.data import image_sizes
from support.data.image_arrays import ImageSet
from support.data.tfds_builder import tfds_builder
from support.run.cli import InputError


def read(options):
    """Images of a TFDS data set: `ImageSet`; its split "test" is held out if it has one.

    Of a split that is larger than --limit or --evaluate, a random choice by --seed is read.
    """
    builder = tfds_builder(options.dataset, options.data_dir)
    key, label = _features(builder, options)
    splits = builder.info.splits
    if "train" not in splits:
        raise InputError(
            "--dataset",
            f"expected a split 'train', got {list(splits)} in {options.dataset}; choose another",
        )
    tested = "test" in splits
    # Without a split "test", a fifth of the images is held out, and --limit is for the others.
    limit = options.limit if tested or options.limit is None else -(-options.limit * 5 // 4)
    images, labels, notes = _read(builder, "train", limit, key, label, options)
    classes = f", classes: feature {label!r}" if label else ""
    notes = [f"images: feature {key!r}{classes} of {options.dataset}", *notes]
    if not tested:
        return ImageSet(images, labels, None, tuple(notes))
    size = options.size or images.shape[1:3]
    test, test_labels, more = _read(
        builder, "test", options.evaluate or None, key, label, options, size
    )
    return ImageSet(
        np.concatenate([images, test]),
        None if labels is None else np.concatenate([labels, test_labels]),
        np.repeat([False, True], [len(images), len(test)]),
        (*notes, *more),
    )


def _features(builder, options):
    """Names of a data set's features: of the image, and of the class or None."""
    import tensorflow_datasets as tfds

    features = builder.info.features
    features = features if hasattr(features, "items") else {}
    images = [k for k, v in features.items() if isinstance(v, tfds.features.Image)]
    labels = [k for k, v in features.items() if isinstance(v, tfds.features.ClassLabel)]
    if not images:
        raise InputError(
            "--dataset",
            f"expected images, got {list(features)} in {options.dataset}; choose another data set",
        )
    if options.key is not None and options.key not in images:
        raise InputError("--key", f"expected one of {images}, got {options.key!r}")
    label = "label" if "label" in labels else next(iter(labels), None)
    return options.key or images[0], label


def _read(builder, split, limit, key, label, options, size=None):
    """At most `limit` images of a split, `[N, H, W, C]` uint8, their class names, and notes."""
    import tensorflow as tf
    import tensorflow_datasets as tfds

    available = builder.info.splits[split].num_examples
    rows = np.arange(available)
    if limit is not None and limit < available:
        rows = np.sort(np.random.default_rng(options.seed).permutation(available)[:limit])
    # Only the chosen images are decoded.
    dataset = builder.as_dataset(split=split, decoders={key: tfds.decode.SkipDecoding()})
    is_chosen = np.zeros(available, bool)
    is_chosen[rows] = True
    is_chosen = tf.constant(is_chosen)
    decode, labels = builder.info.features[key].decode_example, () if label is None else (label,)
    dataset = dataset.enumerate().filter(lambda row, example: is_chosen[row])
    dataset = dataset.map(
        lambda row, example: (decode(example[key]), [example[name] for name in labels])
    )
    images, classes = zip(*dataset.as_numpy_iterator(), strict=True)
    if images and images[0].dtype != np.uint8:
        raise InputError("--dataset", f"expected 8-bit images, got {images[0].dtype}")
    size = options.size or size or image_sizes.common_size([x.shape[:2] for x in images])
    images = image_sizes.resize(images, size, "--size")
    chosen = f"split {split}: {len(rows):,} of {available:,} images, chosen at random by --seed"
    notes = [] if len(rows) == available else [chosen]
    if label is None:
        return images, None, notes
    class_name = builder.info.features[label].int2str
    return images, np.array([class_name(int(c)) for (c,) in classes]), notes
