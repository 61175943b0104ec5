"""PyTorch networks of the text workloads."""

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

    def forward(self, h, mask=None):
        shape = (*h.shape[:2], 3, HEADS, WIDTH // HEADS)
        q, k, v = self.qkv(self.norm1(h)).view(shape).permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(q, k, v, mask, is_causal=self.causal)
        h = h + self.out(mixed.transpose(1, 2).reshape(h.shape))
        return h + self.down(F.gelu(self.up(self.norm2(h))))


class Stack(nn.Module):
    def __init__(self, causal):
        super().__init__()
        self.blocks = nn.ModuleList(Block(causal) for _ in range(BLOCKS))
        self.norm = nn.LayerNorm(WIDTH, 1e-6)

    def forward(self, h, mask=None):
        for block in self.blocks:
            h = block(h, mask)
        return self.norm(h)


class TokenEmbedding(nn.Module):
    """Embedding of tokens and positions; its table also gives the logits."""

    def __init__(self):
        super().__init__()
        self.table = nn.Parameter(torch.randn(VOCABULARY, WIDTH) * WIDTH**-0.5)
        self.register_buffer("positions", torch.from_numpy(positions(WORDS + 1)))

    def forward(self, x):
        return F.embedding(x, self.table) * WIDTH**0.5 + self.positions[: x.shape[1]]


class TextEncoder(nn.Module):
    def __init__(self, embedding):
        super().__init__()
        self.embedding, self.body = embedding, Stack(causal=False)
        self.heads = nn.Linear(WIDTH, 2 * LATENTS["w4"])

    def forward(self, x):
        return self.heads(self.body(self.embedding(x)).mean(1))


class RaggedTextEncoder(TextEncoder):
    """Encoder that ignores padding in the attention and in the mean."""

    def forward(self, x):
        mask = x != 0
        h = self.body(self.embedding(x), mask[:, None, None])
        total = (h * mask[..., None]).sum(1)
        return self.heads(total / mask.sum(1, keepdim=True))


class TextDecoder(nn.Module):
    """-log p(x|z) of the tokens, with the end of the text, summed."""

    def __init__(self, embedding):
        super().__init__()
        self.embedding, self.body = embedding, Stack(causal=True)
        self.code = nn.Linear(LATENTS["w4"], WIDTH, bias=False)

    def forward(self, z, x):
        before, after = F.pad(x, (1, 0)), F.pad(x, (0, 1))
        h = self.body(self.embedding(before) + self.code(z)[:, None])
        logits = F.linear(h, self.embedding.table)
        return F.cross_entropy(logits.flatten(0, 1), after.flatten().long(), reduction="sum")


class RaggedTextDecoder(TextDecoder):
    """Decoder that computes no logits after the end; compiled, these have no weight instead."""

    def forward(self, z, x):
        before, after = F.pad(x, (1, 0)), F.pad(x, (0, 1)).long()
        mask = F.pad(x != 0, (1, 0), value=True)
        h = self.body(self.embedding(before) + self.code(z)[:, None])
        if not torch.compiler.is_compiling():
            logits = F.linear(h[mask], self.embedding.table)
            return F.cross_entropy(logits, after[mask], reduction="sum")
        logits = F.linear(h, self.embedding.table).flatten(0, 1)
        after = after.masked_fill(~mask, -100).flatten()
        return F.cross_entropy(logits, after, ignore_index=-100, reduction="sum")
