"""Which demonstration step is imitated? A map of the weights, and the frames that they point to."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from goat.errors import GoatError
from goat.view import theme
from meta_controller.demos.episodes import Demonstrations
from meta_controller.embodiment import Embodiment
from meta_controller.environments import embodiment_of
from meta_controller.task import Task
from meta_controller.view.render import Pictures
from meta_controller.view.targets import targets_of

Float64Array = NDArray[np.float64]
UInt8Array = NDArray[np.uint8]
FRAMES = 6
"""Decisions whose frames are shown."""
_FRAME = (156, 208)  # px, height and width
_COLUMN, _LEFT, _RIGHT, _TOP, _AXIS, _CAPTION = 218, 132, 74, 96, 46, 56  # px
_BANDS, _LEAST, _GAP = 440, 24, 6  # px, height of all bands, of each, and between two of them
_TWO_LINES = 44  # px
_STRIP = 18  # px, between the rows of frames
_COLORS = np.array([theme.PANEL, (28, 64, 122), theme.ACCENT, (226, 240, 255)], np.float64)
_NEAR = 0.03
"""Steps this part of a demonstration apart are joined by a line."""


class AttentionError(GoatError):
    """Weights that do not belong to these episodes."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where things are in the picture: decisions to the right, a band for each demonstration."""

    decisions: int
    """D of the rollout."""
    demos: int
    """E demonstrations."""
    steps: int
    """S steps of each."""

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the picture, px."""
        frames = 2 * _FRAME[0] + _STRIP + _CAPTION
        return self.top(self.demos) + _AXIS + frames, _LEFT + FRAMES * _COLUMN + _RIGHT

    @property
    def band(self) -> int:
        """Height of a band, px."""
        return max((_BANDS - (self.demos - 1) * _GAP) // self.demos, _LEAST)

    def top(self, demo: int) -> int:
        """Return the first row of the band of a demonstration, px."""
        return _TOP + demo * (self.band + _GAP)

    def at(self, decision: int, demo: int, step: int) -> tuple[int, int]:
        """Return column and row of a decision and a step; later steps are higher in a band."""
        x = _LEFT + (decision + 0.5) / self.decisions * FRAMES * _COLUMN
        y = self.top(demo) + (1.0 - (step + 0.5) / self.steps) * self.band
        return int(x), int(y)

    def frame(self, column: int, row: int) -> tuple[int, int]:
        """Return the upper left corner of a frame, px; row 0 is the rollout."""
        x = _LEFT + column * _COLUMN + (_COLUMN - _FRAME[1]) // 2
        return x, self.top(self.demos) + _AXIS + row * (_FRAME[0] + _STRIP)


def attention(
    task: Task,
    done: Demonstrations,
    shown: Demonstrations,
    weights: NDArray[np.floating],
    joint: int | None = None,
) -> bytes:
    """Return a PNG of what a rollout imitates.

    Args:
        task: What was done.
        done: The rollout, one episode of D decisions.
        shown: E demonstrations of S decisions each.
        weights: (D, J, E * S) of the steps of all demonstrations, one demonstration after the
            other, as `meta_controller.model.inference.explain` returns them without padding.
        joint: Token whose weights are shown; None for the mean of all that are actuated.

    Raises:
        AttentionError: The weights are of other episodes, negative or not finite, or there is no
            such joint, or nothing is imitated.
        DemonstrationError: The episodes are of another body.
        RenderError: No GL backend works.
    """
    embodiment = embodiment_of(task)
    done.check(embodiment)
    shown.check(embodiment)
    mean = _chosen(np.asarray(weights, np.float32), done, shown, joint)
    layout, step = Layout(*mean.shape), task.body().control_dt * task.repeat
    out = np.full((*layout.size, 3), theme.BACKGROUND, np.uint8)
    facts = f"{task.name}   return {done.returns[0]:.0f}   {_about(embodiment, joint)}"
    theme.put_text(out, "Which demonstration step is imitated?", (_LEFT, 16), 26, bold=True)
    _put_parts(out, facts, (_LEFT, 54), 17)
    _draw_map(out, layout, mean)
    _draw_axes(out, layout, shown, mean, step)
    best = mean.reshape(len(mean), -1).argmax(axis=1)
    path = np.stack(np.unravel_index(best, mean.shape[1:]), axis=1)
    _draw_path(out, layout, path)
    _draw_marks(out, layout, path, mean, step)
    episodes = tuple((found, targets_of(task, found)) for found in (done, shown))
    with Pictures(task, _FRAME) as pictures:
        _draw_frames(out, layout, path, pictures, episodes)
    return cv2.imencode(".png", out[..., ::-1])[1].tobytes()


def _chosen(
    weights: NDArray[np.floating], done: Demonstrations, shown: Demonstrations, joint: int | None
) -> Float64Array:
    """Return (D, E, S) weights whose sums over all steps are 1."""
    decisions, count = done.rewards.shape[1], shown.rewards.size
    if len(done) != 1 or weights.ndim != 3 or weights.shape[::2] != (decisions, count):
        raise AttentionError(
            f"weights of one rollout must be of shape ({decisions}, J, {count}), decisions by "
            f"joints by steps of all demonstrations, got {weights.shape} of {len(done)} rollouts"
        )
    if not np.isfinite(weights).all() or (weights < 0.0).any():
        raise AttentionError("weights must be finite and not negative")
    joints = range(weights.shape[1])
    moved = [k for k in joints if weights[:, k].any()] if joint is None else [joint]
    if not moved or moved[0] not in joints or not weights[:, moved].sum(axis=(1, 2)).all():
        raise AttentionError(
            f"nothing is imitated by {'any joint' if joint is None else f'joint {joint}'}: there "
            f"are weights of {weights.shape[1]} joints, and they are 0 for what is not actuated"
        )
    mean = weights[:, moved].mean(axis=1)
    return (mean / mean.sum(axis=1, keepdims=True)).reshape(decisions, *shown.rewards.shape)


def _about(embodiment: Embodiment, joint: int | None) -> str:
    if joint is None:
        return "mean of all joints" if len(embodiment.joints) > 1 else ""
    return f"joint {embodiment.joints[joint].name}" if joint < len(embodiment.joints) else ""


def _put_parts(out: UInt8Array, text: str, at: tuple[int, int], size: int) -> None:
    """Draw a line whose parts, three spaces apart, stay apart."""
    x = at[0]
    for part in text.split("   "):
        x += theme.put_text(out, part, (x, at[1]), size, theme.MUTED) + size


def _draw_map(out: UInt8Array, layout: Layout, mean: Float64Array) -> None:
    """Draw how much more than all others steps are imitated, on a logarithmic scale."""
    size = FRAMES * _COLUMN, layout.band
    lift = mean * mean[0].size  # 1 where all steps count the same
    pooled = [
        cv2.resize(lift[:, k].T[::-1], size, interpolation=cv2.INTER_AREA)
        for k in range(layout.demos)
    ]
    most = max(float(np.max(pooled)), 2.0)
    for k, cells in enumerate(pooled):
        shares = np.log(np.maximum(cells, 1.0)) / math.log(most)
        top = layout.top(k)
        out[top : top + size[1], _LEFT : _LEFT + size[0]] = _colored(shares)
    right = _LEFT + size[0]
    bar = _colored(np.tile(np.linspace(0.0, 1.0, 160), (12, 1)))
    label = f"{most:.0f}x"
    x = right - theme.text_width(label, 15)
    theme.put_text(out, label, (x, 54), 15, theme.MUTED)
    out[58:70, x - 168 : x - 8] = bar
    text = "weight of a step, if all were even: 1x"
    theme.put_text(out, text, (x - 176 - theme.text_width(text, 15), 54), 15, theme.MUTED)


def _colored(shares: Float64Array) -> UInt8Array:
    """Return colours (..., 3) of shares in 0..1."""
    stops = np.linspace(0.0, 1.0, len(_COLORS))
    return np.stack([np.interp(shares, stops, c) for c in _COLORS.T], axis=-1).astype(np.uint8)


def _draw_axes(
    out: UInt8Array, layout: Layout, shown: Demonstrations, mean: Float64Array, step: float
) -> None:
    for k, earned in enumerate(shown.returns):
        top, part = layout.top(k), float(mean[:, k].sum(axis=1).mean())
        middle = top + layout.band // 2
        roomy = layout.band >= _TWO_LINES
        theme.put_text(out, f"demo {k + 1}", (18, middle - (20 if roomy else 11)), 17, bold=True)
        if roomy:
            theme.put_text(out, f"return {earned:.0f}", (18, middle + 2), 14, theme.MUTED)
        theme.put_text(out, f"{100 * part:.0f} %", (out.shape[1] - _RIGHT + 12, middle - 11), 17)
    theme.put_text(out, "share", (out.shape[1] - _RIGHT + 12, _TOP - 22), 14, theme.MUTED)
    for text, y in ((f"{layout.steps * step:.0f} s", _TOP - 3), ("0 s", layout.top(1) - 19)):
        x = _LEFT - 8 - theme.text_width(text, 12)
        theme.put_text(out, text, (x, y), 12, theme.MUTED)


def _draw_path(out: UInt8Array, layout: Layout, path: NDArray[np.intp]) -> None:
    """Draw the step of greatest weight of each decision; what follows on is joined."""
    near = max(_NEAR * layout.steps, 1.0)
    places = [layout.at(k, int(demo), int(step)) for k, (demo, step) in enumerate(path)]
    for k, place in enumerate(places):
        cv2.circle(out, place, 1, theme.TARGET, -1, cv2.LINE_AA)
        if k and path[k, 0] == path[k - 1, 0] and abs(path[k, 1] - path[k - 1, 1]) <= near:
            cv2.line(out, places[k - 1], place, theme.TARGET, 2, cv2.LINE_AA)


def _columns(layout: Layout) -> list[int]:
    """Return the decisions in the middle of the columns."""
    return [int((k + 0.5) / FRAMES * layout.decisions) for k in range(FRAMES)]


def _draw_marks(
    out: UInt8Array, layout: Layout, path: NDArray[np.intp], mean: Float64Array, step: float
) -> None:
    """Mark the decisions whose frames are shown, and say what the frames are."""
    top = layout.frame(0, 0)[1]
    for name, color, row in (("policy", theme.TARGET, 0), ("imitates", theme.ACCENT, 1)):
        middle = layout.frame(0, row)[1] + _FRAME[0] // 2
        out[middle - 8 : middle + 8, 18:22] = color
        theme.put_text(out, name, (30, middle - 11), 17, bold=True)
    for column, decision in enumerate(_columns(layout)):
        demo, when = int(path[decision, 0]), int(path[decision, 1])
        x, y = layout.at(decision, demo, when)
        line = out[_TOP:top, x : x + 1]
        theme.blend(line, theme.TEXT, np.full(line.shape[:2], 70, np.uint8))
        cv2.circle(out, (x, y), 7, theme.BACKGROUND, 5, cv2.LINE_AA)
        cv2.circle(out, (x, y), 7, theme.TARGET, 2, cv2.LINE_AA)
        clock = f"{decision * step:.1f} s"
        place = x - theme.text_width(clock, 16) // 2, top - 32
        theme.put_text(out, clock, place, 16, theme.TEXT, halo=theme.BACKGROUND)
        left, bottom = layout.frame(column, 1)[0], layout.size[0] - _CAPTION
        text = f"demo {demo + 1} at {when * step:.1f} s"
        theme.put_text(out, text, (left, bottom + 3), 16, bold=True)
        part = f"{100 * mean[decision, demo].sum():.0f} % on this demo"
        theme.put_text(out, part, (left, bottom + 23), 14, theme.MUTED)


def _draw_frames(
    out: UInt8Array,
    layout: Layout,
    path: NDArray[np.intp],
    pictures: Pictures,
    episodes: tuple[tuple[Demonstrations, dict[str, Float64Array]], ...],
) -> None:
    """Draw what the rollout did above what it imitates most."""
    for column, decision in enumerate(_columns(layout)):
        demo, when = path[decision]
        for row, (number, moment) in enumerate(((0, decision), (demo, when))):
            found, extra = episodes[row]
            own = {name: values[number : number + 1] for name, values in extra.items()}
            x, y = layout.frame(column, row)
            picture = pictures.draw(found.qpos[number, moment][None], own)[0]
            out[y : y + _FRAME[0], x : x + _FRAME[1]] = picture
