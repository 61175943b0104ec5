"""Image files of `images.py`: a folder of PNG, JPEG, ... or an .npy file."""

import numpy as np
from support.data import image_sizes
from support.run.cli import InputError, as_input_error

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm")
ORIENTATION = 0x0112  # EXIF tag


def read(path, size):
    """Images `[N, H, W, C]` of a folder or an .npy file, and class names `[N]` or None.

    Args:
        path: the folder or file.
        size: height and width to resize them to, or None.
    """
    return (_folder if path.is_dir() else _array_file)(path, size)


def _array_file(path, size):
    """Images of an .npy file, and None for their labels."""
    if path.suffix.lower() != ".npy":
        raise InputError("--data", f"expected a folder of images or an .npy file, got {path}")
    with as_input_error("--data", ValueError, OSError, EOFError):
        x = np.load(path, allow_pickle=False)
    if x.ndim == 3:
        x = x[..., None]
    if x.ndim != 4 or 0 in x.shape:
        raise InputError(
            "--data", f"expected an array [N, height, width(, channels)], got shape {x.shape}"
        )
    if not (np.issubdtype(x.dtype, np.number) or x.dtype == bool):
        raise InputError("--data", f"expected numbers, got an array of {x.dtype}")
    if not np.isfinite(x).all():
        raise InputError("--data", "expected finite numbers, got NaN or infinity; correct the file")
    low, high = x.min(), x.max()
    if np.issubdtype(x.dtype, np.integer) and low >= 0 and 1 < high <= 255:
        x = x.astype("uint8")
    elif low < 0 or high > 1:
        raise InputError(
            "--data",
            f"expected floats in [0, 1] or integers from 0 to 255, got values from {low:g} to "
            f"{high:g}; rescale them",
        )
    return (x if size is None else image_sizes.resize(x, size, "--data")), None


def _folder(folder, size):
    """Images in a folder and its sub-folders; the sub-folders' names are the labels."""
    paths = sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file())
    if not paths:
        raise InputError("--data", f"expected images ({', '.join(SUFFIXES)}), got none in {folder}")
    sizes = [_read_image(path, _upright_size) for path in paths]
    size = size or image_sizes.common_size(sizes)
    image_sizes.print_resized(sizes, size)
    # Each image is resized when it is read: thousands of photos would not fit into memory.
    images = [
        _read_image(path, lambda image: image_sizes.fit(_pixels(image), size)) for path in paths
    ]
    channels = max(image.shape[-1] for image in images)
    images = np.stack([np.repeat(x, channels // x.shape[-1], -1) for x in images])
    inside = [path.relative_to(folder).parts for path in paths]
    labels = np.array([parts[0] if len(parts) > 1 else "" for parts in inside])
    return images, labels if len(set(labels)) > 1 else None


def _read_image(path, function):
    """Apply `function` to the Pillow image in a file."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as image:
            return function(image)
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError) as error:
        raise InputError("--data", f"expected images, got {path}: {error}; remove it") from error


def _upright_size(image):
    """Height and width after the EXIF rotation, without reading the pixels."""
    rotated = image.getexif().get(ORIENTATION, 1) >= 5
    return image.size if rotated else image.size[::-1]


def _pixels(image):
    """A Pillow image as uint8 `[H, W, 1 or 3]`, rotated by its EXIF orientation."""
    from PIL import ImageOps

    image = ImageOps.exif_transpose(image)
    if image.mode.startswith("I"):  # 16 bits, which Pillow's conversion would clip
        return (np.asarray(image)[..., None] // 257).astype("uint8")
    if image.mode in ("1", "L", "LA"):
        return np.asarray(image.convert("L"))[..., None]
    return np.asarray(image.convert("RGB"))
