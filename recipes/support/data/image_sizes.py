"""Cropping and resizing of images to one size."""

import numpy as np
from support.run.cli import InputError

MIN_SIZE, MAX_SIZE = 8, 4096  # pixels of height and width
MAX_DEFAULT_SIZE = 64  # if images have different sizes and --size is not set


def common_size(sizes):
    """The size of all images, or a size to resize them to if they differ."""
    if len(set(sizes)) == 1:
        return sizes[0]
    print(f"The images have {len(set(sizes))} different sizes; choose one with --size.")
    return (max(MIN_SIZE, min(min(map(min, sizes)), MAX_DEFAULT_SIZE)),) * 2


def print_resized(sizes, size):
    if set(sizes) != {size}:
        print(f"Images are cropped and resized to {size[0]}x{size[1]}.")


def resize(images, size, argument):
    """Images cropped around their middle to the aspect ratio of `size`, resized, and stacked."""
    sizes = [x.shape[:2] for x in images]
    if set(sizes) == {size}:
        return np.stack(images)
    channels = images[0].shape[-1]
    if channels not in (1, 3):
        raise InputError(
            argument, f"expected images of 1 or 3 channels to resize, got {channels} channels"
        )
    print_resized(sizes, size)
    # Masks of 0 and 1 have the range of floats, whatever their type.
    eight_bits = images[0].dtype == np.uint8 and max(x.max() for x in images) > 1
    scale = 1 if eight_bits else 255
    return np.stack([fit(np.round(x * scale).astype("uint8"), size) for x in images])


def fit(x, size):
    """One uint8 image, cropped and resized unless it has this size."""
    from PIL import Image, ImageOps

    if x.shape[:2] == size:
        return x
    picture = Image.fromarray(x.squeeze(-1) if x.shape[-1] == 1 else x)
    fitted = np.asarray(ImageOps.fit(picture, size[::-1], Image.Resampling.LANCZOS))
    return fitted.reshape(*size, -1)
