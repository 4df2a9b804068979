"""File references inside a world that must not leave the world's folder."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from goat.errors import UnsafePathError, WorldError

MAX_REFERENCE = 1024
"""Longest reference that is looked at, characters."""


class SafeRoots:
    """Folders that a world may read from; everything else is refused."""

    def __init__(self, roots: Iterable[Path]) -> None:
        """Keep the folders, with symbolic links resolved.

        Args:
            roots: Folders; those that do not exist are left out.
        """
        self.roots: tuple[Path, ...] = tuple(
            dict.fromkeys(root.resolve() for root in roots if root.is_dir())
        )

    def contains(self, path: Path) -> bool:
        """Return whether `path`, with symbolic links followed, lies in one of the folders."""
        resolved = path.resolve()
        return any(resolved.is_relative_to(root) for root in self.roots)

    def check(self, path: Path, reference: str, source: Path) -> Path:
        """Return the resolved path.

        Args:
            path: Where the reference points.
            reference: The reference as written, for the message.
            source: The file that holds the reference, for the message.

        Raises:
            UnsafePathError: The path leaves every folder.
        """
        resolved = path.resolve()
        if not any(resolved.is_relative_to(root) for root in self.roots):
            raise self.unsafe(reference, source)
        return resolved

    def unsafe(self, reference: str, source: Path) -> UnsafePathError:
        """Build the error for a reference that leaves the world's folder."""
        allowed = ", ".join(str(root) for root in self.roots) or "no folder"
        return UnsafePathError(
            f"{source}: the reference {reference!r} leaves the world's folder; files may be read "
            f"from {allowed}. Copy the file into the world's folder and refer to it from there"
        )


def clean_reference(reference: str, source: Path) -> str:
    """Return a reference with `/` as separator and without URL escapes.

    Raises:
        WorldError: It is empty, too long or holds control characters.
    """
    text = unquote(reference.strip()).replace("\\", "/")
    if not text or len(text) > MAX_REFERENCE or not text.isprintable():
        raise WorldError(
            f"{source}: a file reference must be 1 to {MAX_REFERENCE} printable characters, "
            f"got {reference[:80]!r}"
        )
    return text


def is_absolute(reference: str) -> bool:
    """Return whether a cleaned reference starts at a root (`/x`) or a drive (`C:/x`)."""
    return reference.startswith("/") or has_drive(reference)


def has_drive(reference: str) -> bool:
    """Return whether a cleaned reference starts with a drive (`C:`)."""
    return len(reference) > 1 and reference[0].isalpha() and reference[1] == ":"


def climbs_out(reference: str) -> bool:
    """Return whether a cleaned relative reference leaves the folder that it starts in."""
    depth = 0
    for part in PurePosixPath(reference).parts:
        depth += -1 if part == ".." else 1
        if depth < 0:
            return True
    return False


def resolve_model_uri(
    reference: str, folders: Sequence[Path], roots: SafeRoots, source: Path
) -> Path | None:
    """Find what a `model://name/rest` URI (given without its scheme) stands for.

    Args:
        reference: "name" or "name/rest".
        folders: Model folders, first match wins.
        roots: Folders that may be read.
        source: The file that holds the reference, for messages.

    Returns:
        An existing path, or None if no model folder holds it.

    Raises:
        UnsafePathError: It leaves the model folder that it is looked up in.
    """
    text = clean_reference(reference, source)
    if is_absolute(text) or climbs_out(text):
        raise roots.unsafe(f"model://{reference}", source)
    for folder in folders:
        candidate = folder / text
        if candidate.exists():
            return roots.check(candidate, f"model://{reference}", source)
    return None


def resolve_relative(reference: str, base: Path, roots: SafeRoots, source: Path) -> Path | None:
    """Find what a path (given without a scheme) stands for.

    Args:
        reference: A relative or absolute path.
        base: Folder that a relative path starts in.
        roots: Folders that may be read.
        source: The file that holds the reference, for messages.

    Returns:
        An existing path, or None if nothing is there.

    Raises:
        UnsafePathError: It leaves the folders that may be read.
    """
    text = clean_reference(reference, source)
    if has_drive(text):
        raise roots.unsafe(reference, source)
    candidate = roots.check(base / text, reference, source)
    return candidate if candidate.exists() else None
