"""Numbers in parquet files: a feature of shape (1,) is a plain column, any other a list."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from goat.registry import require

Array = NDArray[Any]


def arrow_column(values: Array) -> Any:
    """Return numbers (N, width) as a column."""
    arrow = require("pyarrow")
    flat = arrow.array(values.ravel())
    width = values.shape[1]
    return flat if width == 1 else arrow.FixedSizeListArray.from_arrays(flat, width)


def read_columns(
    paths: Sequence[Path], needed: Sequence[str], optional: Sequence[str] = ()
) -> dict[str, Array]:
    """Return columns (N, width) of some files, one file after the other.

    Args:
        paths: The files.
        needed: Columns that each must have.
        optional: Columns that are read if all files have them.

    Raises:
        ValueError: There is no file, a column is missing, or it is not of numbers.
    """
    if not paths:
        raise ValueError("there is no parquet file")
    parts = [_read(path, needed, optional) for path in paths]
    found = [name for name in (*needed, *optional) if all(name in part for part in parts)]
    return {name: np.concatenate([part[name] for part in parts]) for name in found}


def _read(path: Path, needed: Sequence[str], optional: Sequence[str]) -> dict[str, Array]:
    # Not read_table: it would take folders called "a=b" for columns.
    with require("pyarrow.parquet").ParquetFile(path, page_checksum_verification=True) as file:
        there = file.schema_arrow.names
        for name in needed:
            if name not in there:
                raise ValueError(f"{path.name} has no column {name!r}, but {', '.join(there)}")
        names = [name for name in (*needed, *optional) if name in there]
        table = file.read(columns=names)
    return {name: _numbers(name, table[name]) for name in names}


def _numbers(name: str, column: Any) -> Array:
    """Return a column of numbers, or of lists of one length, as (N, width)."""
    compute, rows, width = require("pyarrow.compute"), len(column), 1
    if column.null_count:
        raise ValueError(f"the column {name!r} has gaps")
    if "list" in str(column.type):
        widths = compute.unique(compute.list_value_length(column)).to_pylist()
        if len(widths) != 1:
            raise ValueError(f"the lists of {name!r} are not of one length: {sorted(widths)}")
        column, width = compute.list_flatten(column), widths[0]
    values = column.to_numpy()
    if values.dtype.kind not in "fiu":
        raise ValueError(f"the column {name!r} is not of numbers, but of {column.type}")
    return values.reshape(rows, width)
