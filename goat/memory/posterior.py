"""From how well each candidate fits to how likely it is the one: rivals and the unseen share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from goat.types import Float64Array


@dataclass(frozen=True)
class Calibration:
    """What a score says: the ratio of how often right and wrong candidates get it."""

    neutral: float
    """Score that right and wrong candidates get alike, in (0, 1)."""
    sharpness: float
    """Power to which the odds of a score over those of the neutral one are taken."""
    most: float = 100.0
    """No score speaks more strongly for a candidate than this."""
    twin: float = 4.0
    """The same where only the object itself was compared: an unseen one may look the same."""

    def ratios(self, scores: Float64Array) -> Float64Array:
        """Return (N,) likelihood ratios of scores (N,) in [0, 1]."""
        scores = np.clip(scores, 0.0, 0.999)
        odds = scores / (1.0 - scores) * (1.0 - self.neutral) / self.neutral
        return np.minimum(odds**self.sharpness, self.most)


def posterior(
    scores: Mapping[int, float],
    seen: float,
    prior: Mapping[int, float],
    calibration: Calibration,
    placed: Mapping[int, float] | None = None,
    evidence: Mapping[int, float] | None = None,
) -> dict[int, float]:
    """Return candidate -> probability of being the one thing sought.

    Before anything is compared the thing is among the candidates with probability `seen`, shared
    as `prior` says, and elsewhere otherwise; a score turns this by its likelihood ratio.

    Args:
        scores: Candidate -> how well it fits by itself, in [0, 1].
        seen: Probability that the thing sought has been seen, in [0, 1).
        prior: Candidate -> weight before its score was known, positive.
        calibration: What a score says.
        placed: Candidate -> how far its surroundings tell it from an unseen twin, in [0, 1]; None
            if there can be no twin.
        evidence: Candidate -> log of the likelihood ratio of whatever else is known of it.
    """
    if not scores:
        return {}
    ratio = calibration.ratios(np.fromiter(scores.values(), np.float64))
    share = np.fromiter((prior[i] for i in scores), np.float64)
    weight = seen * share / share.sum() * ratio
    unseen = 1.0 - seen
    if placed is not None:
        best = int(weight.argmax())
        unseen *= max(1.0, float(ratio[best]) / _limit(placed[list(scores)[best]], calibration))
    if evidence is not None:
        weight = weight * np.exp([evidence[i] for i in scores])
    found = weight / (weight.sum() + unseen)
    return dict(zip(scores, found.tolist(), strict=True))


def _limit(placed: float, calibration: Calibration) -> float:
    """Return how strongly a score may speak against everything unseen."""
    return calibration.twin + (calibration.most - calibration.twin) * placed
