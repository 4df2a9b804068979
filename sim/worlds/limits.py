"""Limits on what a world file may ask of this machine."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LoadConfig:
    """Limits of the world loaders."""

    max_texture: int = 512
    """Longest side of a texture, px; larger ones are scaled down."""
    max_image_pixels: int = 100_000_000
    """Pictures of more pixels are not decoded at all."""
    max_file_bytes: int = 256 * 2**20
    """Largest mesh or texture file that is read."""
    max_xml_bytes: int = 32 * 2**20
    """Largest world or model description that is read."""
    max_triangles: int = 5_000_000
    """Most triangles of a world, invisible ones included."""
    max_models: int = 20_000
    """Most models of a world, nested ones included."""
    max_depth: int = 16
    """Deepest nesting of models and includes."""
