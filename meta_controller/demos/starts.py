"""Where evaluation begins: the same stored states for every method, apart from all others.

Demonstrations, cards and evaluation each draw from a stream of their own, named by the task; what
was drawn for evaluation is stored beside the demonstrations, so that it stays the same even if the
way of drawing changes.
"""

from __future__ import annotations

import zlib
from enum import IntEnum
from pathlib import Path

import numpy as np

from meta_controller.demos.episodes import DemonstrationError
from meta_controller.environments import Environments
from meta_controller.task import Start, Task

_FILE, _EXTRA = "starts.npz", "extra_"


class Stream(IntEnum):
    """What random numbers are for; no two share any."""

    DEMONSTRATIONS = 0
    CARD = 1
    EVALUATION = 2


def seeds_of(task: str, stream: Stream, seed: int = 0) -> list[int]:
    """Return the seeds of a stream of a task."""
    return [zlib.crc32(task.encode()), int(stream), seed]


def drawn_starts(task: Task, count: int = 20) -> Start:
    """Return new evaluation starts; the same for the same task."""
    environments = Environments(task, count)
    start = environments.draw(np.random.default_rng(seeds_of(task.name, Stream.EVALUATION)))
    environments.close()
    return start


def save_starts(folder: Path, start: Start) -> None:
    """Write starts beside demonstrations."""
    arrays = {"qpos": start.qpos, "qvel": start.qvel}
    arrays |= {f"{_EXTRA}{name}": values for name, values in start.extra.items()}
    part = folder / f"part_{_FILE}"
    np.savez_compressed(part, **arrays)  # pyright: ignore[reportArgumentType]
    part.replace(folder / _FILE)


def load_starts(folder: Path, count: int | None = None) -> Start:
    """Read starts, the first `count` of them or all.

    Raises:
        DemonstrationError: There are none or fewer.
    """
    file = folder / _FILE
    try:
        with np.load(file) as arrays:
            found = dict(arrays)
    except (OSError, ValueError) as error:
        raise DemonstrationError(
            f"{file} with the states that evaluation begins at cannot be read ({error}); make "
            "them anew: meta-controller demos make"
        ) from error
    have = len(found["qpos"])
    if count is not None and not 1 <= count <= have:
        raise DemonstrationError(f"{count} starts were asked for, {file} has {have}")
    extra = {
        name.removeprefix("extra_"): v[:count]
        for name, v in found.items()
        if name.startswith("extra_")
    }
    return Start(found["qpos"][:count], found["qvel"][:count], extra)
