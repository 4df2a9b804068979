"""Boxes seen by a pinhole camera, ray by ray: a world whose every answer is known exactly."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from scipy.spatial.transform import RigidTransform

from goat.frames import mast_camera, planar
from goat.perception.detectors.simulator import SimulatorDetector, SimulatorDetectorConfig
from goat.types import BoolArray, CameraIntrinsics, Detection, Float32Array, Observation, UInt8Array

CAMERA = CameraIntrinsics.from_hfov(320, 240, math.radians(79.0))
HEIGHT = 1.31
_DETECTOR = SimulatorDetectorConfig(min_pixels=30, min_edge=3)


@dataclass(frozen=True)
class Box:
    """An axis-aligned box; without a label it is part of the house."""

    lower: tuple[float, float, float]
    upper: tuple[float, float, float]
    label: str | None = None
    rgb: tuple[int, int, int] = (150, 150, 150)

    def moved(self, dx: float, dy: float) -> Box:
        (x0, y0, z0), (x1, y1, z1) = self.lower, self.upper
        return Box((x0 + dx, y0 + dy, z0), (x1 + dx, y1 + dy, z1), self.label, self.rgb)


FLOOR = Box((-20.0, -20.0, -0.2), (20.0, 20.0, 0.0), None, (110, 90, 70))


def cube(
    xy: tuple[float, float], label: str | None = "chair", size: float = 0.5, top: float = 0.9
) -> Box:
    """A box on the floor around `xy`."""
    half = 0.5 * size
    return Box((xy[0] - half, xy[1] - half, 0.0), (xy[0] + half, xy[1] + half, top), label)


def walls(x0: float, y0: float, x1: float, y1: float, top: float = 2.5) -> list[Box]:
    """Four walls, 10 cm thick, around a rectangle."""
    t = 0.1
    spans = [
        (x0 - t, y0 - t, x1 + t, y0),
        (x0 - t, y1, x1 + t, y1 + t),
        (x0 - t, y0, x0, y1),
        (x1, y0, x1 + t, y1),
    ]
    return [Box((a, b, 0.0), (c, d, top), None, (200, 200, 190)) for a, b, c, d in spans]


@dataclass
class BoxScene:
    """The boxes; ids of observations are 1-based positions in `boxes`."""

    boxes: list[Box]
    camera: CameraIntrinsics = CAMERA
    base_from_camera: RigidTransform = field(default_factory=lambda: mast_camera(HEIGHT))
    max_range: float = 10.0
    stamp: float = 0.0

    def observe(self, pose: tuple[float, float, float]) -> Observation:
        """Render from a robot at x, y, yaw; each observation is a second later."""
        self.stamp += 1.0
        base = planar(*pose)
        world_from_camera = base * self.base_from_camera
        rays = self._rays(world_from_camera)
        distance, ids = self._cast(world_from_camera.translation, rays)
        depth = np.where(distance < self.max_range, distance, np.nan)
        shape = (self.camera.height, self.camera.width)
        colors = np.array([(0, 0, 0), *(box.rgb for box in self.boxes)], np.uint8)
        return Observation(
            stamp=self.stamp,
            rgb=colors[ids].reshape(*shape, 3),
            depth=depth.astype(np.float32).reshape(shape),
            camera=self.camera,
            base_from_camera=self.base_from_camera,
            odom_from_base=base,
            semantic=ids.astype(np.int32).reshape(shape),
        )

    def detect(self, observation: Observation) -> list[Detection]:
        """Perfect detections of the labelled boxes."""
        labels = {i: box.label for i, box in enumerate(self.boxes, 1) if box.label is not None}
        return SimulatorDetector(labels, _DETECTOR).detect(observation)

    def _rays(self, world_from_camera: RigidTransform) -> np.ndarray:
        """Directions (N, 3) per metre of depth."""
        camera = self.camera
        rows, cols = np.mgrid[0 : camera.height, 0 : camera.width]
        x, y = (cols - camera.cx) / camera.fx, (rows - camera.cy) / camera.fy
        optical = np.stack([x, y, np.ones(x.shape)], axis=-1).reshape(-1, 3)
        return world_from_camera.rotation.apply(optical)

    def _cast(self, eye: np.ndarray, rays: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Depth (N,) of the first box hit, inf for none, and its id (N,), 0 for none."""
        best = np.full(len(rays), np.inf)
        ids = np.zeros(len(rays), np.intp)
        with np.errstate(divide="ignore", invalid="ignore"):
            inverse = 1.0 / rays
            for number, box in enumerate(self.boxes, 1):
                first = (np.array(box.lower) - eye) * inverse
                second = (np.array(box.upper) - eye) * inverse
                near = np.nanmax(np.minimum(first, second), axis=1)
                far = np.nanmin(np.maximum(first, second), axis=1)
                hit = (near <= far) & (near > 1e-6) & (near < best)
                best[hit], ids[hit] = near[hit], number
        return best, ids


def plain_look(
    rgb: UInt8Array, mask: BoolArray, box: Float32Array
) -> tuple[Float32Array, dict[str, float]]:
    """A describer: the mean colour as a direction, and how red it is."""
    mean = rgb[mask].mean(axis=0) + 1.0
    return (mean / np.linalg.norm(mean)).astype(np.float32), {"color:red": float(mean[0] / 256.0)}


def around(
    xy: tuple[float, float], radius: float, count: int, start: float = 0.0
) -> list[tuple[float, float, float]]:
    """Poses on a circle, each facing the middle."""
    angles = start + np.arange(count) * (2.0 * math.pi / count)
    return [
        (xy[0] + radius * math.cos(a), xy[1] + radius * math.sin(a), float(a + math.pi))
        for a in angles
    ]
