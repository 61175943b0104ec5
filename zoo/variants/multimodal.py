"""VAEs for several modalities at once."""

import numpy as np

from zoo.core.serialization import component
from zoo.core.suggestions import nearest
from zoo.decoders import MultimodalDecoder
from zoo.encoders import MultimodalEncoder
from zoo.latents import MultimodalLatent
from zoo.likelihoods import IDENTIFIERS, Series, SharedScaleNormal, Text
from zoo.likelihoods.multimodal import PRESENT
from zoo.likelihoods.text.inputs import is_text
from zoo.model import VAE
from zoo.objectives import ELBO, KL, Alignment, Rescaling
from zoo.training.corruptions import ModalityDropout
from zoo.variants.conv import conv_vae
from zoo.variants.dense import dense_vae
from zoo.variants.series import lstm_vae
from zoo.variants.text import transformer_vae

# Nothing that looks at the batch: an example that lacks a modality must not touch the others'.
IMAGES = dict(widths=(32, 64, 64), blocks=1, stem_strides=2, hidden=256)
IMAGES |= dict(normalization=None, activation="elu")
BY_RANK = {2: "vectors", 3: "series", 4: "images"}
SCALES = (0.01, 100.0)
NOT_A_NAME = (PRESENT, "class_name", "config")


def multimodal_vae(
    *,
    latent_dim=16,
    encoders=None,
    decoders=None,
    likelihoods=None,
    fusion="product",
    subsets=None,
    prior=None,
    alignment=0.0,
    rescale=None,
    beta=1.0,
    kernel_regularizer=None,
    seed=None,
):
    """A VAE for any number of named modalities, of which examples may lack some.

    x is `{name: array}`. What is not chosen here is chosen when the first data are seen, by rank
    and type: images `[N, H, W, C]` get convolutions, `[N, T, C]` an LSTM, vectors `[N, F]` dense
    layers, strings and integers `[N, L]` transformers.

    Args:
        latent_dim: number of latent dimensions.
        encoders: name -> encoder, for all modalities or some.
        decoders: name -> decoder, which holds its likelihood; likewise.
        likelihoods: name -> identifier or `Likelihood`, for decoders that are chosen; by default
            Bernoulli for images and vectors in [0, 1], else a Normal with one learned scale.
        fusion: "product" (of experts), "mixture" (of experts), "mixture_of_products",
            "concatenation" or a `zoo.latents.Fusion`.
        subsets: probability that training encodes a random part of an example's modalities and
            explains all, so that each encoder learns to stand alone; None is what the fusion needs:
            0.5 for "product", 0 for the others.
        prior: p(z), a `Prior` of `latent_dim`; the standard Normal by default. The product's own
            expert is the standard Normal in any case.
        alignment: weight in the loss of the KL from the joint posterior to that of each modality
            alone.
        rescale: name -> factor of its log-likelihood in the loss; 1 for those not named.
        beta: weight of the KL in the loss.
        kernel_regularizer: for every layer that is chosen.
        seed: of noise and data order.
    """
    choice = Choice(latent_dim, encoders, decoders, likelihoods, kernel_regularizer)
    encoder = MultimodalEncoder(latent_dim, fusion=fusion, choice=choice)
    subsets = encoder.fusion.subsets if subsets is None else subsets
    terms = [KL(beta)]
    terms += [Alignment(alignment)] if alignment else []
    terms += [Rescaling(rescale)] if rescale else []
    return VAE(
        MultimodalLatent(encoder, prior=prior),
        MultimodalDecoder(choice=choice),
        objective=ELBO(tuple(terms)),
        input_noise=ModalityDropout(subsets) if subsets else None,
        xla_on_cpu=False,
        steps_per_call=10,
        seed=seed,
        name="multimodal_vae",
    )


@component
class Choice:
    """Encoders and decoders by the rank and type of data, where the user chose none.

    Args:
        latent_dim, encoders, decoders, likelihoods, kernel_regularizer: as in `multimodal_vae`.
    """

    def __init__(
        self, latent_dim, encoders=None, decoders=None, likelihoods=None, kernel_regularizer=None
    ):
        self.latent_dim, self.kernel_regularizer = latent_dim, kernel_regularizer
        self.encoders, self.decoders, self.likelihoods = encoders, decoders, likelihoods
        self._pairs = {}  # name -> a VAE of one modality, of which encoder and decoder are taken

    def choose_decoders(self, x):
        """name -> decoder, for x `{name: array or shape of an example}`."""
        for argument in ("encoders", "decoders", "likelihoods"):
            for name in getattr(self, argument) or {}:
                if name not in x:
                    raise ValueError(
                        f"{argument} has {name!r}, which the data lack{nearest(name, x)}"
                    )
        for name in x:
            _check_name(name)
        self._pairs = {name: self._pair(name, value) for name, value in x.items()}
        return {n: (self.decoders or {}).get(n, pair.decoder) for n, pair in self._pairs.items()}

    def choose_encoder(self, name, shape):
        """An encoder for features of `shape`, without the batch."""
        if name in (self.encoders or {}):
            return self.encoders[name]
        if name not in self._pairs:
            self._pairs[name] = self._pair(name, shape)
        return self._pairs[name].latents.encoder

    def _pair(self, name, value):
        given = (self.decoders or {}).get(name)
        likelihood = given.likelihood if given else (self.likelihoods or {}).get(name)
        kind = _kind(name, value, likelihood)
        if likelihood is None:
            likelihood = {"series": "series_normal", "texts": "text"}.get(kind) or _by_range(value)
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
    """Which kind of data a modality is."""
    likelihood = IDENTIFIERS.get(likelihood, likelihood) if likelihood is not None else None
    found = likelihood if isinstance(likelihood, type) else type(likelihood)
    for family, kind in ((Text, "texts"), (Series, "series")):
        if issubclass(found, family):
            return kind
    if isinstance(value, tuple) and all(isinstance(size, int) for size in value):
        rank, integers = 1 + len(value), False
    elif is_text(value):
        return "texts"
    elif isinstance(value, (list, tuple)):  # of arrays that differ in length
        rank = 1 + np.ndim(value[0])
        integers = rank == 2 and np.asarray(value[0]).dtype.kind in "iu"
        rank = 3 if rank == 2 and not integers else rank
    else:
        value = np.asarray(value)
        rank, integers = value.ndim, value.dtype.kind in "iu"
    if rank == 2 and integers:
        return "texts"
    if rank not in BY_RANK:
        raise ValueError(
            f"x[{name!r}] must be images [N, H, W, C], series [N, T, C], vectors [N, F] or texts, "
            f"got {rank} dimensions: give encoders= and decoders= for it"
        )
    return BY_RANK[rank]


def _by_range(value):
    """Which likelihood suits the values of an array; Bernoulli where only a shape is known."""
    if isinstance(value, tuple):
        return "bernoulli"
    value = np.asarray(value)
    if value.min() >= 0 and value.max() <= 1:
        return "bernoulli"
    # What is told wrongly at first is off by the data's own deviation; a scale shrinks slowly.
    return SharedScaleNormal(float(np.clip(value.std(), *SCALES)))


def _check_name(name):
    if not isinstance(name, str) or not name.isidentifier() or name in NOT_A_NAME:
        raise ValueError(
            f"a modality's name must be a Python identifier, none of {', '.join(NOT_A_NAME)}; got "
            f"{name!r}"
        )
