"""The one VAE: latents, a decoder and an objective, strung through Keras."""

import functools

import keras
import tensorflow as tf

from zoo.core import elbo, execution, inputs, validation
from zoo.core.distributions import joint_normal
from zoo.core.identifiers import resolve
from zoo.core.outputs import Pass
from zoo.core.samplers import MeanSampler, untile
from zoo.core.serialization import component, ensure_built
from zoo.decoders import event_shapes
from zoo.inference.methods import InferenceMethods
from zoo.objectives import ELBO
from zoo.training import adapt as adapting
from zoo.training import corruptions
from zoo.training import fit as fitting
from zoo.training.optimizers import FusedAdam

# `evaluate` draws with this seed every time, so that epochs differ by the weights alone.
EVALUATION_SEED = (20140, 1312)


@component
class VAE(InferenceMethods):
    """A variational autoencoder: p(x, z) = p(x|z) p(z), and q(z|x) to go back.

    Trains with `fit`, like any Keras model. Every method takes NumPy arrays, tensors or
    `tf.data.Dataset`s of any length and works batch by batch; every log-probability is in nats per
    example, summed over the event. Deterministic unless samples are asked for.

    Args:
        latents: x -> code and draws (`SingleLatent`).
        decoder: code -> p(x|z).
        objective: what is minimised; `ELBO((KL(),))`, the negative ELBO, by default.
        input_noise: an identifier ("gaussian", "masking", "salt_and_pepper") or a corruption: the
            encoder sees noise while training, the target stays clean.
        xla_on_cpu: whether `compile(jit_compile="auto")` means XLA on a CPU too: right for dense
            layers, wrong for convolutions. On a GPU it always does.
        steps_per_call: what `compile(steps_per_execution="auto")` means.
        seed: of the noise and of the order of the data; None draws one from Keras' global seed.
    """

    def __init__(
        self,
        latents,
        decoder,
        *,
        objective=None,
        input_noise=None,
        xla_on_cpu=True,
        steps_per_call=1,
        seed=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        # x is in data units, which a half-precision policy would round away; what computes casts.
        self.autocast = False
        self.latents, self.decoder = latents, decoder
        self.objective = objective or ELBO()
        self.input_noise = resolve(input_noise, corruptions.IDENTIFIERS, "input_noise")
        self.seed = seed = validation.model_seed(seed)
        self.xla_on_cpu, self.steps_per_call = xla_on_cpu, steps_per_call
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.seed_state = self.seed_generator.state  # Keras saves a layer's variables, not seeds
        if self.input_noise is not None:
            self.input_noise.seed_by_default(seed)
        self._functions = {}

    # Keras: building, compiling, training

    def build(self, input_shape):
        """Create all weights for x of `input_shape`, batch first."""
        event = _per_array(lambda shape: tuple(shape[1:]), input_shape)
        features = self.decoder.likelihood.features_shape(event)
        features = _per_array(lambda shape: (None, *shape), features)
        for layer in (self.latents, self.input_noise):
            if layer is not None:
                ensure_built(layer, features)
        self.decoder.event_shape = event
        ensure_built(self.decoder, (None, *self.latents.code_shape))
        ensure_built(self.objective, (None, self.latents.latent_dim))

    def compile(self, optimizer=None, *, jit_compile="auto", steps_per_execution="auto", **kwargs):
        """As in Keras; the loss is the objective.

        Args:
            optimizer: Adam at 1e-3 by default, one fused kernel a variable.
            jit_compile: "auto" is what is fastest for this model on this device.
            steps_per_execution: optimizer steps in one call; "auto" likewise. Callbacks hear of
                batches once in so many.
            **kwargs: `run_eagerly`, `metrics`, ... as in `keras.Model.compile`.
        """
        if kwargs.get("loss") is not None:
            raise ValueError(
                f"loss={kwargs['loss']!r} has no meaning here: a VAE minimises its `objective`, "
                "an argument of the model"
            )
        self._measured = bool(kwargs.get("metrics") or kwargs.get("weighted_metrics"))
        self._chosen = {"jit_compile": jit_compile, "steps_per_execution": steps_per_execution}
        eager = kwargs.get("run_eagerly", False)
        alone = tf.distribute.get_strategy().num_replicas_in_sync == 1
        if jit_compile == "auto":
            jit_compile = not eager and alone and self._xla_pays()
        if steps_per_execution == "auto":
            steps_per_execution = self.steps_per_call if alone and not eager else 1
        self._functions = {}
        super().compile(
            optimizer=FusedAdam(1e-3) if optimizer is None else optimizer,
            jit_compile=jit_compile,
            steps_per_execution=steps_per_execution,
            **kwargs,
        )

    def _xla_pays(self):
        """Whether XLA makes a step of this model faster on this device."""
        return self.xla_on_cpu or bool(tf.config.list_logical_devices("GPU"))

    def get_compile_config(self):
        # What was asked for, not what it came to on this machine.
        return {**super().get_compile_config(), **self._chosen} if self.compiled else {}

    def compile_from_config(self, config):
        self.compile(**keras.saving.deserialize_keras_object(config))
        if self.built:
            self.optimizer.build(self.trainable_variables)

    def adapt(self, x):
        """Learn units or words from data, as `fit` does by itself with the first that it sees."""
        adapting.adapt(self, x)

    def forget_functions(self):
        """Trace anew what was compiled: the likelihood has learned something that it holds."""
        self._functions = {}
        self.train_function = self.test_function = self.predict_function = None

    def fit(self, x=None, y=None, **kwargs):
        """As `keras.Model.fit`, with checked input and a reproducible order."""
        return fitting.fit(self, super().fit, x, y, **kwargs)

    def evaluate(self, x=None, y=None, **kwargs):
        """As `keras.Model.evaluate`, with checked input."""
        # Keras calls this from fit with what fit has checked already.
        if not kwargs.get("_use_cached_eval_dataset"):
            x = inputs.training_data(self, x, y, kwargs.get("sample_weight"))
        with inputs.plain_errors():
            return super().evaluate(x, y, **kwargs)

    def predict(self, x, **kwargs):
        """As `keras.Model.predict`, with checked input: arrays `loc`, `scale`, `reconstruction`."""
        with inputs.plain_errors():
            found = super().predict(inputs.training_data(self, x, None, None), **kwargs)
        present = self.decoder.likelihood.present
        return {**found, "reconstruction": present(found["reconstruction"])}

    def train_step(self, data):
        with execution.tracing(self.jit_compile):
            return fitting.per_worker(super().train_step(data))

    def test_step(self, data):
        with execution.tracing(self.jit_compile):
            return fitting.per_worker(super().test_step(data))

    def _maybe_symbolic_build(self, iterator=None, data_batch=None):
        # Under a strategy Keras draws a batch here to build the model from, and with several
        # workers fails to reduce it (a tuple). fit has built this model already.
        if not self.built:
            super()._maybe_symbolic_build(iterator=iterator, data_batch=data_batch)

    def predict_step(self, data):
        x = keras.utils.unpack_x_y_sample_weight(data)[0]
        with execution.tracing(self.jit_compile):
            out = self.run(x, MeanSampler())
            q = joint_normal(out.draws)
            return {"loc": q.loc, "scale": q.scale, "reconstruction": out.likelihood.mean()}

    def call(self, x, training=None):
        """One pass, as `fit` (training) and `evaluate` see it: binarised, noisy, sampled."""
        seed = self.seed_generator if training else tf.constant(EVALUATION_SEED)
        sampler = self.objective.sampler(seed)
        likelihood = self.decoder.likelihood
        x = likelihood.target(likelihood.read(x), sampler.next_seed)
        return self.run(x, sampler, training)

    def run(self, x, sampler, training=False):
        """One pass over x as it is given: a `Pass`. The sampler decides how z is drawn."""
        x = self.decoder.likelihood.read(x)
        seen = self.decoder.likelihood.features(x)
        if self.input_noise is not None:
            seen = self.input_noise(seen, training=training)
        code, draws = self.latents.infer(seen, sampler, training)
        likelihood = self._likelihood(code, self.decoded_shape(x), training)
        return Pass(draws, likelihood, x, sampler)

    def _likelihood(self, code, event_shape=None, training=False):
        """p(x|z); a decoder whose events vary in shape is told which shape is meant."""
        return event_shapes.likelihood(self.decoder, code, event_shape, training)

    def decoded_shape(self, x):
        """Shape of x that a decoder is told whose events vary in shape; None where it is not."""
        return event_shapes.decoded(self.decoder, x)

    @property
    def free_event_shape(self):
        """Shape of an example, None where it may vary."""
        return event_shapes.free(self.decoder)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        per_example = self.objective.per_example(x, y, y_pred, sample_weight)
        if sample_weight is not None:
            per_example *= tf.cast(sample_weight, per_example.dtype)
        # Not add_loss: replicas traced in turns would find each other's losses in its list.
        loss = elbo.mean_over_replicas(per_example)
        if self.losses:  # regularizers and what users add; Keras aggregates these
            loss += super().compute_loss(x, y, y_pred, sample_weight, training)
        return loss

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        # What users add compares y with E[x|z]; nobody computes it where nobody asked.
        if self._measured:
            means = untile(y_pred.likelihood.mean(), y_pred.samples)
            y_pred = tf.nest.map_structure(lambda mean: tf.reduce_mean(mean, 0), means)
        return super().compute_metrics(x, y, y_pred, sample_weight)

    def save(self, filepath, overwrite=True, **kwargs):
        """As `keras.Model.save`; a model without weights is an error."""
        inputs.built(self)
        self._build_optimizer()
        super().save(filepath, overwrite=overwrite, **kwargs)

    def __reduce__(self):  # of pickle and of copy.deepcopy
        self._build_optimizer()
        return super().__reduce__()

    def _build_optimizer(self):
        """Loading builds it, and looks for as many variables."""
        if self.compiled and self.built:
            with self.distribute_strategy.scope():
                self.optimizer.build(self.trainable_variables)

    def compiled_function(self, name, function, jit_compile=False):
        """`tf.function` of `function`, made once for each name and compile().

        The function itself where the model was compiled with `run_eagerly=True`.
        """
        if self.run_eagerly:
            return functools.partial(_traced, function, False)
        if name not in self._functions:
            # A partial, or TensorFlow takes all of these for one function and warns of retracing.
            traced = functools.partial(_traced, function, jit_compile)
            self._functions[name] = tf.function(
                traced, reduce_retracing=not jit_compile, autograph=False, jit_compile=jit_compile
            )
        return self._functions[name]

    def scores(self, x, sampler):
        """`{"elbo", "nll", "kl"}` of one batch of tensors, each `[B]` nats."""
        out = self.run(x, sampler)
        nll, kl = elbo.nll(out), elbo.total_kl(out)
        parts = {f"nll_{name}": value for name, value in elbo.nll_by_modality(out).items()}
        return {"elbo": -nll - kl, "nll": nll, "kl": kl, **parts}


def _traced(function, jit_compile, *args):
    with execution.tracing(jit_compile):
        return function(*args)


def _per_array(function, shape):
    """`function` of a shape, or of each of those of a dict."""
    if isinstance(shape, dict):
        return {name: function(tuple(value)) for name, value in shape.items()}
    return function(tuple(shape))
