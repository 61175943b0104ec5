"""Files that are written completely or not at all, even if the disk is full."""

import contextlib
import itertools
import os
import pathlib
import re

_NUMBERS = itertools.count()
_PARTIAL = re.compile(r"\.zoo-partial-\d+-\d+")


def write(path: pathlib.Path, data: bytes) -> None:
    """Write a file under a temporary name, flush it to disk, then rename it.

    A file that exists is replaced in one step. If writing fails, it stays as it is and the
    temporary file is deleted.

    Raises:
        OSError: names the file, for example if the disk is full.
    """
    partial = path.with_name(f".zoo-partial-{os.getpid()}-{next(_NUMBERS)}")
    try:
        with partial.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    except BaseException as error:
        with contextlib.suppress(OSError):
            partial.unlink()
        if isinstance(error, OSError):
            raise OSError(error.errno, error.strerror or str(error), str(path)) from error
        raise
    flush_names(path.parent)


def flush_names(folder: pathlib.Path) -> None:
    """Write the names in a folder to disk, so that they survive a power failure."""
    with contextlib.suppress(OSError):  # some file systems cannot flush a folder
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def remove_partials(folder: pathlib.Path) -> None:
    """Delete the temporary files of interrupted processes; no other process may write there."""
    for path in folder.iterdir():
        if _PARTIAL.fullmatch(path.name):
            path.unlink(missing_ok=True)
