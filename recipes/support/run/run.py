"""The run folder of a recipe, and training in it that survives Ctrl-C."""

import contextlib
import dataclasses
import pathlib
import shutil
import sys
import tempfile
import time

from support.run import devices, history_csv, metrics_json, report_page, saving
from support.run.cli import InputError, blame, literals

import zoo

# What a new run in the folder of an old one would otherwise leave there.
OLD = ("checkpoints", "tensorboard", "figures", "saved_model", "texts", "history.csv")
OLD += ("model.keras", "scores.csv", "columns.json", "sounds", "retrieval.md", "report.html")


@dataclasses.dataclass
class Outcome:
    """How training ended: `error` is None, or the message of the loss that was no number."""

    interrupted: bool = False
    error: str | None = None

    @property
    def status(self):
        return 1 if self.error else 130 if self.interrupted else 0


class Run:
    """A run folder, and the model that is trained in it."""

    def __init__(self, recipe, options):
        self.folder, self.options, self.began = options.out, options, time.monotonic()
        self.record = metrics_json.new(recipe, options)
        self._check_folder()
        self.strategy = devices.strategy(options.distribute)
        if not devices.is_chief(options.distribute):
            self._work_apart()

    def _check_folder(self):
        """Refuse a folder that is none of a run, or not of the run to resume; touch nothing."""
        metrics = self.folder / "metrics.json"
        if self.folder.is_file():
            raise InputError("--out", f"{self.folder} is a file, expected a folder")
        if self.folder.is_dir() and any(self.folder.iterdir()) and not metrics.exists():
            raise InputError("--out", f"{self.folder} holds something else than a run of a recipe")
        if self.options.resume:
            before = metrics_json.read_to_resume(metrics, self.record)
            self.record["seconds"] = {"training": before["seconds"].get("training", 0.0)}

    def _work_apart(self):
        """A folder of this worker's own: one of them writes the folder that was asked for."""
        apart = pathlib.Path(tempfile.mkdtemp(prefix="worker-"))
        if self.options.resume:
            shutil.copytree(self.folder, apart, dirs_exist_ok=True)
        self.folder = apart

    def _epochs_before(self, vae):
        """How many epochs the run to resume has behind it; their state is in the model."""
        if not self.options.resume:
            return 0
        with vae.distribute_strategy.scope():
            return zoo.Resume(self.folder / "checkpoints").restore(vae)

    def begin(self, epochs=0):
        """Make room for this run, now that it can be trained, after so many epochs."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if not self.options.resume:
            for name in OLD:
                saving.remove(self.folder / name)
        self.write()
        (self.folder / "figures").mkdir(exist_ok=True)
        history_csv.cut(self.folder / "history.csv", epochs)

    def write(self):
        """Write metrics.json as far as it is known."""
        metrics_json.write(self.record, self.folder / "metrics.json")

    def model(self, event_shape, likelihood, **defaults):
        """The variant that was asked for, built and compiled; `defaults` give way to options."""
        import keras
        import tensorflow as tf

        options = self.options
        keras.utils.set_random_seed(options.seed)
        strategy = self.strategy or tf.distribute.get_strategy()
        chosen = {
            "latent_dim": options.latent_dim,
            "beta": options.beta,
            "input_noise": options.input_noise,
            "seed": options.seed,
            **literals(options.option),
        }
        chosen = {**defaults, **{k: v for k, v in chosen.items() if v is not None}}
        with blame("--variant", ValueError):
            zoo.card(options.variant)
        chosen["likelihoods" if isinstance(likelihood, dict) else "likelihood"] = likelihood
        with _blame_option(options.variant), strategy.scope():
            vae = zoo.get(options.variant, input_shape=event_shape, **chosen)
            vae.compile(zoo.FusedAdam(options.learning_rate))
        self.record["model"] = {
            "variant": options.variant,
            "likelihood": zoo.core.nested.change(
                lambda x: x if isinstance(x, str) else type(x).__name__, likelihood
            ),
            "parameters": vae.count_params(),
            "replicas": strategy.num_replicas_in_sync,
        }
        return vae

    def describe(self, name, train, held_out):
        """What metrics.json will say of the data."""
        self.record["data"] = {
            "name": name,
            "train": zoo.core.nested.rows(train),
            "held_out": zoo.core.nested.rows(held_out),
            "event_shape": zoo.core.nested.change(lambda x: list(x.shape[1:]), train),
        }

    def note(self, text):
        """Add a remark on how the numbers came about."""
        self.record.setdefault("notes", []).append(text)

    @contextlib.contextmanager
    def skippable(self):
        """What the second Ctrl-C leaves out."""
        try:
            yield
        except KeyboardInterrupt:
            print("\nNumbers and figures are left out.")

    def train(self, vae, train, validation, *callbacks):
        """Fit, and save the model whatever comes in between: `Outcome`."""
        _check_data(vae, train, validation)
        before = self._epochs_before(vae)
        past = history_csv.read(self.folder / "history.csv", before)
        checkpoints = self.folder / "checkpoints"
        stopped = [c.resume(checkpoints, past) for c in callbacks if hasattr(c, "resume")]
        self.begin(before)
        outcome, began = Outcome(), time.monotonic()
        try:
            # A run that had stopped by itself does not go on when it is resumed.
            epochs = before if any(stopped) else self.options.epochs
            self._fit(vae, train, validation, epochs, callbacks)
        except KeyboardInterrupt:
            outcome.interrupted = True
            print(
                "\nStopped: saving the model. Ctrl-C once more leaves out numbers and figures.",
                flush=True,  # what follows takes a while
            )
        except FloatingPointError as error:
            outcome.error = str(error)
        seconds = self.record["seconds"].get("training", 0.0) + time.monotonic() - began
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

        own = self._callbacks(vae, zoo.core.nested.rows(train), callbacks)
        with BetweenSteps() as interruptible:
            vae.fit(
                train,
                batch_size=self.options.batch_size,
                epochs=epochs,
                validation_data=(validation,),
                verbose=1 if sys.stdout.isatty() else 2,
                callbacks=[*own, interruptible],
            )

    def save(self, vae):
        """model.keras, saved_model/ and what metrics.json has by now; Ctrl-C has to wait."""
        with saving.uninterrupted():
            saving.save(vae, self.folder)
            self.write()

    def _callbacks(self, vae, rows, others):
        """In order: what writes history.csv and the best weights comes before the checkpoint."""
        import keras

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
            zoo.Resume(self.folder / "checkpoints"),
        ]

    def history(self):
        """history.csv: name -> a number for each epoch, as `fit(...).history` has it."""
        return history_csv.read(self.folder / "history.csv")

    def figure(self, name, figure):
        """Write figures/NAME.png."""
        figure.savefig(self.folder / "figures" / f"{name}.png", dpi=150)

    def report(self, vae, held_out, labels=None, columns=None):
        """Write report.html, if wanted: a page about the model that can be sent to someone."""
        if self.options.report:
            began = time.monotonic()
            if report_page.write(self, vae, held_out, labels, columns):
                self.record["seconds"]["report"] = round(time.monotonic() - began, 1)

    def finish(self, outcome, *lines):
        """Complete metrics.json and say where to look; the exit status."""
        self.record["finished"] = not outcome.status
        self.record["seconds"]["total"] = round(time.monotonic() - self.began, 1)
        self.write()
        if outcome.error:
            print(f"\nTraining broke off: {outcome.error}")
        if "report" in self.record["seconds"]:
            lines += (f"{self.folder}/report.html  start here: all of it on one page",)
        print("", *lines, f"{self.folder}/  model.keras, saved_model/, metrics.json", sep="\n")
        print(f"{self.folder}/figures/  and tensorboard --logdir {self.folder}/tensorboard")
        return outcome.status


def early_stopping(patience):
    """Stop after so many epochs (at least 5) without a better ELBO; the best weights are kept."""
    from support.run.early_stopping import EarlyStopping

    return EarlyStopping(max(5, patience))


def _check_data(vae, train, validation):
    """Refuse data that the model cannot take, before anything is written."""
    rows, watched = zoo.core.nested.rows(train), zoo.core.nested.rows(validation)
    if not rows or not watched:
        raise InputError(
            "--limit",
            f"leaves {rows} examples to train on and {watched} to watch training by, at least 1 of "
            "each is needed",
        )
    likelihood = vae.decoder.likelihood
    with blame("--data", TypeError, ValueError):
        if not likelihood.adapted:
            vae.adapt(train)
        for x in (train, validation):
            likelihood.check(likelihood.prepare(x), "x")


@contextlib.contextmanager
def _blame_option(variant):
    """Errors of a builder are an option's, but for data of another kind than the variant's."""
    try:
        yield
    except (TypeError, ValueError) as error:
        message = str(error).strip().split("\n")[0]
        if message.startswith("x must be"):
            raise InputError("--variant", f"{variant} does not fit the data: {message}") from error
        raise InputError("--option", message) from error
