"""Deciding from encoded demonstrations gives what the whole network gives."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from made_segments import CONFIG, VARIANTS, index, network, query_of, segments
from torch.testing import assert_close

from meta_controller.model.actor import Actor
from meta_controller.model.data import ShapeError
from meta_controller.model.inference import explain

ROWS = index((2, 1))


def shown(seed: int, padding: int = 0):
    """Return support and query of a body of 6 tokens, the last of which may be padding."""
    generator = torch.Generator().manual_seed(seed)
    support = segments(generator, (1, 3, 6), first=(0, 2, 4))
    query = query_of(support, generator, 5)
    mask = (torch.arange(6) < 6 - padding)[None]
    return replace(support, token_mask=mask), replace(query, token_mask=mask)


@pytest.mark.parametrize("padding", [0, 2])
@pytest.mark.parametrize("name", VARIANTS)
def test_acting_is_the_last_step_of_the_whole_network(name: str, padding: int) -> None:
    model, (support, query) = network(VARIANTS[name]), shown(1, padding)
    starts = torch.tensor([0, 1, 2, 3, 0])
    query = replace(query, time_mask=(torch.arange(4) >= starts[:, None])[None])
    whole = model(support, query, ROWS)[0, :, -1] * (query.actuated & query.token_mask)
    cache = model.encode_support(support, ROWS)
    actions = model.act(cache, query.tokens[0], query.time_mask[0])
    assert_close(actions, whole, atol=1e-5, rtol=0.0)


def test_permuted_environments_give_permuted_actions() -> None:
    model, (support, query) = network(), shown(2)
    cache = model.encode_support(support, ROWS)
    order = torch.tensor([3, 0, 4, 1, 2])
    actions = model.act(cache, query.tokens[0])
    assert_close(model.act(cache, query.tokens[0, order]), actions[order])


def test_a_cache_outlives_the_training_of_its_network() -> None:
    model, (support, query) = network(), shown(3)
    model.train()
    trained = [parameter.requires_grad for parameter in model.parameters()]
    cache = model.encode_support(support, ROWS)
    before = model.act(cache, query.tokens[0])
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
    assert torch.equal(model.act(cache, query.tokens[0]), before)
    assert model.training
    assert [parameter.requires_grad for parameter in model.parameters()] == trained


def test_an_actor_remembers_what_the_network_is_to_see() -> None:
    model, (support, _) = network(), shown(4)
    cache = model.encode_support(support, ROWS)
    actor = Actor(cache, 3)
    generator = torch.Generator().manual_seed(4)
    states = torch.randn(9, 3, 6, CONFIG.features, generator=generator)
    begun = torch.zeros(3, dtype=torch.int64)
    for now in range(9):
        if now == 6:
            actor.history.reset(torch.tensor([False, True, False]))
            begun[1] = now
        times = torch.arange(now - CONFIG.segment + 1, now + 1)
        history = states[times.clamp(min=0)].transpose(0, 1)
        wanted = model.act(cache, history, times >= begun[:, None])
        assert_close(actor.act(states[now]), wanted, atol=1e-5, rtol=0.0)
    actor.history.reset()
    assert_close(actor.act(states[0]), Actor(cache, 3).act(states[0]))


def test_a_step_that_was_shown_is_found_again() -> None:
    model, (support, _) = network(replace(CONFIG, heads=1)), shown(5)
    assert model.matching is not None
    with torch.no_grad():
        model.matching.norm_in.reset_parameters()
        model.matching.query.weight.copy_(10.0 * torch.eye(CONFIG.width))
        model.matching.key.weight.copy_(10.0 * torch.eye(CONFIG.width))
    support = replace(support, time_mask=torch.ones_like(support.time_mask))
    cache = model.encode_support(support, ROWS)
    taken = explain(cache, support.tokens[0])
    assert taken.shape == (3, 6, 12)
    actuated = support.actuated[0]
    assert_close(taken[:, actuated].sum(dim=-1), torch.ones(3, int(actuated.sum())))
    assert taken[:, ~actuated].abs().max() == 0.0
    assert (taken[:, actuated].argmax(dim=-1) == torch.tensor([[3], [7], [11]])).all()


def test_top_k_takes_no_more_than_k_steps() -> None:
    model, (support, query) = network(VARIANTS["top-k"]), shown(6)
    assert model.matching is not None
    motion = model.motions(support, ROWS).flatten(2, 3)
    keys, _ = model.matching.keys(motion, model.demonstrated(support))
    real = support.time_mask.flatten(1)
    taken = model.matching.weights(motion, keys, real)
    assert ((taken > 0.0).sum(dim=-1) == 3).all()
    assert taken[..., ~real[0]].max() == 0.0
    cache = model.encode_support(support, ROWS)
    assert explain(cache, query.tokens[0]).shape[2] == 12


def test_what_cannot_be_imitated_is_named() -> None:
    model, (support, query) = network(), shown(7)
    cache = model.encode_support(support, ROWS)
    with pytest.raises(ShapeError, match="history"):
        model.act(cache, query.tokens[0, ..., :5, :])
    with pytest.raises(ShapeError, match="history"):
        model.act(cache, query.tokens[0].double())
    with pytest.raises(ShapeError, match="steps"):
        model.act(cache, query.tokens[0, :, :3])
    with pytest.raises(ShapeError, match="time_mask"):
        model.act(cache, query.tokens[0], torch.ones(5, dtype=torch.bool))
    with pytest.raises(ShapeError, match="3 environments"):
        Actor(cache, 3).act(query.tokens[0, :, 0])
    with pytest.raises(ShapeError, match="which"):
        Actor(cache, 3).history.reset(torch.tensor([True]))
    with pytest.raises(ShapeError, match="no actuated joints"):
        model.encode_support(replace(support, actuated=~support.token_mask), ROWS)
    two = segments(torch.Generator().manual_seed(0), (2, 2, 4))
    with pytest.raises(ShapeError, match="one task at a time"):
        model.encode_support(two, index((0, 0), (1, 1)))
    bare = network(VARIANTS["no matching"])
    with pytest.raises(ShapeError, match="no matching"):
        explain(bare.encode_support(support, ROWS), query.tokens[0])
