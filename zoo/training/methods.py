"""Training methods and steps of a VAE: those of `keras.Model`, with checked data."""

import inspect
from collections.abc import Callable

import keras
import tensorflow as tf

from zoo.core import elbo, execution
from zoo.core.distributions import joint_normal
from zoo.core.forward import forward_pass
from zoo.core.samplers import MeanSampler, untile
from zoo.training import adapt, evaluate, fit, xla
from zoo.training.workers import per_worker

# `evaluate` draws with this seed every time, so that epochs differ by the weights alone.
EVALUATION_SEED = (20140, 1312)

FIT_ARGUMENTS = (*inspect.signature(keras.Model.fit).parameters,)[1:]


class TrainingMethods(keras.Model):
    """Training and evaluation methods of a `VAE`.

    All data pass the same checks, batch by batch where they come in batches. A call that is refused
    leaves the model as it was, `fit` also where it has trained on earlier batches of a stream.

    A `tf.data.Dataset` or `PyDataset` that is known to have no end, as after `repeat()`, is refused
    unless an argument limits the steps. The length of a Python generator is unknown: one that never
    ends is read for ever.
    """

    def adapt(self, x) -> None:
        """Learn units, a vocabulary or initial weights; the first call of `fit` does so by itself.

        Units are learned in each call, initial weights in the first one alone.
        """
        adapt.adapt(self, x)

    def fit(
        self,
        x=None,
        y=None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: int | str = "auto",
        callbacks=None,
        validation_split: float = 0.0,
        validation_data=None,
        shuffle: bool = True,
        class_weight: dict | None = None,
        sample_weight=None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: int = 1,
    ) -> keras.callbacks.History:
        """As `keras.Model.fit`, with checked input and a reproducible order of array data.

        If a later batch of a stream is refused, the steps before it are undone; `zoo.Resume` keeps
        the epochs that were complete. After an interrupt the model stays as it was trained.

        Args:
            x: array, tensor, dict of arrays, list of texts or series, a `tf.data.Dataset`, or
                another stream of batches: a `PyDataset`, a generator, a data loader.
            y: labels for terms or metrics that use them; None otherwise.
            batch_size: examples of a step, 128 by default; None for a dataset, which has its own.
            epochs: passes over x.
            verbose: "auto", 0 (silent), 1 (progress bar) or 2 (one line for each epoch).
            callbacks: one or a list; a `NonFiniteGuard` is added if there is none.
            validation_split: fraction of the rows, the last ones, to hold out.
            validation_data: x, or `(x,)`, `(x, y)` or `(x, y, sample_weight)`, or a dataset.
            shuffle: whether arrays are read in random order, which the model's seed determines.
            class_weight: class -> weight, for integer labels y.
            sample_weight: weight of each example, `[N]`.
            initial_epoch: as in Keras.
            steps_per_epoch: as in Keras; needed if x has no end. A generator without end is read
                for ever, in one epoch, if it is None.
            validation_steps, validation_batch_size, validation_freq: as in Keras.

        Returns:
            Keras' `History`: loss, elbo, nll, kl, active_units and further terms by epoch, in nats.

        Raises:
            ValueError, TypeError: data that the model cannot take: before the first step, or at a
                later batch of a stream, after which the model is as it was before the call.
            FloatingPointError: training diverged; the last good weights are restored.
        """
        arguments = {name: value for name, value in locals().items() if name in FIT_ARGUMENTS}
        return fit.fit(self, super().fit, **arguments)

    def evaluate(self, x=None, y=None, **kwargs):
        """As `keras.Model.evaluate`, with checked input.

        `steps=` is needed if x has no end; a generator without end is read for ever if it is None.
        """
        return evaluate.evaluate(self, super().evaluate, x, y, **kwargs)

    def predict(self, x, **kwargs) -> dict:
        """As `keras.Model.predict`, with checked input: arrays `loc`, `scale`, `reconstruction`.

        `steps=` is needed if x has no end; a generator without end is read for ever if it is None.
        """
        return evaluate.predict(self, super().predict, x, **kwargs)

    def train_on_batch(
        self, x, y=None, sample_weight=None, class_weight=None, return_dict: bool = False
    ) -> dict | list | float:
        """As in Keras, with checked input; a model that learns units needs `adapt` before."""
        return evaluate.train_on_batch(
            self, super().train_on_batch, x, y, sample_weight, class_weight, return_dict
        )

    def test_on_batch(
        self, x, y=None, sample_weight=None, return_dict: bool = False
    ) -> dict | list | float:
        """As in Keras, with checked input."""
        return evaluate.test_on_batch(self, super().test_on_batch, x, y, sample_weight, return_dict)

    def predict_on_batch(self, x) -> dict:
        """As `predict` for one batch."""
        return evaluate.predict_on_batch(self, super().predict_on_batch, x)

    # Steps of the training loop

    @property
    def jit_compile(self) -> bool:
        """As in Keras: whether XLA compiles the steps; by "auto" on a CPU, those of long loops."""
        return super().jit_compile

    @jit_compile.setter
    def jit_compile(self, value):
        keras.Model.jit_compile.fset(self, value)
        self._xla_is_optional = False

    def make_train_function(self, force=False) -> None:
        """As in Keras, or the function of several steps that `fit` chose."""
        if self._multi_step_function is not None:
            self.train_function = self._multi_step_function
            return
        super().make_train_function(force or self._train_function_jit != self.jit_compile)
        self._train_function_jit = self.jit_compile

    def make_test_function(self, force=False) -> None:
        """As in Keras, without XLA where "auto" leaves that open."""
        with xla.enabled(self, xla.of_evaluation(self)):
            super().make_test_function(force)

    def make_predict_function(self, force=False) -> Callable | None:
        """As in Keras, without XLA where "auto" leaves that open."""
        with xla.enabled(self, xla.of_evaluation(self)):
            return super().make_predict_function(force)

    def train_step(self, data):
        """One optimizer step, as in Keras."""
        with execution.tracing(self.jit_compile):
            return per_worker(super().train_step(data))

    def test_step(self, data):
        """One evaluation step, as in Keras."""
        with execution.tracing(xla.of_evaluation(self)):
            return per_worker(super().test_step(data))

    def predict_step(self, data):
        """The posterior's parameters and the reconstruction of one batch."""
        x = self.preprocessor.to_tensor(keras.utils.unpack_x_y_sample_weight(data)[0])
        with execution.tracing(xla.of_evaluation(self)):
            out = forward_pass(self, x, MeanSampler())
            q = joint_normal(out.draws)
            return {"loc": q.loc, "scale": q.scale, "reconstruction": out.likelihood.mean()}

    def _maybe_symbolic_build(self, iterator=None, data_batch=None):
        # Under a strategy Keras builds the model here from a batch, which fails with several
        # workers because the batch is a tuple. `fit` has already built this model.
        if not self.built:
            super()._maybe_symbolic_build(iterator=iterator, data_batch=data_batch)

    def call(self, x, training=None):
        """The `Pass` of `fit` (training) or `evaluate`: with their target, noise and draws."""
        seed = self._seeds if training else tf.constant(EVALUATION_SEED)
        sampler = self.objective.sampler(seed)
        x = self.preprocessor.to_tensor(x)
        x = self.decoder.likelihood.target(x, sampler.next_seed)
        return forward_pass(self, x, sampler, training)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """The objective, averaged over the batch, plus regularizers; `y_pred` is a `Pass`."""
        per_example = self.objective.per_example(x, y, y_pred, sample_weight)
        if sample_weight is not None:
            per_example *= tf.cast(sample_weight, per_example.dtype)
        # add_loss would mix the losses of replicas, which are traced in turns.
        loss = elbo.mean_over_replicas(per_example)
        if self.losses:  # regularizers and losses that users add; Keras aggregates these
            loss += super().compute_loss(x, y, y_pred, sample_weight, training)
        return loss

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        """As in Keras; metrics given to `compile` compare y with E[x|z]."""
        if self._has_user_metrics:
            means = self.preprocessor.add_origin(y_pred.likelihood.mean(), tf.float32)
            means = untile(means, y_pred.samples)
            y_pred = tf.nest.map_structure(lambda mean: tf.reduce_mean(mean, 0), means)
        return super().compute_metrics(x, y, y_pred, sample_weight)
