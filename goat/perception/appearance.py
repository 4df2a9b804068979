"""Everything that is measured on one masked object without any weights."""

from __future__ import annotations

from numpy.typing import NDArray

from goat.perception.attributes import measure
from goat.perception.descriptors import describe
from goat.types import BoolArray, Float32Array, UInt8Array


def look_at(
    rgb: UInt8Array, mask: BoolArray, box: NDArray
) -> tuple[Float32Array, dict[str, float]]:
    """Return the appearance vector (D,) and the attributes of a masked object.

    Args:
        rgb: (H, W, 3) image.
        mask: (H, W) pixels of the object.
        box: (4,) x0, y0, x1, y1 in px.
    """
    return describe(rgb, mask, box), measure(rgb, mask, box)
