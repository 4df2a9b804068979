"""The map of a whole session, with every way driven and a legend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from goat.types import AgentFrame, UInt8Array
from goat.view import theme
from goat.view.footprints import Outlines
from goat.view.map import (
    Window,
    fit_window,
    paint_ground,
    paint_instances,
    paint_line,
    paint_names,
    paint_scale,
    paint_target,
)

_COLORS: tuple[theme.Color, ...] = (
    (37, 99, 235), (217, 70, 44), (22, 145, 92), (147, 51, 234), (190, 120, 10), (8, 145, 178),
    (219, 39, 119), (101, 113, 20), (79, 70, 180), (120, 72, 40),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Way:
    """Where the robot drove for one goal."""

    number: int
    """Of the goal, from 1."""
    points: NDArray[np.float64]
    """(N, 2) map points, m."""
    good: bool
    """The goal was reached."""


def way_color(number: int) -> theme.Color:
    """Return the colour of goal `number`'s way (from 1)."""
    return _COLORS[(number - 1) % len(_COLORS)]


def draw_overview(
    frame: AgentFrame, ways: Sequence[Way], size: tuple[int, int] = (1200, 900)
) -> UInt8Array:
    """Return the map (height, width, 3) with names, numbered ends of the ways and a legend.

    Args:
        frame: The last frame; its grid and instances are drawn.
        ways: What was driven, goal by goal.
        size: Width and height of the picture, px.
    """
    window = fit_window(frame, size)
    picture = paint_ground(frame.grid, window)
    paint_instances(picture, frame, window, Outlines())
    paint_names(picture, frame, window)
    _paint_ways(picture, ways, window)
    paint_scale(picture, window)
    _paint_legend(picture)
    return picture


def draw_way(frame: AgentFrame, way: Way, size: tuple[int, int]) -> UInt8Array:
    """Return a small map (height, width, 3) of one goal's way and target."""
    window, outlines = fit_window(frame, size), Outlines()
    picture = paint_ground(frame.grid, window)
    paint_instances(picture, frame, window, outlines)
    paint_target(picture, frame, window, outlines)
    _paint_ways(picture, [way], window)
    paint_scale(picture, window)
    return picture


def _paint_ways(picture: UInt8Array, ways: Sequence[Way], window: Window) -> None:
    for paint in (_paint_way, _paint_start, _paint_end):
        for way in ways:
            if len(way.points):
                paint(picture, way, window)


def _paint_way(picture: UInt8Array, way: Way, window: Window) -> None:
    if len(way.points) > 1:
        points = window.pixels(way.points)
        paint_line(picture, points, (255, 255, 255), 5)
        paint_line(picture, points, way_color(way.number), 2)


def _pixel(point: NDArray, window: Window) -> tuple[int, int]:
    x, y = np.round(window.pixels(point[None])[0])
    return int(x), int(y)


def _paint_start(picture: UInt8Array, way: Way, window: Window) -> None:
    start = _pixel(way.points[0], window)
    cv2.circle(picture, start, 5, (255, 255, 255), -1, cv2.LINE_AA)
    cv2.circle(picture, start, 5, way_color(way.number), 2, cv2.LINE_AA)


def _paint_end(picture: UInt8Array, way: Way, window: Window) -> None:
    center = _pixel(way.points[-1], window)
    cv2.circle(picture, center, 13, theme.GOOD if way.good else theme.BAD, -1, cv2.LINE_AA)
    cv2.circle(picture, center, 13, (255, 255, 255), 2, cv2.LINE_AA)
    text = str(way.number)
    left = center[0] - theme.text_width(text, 15, bold=True) / 2
    theme.put_text(picture, text, (left, center[1] - 10), 15, (255, 255, 255), bold=True)


def _paint_legend(picture: UInt8Array) -> None:
    entries = (
        ("free", theme.FREE),
        ("obstacle", theme.OCCUPIED),
        ("not yet seen", theme.UNKNOWN),
        ("reached", theme.GOOD),
        ("not reached", theme.BAD),
    )
    left, top = 150, picture.shape[0] - 34
    for name, color in entries:
        cv2.circle(picture, (left + 8, top + 10), 8, color, -1, cv2.LINE_AA)
        cv2.circle(picture, (left + 8, top + 10), 8, (255, 255, 255), 1, cv2.LINE_AA)
        width = theme.put_text(picture, name, (left + 22, top), 15, theme.INK, halo=(255, 255, 255))
        left += 22 + width + 18
