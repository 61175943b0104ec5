"""Run folder of a recipe: training with checkpoints, the saved model, numbers and figures."""

import contextlib
import dataclasses
import pathlib
import shutil
import sys
import tempfile
import time

from support.run import devices, history_csv, metrics_json, model, report_page, saving
from support.run.cli import InputError

import zoo

# Results of an earlier run in the same folder, which a new run deletes.
RESULTS = ("checkpoints", "tensorboard", "figures", "saved_model", "texts", "history.csv")
RESULTS += ("model.keras", "scores.csv", "columns.json", "sounds", "retrieval.md", "report.html")


@dataclasses.dataclass
class Outcome:
    """Result of training: `error` is the message of a loss that was not finite, or None."""

    interrupted: bool = False
    error: str | None = None

    @property
    def status(self):
        """Exit status of the recipe."""
        return 1 if self.error else 130 if self.interrupted else 0


class Run:
    """A run folder, and the model that is trained in it.

    Args:
        recipe: name of the recipe, such as "images".
        options: its parsed command line.

    Attributes:
        folder: path of the run folder.
        record: what metrics.json will hold.
    """

    def __init__(self, recipe, options):
        self.folder, self.options, self.start = options.out, options, time.monotonic()
        self.record = metrics_json.new(recipe, options)
        self._check_folder()
        self.strategy = devices.strategy(options.distribute)
        if not devices.is_chief(options.distribute):
            self._use_temporary_folder()

    def _check_folder(self):
        """Raise if the folder holds anything but a run, or not the run to resume."""
        metrics = self.folder / "metrics.json"
        if self.folder.is_file():
            raise InputError("--out", f"expected a folder, got the file {self.folder}")
        if self.folder.is_dir() and any(self.folder.iterdir()) and not metrics.exists():
            raise InputError(
                "--out",
                f"expected an empty or new folder or an earlier run, got {self.folder} with other "
                "files in it; choose another folder",
            )
        if self.options.resume:
            previous = metrics_json.read_to_resume(metrics, self.record)
            self.record["seconds"] = {"training": previous["seconds"].get("training", 0.0)}

    def _use_temporary_folder(self):
        """Write into a temporary folder: only one worker writes the folder of --out."""
        folder = pathlib.Path(tempfile.mkdtemp(prefix="worker-"))
        if self.options.resume:
            shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        self.folder = folder

    def _restore(self, vae):
        """Restore the model of the run to resume; return how many epochs it was trained."""
        if not self.options.resume:
            return 0
        with vae.distribute_strategy.scope():
            return zoo.Resume(self.folder / "checkpoints").restore(vae)

    def begin(self, epochs=0):
        """Prepare the folder for training that continues after so many epochs.

        A run that is not resumed deletes the results of an earlier one here, after its options and
        data have been checked.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        if not self.options.resume:
            for name in RESULTS:
                saving.remove(self.folder / name)
        self.write()
        (self.folder / "figures").mkdir(exist_ok=True)
        history_csv.truncate(self.folder / "history.csv", epochs)

    def write(self):
        """Write metrics.json with what is known so far."""
        metrics_json.write(self.record, self.folder / "metrics.json")

    def model(self, event_shape, likelihood, **defaults):
        """Build the model of the command line's options; `defaults` give way to these."""
        import tensorflow as tf

        strategy = self.strategy or tf.distribute.get_strategy()
        vae = model.build(self.options, event_shape, likelihood, strategy, defaults)
        self.record["model"] = model.describe(self.options, vae, likelihood, strategy)
        return vae

    def describe(self, name, train, held_out, reading=()):
        """Record name, sizes and shape of the data for metrics.json; print how they were read."""
        if reading:
            print(*reading, "", sep="\n")
        self.record["data"] = {
            "name": name,
            "train": zoo.core.nested.row_count(train),
            "held_out": zoo.core.nested.row_count(held_out),
            "event_shape": zoo.core.nested.map_arrays(lambda x: list(x.shape[1:]), train),
            "reading": list(reading),
        }

    def note(self, text):
        """Add a remark to metrics.json."""
        self.record.setdefault("notes", []).append(text)

    @contextlib.contextmanager
    def skippable(self):
        """Let Ctrl-C end the block, but not the recipe."""
        try:
            yield
        except KeyboardInterrupt:
            print("\nThe remaining numbers and figures are skipped.")

    def train(self, vae, train, validation, *callbacks):
        """Fit and save the model, also after Ctrl-C or a loss that is not finite: `Outcome`."""
        model.check_data(vae, train, validation)
        first_epoch = self._restore(vae)
        history = history_csv.read(self.folder / "history.csv", first_epoch)
        checkpoints = self.folder / "checkpoints"
        stopped = [c.resume(checkpoints, history) for c in callbacks if hasattr(c, "resume")]
        self.begin(first_epoch)
        # A run that early stopping has ended is not trained further when it is resumed.
        epochs = first_epoch if any(stopped) else self.options.epochs
        start = time.monotonic()
        outcome = self._fit(vae, train, validation, epochs, callbacks)
        seconds = self.record["seconds"].get("training", 0.0) + time.monotonic() - start
        self.record["seconds"]["training"] = round(seconds, 1)
        self.record.update(
            epochs=len(self.history().get("epoch", ())),
            interrupted=outcome.interrupted,
            error=outcome.error,
        )
        self.save(vae)
        return outcome

    def _fit(self, vae, train, validation, epochs, callbacks):
        from support.run.interrupt import BetweenSteps

        try:
            callbacks = self._callbacks(vae, zoo.core.nested.row_count(train), callbacks)
            with BetweenSteps() as interrupt:
                vae.fit(
                    train,
                    batch_size=self.options.batch_size,
                    epochs=epochs,
                    validation_data=(validation,),
                    verbose=1 if sys.stdout.isatty() else 2,
                    callbacks=[*callbacks, interrupt],
                )
        except KeyboardInterrupt:
            print(
                "\nStopped; saving the model. Press Ctrl-C again to skip numbers and figures.",
                flush=True,  # the next steps take a while
            )
            return Outcome(interrupted=True)
        except FloatingPointError as error:
            return Outcome(error=str(error))
        return Outcome()

    def save(self, vae):
        """Write model.keras, saved_model/ and metrics.json; Ctrl-C is ignored meanwhile."""
        with saving.uninterrupted():
            saving.save(vae, self.folder)
            self.write()

    def _callbacks(self, vae, rows, others):
        """Callbacks in order: history.csv and the best weights are written before a checkpoint."""
        import keras
        from support.run.progress import DurationEstimate

        options, anneal = self.options, []
        if options.warmup_epochs:
            steps = options.warmup_epochs * -(-rows // options.batch_size)
            beta = vae.objective.term("kl").weight
            anneal.append(zoo.Anneal(zoo.callbacks.linear(steps, end=beta)))
        return [
            *anneal,
            keras.callbacks.CSVLogger(self.folder / "history.csv", append=options.resume),
            keras.callbacks.TensorBoard(self.folder / "tensorboard", write_graph=False),
            *others,
            DurationEstimate(stops_early=bool(others)),
            zoo.Resume(self.folder / "checkpoints"),
        ]

    def history(self):
        """history.csv: name -> a number for each epoch, like `fit(...).history`."""
        return history_csv.read(self.folder / "history.csv")

    def figure(self, name, figure):
        """Write figures/NAME.png."""
        figure.savefig(self.folder / "figures" / f"{name}.png", dpi=150)

    def report(self, vae, held_out, labels=None, columns=None):
        """Write report.html, unless --no-report was given."""
        if self.options.report:
            start = time.monotonic()
            if report_page.write(self, vae, held_out, labels, columns):
                self.record["seconds"]["report"] = round(time.monotonic() - start, 1)

    def finish(self, outcome, *lines):
        """Complete metrics.json, print the summary, and return the exit status."""
        self.record["finished"] = not outcome.status
        self.record["seconds"]["total"] = round(time.monotonic() - self.start, 1)
        self.write()
        if outcome.error:
            print(f"\nTraining failed: {outcome.error}")
        if "report" in self.record["seconds"]:
            lines += (f"{self.folder}/report.html  start here: all results on one page",)
        print("", *lines, f"{self.folder}/  model.keras, saved_model/, metrics.json", sep="\n")
        tensorboard = self.folder / "tensorboard"
        hint = f"  and tensorboard --logdir {tensorboard}" if tensorboard.is_dir() else ""
        print(f"{self.folder}/figures/{hint}")
        return outcome.status


def early_stopping(patience):
    """Callback that stops after `patience` epochs (at least 5) without a better held-out ELBO."""
    from support.run.early_stopping import EarlyStopping  # imports Keras, which --help need not

    return EarlyStopping(max(5, patience))
