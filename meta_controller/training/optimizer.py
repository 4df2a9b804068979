"""Two optimisers at once: Muon for the weights inside blocks, AdamW for all others.

"Muon: An optimizer for hidden layers in neural networks", 2024
(https://kellerjordan.github.io/posts/muon), scaled so that one learning rate fits both, as in "Muon
is Scalable for LLM Training", 2025 (https://arxiv.org/abs/2502.16982). With it, `nano`
took 1,250 steps to an error that took AdamW alone about 2,400.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from meta_controller.model.blocks import Block


class Optimizer:
    """Muon and AdamW, used as one."""

    def __init__(self, module: nn.Module, rate: float) -> None:
        """Take all parameters of a network that are trained.

        Args:
            module: The network, on its device.
            rate: Learning rate.
        """
        hidden = list(_hidden(module))
        inside = {id(parameter) for parameter in hidden}
        others = [p for p in module.parameters() if p.requires_grad and id(p) not in inside]
        self._parts = [
            torch.optim.AdamW(others, rate, weight_decay=0.0),
            torch.optim.Muon(hidden, rate, weight_decay=0.0, adjust_lr_fn="match_rms_adamw"),
        ]

    def step(self, rate: float) -> None:
        """Take a step at a learning rate along the gradients, and forget them."""
        for part in self._parts:
            for group in part.param_groups:
                group["lr"] = rate
            part.step()
            part.zero_grad(set_to_none=True)

    def state_dict(self) -> list[dict[str, Any]]:
        """Return what `load_state_dict` takes."""
        return [part.state_dict() for part in self._parts]

    def load_state_dict(self, state: list[dict[str, Any]]) -> None:
        """Go on as the optimiser did that returned this."""
        for part, own in zip(self._parts, state, strict=True):
            part.load_state_dict(own)


def _hidden(module: nn.Module) -> Iterator[Tensor]:
    """Yield the matrices of linear layers inside blocks; rows of banks are none."""
    for block in module.modules():
        if isinstance(block, Block):
            for layer in block.modules():
                if isinstance(layer, nn.Linear):
                    yield layer.weight
