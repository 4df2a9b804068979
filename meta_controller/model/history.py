"""The latest steps of many environments, for a policy in a loop."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from meta_controller.model.data import check


class History:
    """Keeps T steps of E environments, newest last."""

    def __init__(self, like: Tensor, environments: int, segment: int, shape: Sequence[int]) -> None:
        """Start with nothing.

        Args:
            like: Of the type and device of what is kept.
            environments: E.
            segment: T.
            shape: Of what is kept of a step.
        """
        self.steps = like.new_zeros(environments, segment, *shape)
        """(E, T, *shape)."""
        self.valid = torch.zeros(environments, segment, dtype=torch.bool, device=like.device)
        """(E, T), False where nothing has happened yet."""

    def add(self, newest: Tensor) -> None:
        """Take in a step (E, *shape); the oldest is forgotten."""
        self.steps = torch.cat([self.steps[:, 1:], newest[:, None]], dim=1)
        self.valid = torch.cat([self.valid[:, 1:], self.valid.new_ones(len(newest), 1)], dim=1)

    def reset(self, which: Tensor | None = None) -> None:
        """Forget what happened in some environments.

        Args:
            which: (E,) bool; None for all.

        Raises:
            ShapeError: Its shape or type is wrong.
        """
        if which is None:
            self.valid = torch.zeros_like(self.valid)
            return
        check("which", which, (len(self.steps),), torch.bool)
        self.valid = self.valid & ~which[:, None]
