"""A hand-written PyTorch loop for the dense (w1), convolutional (w2) and LSTM (w3) workload.

The same architecture, batch, likelihood and optimizer as `zoo_fit.py`; one JSON line.
"""

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812  (its usual name)
from workload import CHANNELS, LATENT, PIXELS, STEPS, Clock, data_of, examples_of, parser


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
    """Two 3x3 convolutions and a skip; `stride=2` halves the map, `upsample` doubles it."""

    def __init__(self, channels_in, channels, stride=1, upsample=False):
        super().__init__()
        self.resize = nn.Upsample(scale_factor=2, mode="nearest") if upsample else nn.Identity()
        self.conv1 = nn.Conv2d(channels_in, channels, 3, stride, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(channels)
        same = channels_in == channels and stride == 1
        # A 1x1 convolution commutes with nearest upsampling, so the skip is enlarged after it.
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
    """Of Normal(means, 0.1), up to its constant."""
    return 0.5 * (((x - means) / 0.1) ** 2).sum()


WORKLOADS = {
    "w1": (DenseEncoder, DenseDecoder, bernoulli_nll),
    "w2": (ConvEncoder, ConvDecoder, bernoulli_nll),
    "w3": (SeriesEncoder, SeriesDecoder, normal_nll),
}


class VAE(nn.Module):
    def __init__(self, workload):
        super().__init__()
        encoder, decoder, self.nll = WORKLOADS[workload]
        self.encoder, self.decoder = encoder(), decoder()

    def forward(self, x):
        """The negative ELBO in nats, averaged over the batch."""
        loc, raw = self.encoder(x).chunk(2, dim=-1)
        scale = 1e-4 + F.softplus(raw)
        distortion = self.nll(self.decoder(loc + scale * torch.randn_like(loc)), x)
        kl = 0.5 * (loc**2 + scale**2 - 1.0).sum() - scale.log().sum()
        return (distortion + kl) / len(x)


def main():
    """Train and print."""
    p = parser(__doc__)
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--compile", action="store_true", help="torch.compile")
    args = p.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    torch.set_flush_denormal(True)  # as TensorFlow and XLA do: moments of dead units decay there

    examples = examples_of(args)
    data = torch.from_numpy(data_of(args))
    model = VAE(args.workload)
    if args.workload == "w2":
        model = model.to(memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(model.parameters(), 1e-3, fused=True)
    loss_of = torch.compile(model) if args.compile else model
    clock, total = Clock(examples), torch.zeros(())
    for _ in range(args.epochs):
        end, total = clock.epoch(), torch.zeros(())
        for index in torch.randperm(examples).split(args.batch):
            optimizer.zero_grad(set_to_none=True)
            loss = loss_of(data[index])
            loss.backward()
            optimizer.step()
            total += loss.detach() * len(index)
            clock.step()
        end()
    name = "torch.compile" if args.compile else "torch eager"
    clock.report(name, args.workload, total.item() / examples)


if __name__ == "__main__":
    main()
