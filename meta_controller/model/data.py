"""What the network is given: segments of states and actions, and their bodies and tasks."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TypeVar

import torch
from torch import Tensor

from goat.errors import GoatError

T = TypeVar("T", "Segments", "Index")


class ShapeError(GoatError):
    """Tensors whose shapes, types or values the network cannot take."""


@dataclass(frozen=True)
class Segments:
    """Stretches of a few steps of some bodies, padded to the same number of tokens.

    Steps before the first of a history are padding on the left; at least one step is real.

    Raises:
        ShapeError: Shapes or types do not agree.
    """

    tokens: Tensor
    """(B, N, T, J, W) float32 features of N segments of T steps."""
    kinds: Tensor
    """(B, J) int64, `meta_controller.tokens.SLIDE`, `HINGE` or `GLOBAL`; anything for padding."""
    token_mask: Tensor
    """(B, J) bool, True where a token is real; one at least is."""
    actuated: Tensor
    """(B, J) bool, True where an action moves the joint."""
    time_mask: Tensor
    """(B, N, T) bool, True where a step is real."""
    actions: Tensor | None = None
    """(B, N, T, J) float32 in [-1, 1], 0 where nothing is actuated; None where they are wanted."""
    distances: Tensor | None = None
    """(B, J, J) int64 in the kinematic tree; needed only for `ModelConfig.tree_distance`."""
    depths: Tensor | None = None
    """(B, J) int64, how many joints each hangs on, 0 for tokens that are no joints; needed with
    `distances`."""
    lanes: Tensor | None = None
    """(B, A) int64, tokens that go through time, at least all that are actuated, each once; None
    for all. See `meta_controller.model.lanes`."""

    def __post_init__(self) -> None:
        """Check shapes and types."""
        if self.tokens.ndim != 5 or 0 in self.tokens.shape:
            raise ShapeError(
                f"tokens must have the shape (B, N, T, J, W) without zeros, got "
                f"{tuple(self.tokens.shape)}"
            )
        batch, count, steps, joints, _ = self.tokens.shape
        whole, flags, real = torch.int64, torch.bool, torch.float32
        check("tokens", self.tokens, tuple(self.tokens.shape), real)
        check("kinds", self.kinds, (batch, joints), whole)
        check("token_mask", self.token_mask, (batch, joints), flags)
        check("actuated", self.actuated, (batch, joints), flags)
        check("time_mask", self.time_mask, (batch, count, steps), flags)
        if self.actions is not None:
            check("actions", self.actions, (batch, count, steps, joints), real)
        if self.distances is not None:
            check("distances", self.distances, (batch, joints, joints), whole)
        if self.depths is not None:
            check("depths", self.depths, (batch, joints), whole)
        if self.lanes is not None:
            check("lanes", self.lanes, (batch, self.lanes.shape[-1]), whole)

    def to(self, device: torch.device) -> Segments:
        """Return them on a device."""
        return _moved(self, device)


def joined(support: Segments, query: Segments) -> Segments:
    """Return the segments of both, those of the support first."""
    actions = None
    if support.actions is not None and query.actions is not None:
        actions = torch.cat([support.actions, query.actions], dim=1)
    return Segments(
        torch.cat([support.tokens, query.tokens], dim=1),
        query.kinds,
        query.token_mask,
        query.actuated,
        torch.cat([support.time_mask, query.time_mask], dim=1),
        actions,
        query.distances,
        query.depths,
        query.lanes,
    )


@dataclass(frozen=True)
class Index:
    """Rows of the adapters.

    Raises:
        ShapeError: Shapes or types do not agree.
    """

    embodiment: Tensor
    """(B,) int64."""
    task: Tensor
    """(B,) int64; a task is a task of one body."""

    def __post_init__(self) -> None:
        """Check shapes and types."""
        check("embodiment", self.embodiment, tuple(self.embodiment.shape[:1]), torch.int64)
        check("task", self.task, tuple(self.embodiment.shape[:1]), torch.int64)

    def to(self, device: torch.device) -> Index:
        """Return it on a device."""
        return _moved(self, device)


def _moved(found: T, device: torch.device) -> T:
    """Return a dataclass of tensors on a device."""
    values = {field.name: getattr(found, field.name) for field in fields(found)}
    return replace(found, **{k: v.to(device) for k, v in values.items() if v is not None})


def check(name: str, tensor: Tensor, shape: tuple[int, ...], dtype: torch.dtype) -> None:
    """Refuse a tensor of another shape or type.

    Raises:
        ShapeError: It is.
    """
    if tuple(tensor.shape) != shape or tensor.dtype != dtype or not shape:
        raise ShapeError(
            f"{name} must be {dtype} of shape {shape or '(B,)'}, got {tensor.dtype} of shape "
            f"{tuple(tensor.shape)}"
        )


def check_range(name: str, values: Tensor, limit: int) -> None:
    """Refuse values outside 0..limit-1; not looked at while a graph is compiled.

    Raises:
        ShapeError: There are such values.
    """
    if torch.compiler.is_compiling():
        return
    if values.numel() and (int(values.min()) < 0 or int(values.max()) >= limit):
        raise ShapeError(
            f"{name} must be in 0..{limit - 1}, got {int(values.min())}..{int(values.max())}"
        )
