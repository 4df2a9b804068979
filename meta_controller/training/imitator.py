"""What training, adaptation and evaluation ask of a network, whichever it is."""

from __future__ import annotations

from typing import Protocol

from torch import Tensor, nn

from goat.registry import Registry
from meta_controller.model.config import ModelConfig
from meta_controller.model.data import Index, Segments
from meta_controller.model.policy import Rows


class Decider(Protocol):
    """Acts in E environments at once, step by step."""

    def act(self, tokens: Tensor) -> Tensor:
        """Return actions (E, J) in [-1, 1] for the features (E, J, W) of the newest step."""
        ...


class Imitator(Protocol):
    """A network that is shown segments with actions, and predicts those of others.

    Row 0 of its embodiments and tasks stands for what it does not know yet.
    """

    config: ModelConfig
    rows: Rows
    adaptation_rate: float
    """Learning rate that suits what `adaptation_parameters` returns."""

    def __call__(self, support: Segments, query: Segments, index: Index) -> Tensor:
        """Return actions (B, M, T, J) of the query."""
        ...

    def predictions(
        self, support: Segments, query: Segments, index: Index
    ) -> tuple[Tensor, Tensor | None]:
        """Return the same, and (B, N + M, T, J) what helps training; None for nothing."""
        ...

    def add_embodiment(self, like: int = 0) -> int:
        """Append a copy of a body's row and return its index."""
        ...

    def add_task(self, like: int = 0) -> int:
        """Append a copy of a task's row and return its index."""
        ...

    def adaptation_parameters(self) -> list[tuple[str, nn.Parameter]]:
        """Return names and parameters that a few demonstrations may train."""
        ...

    def decider(self, support: Segments, index: Index, environments: int) -> Decider:
        """Return what acts after demonstrations (B = 1) in so many environments."""
        ...


NETWORKS = Registry(
    "network",
    {
        "meta-controller": "meta_controller.model.policy:MetaController",
        "transformer": "meta_controller.baselines.transformer:TaskTransformer",
        "prompt": "meta_controller.baselines.prompt:PromptTransformer",
        "modular": "meta_controller.baselines.modular:ModularTransformer",
    },
)
"""Kind -> what makes it of a `ModelConfig` and `Rows`."""
