"""Cells are evaluated once each, on stored starts, and what goes wrong loses nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_sources import SMALL, body_of, network, shown, sources

from goat.errors import UnknownNameError
from meta_controller.baselines.cloning import CloningConfig
from meta_controller.demos.cards import CardConfig
from meta_controller.demos.episodes import DemonstrationError, Law, record
from meta_controller.demos.make import Recipe, keep_set, make_set, read_card
from meta_controller.demos.starts import Stream, drawn_starts, load_starts, seeds_of
from meta_controller.environments import Environments
from meta_controller.evaluation.imitated import imitated
from meta_controller.evaluation.law import NetworkLaw
from meta_controller.evaluation.matrix import (
    Cell,
    Score,
    ScoresError,
    evaluate,
    fill,
    named,
    read_scores,
)
from meta_controller.evaluation.methods import Learner, Method, method_of
from meta_controller.evaluation.summary import rows_of
from meta_controller.experts.names import expert_of
from meta_controller.names import TASKS
from meta_controller.task import Task
from meta_controller.training.adapt import AdaptationConfig, adapt
from meta_controller.training.pretrained import CheckpointError

NAME = "point_mass-easy"
TASK = TASKS.load(NAME)()
QUICK = CloningConfig(width=32, steps=200)
CARD = CardConfig((2,), episodes=3, seeds=(0,), cloning=QUICK)
LEARNER = Learner(adaptation=AdaptationConfig(steps=2, support=2, query=2), cloning=QUICK)


@pytest.fixture(scope="module")
def sets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sets")
    make_set(TASK, folder, Recipe(experts=3), CARD)
    return folder


def test_a_set_is_made_once_and_anew_if_asked_for_another(sets: Path) -> None:
    recipe = Recipe(experts=3)
    card = read_card(sets / NAME, recipe)
    assert card is not None
    assert card.reference is not None
    assert card.reference > card.expert > 700.0
    before = (sets / NAME / "episodes.parquet").stat().st_mtime_ns
    assert make_set(TASK, sets, recipe, CARD) == card
    assert (sets / NAME / "episodes.parquet").stat().st_mtime_ns == before
    assert read_card(sets / NAME, Recipe(experts=4)) is None
    (sets / NAME / "card.json").with_name("other.json").write_text("{")
    assert read_card(sets / "none") is None


def test_starts_are_those_of_the_task_and_of_no_other_stream(sets: Path) -> None:
    stored = load_starts(sets / NAME)
    assert len(stored) == 20
    np.testing.assert_array_equal(stored.qpos, drawn_starts(TASK).qpos)
    np.testing.assert_array_equal(load_starts(sets / NAME, 4).qpos, stored.qpos[:4])
    assert len({tuple(seeds_of(NAME, stream)) for stream in Stream}) == len(Stream)
    with pytest.raises(DemonstrationError, match="21 starts were asked for"):
        load_starts(sets / NAME, 21)
    with pytest.raises(DemonstrationError, match="demos make"):
        load_starts(sets / "none")


def test_starts_keep_what_belongs_to_the_episode(tmp_path: Path) -> None:
    task = TASKS.load("reacher_two-easy")()
    keep_set(task, shown("reacher_two-easy", 2), tmp_path, None, CARD)
    stored, drawn = load_starts(tmp_path / task.name), drawn_starts(task)
    assert set(stored.extra) == set(drawn.extra)
    np.testing.assert_array_equal(stored.extra["target"], drawn.extra["target"])


@pytest.mark.parametrize("method", ["cloning", "nearest", "nearest-state"])
def test_a_method_is_scored_as_a_share_of_the_expert(sets: Path, method: str) -> None:
    cell = Cell(method, NAME, 3, 0)
    score = evaluate(cell, method_of(method), TASK, sets, LEARNER, 5)
    assert len(score.returns) == 5
    assert score.normalised == pytest.approx(np.mean(score.returns) / score.reference)
    assert 0.05 < score.normalised < 1.2
    again = evaluate(cell, method_of(method), TASK, sets, LEARNER, 5)
    assert again.returns == score.returns


def test_networks_are_found_by_method_and_seed(sets: Path, tmp_path: Path) -> None:
    network(sources()).save(tmp_path / "meta-controller-s3")
    learner = replace(LEARNER, runs=tmp_path, stages=2)
    cell = Cell("meta-controller", NAME, 2, 3)
    score = evaluate(cell, method_of(cell.method), TASK, sets, learner, 2)
    assert len(score.returns) == 2
    assert score.learning_s > 0.0
    for lost in (replace(learner, runs=tmp_path / "none"), LEARNER):
        with pytest.raises(CheckpointError, match=r"meta-controller( |-s|.*needs a trained)"):
            evaluate(cell, method_of(cell.method), TASK, sets, lost, 2)
    with pytest.raises(UnknownNameError, match="Did you mean 'cloning'"):
        method_of("clonning")


class Staged(Learner):
    """Knows nothing, then everything, then nothing again."""

    def laws(self, method: Method, task: Task, *args: object) -> Iterator[Law]:
        actors = {0: lambda s: np.zeros((len(s.qpos), 2)), 1: expert_of(task.name).act}
        yield from (actors[k] for k in ([0, 1, 0] if self.stages > 1 else [0]))


def test_the_best_stage_counts_only_if_stages_are_asked_for(sets: Path) -> None:
    cell, method = Cell("meta-controller", NAME, 2, 0), method_of("meta-controller")
    best = evaluate(cell, method, TASK, sets, Staged(stages=3), 3)
    last = evaluate(cell, method, TASK, sets, Staged(), 3)
    assert best.normalised == pytest.approx(1.0, abs=0.1)
    assert last.normalised < 0.5


def test_other_weights_settings_and_starts_make_another_cell(sets: Path, tmp_path: Path) -> None:
    cell, method = Cell("meta-controller", NAME, 2, 0), method_of("meta-controller")
    network(sources()).save(tmp_path / "meta-controller-s0")
    learner = replace(LEARNER, runs=tmp_path)
    first = named(cell, method, sets, learner)
    assert named(cell, method, sets, learner) == first != cell
    longer = replace(learner, adaptation=replace(learner.adaptation, steps=3))
    threads = replace(learner, adaptation=replace(learner.adaptation, threads=2))
    assert named(cell, method, sets, threads) == first
    others = [named(cell, method, sets, longer), named(cell, method, sets, learner, starts=4)]
    network(sources(), seed=1).save(tmp_path / "meta-controller-s0")
    others.append(named(cell, method, sets, learner))
    assert len({first, *others}) == 4
    with pytest.raises(CheckpointError):
        named(replace(cell, seed=5), method, sets, learner)
    with pytest.raises(DemonstrationError, match="no demonstrations"):
        named(replace(cell, task="none"), method, sets, learner)


def test_cells_are_filled_once_and_failures_are_told(tmp_path: Path) -> None:
    file = tmp_path / "some" / "scores.jsonl"
    cells = [Cell("cloning", "a", 5, seed) for seed in range(3)]
    failed: list[Cell] = []

    def score(cell: Cell) -> Score:
        if cell.seed == 1 and not failed:
            raise DemonstrationError("not now")
        return Score(cell, (1.0 + cell.seed, 2.0), 4.0, 0.1, 0.2)

    first = list(fill(cells, file, score, lambda cell, error: failed.append(cell)))
    assert [found.cell.seed for found in first] == [0, 2]
    assert failed == [cells[1]]
    with file.open("a") as out:
        out.write('{"cell": {"meth')  # cut off in the midst of a line
    again = list(fill(cells, file, score, lambda *_: None))
    assert [found.cell.seed for found in again] == [1]
    assert {found.cell for found in read_scores(file)} == set(cells)
    file.write_text("nonsense\n" + file.read_text())
    with pytest.raises(ScoresError, match="line 1"):
        read_scores(file)


def test_errors_of_the_table_are_over_training_seeds() -> None:
    scores = [
        Score(Cell("cloning", task, 5, seed), (value, value), 100.0, 0.0, 0.0)
        for task, values in {"a": (50.0, 70.0), "b": (10.0, 30.0)}.items()
        for seed, value in enumerate(values)
    ]
    (row,) = rows_of(scores)
    assert row.mean == pytest.approx(0.4)
    assert row.error == pytest.approx(0.1), "30 % and 50 %"
    assert row.tasks["a"] == (pytest.approx(0.6), pytest.approx(0.1))
    assert row.seeds == 2


def test_what_is_imitated_sums_to_one_per_joint() -> None:
    base, demos, embodiment = network(sources()), shown(NAME, 2), body_of(NAME)
    adapted = adapt(base, embodiment, demos, replace(LEARNER.adaptation, steps=0))
    environments = Environments(TASK, 1)
    law = NetworkLaw(TASK, embodiment, adapted, 1)
    done = record(environments, law, environments.draw(np.random.default_rng(0)))
    environments.close()
    weights = imitated(law, adapted, done)
    assert weights.shape == (500, 2, 2 * 500)
    np.testing.assert_allclose(weights.sum(axis=2), 1.0, atol=1e-5)
    assert SMALL.segment == 4
