"""Names of the states in a folder of `zoo.Resume`, and files that are in their way."""

import contextlib
import pathlib
import re

from zoo.core import checkpoints

PATTERN = re.compile(r"epoch-(\d+)\.weights\.h5")


def number(path: pathlib.Path) -> int | None:
    """Number of epochs in the name of a state's weights; None for another file."""
    match = PATTERN.fullmatch(path.name)
    return match and int(match[1])


def states(folder: pathlib.Path) -> list[tuple[int, pathlib.Path]]:
    """(number of epochs, path of the weights) of each state, the newest last."""
    paths = folder.iterdir() if folder.is_dir() else ()
    numbers = ((number(path), path) for path in paths)
    return sorted((epochs, path) for epochs, path in numbers if epochs is not None)


def refuse_lost_weights(folder: pathlib.Path) -> None:
    """Raise `ValueError` if records are left of states whose weights have been deleted."""
    records = [path for path in folder.glob("epoch-*.json") if _is_record(path)]
    # A process that was killed while it saved its first state has left one.
    if len(records) > 1:
        raise ValueError(
            f"directory must hold weights, got {folder} with {len(records)} records of states, "
            f"{records[0].name} and others, without their {checkpoints.SUFFIX} files. To begin "
            "anew, choose another folder"
        )


def require_free(folder: pathlib.Path, first: int, last: float) -> None:
    """Raise `FileExistsError` if files of another program have names of states to be written.

    Args:
        folder: that of the states.
        first, last: numbers of epochs; states after the first one and up to the last one count.
    """
    stems = sorted({path.name.split(".")[0] for path in folder.glob("epoch-*")})
    for path in (folder / f"{stem}{checkpoints.SUFFIX}" for stem in stems):
        epochs = number(path)
        if epochs is not None and first < epochs <= last:
            checkpoints.require_free(path)


def _is_record(path):
    weights = path.with_name(f"{path.stem}{checkpoints.SUFFIX}")
    with contextlib.suppress(checkpoints.CheckpointError):
        return number(weights) is not None and checkpoints.record(weights)
    return False
