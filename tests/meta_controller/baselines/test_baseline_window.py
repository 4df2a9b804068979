"""In a loop, a baseline does what the whole network says of the latest steps."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from made_segments import CONFIG, index, segments
from torch.testing import assert_close

from meta_controller.model.data import Segments, ShapeError
from meta_controller.model.policy import Rows
from meta_controller.training.imitator import NETWORKS, Imitator

NAMES = ("transformer", "prompt", "modular")
ROWS = index((2, 1))


def network(name: str) -> Imitator:
    torch.manual_seed(0)
    return NETWORKS.load(name)(CONFIG, Rows(3, 4)).eval()


def shown(seed: int) -> Segments:
    """Return demonstrations of a body of 6 tokens, the last of which is padding."""
    support = segments(torch.Generator().manual_seed(seed), (1, 7, 6))
    mask = (torch.arange(6) < 5)[None]
    return replace(support, token_mask=mask, actuated=torch.arange(6)[None] % 2 == 1)


def histories(states: torch.Tensor, begun: torch.Tensor, now: int, body: Segments) -> Segments:
    """Return what is known of states (S, E, J, W) now, in episodes that began then."""
    times = torch.arange(now - CONFIG.segment + 1, now + 1)
    return replace(
        body,
        tokens=states[times.clamp(min=0)].transpose(0, 1)[None].contiguous(),
        time_mask=(times >= begun[:, None])[None],
        actions=None,
    )


@pytest.mark.parametrize("name", NAMES)
def test_acting_is_the_last_step_of_the_whole_network(name: str) -> None:
    model, support = network(name), shown(1)
    window = model.decider(support, ROWS, 3)
    generator = torch.Generator().manual_seed(1)
    states = torch.randn(9, 3, 6, CONFIG.features, generator=generator)
    begun = torch.zeros(3, dtype=torch.int64)
    for now in range(9):
        if now == 6:
            window.history.reset(torch.tensor([False, True, False]))
            begun[1] = now
        whole = model(support, histories(states, begun, now, support), ROWS)[0, :, -1]
        actions = window.act(states[now])
        assert_close(actions[:, [1, 3]], whole[:, [1, 3]], atol=1e-5, rtol=0.0)
        assert (actions[:, [0, 2, 4, 5]] == 0.0).all()
        assert (actions[:, [1, 3]] != 0.0).all()
    window.history.reset()
    assert_close(window.act(states[0]), model.decider(support, ROWS, 3).act(states[0]))


@pytest.mark.parametrize("name", NAMES)
def test_what_acts_outlives_the_training_of_its_network(name: str) -> None:
    model, support = network(name), shown(2)
    model.train()
    tokens = torch.randn(2, 6, CONFIG.features, generator=torch.Generator().manual_seed(2))
    first, second = model.decider(support, ROWS, 2), model.decider(support, ROWS, 2)
    before = first.act(tokens)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
    assert torch.equal(second.act(tokens), before)
    assert not before.requires_grad
    assert model.training
    assert all(parameter.requires_grad for parameter in model.parameters())


def test_a_wrong_step_is_refused_and_nothing_is_forgotten() -> None:
    model, support = network("transformer"), shown(3)
    generator = torch.Generator().manual_seed(3)
    one, two = torch.randn(2, 3, 6, CONFIG.features, generator=generator)
    window, other = model.decider(support, ROWS, 3), model.decider(support, ROWS, 3)
    window.act(one)
    other.act(one)
    for wrong in (two[:2], two[:, :5], two.double()):
        with pytest.raises(ShapeError, match="tokens must be"):
            window.act(wrong)
    with pytest.raises(ShapeError, match="which must be"):
        window.history.reset(torch.tensor([True]))
    assert torch.equal(window.act(two), other.act(two))
