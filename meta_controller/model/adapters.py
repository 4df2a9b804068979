"""Layers with a few weights of their own per body or per task.

A layer keeps shared weights, and a bank with one row per index: W x + b + b^m + (1/r) B^m A^m x for
linear layers ("LoRA: Low-Rank Adaptation of Large Language Models", 2021,
https://arxiv.org/abs/2106.09685), a bias for layer norms, a gain for layer scales. B^m, biases and
gains start at zero and A^m at random, so that all rows begin as the shared layer. A row that is
added later begins as a copy of another.

Inputs are (B, L, S, d): B samples of one row each, L sequences, S tokens. `rows` (B,) int64 names
the row of each sample; layers without a bank ignore it.
"""

from __future__ import annotations

import copy
import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor, nn

M = TypeVar("M", bound=nn.Module)
EMBODIMENT, TASK = "embodiment", "task"
"""Sets of indices; a task is a task of one body."""


@dataclass(frozen=True)
class BankSpec:
    """What a bank is made of."""

    index: str
    """`EMBODIMENT` or `TASK`."""
    rows: int
    """How many to begin with."""
    rank: int
    """Of linear adapters."""


class Bank(nn.Module):
    """A module that has parameters with one row per index."""

    def __init__(self, index: str) -> None:
        """Start without parameters.

        Args:
            index: `EMBODIMENT` or `TASK`.
        """
        super().__init__()
        self.index = index
        self._names: list[str] = []

    def bank(self, name: str, rows: int, shape: tuple[int, ...], deviation: float) -> None:
        """Register a parameter (rows, *shape), drawn from N(0, deviation^2)."""
        self._names.append(name)
        self.register_parameter(name, nn.Parameter(deviation * torch.randn(rows, *shape)))

    def still(self, name: str, rows: int, shape: tuple[int, ...]) -> None:
        """Register a parameter (rows, *shape) of zeros, which is left so until it is adapted."""
        self._names.append(name)
        self.register_parameter(name, nn.Parameter(torch.zeros(rows, *shape), requires_grad=False))

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the parameters that have rows."""
        return tuple(self._names)

    def add_row(self, like: int) -> None:
        """Append a copy of a row to each parameter; optimisers made before do not know of it."""
        for name in self._names:
            old = self.get_parameter(name)
            wider = nn.Parameter(
                torch.cat([old.detach(), old.detach()[like, None]]), old.requires_grad
            )
            setattr(self, name, wider)


class Adapter(Bank, ABC):
    """A layer with a bank."""

    @abstractmethod
    def merged(self, row: int) -> nn.Module:
        """Return the layer of one row, without a bank."""


class Linear(nn.Linear):
    """A linear layer that ignores rows."""

    def forward(self, input: Tensor, rows: Tensor | None = None) -> Tensor:
        """Return W x + b."""
        return super().forward(input)


class LayerNorm(nn.LayerNorm):
    """A layer norm that ignores rows."""

    def forward(self, input: Tensor, rows: Tensor | None = None) -> Tensor:
        """Return the normalised input."""
        return super().forward(input)


class LayerScale(nn.Module):
    """A gain per feature that ignores rows."""

    def __init__(self, width: int) -> None:
        """Start at 1."""
        super().__init__()
        self.gain = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor, rows: Tensor | None = None) -> Tensor:
        """Return the scaled input."""
        return x * self.gain


class AdapterLinear(Adapter):
    """A linear layer with a low-rank adapter and a bias per row.

    With `parts`, it is that many layers side by side that share their input: each part has its own
    A and B.
    """

    def __init__(self, inputs: int, outputs: int, spec: BankSpec, parts: int = 1) -> None:
        """Prepare; `outputs` is of all parts together."""
        super().__init__(spec.index)
        self.shared = nn.Linear(inputs, outputs)
        self.rank, self.parts = spec.rank, parts
        self.bank("down", spec.rows, (parts * spec.rank, inputs), 1.0 / math.sqrt(inputs))
        self.bank("up", spec.rows, (parts, outputs // parts, spec.rank), 0.0)
        self.bank("bias", spec.rows, (outputs,), 0.0)

    def forward(self, x: Tensor, rows: Tensor) -> Tensor:
        """Return (B, L, S, outputs)."""
        # Adding up weights once per sample is cheaper than features of each of its many tokens.
        weight, bias = self._weights(rows)
        found = torch.baddbmm(bias[:, None], x.flatten(1, 2), weight.mT)
        return found.view(*x.shape[:3], -1)

    def merged(self, row: int) -> Linear:
        """Return the layer of one row, without a bank."""
        shared = self.shared.weight
        layer = Linear(shared.shape[1], shared.shape[0], device=shared.device, dtype=shared.dtype)
        weight, bias = self._weights(torch.tensor([row], device=shared.device))
        with torch.no_grad():
            layer.weight.copy_(weight[0])
            layer.bias.copy_(bias[0])
        return layer

    def _weights(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Return weights (B, outputs, inputs) and biases (B, outputs) of rows."""
        down = self.get_parameter("down")[rows].unflatten(1, (self.parts, self.rank))
        added = (self.get_parameter("up")[rows] @ down).flatten(1, 2) / self.rank
        return self.shared.weight + added, self.shared.bias + self.get_parameter("bias")[rows]


class AdapterNorm(Adapter):
    """A layer norm with a bias per row."""

    def __init__(self, width: int, spec: BankSpec) -> None:
        """Prepare."""
        super().__init__(spec.index)
        self.shared = nn.LayerNorm(width)
        self.bank("bias", spec.rows, (width,), 0.0)

    def forward(self, x: Tensor, rows: Tensor) -> Tensor:
        """Return the normalised input."""
        return self.shared(x) + self.bias[rows][:, None, None]  # type: ignore[index]

    def merged(self, row: int) -> LayerNorm:
        """Return the layer of one row, without a bank."""
        weight = self.shared.weight
        layer = LayerNorm(len(weight), device=weight.device, dtype=weight.dtype)
        with torch.no_grad():
            layer.weight.copy_(weight)
            layer.bias.copy_(self.shared.bias + self.get_parameter("bias")[row])
        return layer


class AdapterScale(Adapter):
    """A gain per feature and row."""

    def __init__(self, width: int, spec: BankSpec) -> None:
        """Start at 1."""
        super().__init__(spec.index)
        self.shared = nn.Parameter(torch.ones(width))
        self.bank("gain", spec.rows, (width,), 0.0)

    def forward(self, x: Tensor, rows: Tensor) -> Tensor:
        """Return the scaled input."""
        return x * (self.shared + self.gain[rows])[:, None, None]  # type: ignore[index]

    def merged(self, row: int) -> LayerScale:
        """Return the layer of one row, without a bank."""
        layer = LayerScale(len(self.shared)).to(self.shared)
        with torch.no_grad():
            layer.gain.copy_(self.shared + self.get_parameter("gain")[row])
        return layer


def linear(inputs: int, outputs: int, spec: BankSpec | None, parts: int = 1) -> nn.Module:
    """Return a linear layer, with a bank if there is a spec."""
    return AdapterLinear(inputs, outputs, spec, parts) if spec else Linear(inputs, outputs)


def norm(width: int, spec: BankSpec | None) -> nn.Module:
    """Return a layer norm, with a bank if there is a spec."""
    return AdapterNorm(width, spec) if spec else LayerNorm(width)


def scale(width: int, spec: BankSpec | None) -> nn.Module:
    """Return a layer scale, with a bank if there is a spec."""
    return AdapterScale(width, spec) if spec else LayerScale(width)


def merge(module: M, rows: dict[str, int]) -> M:
    """Return a copy of a module in which each adapter is a plain layer.

    Args:
        module: Anything with adapters; it is left as it is.
        rows: Set of indices -> the row to merge.
    """
    plain: dict[int, object] = {
        id(part): part.merged(rows[part.index])
        for part in module.modules()
        if isinstance(part, Adapter)
    }
    return copy.deepcopy(module, plain)
