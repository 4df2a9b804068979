"""Whether segments and rows fit a network."""

from __future__ import annotations

from torch import Tensor

from meta_controller.model.config import ModelConfig, Rows
from meta_controller.model.data import Index, Segments, ShapeError, check_range
from meta_controller.tokens import GLOBAL


def check_fits(segments: Segments, index: Index, config: ModelConfig, rows: Rows) -> None:
    """Refuse segments and rows that do not fit a network.

    Raises:
        ShapeError: They do not.
    """
    batch, _, steps, joints, features = segments.tokens.shape
    if steps != config.segment or features != config.features or joints > config.joints:
        raise ShapeError(
            f"segments have {steps} steps of {joints} tokens of width {features}; this network "
            f"takes {config.segment} steps of at most {config.joints} tokens of width "
            f"{config.features}"
        )
    if len(index.embodiment) != batch:
        raise ShapeError(f"{batch} samples need as many indices, got {len(index.embodiment)}")
    check_range("embodiment", index.embodiment, rows.embodiments)
    check_range("task", index.task, rows.tasks)
    check_range("kinds", kinds_of(segments), GLOBAL + 1)


def kinds_of(segments: Segments) -> Tensor:
    """Return kinds (B, J) in which padding is of the first kind."""
    return segments.kinds.masked_fill(~segments.token_mask, 0)
