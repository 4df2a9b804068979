"""Texture images of world files: read once, bounded in size, shared."""

from __future__ import annotations

import hashlib
import io
import warnings as python_warnings
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from goat.errors import WorldError
from sim.worlds.limits import LoadConfig
from sim.worlds.safe_paths import SafeRoots, clean_reference, is_absolute

_UNUSABLE = (OSError, ValueError, SyntaxError, WorldError, Image.DecompressionBombError)
_IMAGE_FORMATS = ("PNG", "JPEG", "TGA", "BMP", "TIFF", "WEBP", "GIF", "PPM", "DDS")


class TextureStore:
    """Loads textures and hands out one array per image content."""

    def __init__(self, roots: SafeRoots, config: LoadConfig, warnings: list[str]) -> None:
        """Start empty.

        Args:
            roots: Folders that may be read.
            config: Limits.
            warnings: Receives one line for each texture that is missing or unusable.
        """
        self._roots = roots
        self._config = config
        self._warnings = warnings
        self._by_path: dict[Path, NDArray[np.uint8] | None] = {}
        self._by_content: dict[bytes, NDArray[np.uint8]] = {}
        self._missing: set[str] = set()

    def find(self, reference: str, source: Path) -> NDArray[np.uint8] | None:
        """Return the texture that a mesh or model file refers to.

        The reference is looked up where it points and, as Gazebo does, by file name in the
        model's `materials/textures` and beside the mesh; old exports hold paths of their
        author's machine.

        Args:
            reference: Path or file URI as written in the file.
            source: The file that holds the reference.

        Returns:
            (h, w, 3) image, or None (with one warning) if there is none.

        Raises:
            UnsafePathError: The file exists, but outside the world's folder.
        """
        if not reference.strip():
            return None
        text = clean_reference(reference.removeprefix("file://"), source)
        for candidate in _candidates(text, source.parent):
            if self._roots.contains(candidate) and candidate.is_file():
                return self.read(candidate.resolve())
        if (source.parent / text).is_file():
            raise self._roots.unsafe(reference, source)
        self._warn_missing(reference, source)
        return None

    def read(self, path: Path) -> NDArray[np.uint8] | None:
        """Return the image (h, w, 3) at a path that was found safe; None if it is unusable."""
        if path not in self._by_path:
            size = path.stat().st_size
            if size > self._config.max_file_bytes:
                self._warnings.append(f"{path.name}: texture of {size} bytes is too large")
                self._by_path[path] = None
            else:
                self._by_path[path] = self.decode(path.read_bytes(), path.name)
        return self._by_path[path]

    def decode(self, data: bytes, name: str) -> NDArray[np.uint8] | None:
        """Return the image (h, w, 3) in encoded `data`; None, with a warning, if unusable."""
        key = _digest(data)
        if key not in self._by_content:
            try:
                with _opened(data) as image:
                    self._by_content[key] = shrink(image, self._config)
            except _UNUSABLE as error:
                self._warnings.append(f"{name}: texture cannot be used: {error}")
                return None
        return self._by_content[key]

    def keep(self, image: Image.Image, name: str) -> NDArray[np.uint8] | None:
        """Return an opened picture as an array (h, w, 3); None, with a warning, if unusable."""
        try:
            pixels = shrink(image, self._config)
        except _UNUSABLE as error:
            self._warnings.append(f"{name}: texture cannot be used: {error}")
            return None
        return self._by_content.setdefault(_digest(pixels.tobytes()), pixels)

    def _warn_missing(self, reference: str, source: Path) -> None:
        key = f"{source.parent.parent.name}/{reference}"
        if key not in self._missing:
            self._missing.add(key)
            self._warnings.append(
                f"{source.parent.parent.name}/{source.name}: texture {reference!r} is missing; "
                "the material's colour is used"
            )


def shrink(image: Image.Image, config: LoadConfig) -> NDArray[np.uint8]:
    """Return a picture as an array (h, w, 3) of at most `config.max_texture` px a side.

    Transparency is dropped: materials of a world are opaque or evenly see-through.

    Raises:
        WorldError: The picture has more pixels than may be decoded.
    """
    width, height = image.size
    if width * height > config.max_image_pixels:
        raise WorldError(f"{width}x{height} px is more than {config.max_image_pixels} pixels")
    image.draft("RGB", (config.max_texture, config.max_texture))
    if image.mode not in ("RGB", "L"):
        image = image.convert("RGB")
    scale = config.max_texture / max(image.size)
    if scale < 1.0:
        size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        image = image.resize(size, Image.Resampling.BOX, reducing_gap=2.0)
    return np.ascontiguousarray(image.convert("RGB"), dtype=np.uint8)


def _opened(data: bytes) -> Image.Image:
    """Open a picture without decoding it; its size is checked by `shrink`, not by Pillow."""
    with python_warnings.catch_warnings():
        python_warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        return Image.open(io.BytesIO(data), formats=_IMAGE_FORMATS)


def _candidates(text: str, folder: Path) -> list[Path]:
    name = PurePosixPath(text).name
    textures = folder.parent / "materials" / "textures"
    found = [textures / name, folder / name]
    return found if is_absolute(text) else [folder / text, *found]


def _digest(data: bytes) -> bytes:
    return hashlib.sha1(data, usedforsecurity=False).digest()
