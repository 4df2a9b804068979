"""Behaviour cloning from scratch: a multilayer perceptron from tokens to actions.

It is also how demonstrations are judged: a set from which this learns nothing measures nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from meta_controller.arena import Signals
from meta_controller.demos.episodes import Demonstrations, Law
from meta_controller.embodiment import Embodiment
from meta_controller.task import Task
from meta_controller.tokens import Tokenizer, scales_of


@dataclass(frozen=True)
class CloningConfig:
    """How it is trained."""

    width: int = 256
    """Of the two hidden layers."""
    steps: int = 3000
    """Of Adam."""
    batch: int = 256
    """States per step."""
    rate: float = 1e-3
    """Learning rate; it falls to 0 along a cosine."""
    threads: int = 1
    """Of PyTorch."""


def clone(
    task: Task,
    embodiment: Embodiment,
    demos: Demonstrations,
    seed: int,
    config: CloningConfig | None = None,
) -> Law:
    """Return a law that imitates demonstrations.

    Args:
        task: What is shown.
        embodiment: The body.
        demos: All of them are used; scales come from them as well.
        seed: Of weights and batches.
        config: How it is trained.

    Raises:
        DemonstrationError: They are of another body.
    """
    demos.check(embodiment)
    config = config or CloningConfig()
    torch.set_num_threads(config.threads)
    generator = torch.Generator().manual_seed(seed)
    tokenizer = Tokenizer(embodiment, scales_of(embodiment, *demos.decisions))
    states = torch.from_numpy(tokenizer.tokens(*demos.states)).flatten(1)
    actions = torch.from_numpy(demos.actions.reshape(len(states), -1))
    net = _trained(_network(states.shape[1], actions.shape[1], config, generator), states, actions,
                   config, generator)  # fmt: skip

    def law(signals: Signals) -> np.ndarray:
        told = task.tell(signals)
        seen = torch.from_numpy(tokenizer.tokens(signals.qpos, signals.qvel, told)).flatten(1)
        with torch.inference_mode():
            return net(seen).numpy().astype(np.float64)

    return law


def _network(
    inputs: int, outputs: int, config: CloningConfig, generator: torch.Generator
) -> nn.Sequential:
    net = nn.Sequential(
        nn.Linear(inputs, config.width),
        nn.GELU(),
        nn.Linear(config.width, config.width),
        nn.GELU(),
        nn.Linear(config.width, outputs),
        nn.Tanh(),
    )
    for layer in net:
        if isinstance(layer, nn.Linear):
            nn.init.orthogonal_(layer.weight, generator=generator)
            nn.init.zeros_(layer.bias)
    return net


def _trained(
    net: nn.Sequential,
    states: torch.Tensor,
    actions: torch.Tensor,
    config: CloningConfig,
    generator: torch.Generator,
) -> nn.Sequential:
    optimizer = torch.optim.Adam(net.parameters(), config.rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, config.steps)
    for _ in range(config.steps):
        batch = torch.randint(len(states), (config.batch,), generator=generator)
        loss = nn.functional.mse_loss(net(states[batch]), actions[batch])
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        schedule.step()
    return net.eval()
