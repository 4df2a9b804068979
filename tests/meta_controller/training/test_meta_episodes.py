"""Segments are what the demonstrations say, and what is asked is not what is shown."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from made_sources import SMALL, body_of, shown

from meta_controller.demos.episodes import DemonstrationError
from meta_controller.model.config import ModelConfig
from meta_controller.tokens import MORPHOLOGY, SLIDE
from meta_controller.training.episodes import collate, draw, source_of, sources_of, whole


def test_a_segment_holds_the_steps_before_its_last() -> None:
    source = source_of(body_of("cartpole-balance"), shown("cartpole-balance", 3), SMALL)
    drawn = draw(source, np.random.default_rng(0), 5, 7, 4)
    support, query = collate([drawn], 4)
    assert support.time_mask.all()
    for segments, pairs in ((support, drawn.support), (query, drawn.query)):
        for k, (episode, last) in enumerate(pairs):
            first = max(last - 3, 0)
            real = segments.time_mask[0, k]
            assert int(real.sum()) == last - first + 1
            wanted = source.tokens[episode, first : last + 1]
            assert torch.equal(segments.tokens[0, k][real], wanted)
            assert segments.actions is not None
            assert torch.equal(
                segments.actions[0, k][real], source.actions[episode, first : last + 1]
            )
            assert (segments.tokens[0, k][~real] == 0.0).all()


def test_networks_may_be_told_how_bodies_are_built() -> None:
    body, demos = body_of("cartpole-balance"), shown("cartpole-balance", 2)
    plain = source_of(body, demos, SMALL).tokens
    told = source_of(body, demos, replace(SMALL, morphology=True)).tokens
    assert torch.equal(told[..., : SMALL.features], plain)
    build = told[..., SMALL.features :]
    assert build.shape[-1] == MORPHOLOGY
    assert build[0, 0, :, 2:5].tolist() == [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]], "rail and hinge"


def test_what_is_asked_is_of_other_episodes() -> None:
    source = source_of(body_of("pendulum-spin"), shown("pendulum-spin", 4), SMALL)
    rng = np.random.default_rng(0)
    for _ in range(20):
        drawn = draw(source, rng, 4, 4, 4)
        assert not set(drawn.support[:, 0]) & set(drawn.query[:, 0])


def test_each_skill_is_a_source_with_scales_of_its_own() -> None:
    demos = shown("pendulum-spin", 4, (1.0, 0.4))
    poor, able = sources_of(body_of("pendulum-spin"), demos, SMALL)
    assert (poor.task, len(poor.tokens)) == (able.task, len(able.tokens)) == (demos.task, 4)
    alone = source_of(body_of("pendulum-spin"), demos.take(slice(0, 4)), SMALL)
    assert torch.equal(able.tokens, alone.tokens)


def test_a_single_episode_supports_itself() -> None:
    source = source_of(body_of("pendulum-spin"), shown("pendulum-spin", 1), SMALL)
    drawn = draw(source, np.random.default_rng(0), 2, 2, 4)
    assert set(drawn.support[:, 0]) == set(drawn.query[:, 0]) == {0}


def test_bodies_of_a_batch_are_padded_to_the_widest() -> None:
    names = "pendulum-spin", "reacher_three-easy"
    rng = np.random.default_rng(0)
    found = [source_of(body_of(name), shown(name, 2), SMALL) for name in names]
    support, _ = collate([draw(source, rng, 2, 2, 4) for source in found], 4)
    assert support.tokens.shape == (2, 2, 4, 4, 6)
    assert support.token_mask.tolist() == [[True, False, False, False], [True] * 4]
    assert support.actuated.tolist() == [[True, False, False, False], [True, True, True, False]]
    assert support.distances is not None
    assert support.distances[1, 0, 2] == 2
    assert support.depths is not None
    assert support.depths.tolist() == [[0, 0, 0, 0], [0, 1, 2, 0]], "0 for what is no joint"
    assert support.kinds[0, 1:].tolist() == [SLIDE] * 3, "anything, for padding"


def test_the_whole_of_an_episode_is_shown_once_and_its_end_too() -> None:
    config = ModelConfig(width=16, heads=2, segment=7)
    source = source_of(body_of("pendulum-spin"), shown("pendulum-spin", 2), config)
    segments = whole(source, 2, 7)
    assert segments.tokens.shape[1] == 2 * 72  # 71 whole ones and the last 7 steps
    assert torch.equal(segments.tokens[0, 0], source.tokens[0, :7])
    assert torch.equal(segments.tokens[0, 71], source.tokens[0, -7:])
    assert torch.equal(segments.tokens[0, 72], source.tokens[1, :7])


def test_what_is_too_large_for_a_network_is_named() -> None:
    demos = shown("reacher_three-easy", 1)
    with pytest.raises(DemonstrationError, match="4 tokens of width 6; this network takes at most"):
        source_of(body_of("reacher_three-easy"), demos, ModelConfig(joints=3))
    with pytest.raises(DemonstrationError, match="another body"):
        source_of(body_of("reacher_two-easy"), demos, SMALL)
