"""Of all tokens only those that an action moves go through time; the others but inform them."""

from __future__ import annotations

import torch
from torch import Tensor


def moved_lanes(moved: Tensor) -> Tensor:
    """Return (B, A) int64: the tokens that an action moves, in their order.

    Args:
        moved: (B, J) bool. A is of the body that has most of them; for others it is made up with
            tokens that nothing moves.
    """
    most = max(int(moved.sum(dim=1).max()), 1)
    return torch.argsort(~moved, dim=1, stable=True)[:, :most]


def taken(values: Tensor, lanes: Tensor | None) -> Tensor:
    """Return (B, A, ...) of values (B, J, ...); all of them without lanes."""
    if lanes is None:
        return values
    return values[torch.arange(len(lanes), device=lanes.device)[:, None], lanes]


def spread(values: Tensor, lanes: Tensor | None, joints: int) -> Tensor:
    """Return (B, M, T, J) of values (B, M, T, A), 0 for tokens that were not taken."""
    if lanes is None:
        return values
    where = lanes[:, None, None].expand_as(values)
    return values.new_zeros(*values.shape[:3], joints).scatter(3, where, values)
