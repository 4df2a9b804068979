"""Adapting a trained network to a new task or body from a few demonstrations.

Only what belongs to the one body and task is trained, all else is frozen, as in "Meta-Controller",
2024 (https://arxiv.org/abs/2412.12147). Ours besides: new rows begin as those that stood for the
unknown in training; the rows of a known body are gone on with for a new task of it, in a copy; and
what is predicted is of another demonstration than what supports it, so that nothing is learned by
finding the very same step again. No return is looked at.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import nn

from goat.errors import ConfigError
from meta_controller.demos.episodes import Demonstrations
from meta_controller.embodiment import Embodiment
from meta_controller.model.data import Index
from meta_controller.tokens import Scales
from meta_controller.training.episodes import Source, collate, draw, source_of
from meta_controller.training.imitator import Imitator
from meta_controller.training.objective import imitation_loss
from meta_controller.training.pretrained import Pretrained


@dataclass(frozen=True)
class AdaptationConfig:
    """How it is adapted."""

    steps: int = 1000
    """Of AdamW; 0 imitates without adapting."""
    batch: int = 2
    """Draws per step."""
    support: int = 16
    """Segments that are shown per draw."""
    query: int = 16
    """Segments that are predicted per draw."""
    rate: float | None = None
    """Learning rate after warm-up, which falls to 0 along a cosine; None for the network's own."""
    warmup: int = 20
    """Steps until then."""
    seed: int = 0
    """Of what is drawn."""
    threads: int = 1
    """Of PyTorch."""

    def __post_init__(self) -> None:
        """Check the numbers."""
        if self.steps < 0:
            raise ConfigError(f"steps must not be negative, got {self.steps}")
        for name in ("batch", "support", "query", "threads"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} must be at least 1, got {getattr(self, name)}")


@dataclass(frozen=True)
class Adapted:
    """A copy of a network that knows one body and task more."""

    network: Imitator
    """In evaluation mode."""
    source: Source
    """The demonstrations it was adapted to."""
    embodiment: int
    """Its row of the body."""
    task: int
    """Its row of the task."""
    losses: tuple[float, ...]
    """Of each step."""
    seconds: float
    """CPU time."""

    @property
    def index(self) -> Index:
        """Rows for one sample."""
        return Index(torch.tensor([self.embodiment]), torch.tensor([self.task]))

    @property
    def scales(self) -> Scales:
        """What counts as 1 in the tokens."""
        return self.source.scales


def adapt(
    pretrained: Pretrained,
    embodiment: Embodiment,
    demos: Demonstrations,
    config: AdaptationConfig | None = None,
    say: Callable[[int, float], None] = lambda step, loss: None,
) -> Adapted:
    """Return a copy of a network that imitates demonstrations.

    Args:
        pretrained: Left as it is.
        embodiment: The body; if the network knows its name, it begins with what it knows of it.
        demos: All of them are used.
        config: How.
        say: Told step and loss after each step.

    Raises:
        DemonstrationError: They are of another body, or too large for the network.
    """
    *_, last = stages(pretrained, embodiment, demos, config, say)
    return last


def stages(
    pretrained: Pretrained,
    embodiment: Embodiment,
    demos: Demonstrations,
    config: AdaptationConfig | None = None,
    say: Callable[[int, float], None] = lambda step, loss: None,
    count: int = 1,
) -> Iterator[Adapted]:
    """Yield what `adapt` returns, and before it `count` - 1 stages on the way, evenly spaced.

    All of them are one network that goes on being trained: use each before the next.
    """
    config, began = config or AdaptationConfig(), time.process_time()
    network = copy.deepcopy(pretrained.network)
    source = source_of(embodiment, demos, network.config)
    body = network.add_embodiment(_row(pretrained.bodies, source.body))
    task = network.add_task(_row(pretrained.tasks, source.task))
    start = Adapted(network, source, body, task, (), 0.0)
    module = start.network
    assert isinstance(module, nn.Module)
    module.eval().requires_grad_(False)  # nothing is left out at random: all else stays as it is
    free = [parameter for _, parameter in network.adaptation_parameters()]
    ends = {round(config.steps * k / count) for k in range(1, count + 1)}
    losses: list[float] = []
    training = _steps(start, free, config)
    for step in range(config.steps + 1):
        if step in ends:
            _free(free, False)
            spent = time.process_time() - began
            yield replace(start, losses=tuple(losses), seconds=spent)
        if step < config.steps:
            losses.append(next(training))
            say(step + 1, losses[-1])


def _row(names: list[str], name: str) -> int:
    """Return the row of a name, or that of the unknown."""
    return names.index(name) if name in names else 0


def _free(parameters: list[nn.Parameter], free: bool) -> None:
    for parameter in parameters:
        parameter.requires_grad_(free)


def _steps(adapted: Adapted, free: list[nn.Parameter], config: AdaptationConfig) -> Iterator[float]:
    """Train the rows of one body and task; yield the loss of each step."""
    torch.set_num_threads(config.threads)
    optimizer = torch.optim.AdamW(free, weight_decay=0.0)
    rng, segment = np.random.default_rng([config.seed, 2]), adapted.network.config.segment
    rows = Index(
        adapted.index.embodiment.repeat(config.batch), adapted.index.task.repeat(config.batch)
    )
    rate = config.rate or adapted.network.adaptation_rate
    for step in range(config.steps):
        _free(free, True)
        for group in optimizer.param_groups:
            group["lr"] = rate * _falling(step, config)
        drawn = [
            draw(adapted.source, rng, config.support, config.query, segment)
            for _ in range(config.batch)
        ]
        support, query = collate(drawn, segment)
        loss, error = imitation_loss(adapted.network, support, query, rows)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        yield float(error.detach())


def _falling(step: int, config: AdaptationConfig) -> float:
    """Return what of the rate is used at a step."""
    warm = min(1.0, (step + 1) / max(config.warmup, 1))
    return warm * 0.5 * (1.0 + float(np.cos(np.pi * step / config.steps)))
