"""Pixels of one image of Pillow: its bits, rotation, transparency, and which end is black."""

import dataclasses

import numpy as np
from support.data import image_arrays

ORIENTATION, PHOTOMETRIC = 0x0112, 0x0106  # tags of EXIF and of TIFF
WHITE_IS_ZERO = 0  # value of PHOTOMETRIC, which Pillow heeds for up to 8 bits
DEEP, MAX_DEEP = ("I", "F"), 65535.0  # modes of more than 8 bits, and their largest value


@dataclasses.dataclass
class Facts:
    """Facts about an image, read before the images are resized and scaled.

    Attributes:
        size: height and width after the EXIF rotation.
        several: True if the file has several frames or pages.
        alpha: True if it has transparent parts, or could have them.
        kind: "integers" or "floats" if it has more than 8 bits, else None.
        high: the largest value then.
        inverted: True if zero was white then.
    """

    size: tuple
    several: bool
    alpha: bool
    kind: str | None = None
    high: float = 0.0
    inverted: bool = False


def facts_of(image):
    """`Facts` of a Pillow image; the pixels are read only if they have more than 8 bits."""
    rotated = image.getexif().get(ORIENTATION, 1) >= 5
    size = image.size if rotated else image.size[::-1]
    several = getattr(image, "n_frames", 1) > 1
    if not image.mode.startswith(DEEP):
        return Facts(size, several, image.has_transparency_data)
    pixels = _deep(image, _zero_is_white(image))
    if not np.isfinite(pixels).all():
        raise ValueError("holds NaN or infinite values")
    low, high = float(pixels.min()), float(pixels.max())
    if low < 0 or high > MAX_DEEP:
        raise ValueError(f"values from {low:g} to {high:g}, not from 0 to {MAX_DEEP:g}")
    kind = "floats" if pixels.dtype.kind == "f" else "integers"
    return Facts(size, several, False, kind, high, _zero_is_white(image))


def scales_of(facts):
    """kind -> the number by which pixels of more than 8 bits are divided, and notes on all facts.

    It is the same for all images, so that they stay comparable.
    """
    scales, notes = {}, []
    for kind in ("integers", "floats"):
        highs = [fact.high for fact in facts if fact.kind == kind]
        if highs:
            limits = image_arrays.limits(kind == "floats")
            scales[kind] = next(limit for limit in limits if max(highs) <= limit)
            notes.append(
                f"{len(highs):,} images of {kind} up to {max(highs):g} are divided by "
                f"{scales[kind]:g}"
            )
    inverted = sum(fact.inverted for fact in facts)
    if inverted:
        notes.append(f"{inverted:,} TIFF images whose zero is white are inverted")
    alpha, several = sum(fact.alpha for fact in facts), sum(fact.several for fact in facts)
    if alpha:
        notes.append(f"{alpha:,} images have an alpha channel; they are shown on white")
    if several:
        notes.append(f"{several:,} files have several frames or pages; the first one is used")
    return scales, notes


def read(image, scales):
    """A Pillow image as uint8 `[H, W, 1 or 3]`, upright by EXIF, on white if transparent."""
    from PIL import Image, ImageOps

    if image.mode.startswith(DEEP):  # Pillow would clip them, and rotation loses the tags
        pixels = _deep(ImageOps.exif_transpose(image), _zero_is_white(image))[..., None]
        scale = scales["floats" if pixels.dtype.kind == "f" else "integers"]
        return np.round(pixels / scale * 255).astype("uint8")
    image = ImageOps.exif_transpose(image)
    grey = image.mode in ("1", "L", "LA", "La")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    pixels = np.asarray(image.convert("L" if grey else "RGB"))
    return pixels[..., None] if grey else pixels


def _deep(image, zero_is_white):
    """Pixels of more than 8 bits, where higher ones are lighter."""
    pixels = np.asarray(image)
    return np.iinfo("uint16").max - pixels if zero_is_white else pixels


def _zero_is_white(image):
    """True for a TIFF of 16 bits that says so; other integers and floats have no known white."""
    tags = getattr(image, "tag_v2", {})
    return image.mode.startswith("I;16") and tags.get(PHOTOMETRIC) == WHITE_IS_ZERO
