"""What of HM3D, the scans of homes that Habitat's episodes take place in, lies in a folder.

"Habitat-Matterport 3D Semantics Dataset", 2023, https://arxiv.org/abs/2210.05633. Nothing is
loaded and nothing fetched: names, sizes and the first bytes of files say what is whole.
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MESH, NAVMESH = "basis.glb", "basis.navmesh"
SEMANTIC_MESH, SEMANTIC_TEXT = "semantic.glb", "semantic.txt"
PARTS = (MESH, NAVMESH, SEMANTIC_MESH, SEMANTIC_TEXT)
"""Endings of the files of a scan, y9hTuugGdiq.basis.glb and so on."""
CONFIG = "hm3d_annotated_basis.scene_dataset_config.json"
"""Tells Habitat where semantics are; without it every object is unknown, and nothing says so."""
ANNOTATED_VAL = {"v0.1": 20, "v0.2": 36}
"""Annotated scans of the split "val" in each version of HM3D-Semantics."""

_SCAN = re.compile(r"\d{5}-(\w+)")
_HEADER = "HM3D Semantic Annotations"
_ASSETS = ("semantic_asset", "semantic_descriptor_filename")
_POINTER = b"version https://git-lfs"
_GLB = struct.Struct("<4sII")  # magic, version, bytes of the whole file


@dataclass(frozen=True, slots=True)
class Scan:
    """One home."""

    name: str
    """What episodes call it, for example "y9hTuugGdiq"."""
    whole: frozenset[str]
    """Those of `PARTS` that are there, and whole as far as can be told."""
    damages: tuple[str, ...]
    """Files that are not, and why."""

    @property
    def annotated(self) -> bool:
        """Whether it is known what is in it."""
        return self.whole.issuperset((SEMANTIC_MESH, SEMANTIC_TEXT))


@dataclass(frozen=True, slots=True)
class ScanSplit:
    """A folder of scans."""

    name: str
    """For example "val"."""
    scans: tuple[Scan, ...]
    """Sorted by number."""

    def count(self, part: str) -> int:
        """Return how many scans have one of `PARTS`."""
        return sum(part in scan.whole for scan in self.scans)

    @property
    def annotated(self) -> int:
        """How many scans are annotated."""
        return sum(scan.annotated for scan in self.scans)


@dataclass(frozen=True, slots=True)
class Hm3d:
    """One copy of the data set."""

    folder: Path
    """Holds the splits."""
    splits: tuple[ScanSplit, ...]
    """Sorted by name."""
    config: str | None
    """What is wrong with the configuration of the annotated data set; None if nothing."""

    @property
    def scans(self) -> tuple[Scan, ...]:
        """Those of all splits."""
        return tuple(scan for split in self.splits for scan in split.scans)


def find_hm3d(data: Path) -> list[Path]:
    """Return the copies of HM3D in Habitat's data folder, in its `scene_datasets`, or at itself."""
    places = [data, *sorted(data.glob("hm3d*")), *sorted(data.glob("scene_datasets/hm3d*"))]
    found: dict[Path, Path] = {}
    for place in filter(_has_scans, places):
        found.setdefault(place.resolve(), place)  # links to a copy are no other copies
    return list(found.values())


def read_hm3d(folder: Path) -> Hm3d:
    """Look at one copy of the data set."""
    splits = (ScanSplit(split.name, tuple(_scans(split))) for split in _folders(folder))
    there = tuple(split for split in splits if split.scans)
    return Hm3d(folder, there, _config_damage(folder / CONFIG))


def damage_of(path: Path) -> str | None:
    """Return what is wrong with a file of a scan; None if nothing that is quick to see."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            start = file.read(256)
    except OSError as error:
        return f"cannot be read: {error.strerror or error}"
    if not size:
        return "empty"
    if start.startswith(_POINTER):
        return "a git-lfs pointer in place of the file; git lfs pull may fetch it"
    if path.suffix == ".glb":
        return _glb_damage(start, size)
    if path.suffix == ".txt" and _HEADER not in _first_line(start):
        return f"the first line is not {_HEADER!r}"
    return None


def _glb_damage(start: bytes, size: int) -> str | None:
    if len(start) < _GLB.size or not start.startswith(b"glTF"):
        return "not a binary glTF file"
    whole = _GLB.unpack_from(start)[2]
    return f"cut off: {size} of {whole} bytes" if size < whole else None


def _first_line(start: bytes) -> str:
    return start.decode("utf-8", "replace").partition("\n")[0]


def _has_scans(folder: Path) -> bool:
    return any(_SCAN.fullmatch(scan.name) for split in _folders(folder) for scan in _folders(split))


def _folders(folder: Path) -> Iterator[Path]:
    """Yield the folders in a folder, sorted; none where it is no folder or closed to us."""
    try:
        yield from sorted(path for path in folder.iterdir() if path.is_dir())
    except OSError:
        return


def _scans(split: Path) -> Iterator[Scan]:
    for folder in _folders(split):
        if match := _SCAN.fullmatch(folder.name):
            yield _scan(folder, match[1])


def _scan(folder: Path, name: str) -> Scan:
    paths = {part: folder / f"{name}.{part}" for part in PARTS}
    there = {part: path for part, path in paths.items() if path.is_symlink() or path.exists()}
    bad = {part: damage for part, path in there.items() if (damage := damage_of(path))}
    said = tuple(f"{paths[part]}: {damage}" for part, damage in bad.items())
    return Scan(name, frozenset(there).difference(bad), said)


def _config_damage(path: Path) -> str | None:
    if not path.is_file():
        return "not there"
    try:
        content = json.loads(path.read_bytes())
    except OSError as error:
        return f"cannot be read: {error.strerror or error}"
    except (ValueError, RecursionError):
        return "not JSON"
    absent = [name for name in _ASSETS if not _names(content, name)]
    return f"names no {' and no '.join(absent)}" if absent else None


def _names(value: Any, key: str) -> bool:
    """Return whether some object inside a JSON value has a text that is not empty under `key`."""
    if isinstance(value, list):
        return any(_names(item, key) for item in value)
    if not isinstance(value, dict):
        return False
    text = value.get(key)
    return (isinstance(text, str) and bool(text)) or any(_names(v, key) for v in value.values())
