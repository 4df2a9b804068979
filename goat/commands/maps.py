"""`goat map`: exchange the remembered map with nav2."""

from __future__ import annotations

import numpy as np
from rich.console import Console

from goat.build import look_of
from goat.commands.options import MapExport, MapImport
from goat.errors import MapError, MemoryFileError
from goat.memory.memory import Memory
from goat.memory.nav2 import read_nav2, write_nav2
from goat.perception.keypoints import SiftMatcher
from goat.types import Body, CellState, OccupancyGrid

_MARGIN = 10  # cells around what is known


def export_map(options: MapExport, console: Console) -> int:
    """Write the map of a memory file as PGM and YAML, and with `mesh` its objects as well."""
    if not options.memory.is_file():
        raise MemoryFileError(
            f"there is no memory file {options.memory}; `goat run --memory {options.memory}` makes "
            "one"
        )
    memory = Memory(Body(), look_of, SiftMatcher(), options.memory)
    try:
        grid, instances = memory.grid(), memory.instances()
    finally:
        memory.close()
    header = write_nav2(cropped(grid), options.out, options.name)
    console.print(f"map: {header}", highlight=False, soft_wrap=True)
    if options.mesh:
        from goat.view.mesh import write_instances

        listing = write_instances(instances, options.out / "instances")
        console.print(f"instances: {listing}", highlight=False, soft_wrap=True)
    return 0


def cropped(grid: OccupancyGrid) -> OccupancyGrid:
    """Return the part of a grid that is known, with a margin.

    Raises:
        MapError: Nothing is known.
    """
    known = grid.state != CellState.UNKNOWN
    rows, cols = np.flatnonzero(known.any(axis=1)), np.flatnonzero(known.any(axis=0))
    if not rows.size:
        raise MapError("the map is empty: nothing has been seen yet")
    top, left = max(int(rows[0]) - _MARGIN, 0), max(int(cols[0]) - _MARGIN, 0)
    state = grid.state[top : int(rows[-1]) + _MARGIN + 1, left : int(cols[-1]) + _MARGIN + 1]
    origin = (
        grid.origin[0] + left * grid.resolution,
        grid.origin[1] + top * grid.resolution,
    )
    return OccupancyGrid(state, origin, grid.resolution)


def import_map(options: MapImport, console: Console) -> int:
    """Start a memory file from PGM and YAML."""
    if options.memory.exists():
        raise MemoryFileError(
            f"{options.memory} exists already; name a new file, so that what it holds is not mixed"
        )
    grid = read_nav2(options.map)
    memory = Memory(Body(), look_of, SiftMatcher(), options.memory)
    try:
        memory.map.load_grid(grid)
    finally:
        memory.close()
    free = float((grid.state == CellState.FREE).sum()) * grid.resolution**2
    console.print(
        f"{options.memory} now holds {free:.1f} square metres of free space; poses of runs with it "
        "are in the map's frame",
        highlight=False,
    )
    return 0
