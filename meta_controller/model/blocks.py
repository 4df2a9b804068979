"""Pre-norm transformer blocks and stacks of them.

Inputs are (B, L, S, d): B samples, L independent sequences of S tokens each.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from meta_controller.model.adapters import BankSpec, linear, norm, scale
from meta_controller.model.config import ModelConfig

_WIDENING = 4
_POSITION_DEVIATION = 0.02


def drop_path(x: Tensor, probability: float, training: bool) -> Tensor:
    """Return x with whole sequences set to zero, and the others scaled up to make good for it."""
    if not training or probability == 0.0:
        return x
    kept = torch.empty(*x.shape[:2], 1, 1, device=x.device, dtype=x.dtype)
    return x * kept.bernoulli_(1.0 - probability) / (1.0 - probability)


class Attention(nn.Module):
    """Multi-head self-attention."""

    def __init__(self, config: ModelConfig, spec: BankSpec | None) -> None:
        """Prepare."""
        super().__init__()
        self.heads, self.dropout = config.heads, config.dropout
        self.qkv = linear(config.width, 3 * config.width, spec, parts=3)
        self.out = linear(config.width, config.width, spec)

    def forward(self, x: Tensor, rows: Tensor | None, mask: Tensor | None, tail: bool) -> Tensor:
        """Return (B, L, S, d), or (B, L, 1, d) with `tail`; see `Encoder.forward`."""
        batch, lanes, _, width = x.shape
        parts = self.qkv(x, rows).flatten(0, 1).unflatten(2, (3, self.heads, -1))
        query, key, value = parts.permute(2, 0, 3, 1, 4).unbind(0)
        if tail:
            query = query[:, :, -1:]
        if mask is not None:
            mask = (mask[..., -1:, :] if tail else mask).expand(batch, lanes, -1, -1, -1)
            mask = mask.flatten(0, 1)
        dropout = self.dropout if self.training else 0.0
        found = F.scaled_dot_product_attention(query, key, value, mask, dropout)
        return self.out(found.transpose(1, 2).reshape(batch, lanes, -1, width), rows)


class Block(nn.Module):
    """Attention and an MLP, each behind a norm and before a layer scale."""

    def __init__(self, config: ModelConfig, spec: BankSpec | None, drop: float) -> None:
        """Prepare.

        Args:
            config: Sizes.
            spec: Bank of the adapters; None for none.
            drop: Probability that what the block adds is left out.
        """
        super().__init__()
        width = config.width
        self.drop = drop
        self.dropout = nn.Dropout(config.dropout)
        self.norm_attention, self.norm_mlp = norm(width, spec), norm(width, spec)
        self.scale_attention, self.scale_mlp = scale(width, spec), scale(width, spec)
        self.attention = Attention(config, spec)
        self.widen = linear(width, _WIDENING * width, spec)
        self.narrow = linear(_WIDENING * width, width, spec)

    def forward(self, x: Tensor, rows: Tensor | None, mask: Tensor | None, tail: bool) -> Tensor:
        """Return (B, L, S, d), or (B, L, 1, d) with `tail`; see `Encoder.forward`."""
        added = self.attention(self.norm_attention(x, rows), rows, mask, tail)
        x = (x[:, :, -1:] if tail else x) + self._lessened(added, self.scale_attention, rows)
        wide = self.dropout(F.gelu(self.widen(self.norm_mlp(x, rows), rows)))
        return x + self._lessened(self.narrow(wide, rows), self.scale_mlp, rows)

    def _lessened(self, x: Tensor, gain: nn.Module, rows: Tensor | None) -> Tensor:
        return drop_path(gain(self.dropout(x), rows), self.drop, self.training)


class Encoder(nn.Module):
    """A stack of blocks between two norms, with learned positions in time if it is over time."""

    def __init__(
        self, config: ModelConfig, spec: BankSpec | None = None, time: bool = False
    ) -> None:
        """Prepare.

        Args:
            config: Sizes.
            spec: Bank of the adapters; None for none.
            time: Tokens are time steps.
        """
        super().__init__()
        shape = config.segment, config.width
        self.position = nn.Parameter(_POSITION_DEVIATION * torch.randn(shape)) if time else None
        self.before, self.after = nn.LayerNorm(config.width), nn.LayerNorm(config.width)
        blocks = config.blocks if time else config.structure_blocks
        drops = torch.linspace(0.0, config.drop_path, blocks).tolist()
        self.blocks = nn.ModuleList(Block(config, spec, drop) for drop in drops)

    def forward(
        self,
        x: Tensor,
        rows: Tensor | None = None,
        mask: Tensor | None = None,
        tail: bool = False,
    ) -> Tensor:
        """Return features of all tokens.

        Args:
            x: (B, L, S, d).
            rows: (B,) int64 rows of the adapters; None where there are none.
            mask: (B or 1, L or 1, heads or 1, S or 1, S): bool, True where a token (fourth axis)
                may attend to another (fifth), or float that is added to logits; None for all.
            tail: Return the last token of each sequence only: (B, L, 1, d).
        """
        if self.position is not None:
            x = x + self.position
        x = self.before(x)
        for k, block in enumerate(self.blocks):
            x = block(x, rows, mask, tail and k == len(self.blocks) - 1)
        return self.after(x)


def causal_mask(valid: Tensor) -> Tensor:
    """Return (..., T, T) bool: steps attend to valid ones that are not later, and to themselves.

    Args:
        valid: (..., T) bool. Steps that are not valid attend to themselves, so that no softmax is
            over nothing; nothing attends to them.
    """
    steps = valid.shape[-1]
    earlier = torch.ones(steps, steps, dtype=torch.bool, device=valid.device).tril()
    mask = earlier & valid[..., None, :]
    mask.diagonal(dim1=-2, dim2=-1).fill_(True)
    return mask
