"""Which candidate to drive to: commitment, rejection and the courage of the explored."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from goat.frames import wrap_angle
from goat.memory.matcher import Match


@dataclass(frozen=True)
class TargetConfig:
    """When a candidate is good enough."""

    act: float = 0.4
    """Probability from which a candidate is driven to before everything is explored."""
    keep: float = 0.3
    """A candidate driven to is kept while its probability stays above this."""
    act_explored: float = 0.15
    """The same once there is no frontier left, but places where something may hide."""
    settle: float = 0.12
    """Once these have been looked at as well, the best candidate above this is driven to."""
    verify: float = 0.5
    """Probability needed to stop at a candidate while there are others to look at."""
    lead: float = 1.5
    """Once there is no frontier left, being this many times likelier than the next is enough."""
    better: float = 0.15
    """A rival takes over when it is likelier by this much."""
    distance_cost: float = 0.01
    """Probability that one metre of driving is worth."""
    unconfirmed: float = 0.9
    """What the probability of an object seen only once is worth."""


class Effort(IntEnum):
    """How far the search for a goal has gone."""

    EXPLORE = 0
    """There are frontiers."""
    INSPECT = 1
    """There are none, but places where something may hide."""
    SETTLE = 2
    """Everything was looked at: take the best there is."""


class TargetSelector:
    """Chooses among matches for one goal."""

    def __init__(self, config: TargetConfig | None = None) -> None:
        """Start with nothing chosen."""
        self.config = config or TargetConfig()
        self.reset()

    def reset(self) -> None:
        """Forget choices and rejections: a new goal."""
        self.current: int | None = None
        self.effort = Effort.EXPLORE
        self._rival = 0.0
        self._rejected: set[int] = set()
        self._unreachable: set[int] = set()

    def choose(self, matches: Sequence[Match], distances: Sequence[float]) -> Match | None:
        """Return the candidate to drive to, or None to explore.

        Args:
            matches: Candidates of the goal.
            distances: Driving distance to each, m; inf where there is no way.
        """
        # Once everything has been looked at the best candidate left is as good as it gets.
        last = self.effort is Effort.SETTLE
        barred = self._unreachable if last else self._rejected | self._unreachable
        open_ = {
            match.instance.id: (self._worth(match), distance, match)
            for match, distance in zip(matches, distances, strict=True)
            if match.instance.id not in barred
        }
        threshold = self._threshold
        good = {i: item for i, item in open_.items() if item[0] >= threshold}
        best = max(good.values(), key=self._utility, default=None)
        mine = None if self.current is None else open_.get(self.current)
        if mine is not None and self._holds(mine[0], best, threshold):
            return self._take(mine[2], matches)
        return self._take(None if best is None else best[2], matches)

    def _take(self, match: Match | None, matches: Sequence[Match]) -> Match | None:
        self.current = None if match is None else match.instance.id
        others = (self._worth(m) for m in matches if m.instance.id != self.current)
        self._rival = max(others, default=0.0)
        return match

    def satisfied(self, match: Match) -> bool:
        """Return whether to stop at a candidate that the robot stands before and looks at."""
        if self.effort is Effort.SETTLE:
            return True
        worth = self._worth(match)
        ahead = self.effort is Effort.INSPECT and worth >= self.config.lead * self._rival
        return ahead or worth >= self.config.verify

    def try_harder(self) -> bool:
        """Go on to the next effort; return False if there is none."""
        if self.effort is Effort.SETTLE:
            return False
        self.effort = Effort(self.effort + 1)
        return True

    def reject(self, instance_id: int) -> None:
        """Bar a candidate that turned out to be something else."""
        self._rejected.add(instance_id)
        self.current = None

    def give_up(self, instance_id: int) -> None:
        """Bar a candidate that cannot be reached."""
        self._unreachable.add(instance_id)
        self.current = None

    @property
    def unreachable(self) -> bool:
        """Whether some candidate could not be reached."""
        return bool(self._unreachable)

    @property
    def _threshold(self) -> float:
        cfg = self.config
        return (cfg.act, cfg.act_explored, cfg.settle)[self.effort]

    def _holds(
        self, worth: float, best: tuple[float, float, Match] | None, threshold: float
    ) -> bool:
        if worth < min(self.config.keep, threshold):
            return False
        return best is None or best[0] <= worth + self.config.better

    def _worth(self, match: Match) -> float:
        return match.probability * (1.0 if match.instance.confirmed else self.config.unconfirmed)

    def _utility(self, item: tuple[float, float, Match]) -> float:
        distance = item[1] if math.isfinite(item[1]) else 100.0
        return item[0] - self.config.distance_cost * distance


class OpeningScan:
    """Tells whether a robot that knows nothing yet is still turning around once."""

    def __init__(self, wanted: bool) -> None:
        """Start; `wanted` False is a scan that is already over."""
        self._left = 2.0 * math.pi - 0.1 if wanted else 0.0
        self._yaw: float | None = None

    def going(self, yaw: float) -> bool:
        """Return whether to go on turning, given the heading now, rad."""
        if self._yaw is not None:
            self._left -= abs(wrap_angle(yaw - self._yaw))
        self._yaw = yaw
        return self._left > 0.0
