"""One count for what a step is, whether the robot takes discrete actions or velocities.

How long a robot is stuck, how often something was tried and how long a mark on the map lasts are
counted in steps. A discrete action is one. Under velocity commands a step is what one action would
have done: some driving, some turning, or a while without either.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from goat.frames import wrap_angle
from goat.nav.grid import Pose
from goat.types import Body


@dataclass(slots=True)
class Beat:
    """Tells which control steps count."""

    body: Body
    """Discrete, or with the lengths that a step of it would have."""
    most: int = 10
    """So many control steps make one at the latest."""
    _last: Pose | None = None
    _since: int = 0

    def counts(self, pose: Pose) -> bool:
        """Return whether the step that led to `pose` counts; ask once per step."""
        self._since += 1
        if not (self.body.discrete or self._last is None or self._since >= self.most):
            moved = math.dist(pose[:2], self._last[:2])
            turned = abs(wrap_angle(pose[2] - self._last[2]))
            if moved < self.body.forward_step and turned < self.body.turn_step:
                return False
        self._last, self._since = pose, 0
        return True
