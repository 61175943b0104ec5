"""VAEs for several modalities at once."""

import logging

import numpy as np

from zoo.core.arrays import as_array
from zoo.core.serialization import component
from zoo.core.suggestions import nearest
from zoo.core.validation import check_finite
from zoo.decoders import MultimodalDecoder
from zoo.encoders import MultimodalEncoder
from zoo.latents import MultimodalLatent
from zoo.likelihoods import IDENTIFIERS, Series, SharedScaleNormal, Text, units
from zoo.likelihoods.multimodal import PRESENT
from zoo.likelihoods.text.inputs import is_text
from zoo.likelihoods.text.vocabulary import END
from zoo.objectives import ELBO, KL, Alignment, Rescaling
from zoo.training.corruptions import ModalityDropout
from zoo.variants.common import with_shared_options
from zoo.variants.conv import conv_vae
from zoo.variants.dense import dense_vae
from zoo.variants.series import lstm_vae
from zoo.variants.text import transformer_vae

# An example that lacks a modality must not influence the others.
IMAGES = {"normalization": None}
BY_RANK = {2: "vectors", 3: "series", 4: "images"}
SCALES = (0.01, 100.0)
LOGGER = logging.getLogger("zoo")
RESERVED_NAMES = (PRESENT, "class_name", "config")


@with_shared_options("prior", "beta", "kernel_regularizer", "seed")
def multimodal_vae(
    *,
    latent_dim=16,
    encoders=None,
    decoders=None,
    likelihoods=None,
    fusion="product",
    subsets=None,
    alignment=0.0,
    rescale=None,
    shared,
):
    """A VAE for any number of named modalities, some of which examples may lack.

    x is `{name: array}`. Networks that are not given are chosen from the first data, by rank and
    type: images `[N, H, W, C]` get convolutions, series `[N, T, C]` an LSTM, vectors `[N, F]` dense
    layers, strings and integers `[N, L]` transformers. A product of experts always includes a
    standard Normal as one of its experts, even if the model has another prior.

    Args:
        latent_dim: number of latent dimensions.
        encoders: name -> encoder, for all modalities or some.
        decoders: name -> `Decoder` with its likelihood, for all modalities or some.
        likelihoods: name -> identifier or `Likelihood`, for decoders that are chosen; by default
            Bernoulli for images and vectors in [0, 1], else a Normal with one learned scale.
        fusion: "product" (of experts), "mixture" (of experts), "mixture_of_products",
            "concatenation" or a `zoo.latents.Fusion`.
        subsets: probability that a training example is encoded from a random subset of its
            modalities, while all are reconstructed, so that each encoder also works alone; None
            chooses 0.5 for "product" and 0 for the others.
        alignment: weight in the loss of the KL from the multimodal posterior to that of each
            modality alone.
        rescale: name -> factor of the modality's log-likelihood in the loss; 1 for the others.
    """
    choice = Choice(latent_dim, encoders, decoders, likelihoods, shared.kernel_regularizer)
    encoder = MultimodalEncoder(latent_dim, fusion=fusion, choice=choice)
    subsets = encoder.fusion.subsets if subsets is None else subsets
    terms = [KL(shared.beta)]
    terms += [Alignment(alignment)] if alignment else []
    terms += [Rescaling(rescale)] if rescale else []
    return shared.vae(
        MultimodalLatent(encoder, prior=shared.prior_of(latent_dim)),
        MultimodalDecoder(choice=choice),
        name="multimodal_vae",
        default=ELBO(tuple(terms)),
        input_noise=ModalityDropout(subsets) if subsets else None,
        xla_on_cpu=False,
        steps_per_execution=10,
    )


@component
class Choice:
    """Encoders and decoders chosen by the rank and type of the data.

    Args:
        latent_dim, encoders, decoders, likelihoods, kernel_regularizer: as in `multimodal_vae`.
    """

    def __init__(
        self, latent_dim, encoders=None, decoders=None, likelihoods=None, kernel_regularizer=None
    ):
        self.latent_dim, self.kernel_regularizer = latent_dim, kernel_regularizer
        self.encoders, self.decoders, self.likelihoods = encoders, decoders, likelihoods
        self._pairs = {}  # name -> a VAE of one modality, whose encoder and decoder are used

    def choose_decoders(self, x):
        """name -> decoder, for x `{name: array or shape of an example}`."""
        for argument in ("encoders", "decoders", "likelihoods"):
            for name in getattr(self, argument) or {}:
                if name not in x:
                    raise ValueError(
                        f"{argument} must name modalities of the data, {', '.join(map(repr, x))}, "
                        f"got {name!r}{nearest(name, x)}"
                    )
        for name in x:
            _check_name(name)
        self._pairs = {name: self._pair(name, value) for name, value in x.items()}
        return {n: (self.decoders or {}).get(n, pair.decoder) for n, pair in self._pairs.items()}

    def choose_encoder(self, name, shape):
        """An encoder for inputs of `shape`, without the batch."""
        if name in (self.encoders or {}):
            return self.encoders[name]
        if name not in self._pairs:
            self._pairs[name] = self._pair(name, shape)
        return self._pairs[name].latents.encoder

    def _pair(self, name, value):
        decoder = (self.decoders or {}).get(name)
        likelihood = decoder.likelihood if decoder else (self.likelihoods or {}).get(name)
        kind = _kind(name, value, likelihood)
        if likelihood is None:
            likelihood = {"series": "series_normal", "texts": "text"}.get(kind)
            likelihood = likelihood or _by_range(name, value)
        common = dict(
            latent_dim=self.latent_dim,
            likelihood=likelihood,
            kernel_regularizer=self.kernel_regularizer,
        )
        build, options = {
            "images": (conv_vae, IMAGES),
            "series": (lstm_vae, {}),
            "texts": (transformer_vae, {}),
            "vectors": (dense_vae, {}),
        }[kind]
        return build(**common, **options)


def _kind(name, value, likelihood):
    """Kind of data of a modality: a key of the builders above."""
    likelihood = IDENTIFIERS.get(likelihood, likelihood) if likelihood is not None else None
    likelihood_type = likelihood if isinstance(likelihood, type) else type(likelihood)
    for family, kind in ((Text, "texts"), (Series, "series")):
        if issubclass(likelihood_type, family):
            return kind
    if isinstance(value, tuple) and all(isinstance(size, int) for size in value):
        rank, integers = 1 + len(value), False
    elif is_text(value):
        return "texts"
    elif isinstance(value, (list, tuple)):  # of arrays that differ in length
        first = as_array(value[0], f"x[{name!r}][0]")
        rank = 1 + first.ndim
        integers = rank == 2 and first.dtype.kind in "iu"
        rank = 3 if rank == 2 and not integers else rank
    else:
        value = as_array(value, f"x[{name!r}]")
        if value.dtype.kind not in "biuf":
            raise TypeError(f"x[{name!r}] must be numeric, got an array of dtype {value.dtype}")
        rank, integers = value.ndim, value.dtype.kind in "iu"
    if rank == 2 and integers:
        _check_token_ids(name, value)
        return "texts"
    if rank not in BY_RANK:
        raise ValueError(
            f"x[{name!r}] must be images [N, H, W, C], series [N, T, C], vectors [N, F] or texts, "
            f"got an array of rank {rank}: pass encoders= and decoders= for it"
        )
    return BY_RANK[rank]


def _check_token_ids(name, value):
    """Refuse integers that cannot be token ids; log that others are read as token ids."""
    vector = (
        f"a vector needs x[{name!r}].astype('float32'), counts need "
        f"likelihoods={{{name!r}: 'negative_binomial'}}"
    )
    if isinstance(value, np.ndarray):
        ended = np.cumsum(value == END, 1) > 0
        if value.min() < 0 or value[ended].any():
            raise ValueError(
                f"x[{name!r}] must be token ids with zeros only at the end of a text, because it "
                f"is integers [N, L], got counts, one-hot rows or classes: {vector}"
            )
    LOGGER.warning(
        "x[%r] is integers [N, L] and is read as token ids of texts: %s, and likelihoods={%r: "
        "'text'} makes the choice explicit",
        name,
        vector,
        name,
    )


def _by_range(name, value):
    """Likelihood that suits the values of an array; Bernoulli where only a shape is known."""
    if isinstance(value, tuple):
        return "bernoulli"
    value = as_array(value, f"x[{name!r}]")
    check_finite(value, f"x[{name!r}]")
    if value.min() >= 0 and value.max() <= 1:
        return "bernoulli"
    check_finite(value, f"x[{name!r}]")
    # The error of the first reconstructions is about the standard deviation of the data.
    exact = value.astype("float64")
    std = units.scales(exact.mean(), exact.std(), units.resolution(value.dtype))
    return SharedScaleNormal(float(np.clip(std, *SCALES)))


def _check_name(name):
    if not isinstance(name, str) or not name.isidentifier() or name in RESERVED_NAMES:
        raise ValueError(
            f"a modality's name must be a Python identifier, not {', '.join(RESERVED_NAMES)}, "
            f"got {name!r}"
        )
