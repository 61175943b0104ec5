"""Checkpoints of a run: what --resume continues from."""

import math
import warnings

from support.run import history_csv
from support.run.cli import InputError, first_line

import zoo
from zoo.core import checkpoints
from zoo.core.examples import examples
from zoo.training import data_order


class Checkpoints(zoo.Resume):
    """`zoo.Resume` that continues only from epochs that history.csv includes.

    Args:
        folder: the run folder.
        epochs: number of epochs from which training continues at the most.
    """

    def __init__(self, folder, epochs=0):
        super().__init__(folder / "checkpoints")
        self.epochs = epochs

    def states(self):
        """As in `zoo.Resume`, without files that have no record, which no recipe writes."""
        return [(n, p) for n, p in super().states() if checkpoints.record_path(p).exists()]

    def restore(self, model, data=None):
        """Load the newest good state of at most `epochs` epochs; return its number of epochs."""
        return super().restore(model, data, before=self.epochs)


def restore(folder, vae, train, batch_size, trained):
    """Restore the model of the run to resume; return how many epochs it was trained.

    Args:
        folder: the run folder.
        vae: the model, built and compiled.
        train: the training data.
        batch_size: of training.
        trained: number of epochs that the run is known to have been trained.

    Raises:
        InputError: the checkpoints are lost, damaged, or of other data or another model.
    """
    rows = history_csv.count(folder / "history.csv")
    saved = Checkpoints(folder, rows)
    states = [epochs for epochs, _ in saved.states()]
    if not states:
        _refuse_lost_checkpoints(folder, max(rows, trained))
        return 0
    if min(states) > rows:
        raise InputError(
            "--resume",
            f"expected complete lines of at least {min(states)} epochs in "
            f"{folder / 'history.csv'}, as in the oldest of the checkpoints, got {rows}; restore "
            "the file, or train again with another --out",
        )
    data = data_order.describe(examples(vae, train), batch_size=batch_size)
    try:
        with warnings.catch_warnings(record=True) as caught, vae.distribute_strategy.scope():
            warnings.simplefilter("always")
            epochs = saved.restore(vae, data)
            saved.require_free(epochs, math.inf)
    except (ValueError, FileExistsError) as error:
        raise InputError("--resume", first_line(error)) from error
    for warning in caught:
        if issubclass(warning.category, UserWarning):
            print(warning.message)
    if epochs < max(states):
        print(f"Training continues after epoch {epochs}.")
    return epochs


def _refuse_lost_checkpoints(folder, trained):
    """Raise if a run without checkpoints was trained for longer than one epoch.

    A process that was killed in its first epoch has left none, but maybe a line of history.csv.
    """
    if trained < 1 or (trained == 1 and not (folder / "model.keras").exists()):
        return
    names = [*sorted((folder / "checkpoints").glob("best-*.h5")), folder / "model.keras"]
    left = [str(path.relative_to(folder)) for path in names if path.exists()]
    raise InputError(
        "--resume",
        f"expected checkpoints in {folder / 'checkpoints'}, got none of a run of {trained} epochs; "
        f"left are {', '.join(left) or 'no weights'}. To train again, choose another --out",
    )
