"""What training writes down as it goes: a table of numbers, and TensorBoard's events."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from goat.errors import MissingExtraError
from goat.registry import require

_EVERY = 20
"""Steps between TensorBoard's points."""


class Log:
    """Appends to FOLDER/log.csv, and to TensorBoard's files if tensorboard is installed."""

    def __init__(self, folder: Path) -> None:
        """Open both."""
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / "log.csv"
        self._new = not file.exists()
        self._file = file.open("a", buffering=1, newline="", encoding="utf-8")
        self._board = _board(folder)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        """Close both."""
        self._file.close()
        if self._board is not None:
            self._board.close()

    def add(self, step: int, values: Mapping[str, float]) -> None:
        """Write the numbers of one step."""
        writer = csv.writer(self._file)
        if self._new:
            writer.writerow(["step", *values])
            self._new = False
        writer.writerow([step, *(f"{value:.6g}" for value in values.values())])
        if self._board is not None and step % _EVERY == 0:
            for name, value in values.items():
                self._board.add_scalar(name, value, step)


def _board(folder: Path) -> Any:
    try:
        require("tensorboard")
    except MissingExtraError:
        return None
    return require("torch.utils.tensorboard").SummaryWriter(str(folder))
