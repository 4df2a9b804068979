"""From how well each candidate fits to how likely it is the one: rivals and the unseen share."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

_MOST = 0.99
"""Scores are never taken for more certain than this."""


def posterior(
    scores: Mapping[int, float], seen: float, neutral: float, prior: Mapping[int, float]
) -> dict[int, float]:
    """Return candidate -> probability of being the one thing sought.

    Before anything is compared the thing is among the candidates with probability `seen`, shared
    as `prior` says, and elsewhere otherwise. A score turns this by its odds over those of the
    neutral score.

    Args:
        scores: Candidate -> how well it fits by itself, in [0, 1].
        seen: Probability that the thing sought has been seen, in [0, 1).
        neutral: Score that speaks neither for a candidate nor against it, in (0, 1).
        prior: Candidate -> weight before its score was known, positive.
    """
    if not scores:
        return {}
    fit = np.clip(np.fromiter(scores.values(), np.float64), 0.0, _MOST)
    ratio = fit / (1.0 - fit) * (1.0 - neutral) / neutral
    share = np.fromiter((prior[i] for i in scores), np.float64)
    weight = seen * share / share.sum() * ratio
    found = weight / (weight.sum() + 1.0 - seen)
    return dict(zip(scores, found.tolist(), strict=True))
