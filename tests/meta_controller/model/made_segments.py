"""Random segments of made-up bodies, for tests of the network."""

from __future__ import annotations

from dataclasses import replace

import torch

from meta_controller.model.config import ModelConfig
from meta_controller.model.data import Index, Segments
from meta_controller.model.policy import MetaController, Rows

CONFIG = ModelConfig(width=16, heads=2, blocks=2, segment=4, rank=2, joints=9)
VARIANTS = {
    "published": CONFIG,
    "tree": replace(CONFIG, tree_distance=True),
    "top-k": replace(CONFIG, top_k=3),
    "passing": replace(CONFIG, passing=True),
    "no structure": replace(CONFIG, structure=False),
    "no matching": replace(CONFIG, matching=False),
}


def network(config: ModelConfig = CONFIG, rows: Rows = Rows(3, 4), seed: int = 0) -> MetaController:  # noqa: B008
    """Return a network in evaluation mode whose adapters and positions in time all do something."""
    torch.manual_seed(seed)
    model = MetaController(config, rows)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.2 * torch.randn_like(parameter))
    return model.eval()


def segments(
    generator: torch.Generator,
    shape: tuple[int, int, int],
    config: ModelConfig = CONFIG,
    first: tuple[int, ...] | None = None,
) -> Segments:
    """Return segments (B, N, J); `first` gives how many steps of each segment are padding."""
    batch, count, joints = shape
    drawn = (batch, count, config.segment, joints)
    padding = torch.tensor([0] * count if first is None else first)
    steps = torch.arange(config.segment)
    far = torch.arange(joints)
    return Segments(
        torch.randn(*drawn, config.features, generator=generator),
        torch.randint(0, 3, (batch, joints), generator=generator),
        torch.ones(batch, joints, dtype=torch.bool),
        (far % 3 != 1).expand(batch, -1).clone(),
        (steps >= padding[:, None]).expand(batch, -1, -1).clone(),
        torch.rand(drawn, generator=generator) * 2.0 - 1.0,
        (far[:, None] - far).abs().expand(batch, -1, -1).clone(),
        far.expand(batch, -1).clone(),
    )


def query_of(support: Segments, generator: torch.Generator, count: int) -> Segments:
    """Return other segments of the same bodies."""
    batch, _, steps, joints, width = support.tokens.shape
    return Segments(
        torch.randn(batch, count, steps, joints, width, generator=generator),
        support.kinds,
        support.token_mask,
        support.actuated,
        torch.ones(batch, count, steps, dtype=torch.bool),
        torch.rand(batch, count, steps, joints, generator=generator) * 2.0 - 1.0,
        support.distances,
        support.depths,
    )


def index(*pairs: tuple[int, int]) -> Index:
    """Return the index of (embodiment, task) pairs."""
    both = torch.tensor(pairs)
    return Index(both[:, 0].contiguous(), both[:, 1].contiguous())


def padded(found: Segments, joints: int, generator: torch.Generator) -> Segments:
    """Return the same segments with nonsense for more tokens, some of them said to move."""
    batch, count, steps, have, width = found.tokens.shape
    more = joints - have
    nonsense = torch.randn(batch, count, steps, more, width, generator=generator)
    assert found.actions is not None
    assert found.distances is not None
    assert found.depths is not None
    far = torch.full((batch, joints, joints), 99)
    far[:, :have, :have] = found.distances
    return Segments(
        torch.cat([found.tokens, nonsense], dim=3),
        torch.cat([found.kinds, torch.full((batch, more), 77)], dim=1),
        torch.cat([found.token_mask, torch.zeros(batch, more, dtype=torch.bool)], dim=1),
        torch.cat([found.actuated, torch.ones(batch, more, dtype=torch.bool)], dim=1),
        found.time_mask,
        torch.cat([found.actions, nonsense[..., 0]], dim=3),
        far,
        torch.cat([found.depths, torch.full((batch, more), 77)], dim=1),
    )


def batched(parts: tuple[Segments, ...]) -> Segments:
    """Return samples of one size side by side."""
    names = ("tokens", "kinds", "token_mask", "actuated", "time_mask", "actions")
    names += ("distances", "depths")
    return Segments(*(torch.cat([getattr(part, name) for part in parts]) for name in names))
