"""Joint-wise matching: what did the demonstrations do where they were in motion like this?

Each joint attends to the steps of the same joint in all support segments. Queries and keys are
motion features behind one shared norm, values are features of the demonstrated actions, and the
result is a mixture of values only: nothing of the query passes by.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from meta_controller.model.config import ModelConfig

_SHARP = 4.0
"""Factor of the logits before training."""


class Matching(nn.Module):
    """O = LN(concat of heads); O + GELU(W_o O); logits over sqrt(d)."""

    def __init__(self, config: ModelConfig) -> None:
        """Prepare."""
        super().__init__()
        width = config.width
        self.heads, self.dropout, self.top_k = config.heads, config.dropout, config.top_k
        self.factor = 1.0 / math.sqrt(width)
        self.sharpness = nn.Parameter(torch.full((self.heads, 1, 1), math.log(_SHARP)))
        self.norm_in, self.norm_out = nn.LayerNorm(width), nn.LayerNorm(width)
        self.query = nn.Linear(width, width, bias=False)
        self.key = nn.Linear(width, width, bias=False)
        self.value = nn.Linear(width, width, bias=False)
        self.out = nn.Linear(width, width, bias=False)
        # Like motion attends to like motion from the first step of training.
        nn.init.orthogonal_(self.key.weight)
        with torch.no_grad():
            self.query.weight.copy_(self.key.weight)
        self.passing = nn.Linear(width, width) if config.passing else None

    def keys(self, motion: Tensor, actions: Tensor) -> tuple[Tensor, Tensor]:
        """Return keys and values (B, J, heads, K, d / heads).

        Args:
            motion: (B, J, K, d) motion features of all support steps.
            actions: (B, J, K, d) action features of the same steps.
        """
        return self._split(self.key(self.norm_in(motion))), self._split(self.value(actions))

    def forward(self, motion: Tensor, keys: Tensor, values: Tensor, mask: Tensor | None) -> Tensor:
        """Return (B, J, Q, d) mixtures of values.

        Args:
            motion: (B, J, Q, d) motion features of the query.
            keys: (B, J, heads, K, d / heads).
            values: The same.
            mask: (B, K) bool, True where a support step is real; None for all. One at least is.
        """
        query = self._queries(motion)
        dropout = self.dropout if self.training else 0.0
        if self.top_k is None:
            shape = query.shape[:2]
            if mask is not None:
                mask = mask[:, None, None, None].expand(-1, shape[1], -1, -1, -1).flatten(0, 1)
            query, keys, values = (x.flatten(0, 1) for x in (query, keys, values))
            found = F.scaled_dot_product_attention(
                query, keys, values, mask, dropout, scale=self.factor
            ).unflatten(0, shape)
        else:
            found = F.dropout(self._weights(query, keys, mask), dropout) @ values
        found = self.norm_out(found.transpose(2, 3).flatten(3))
        found = found + F.gelu(self.out(found))
        return found if self.passing is None else found + self.passing(motion)

    def weights(self, motion: Tensor, keys: Tensor, mask: Tensor | None) -> Tensor:
        """Return (B, J, heads, Q, K) how much of each support step is taken; see `forward`."""
        return self._weights(self._queries(motion), keys, mask)

    def _queries(self, motion: Tensor) -> Tensor:
        return self._split(self.query(self.norm_in(motion))) * self.sharpness.exp()

    def _weights(self, query: Tensor, keys: Tensor, mask: Tensor | None) -> Tensor:
        logits = self.factor * (query @ keys.mT)
        if mask is not None:
            logits = logits.masked_fill(~mask[:, None, None, None], -torch.inf)
        if self.top_k is not None and self.top_k < logits.shape[-1]:
            least = logits.topk(self.top_k, dim=-1).values[..., -1:]
            logits = logits.masked_fill(logits < least, -torch.inf)
        return logits.softmax(dim=-1)

    def _split(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.heads, -1)).transpose(2, 3)
