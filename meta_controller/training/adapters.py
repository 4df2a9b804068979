"""Adapter files: what an adaptation has trained, small enough to send.

A .safetensors file with the rows of one body and task, the scales of its tokens, and the checksum
of the network that they belong to.
"""

from __future__ import annotations

import copy
import hashlib
import json
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from meta_controller.demos.episodes import Demonstrations
from meta_controller.embodiment import Embodiment
from meta_controller.model.policy import MetaController
from meta_controller.model.rows import AdapterError
from meta_controller.tokens import Scales
from meta_controller.training.adapt import Adapted
from meta_controller.training.episodes import source_of
from meta_controller.training.pretrained import Pretrained

_SCALES = ("position", "velocity", "extra", "action", "mean", "deviation")


def checksum(pretrained: Pretrained) -> str:
    """Return what tells one trained network from another."""
    digest = hashlib.sha256()
    for name, tensor in sorted(pretrained.module.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def save_adapters(file: Path, adapted: Adapted, base: Pretrained, digest: str) -> None:
    """Write what was trained for one body and task.

    Args:
        file: Where to.
        adapted: An adapted Meta-Controller.
        base: What it was adapted from.
        digest: Of the body.

    Raises:
        AdapterError: It is another network than a Meta-Controller.
    """
    network = adapted.network
    if not isinstance(network, MetaController):
        raise AdapterError(f"only a Meta-Controller has adapters, this is a {base.kind!r}")
    state = network.adapter_state(adapted.embodiment, adapted.task)
    scales = {f"scales.{n}": torch.from_numpy(getattr(adapted.scales, n)) for n in _SCALES}
    about = {
        "task": adapted.source.task,
        "body": adapted.source.body,
        "embodiment": digest,
        "network": checksum(base),
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f"{file.name}.part")
    save_file(state | scales, part, metadata={"adapters": json.dumps(about)})
    part.replace(file)


def load_adapters(
    file: Path, base: Pretrained, embodiment: Embodiment, demos: Demonstrations
) -> Adapted:
    """Return a network with adapters of a file.

    Args:
        file: What `save_adapters` wrote.
        base: What it was adapted from.
        embodiment: The body.
        demos: What is imitated.

    Raises:
        AdapterError: The file is damaged, or of another network, body or task.
    """
    try:
        with safe_open(file, "pt") as opened:
            about = json.loads((opened.metadata() or {})["adapters"])
            state = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
        scales = Scales(*(np.asarray(state.pop(f"scales.{name}")) for name in _SCALES))
    except Exception as error:
        raise AdapterError(f"{file} holds no adapters: {error}") from error
    wanted = {"task": demos.task, "embodiment": embodiment.digest, "network": checksum(base)}
    odd = [name for name, value in wanted.items() if about.get(name) != value]
    if odd:
        raise AdapterError(
            f"{file} is of another {' and '.join(odd)} (it is for {about.get('task')}); adapt "
            "anew: meta-controller adapt"
        )
    network = copy.deepcopy(base.network)
    if not isinstance(network, MetaController):
        raise AdapterError(f"only a Meta-Controller has adapters, this is a {base.kind!r}")
    body, task = network.add_embodiment(), network.add_task()
    network.load_adapter_state(state, body, task)
    source = source_of(embodiment, demos, network.config, scales)
    return Adapted(network.eval(), source, body, task, (), 0.0)
