"""The map as the robot knows it: free space, objects, where it is, was and will be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from goat.frames import planar_of
from goat.types import AgentFrame, BoolArray, CellState, Instance, OccupancyGrid, UInt8Array
from goat.view import theme
from goat.view.footprints import Layer, Outlines, layer_of

_MARGIN = 0.5  # m around what is known
_EASE = 0.18  # share of the way to the new window per picture
_MIN_SPAN = 5.0  # m
_SHIFT = 4
_SUB = 1 << _SHIFT
_PALETTE = np.zeros((3, 3), np.uint8)
_PALETTE[CellState.UNKNOWN] = theme.UNKNOWN
_PALETTE[CellState.FREE] = theme.FREE
_PALETTE[CellState.OCCUPIED] = theme.OCCUPIED


@dataclass(frozen=True, slots=True)
class Window:
    """The part of the map that a picture shows."""

    center: tuple[float, float]
    """Map point in the picture's middle, m."""
    scale: float
    """Pixels per metre."""
    size: tuple[int, int]
    """Width and height of the picture, px."""

    def pixels(self, xy: NDArray) -> NDArray[np.float64]:
        """Return (N, 2) pixel positions of map points (N, 2)."""
        offset = (np.asarray(xy, np.float64) - self.center) * (self.scale, -self.scale)
        return offset + 0.5 * np.array(self.size)


class MapPainter:
    """Draws one map after another; the window glides as the map grows."""

    def __init__(self, size: tuple[int, int], *, glide: bool = True) -> None:
        """Draw pictures of `size` (width, height) px; `glide` eases the window's moves."""
        self._size = size
        self._glide = glide
        self._window: Window | None = None
        self._outlines = Outlines()

    def draw(self, frame: AgentFrame, trail: NDArray, phase: float = 0.0) -> UInt8Array:
        """Return the map (height, width, 3).

        Args:
            frame: What to draw.
            trail: (N, 2) where the robot has been, m.
            phase: Turns of the pulse that rings the target.
        """
        self._window = self._next_window(frame)
        picture = paint_ground(frame.grid, self._window)
        paint_instances(picture, frame, self._window, self._outlines)
        _draw_ways(picture, frame, trail, self._window)
        _draw_robot(picture, frame, self._window)
        paint_target(picture, frame, self._window, self._outlines, phase)
        paint_names(picture, frame, self._window)
        paint_scale(picture, self._window)
        return picture

    def _next_window(self, frame: AgentFrame) -> Window:
        wanted = fit_window(frame, self._size)
        old = self._window
        if old is None or not self._glide:
            return wanted
        x, y, scale = (
            a + _EASE * (b - a)
            for a, b in zip((*old.center, old.scale), (*wanted.center, wanted.scale), strict=True)
        )
        return Window((x, y), scale, self._size)


def fit_window(frame: AgentFrame, size: tuple[int, int]) -> Window:
    """Return the window of a picture of `size` px that shows all that is known."""
    x, y, _ = planar_of(frame.map_from_base)
    known = _connected(frame.grid, (x, y))
    rows, cols = np.flatnonzero(known.any(axis=1)), np.flatnonzero(known.any(axis=0))
    corners = np.array([[x, y], [x, y]])
    if rows.size:
        cells = np.array([[rows[0], cols[0]], [rows[-1], cols[-1]]])
        ends = frame.grid.points(cells)
        corners = np.stack([np.minimum(ends[0], (x, y)), np.maximum(ends[1], (x, y))])
    middle, span = corners.mean(axis=0), np.ptp(corners, axis=0) + 2 * _MARGIN
    scale = float(min(np.array(size) / np.maximum(span, _MIN_SPAN)))
    return Window((float(middle[0]), float(middle[1])), scale, size)


def _connected(grid: OccupancyGrid, xy: tuple[float, float]) -> BoolArray:
    """Return the known cells that hang together with `xy`, without strays seen through windows."""
    known = grid.state != CellState.UNKNOWN
    cell = grid.cells(np.array(xy))
    if not grid.inside(cell) or not known[tuple(cell)]:
        return known
    _, parts = cv2.connectedComponents(known.view(np.uint8), connectivity=8)
    return parts == parts[tuple(cell)]


def paint_ground(grid: OccupancyGrid, window: Window) -> UInt8Array:
    """Return a picture (height, width, 3) of free, occupied and unknown space."""
    scale = grid.resolution * window.scale
    x, y = window.pixels(np.array([grid.origin]))[0]
    matrix = np.array([[scale, 0.0, x + 0.5 * scale - 0.5], [0.0, -scale, y - 0.5 * scale - 0.5]])
    ground = cv2.warpAffine(
        _PALETTE[grid.state],
        matrix,
        window.size,
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=theme.UNKNOWN,
    )
    return np.asarray(ground, np.uint8)


def _shown(frame: AgentFrame) -> list[Instance]:
    return [i for i in frame.instances if i.confirmed and len(i.points)]


def _area(instance: Instance) -> float:
    return float(np.prod(np.ptp(instance.bounds[:, :2], axis=0)))


def _polygons(instance: Instance, window: Window, outlines: Outlines) -> list[NDArray[np.int32]]:
    return [np.round(window.pixels(p) * _SUB).astype(np.int32) for p in outlines.of(instance)]


def paint_instances(
    picture: UInt8Array, frame: AgentFrame, window: Window, outlines: Outlines
) -> None:
    """Fill the footprints of what is remembered, carpets first and ceiling lamps last."""
    order = sorted(_shown(frame), key=_area, reverse=True)
    for layer in Layer:
        shapes = [
            (_polygons(i, window, outlines), theme.label_color(i.label))
            for i in order
            if layer_of(i) is layer
        ]
        if layer.opacity > 0.0 and shapes:
            overlay = picture.copy()
            for polygons, color in shapes:
                cv2.fillPoly(overlay, polygons, color, cv2.LINE_AA, _SHIFT)
            cv2.addWeighted(overlay, layer.opacity, picture, 1 - layer.opacity, 0.0, dst=picture)
        for polygons, color in shapes:
            cv2.polylines(picture, polygons, True, color, 1, cv2.LINE_AA, _SHIFT)


def _draw_ways(picture: UInt8Array, frame: AgentFrame, trail: NDArray, window: Window) -> None:
    if len(trail) > 1:
        paint_line(picture, window.pixels(trail), theme.TRAIL, 2)
    if frame.path is not None and len(frame.path.points) > 1:
        points = window.pixels(frame.path.points)
        paint_line(picture, points, (255, 255, 255), 5)
        paint_line(picture, points, theme.ACCENT, 3)
        end = _subpixel(points[-1])
        cv2.circle(picture, end, 4 * _SUB, theme.ACCENT, -1, cv2.LINE_AA, _SHIFT)


def paint_line(picture: UInt8Array, points: NDArray, color: theme.Color, width: int) -> None:
    """Draw a line through pixel positions `points` (N, 2)."""
    line = np.round(points * _SUB).astype(np.int32)
    cv2.polylines(picture, [line], False, color, width, cv2.LINE_AA, _SHIFT)


def _subpixel(point: NDArray) -> tuple[int, int]:
    return round(float(point[0]) * _SUB), round(float(point[1]) * _SUB)


def _draw_robot(picture: UInt8Array, frame: AgentFrame, window: Window) -> None:
    x, y, yaw = planar_of(frame.map_from_base)
    camera = frame.observation.camera
    half = float(np.arctan(0.5 * camera.width / camera.fx))
    angles = yaw + np.linspace(-half, half, 9)
    rim = np.array([x, y]) + 1.6 * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    wedge = window.pixels(np.vstack([[x, y], rim]))
    overlay = picture.copy()
    cv2.fillPoly(overlay, [np.round(wedge * _SUB).astype(np.int32)], theme.ACCENT, 16, _SHIFT)
    cv2.addWeighted(overlay, 0.16, picture, 0.84, 0.0, dst=picture)
    nose = np.array([[1.0, 0.0], [-0.75, 0.7], [-0.4, 0.0], [-0.75, -0.7]]) * _robot_size(window)
    turn = np.array([[np.cos(yaw), -np.sin(yaw)], [-np.sin(yaw), -np.cos(yaw)]])
    arrow = np.round((nose @ turn.T + wedge[0]) * _SUB).astype(np.int32)
    cv2.polylines(picture, [arrow], True, (255, 255, 255), 4, cv2.LINE_AA, _SHIFT)
    cv2.fillPoly(picture, [arrow], (20, 96, 214), cv2.LINE_AA, _SHIFT)


def _robot_size(window: Window) -> float:
    return float(np.clip(0.28 * window.scale, 9.0, 22.0))


def paint_target(
    picture: UInt8Array,
    frame: AgentFrame,
    window: Window,
    outlines: Outlines,
    phase: float = 0.0,
) -> None:
    """Ring the object that is driven to; `phase` counts the turns of the ring's pulse."""
    target = next((i for i in _shown(frame) if i.id == frame.target), None)
    if target is None:
        return
    polygons = _polygons(target, window, outlines)
    cv2.polylines(picture, polygons, True, theme.TARGET, 3, cv2.LINE_AA, _SHIFT)
    half = 0.5 * float(np.linalg.norm(np.ptp(target.bounds[:, :2], axis=0))) * window.scale
    radius = half + 7.0 + 3.0 * np.sin(2 * np.pi * phase)
    center = _subpixel(window.pixels(target.center[None, :2])[0])
    for color, width in ((theme.INK, 5), (theme.TARGET, 3)):
        cv2.circle(picture, center, round(radius * _SUB), color, width, cv2.LINE_AA, _SHIFT)


def paint_names(picture: UInt8Array, frame: AgentFrame, window: Window) -> None:
    """Write the names of furniture that fit, the target's first, then large before small."""
    size, taken = 13, list[tuple[float, float, float, float]]()
    named = [i for i in _shown(frame) if layer_of(i) is Layer.FURNITURE or i.id == frame.target]
    for instance in sorted(named, key=lambda i: (i.id != frame.target, -_area(i))):
        x, y = window.pixels(instance.center[None, :2])[0]
        width = theme.text_width(instance.label, size)
        box = (x - width / 2, y - 9, x + width / 2, y + 9)
        if _collides(box, taken) or not _fits(box, window.size):
            continue
        taken.append(box)
        theme.put_text(picture, instance.label, box[:2], size, theme.INK, halo=(255, 255, 255))


def _collides(box: Sequence[float], others: Sequence[Sequence[float]]) -> bool:
    return any(
        box[0] < o[2] + 3 and o[0] < box[2] + 3 and box[1] < o[3] and o[1] < box[3] for o in others
    )


def _fits(box: Sequence[float], size: tuple[int, int]) -> bool:
    return box[0] >= 2 and box[1] >= 2 and box[2] <= size[0] - 2 and box[3] <= size[1] - 2


def paint_scale(picture: UInt8Array, window: Window) -> None:
    """Draw a bar of a round length in metres."""
    metres = next((m for m in (0.5, 1, 2, 5, 10, 20, 50) if m * window.scale > 60), 100)
    length, y = round(metres * window.scale), window.size[1] - 18
    cv2.line(picture, (16, y), (16 + length, y), (255, 255, 255), 5)
    cv2.line(picture, (16, y), (16 + length, y), theme.INK, 2)
    theme.put_text(picture, f"{metres:g} m", (18, y - 22), 14, theme.INK, halo=(255, 255, 255))
