"""Gzipped JSON, as episode files are."""

from __future__ import annotations

import gzip
import json
import zlib
from pathlib import Path

from goat.bench.nodes import Node
from goat.errors import EpisodeError

SUFFIX = ".json.gz"

_LIMIT = 512 * 2**20  # bytes of JSON


def load(path: Path) -> Node:
    """Return the top level of a gzipped JSON file of at most 512 MB of text.

    Raises:
        EpisodeError: It cannot be read, is no such file, or is larger.
    """
    raw = _unpacked(path)
    if len(raw) > _LIMIT:
        raise EpisodeError(
            f"{path}: unpacks to more than {_LIMIT >> 20} MB; split it into one file per scene"
        )
    try:
        return Node(json.loads(raw), path)
    except (ValueError, RecursionError) as error:
        raise EpisodeError(
            f"{path}: not JSON ({error}); expected a gzipped JSON object with "
            '"episodes" and "goals": fetch or make it again'
        ) from error


def _unpacked(path: Path) -> bytes:
    """Return what a gzip file holds, but not much more than is allowed."""
    try:
        with gzip.open(path) as file:
            return file.read(_LIMIT + 1)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise EpisodeError(
            f"{path}: damaged or no gzip file ({error}); episode files are gzipped JSON "
            f"(*{SUFFIX}): fetch or make it again"
        ) from error
    except OSError as error:
        raise EpisodeError(f"{path}: cannot be read: {error.strerror or error}") from error
