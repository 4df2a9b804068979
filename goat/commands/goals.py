"""Goals as people write them: flags, YAML files and photos, checked before the robot moves."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import yaml
from PIL import Image, ImageOps

from goat.errors import ConfigError, GoalError
from goat.registry import suggest
from goat.types import CategoryGoal, Goal, ImageGoal, LanguageGoal, ObjectTruth, Task, UInt8Array

MAX_PIXELS = 64_000_000
"""Largest photo that is decoded."""
MAX_BYTES = 256 << 20
"""Largest photo file that is opened."""
MAX_TEXT = 500
"""Longest sentence, characters."""
_MAX_SIDE = 1280
_KINDS = {"category": "category", "text": "text", "language": "text", "image": "image"}


def parse_goal(text: str, folder: Path = Path()) -> Goal:
    """Return the goal of "category:...", "text:..." or "image:...".

    Args:
        text: What was typed.
        folder: Where a relative photo path starts.

    Raises:
        GoalError: The kind is unknown, or its content is empty or unreadable.
    """
    kind, colon, content = text.partition(":")
    if not colon:
        raise GoalError(
            f"a goal needs its kind, got {text!r}; write category:sofa, "
            '"text:the blue chair" or image:photo.jpg'
        )
    return make_goal(kind.strip().lower(), content, folder)


def make_goal(kind: str, content: str, folder: Path = Path()) -> Goal:
    """Return the goal of a kind ("category", "text", "image") and its content.

    Raises:
        GoalError: The kind is unknown, or its content is empty or unreadable.
    """
    if kind not in _KINDS:
        raise GoalError(
            f"unknown kind of goal {kind!r}.{suggest(kind, _KINDS)} Allowed: category, text, image"
        )
    content = " ".join(content.split())
    if not content:
        raise GoalError(f"the {kind} goal is empty; say what to go to, for example {kind}:sofa")
    match _KINDS[kind]:
        case "category":
            return CategoryGoal(content.lower())
        case "text":
            return LanguageGoal(_check_sentence(content))
        case _:
            path = folder / content
            return ImageGoal(read_photo(path), path.name)


def _check_sentence(text: str) -> str:
    if len(text) > MAX_TEXT:
        raise GoalError(f"the sentence has {len(text)} characters; at most {MAX_TEXT} are read")
    if not any(letter.isalpha() for letter in text):
        raise GoalError(f"the sentence {text!r} has no words; describe an object in plain words")
    return text


def read_photo(path: Path) -> UInt8Array:
    """Read a photo (H, W, 3), upright, its longer side at most 1280 px.

    Raises:
        GoalError: The file is missing, huge, truncated or no image.
    """
    if not path.is_file():
        raise GoalError(f"there is no photo at {path}; give the path of a JPEG or PNG file")
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise GoalError(f"{path} is {size >> 20} MiB; photos up to {MAX_BYTES >> 20} MiB are read")
    return decode_photo(path, str(path))


def decode_photo(source: Path | BinaryIO, name: str) -> UInt8Array:
    """Decode a photo (H, W, 3), upright, its longer side at most 1280 px.

    Args:
        source: An image file.
        name: For the error.

    Raises:
        GoalError: It is huge, truncated or no image.
    """
    try:
        return _decode(source, name)
    except Image.DecompressionBombError as error:
        raise _too_large(name, str(error)) from error
    except (OSError, ValueError, SyntaxError, EOFError, ArithmeticError) as error:
        raise GoalError(
            f"{name} cannot be read as an image ({error}); give a whole JPEG or PNG file"
        ) from error


def _decode(source: Path | BinaryIO, name: str) -> UInt8Array:
    with Image.open(source) as image:
        if image.width * image.height > MAX_PIXELS:
            raise _too_large(name, f"{image.width} x {image.height}")
        if min(image.size) < 16:
            raise GoalError(f"{name} is {image.width} x {image.height}: too small to show anything")
        image.draft("RGB", (_MAX_SIDE, _MAX_SIDE))
        upright = ImageOps.exif_transpose(image).convert("RGB")
    upright.thumbnail((_MAX_SIDE, _MAX_SIDE))
    return np.array(upright, np.uint8)


def _too_large(name: str, size: str) -> GoalError:
    return GoalError(
        f"the photo {name} is too large ({size}); at most {MAX_PIXELS // 1_000_000} megapixels "
        "are read: scale it down"
    )


def read_goals(path: Path, objects: Collection[ObjectTruth] = ()) -> list[Task]:
    """Read a YAML list of goals, photo paths relative to the file.

    Raises:
        ConfigError: The file is unreadable, has an unknown key, or names an unknown target.
        GoalError: A goal is empty or unreadable.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"cannot read the goals file {path}: {error}") from error
    entries = content.get("goals") if isinstance(content, Mapping) else content
    if not isinstance(entries, list) or not entries:
        raise ConfigError(
            f"{path} holds no goals: write a list such as\n"
            "- category: sofa\n- text: the blue chair\n  target: chair_03"
        )
    return [
        _read_entry(entry, f"{path}, goal {number}", path.parent, objects)
        for number, entry in enumerate(entries, 1)
    ]


def _read_entry(entry: Any, place: str, folder: Path, objects: Collection[ObjectTruth]) -> Task:
    if not isinstance(entry, Mapping):
        raise ConfigError(f"{place}: wanted {{category|text|image: ...}}, got {entry!r}")
    allowed = {*_KINDS, "target"}
    for key in entry.keys() - allowed:
        raise ConfigError(
            f"{place}: unknown key {key!r}.{suggest(str(key), allowed)} "
            f"Allowed: {', '.join(sorted(allowed))}"
        )
    kinds = [key for key in entry if key in _KINDS]
    if len(kinds) != 1:
        raise ConfigError(f"{place}: needs exactly one of category, text, image; got {kinds}")
    value = entry[kinds[0]]
    if not isinstance(value, str):
        raise GoalError(f"{place}: {kinds[0]} must be text, got {value!r}")
    targets = entry.get("target", [])
    names = [targets] if isinstance(targets, str) else list(targets)
    return Task(make_goal(kinds[0], value, folder), _targets(names, place, objects))


def _targets(names: Sequence[str], place: str, objects: Collection[ObjectTruth]) -> tuple[int, ...]:
    ids = {item.name: item.id for item in objects}
    for name in names:
        if name not in ids:
            raise ConfigError(
                f"{place}: the world has no object {name!r}.{suggest(str(name), ids)} "
                "`goat list --world ...` prints the names"
            )
    return tuple(ids[name] for name in names)
