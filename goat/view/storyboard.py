"""Composes what the video shows: camera, map, goal and how it goes, at 1280 x 720."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from goat.frames import planar_of
from goat.types import AgentFrame, Goal, ImageGoal, LanguageGoal, Status, UInt8Array, describe
from goat.view import theme
from goat.view.camera import draw_camera
from goat.view.map import MapPainter

SIZE = (1280, 720)
"""Width and height of every picture, px."""

_CAMERA = (20, 20, 736, 552)
_STATE = (20, 588, 736, 112)
_GOAL = (772, 20, 488, 160)
_MAP = (772, 196, 488, 504)
_RADIUS = 10
_KIND = {"CategoryGoal": "CATEGORY", "ImageGoal": "PHOTO", "LanguageGoal": "SENTENCE"}

Box = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a goal ended."""

    status: Status
    """What the agent says."""
    success: bool | None
    """What ground truth says, where it is known."""
    reason: str = ""
    """Why, for people."""

    @property
    def good(self) -> bool:
        """Whether to show it as reached."""
        return self.status is Status.REACHED and self.success is not False

    @property
    def words(self) -> str:
        """What to call it."""
        if self.status is Status.REACHED and self.success is False:
            return "wrong place"
        return self.status.value.replace("_", " ")


class Storyboard:
    """Draws the pictures of one session in order."""

    def __init__(self) -> None:
        """Start before the first goal."""
        self._background = _background()
        self._painter = MapPainter(_MAP[2:])
        self._outcomes: list[Outcome] = []
        self._total = 0
        self._goal: Goal | None = None
        self._trail: list[tuple[float, float]] = []
        self._driven = 0.0
        self._pictures = 0

    def begin(self, goal: Goal, total: int) -> None:
        """Start the next of `total` goals."""
        self._goal, self._total = goal, total
        self._driven = 0.0
        self._trail = self._trail[-1:]

    def end(self, outcome: Outcome) -> None:
        """Note how the current goal ended."""
        self._outcomes.append(outcome)

    @property
    def trail(self) -> np.ndarray:
        """(N, 2) where the robot was since the goal began, m."""
        return np.array(self._trail).reshape(-1, 2)

    def picture(self, frame: AgentFrame) -> UInt8Array:
        """Return the picture (720, 1280, 3) of a control step."""
        self._advance(frame)
        out = self._background.copy()
        self._pictures += 1
        _place(out, draw_camera(frame, _CAMERA[2:]), _CAMERA)
        _place(out, self._painter.draw(frame, self.trail, self._pictures / 10.0), _MAP)
        self._draw_goal(out)
        self._draw_state(out, frame)
        return out

    def closing(self, picture: UInt8Array) -> UInt8Array:
        """Return `picture` with a banner that says how the last goal ended."""
        out = picture.copy()
        outcome = self._outcomes[-1]
        color = theme.GOOD if outcome.good else theme.BAD
        x, y, width, height = _CAMERA
        band = out[y + height // 2 - 50 : y + height // 2 + 50, x : x + width]
        theme.blend(band, theme.BACKGROUND, np.full(band.shape[:2], 200, np.uint8))
        cv2.line(out, (x, y + height // 2 - 50), (x + width, y + height // 2 - 50), color, 4)
        text = outcome.words.upper()
        left = x + (width - theme.text_width(text, 46, bold=True)) // 2
        theme.put_text(out, text, (left, y + height // 2 - 30), 46, color, bold=True)
        x, y, _, _ = _STATE
        out[y + 8 : y + 46, x + 10 : x + 560] = theme.PANEL
        pill = _pill(out, (x + 18, y + 14), text, color)
        note = theme.clip_text(outcome.reason, 20, 530 - pill)
        theme.put_text(out, note, (x + 30 + pill, y + 14), 20, theme.TEXT)
        self._draw_chips(out)
        return out

    def _advance(self, frame: AgentFrame) -> None:
        x, y, _ = planar_of(frame.map_from_base)
        if self._trail:
            self._driven += float(np.hypot(x - self._trail[-1][0], y - self._trail[-1][1]))
        if not self._trail or (x, y) != self._trail[-1]:
            self._trail.append((x, y))

    def _draw_goal(self, out: UInt8Array) -> None:
        goal = self._goal
        if goal is None:
            return
        x, y, width, height = _GOAL
        kind = _KIND[type(goal).__name__]
        number = min(len(self._outcomes) + 1, self._total)
        pill = _pill(out, (x + 18, y + 16), kind, theme.ACCENT)
        theme.put_text(
            out, f"goal {number} of {self._total}", (x + 30 + pill, y + 18), 16, theme.MUTED
        )
        room = width - 36
        if isinstance(goal, ImageGoal):
            room -= self._draw_photo(out, goal) + 12
        text = f'"{goal.text}"' if isinstance(goal, LanguageGoal) else describe(goal)
        size, lines = _largest_fit(text, room, height - 62)
        for number, line in enumerate(lines):
            at = (x + 18, y + 54 + number * round(1.25 * size))
            theme.put_text(out, line, at, size, theme.TEXT, bold=True)

    @staticmethod
    def _draw_photo(out: UInt8Array, goal: ImageGoal) -> int:
        """Draw the goal's photo at the card's right; return its width."""
        x, y, width, height = _GOAL
        photo = theme.resize(
            goal.rgb, min((height - 20) / goal.rgb.shape[0], 250 / goal.rgb.shape[1])
        )
        tall, wide = photo.shape[:2]
        left, top = x + width - wide - 10, y + (height - tall) // 2
        _place(out, photo, (left, top, wide, tall))
        return wide

    def _draw_state(self, out: UInt8Array, frame: AgentFrame) -> None:
        x, y, width, _ = _STATE
        driving = frame.target is not None
        word, color = ("DRIVING", theme.TARGET) if driving else ("EXPLORING", theme.ACCENT)
        pill = _pill(out, (x + 18, y + 14), word, color)
        note = theme.clip_text(frame.note, 20, width - pill - 200)
        theme.put_text(out, note, (x + 30 + pill, y + 14), 20, theme.TEXT)
        if driving:
            self._draw_probability(out, frame.probability)
        seen = sum(i.confirmed for i in frame.instances)
        facts = (
            (f"{frame.step}", "steps"),
            (f"{self._driven:.1f} m", "driven"),
            (f"{seen}", "objects known"),
        )
        left = x + 18
        for value, name in facts:
            left += theme.put_text(out, value, (left, y + 56), 24, theme.TEXT, bold=True) + 2
            left += theme.put_text(out, name, (left, y + 61), 17, theme.MUTED) + 22
        self._draw_chips(out)

    @staticmethod
    def _draw_probability(out: UInt8Array, probability: float) -> None:
        x, y = _STATE[0] + _STATE[2] - 150, _STATE[1] + 18
        theme.put_text(out, f"{100 * probability:.0f} % sure", (x + 46, y - 2), 17, theme.MUTED)
        share = float(np.clip(probability, 0.0, 1.0))
        _disc(out, (x + 24, y + 9), 12, theme.LINE)
        cv2.ellipse(
            out, (x + 24, y + 9), (12, 12), -90, 0, 360 * share, theme.TARGET, 5, cv2.LINE_AA
        )
        _disc(out, (x + 24, y + 9), 7, theme.PANEL)

    def _draw_chips(self, out: UInt8Array) -> None:
        """Draw one disc per goal at the right of the state panel."""
        x, y, width, height = _STATE
        total = max(self._total, 1)
        gap = min(30, 300 // total)
        left = x + width - 18 - gap * (total - 1) - 8
        for index in range(total):
            center = (left + gap * index, y + height - 36)
            radius = min(9, gap // 2)
            if index < len(self._outcomes):
                good = self._outcomes[index].good
                _disc(out, center, radius, theme.GOOD if good else theme.BAD)
                if radius > 5:
                    (_tick if good else _cross)(out, center)
            elif index == len(self._outcomes):
                _disc(out, center, radius, theme.ACCENT)
            else:
                _disc(out, center, radius, theme.LINE)


def _background() -> UInt8Array:
    out = np.full((SIZE[1], SIZE[0], 3), theme.BACKGROUND, np.uint8)
    for box in (_CAMERA, _STATE, _GOAL, _MAP):
        x, y, width, height = box
        out[y : y + height, x : x + width] = theme.PANEL
        _round_corners(out, box)
    return out


def _place(out: UInt8Array, picture: UInt8Array, box: Box) -> None:
    x, y, width, height = box
    out[y : y + height, x : x + width] = picture
    _round_corners(out, box, theme.PANEL if y == _GOAL[1] + 10 else theme.BACKGROUND)


def _round_corners(
    out: UInt8Array, box: Box, outside: theme.Color = theme.BACKGROUND, radius: int = _RADIUS
) -> None:
    x, y, width, height = box
    grid = radius - 0.5 - np.arange(radius)
    distance = np.hypot(grid[:, None], grid[None, :])
    corner = (255 * np.clip(distance - radius + 0.5, 0.0, 1.0)).astype(np.uint8)
    for rows, flip_y in ((slice(y, y + radius), 1), (slice(y + height - radius, y + height), -1)):
        for cols, flip_x in ((slice(x, x + radius), 1), (slice(x + width - radius, x + width), -1)):
            theme.blend(out[rows, cols], outside, corner[::flip_y, ::flip_x])


def _pill(out: UInt8Array, at: tuple[int, int], text: str, color: theme.Color) -> int:
    """Draw a word in a rounded box; return its width."""
    size, height = 15, 25
    width = theme.text_width(text, size, bold=True) + 22
    x, y = at
    middle = y + height // 2
    cv2.line(out, (x + 12, middle), (x + width - 12, middle), color, height, cv2.LINE_AA)
    theme.put_text(out, text, (x + 11, y + 3), size, theme.BACKGROUND, bold=True)
    return width


def _disc(out: UInt8Array, center: tuple[int, int], radius: int, color: theme.Color) -> None:
    cv2.circle(out, center, radius, color, -1, cv2.LINE_AA)


def _tick(out: UInt8Array, center: tuple[int, int]) -> None:
    points = np.array([[-4, 0], [-1, 3], [4, -3]]) + center
    cv2.polylines(out, [points.astype(np.int32)], False, (255, 255, 255), 2, cv2.LINE_AA)


def _cross(out: UInt8Array, center: tuple[int, int]) -> None:
    x, y = center
    cv2.line(out, (x - 3, y - 3), (x + 3, y + 3), (255, 255, 255), 2, cv2.LINE_AA)
    cv2.line(out, (x - 3, y + 3), (x + 3, y - 3), (255, 255, 255), 2, cv2.LINE_AA)


def _largest_fit(text: str, width: int, height: int) -> tuple[int, list[str]]:
    """Return the largest font size, px, at which the text fits, and its lines."""
    for size in (34, 28, 24, 20, 17):
        lines = theme.wrap_text(text, size, width, 99)
        widest = max(theme.text_width(word, size, bold=True) for word in text.split())
        if len(lines) * 1.25 * size <= height and widest <= width:
            return size, lines
    return 17, theme.wrap_text(text, 17, width, int(height / (1.25 * 17)))
