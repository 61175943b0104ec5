"""The VAE: latents, a decoder and an objective, trained as a Keras model."""

import keras
import tensorflow as tf

from zoo.core import elbo, execution, inputs, nested, validation
from zoo.core.distributions import joint_normal
from zoo.core.forward import forward_pass
from zoo.core.identifiers import resolve
from zoo.core.random import SeedStream
from zoo.core.samplers import MeanSampler, untile
from zoo.core.serialization import component, ensure_built, from_arguments, is_real
from zoo.inference.methods import InferenceMethods
from zoo.objectives import ELBO
from zoo.training import arguments, corruptions
from zoo.training.methods import TrainingMethods
from zoo.training.optimizers import FusedAdam
from zoo.training.workers import per_worker

# `evaluate` draws with this seed every time, so that epochs differ by the weights alone.
EVALUATION_SEED = (20140, 1312)

# The meaning of "auto" in `compile`, unless a variant passes `auto_compile`.
AUTO_COMPILE = {"xla_on_cpu": True, "steps_per_execution": 1}


@component
class VAE(TrainingMethods, InferenceMethods):
    """A variational autoencoder: p(x, z) = p(x|z) p(z), with q(z|x) to infer z.

    Trains with `fit`, like any Keras model. Every method takes NumPy arrays, tensors or
    `tf.data.Dataset`s of any length and works batch by batch; every log-probability is in nats per
    example, summed over the event. Results are deterministic unless samples are requested.

    Args:
        latents: x -> code and draws, as `zoo.SingleLatent`.
        decoder: code -> p(x|z), a `zoo.decoders.Decoder`.
        objective: the loss that `fit` minimises; by default `zoo.objectives.ELBO()`, the negative
            ELBO.
        input_noise: an identifier ("gaussian", "masking", "salt_and_pepper") or a corruption, which
            adds noise to the encoder's input in training; the target stays clean.
        auto_compile: the meaning of "auto" in `compile` for this architecture: a dict with
            "xla_on_cpu" (whether to compile with XLA on a CPU, where it is faster for dense layers
            but not for convolutions; on a GPU it is always used) and "steps_per_execution".
        seed: seed of the noise and of the order of the data; None draws one from Keras' global
            seed.
    """

    def __init__(
        self,
        latents,
        decoder: keras.Model,
        *,
        objective=None,
        input_noise=None,
        auto_compile: dict | None = None,
        seed: int | None = None,
        **kwargs,
    ) -> None:
        super().__init__(**kwargs)
        # x is in data units, which a half-precision policy would round away; layers cast inside.
        self.autocast = False
        self.latents, self.decoder = latents, decoder
        self.preprocessor = decoder.likelihood.preprocessor()
        self.objective = objective or ELBO()
        self.input_noise = resolve(input_noise, corruptions.IDENTIFIERS, "input_noise")
        self.auto_compile = AUTO_COMPILE | (auto_compile or {})
        if self.auto_compile.keys() != AUTO_COMPILE.keys():
            raise ValueError(
                f"auto_compile must have the keys {', '.join(AUTO_COMPILE)}, got {auto_compile}"
            )
        self.seed = seed = validation.as_model_seed(seed)
        self._seeds = SeedStream(seed)
        self._seed_state = self._seeds.state
        if self.input_noise is not None:
            self.input_noise.seed_by_default(seed)
        self._has_user_metrics = False
        self._functions = {}  # of zoo.core.functions
        self._multi_step_function = None  # of zoo.training.multi_step
        self._likelihood_checked = False  # by the first pass
        self._validated = None  # validation data that `fit` has checked

    @property
    def encoder(self) -> keras.Model:
        """The encoder, q(z|x) for encoder inputs: `encode` and `posterior` take x itself."""
        return self.latents.encoder

    def __dir__(self):
        # Keras saves the attributes that dir() lists; the encoder belongs to the latents.
        return [name for name in super().__dir__() if name != "encoder"]

    # Building and compiling

    def build(self, input_shape) -> None:
        """Create all weights for x of `input_shape`, batch first."""
        event = _per_array(lambda shape: tuple(shape[1:]), input_shape)
        encoder_inputs = self.preprocessor.encoder_inputs_shape(event)
        encoder_inputs = _per_array(lambda shape: (None, *shape), encoder_inputs)
        for layer in (self.latents, self.input_noise):
            if layer is not None:
                ensure_built(layer, encoder_inputs)
        self.decoder.event_shape = event
        ensure_built(self.decoder, (None, *self.latents.code_shape))
        ensure_built(self.objective, (None, self.latents.latent_dim))

    def compile(
        self,
        optimizer=None,
        *,
        jit_compile: bool | str = "auto",
        steps_per_execution: int | str = "auto",
        **kwargs,
    ) -> None:
        """As in Keras; the loss is the objective.

        Args:
            optimizer: by default Adam at a learning rate of 1e-3, with one fused kernel for each
                variable.
            jit_compile: "auto" is the fastest choice for this model on this device.
            steps_per_execution: number of optimizer steps in one call; "auto" likewise. Batch
                callbacks run once for each call.
            **kwargs: `run_eagerly`, `metrics`, ... as in `keras.Model.compile`.
        """
        if kwargs.get("loss") is not None:
            raise ValueError(
                f"loss must be None, since a VAE minimises its `objective`, got {kwargs['loss']!r}"
            )
        arguments.check_compile(jit_compile, steps_per_execution, **kwargs)
        single = tf.distribute.get_strategy().num_replicas_in_sync == 1
        fast = single and not kwargs.get("run_eagerly", False)
        jit, steps = jit_compile, steps_per_execution
        if jit == "auto":
            gpu = bool(tf.config.list_logical_devices("GPU"))
            jit = fast and (gpu or self.auto_compile["xla_on_cpu"])
        if steps == "auto":
            steps = self.auto_compile["steps_per_execution"] if fast else 1
        has_metrics = bool(kwargs.get("metrics") or kwargs.get("weighted_metrics"))
        if self._has_user_metrics and not has_metrics:
            kwargs["metrics"] = []  # or Keras would keep the metrics of the call before
        super().compile(
            optimizer=FusedAdam(1e-3) if optimizer is None else optimizer,
            jit_compile=jit,
            steps_per_execution=steps,
            **kwargs,
        )
        # Only now: an error leaves the model as it was.
        self._has_user_metrics, self._functions = has_metrics, {}
        self._compile_choices = {
            "jit_compile": jit_compile,
            "steps_per_execution": steps_per_execution,
        }

    def get_compile_config(self) -> dict:
        """As in Keras; an "auto" that the user chose is saved as "auto"."""
        return {**super().get_compile_config(), **self._compile_choices} if self.compiled else {}

    def compile_from_config(self, config) -> None:
        """As in Keras."""
        self.compile(**keras.saving.deserialize_keras_object(config))
        if self.built:
            self.optimizer.build(self.trainable_variables)

    # Training

    def make_train_function(self, force=False) -> None:
        """As in Keras, or the function of several steps that `fit` chose."""
        if self._multi_step_function is None:
            super().make_train_function(force)
        else:
            self.train_function = self._multi_step_function

    def train_step(self, data):
        """One optimizer step, as in Keras."""
        with execution.tracing(self.jit_compile):
            return per_worker(super().train_step(data))

    def test_step(self, data):
        """One evaluation step, as in Keras."""
        with execution.tracing(self.jit_compile):
            return per_worker(super().test_step(data))

    def predict_step(self, data):
        """The posterior's parameters and the reconstruction of one batch."""
        x = self.preprocessor.to_tensor(keras.utils.unpack_x_y_sample_weight(data)[0])
        with execution.tracing(self.jit_compile):
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

    # Saving

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """As in Keras; built, if the shape of x is known."""
        vae = from_arguments(cls, config, custom_objects)
        shape = vae.decoder.event_shape
        if shape is not None and not vae.built:  # files of the format .h5 need the weights
            vae.build(_per_array(lambda sizes: (None, *sizes), shape))
            vae.built = True
        return vae

    def save(self, filepath, overwrite: bool = True, **kwargs) -> None:
        """As `keras.Model.save`; raises `ValueError` if the model is not built."""
        inputs.require_built(self)
        if is_real(filepath):  # the number of an open file
            raise TypeError(f"filepath must be a path, got {filepath!r}")
        self._build_optimizer()
        super().save(filepath, overwrite=overwrite, **kwargs)

    def __reduce__(self):  # of pickle and of copy.deepcopy
        self._build_optimizer()
        return super().__reduce__()

    def _build_optimizer(self):
        """Create the optimizer's variables, which a loaded model always has."""
        if self.compiled and self.built:
            with self.distribute_strategy.scope():
                self.optimizer.build(self.trainable_variables)


def _per_array(function, shape):
    """`function` of a shape, or of each shape of a dict."""
    return nested.map_arrays(lambda sizes: function(tuple(sizes)), shape)


# By its name alone, as files of the format .h5 have it.
keras.saving.get_custom_objects()["VAE"] = VAE
