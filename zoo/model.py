"""The VAE: latents, a decoder and an objective, trained as a Keras model."""

import os
import pathlib

import keras
import tensorflow as tf

from zoo.core import checkpoints, inputs, nested, validation
from zoo.core.argument_values import is_real
from zoo.core.identifiers import keras_object, resolve
from zoo.core.random import SeedStream
from zoo.core.serialization import component, ensure_built, from_arguments
from zoo.inference.methods import InferenceMethods
from zoo.objectives import ELBO
from zoo.training import arguments, corruptions
from zoo.training.methods import TrainingMethods
from zoo.training.optimizers import FusedAdam
from zoo.training.series_pca import initial_fit_of

# What `compile` chooses where its arguments do not, unless a variant passes `auto_compile`. Files
# of earlier versions have no learning rate here: theirs was this one.
AUTO_COMPILE = {"xla_on_cpu": True, "steps_per_execution": 1, "learning_rate": 1e-3}


@component
class VAE(TrainingMethods, InferenceMethods):
    """A variational autoencoder: p(x, z) = p(x|z) p(z), with q(z|x) to infer z.

    Trains with `fit`, like any Keras model. Every method takes NumPy arrays, tensors or
    `tf.data.Dataset`s of any length and works batch by batch; every log-probability is in nats per
    example, summed over the event. Results are deterministic unless samples are requested. A Python
    generator that never ends is read for ever, unless an argument such as `steps` limits it.

    Args:
        latents: x -> code and draws, as `zoo.SingleLatent`.
        decoder: code -> p(x|z), a `zoo.decoders.Decoder`.
        objective: the loss that `fit` minimises; by default `zoo.objectives.ELBO()`, the negative
            ELBO.
        input_noise: an identifier ("gaussian", "noise_levels", "masking", "salt_and_pepper") or a
            corruption, which adds noise to the encoder's input in training; the target stays clean.
        initial_fit: "pca" or a `zoo.training.SeriesPCA`, which sets initial weights of a VAE of
            series from the first training data; None for random weights.
        auto_compile: what `compile` chooses by itself for this architecture: a dict with
            "xla_on_cpu" (whether to compile with XLA on a CPU, where it is faster for dense layers
            but not for convolutions; on a GPU it is always used), "steps_per_execution" and
            "learning_rate" (1e-3 by default, as in Keras).
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
        initial_fit=None,
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
        self.initial_fit = initial_fit_of(initial_fit, latents, decoder)
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
        self._xla_is_optional = False  # of zoo.training.xla
        self._train_function_jit = None  # `jit_compile` of `train_function`
        self._likelihood_checked = False  # by the first pass
        self._validated = None  # validation data that `fit` has checked
        self.origin = None  # a zoo.core.serialization.Origin, of `zoo.get`

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
        if isinstance(input_shape, dict) != self.preprocessor.has_names:
            form = "a dict, name -> shape" if self.preprocessor.has_names else "one shape"
            raise ValueError(f"input_shape must be {form}, got {input_shape!r}")
        event = _per_array(lambda shape: tuple(shape[1:]), input_shape)
        encoder_inputs = self.preprocessor.encoder_inputs_shape(event)
        encoder_inputs = _per_array(lambda shape: (None, *shape), encoder_inputs)
        for layer in (self.latents, self.input_noise, self.initial_fit):
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
            optimizer: by default Adam at the learning rate of `auto_compile`, 1e-3 or what is best
                for a variant, with one fused kernel for each variable.
            jit_compile: "auto" is the fastest choice for this model on this device: on a GPU XLA,
                on a CPU XLA where `auto_compile` says so and at least a thousand steps follow.
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
        gpu = bool(tf.config.list_logical_devices("GPU"))
        if jit == "auto":
            jit = fast and (gpu or self.auto_compile["xla_on_cpu"])
        if steps == "auto":
            steps = self.auto_compile["steps_per_execution"] if fast else 1
        has_metrics = bool(kwargs.get("metrics") or kwargs.get("weighted_metrics"))
        if self._has_user_metrics and not has_metrics:
            kwargs["metrics"] = []  # or Keras would keep the metrics of the call before
        super().compile(
            optimizer=FusedAdam(self.auto_compile["learning_rate"])
            if optimizer is None
            else keras_object(keras.optimizers, optimizer, "optimizer"),
            jit_compile=jit,
            steps_per_execution=steps,
            **kwargs,
        )
        # Only now: an error leaves the model as it was.
        self._has_user_metrics, self._functions = has_metrics, {}
        self._xla_is_optional = jit_compile == "auto" and not gpu
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
        """As `keras.Model.save`; raises `ValueError` if the model is not built, or quantized."""
        inputs.require_built(self)
        inputs.require_loadable(self)
        if is_real(filepath):  # the number of an open file
            raise TypeError(f"filepath must be a path, got {filepath!r}")
        self._build_optimizer()
        super().save(filepath, overwrite=overwrite, **kwargs)

    def save_to_preset(
        self, folder: str | os.PathLike, card: dict | None = None, dtype: str = "float32"
    ) -> None:
        """Write a folder that `zoo.get(name, weights=folder)` loads: config, weights and a card.

        Without the optimizer's state. "hf://user/model" uploads the model as `save` does.

        Args:
            folder: a new or empty folder, or one of an earlier call, whose model is replaced.
            card: texts and numbers for `card.json` and `README.md`, by the names of
                `zoo.pretrained.WeightsCard`, such as "summary", "data", "weights_licence" and
                "numbers".
            dtype: "float32", or "float16" for half the size; large arrays are rounded.

        Raises:
            ValueError: the model is not built, or holds NaN or infinity.
            TypeError: card has an unknown field.
            FileExistsError: the folder holds files of another program.
        """
        inputs.require_built(self)
        inputs.require_loadable(self)
        validation.check_path(folder=folder)
        from zoo.pretrained import sources, write  # noqa: PLC0415  (they use this class)

        if os.fspath(folder).startswith(sources.HUB):
            self.save(os.fspath(folder))
        else:
            write.write(self, folder, card, dtype)

    def load_weights(self, filepath, skip_mismatch: bool = False, **kwargs) -> None:
        """As in Keras; a file that cannot be loaded leaves the model as it was.

        Raises:
            ValueError: the file is missing, damaged, of another model, or holds NaN or infinity; or
                the model is not built.
        """
        inputs.require_built(self)
        validation.check_path(filepath=filepath)
        validation.check_flags(skip_mismatch=skip_mismatch)
        options = {"skip_mismatch": skip_mismatch, **kwargs}
        checkpoints.load(self, pathlib.Path(filepath), own=False, **options)

    def __reduce__(self):  # of pickle and of copy.deepcopy
        inputs.require_loadable(self)
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
