"""What the parts of the program ask of each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np

from goat.types import (
    Action,
    AgentFrame,
    Body,
    Detection,
    Float32Array,
    Float64Array,
    Int32Array,
    KeypointMatches,
    Keypoints,
    ObjectTruth,
    Observation,
    OccupancyGrid,
    PhotoView,
    UInt8Array,
)


class Embodiment(Protocol):
    """A robot, simulated or real."""

    @property
    def body(self) -> Body:
        """Size and step lengths."""
        ...

    def observe(self) -> Observation:
        """Return the newest observation."""
        ...

    def act(self, action: Action) -> None:
        """Carry out a discrete action, or take over a velocity command."""
        ...

    def close(self) -> None:
        """Stop the robot and free what it holds."""
        ...


class Detector(Protocol):
    """Finds objects in an observation."""

    def detect(self, observation: Observation) -> list[Detection]:
        """Return the objects seen; masks have the size of the image."""
        ...


class ImageEncoder(Protocol):
    """Embeds images in the space of a `TextEncoder` of the same name, if there is one."""

    @property
    def name(self) -> str:
        """Identifies the space; embeddings of different names are not comparable."""
        ...

    def encode_images(self, images: Sequence[UInt8Array]) -> Float32Array:
        """Return (N, D) unit vectors of N images (h, w, 3)."""
        ...


class TextEncoder(Protocol):
    """Embeds sentences."""

    @property
    def name(self) -> str:
        """Identifies the space."""
        ...

    def encode_texts(self, texts: Sequence[str]) -> Float32Array:
        """Return (N, D) unit vectors of N sentences."""
        ...


class KeypointMatcher(Protocol):
    """Finds and matches local features."""

    def extract(self, rgb: UInt8Array) -> Keypoints:
        """Return the local features of an image (h, w, 3)."""
        ...

    def match(self, a: Keypoints, b: Keypoints) -> KeypointMatches:
        """Return matches that agree with one epipolar geometry."""
        ...


class Viewer(Protocol):
    """Shows what the agent does; never changes it."""

    def show(self, frame: AgentFrame) -> None:
        """Show one control step."""
        ...

    def close(self) -> None:
        """Finish files and windows."""
        ...


class Evaluator(Protocol):
    """Ground truth of a simulated world; only measurement code may hold one."""

    @property
    def objects(self) -> Mapping[int, ObjectTruth]:
        """Every object that has a category, by id."""
        ...

    def pose(self) -> tuple[float, float, float]:
        """Return the robot's true x, y (m) and yaw (rad) in the world."""
        ...

    def navigable(self) -> OccupancyGrid:
        """Return where the robot's centre can stand, connected to where it is."""
        ...

    def viewpoints(self, object_id: int) -> Float64Array:
        """Return (N, 2) navigable places within 1 m of the object that see it; may be empty."""
        ...

    def geodesic(self, xy: tuple[float, float], object_ids: Sequence[int]) -> float:
        """Return the driving distance, m, from `xy` to the nearest viewpoint of any; may be inf."""
        ...

    def gap(self, xy: tuple[float, float], object_id: int) -> float:
        """Return the horizontal distance from `xy` to the object's nearest surface point, m."""
        ...

    def photo_view(self, object_id: int, rng: np.random.Generator) -> PhotoView:
        """Return a random view that has the object in its middle and shows it well.

        Raises:
            GoalError: No viewpoint sees the object well enough.
        """
        ...

    def take_photo(self, view: PhotoView) -> UInt8Array:
        """Return the photo (H, W, 3) of a view."""
        ...

    def photo_ids(self, view: PhotoView) -> Int32Array:
        """Return the ids (H, W) of the objects in the photo of a view, 0 = none."""
        ...
