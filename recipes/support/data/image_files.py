"""Image files of `images.py`: a folder of PNG, JPEG, ..., read one by one.

A file that cannot be read is skipped and listed; it does not stop the others.
"""

import collections
import os
import pathlib
import warnings

import numpy as np
from support.data import image_arrays, image_pixels, image_sizes
from support.data.image_arrays import ImageSet
from support.run.cli import InputError

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm")
TRAIN = ("train", "training")
HELD_OUT = ("test", "testing", "val", "valid", "validation", "dev", "eval")
SYSTEM = ("__MACOSX",)
LISTED = 5  # files in a note


def read(path, size, key=None):
    """Read images of a folder, an .npy or an .npz file: `ImageSet`.

    Args:
        path: the folder or file.
        size: height and width to resize them to, or None.
        key: name of an array of an .npz file, or None.
    """
    if not path.is_dir():
        return image_arrays.read(path, size, key)
    if key is not None:
        raise InputError("--key", "does not apply to a folder of images; omit it")
    return _folder(path, size)


def _folder(folder, size):
    """Images in a folder and its sub-folders; the sub-folders' names are the labels."""
    paths, notes = _image_paths(folder)
    skipped = {}
    facts = _read_all(paths, image_pixels.facts_of, skipped)
    if not facts:
        reasons = "; ".join(f"{path.name}: {reason}" for path, reason in [*skipped.items()][:3])
        raise InputError("--data", f"expected images, got none that can be read: {reasons}")
    sizes = [fact.size for fact in facts.values()]
    size = size or image_sizes.common_size(sizes)
    image_sizes.print_resized(sizes, size)
    scales, fact_notes = image_pixels.scales_of([*facts.values()])
    # Each image is resized when it is read: thousands of photos would not fit into memory.
    images = _read_all(
        facts, lambda image: image_sizes.fit(image_pixels.read(image, scales), size), skipped
    )
    if not images:
        raise InputError("--data", f"expected images, got none that can be read in {folder}")
    channels = max(image.shape[-1] for image in images.values())
    pixels = np.stack([np.repeat(x, channels // x.shape[-1], -1) for x in images.values()])
    labels, held_out, split_notes = _labels(folder, [*images])
    return ImageSet(
        pixels,
        labels,
        held_out,
        (*notes, *_skipped_note(folder, skipped), *fact_notes, *split_notes),
    )


def _image_paths(folder):
    """Paths of images, without those in hidden folders, and a note on other files."""
    paths, others, hidden = [], collections.Counter(), 0
    for path in sorted(_walk(folder)):
        parts = path.relative_to(folder).parts
        if any(part.startswith(".") or part in SYSTEM for part in parts):
            hidden += 1
        elif path.suffix.lower() in SUFFIXES:
            paths.append(path)
        else:
            others[path.suffix.lower() or "no suffix"] += 1
    if not paths:
        raise InputError("--data", f"expected images ({', '.join(SUFFIXES)}), got none in {folder}")
    notes = [f"{hidden} hidden files are skipped"] if hidden else []
    if others:
        kinds = ", ".join(f"{count} {suffix}" for suffix, count in others.most_common(LISTED))
        notes.append(f"{sum(others.values())} files that are not images are skipped ({kinds})")
    return paths, notes


def _walk(folder):
    """Files in a folder and its sub-folders, of which links are followed, but not in circles."""
    entered = set()
    for name, folders, files in os.walk(folder, followlinks=True):
        real = os.path.realpath(name)
        if real in entered:
            folders.clear()
            continue
        entered.add(real)
        paths = (pathlib.Path(name, file) for file in files)
        # A link to nothing is listed as damaged; pipes, which could wait without end, are left out.
        yield from (path for path in paths if path.is_file() or not path.exists())


def _read_all(paths, function, skipped):
    """path -> result of `function` for the image in it; files that fail go to `skipped`."""
    from PIL import Image, UnidentifiedImageError

    results = {}
    for path in paths:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # Pillow warns of damaged metadata
                with Image.open(path) as image:
                    results[path] = function(image)
        except Exception as error:  # Pillow's readers of damaged files raise many kinds
            empty = path.is_file() and not path.stat().st_size
            text = str(error).split("\n")[0].replace(str(path), "it") or type(error).__name__
            text = "a link to nothing" if isinstance(error, FileNotFoundError) else text
            text = "not an image" if isinstance(error, UnidentifiedImageError) else text
            skipped[path] = "the file is empty" if empty else text
    return results


def _skipped_note(folder, skipped):
    if skipped:
        listed = [
            f"{p.relative_to(folder)} ({reason})" for p, reason in [*skipped.items()][:LISTED]
        ]
        more = f" and {len(skipped) - LISTED} more" if len(skipped) > LISTED else ""
        listed = ", ".join(listed)
        yield f"{len(skipped)} image files cannot be read and are skipped: {listed}{more}"


def _labels(folder, paths):
    """Labels `[N]` or None, which images are held out `[N]` or None, and notes.

    The labels are the names of the first sub-folders, or below train/ and test/ the second ones.
    """
    inside, common = _below_common([path.relative_to(folder).parts[:-1] for path in paths])
    first = {parts[0].lower() if parts else "" for parts in inside}
    held_out, notes = None, []
    splits = first & {*TRAIN}, first & {*HELD_OUT}
    if all(splits) and first <= {*TRAIN, *HELD_OUT}:
        held_out = np.array([parts[0].lower() in HELD_OUT for parts in inside])
        inside = [parts[1:] for parts in inside]
        names = [" and ".join(f"{name}/" for name in sorted(split)) for split in splits]
        notes.append(f"trained on: {names[0]}; held out: {names[1]} ({held_out.sum():,} images)")
    elif all(splits):
        others = ", ".join(sorted(first - {*TRAIN, *HELD_OUT}))
        notes.append(f"train/ and test/ count as classes, because there are others: {others}")
    labels = np.array([parts[0] if parts else "" for parts in inside])
    names, counts = np.unique(labels, return_counts=True)
    if len(names) < 2:
        return None, held_out, notes
    pairs = list(zip(names, counts, strict=True))
    listed = ", ".join(f"{n or '(no folder)'} {c:,}" for n, c in pairs[:12])
    more = f", and {len(names) - 12} more" if len(names) > 12 else ""
    if common:
        notes.append(f"all images are in {'/'.join(common)}/")
    return labels, held_out, [*notes, f"{len(names)} classes by sub-folder: {listed}{more}"]


def _below_common(folders):
    """Folders of all images as tuples, without those that all of them share, and these."""
    first, last = min(folders), max(folders)  # those between begin with what these two share
    equal = [a == b for a, b in zip(first, last, strict=False)]
    count = equal.index(False) if False in equal else len(equal)
    return [parts[count:] for parts in folders], first[:count]
