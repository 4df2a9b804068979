"""Meta-training learns, can be stopped at any step, and refuses what is not its own."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from made_sources import SMALL, network, sources

from goat.errors import ConfigError
from meta_controller.training.episodes import Source
from meta_controller.training.meta import MetaTraining, TrainingConfig
from meta_controller.training.pretrained import (
    ANYTHING,
    CheckpointError,
    Pretrained,
    from_pretrained,
)

CONFIG = TrainingConfig(steps=160, batch=4, warmup=5)


def test_the_loss_falls_and_what_was_trained_is_kept(tmp_path: Path) -> None:
    found, losses = sources(), []
    training = MetaTraining(network(found), found, CONFIG, tmp_path)
    training.run(lambda step, loss: losses.append(loss))
    assert len(losses) == 160
    assert np.mean(losses[-40:]) < 0.8 * np.mean(losses[:40])
    with (tmp_path / "log.csv").open() as file:
        lines = list(csv.DictReader(file))
    assert [int(line["step"]) for line in lines] == list(range(1, 161))
    assert float(lines[-1]["loss"]) == pytest.approx(losses[-1], rel=1e-4)
    again = from_pretrained(tmp_path)
    assert (again.bodies, again.tasks) == (
        [ANYTHING, "pendulum", "cartpole"],
        [ANYTHING, "pendulum-spin", "cartpole-balance"],
    )
    assert again.about["step"] == 160
    for name, weights in training.pretrained.module.state_dict().items():
        assert torch.equal(again.module.state_dict()[name], weights)


def test_the_same_seed_gives_the_same_network(tmp_path: Path) -> None:
    losses: list[list[float]] = [[], []]
    for run in range(2):
        found = sources()
        training = MetaTraining(network(found), found, CONFIG, tmp_path / str(run))
        training.run(lambda step, loss, run=run: losses[run].append(loss), until=4)
    assert losses[0] == losses[1]


def test_multiplying_in_bfloat16_learns_alike(tmp_path: Path) -> None:
    losses: dict[bool, list[float]] = {False: [], True: []}
    for bf16, told in losses.items():
        found = sources()
        config = replace(CONFIG, bf16=bf16)
        training = MetaTraining(network(found), found, config, tmp_path / str(bf16))
        training.run(lambda step, loss, told=told: told.append(loss), until=10)
        weights = training.pretrained.module.parameters()
        assert {weight.dtype for weight in weights} == {torch.float32}
    assert losses[True] != losses[False]
    np.testing.assert_allclose(losses[True], losses[False], rtol=0.05)


def test_a_stopped_training_is_gone_on_with(tmp_path: Path) -> None:
    found, steps = sources(), []
    MetaTraining(network(found), found, CONFIG, tmp_path).run(lambda *_: None, until=5)
    again = MetaTraining(network(found, seed=9), found, CONFIG, tmp_path)
    assert again.step == 5
    weights = from_pretrained(tmp_path).module.state_dict()
    mine = again.pretrained.module.state_dict()
    assert all(torch.equal(weights[name], mine[name]) for name in weights)
    again.run(lambda step, loss: steps.append(step), until=8)
    assert steps == [6, 7, 8]


def test_another_training_is_refused_and_left_alone(tmp_path: Path) -> None:
    found = sources()
    MetaTraining(network(found), found, CONFIG, tmp_path).run(lambda *_: None, until=2)
    before = (tmp_path / "training.pt").read_bytes()
    with pytest.raises(CheckpointError, match="rate differ"):
        MetaTraining(network(found), found, replace(CONFIG, rate=1e-4), tmp_path)
    (tmp_path / "training.pt").write_bytes(b"nonsense")
    with pytest.raises(CheckpointError, match="delete it to begin anew"):
        MetaTraining(network(found), found, CONFIG, tmp_path)
    (tmp_path / "training.pt").write_bytes(before)
    assert MetaTraining(network(found), found, CONFIG, tmp_path).step == 2


def test_the_row_of_the_unknown_is_trained_too(tmp_path: Path) -> None:
    found = sources()
    pretrained = network(found)
    position = pretrained.module.get_parameter("embedding.position")
    before = position.detach().clone()
    MetaTraining(pretrained, found, CONFIG, tmp_path).run(lambda *_: None, until=10)
    moved = (position.detach() - before).abs().amax(dim=(1, 2))
    assert (moved > 0.0).all()


def test_what_is_of_one_joint_alone_waits_for_adaptation(tmp_path: Path) -> None:
    found = sources()
    pretrained = network(found, config=replace(SMALL, tree_distance=True))
    MetaTraining(pretrained, found, CONFIG, tmp_path).run(lambda *_: None, until=3)
    free = dict(pretrained.network.adaptation_parameters())
    for name in ("embedding.own", "embedding.position"):
        assert (pretrained.module.get_parameter(name) == 0.0).all()
        assert name in free


def test_matrices_in_blocks_have_an_optimiser_of_their_own(tmp_path: Path) -> None:
    found = sources()
    pretrained = network(found)
    others, hidden = (part["state"] for part in trained_state(pretrained, found, tmp_path))
    config = pretrained.network.config
    blocks = config.structure_blocks + 3 * config.blocks
    assert len(hidden) == 4 * blocks, "four layers per block of four encoders"
    assert all("momentum_buffer" in state for state in hidden.values())
    assert all("exp_avg" in state for state in others.values())


def trained_state(
    pretrained: Pretrained, found: list[Source], folder: Path
) -> list[dict[str, Any]]:
    MetaTraining(pretrained, found, CONFIG, folder).run(lambda *_: None, until=1)
    return torch.load(folder / "training.pt", weights_only=True)["optimizer"]


def test_networks_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="there is no network 'none'"):
        from_pretrained("none")
    (tmp_path / "model.safetensors").write_bytes(b"nonsense")
    with pytest.raises(CheckpointError, match="cannot be used"):
        from_pretrained(tmp_path)
    with pytest.raises(ConfigError, match="rate must be above 0, got 0"):
        TrainingConfig(rate=0.0)
    with pytest.raises(ConfigError, match="batch"):
        TrainingConfig(batch=0)
