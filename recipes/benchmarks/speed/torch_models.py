"""PyTorch networks of the workloads, for `torch_loop.py`."""

from torch import nn
from torch.nn import functional as F  # noqa: N812  (its usual name)
from torch_text_models import (
    RaggedTextDecoder,
    RaggedTextEncoder,
    TextDecoder,
    TextEncoder,
    TokenEmbedding,
)
from workload import CHANNELS, LATENT, PIXELS, STEPS


class DenseEncoder(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Linear(PIXELS, 512),
            nn.ReLU(),
            nn.Linear(512, 256),
            nn.ReLU(),
            nn.Linear(256, 2 * LATENT),
        )


class DenseDecoder(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Linear(LATENT, 256),
            nn.ReLU(),
            nn.Linear(256, 512),
            nn.ReLU(),
            nn.Linear(512, PIXELS),
        )


class Residual(nn.Module):
    """Residual block of two 3x3 convolutions; `stride=2` halves the map, `upsample` doubles it."""

    def __init__(self, channels_in, channels, stride=1, upsample=False):
        super().__init__()
        self.resize = nn.Upsample(scale_factor=2, mode="nearest") if upsample else nn.Identity()
        self.conv1 = nn.Conv2d(channels_in, channels, 3, stride, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(channels)
        same = channels_in == channels and stride == 1
        # A 1x1 convolution commutes with nearest upsampling, so it is applied to the smaller map.
        self.skip = (
            nn.Identity()
            if same
            else nn.Sequential(
                nn.Conv2d(channels_in, channels, 1, stride, bias=False), nn.BatchNorm2d(channels)
            )
        )

    def forward(self, x):
        h = F.relu(self.norm1(self.conv1(self.resize(x))))
        return F.relu(self.norm2(self.conv2(h)) + self.resize(self.skip(x)))


class ConvEncoder(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Unflatten(1, (1, 28, 28)),
            nn.Conv2d(1, 32, 3, padding=1, bias=False),
            nn.BatchNorm2d(32),
            nn.ReLU(),
            Residual(32, 64, stride=2),
            Residual(64, 64),
            Residual(64, 128, stride=2),
            Residual(128, 128),
            nn.Flatten(),
            nn.Linear(7 * 7 * 128, 2 * LATENT),
        )


class ConvDecoder(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Linear(LATENT, 7 * 7 * 128),
            nn.ReLU(),
            nn.Unflatten(1, (128, 7, 7)),
            Residual(128, 128),
            Residual(128, 64, upsample=True),
            Residual(64, 64),
            Residual(64, 32, upsample=True),
            nn.Conv2d(32, 1, 3, padding=1),
            nn.Flatten(),
        )


class SeriesEncoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(CHANNELS, 64, batch_first=True)
        self.heads = nn.Linear(64, 2 * LATENT)

    def forward(self, x):
        return self.heads(self.lstm(x)[0][:, -1])


class SeriesDecoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(LATENT, 64, batch_first=True)
        self.values = nn.Linear(64, CHANNELS)

    def forward(self, z):
        return self.values(self.lstm(z[:, None].expand(-1, STEPS, -1))[0])


def bernoulli_nll(logits, x):
    return F.binary_cross_entropy_with_logits(logits, x, reduction="sum")


def normal_nll(means, x):
    """Negative log-likelihood of Normal(means, 0.1) without its constant."""
    return 0.5 * (((x - means) / 0.1) ** 2).sum()


class Likelihood(nn.Module):
    """Negative log-likelihood `nll` of the outputs of a decoder."""

    def __init__(self, decoder, nll):
        super().__init__()
        self.decoder, self.nll = decoder, nll

    def forward(self, z, x):
        return self.nll(self.decoder(z), x)


def glorot(module):
    """Set Glorot uniform weights and zero biases, as the other contenders have."""
    if isinstance(module, nn.Linear):
        nn.init.xavier_uniform_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


TEXTS = {
    "w4": (TextEncoder, TextDecoder),
    "w4-ragged": (RaggedTextEncoder, RaggedTextDecoder),
}


def networks(workload):
    """Encoder, x -> loc and raw scale, and decoder, (z, x) -> -log p(x|z) of the batch."""
    if workload in TEXTS:
        embedding = TokenEmbedding()
        return tuple(network(embedding).apply(glorot) for network in TEXTS[workload])
    encoder, decoder, nll = {
        "w1": (DenseEncoder, DenseDecoder, bernoulli_nll),
        "w2": (ConvEncoder, ConvDecoder, bernoulli_nll),
        "w3": (SeriesEncoder, SeriesDecoder, normal_nll),
    }[workload]
    return encoder(), Likelihood(decoder(), nll)
