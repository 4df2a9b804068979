"""What is shown is the prompt: all segments of a query follow it, and it is encoded once."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from made_segments import CONFIG, index, query_of, segments
from torch.testing import assert_close

from meta_controller.baselines.prompt import PromptTransformer
from meta_controller.model.data import Segments, ShapeError
from meta_controller.model.policy import Rows

ROWS = index((0, 0))


def network() -> PromptTransformer:
    torch.manual_seed(0)
    return PromptTransformer(CONFIG, Rows(2, 2)).eval()


def some(found: Segments, chosen: list[int]) -> Segments:
    assert found.actions is not None
    return replace(
        found,
        tokens=found.tokens[:, chosen],
        time_mask=found.time_mask[:, chosen],
        actions=found.actions[:, chosen],
    )


def test_what_was_shown_and_what_was_done_there_count() -> None:
    generator = torch.Generator().manual_seed(1)
    model, support = network(), segments(generator, (1, 3, 4))
    query = query_of(support, generator, 2)
    actions = model(support, query, ROWS)
    assert support.actions is not None
    moved = support.actuated[:, None, None]
    for other, counts in (
        (replace(support, tokens=support.tokens + 1.0), True),
        (replace(support, actions=support.actions + 1.0 * moved), True),
        (replace(support, actions=support.actions + 1.0 * ~moved), False),
    ):
        assert ((model(other, query, ROWS) - actions).abs().max() > 1e-4) == counts
    assert torch.equal(model(support, query, index((1, 1))), actions)


def test_each_segment_of_a_query_is_as_if_it_were_alone() -> None:
    generator = torch.Generator().manual_seed(2)
    model, support = network(), segments(generator, (2, 3, 4), first=(0, 1, 3))
    query, rows = query_of(support, generator, 5), index((0, 0), (1, 1))
    together = model(support, query, rows)
    for k in range(5):
        alone = model(support, some(query, [k]), rows)
        assert_close(alone[:, 0], together[:, k], atol=1e-5, rtol=0.0)


def test_four_of_many_segments_are_shown_spread_from_first_to_last() -> None:
    generator = torch.Generator().manual_seed(3)
    model, support = network(), segments(generator, (1, 250, 4))
    query = query_of(support, generator, 2)
    wanted = model(some(support, [0, 83, 166, 249]), query, ROWS)
    assert_close(model(support, query, ROWS), wanted)


def test_the_prompt_is_causal() -> None:
    generator = torch.Generator().manual_seed(4)
    model, support = network(), segments(generator, (1, 3, 4))
    last = support.tokens.clone()
    last[:, 2, 1] += 1.0
    one, two = (model.prompt(s) for s in (support, replace(support, tokens=last)))
    before = 2 * (2 * CONFIG.segment + 1)
    for (keys, values), (other_keys, other_values) in zip(one.pairs, two.pairs, strict=True):
        for same, other in ((keys, other_keys), (values, other_values)):
            assert_close(other[:, :, :before], same[:, :, :before])
            assert (other - same)[:, :, before:].abs().max() > 1e-4


def test_demonstrations_without_actions_or_of_other_bodies_are_refused() -> None:
    generator = torch.Generator().manual_seed(5)
    model, support = network(), segments(generator, (1, 3, 4))
    query = query_of(support, generator, 2)
    for wrong, told in (
        (replace(support, actions=None), "no actions"),
        (segments(generator, (1, 3, 5)), "different bodies"),
    ):
        with pytest.raises(ShapeError, match=told):
            model(wrong, query, ROWS)
    with pytest.raises(ShapeError, match="no actions"):
        model.decider(replace(support, actions=None), ROWS, 2)
