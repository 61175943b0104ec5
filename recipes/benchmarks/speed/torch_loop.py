"""Hand-written training loop in PyTorch, for comparison with `zoo_fit.py`; started by `speed.py`.

It has the same architecture, batch, likelihood and optimizer. Prints one JSON line.
"""

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812  (its usual name)
from torch_models import networks
from workload import Clock, data_of, examples_of, parser


class VAE(nn.Module):
    def __init__(self, workload):
        super().__init__()
        self.encoder, self.decoder = networks(workload)

    def forward(self, x):
        """Negative ELBO in nats, averaged over the batch."""
        loc, raw = self.encoder(x).chunk(2, dim=-1)
        scale = 1e-4 + F.softplus(raw)
        distortion = self.decoder(loc + scale * torch.randn_like(loc), x)
        kl = 0.5 * (loc**2 + scale**2 - 1.0).sum() - scale.log().sum()
        return (distortion + kl) / len(x)


def main():
    """Train and print the times."""
    p = parser(__doc__)
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--compile", action="store_true", help="torch.compile")
    args = p.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    torch.set_flush_denormal(
        True
    )  # as TensorFlow and XLA do: Adam's moments of dead units decay to denormals

    examples = examples_of(args)
    data = torch.from_numpy(data_of(args))
    model = VAE(args.workload)
    if args.workload == "w2":
        model = model.to(memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(model.parameters(), 1e-3, eps=1e-7, fused=True)
    loss_of = torch.compile(model) if args.compile else model
    clock, total = Clock(examples), torch.zeros(())
    for _ in range(args.epochs):
        end, total = clock.epoch(), torch.zeros(())
        for index in torch.randperm(examples).split(args.batch):
            optimizer.zero_grad(set_to_none=True)
            x = data[index]
            if args.workload == "w4-ragged":  # drop the columns that have only padding
                x = x[:, : int((x != 0).sum(1).max())]
            loss = loss_of(x)
            loss.backward()
            optimizer.step()
            total += loss.detach() * len(index)
            clock.step()
        end()
    name = "torch.compile" if args.compile else "torch eager"
    clock.report(name, args.workload, total.item() / examples)


if __name__ == "__main__":
    main()
