"""Lights of a home by time of day. The renderer casts no shadows, so lights shine through walls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sim.worlds.world import Light

PRESETS = ("day", "evening", "night lamp")
_MOST = 7  # lights of the fixed pipeline besides the headlight


@dataclass(frozen=True, slots=True)
class Mood:
    """Everything about a time of day that is not a light."""

    headlight: tuple[float, float, float]
    sky: tuple[float, float, float]
    outside: float
    """Brightness of the world outside, in [0, 1]."""
    bulb: float
    """How strongly standing lamps glow, in [0, 1]."""
    ceiling: float
    """How strongly ceiling lights glow, in [0, 1]."""


MOODS: dict[str, Mood] = {
    "day": Mood((0.66, 0.66, 0.66), (0.62, 0.80, 0.95), 1.0, 0.25, 0.3),
    "evening": Mood((0.34, 0.31, 0.28), (0.30, 0.30, 0.45), 0.42, 0.9, 0.9),
    "night lamp": Mood((0.24, 0.23, 0.25), (0.04, 0.05, 0.10), 0.12, 1.0, 0.0),
}


def lights(
    preset: str, lamps: Sequence[tuple[float, float, float]], center: tuple[float, float]
) -> tuple[Light, ...]:
    """Return the lights of a preset.

    Args:
        preset: One of `PRESETS`.
        lamps: Where lamps hang or stand, the most useful first, m.
        center: Middle of the house, m.
    """
    if preset == "day":
        return _daylight()
    warm = (0.50, 0.42, 0.31) if preset == "evening" else (0.52, 0.38, 0.22)
    falloff = (0.55, 0.10, 0.07) if preset == "evening" else (0.45, 0.15, 0.16)
    chosen = _spread(lamps, 6 if preset == "evening" else 5)
    points = [
        Light(lamp, (0, 0, -1), False, warm, (0, 0, 0), (0.08, 0.07, 0.05), falloff)
        for lamp in chosen
    ]
    fill = Light((center[0], center[1], 6.0), (0.3, 0.2, -1), True, (0.10, 0.09, 0.09))
    return (*points, fill)


def _daylight() -> tuple[Light, ...]:
    """Return three soft suns, so that floor, walls and sides of things differ in brightness."""
    suns = (
        ((0.4, 0.2, -1.0), (0.30, 0.29, 0.27)),
        ((-0.8, 0.5, -0.15), (0.25, 0.25, 0.26)),
        ((0.35, -0.75, 0.7), (0.30, 0.30, 0.30)),
    )
    return tuple(
        Light(
            (0, 0, 5),
            direction,
            True,
            color,
            (0, 0, 0),
            (0.12, 0.12, 0.12) if i == 0 else (0, 0, 0),
        )
        for i, (direction, color) in enumerate(suns)
    )


def _spread(
    points: Sequence[tuple[float, float, float]], count: int
) -> list[tuple[float, float, float]]:
    """Choose points far from each other, starting with the first."""
    if len(points) <= count:
        return list(points)[:_MOST]
    array = np.array(points)
    chosen = [0]
    gap = np.linalg.norm(array - array[0], axis=1)
    while len(chosen) < count:
        best = int(gap.argmax())
        chosen.append(best)
        gap = np.minimum(gap, np.linalg.norm(array - array[best], axis=1))
    return [tuple(float(v) for v in array[i]) for i in chosen]  # pyright: ignore[reportReturnType]
