"""What a single image says about a goal, on its own."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

import cv2
import numpy as np
from scipy.spatial.transform import RigidTransform

from goat.bench.agents import AgentParts
from goat.memory.instances import Describer, InstanceMemory
from goat.memory.landmarks import LandmarkMap
from goat.memory.matcher import GoalMatcher, Match
from goat.memory.photo import PhotoConfig, PhotoLook
from goat.memory.vocabulary import compatible
from goat.perception.attributes import measure
from goat.perception.descriptors import describe_goal, describe_surroundings
from goat.perception.keypoints import SiftMatcher
from goat.protocols import KeypointMatcher
from goat.types import (
    BoolArray,
    CategoryGoal,
    Detection,
    Float32Array,
    Goal,
    ImageGoal,
    Instance,
    KeypointMatches,
    Observation,
    OccupancyGrid,
    UInt8Array,
)

_LEAST = 0.05
"""Things less likely than this to be what a photo shows are not placed in the map."""


class Glance(Protocol):
    """Scores what is seen in one image."""

    def look(
        self,
        detections: Sequence[Detection],
        observation: Observation,
        here: RigidTransform,
        grid: OccupancyGrid,
    ) -> list[Match]:
        """Return what may be the goal, likeliest first; every image starts with nothing known.

        Args:
            detections: What was found in the image.
            observation: The image.
            here: map_from_base when it was taken.
            grid: Where the robot can drive.
        """
        ...


def glance_for(goal: Goal, parts: AgentParts) -> Glance:
    """Return what scores images for a goal.

    Raises:
        GoalError: A sentence without words.
    """
    if isinstance(goal, ImageGoal):
        keypoints = parts.keypoints or SiftMatcher()
        return PhotoGlance(goal.rgb, keypoints, parts.config.matcher.photo)
    return WordGlance(goal, parts)


class WordGlance:
    """Compares labels and what the image shows of each thing with a category or a sentence."""

    def __init__(self, goal: Goal, parts: AgentParts) -> None:
        """Read the goal.

        Raises:
            GoalError: A sentence without words.
        """
        keypoints = parts.keypoints or SiftMatcher()
        look = PhotoLook(describe_goal, describe_surroundings)
        places = LandmarkMap(keypoints, parts.config.memory.landmarks)
        # One view rarely tells the room, so rooms neither help nor hurt.
        grounding = replace(parts.config.matcher.grounding, room_floor=1.0)
        config = replace(parts.config.matcher, grounding=grounding)
        self._matcher = GoalMatcher(keypoints, look, places, config, parts.encoders)
        self._matcher.set_goal(goal, parts.vocabulary)
        self._describe = _label_only if isinstance(goal, CategoryGoal) else _attributes

    def look(
        self,
        detections: Sequence[Detection],
        observation: Observation,
        here: RigidTransform,
        grid: OccupancyGrid,
    ) -> list[Match]:
        """Return what fits the words, likeliest first."""
        things = things_in(detections, observation, here, self._describe)
        return self._matcher.match(list(things.values()), grid, explored=False)


class PhotoGlance:
    """Compares local features of a whole image with those of a photo, whatever is in them.

    A thing counts by the matches on it, and by where in the photo its middle falls if the matches
    say so; the scales are those of `goat.memory.photo`.
    """

    def __init__(self, photo: UInt8Array, keypoints: KeypointMatcher, config: PhotoConfig) -> None:
        """Find the photo's features."""
        self._config, self._keypoints = config, keypoints
        self._photo = keypoints.extract(photo)
        self._middle = np.array(photo.shape[1::-1], np.float32) / 2.0
        self._scale = 0.5 * math.hypot(*photo.shape[:2])

    def look(
        self,
        detections: Sequence[Detection],
        observation: Observation,
        here: RigidTransform,
        grid: OccupancyGrid,
    ) -> list[Match]:
        """Return what the photo may show, likeliest first."""
        found = self._keypoints.match(self._photo, self._keypoints.extract(observation.rgb))
        if len(found.xy_a) == 0:
            return []
        shift = self._shift(found)
        scores = [self._score(detection.mask, found, shift) for detection in detections]
        likely = [index for index, score in enumerate(scores) if score >= _LEAST]
        shown = [detections[index] for index in likely]
        things = things_in(shown, observation, here, _label_only)
        matches = [Match(thing, scores[likely[index]]) for index, thing in things.items()]
        return sorted(matches, key=lambda match: (-match.probability, match.instance.id))

    def _shift(self, found: KeypointMatches) -> Float32Array | None:
        """Return (2, 3) photo pixels from image pixels, if the matches agree on it."""
        if len(found.xy_a) < self._config.place_matches:
            return None
        cv2.setRNGSeed(0)
        shift, inside = cv2.estimateAffinePartial2D(
            found.xy_b, found.xy_a, ransacReprojThreshold=0.06 * self._scale
        )
        agree = 0 if shift is None else int(np.count_nonzero(inside))
        return np.asarray(shift, np.float32) if agree >= self._config.place_matches else None

    def _score(self, mask: BoolArray, found: KeypointMatches, shift: Float32Array | None) -> float:
        cfg = self._config
        near = cv2.dilate(mask.view(np.uint8), np.ones((5, 5), np.uint8))
        size = np.array(mask.shape[::-1])
        pixels = np.clip(np.rint(found.xy_b).astype(np.intp), 0, size - 1)
        on_thing = near[pixels[:, 1], pixels[:, 0]] > 0
        if shift is None:
            off = np.linalg.norm(found.xy_a[on_thing] - self._middle, axis=1) / self._scale
            evidence = float(np.exp(-((off / cfg.center) ** 2)).sum())
        else:
            rows, cols = np.nonzero(mask)
            middle = np.array([cols.min() + cols.max(), rows.min() + rows.max()]) / 2.0
            off = np.linalg.norm(shift[:, :2] @ middle + shift[:, 2] - self._middle) / self._scale
            weight = np.where(on_thing, 1.0, cfg.context_weight).sum()
            evidence = float(weight) * math.exp(-((off / cfg.place) ** 2))
        return 1.0 / (1.0 + math.exp(-(evidence - cfg.half) / cfg.width)) if evidence > 0.0 else 0.0


def things_in(
    detections: Sequence[Detection],
    observation: Observation,
    here: RigidTransform,
    describe: Describer,
) -> dict[int, Instance]:
    """Return detection index -> what one image shows of it, for those that can be placed.

    Args:
        detections: What was found in the image.
        observation: The image.
        here: map_from_base when it was taken.
        describe: Measures how each thing looks.
    """
    memory = InstanceMemory(describe, compatible=compatible)
    owners = memory.update(detections, observation, here)
    things = {thing.id: thing for thing in memory.instances()}
    return {index: things[owner] for index, owner in owners.items()}


def _label_only(
    rgb: UInt8Array, mask: BoolArray, box: Float32Array
) -> tuple[Float32Array, dict[str, float]]:
    return np.ones(1, np.float32), {}


def _attributes(
    rgb: UInt8Array, mask: BoolArray, box: Float32Array
) -> tuple[Float32Array, dict[str, float]]:
    return np.ones(1, np.float32), measure(rgb, mask, box)
