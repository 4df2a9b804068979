"""Frames of agents that see, map and remember nothing."""

from __future__ import annotations

import numpy as np

from goat.types import AgentFrame, Goal, Observation, OccupancyGrid

_NO_MAP = OccupancyGrid(np.zeros((1, 1), np.uint8), (0.0, 0.0), 0.05)


def blank_frame(seen: Observation | None, goal: Goal | None, step: int, note: str) -> AgentFrame:
    """Return a frame with nothing but what was sensed.

    Args:
        seen: The last observation.
        goal: What is sought.
        step: Steps since the goal was set.
        note: What the agent is doing.

    Raises:
        RuntimeError: Nothing was sensed yet.
    """
    if seen is None:
        raise RuntimeError("there is no frame before the first step")
    return AgentFrame(
        step=step,
        observation=seen,
        map_from_base=seen.odom_from_base,
        detections=(),
        grid=_NO_MAP,
        instances=(),
        goal=goal,
        target=None,
        probability=0.0,
        path=None,
        note=note,
    )
