"""A room with four different walls and two boxes alike: only their surroundings differ."""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np
from sim_worlds import box_object, floor_object, translation

from goat.build import look_of
from goat.frames import look_at
from goat.memory.memory import Memory
from goat.perception.detectors.simulator import SimulatorDetector
from goat.perception.keypoints import SiftMatcher
from goat.types import CameraIntrinsics, DiscreteAction, UInt8Array
from sim.home import HomeSim
from sim.worlds.world import Light, Material, Mesh, Part, Room, World, WorldObject

BOXES = ((1.0, 3.3), (5.0, 0.7))
"""Where the two stand."""
PHOTO_CAMERA = CameraIntrinsics.from_hfov(512, 512, math.radians(60.0))

_CORNERS = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], np.float32)
_UV = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)


def pattern(seed: int, width: int = 384, height: int = 256) -> UInt8Array:
    """Coloured rectangles at random: plenty of local features, each unlike the others."""
    rng = np.random.default_rng(seed)
    image = np.full((height, width, 3), rng.integers(60, 200, 3), np.uint8)
    for _ in range(90):
        x, y = rng.integers(0, width), rng.integers(0, height)
        w, h = rng.integers(6, 60, 2)
        color = tuple(int(c) for c in rng.integers(0, 256, 3))
        cv2.rectangle(image, (int(x), int(y)), (int(x + w), int(y + h)), color, -1)
    return np.asarray(cv2.GaussianBlur(image, (3, 3), 0), np.uint8)


def textured_box(size: Sequence[float]) -> Mesh:
    """A box around the origin whose sides (not top and bottom) each show the whole texture."""
    half = 0.5 * np.asarray(size, np.float32)
    vertices, faces, uv = [], [], []
    for turn in range(4):
        c, s = round(math.cos(turn * math.pi / 2)), round(math.sin(turn * math.pi / 2))
        out, along = np.array([c, s, 0.0]), np.array([-s, c, 0.0])
        first = 4 * turn
        vertices += [(out + a * along + np.array([0, 0, b])) * half for a, b in _CORNERS]
        faces += [[first, first + 1, first + 2], [first, first + 2, first + 3]]
        uv += list(_UV)
    top = len(vertices)
    vertices += [np.array([a, b, 1.0]) * half for a, b in _CORNERS]
    faces += [[top, top + 1, top + 2], [top, top + 2, top + 3]]
    uv += list(0.02 * _UV)
    return Mesh(np.array(vertices, np.float32), np.array(faces, np.int32), np.array(uv, np.float32))


def textured(
    name: str,
    category: str | None,
    lower: Sequence[float],
    upper: Sequence[float],
    image: UInt8Array,
) -> WorldObject:
    low, high = np.asarray(lower, float), np.asarray(upper, float)
    material = Material(f"{name}_paint", texture=image)
    part = Part(textured_box(high - low), material, translation(0.5 * (low + high)))
    return WorldObject(name, category, (part,))


def gallery() -> World:
    """A room of 6 x 4 m with four painted walls, two identical painted boxes and a plain stool."""
    walls = [
        textured("south", None, (0, -0.1, 0), (6, 0, 2.5), pattern(1)),
        textured("north", None, (0, 4, 0), (6, 4.1, 2.5), pattern(2)),
        textured("west", None, (-0.1, 0, 0), (0, 4, 2.5), pattern(3)),
        textured("east", None, (6, 0, 0), (6.1, 4, 2.5), pattern(4)),
    ]
    boxes = [
        textured(f"box_{k}", "box", (x - 0.3, y - 0.3, 0), (x + 0.3, y + 0.3, 0.8), pattern(9))
        for k, (x, y) in enumerate(BOXES)
    ]
    stool = box_object("stool", "stool", (2.8, 0.3, 0), (3.2, 0.7, 0.5), (0.9, 0.8, 0.2, 1.0))
    return World(
        name="gallery",
        objects=(floor_object((0, 0), (6, 4)), *walls, *boxes, stool),
        rooms=(Room("hall", np.array([[0, 0], [6, 0], [6, 4], [0, 4]], float)),),
        lights=(Light((3.0, 2.0, 2.4)),),
        start=(3.0, 2.0, 0.0),
    )


def photo_from(sim: HomeSim, eye: Sequence[float], target: Sequence[float]) -> UInt8Array:
    """What a hand-held camera of 60 degrees sees."""
    return sim.renderer.render(PHOTO_CAMERA, look_at(np.array(eye), np.array(target))).rgb


def look_around(sim: HomeSim, memory: Memory) -> None:
    """Turn once at three places and remember what is seen."""
    detector = SimulatorDetector(sim.labels)
    for place in ((3.0, 2.0, 0.0), (2.0, 1.5, 0.1), (4.0, 2.5, 0.2)):
        sim.reset(place)
        for _ in range(12):
            seen = sim.observe()
            memory.look(seen, seen.odom_from_base)
            memory.remember(detector.detect(seen), seen, seen.odom_from_base)
            sim.act(DiscreteAction.TURN_LEFT)


def remembered(sim: HomeSim) -> Memory:
    """A memory of the gallery."""
    memory = Memory(sim.body, look_of, SiftMatcher())
    look_around(sim, memory)
    return memory
