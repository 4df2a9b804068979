"""Where results go: nothing that exists is overwritten."""

from __future__ import annotations

from itertools import count
from pathlib import Path

from goat.errors import ConfigError


def fresh_folder(wanted: Path) -> Path:
    """Make and return `wanted`, or the first of `wanted`-2, `wanted`-3, ... that is not there yet.

    Raises:
        ConfigError: It cannot be made.
    """
    for number in count(1):
        folder = wanted if number == 1 else wanted.with_name(f"{wanted.name}-{number}")
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            if folder.is_dir() and not any(folder.iterdir()):
                return folder
            continue
        except OSError as error:
            raise ConfigError(f"cannot make the folder {folder}: {error}; choose --out") from error
        return folder
    raise AssertionError("unreachable")
