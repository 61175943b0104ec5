"""Run folder of a recipe: training with checkpoints, the saved model, numbers and figures."""

import contextlib
import dataclasses
import pathlib
import sys
import tempfile
import time

from support.run import (
    checkpoints,
    devices,
    history_csv,
    metrics_json,
    model,
    report_page,
    run_folder,
    saving,
)
from support.run.cli import InputError, as_input_error

import zoo


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
        files: the `RunFolder`.
        record: contents of metrics.json.
    """

    def __init__(self, recipe, options):
        self.options, self.start = options, time.monotonic()
        self.record = metrics_json.new(recipe, options)
        self.files, self._trained = run_folder.RunFolder(options.out), 0
        self.files.check()
        if options.resume:
            self._read_to_resume()
        with as_input_error("--distribute", ValueError, LookupError, AttributeError, TypeError):
            self.strategy = devices.strategy(options.distribute)
        if not devices.is_chief(options.distribute):
            self._use_temporary_folder()
        elif options.resume:
            self.files.acquire()

    @property
    def folder(self):
        """Path of the run folder."""
        return self.files.path

    def file(self, name):
        """Path of a result to write, such as "scores.csv": all of them are listed in run.json."""
        return self.files.file(name)

    def _read_to_resume(self):
        """Raise unless the folder holds the run to resume; read what it has been trained."""
        if self.files.mark is None:
            raise InputError("--resume", f"expected a run in {self.folder}, got no run.json there")
        metrics_json.check_options(self.files.mark, self.record, self.folder)
        seconds, self._trained = metrics_json.read_progress(self.folder / "metrics.json")
        self.record["seconds"] = {"training": seconds}

    def _use_temporary_folder(self):
        """Write into a temporary folder: only one worker writes the folder of --out."""
        temporary = run_folder.RunFolder(pathlib.Path(tempfile.mkdtemp(prefix="worker-")))
        if self.options.resume:
            run_folder.copy(self.folder, temporary.path)
        temporary.mark, self.files = self.files.mark, temporary

    def begin(self, epochs=0):
        """Prepare the folder for training that continues after this number of epochs.

        A run that is not resumed deletes the results of an earlier one here, after its options and
        data have been checked.
        """
        self.files.begin(self.record["recipe"], self.record["options"], self.options.resume)
        self.write()
        history_csv.truncate(self.file("history.csv"), epochs)

    def write(self):
        """Write metrics.json with the results so far."""
        metrics_json.write(self.record, self.file("metrics.json"))

    def model(self, event_shape, likelihood, **defaults):
        """Build the model of the command line's options, which override `defaults`."""
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
        """Fit and save the model, even after Ctrl-C or a loss that is not finite: an `Outcome`."""
        model.check_data(vae, train, validation)
        first_epoch = self._restore(vae, train)
        history = history_csv.read(self.folder / "history.csv", first_epoch)
        stopped = [
            c.resume(self.folder / "checkpoints", history)
            for c in callbacks
            if hasattr(c, "resume")
        ]
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

    def _restore(self, vae, train):
        """Restore the model of the run to resume; return how many epochs it was trained."""
        if not self.options.resume:
            return 0
        batch_size = self.options.batch_size
        return checkpoints.restore(self.folder, vae, train, batch_size, self._trained)

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
            saving.save(vae, self.files)
            self.write()

    def _callbacks(self, vae, rows, others):
        """Callbacks in order: history.csv and the best weights are written before a checkpoint."""
        import keras
        from support.run.learning_rate import CosineDecay
        from support.run.progress import DurationEstimate

        options, anneal = self.options, []
        if options.decay == "cosine":
            anneal.append(CosineDecay(self.record["model"]["learning_rate"], options.epochs))
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
            checkpoints.Checkpoints(self.folder, epochs=len(self.history().get("epoch", ()))),
        ]

    def history(self):
        """history.csv: name -> a number for each epoch, like `fit(...).history`."""
        return history_csv.read(self.folder / "history.csv")

    def figure(self, name, figure):
        """Write figures/NAME.png."""
        figure.savefig(self.file(f"figures/{name}.png"), dpi=150)

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
        self.files.lock.release()
        return outcome.status


def early_stopping(patience):
    """Callback that stops after `patience` epochs (at least 5) without a better held-out ELBO."""
    from support.run.early_stopping import EarlyStopping  # imports Keras, which --help need not

    return EarlyStopping(max(5, patience))
