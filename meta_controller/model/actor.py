"""A policy in a loop: keeps the latest steps of each environment and encodes only the newest."""

from __future__ import annotations

import torch
from torch import Tensor

from meta_controller.model.data import ShapeError, check
from meta_controller.model.inference import SupportCache, act_on, encode_steps


class Actor:
    """Decides for E environments that imitate the same demonstrations."""

    def __init__(self, cache: SupportCache, environments: int) -> None:
        """Start with no history.

        Args:
            cache: What to imitate.
            environments: E.
        """
        self.cache = cache
        config = cache.model.config
        shape = environments, config.segment, len(cache.moved), config.width
        self._steps = cache.weights.new_zeros(shape)
        self._valid = torch.zeros(shape[:2], dtype=torch.bool, device=cache.weights.device)

    def act(self, tokens: Tensor) -> Tensor:
        """Return actions (E, J) in [-1, 1], 0 for joints that are not actuated.

        Args:
            tokens: (E, J, W) float32 features of the newest step.

        Raises:
            ShapeError: Shapes or types are wrong; the history stays as it was.
        """
        if len(tokens) != len(self._steps):
            raise ShapeError(f"tokens of {len(self._steps)} environments wanted, got {len(tokens)}")
        newest = encode_steps(self.cache, tokens[:, None])
        self._steps = torch.cat([self._steps[:, 1:], newest], dim=1)
        self._valid = torch.cat([self._valid[:, 1:], self._valid.new_ones(len(tokens), 1)], dim=1)
        return act_on(self.cache, self._steps, self._valid)

    def reset(self, which: Tensor | None = None) -> None:
        """Forget the history of some environments.

        Args:
            which: (E,) bool; None for all.

        Raises:
            ShapeError: Its shape or type is wrong.
        """
        if which is None:
            self._valid = torch.zeros_like(self._valid)
            return
        check("which", which, tuple(self._valid.shape[:1]), torch.bool)
        self._valid = self._valid & ~which[:, None]
