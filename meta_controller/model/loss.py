"""How wrong predicted actions are."""

from __future__ import annotations

from torch import Tensor

from meta_controller.model.data import Segments, ShapeError, check


def masked_mse(predicted: Tensor, query: Segments, weights: Tensor | None = None) -> Tensor:
    """Return the mean squared error over actuated joints and real steps, a scalar.

    Args:
        predicted: (B, M, T, J) actions.
        query: What was done.
        weights: (B,) float32 of the samples; None weighs all joints and steps alike.

    Raises:
        ShapeError: The query has no actions, or of another shape.
    """
    if query.actions is None:
        raise ShapeError("the query has no actions: a loss needs what was done")
    check("predicted", predicted, tuple(query.actions.shape), predicted.dtype)
    predicted = predicted.to(query.actions.dtype)
    joints = (query.actuated & query.token_mask)[:, None, None]
    mask = (query.time_mask[..., None] & joints).to(predicted.dtype)
    errors = mask * (predicted - query.actions).square()
    if weights is None:
        return errors.sum() / mask.sum().clamp(min=1.0)
    check("weights", weights, (len(mask),), predicted.dtype)
    counts = mask.flatten(1).sum(dim=1).clamp(min=1.0)
    return (weights * errors.flatten(1).sum(dim=1) / counts).mean()
