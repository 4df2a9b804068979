"""Which episode files of which benchmark lie in Habitat's data folder, and what they ask for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from goat.bench.format import CONTENT, episode_files
from goat.bench.packed import load
from goat.bench.reading import scene_hash, scene_name
from goat.errors import EpisodeError

BENCHMARKS = ("goat_bench", "objectnav", "instance_imagenav")
"""Folders of the benchmarks whose files can be read here."""


@dataclass(frozen=True, slots=True)
class EpisodeSplit:
    """The episode files of one split of one benchmark."""

    name: str
    """Where it is, for example "goat_bench/hm3d/v1/val_unseen"."""
    files: int
    """Files with episodes."""
    episodes: int
    """Episodes in those that can be read."""
    scenes: frozenset[str]
    """Names of the scenes that they ask for."""
    damages: tuple[str, ...]
    """Files that cannot be read, and why."""

    @property
    def scans(self) -> dict[str, str]:
        """Hash of each HM3D scene that it asks for -> its name."""
        return {scene_hash(name): name for name in sorted(self.scenes) if "hm3d" in name}


def split_files(datasets: Path, benchmark: str) -> dict[str, list[Path]]:
    """Return the files of each split of a benchmark; nothing where it has none.

    Args:
        datasets: Folder of all benchmarks.
        benchmark: One of `BENCHMARKS`.
    """
    folder = datasets / benchmark
    if not folder.is_dir():
        return {}
    found: dict[str, list[Path]] = {}
    try:
        files = episode_files(folder)
    except EpisodeError:
        return {}
    for file in files:
        split = file.parent.parent if file.parent.name == CONTENT else file.parent
        found.setdefault(split.relative_to(datasets).as_posix(), []).append(file)
    return found


def count_split(name: str, files: Iterable[Path]) -> EpisodeSplit:
    """Count the episodes of a split without looking closer at them."""
    total, number = 0, 0
    scenes: set[str] = set()
    damages: list[str] = []
    for file in files:
        number += 1
        try:
            entries = load(file)["episodes"].items()
            scenes.update(scene_name(entry["scene_id"].text()) for entry in entries)
            total += len(entries)
        except EpisodeError as error:
            damages.append(str(error))
    return EpisodeSplit(name, number, total, frozenset(scenes), tuple(damages))
