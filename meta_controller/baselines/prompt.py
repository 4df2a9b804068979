"""A transformer that is shown a few stretches of demonstrations before it acts.

After "Prompting Decision Transformer for Few-Shot Policy Generalization", 2022
(https://arxiv.org/abs/2206.13499), without returns. States s and actions a of all joints, padded to
the same number of slots, are tokens; N segments with a star were shown, the last one is the query,
and attention is causal over

    s*[1, 1] a*[1, 1] .. s*[1, T] a*[1, T]  ..  s*[N, T] a*[N, T]  s[1] .. s[T]

where each s[t] tells an action. It differs in that the query has states only: the paper gives it
the actions that were done as well, the Meta-Controller does not. There is no vector per task: the
prompt says what is to be done. Segments of a query share the prompt, whose keys and values are
computed once; they are the same as if each segment came after a prompt of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from meta_controller.baselines.network import Baseline, FlatStates, stretched
from meta_controller.model.blocks import Block, causal_mask
from meta_controller.model.checks import check_fits
from meta_controller.model.config import ModelConfig
from meta_controller.model.data import Index, Segments, ShapeError
from meta_controller.model.policy import Rows

_SHOWN = 4
_POSITION_DEVIATION = 0.02
Pair = tuple[Tensor, Tensor]
"""Keys and values (B * L, heads, S, d / heads)."""


@dataclass(frozen=True)
class Prompt:
    """Segments with actions, encoded; P tokens."""

    pairs: list[Pair]
    """Of each block, (B, heads, P, d / heads)."""
    valid: Tensor
    """(B, P) bool, which tokens are of real steps."""


class PromptBlock(Block):
    """A block whose tokens attend to those of a prompt, too."""

    def attend(self, x: Tensor, mask: Tensor, prompt: Pair | None) -> tuple[Tensor, Pair]:
        """Return what becomes of tokens (B, L, S, d), and their own keys and values.

        Args:
            x: L sequences of S tokens.
            mask: (B, L, 1, S, P + S) bool, True where a token (fourth axis) may attend to another.
            prompt: What all sequences of a sample attend to; None for nothing (P = 0).
        """
        attention, lanes = self.attention, x.shape[1]
        parts = attention.qkv(self.norm_attention(x, None), None).flatten(0, 1)
        query, key, value = parts.unflatten(2, (3, attention.heads, -1)).permute(2, 0, 3, 1, 4)
        own = key, value
        if prompt is not None:
            before = [found.repeat_interleave(lanes, dim=0) for found in prompt]
            key, value = (torch.cat(both, dim=2) for both in zip(before, own, strict=True))
        dropout = attention.dropout if self.training else 0.0
        found = F.scaled_dot_product_attention(query, key, value, mask.flatten(0, 1), dropout)
        added = attention.out(found.transpose(1, 2).reshape(x.shape), None)
        x = x + self._lessened(added, self.scale_attention, None)
        wide = self.dropout(F.gelu(self.widen(self.norm_mlp(x, None), None)))
        return x + self._lessened(self.narrow(wide, None), self.scale_mlp, None), own


class PromptTransformer(Baseline):
    """One token per state and per shown action; demonstrations are the prompt."""

    def __init__(self, config: ModelConfig, rows: Rows) -> None:
        """Draw the weights from torch's random state.

        Args:
            config: Sizes.
            rows: How many bodies and tasks to begin with; they have no weights here.
        """
        super().__init__(config, rows)
        sizes = stretched(config)
        width = sizes.width
        self.state = FlatStates(config, width)
        self.action = nn.Linear(config.joints, width)
        self.position = nn.Parameter(_POSITION_DEVIATION * torch.randn(config.segment, width))
        self.asked = nn.Parameter(torch.zeros(width))
        self.before, self.after = nn.LayerNorm(width), nn.LayerNorm(width)
        drops = torch.linspace(0.0, config.drop_path, sizes.blocks).tolist()
        self.blocks = nn.ModuleList(PromptBlock(sizes, None, drop) for drop in drops)
        self.head = nn.Linear(width, config.joints)

    def forward(self, support: Segments, query: Segments, index: Index) -> Tensor:
        """Return actions (B, M, T, J) of the query, which say nothing for what is masked.

        Args:
            support: N segments with actions; of more than four, four evenly spread ones are shown.
            query: M segments of the same bodies, whose actions are not looked at.
            index: Rows of bodies and tasks, which change nothing.

        Raises:
            ShapeError: Shapes do not agree with each other or the configuration.
        """
        check_fits(query, index, self.config, self.rows)
        check_fits(support, index, self.config, self.rows)
        if support.kinds.shape != query.kinds.shape:
            raise ShapeError(
                f"support and query are of different bodies: {tuple(support.kinds.shape)} and "
                f"{tuple(query.kinds.shape)} tokens"
            )
        return self.predict(query, index, prompt=self.prompt(support))

    def predict(
        self, query: Segments, index: Index, tail: bool = False, prompt: Prompt | None = None
    ) -> Tensor:
        """Return actions (B, M, T, J), or (B, M, 1, J) of the newest step with `tail`.

        Args:
            query: M segments.
            index: Changes nothing.
            tail: Return the newest step only.
            prompt: What all segments follow; None for nothing.
        """
        x = self.before(self.state(query) + self.position + self.asked)
        mask = causal_mask(query.time_mask)[:, :, None]
        pairs: Sequence[Pair | None] = [None] * len(self.blocks)
        if prompt is not None:
            before = prompt.valid[:, None, None, None].expand(*mask.shape[:4], -1)
            mask, pairs = torch.cat([before, mask], dim=-1), prompt.pairs
        for block, pair in zip(self.blocks, pairs, strict=True):
            x, _ = block.attend(x, mask, pair)  # type: ignore[operator]
        x = self.after(x[:, :, -1:] if tail else x)
        return torch.tanh(self.head(x))[..., : query.tokens.shape[3]]

    def prompt(self, support: Segments) -> Prompt:
        """Return segments with actions, encoded.

        Raises:
            ShapeError: They have no actions.
        """
        if support.actions is None:
            raise ShapeError("the support has no actions: demonstrations must say what was done")
        support = _spread(support)
        states = self.state(support) + self.position
        actions = self.action(self._done(support)) + self.position
        x = self.before(torch.stack([states, actions], dim=3).flatten(1, 3)[:, None])
        valid = support.time_mask.flatten(1).repeat_interleave(2, dim=1)
        mask, pairs = causal_mask(valid)[:, None, None], []
        for block in self.blocks:
            x, pair = block.attend(x, mask, None)  # type: ignore[operator]
            pairs.append(pair)
        return Prompt(pairs, valid)

    @torch.no_grad()
    def law(self, support: Segments, index: Index) -> Callable[[Segments], Tensor]:
        """Return what gives actions (1, E, 1, J) of the newest step of queries (B = 1)."""
        return partial(self.predict, index=index, tail=True, prompt=self.prompt(support))

    def _done(self, support: Segments) -> Tensor:
        """Return actions (B, N, T, slots), 0 where nothing is actuated."""
        assert support.actions is not None
        moved = (support.actuated & support.token_mask)[:, None, None]
        done = support.actions.masked_fill(~moved, 0.0)
        return F.pad(done, (0, self.config.joints - done.shape[-1]))


def _spread(support: Segments) -> Segments:
    """Return at most so many segments, from the first to the last and as far apart as can be."""
    count = support.tokens.shape[1]
    if count <= _SHOWN:
        return support
    chosen = torch.linspace(0, count - 1, _SHOWN).round().long()
    assert support.actions is not None
    return replace(
        support,
        tokens=support.tokens[:, chosen],
        time_mask=support.time_mask[:, chosen],
        actions=support.actions[:, chosen],
    )
