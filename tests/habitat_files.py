"""Folders as Habitat's downloader leaves them, with next to nothing in their files."""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from pathlib import Path

from bench_files import save

from goat.bench.hm3d import CONFIG, PARTS

NAMES = "%%CONFIG_NAME_AS_ASSET_FILENAME%%"


def glb(size: int) -> bytes:
    """A binary glTF file of that many bytes, nothing but its header right."""
    return struct.pack("<4sII", b"glTF", 2, size).ljust(size, b"\0")


def make_scan(folder: Path, parts: Sequence[str] = PARTS) -> Path:
    """A scan with some of its files."""
    folder.mkdir(parents=True, exist_ok=True)
    name = folder.name.partition("-")[2]
    content = {
        "glb": glb(64),
        "navmesh": b"TESM",
        "txt": b'HM3D Semantic Annotations\n1,FF00FF,"chair",0\n',
    }
    for part in parts:
        (folder / f"{name}.{part}").write_bytes(content[part.partition(".")[2]])
    return folder


def write_config(folder: Path) -> None:
    """The configuration of the annotated data set."""
    folder.mkdir(parents=True, exist_ok=True)
    attributes = {
        "semantic_asset": f"{NAMES}.semantic.glb",
        "semantic_descriptor_filename": f"{NAMES}.semantic.txt",
    }
    config = {"stages": {"default_attributes": attributes}}
    (folder / CONFIG).write_text(json.dumps(config))


def write_asking(path: Path, scene: str, episodes: int = 2) -> Path:
    """An episode file as far as it is counted."""
    return save(path, {"episodes": [{"scene_id": scene}] * episodes, "goals": {}})
