"""The text workloads' networks in PyTorch."""

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812  (its usual name)
from workload import BLOCKS, HEADS, LATENTS, VOCABULARY, WIDTH, WORDS, positions


class Block(nn.Module):
    """A pre-norm transformer block."""

    def __init__(self, causal):
        super().__init__()
        self.causal = causal
        self.norm1, self.norm2 = nn.LayerNorm(WIDTH, 1e-6), nn.LayerNorm(WIDTH, 1e-6)
        self.qkv, self.out = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.up, self.down = nn.Linear(WIDTH, 4 * WIDTH), nn.Linear(4 * WIDTH, WIDTH)

    def forward(self, h, seen=None):
        shape = (*h.shape[:2], 3, HEADS, WIDTH // HEADS)
        q, k, v = self.qkv(self.norm1(h)).view(shape).permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(q, k, v, seen, is_causal=self.causal)
        h = h + self.out(mixed.transpose(1, 2).reshape(h.shape))
        return h + self.down(F.gelu(self.up(self.norm2(h))))


class Stack(nn.Module):
    def __init__(self, causal):
        super().__init__()
        self.blocks = nn.ModuleList(Block(causal) for _ in range(BLOCKS))
        self.norm = nn.LayerNorm(WIDTH, 1e-6)

    def forward(self, h, seen=None):
        for block in self.blocks:
            h = block(h, seen)
        return self.norm(h)


class Words(nn.Module):
    """The table that embeds words and gives logits, and the positions."""

    def __init__(self):
        super().__init__()
        self.table = nn.Parameter(torch.randn(VOCABULARY, WIDTH) * WIDTH**-0.5)
        self.register_buffer("positions", torch.from_numpy(positions(WORDS + 1)))

    def forward(self, x):
        return F.embedding(x, self.table) * WIDTH**0.5 + self.positions[: x.shape[1]]


class TextEncoder(nn.Module):
    def __init__(self, words):
        super().__init__()
        self.words, self.body = words, Stack(causal=False)
        self.heads = nn.Linear(WIDTH, 2 * LATENTS["w4"])

    def forward(self, x):
        return self.heads(self.body(self.words(x)).mean(1))


class RaggedTextEncoder(TextEncoder):
    """Padding is neither attended to nor part of the mean."""

    def forward(self, x):
        there = x != 0
        h = self.body(self.words(x), there[:, None, None])
        total = (h * there[..., None]).sum(1)
        return self.heads(total / there.sum(1, keepdim=True))


class TextDecoder(nn.Module):
    """-log p(x|z) of the words and the end after them, summed."""

    def __init__(self, words):
        super().__init__()
        self.words, self.body = words, Stack(causal=True)
        self.code = nn.Linear(LATENTS["w4"], WIDTH, bias=False)

    def forward(self, z, x):
        before, after = F.pad(x, (1, 0)), F.pad(x, (0, 1))
        h = self.body(self.words(before) + self.code(z)[:, None])
        logits = F.linear(h, self.words.table)
        return F.cross_entropy(logits.flatten(0, 1), after.flatten().long(), reduction="sum")


class RaggedTextDecoder(TextDecoder):
    """What follows the end has no logits; where sizes must be known, no weight."""

    def forward(self, z, x):
        before, after = F.pad(x, (1, 0)), F.pad(x, (0, 1)).long()
        there = F.pad(x != 0, (1, 0), value=True)
        h = self.body(self.words(before) + self.code(z)[:, None])
        if not torch.compiler.is_compiling():
            logits = F.linear(h[there], self.words.table)
            return F.cross_entropy(logits, after[there], reduction="sum")
        logits = F.linear(h, self.words.table).flatten(0, 1)
        after = after.masked_fill(~there, -100).flatten()
        return F.cross_entropy(logits, after, ignore_index=-100, reduction="sum")
