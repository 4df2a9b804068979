"""Small demonstrations as networks see them, for tests of training and evaluation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from meta_controller.demos.episodes import Demonstrations, joined, record
from meta_controller.embodiment import Embodiment
from meta_controller.environments import Environments, embodiment_of
from meta_controller.experts.names import expert_of
from meta_controller.model.config import ModelConfig
from meta_controller.names import TASKS
from meta_controller.training.episodes import Source, source_of
from meta_controller.training.pretrained import Pretrained, fresh_network

SMALL = ModelConfig(
    width=16, heads=2, blocks=1, structure_blocks=1, segment=4, rank=2, joints=6, dropout=0.0
)
NAMES = ("pendulum-spin", "cartpole-balance")


def shown(name: str, count: int = 4, skills: tuple[float, ...] = (1.0,)) -> Demonstrations:
    """Return episodes of an expert and of those that know less."""
    parts = []
    for skill in skills:
        environments = Environments(TASKS.load(name)(), count)
        start = environments.draw(np.random.default_rng(0))
        parts.append(record(environments, expert_of(name, skill).act, start, skill))
        environments.close()
    return joined(parts)


def body_of(name: str) -> Embodiment:
    return embodiment_of(TASKS.load(name)())


def sources(config: ModelConfig = SMALL) -> list[Source]:
    return [source_of(body_of(name), shown(name), config) for name in NAMES]


def network(
    found: list[Source], kind: str = "meta-controller", seed: int = 0, config: ModelConfig = SMALL
) -> Pretrained:
    torch.manual_seed(seed)
    return fresh_network(kind, config, [s.body for s in found], [s.task for s in found])


def trained(folder: Path) -> Pretrained:
    """Return a network that is untrained, in a folder."""
    pretrained = network(sources())
    pretrained.save(folder)
    return pretrained
