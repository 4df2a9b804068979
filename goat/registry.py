"""Names to "module:attribute", imported when used."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Iterable, Mapping
from typing import Any

from goat.errors import MissingExtraError, UnknownNameError

_EXTRA_OF_PACKAGE = {
    "torch": "perception",
    "transformers": "perception",
    "safetensors": "perception",
    "open3d": "mesh",
    "rerun": "viz",
    "viser": "viz",
    "mcap": "record",
    "rosbags": "record",
    "roslibpy": "ros",
    "zmq": "habitat",
    "msgpack": "habitat",
    "dm_control": "policy",
    "h5py": "policy",
    "minari": "policy",
    "pyarrow": "policy",
    "tensorboard": "policy",
    "ray": "cluster",
}


def suggest(name: str, allowed: Iterable[str]) -> str:
    """Return " Did you mean 'x'?" for the nearest allowed name, or an empty string."""
    near = difflib.get_close_matches(name, list(allowed), n=1, cutoff=0.6)
    return f" Did you mean {near[0]!r}?" if near else ""


def unknown_name(kind: str, name: str, allowed: Iterable[str]) -> UnknownNameError:
    """Build the error for a name that is not one of `allowed`."""
    names = sorted(allowed)
    return UnknownNameError(
        f"unknown {kind} {name!r}.{suggest(name, names)} Allowed: {', '.join(names)}"
    )


def require(package: str) -> Any:
    """Import an optional package.

    Raises:
        MissingExtraError: It is not installed; the message names the extra to install.
    """
    try:
        return importlib.import_module(package)
    except ModuleNotFoundError as error:
        root = package.split(".", maxsplit=1)[0]
        if error.name is not None and error.name.split(".", maxsplit=1)[0] != root:
            raise
        raise MissingExtraError(package, _EXTRA_OF_PACKAGE.get(root, "all")) from error


class Registry:
    """A read-only table of names whose targets are imported on first use."""

    def __init__(self, kind: str, targets: Mapping[str, str]) -> None:
        """Keep `targets`.

        Args:
            kind: What the names stand for, used in messages ("detector").
            targets: Name -> "package.module:attribute".
        """
        self.kind = kind
        self._targets = dict(targets)

    def names(self) -> tuple[str, ...]:
        """Return the registered names in order of registration."""
        return tuple(self._targets)

    def load(self, name: str) -> Any:
        """Import and return what `name` stands for.

        Raises:
            UnknownNameError: `name` is not registered.
            MissingExtraError: Its module needs a package that is not installed.
        """
        if name not in self._targets:
            raise unknown_name(self.kind, name, self._targets)
        module, _, attribute = self._targets[name].partition(":")
        return getattr(importlib.import_module(module), attribute)
