"""Which decision of which demonstration a rollout imitates, decision by decision."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from meta_controller.demos.episodes import Demonstrations
from meta_controller.evaluation.law import NetworkLaw
from meta_controller.model.actor import Actor
from meta_controller.model.data import ShapeError
from meta_controller.model.inference import explain
from meta_controller.training.adapt import Adapted
from meta_controller.training.episodes import ends_of, source_of


def imitated(law: NetworkLaw, adapted: Adapted, done: Demonstrations) -> NDArray[np.float64]:
    """Return how much of each demonstrated decision is in each action: (D, J, E * S).

    Args:
        law: Of a Meta-Controller with matching.
        adapted: What it was made of, with E demonstrations of S decisions.
        done: One episode of it, of D decisions.

    Raises:
        ShapeError: The network has no matching.
    """
    if not isinstance(law.decider, Actor):
        raise ShapeError("only a Meta-Controller says what it imitates")
    config = adapted.network.config
    source = source_of(law.embodiment, done.take(slice(0, 1)), config, adapted.scales)
    tokens, segment = source.tokens[0], config.segment
    steps = torch.arange(len(tokens))[:, None] + torch.arange(1 - segment, 1)
    mask = steps >= 0
    history = tokens[steps.clamp(min=0)] * mask[..., None, None]
    weights = explain(law.decider.cache, history, mask).numpy().astype(np.float64)
    return _by_decision(
        weights, len(adapted.source.tokens), adapted.source.tokens.shape[1], segment
    )


def _by_decision(
    weights: NDArray[np.float64], episodes: int, decisions: int, segment: int
) -> NDArray[np.float64]:
    """Return weights (D, J, E * S) of weights (D, J, N * T) of segments, which may overlap."""
    ends = ends_of(decisions, segment)
    within = (ends[:, None] + np.arange(1 - segment, 1)).ravel()
    where = (np.arange(episodes)[:, None] * decisions + within).ravel()
    found = np.zeros((*weights.shape[:2], episodes * decisions))
    np.add.at(found.transpose(2, 0, 1), where, weights.transpose(2, 0, 1))
    return found
