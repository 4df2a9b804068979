"""What the baseline networks have in common, so that one trainer and one evaluation run them all.

They have the width of `ModelConfig` and half of that again, and as many blocks as a state passes
through in the Meta-Controller (structure, motion and decoder): then they have half again as many
weights as act there for one body and task.
When they are adapted, all of their weights are trained.
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from meta_controller.baselines.window import Window
from meta_controller.model.adapters import EMBODIMENT, TASK, Bank
from meta_controller.model.checks import check_fits, kinds_of
from meta_controller.model.config import ModelConfig
from meta_controller.model.data import Index, Segments
from meta_controller.model.policy import Rows
from meta_controller.model.rows import AdapterError, add_row
from meta_controller.tokens import GLOBAL

_OVER_TIME = 2
"""Encoders over time that a state passes through: motion and decoder."""
_WIDER = 1.5
KINDS = GLOBAL + 1
"""Of tokens: slide, hinge and global."""
DEVIATION = 0.05
"""Of learned vectors at first: at 1, they drown what is sensed, and early losses are far higher."""


def stretched(config: ModelConfig) -> ModelConfig:
    """Return the sizes of a baseline's one stack of blocks."""
    per_head = round(_WIDER * config.width / config.heads)
    blocks = config.structure_blocks + _OVER_TIME * config.blocks
    return replace(config, width=per_head * config.heads, blocks=blocks, structure_blocks=blocks)


class Baseline(nn.Module, ABC):
    """A network that is used as `meta_controller.training.imitator.Imitator` says."""

    adaptation_rate = 1e-3

    def __init__(self, config: ModelConfig, rows: Rows) -> None:
        """Prepare.

        Args:
            config: Sizes.
            rows: How many bodies and tasks to begin with.
        """
        super().__init__()
        self.config, self.rows = config, rows

    def forward(self, support: Segments, query: Segments, index: Index) -> Tensor:
        """Return actions (B, M, T, J) of the query, which say nothing for what is masked.

        Args:
            support: N segments with actions; only `PromptTransformer` looks at them.
            query: M segments of the same bodies, whose actions are not looked at.
            index: Rows of bodies and tasks.

        Raises:
            ShapeError: Shapes do not agree with each other or the configuration.
        """
        check_fits(query, index, self.config, self.rows)
        return self.predict(query, index)

    @abstractmethod
    def predict(self, query: Segments, index: Index, tail: bool = False) -> Tensor:
        """Return actions (B, M, T, J), or (B, M, 1, J) of the newest step with `tail`."""

    def decider(self, support: Segments, index: Index, environments: int) -> Window:
        """Return what acts after demonstrations (B = 1) in so many environments.

        It has a copy of the network: training the network later does not change it.

        Raises:
            ShapeError: Shapes do not agree with the configuration, or B is not 1.
        """
        check_fits(support, index, self.config, self.rows)
        plain = copy.deepcopy(self).eval().requires_grad_(False)
        return Window(plain.law(support, index), support, environments)

    def law(self, support: Segments, index: Index) -> Callable[[Segments], Tensor]:
        """Return what gives actions (1, E, 1, J) of the newest step of queries (B = 1)."""
        return partial(self.predict, index=index, tail=True)

    def predictions(
        self, support: Segments, query: Segments, index: Index
    ) -> tuple[Tensor, Tensor | None]:
        """Return what `forward` does, and nothing besides."""
        return self(support, query, index), None

    def add_embodiment(self, like: int = 0) -> int:
        """Append a copy of a body's row and return its index.

        Raises:
            AdapterError: There is no such body.
        """
        self._add(EMBODIMENT, like, self.rows.embodiments)
        self.rows = Rows(self.rows.embodiments + 1, self.rows.tasks)
        return self.rows.embodiments - 1

    def add_task(self, like: int = 0) -> int:
        """Append a copy of a task's row and return its index.

        Raises:
            AdapterError: There is no such task.
        """
        self._add(TASK, like, self.rows.tasks)
        self.rows = Rows(self.rows.embodiments, self.rows.tasks + 1)
        return self.rows.tasks - 1

    def adaptation_parameters(self) -> list[tuple[str, nn.Parameter]]:
        """Return names and parameters that a few demonstrations may train: all of them."""
        return list(self.named_parameters())

    def _add(self, index: str, like: int, count: int) -> None:
        # Not all baselines have rows, but all refuse to copy one that is not there.
        if not 0 <= like < count:
            raise AdapterError(f"there is no {index} {like}: the network has {count}; add it first")
        add_row(self, index, like)


class TaskRows(Bank):
    """A learned vector per task; row 0 is that of a task that is not known."""

    def __init__(self, tasks: int, width: int) -> None:
        """Draw them."""
        super().__init__(TASK)
        self.bank("vector", tasks, (width,), DEVIATION)

    def forward(self, index: Index) -> Tensor:
        """Return (B, d)."""
        return self.get_parameter("vector")[index.task]


class FlatStates(nn.Module):
    """One token per step: the features of all joints side by side, and what the joints are."""

    def __init__(self, config: ModelConfig, width: int) -> None:
        """Prepare for bodies of at most `config.joints` tokens."""
        super().__init__()
        self.slots = config.joints
        self.features = nn.Linear(config.joints * config.features, width)
        self.body = nn.Linear(config.joints * (KINDS + 1), width, bias=False)

    def forward(self, segments: Segments) -> Tensor:
        """Return (B, N, T, d); padding is as if it were not there."""
        real = segments.token_mask
        features = segments.tokens.masked_fill(~real[:, None, None, :, None], 0.0)
        kinds = F.one_hot(kinds_of(segments), KINDS) * real[..., None]
        body = torch.cat([kinds, (segments.actuated & real)[..., None]], dim=-1)
        body = self.body(self._flat(body.to(features.dtype)))
        return self.features(self._flat(features)) + body[:, None, None]

    def _flat(self, values: Tensor) -> Tensor:
        """Return (..., slots * F) of (..., J, F), with zeros for slots that are not used."""
        return F.pad(values, (0, 0, 0, self.slots - values.shape[-2])).flatten(-2)
