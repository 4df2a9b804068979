"""Demonstrations are kept as they were, and those of another body are refused."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from meta_controller.arena import Signals
from meta_controller.demos.episodes import (
    DemonstrationError,
    Demonstrations,
    Shaking,
    joined,
    record,
)
from meta_controller.demos.store import load_demonstrations, save_demonstrations
from meta_controller.environments import Environments, embodiment_of
from meta_controller.names import TASKS


@pytest.fixture(scope="module")
def environments() -> Environments:
    return Environments(TASKS.load("hopper-stand")(), 3)


@pytest.fixture(scope="module")
def demos(environments: Environments) -> Demonstrations:
    def law(signals: Signals) -> np.ndarray:
        return 2.0 * np.sin(signals.qpos[:, 3:7])

    start = environments.draw(np.random.default_rng(0))
    return record(environments, law, start, skill=0.5)


def test_what_was_done_leads_to_what_was_earned(
    environments: Environments, demos: Demonstrations
) -> None:
    assert demos.qpos.shape == (3, 500, 7)
    assert demos.told.shape == (3, 500, 2)
    assert np.abs(demos.actions).max() == 1.0
    start = environments.draw(np.random.default_rng(0))
    np.testing.assert_array_equal(start.qpos, demos.qpos[:, 0])
    environments.reset(start)
    for step in range(40):
        signals, reward = environments.step(demos.actions[:, step].astype(np.float64))
        np.testing.assert_allclose(reward, demos.rewards[:, step], atol=1e-4)
        np.testing.assert_allclose(signals.qpos, demos.qpos[:, step + 1], atol=1e-4)


def test_a_set_is_read_as_it_was_written(
    environments: Environments, demos: Demonstrations, tmp_path: Path
) -> None:
    save_demonstrations(tmp_path / "set", demos, environments.embodiment)
    again = load_demonstrations(tmp_path / "set")
    for name in ("qpos", "qvel", "told", "actions", "rewards", "skill"):
        np.testing.assert_array_equal(getattr(again, name), getattr(demos, name))
        assert getattr(again, name).dtype == getattr(demos, name).dtype
    assert (again.task, again.digest) == (demos.task, demos.digest)
    again.check(environments.embodiment)


def test_a_set_of_a_task_that_tells_nothing_is_read(tmp_path: Path) -> None:
    few = Environments(TASKS.load("pendulum-spin")(), 1)
    start = few.draw(np.random.default_rng(0))
    found = record(few, lambda signals: np.ones((1, 1)), start)
    save_demonstrations(tmp_path, found, few.embodiment)
    assert load_demonstrations(tmp_path).told.shape == (1, 500, 0)


def test_sets_are_cut_and_joined(demos: Demonstrations) -> None:
    assert len(demos.first(2)) == 2
    together = joined([demos.first(1), demos.take(np.array([2]))])
    np.testing.assert_array_equal(together.returns, demos.returns[[0, 2]])
    with pytest.raises(DemonstrationError, match="20 demonstrations of hopper-stand were asked"):
        demos.first(20)
    with pytest.raises(DemonstrationError, match="one task and body"):
        joined([demos, replace(demos, task="another")])
    with pytest.raises(DemonstrationError, match="one task and body"):
        joined([])


def test_what_is_damaged_is_named(demos: Demonstrations) -> None:
    bad = demos.actions.copy()
    bad[1, 7, 0] = np.nan
    with pytest.raises(
        DemonstrationError, match="actions of hopper-stand is not finite in episode 1"
    ):
        replace(demos, actions=bad)
    with pytest.raises(DemonstrationError, match="qvel of hopper-stand must be of shape"):
        replace(demos, qvel=demos.qvel[:, :9])


def test_demonstrations_of_another_body_are_refused(demos: Demonstrations, tmp_path: Path) -> None:
    other = embodiment_of(TASKS.load("walker-stand")())
    with pytest.raises(DemonstrationError, match="another body than walker"):
        save_demonstrations(tmp_path, demos, other)
    assert not (tmp_path / "episodes.parquet").exists()


def test_files_that_are_missing_damaged_or_of_another_version_are_named(
    environments: Environments, demos: Demonstrations, tmp_path: Path
) -> None:
    with pytest.raises(DemonstrationError, match=r"embodiment\.json is missing"):
        load_demonstrations(tmp_path)
    save_demonstrations(tmp_path, demos, environments.embodiment)
    whole = (tmp_path / "episodes.parquet").read_bytes()
    (tmp_path / "episodes.parquet").write_bytes(whole[:1000])
    with pytest.raises(DemonstrationError, match="cannot be read"):
        load_demonstrations(tmp_path)
    (tmp_path / "episodes.parquet").write_bytes(whole)
    about = json.loads((tmp_path / "embodiment.json").read_text())
    (tmp_path / "embodiment.json").write_text(json.dumps(about | {"schema": 99}))
    with pytest.raises(DemonstrationError, match="version 99"):
        load_demonstrations(tmp_path)


def test_shaken_episodes_record_what_was_wanted_and_go_elsewhere() -> None:
    task = TASKS.load("point_mass-easy")()
    environments = Environments(task, 3)
    start = environments.draw(np.random.default_rng(0))

    def law(signals: Signals) -> np.ndarray:
        return np.clip(-20.0 * signals.qpos - 2.0 * signals.qvel, -1.0, 1.0)

    calm = record(environments, law, start)
    shaken = record(environments, law, start, shaking=Shaking(0.3, (1,)))
    again = record(environments, law, start, shaking=Shaking(0.3, (1,)))
    environments.close()
    np.testing.assert_array_equal(shaken.qpos, again.qpos)
    assert np.abs(shaken.qpos - calm.qpos).max() > 0.001
    wanted = np.clip(-20.0 * shaken.qpos - 2.0 * shaken.qvel, -1.0, 1.0)
    np.testing.assert_allclose(shaken.actions, wanted, atol=1e-6)


def test_noise_has_its_size_and_remembers() -> None:
    noise = Shaking(0.2, (3,), memory=0.8).noise((200, 2))
    drawn = np.stack([next(noise) for _ in range(100)])
    assert drawn.std() == pytest.approx(0.2, rel=0.05)
    assert np.corrcoef(drawn[1:].ravel(), drawn[:-1].ravel())[0, 1] == pytest.approx(0.8, abs=0.03)
