"""Films: episodes side by side, in real time, with what each of them has earned so far."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from goat.errors import GoatError
from goat.view import theme
from goat.view.video import VideoWriter
from meta_controller.demos.episodes import Demonstrations
from meta_controller.environments import embodiment_of
from meta_controller.task import Task
from meta_controller.view.render import Pictures
from meta_controller.view.targets import targets_of

Float64Array = NDArray[np.float64]
UInt8Array = NDArray[np.uint8]
MOST = 9
"""Episodes of a film."""
MOST_BESIDE = 5
"""Episodes of each row where two are compared."""
_MOST_FPS = 30
_GAP, _HEAD, _LABEL, _CAPTION, _BAR = 12, 46, 30, 34, 4  # px
_LABELS = {"demonstration": theme.ACCENT, "policy": theme.TARGET}


class FilmError(GoatError):
    """Episodes that cannot be filmed, or a file that is no film."""


@dataclass(frozen=True, slots=True)
class _Tile:
    """One episode in a film."""

    qpos: Float64Array
    """(D, nq)."""
    extra: Mapping[str, Float64Array]
    """(1, ...) what belongs to the episode."""
    earned: Float64Array
    """(D,) so far, as a part of the most that can be earned."""
    caption: str
    """Below the picture."""
    at: tuple[int, int]
    """Column and row of the upper left corner, px."""
    color: theme.Color
    """Of the bar."""


def film(
    path: Path,
    task: Task,
    episodes: Demonstrations,
    captions: Sequence[str] | None = None,
    columns: int | None = None,
    size: tuple[int, int] = (240, 320),
) -> None:
    """Write a film of up to nine episodes in a grid, as fast as they happened.

    Args:
        path: An .mp4 file; an existing one is replaced once the new one is whole.
        task: What was done.
        episodes: What is shown.
        captions: One per episode; "start 3   return 812" if they are left out.
        columns: Of the grid; None makes it about square.
        size: Height and width of each picture, px.

    Raises:
        FilmError: There are no episodes or too many, captions do not fit them, or the path is no
            .mp4 file.
        DemonstrationError: The episodes are of another body.
        ConfigError: The file cannot be written.
        RenderError: No GL backend works.
    """
    count = len(episodes)
    if not 1 <= count <= MOST:
        raise FilmError(f"a film shows 1 to {MOST} episodes, got {count}: take some of them")
    columns = math.ceil(math.sqrt(count)) if columns is None else columns
    if not 1 <= columns <= MOST:
        raise FilmError(f"a film has 1 to {MOST} columns, got {columns}")
    places = [_place(k % columns, _HEAD, k // columns, size) for k in range(count)]
    _write(path, task, _tiles(task, episodes, captions, places, theme.GOOD), {}, size)


def compare(
    path: Path,
    task: Task,
    shown: Demonstrations,
    done: Demonstrations,
    captions: tuple[Sequence[str] | None, Sequence[str] | None] = (None, None),
    size: tuple[int, int] = (240, 320),
) -> None:
    """Write a film of two rows: demonstrations, and below what a policy did.

    Args:
        path: An .mp4 file; an existing one is replaced once the new one is whole.
        task: What was done.
        shown: Up to five demonstrations.
        done: Up to five episodes of the policy; what is over sooner stays as it ended.
        captions: Of each row, as for `film`.
        size: Height and width of each picture, px.

    Raises:
        FilmError: As for `film`.
        DemonstrationError: The episodes are of another body.
        ConfigError: The file cannot be written.
        RenderError: No GL backend works.
    """
    tiles: list[_Tile] = []
    tops: dict[str, int] = {}
    for row, (name, episodes) in enumerate(zip(_LABELS, (shown, done), strict=True)):
        count = len(episodes)
        if not 1 <= count <= MOST_BESIDE:
            raise FilmError(
                f"a row of a film shows 1 to {MOST_BESIDE} episodes, got {count}: take some of them"
            )
        tops[name] = _place(0, _HEAD + row * _LABEL, row, size)[1]
        places = [_place(k, _HEAD + (row + 1) * _LABEL, row, size) for k in range(count)]
        tiles += _tiles(task, episodes, captions[row], places, _LABELS[name])
    _write(path, task, tiles, tops, size)


def _place(column: int, top: int, row: int, size: tuple[int, int]) -> tuple[int, int]:
    """Return the upper left corner of a tile in a grid that begins at `top`, px."""
    return _GAP + column * (size[1] + _GAP), top + row * (size[0] + _CAPTION + _GAP)


def _tiles(
    task: Task,
    episodes: Demonstrations,
    captions: Sequence[str] | None,
    places: Sequence[tuple[int, int]],
    color: theme.Color,
) -> list[_Tile]:
    if captions is None:
        captions = [f"start {k + 1}   return {r:.0f}" for k, r in enumerate(episodes.returns)]
    if len(captions) != len(episodes):
        raise FilmError(f"{len(episodes)} episodes need as many captions, got {len(captions)}")
    if not episodes.rewards.shape[1]:
        raise FilmError(f"these episodes of {episodes.task} have no decisions")
    episodes.check(embodiment_of(task))
    extra = targets_of(task, episodes)
    earned = np.cumsum(episodes.rewards, axis=1, dtype=np.float64) / task.steps
    return [
        _Tile(qpos, {n: v[k : k + 1] for n, v in extra.items()}, earned[k], caption, at, color)
        for k, (qpos, caption, at) in enumerate(zip(episodes.qpos, captions, places, strict=True))
    ]


def _write(
    path: Path,
    task: Task,
    tiles: Sequence[_Tile],
    labels: Mapping[str, int],
    size: tuple[int, int],
) -> None:
    """Write a film; the file is there once it is whole."""
    if path.suffix != ".mp4":
        raise FilmError(f"a film is an .mp4 file, got {path.name!r}")
    step = task.body().control_dt * task.repeat
    # As many pictures as decisions where that is no more than anybody sees, else part of them.
    fps = max(round(1.0 / (step * math.ceil(1.0 / (step * _MOST_FPS) - 1e-9))), 1)
    longest = max(len(tile.qpos) for tile in tiles)
    still = _still(task.name, tiles, labels, size)
    part = path.with_name(f"{path.stem}.part.mp4")
    try:
        with Pictures(task, size) as pictures, VideoWriter(part, fps) as video:
            for k in range(math.ceil(longest * step * fps - 1e-6)):
                decision = math.floor(k / (fps * step) + 1e-6)
                video.add(_frame(still, pictures, tiles, decision, step))
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _still(
    title: str, tiles: Sequence[_Tile], labels: Mapping[str, int], size: tuple[int, int]
) -> UInt8Array:
    """Return what never changes in a film."""
    width = max(tile.at[0] for tile in tiles) + size[1] + _GAP
    height = max(tile.at[1] for tile in tiles) + size[0] + _CAPTION + _GAP
    still = np.full((height + height % 2, width + width % 2, 3), theme.BACKGROUND, np.uint8)
    theme.put_text(still, theme.clip_text(title, 20, width - 110), (_GAP, 11), 20, bold=True)
    for name, top in labels.items():
        still[top + 4 : top + 20, _GAP : _GAP + 4] = _LABELS[name]
        theme.put_text(still, name, (_GAP + 10, top + 1), 16, theme.MUTED)
    for tile in tiles:
        x, y = tile.at
        still[y + size[0] : y + size[0] + _CAPTION, x : x + size[1]] = theme.PANEL
        right, y = x + size[1] - 8, y + size[0] + _BAR + 4
        for k, part in enumerate(tile.caption.split("   ")):
            x += 8 if not k else 14
            text = theme.clip_text(part, 15, right - x)
            x += theme.put_text(still, text, (x, y), 15, theme.MUTED if k else theme.TEXT)
    return still


def _frame(
    still: UInt8Array, pictures: Pictures, tiles: Sequence[_Tile], decision: int, step: float
) -> UInt8Array:
    """Return the picture of a film after so many decisions of `step` seconds."""
    out, (height, width) = still.copy(), pictures.size
    clock = f"{decision * step:.1f} s"
    left = out.shape[1] - _GAP - theme.text_width(clock, 18)
    theme.put_text(out, clock, (left, 13), 18, theme.MUTED)
    for tile in tiles:
        now, (x, y) = min(decision, len(tile.qpos) - 1), tile.at
        out[y : y + height, x : x + width] = pictures.draw(tile.qpos[now : now + 1], tile.extra)[0]
        bar = out[y + height : y + height + _BAR, x : x + width]
        bar[:] = theme.LINE
        bar[:, : round(width * min(max(float(tile.earned[now]), 0.0), 1.0))] = tile.color
    return out
