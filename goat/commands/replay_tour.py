"""What is seen and remembered along a recording, and what answers goals in it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from scipy.spatial.transform import RigidTransform

from goat.errors import GoatError
from goat.frames import planar_of
from goat.memory.matcher import GoalMatcher
from goat.nav.navigator import Navigator
from goat.steps import StepLog
from goat.types import (
    AgentFrame,
    Body,
    Goal,
    Instance,
    Observation,
    UInt8Array,
    describe,
    modality,
)
from goat.view.map import MapPainter
from goat.watcher import Watcher

_PICTURE = (1200, 900)  # px


class Tour:
    """A drive that is watched, not steered."""

    def __init__(self, watcher: Watcher, body: Body) -> None:
        """Start with nothing seen.

        Args:
            watcher: Sees and remembers.
            body: Of the robot that made the recording.
        """
        self.observations = 0
        self._watcher, self._body = watcher, body
        self._last: tuple[Observation, RigidTransform] | None = None
        self._trail: list[tuple[float, float]] = []

    @property
    def instances(self) -> tuple[Instance, ...]:
        """What is remembered."""
        return self._watcher.memory.instances()

    def watch(self, observation: Observation) -> None:
        """Take in one observation."""
        here = self._watcher.watch(observation, StepLog())
        self.observations += 1
        self._last = observation, here
        self._trail.append(planar_of(here)[:2])

    def answer(self, matcher: GoalMatcher, goal: Goal, labels: Iterable[str]) -> dict[str, Any]:
        """Return the candidates for a goal, likeliest first, as JSON knows them."""
        document: dict[str, Any] = {"goal": describe(goal), "modality": modality(goal)}
        try:
            matcher.set_goal(goal, tuple(labels))
        except GoatError as error:
            return document | {"error": str(error), "candidates": []}
        matches = matcher.match(self.instances, self._watcher.memory.grid(), self._explored())
        found = [
            {**described(match.instance), "probability": round(match.probability, 6)}
            for match in matches
        ]
        unseen = matches[0].unseen if matches else 1.0
        return document | {"candidates": found, "unseen": round(unseen, 6)}

    def picture(self) -> UInt8Array:
        """Return a map (H, W, 3) of what is remembered, with the way that was driven.

        Raises:
            RuntimeError: Before the first observation.
        """
        if self._last is None:
            raise RuntimeError("nothing was watched yet")
        frame = AgentFrame(
            step=self.observations,
            observation=self._last[0],
            map_from_base=self._last[1],
            detections=(),
            grid=self._watcher.memory.grid(),
            instances=self.instances,
            goal=None,
            target=None,
            probability=0.0,
            path=None,
            note="",
        )
        return MapPainter(_PICTURE, glide=False).draw(frame, np.array(self._trail))

    def _explored(self) -> float:
        """Return the share of the place that was seen, in [0, 1], as a driving agent reckons it."""
        if self._last is None:
            return 0.0
        navigator = Navigator(self._body)
        grid = self._watcher.memory.grid()
        navigator.update(grid, planar_of(self._last[1]), collided=False)
        return navigator.coverage()


def described(instance: Instance) -> dict[str, Any]:
    """Return what there is to say of an instance, as JSON knows it; lengths in metres."""
    return {
        "id": instance.id,
        "label": instance.label,
        "where": _rounded(instance.center),
        "size": _rounded(np.ptp(instance.bounds, axis=0)),
        "observations": instance.observations,
        "confirmed": instance.confirmed,
        "last_seen": round(instance.last_seen, 3),
    }


def _rounded(values: np.ndarray) -> list[float]:
    return [round(float(value), 3) for value in values]
