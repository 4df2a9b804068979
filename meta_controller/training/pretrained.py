"""A trained network in a folder: its weights, what it is, and which bodies and tasks it knows.

FOLDER/model.safetensors, FOLDER/model.json
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save_file
from torch import nn

from goat.errors import GoatError
from meta_controller.model.config import ModelConfig
from meta_controller.model.policy import Rows
from meta_controller.training.imitator import NETWORKS, Imitator

_FORMAT = 1
ANYTHING = "*"
"""Name of row 0: what the network does not know yet."""


class CheckpointError(GoatError):
    """A trained network that cannot be read or used."""


@dataclass
class Pretrained:
    """A network, and the names of its rows."""

    kind: str
    """A name in `NETWORKS`."""
    network: Imitator
    """On the CPU."""
    bodies: list[str]
    """Names of its embodiments, `ANYTHING` first."""
    tasks: list[str]
    """Names of its tasks, `ANYTHING` first."""
    about: Mapping[str, Any] = field(default_factory=dict)
    """How it was trained."""

    @property
    def module(self) -> nn.Module:
        """The network as a module."""
        assert isinstance(self.network, nn.Module)
        return self.network

    def save(self, folder: Path) -> None:
        """Write it in place of what is there; a crash leaves the old or the new one."""
        folder.mkdir(parents=True, exist_ok=True)
        document = {
            "format": _FORMAT,
            "kind": self.kind,
            "config": asdict(self.network.config),
            "bodies": self.bodies,
            "tasks": self.tasks,
            "about": dict(self.about),
        }
        weights = {name: t.contiguous() for name, t in self.module.state_dict().items()}
        # The document travels in the weights' file, so that one rename replaces both.
        part = folder / "model.safetensors.part"
        save_file(weights, part, metadata={"model": json.dumps(document)})
        part.replace(folder / "model.safetensors")
        (folder / "model.json").write_text(json.dumps(document, indent=1), encoding="utf-8")


def fresh_network(
    kind: str, config: ModelConfig, bodies: list[str], tasks: list[str]
) -> Pretrained:
    """Return a network that knows nothing yet; weights are drawn from torch's random state.

    Args:
        kind: A name in `NETWORKS`.
        config: Its size.
        bodies: Those it will be trained on.
        tasks: The same.

    Raises:
        UnknownNameError: There is no such kind.
    """
    rows = Rows(len(bodies) + 1, len(tasks) + 1)
    return Pretrained(
        kind, NETWORKS.load(kind)(config, rows), [ANYTHING, *bodies], [ANYTHING, *tasks]
    )


def shipped() -> dict[str, Path]:
    """Return the folders of the networks that come with the package, by name."""
    root = Path(str(files("meta_controller") / "pretrained"))
    return {
        folder.parent.name: folder.parent for folder in sorted(root.glob("*/model.safetensors"))
    }


def weights_of(name: str | Path) -> Path:
    """Return the file of a network of the package ("nano"), or of a folder.

    Raises:
        CheckpointError: There is none.
    """
    own = shipped()
    file = own.get(str(name), Path(name)) / "model.safetensors"
    if not file.exists():
        raise CheckpointError(
            f"there is no network {str(name)!r}: give a folder with model.safetensors, or one of "
            f"{', '.join(own) or '(none is shipped)'}; to train one: meta-controller train"
        )
    return file


def from_pretrained(name: str | Path) -> Pretrained:
    """Return a network of the package by its name ("nano"), or that of a folder.

    Raises:
        CheckpointError: There is none, or it is damaged, or of another version.
    """
    file = weights_of(name)
    try:
        document = _document(file)
        config = ModelConfig(**document["config"])
        rows = Rows(len(document["bodies"]), len(document["tasks"]))
        network = NETWORKS.load(document["kind"])(config, rows)
        network.load_state_dict(load_file(file))
    except CheckpointError:
        raise
    except Exception as error:
        raise CheckpointError(f"{file} cannot be used: {error}") from error
    return Pretrained(
        document["kind"], network.eval(), document["bodies"], document["tasks"], document["about"]
    )


def _document(file: Path) -> dict[str, Any]:
    from safetensors import safe_open

    with safe_open(file, "pt") as opened:
        document = json.loads((opened.metadata() or {})["model"])
    if document["format"] != _FORMAT:
        raise CheckpointError(
            f"{file} is of format {document['format']!r}; this version reads {_FORMAT}"
        )
    return document
