"""From the features of joints to tokens of the network.

x0[t, j] = (W_kind(j) + V^m[j]) s[t, j] + w_act * [j is actuated] + w_depth(j) + p^m[j]: slides and
hinges share their W among all bodies, and joints that hang on as many others their w; the global
token has one W per body, and so have the positions p^m. Joints' own V^m are 0 in meta-training, and
with tree distances so are positions: a new body needs none. Both are learned when it is adapted to.
Without them, attention adds up what like joints sense, and no law that treats two legs differently
can be told from what is left.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from meta_controller.model.adapters import EMBODIMENT, Bank
from meta_controller.model.config import ModelConfig
from meta_controller.model.data import ShapeError
from meta_controller.tokens import LEAST_WIDTH

_SHARED_KINDS = 2
"""Slide and hinge; the global kind comes after them."""


class Embedding(Bank):
    """Token embedding of any body."""

    def __init__(self, config: ModelConfig, embodiments: int) -> None:
        """Prepare for a number of embodiments."""
        super().__init__(EMBODIMENT)
        width, features = config.width, config.features
        drawn = torch.randn(_SHARED_KINDS, features, width) / math.sqrt(LEAST_WIDTH)
        self.kind = nn.Parameter(drawn)
        self.actuated = nn.Parameter(torch.zeros(width))
        self.bank("task", embodiments, (features, width), 1.0 / math.sqrt(features))
        self.still("own", embodiments, (config.joints, features, width))
        self.depth = None
        if config.tree_distance:
            self.depth = nn.Parameter(torch.zeros(config.joints, width))
            self.still("position", embodiments, (config.joints, width))
        else:
            self.bank("position", embodiments, (config.joints, width), 1.0)

    def of_body(
        self, kinds: Tensor, actuated: Tensor, depths: Tensor | None, embodiment: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return what turns the features of each joint into its token.

        Args:
            kinds: (B, J) int64, `meta_controller.tokens.SLIDE`, `HINGE` or `GLOBAL`.
            actuated: (B, J) bool.
            depths: (B, J) int64 in the kinematic tree; only looked at with tree distances.
            embodiment: (B,) int64.

        Raises:
            ShapeError: Depths are needed and not given.

        Returns:
            Weights (B, J, W, d) and offsets (B, J, d).
        """
        shared = self.kind.expand(len(kinds), -1, -1, -1)
        choices = torch.cat([shared, self.get_parameter("task")[embodiment][:, None]], dim=1)
        samples = torch.arange(len(kinds), device=kinds.device)[:, None]
        own = self.get_parameter("own")[embodiment, : kinds.shape[1]]
        position = self.get_parameter("position")[embodiment, : kinds.shape[1]]
        if self.depth is not None:
            if depths is None:
                raise ShapeError("this network needs the depths of joints in the kinematic tree")
            position = position + self.depth[depths.clamp(0, len(self.depth) - 1)]
        weights = choices[samples, kinds] + own
        return weights, self.actuated * actuated[..., None] + position


def embed(tokens: Tensor, weights: Tensor, offsets: Tensor) -> Tensor:
    """Return (B, L, J, d) of features (B, L, J, W)."""
    return torch.einsum("bljw,bjwd->bljd", tokens, weights) + offsets[:, None]
