"""Smooth measures of how well something is within bounds, of many values at once.

The shapes are those of dm_control's rewards ("DeepMind Control Suite", 2018,
https://arxiv.org/abs/1801.00690, section 2.2): 1 within the bounds, `least` at the margin.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Float64Array = NDArray[np.float64]
Shape = Literal["gaussian", "linear", "quadratic"]


def within(
    values: Float64Array,
    low: float = 0.0,
    high: float = 0.0,
    margin: float = 0.0,
    least: float = 0.1,
    shape: Shape = "gaussian",
) -> Float64Array:
    """Return how well values (...) are within [low, high], in [0, 1].

    Args:
        values: Of any unit.
        low: Lower bound.
        high: Upper bound; may be infinite.
        margin: Distance from the bounds at which it is `least`; 0 for nothing outside of them.
        least: Value at the margin.
        shape: How it falls off.
    """
    outside = np.maximum(np.maximum(low - values, values - high), 0.0)
    if margin == 0.0:
        return (outside == 0.0).astype(np.float64)
    x = outside / margin
    match shape:
        case "gaussian":
            return np.exp(x * x * math.log(least))
        case "linear":
            return np.maximum(1.0 - x * (1.0 - least), 0.0)
        case "quadratic":
            bent = x * math.sqrt(1.0 - least)
            return np.where(np.abs(bent) < 1.0, 1.0 - bent * bent, 0.0)


def small(control: Float64Array) -> Float64Array:
    """Return (N,) in [0.8, 1]: how little is done, of controls (N, A) in [-1, 1]."""
    quiet = within(control, margin=1.0, least=0.0, shape="quadratic").mean(axis=1)
    return (4.0 + quiet) / 5.0
