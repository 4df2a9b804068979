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

    act: float = 0.6
    """Probability from which a candidate is driven to before everything is explored."""
    keep: float = 0.3
    """A candidate driven to is kept while its probability stays above this."""
    act_explored: float = 0.15
    """The same once there is no frontier left, or no hope that anything better is unseen."""
    settle: float = 0.12
    """Once these have been looked at as well, the best candidate above this is driven to."""
    verify: float = 0.8
    """Probability needed to stop at a candidate while there are others to look at."""
    lead: float = 1.5
    """Among the candidates left, being this many times likelier than the next is enough."""
    hope: float = 2.0
    """Exploring ends when the best candidate is this many times likelier than all the unseen."""
    patience: int = 330
    """Steps after which a candidate is taken, however likely something better is unseen."""
    better: float = 0.15
    """A rival takes over when it is likelier by this much."""
    sure: float = 0.88
    """Of candidates likelier than this the nearest is as good as any."""
    distance_cost: float = 0.01
    """Probability that one metre of driving is worth."""
    unconfirmed: float = 0.9
    """What the probability of an object seen only once is worth."""
    glance: float = 0.2
    """Probability from which a candidate near by is looked at before exploring on."""
    glance_reach: float = 15.0
    """Metres that a look at a certain candidate would be worth; at another its share of them."""


_Candidate = tuple[float, float, Match]
"""Worth, driving distance (m) and the match itself."""


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
        self.steps = 0
        self.judging = False
        self._rival = 0.0
        self._rejected: dict[int, float] = {}
        self._retried: set[int] = set()
        self._unreachable: set[int] = set()

    def choose(self, matches: Sequence[Match], distances: Sequence[float]) -> Match | None:
        """Return the candidate to drive to, or None to explore.

        Args:
            matches: Candidates of the goal.
            distances: Driving distance to each, m; inf where there is no way.
        """
        cfg = self.config
        self.judging = self._judges(matches)
        open_ = {
            match.instance.id: (self._worth(match), distance, match)
            for match, distance in zip(matches, distances, strict=True)
            if not self._is_barred(match, self._best_but(match, matches))
        }
        threshold = self._threshold
        good = {i: item for i, item in open_.items() if item[0] >= threshold or _near(item, cfg)}
        best = max(good.values(), key=self._utility, default=None)
        mine = None if self.current is None else open_.get(self.current)
        if mine is not None and self._holds(mine, best):
            return self._take(mine[2], matches)
        return self._take(None if best is None else best[2], matches)

    def _take(self, match: Match | None, matches: Sequence[Match]) -> Match | None:
        self.current = None if match is None else match.instance.id
        self._rival = self._best_but(match, matches)
        return match

    def _best_but(self, match: Match | None, matches: Sequence[Match]) -> float:
        """Return the worth of the best of the others."""
        mine = None if match is None else match.instance.id
        return max((self._worth(m) for m in matches if m.instance.id != mine), default=0.0)

    def satisfied(self, match: Match) -> bool:
        """Return whether to stop at a candidate that the robot stands before and looks at."""
        if self.effort is Effort.SETTLE:
            return True
        worth = self._worth(match)
        return worth >= self.config.verify or self._leads(worth, self._rival)

    def try_harder(self) -> bool:
        """Go on to the next effort; return False if there is none."""
        if self.effort is Effort.SETTLE:
            return False
        if self.judging:
            self.effort = Effort.SETTLE
            return True
        self.effort = Effort(self.effort + 1)
        return True

    def reject(self, match: Match) -> None:
        """Bar a candidate that looks like something else from near.

        Once it is worth much more it gets a second chance, and only one.
        """
        number = match.instance.id
        self._rejected[number] = math.inf if number in self._retried else self._worth(match)
        self.current = None

    def give_up(self, instance_id: int) -> None:
        """Bar a candidate that cannot be reached."""
        self._unreachable.add(instance_id)
        self.current = None

    @property
    def unreachable(self) -> bool:
        """Whether some candidate could not be reached."""
        return bool(self._unreachable)

    def _leads(self, worth: float, rival: float) -> bool:
        """Return whether a candidate is ahead of the others when it is time to judge."""
        late = self.judging or self.effort is Effort.INSPECT
        return late and worth >= self.config.lead * rival

    def _is_barred(self, match: Match, rival: float) -> bool:
        """Return whether a candidate is out; one that was rejected may get its second chance."""
        number, worth = match.instance.id, self._worth(match)
        if number in self._unreachable:
            return True
        # Once everything has been looked at the best candidate left is as good as it gets.
        if self.effort is Effort.SETTLE or number not in self._rejected:
            return False
        better = worth > self._rejected[number] + self.config.better
        if not better and not (math.isfinite(self._rejected[number]) and self._leads(worth, rival)):
            return True
        del self._rejected[number]
        self._retried.add(number)
        return False

    @property
    def _threshold(self) -> float:
        cfg = self.config
        if self.judging and self.effort is Effort.EXPLORE:
            return cfg.act_explored
        return (cfg.act, cfg.act_explored, cfg.settle)[self.effort]

    def _judges(self, matches: Sequence[Match]) -> bool:
        """Return whether to choose among the candidates there are: no better one is to be found."""
        worth = [self._worth(m) for m in matches if m.instance.id not in self._unreachable]
        best = max(worth, default=0.0)
        unseen = matches[0].unseen if matches else 1.0
        patient = self.steps < self.config.patience
        return best >= self.config.settle and (best >= self.config.hope * unseen or not patient)

    def _holds(self, mine: _Candidate, best: _Candidate | None) -> bool:
        enough = mine[0] >= min(self.config.keep, self._threshold) or _near(mine, self.config)
        return enough and (best is None or best[0] <= mine[0] + self.config.better)

    def _worth(self, match: Match) -> float:
        return match.probability * (1.0 if match.instance.confirmed else self.config.unconfirmed)

    def _utility(self, item: _Candidate) -> float:
        distance = item[1] if math.isfinite(item[1]) else 100.0
        return min(item[0], self.config.sure) - self.config.distance_cost * distance


def _near(item: _Candidate, config: TargetConfig) -> bool:
    """Return whether a candidate is worth the way to a closer look."""
    worth, distance, _ = item
    return worth >= config.glance and distance <= config.glance_reach * worth


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
