"""Intervals of means over goals, by resampling whole episodes.

Goals of one episode share a start, a scene and a memory, so they are no independent draws;
episodes are. This is the cluster bootstrap with percentile intervals: Efron and Tibshirani, "An
Introduction to the Bootstrap", 1993, chapters 8 and 13.
"""

from __future__ import annotations

import numpy as np

from goat.types import BoolArray, Float64Array

Interval = tuple[float, float]


def resample(rng: np.random.Generator, episodes: int, resamples: int) -> Float64Array:
    """Return (resamples, episodes) how often each episode is drawn; every row sums to `episodes`.

    Args:
        rng: Of the draws.
        episodes: Number of episodes, at least 1.
        resamples: Number of bootstrap samples.
    """
    shares = np.full(episodes, 1.0 / episodes)
    return rng.multinomial(episodes, shares, size=resamples).astype(np.float64)


def ratios(weights: Float64Array, sums: Float64Array, counts: Float64Array) -> Float64Array:
    """Return (R, ...) means over all goals of each bootstrap sample; NaN where it has none.

    Args:
        weights: (R, E) of `resample`.
        sums: (E, ...) sum of a figure over the goals of each episode.
        counts: (E, ...) number of goals that have the figure.
    """
    total = np.tensordot(weights, sums, axes=1)
    number = np.tensordot(weights, counts, axes=1)
    return np.divide(total, number, out=np.full(total.shape, np.nan), where=number > 0)


def intervals(samples: Float64Array, confidence: float) -> Float64Array:
    """Return (2, ...) lower and upper percentile of samples (R, ...), NaN apart.

    NaN where every sample is NaN.
    """
    ordered = np.sort(samples, axis=0)  # NaN comes last
    number = (~np.isnan(samples)).sum(axis=0)
    tails = np.array([0.5 * (1.0 - confidence), 0.5 * (1.0 + confidence)])
    place = tails.reshape(-1, *([1] * number.ndim)) * np.maximum(number - 1, 0)
    below = np.floor(place).astype(np.intp)
    above = np.ceil(place).astype(np.intp)
    low = np.take_along_axis(ordered, below, axis=0)
    high = np.take_along_axis(ordered, above, axis=0)
    return low + (place - below) * (high - low)


def enough(counts: Float64Array) -> BoolArray:
    """Return (...) whether two episodes or more have the figure: fewer say nothing of spread.

    Args:
        counts: (E, ...) number of goals that have it.
    """
    return np.asarray((counts > 0).sum(axis=0) >= 2)
