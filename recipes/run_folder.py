"""The run folder of a recipe, and training in it that survives Ctrl-C."""

import contextlib
import csv
import dataclasses
import importlib.metadata
import json
import os
import pathlib
import platform
import shutil
import sys
import time

import devices
from common import InputError, blame, literals

import zoo

PACKAGES = ("keras", "tensorflow", "tensorflow-probability", "numpy", "scikit-learn")
# Options that may change between a run and its --resume.
FREE = ("epochs", "resume", "samples", "evaluate", "out", "data_dir")


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
        self.record = {
            "recipe": recipe,
            "finished": False,
            "options": _options(options),
            "versions": {"python": platform.python_version(), **_versions()},
            "seconds": {},
        }
        self._open()
        if options.distribute:
            devices.two_devices()

    def _open(self):
        metrics = self.folder / "metrics.json"
        if self.folder.is_file():
            raise InputError("--out", f"{self.folder} is a file, expected a folder")
        if self.folder.is_dir() and any(self.folder.iterdir()) and not metrics.exists():
            raise InputError("--out", f"{self.folder} holds something else than a run of a recipe")
        if self.options.resume:
            self._same_options(metrics)
        else:
            for name in ("checkpoints", "tensorboard", "figures", "saved_model"):
                shutil.rmtree(self.folder / name, ignore_errors=True)
            for name in ("history.csv", "model.keras"):
                (self.folder / name).unlink(missing_ok=True)
        (self.folder / "figures").mkdir(parents=True, exist_ok=True)
        self.write()

    def _same_options(self, metrics):
        if not metrics.exists():
            raise InputError("--resume", f"there is no run in {self.folder}")
        before = json.loads(metrics.read_text())["options"]
        for name, value in json.loads(json.dumps(self.record["options"])).items():
            if name not in FREE and before.get(name) != value:
                flag = "--" + name.replace("_", "-")
                was = before.get(name)
                raise InputError(flag, f"is {value!r}, but the run to resume has {was!r}")

    def write(self):
        """Write metrics.json as far as it is known."""
        partial = self.folder / "metrics.json.partial"
        text = json.dumps(self.record, indent=2, default=_plain, allow_nan=False)
        partial.write_text(text + "\n")
        os.replace(partial, self.folder / "metrics.json")

    def model(self, event_shape, likelihood, **defaults):
        """The variant that was asked for, built and compiled; `defaults` give way to options."""
        import keras

        options = self.options
        keras.utils.set_random_seed(options.seed)
        strategy = devices.strategy(options.distribute)
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
        with blame("--option", TypeError, ValueError), strategy.scope():
            vae = zoo.get(options.variant, input_shape=event_shape, likelihood=likelihood, **chosen)
            vae.compile(zoo.FusedAdam(options.learning_rate))
        self.record["model"] = {
            "variant": options.variant,
            "likelihood": likelihood if isinstance(likelihood, str) else type(likelihood).__name__,
            "parameters": vae.count_params(),
            "replicas": strategy.num_replicas_in_sync,
        }
        return vae

    def describe(self, name, train, held_out):
        """Say in metrics.json what the data are."""
        self.record["data"] = {
            "name": name,
            "train": len(train),
            "held_out": len(held_out),
            "event_shape": list(train.shape[1:]),
        }
        self.write()

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
        epochs = self.options.epochs
        outcome, began = Outcome(), time.monotonic()
        try:
            vae.fit(
                train,
                batch_size=self.options.batch_size,
                epochs=epochs,
                validation_data=(validation,),
                verbose=1 if sys.stdout.isatty() else 2,
                callbacks=[*self._callbacks(len(train)), *callbacks],
            )
        except KeyboardInterrupt:
            outcome.interrupted = True
            print("\nStopped: saving the model. Ctrl-C once more leaves out numbers and figures.")
        except FloatingPointError as error:
            outcome.error = str(error)
        self.record["seconds"]["training"] = round(time.monotonic() - began, 1)
        self.record.update(
            epochs=len(self.history().get("epoch", ())),
            interrupted=outcome.interrupted,
            error=outcome.error,
        )
        self.save(vae)
        return outcome

    def save(self, vae):
        """model.keras, saved_model/ and what metrics.json has by now."""
        vae.save(self.folder / "model.keras")
        vae.export(self.folder / "saved_model")
        self.write()

    def _callbacks(self, rows):
        import keras

        options, callbacks = self.options, []
        if options.warmup_epochs:
            steps = options.warmup_epochs * -(-rows // options.batch_size)
            beta = 1.0 if options.beta is None else options.beta
            callbacks.append(zoo.Anneal(zoo.callbacks.linear(steps, end=beta)))
        return [
            *callbacks,
            keras.callbacks.CSVLogger(self.folder / "history.csv", append=options.resume),
            keras.callbacks.TensorBoard(self.folder / "tensorboard", write_graph=False),
            zoo.Resume(self.folder / "checkpoints"),
        ]

    def history(self):
        """history.csv: name -> a number for each epoch, as `fit(...).history` has it."""
        path = self.folder / "history.csv"
        if not path.exists():
            return {}
        with path.open(newline="") as file:
            # A run killed between two files may have written an epoch twice: the last one counts.
            rows = {int(row["epoch"]): row for row in csv.DictReader(file)}
        rows = [rows[epoch] for epoch in sorted(rows)]
        return {k: [float(row[k]) for row in rows] for k in rows[0]} if rows else {}

    def figure(self, name, figure):
        """Write figures/NAME.png."""
        figure.savefig(self.folder / "figures" / f"{name}.png", dpi=150)

    def finish(self, outcome, *lines):
        """Complete metrics.json and say where to look; the exit status."""
        self.record["finished"] = not outcome.status
        self.record["seconds"]["total"] = round(time.monotonic() - self.began, 1)
        self.write()
        if outcome.error:
            print(f"\nTraining broke off: {outcome.error}")
        print("", *lines, f"{self.folder}/  model.keras, saved_model/, metrics.json", sep="\n")
        print(f"{self.folder}/figures/  start here; tensorboard --logdir {self.folder}/tensorboard")
        return outcome.status


def early_stopping(patience):
    """Stop after so many epochs (at least 5) without a better ELBO; the best weights are kept."""
    import keras

    return keras.callbacks.EarlyStopping(
        "val_elbo", mode="max", patience=max(5, patience), restore_best_weights=True
    )


def _options(options):
    return {k: str(v) if isinstance(v, pathlib.Path) else v for k, v in vars(options).items()}


def _versions():
    found = {}
    for package in PACKAGES:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[package] = importlib.metadata.version(package)
    return {**found, "zoo": zoo.__version__}


def _plain(value):
    """NumPy's numbers as Python's, for JSON."""
    return value.item() if hasattr(value, "item") else str(value)
