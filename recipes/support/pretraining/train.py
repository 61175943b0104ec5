"""Training of pretrained weights: resumable, with the processor time that it took."""

import dataclasses
import json
import time

import keras

import zoo


def train(spec, x, folder, jit_compile="auto"):
    """Train the model of a `Spec`, or continue the training that a folder holds.

    Args:
        spec: the `Spec`.
        x: examples to train on.
        folder: folder of checkpoints and of history.csv.
        jit_compile: as in `VAE.compile`.

    Returns:
        The model and the processor time in minutes, that of interrupted runs included.
    """
    plan = spec.training
    keras.utils.set_random_seed(spec.seed)
    shape = _input_shape(x)
    vae = zoo.get(spec.variant, input_shape=shape, seed=spec.seed, **options_of(spec, x))
    tuning = dataclasses.replace(plan, batch_size=plan.importance_batch_size or plan.batch_size)
    per_epoch, tuning_steps = (steps_per_epoch(part, x) for part in (plan, tuning))
    steps = plan.epochs * per_epoch + plan.importance_epochs * tuning_steps
    optimizer = make_optimizer(plan, steps)
    warmup = []
    if plan.beta_warmup:
        warmup.append(zoo.Anneal(zoo.callbacks.linear(plan.beta_warmup * per_epoch)))
    fit(vae, optimizer, plan, x, folder, plan.epochs, jit_compile, warmup)
    seconds = ProcessorTime(folder / "time.json").seconds()
    if plan.importance_epochs:
        objective = zoo.objectives.ImportanceWeighted(plan.importance_samples)
        tuned = zoo.VAE(vae.latents, vae.decoder, objective=objective, seed=spec.seed)
        tuned.build((None, *shape))
        further = folder / "importance"
        fit(tuned, optimizer, tuning, x, further, plan.importance_epochs, jit_compile)
        seconds += ProcessorTime(further / "time.json").seconds()
    if plan.fit_prior:
        zoo.fit_prior(vae, x, seed=spec.seed)
    return vae, seconds / 60


def steps_per_epoch(plan, x):
    """Optimizer steps in which a `Training` sees all examples once."""
    return -(-zoo.core.nested.row_count(x) // plan.batch_size)


def fit(vae, optimizer, plan, x, folder, epochs, jit_compile, callbacks=()):
    """Train a model for some epochs of a `Training`, or continue what a folder holds."""
    vae.compile(optimizer, jit_compile=jit_compile, steps_per_execution=plan.steps_per_execution)
    folder.mkdir(parents=True, exist_ok=True)
    callbacks = [
        *callbacks,
        zoo.Resume(folder / "checkpoints", every=max(1, epochs // 50)),
        keras.callbacks.CSVLogger(folder / "history.csv", append=True),
        zoo.NonFiniteGuard(),
        ProcessorTime(folder / "time.json"),
    ]
    vae.fit(x, epochs=epochs, batch_size=plan.batch_size, callbacks=callbacks, verbose=2)
    if plan.ema is not None:
        # `fit` does this too, unless all epochs had been trained before.
        optimizer.finalize_variable_values(vae.trainable_variables)


def options_of(spec, x):
    """Options of a `Spec`'s variant, where functions are replaced by their values for x."""
    return {k: v(x) if callable(v) else v for k, v in spec.options.items()}


def _input_shape(x):
    """Shape of an example of each array; None for texts, whose likelihood sets their length."""
    if not isinstance(x, dict) and x.dtype == object:
        return None
    return zoo.core.nested.map_arrays(lambda array: array.shape[1:], x)


def make_optimizer(plan, steps):
    """The optimizer of a `Training` of this many steps."""
    rate = keras.optimizers.schedules.CosineDecay(
        0.0,
        max(1, steps - plan.warmup),
        alpha=plan.end / plan.peak,
        warmup_target=plan.peak,
        warmup_steps=plan.warmup,
    )
    make = {"adam": zoo.FusedAdam, "adamax": keras.optimizers.Adamax}[plan.optimizer]
    average = {} if plan.ema is None else {"use_ema": True, "ema_momentum": plan.ema}
    common = {"global_clipnorm": plan.clipnorm, "weight_decay": plan.weight_decay}
    return make(rate, **common, **average)


class ProcessorTime(keras.callbacks.Callback):
    """Processor time of training in a file, to which a resumed run adds.

    Args:
        path: the file.
    """

    def __init__(self, path):
        super().__init__()
        self.path, self._before, self._start = path, 0.0, None

    def on_train_begin(self, logs=None):
        self._before, self._start = self.seconds(), time.process_time()

    def on_epoch_end(self, epoch, logs=None):
        seconds = self._before + time.process_time() - self._start
        self.path.write_text(json.dumps({"seconds": seconds}))

    def seconds(self):
        """Seconds so far."""
        return json.loads(self.path.read_text())["seconds"] if self.path.exists() else 0.0
