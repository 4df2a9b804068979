"""What is made small in training and adaptation."""

from __future__ import annotations

from torch import Tensor

from meta_controller.model.data import Index, Segments, joined
from meta_controller.model.loss import masked_mse
from meta_controller.training.imitator import Imitator


def imitation_loss(
    network: Imitator,
    support: Segments,
    query: Segments,
    index: Index,
    weights: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """Return what is to be made small, and the part of it that is the error of actions.

    Args:
        network: What is trained.
        support: Segments with actions.
        query: The same.
        index: Rows.
        weights: (B,) of the samples.
    """
    actions, foretold = network.predictions(support, query, index)
    error = masked_mse(actions, query, weights)
    if foretold is None:
        return error, error
    return error + masked_mse(foretold, joined(support, query), weights), error
