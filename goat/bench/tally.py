"""Sums of every figure over the goals of each episode, and the means and intervals they give.

One array holds all groups of goals (all, a modality, a goal index, ...) and all figures, so that
one matrix product resamples everything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from goat.bench.bootstrap import Interval, enough, intervals, ratios, resample
from goat.bench.records import EpisodeRecord
from goat.bench.session import GoalResult
from goat.types import BoolArray, Float64Array

RULES = ("strict", "relaxed")
MODALITIES = ("category", "image", "language")
EFFORTS = ("steps", "path_length_m", "seconds", "collisions")
_SCORES = tuple(f"{rule}_{name}" for rule in RULES for name in ("success", "spl"))
_COLUMN = {name: number for number, name in enumerate((*_SCORES, "matching", *EFFORTS))}

EpisodeKey = tuple[str, str, str]
Run = Mapping[EpisodeKey, EpisodeRecord]
Group = tuple[str, str]
ALL: Group = ("all", "")


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over goals."""

    mean: float | None
    """None where no goal has the figure."""
    ci: Interval | None
    """Its interval; None where fewer than two episodes have the figure."""
    n: int
    """Goals that have it."""


class Tally:
    """What one agent's episodes add up to."""

    def __init__(self, run: Run, late: int) -> None:
        """Count.

        Args:
            run: Finished episodes.
            late: Goals from this index on make up the group ("part", "late").
        """
        goals = [goal for record in run.values() for goal in record.goals]
        lengths = [len(record.goals) for record in run.values()]
        places = np.concatenate([np.arange(1, length + 1) for length in lengths])
        groups = _groups(goals, places, late)
        figures = np.array([_figures(goal) for goal in goals]).reshape(-1, len(_COLUMN))
        member = np.repeat(np.eye(len(run)), lengths, axis=1)
        chosen = np.array(list(groups.values()), np.float64)
        self.episodes = tuple(run)
        """Their keys, in the order of the arrays."""
        self.groups = {group: number for number, group in enumerate(groups)}
        """Group -> its place in the arrays."""
        self.sums = _sum_up(member, chosen, np.nan_to_num(figures))
        """(episodes, groups, figures)."""
        self.counts = _sum_up(member, chosen, (~np.isnan(figures)).astype(np.float64))
        """(episodes, groups, figures) goals that have the figure."""

    def restricted(
        self, episodes: Sequence[EpisodeKey], groups: Sequence[Group]
    ) -> tuple[Float64Array, Float64Array]:
        """Return sums and counts (episodes, groups, figures) of some of them."""
        place = {key: number for number, key in enumerate(self.episodes)}
        rows = np.array([place[key] for key in episodes], np.intp)[:, None]
        columns = np.array([self.groups[group] for group in groups])
        return self.sums[rows, columns], self.counts[rows, columns]


class Spread:
    """Means of a tally with their intervals."""

    def __init__(self, tally: Tally, resamples: int, confidence: float, seed: int) -> None:
        """Resample.

        Args:
            tally: At least one episode.
            resamples: Bootstrap samples.
            confidence: Of the intervals, in (0, 1).
            seed: Of the draws.
        """
        self._groups = tally.groups
        self._count = tally.counts.sum(axis=0)
        self._mean = _mean(tally.sums, tally.counts)
        weights = resample(np.random.default_rng(seed), len(tally.episodes), resamples)
        self._samples = ratios(weights, tally.sums, tally.counts)
        self._bounds = intervals(self._samples, confidence)
        self._enough = enough(tally.counts)
        self._confidence = confidence

    def groups(self, kind: str) -> list[Group]:
        """Return the groups of one kind ("modality", "index", "visit", "category", "part")."""
        return [group for group in self._groups if group[0] == kind]

    def estimate(self, group: Group, figure: str) -> Estimate:
        """Return the mean of a figure over the goals of a group."""
        at = self._groups[group], _COLUMN[figure]
        count = int(self._count[at])
        mean = float(self._mean[at]) if count else None
        return Estimate(mean, _pair(self._bounds[:, *at]) if self._enough[at] else None, count)

    def ratio(self, over: Group, under: Group, figure: str) -> Interval | None:
        """Return the interval of the mean of one group over that of another.

        Samples in which the latter is 0 are left out.
        """
        above, below = ((self._groups[group], _COLUMN[figure]) for group in (over, under))
        if not (self._enough[above] and self._enough[below]):
            return None
        base = self._samples[:, *below]
        ratio = np.full_like(base, np.nan)
        np.divide(self._samples[:, *above], base, out=ratio, where=base > 0)
        return _pair(intervals(ratio, self._confidence))


@dataclass(frozen=True, slots=True)
class Difference:
    """The mean of one agent minus that of another over the same episodes."""

    difference: float
    """Of the means."""
    ci: Interval | None
    """Both resampled together; None where fewer than two episodes have the figure."""
    excludes_0: bool
    """The interval lies on one side of 0."""


class Gaps:
    """Differences of two agents over the same episodes, paired by resampling both together."""

    def __init__(
        self, tally: Tally, base: Tally, resamples: int, confidence: float, seed: int
    ) -> None:
        """Resample the episodes that both have finished: all goals and every modality."""
        self.episodes = tuple(key for key in tally.episodes if key in set(base.episodes))
        """Those that both have finished."""
        groups = (ALL, *(("modality", name) for name in MODALITIES))
        self._groups = {group: number for number, group in enumerate(groups)}
        pairs = [one.restricted(self.episodes, groups) for one in (tally, base)]
        self._gap = _mean(*pairs[0]) - _mean(*pairs[1])
        self._enough = enough(pairs[0][1]) & enough(pairs[1][1])
        self._bounds = np.zeros((2, *self._gap.shape))
        if self.episodes:
            weights = resample(np.random.default_rng(seed), len(self.episodes), resamples)
            samples = ratios(weights, *pairs[0]) - ratios(weights, *pairs[1])
            self._bounds = intervals(samples, confidence)

    def difference(self, group: Group, figure: str) -> Difference | None:
        """Return the difference of a figure; None where either has no goal with it."""
        at = self._groups[group], _COLUMN[figure]
        if np.isnan(self._gap[at]):
            return None
        ci = _pair(self._bounds[:, *at]) if self._enough[at] else None
        apart = ci is not None and (ci[0] > 0.0 or ci[1] < 0.0)
        return Difference(float(self._gap[at]), ci, apart)


def _pair(bounds: Float64Array) -> Interval:
    return float(bounds[0]), float(bounds[1])


def _mean(sums: Float64Array, counts: Float64Array) -> Float64Array:
    """Return (G, C) means over all episodes (E, G, C); NaN where there is nothing."""
    return ratios(np.ones((1, len(sums))), sums, counts)[0]


def _sum_up(member: Float64Array, chosen: Float64Array, values: Float64Array) -> Float64Array:
    """Return (E, G, C) from episodes (E, N), groups (G, N) and figures (N, C)."""
    return np.tensordot(member, chosen.T[:, :, None] * values[:, None, :], axes=1)


def _figures(goal: GoalResult) -> list[float]:
    figures = (
        goal.strict_success,
        _spl(goal.strict_success, goal.strict_spl),
        goal.success,
        _spl(goal.success, goal.spl),
        goal.best in goal.targets if goal.known else None,
        *(getattr(goal, name) for name in EFFORTS),
    )
    return [np.nan if figure is None else float(figure) for figure in figures]


def _spl(success: bool | None, spl: float | None) -> float | None:
    """Return 0 for a miss even where no way leads to a target, else what was measured."""
    return 0.0 if success is False else spl


def _groups(goals: Sequence[GoalResult], places: np.ndarray, late: int) -> dict[Group, BoolArray]:
    """Return group -> which goals (N,) belong to it; `places` (N,) are their indices from 1."""
    modalities = np.array([goal.modality for goal in goals], np.str_)
    categories = np.array([goal.category or "" for goal in goals], np.str_)
    first = np.array([goal.first_visit for goal in goals], bool)
    groups = {ALL: np.ones(len(goals), bool)}
    groups |= {("modality", name): modalities == name for name in MODALITIES}
    groups |= {("index", str(k)): places == k for k in range(1, int(places.max(initial=0)) + 1)}
    groups |= {("part", "first"): places == 1, ("part", "late"): places >= late}
    groups |= {("visit", "first"): first, ("visit", "revisit"): ~first}
    names = sorted({goal.category for goal in goals if goal.category})
    return groups | {("category", name): categories == name for name in names}
