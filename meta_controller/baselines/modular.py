"""A transformer over joints: any body, and a learned vector per task.

After "MetaMorph: Learning Universal Controllers with Transformers", 2022
(https://arxiv.org/abs/2203.11931): a joint is a token of what it senses and of what it is,
attention is over the joints of one step in both directions, and each joint decides for itself:

    x[t, j] = W_kind(j) s[t-T+1..t, j] + W_v v[t] + c_kind(j) + c_act + c_tree(j) + p[j] + w_task
    action[t, j] = tanh(w_h . f(x[t, 1..J])[j])

with features s, which of the T steps are real v, distances to the first joint in the kinematic
tree, and the place p[j] of a joint in its body. A joint senses its last T steps and not only the
newest, as other networks here do. It is trained to imitate and not by reinforcement, and there is
no terrain to see. Demonstrations are not looked at: they are learned from by training all weights.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from meta_controller.baselines.network import (
    DEVIATION,
    KINDS,
    Baseline,
    TaskRows,
    stretched,
)
from meta_controller.model.blocks import Encoder
from meta_controller.model.checks import kinds_of
from meta_controller.model.config import ModelConfig
from meta_controller.model.data import Index, Segments, ShapeError
from meta_controller.model.embedding import embed
from meta_controller.model.policy import Rows


class ModularTransformer(Baseline):
    """One token per joint, and a learned vector per task."""

    def __init__(self, config: ModelConfig, rows: Rows) -> None:
        """Draw the weights from torch's random state.

        Args:
            config: Sizes.
            rows: How many bodies and tasks to begin with.
        """
        super().__init__(config, rows)
        sizes = stretched(config)
        width, inputs = sizes.width, config.segment * config.features
        self.sense = nn.Parameter(torch.randn(KINDS, inputs, width) / math.sqrt(inputs))
        self.history = nn.Linear(config.segment, width)
        self.kind = nn.Parameter(torch.zeros(KINDS, width))
        self.actuated = nn.Parameter(torch.zeros(width))
        self.distance = nn.Parameter(torch.zeros(config.joints + 1, width))
        self.position = nn.Parameter(DEVIATION * torch.randn(config.joints, width))
        self.task = TaskRows(rows.tasks, width)
        self.encoder = Encoder(sizes)
        self.head = nn.Linear(width, 1)

    def predict(self, query: Segments, index: Index, tail: bool = False) -> Tensor:
        """Return actions (B, M, T, J), or (B, M, 1, J) of the newest step with `tail`.

        Raises:
            ShapeError: The query does not say how far joints are from each other.
        """
        history, real = self._histories(query, tail)
        tokens = embed(history, self.sense[kinds_of(query)], self._morphology(query))
        told = self.history(real) + self.task(index)[:, None]
        mask = query.token_mask[:, None, None, None]
        found = self.encoder(tokens + told[:, :, None], None, mask)
        actions = torch.tanh(self.head(found)).squeeze(-1)
        return actions.unflatten(1, (query.tokens.shape[1], -1))

    def _histories(self, query: Segments, tail: bool) -> tuple[Tensor, Tensor]:
        """Return what joints sensed up to each step.

        Returns:
            Features (B, M * S, J, W * T) and which steps are real (B, M * S, T) as numbers; of the
            newest step only (S = 1) or of all (S = T).
        """
        segment = self.config.segment
        real = query.time_mask[..., None] & query.token_mask[:, None, None]
        shown = query.tokens.masked_fill(~real[..., None], 0.0)
        steps = query.time_mask.to(shown.dtype)
        if not tail:
            shown = F.pad(shown, (0, 0, 0, 0, segment - 1, 0))
            steps = F.pad(steps, (segment - 1, 0))
        history = shown.unfold(2, segment, 1).flatten(4).flatten(1, 2)
        return history, steps.unfold(2, segment, 1).flatten(1, 2)

    def _morphology(self, query: Segments) -> Tensor:
        """Return what the joints are: (B, J, d)."""
        if query.distances is None:
            raise ShapeError("this network needs the distances of joints in the kinematic tree")
        far = query.distances[:, 0].clamp(0, self.config.joints)
        return (
            self.kind[kinds_of(query)]
            + self.actuated * query.actuated[..., None]
            + self.distance[far]
            + self.position[: far.shape[1]]
        )
