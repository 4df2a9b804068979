from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bench_files import HOME, write_file, write_home

from goat.bench.folder import timeless
from goat.bench.jobs import Failure, JobQueue, Scope, attempt
from goat.bench.pool import run_in_pool
from goat.bench.records import EpisodeRecord, Job, RunConfig
from goat.commands.bench_job import EpisodeWorker, digest_of
from goat.commands.scene import build_scene

NOISY = RunConfig(noise="default", max_steps=6)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("episodes") / "home.json.gz"
    scene = build_scene(HOME, "default", "none", np.random.default_rng(0))
    write_home(path, scene)
    scene.close()
    return path


def jobs_of(path: Path, agents: tuple[str, ...], config: RunConfig = NOISY) -> list[Job]:
    digest = digest_of(path)
    return [Job(agent, str(path), digest, HOME, e, config) for e in "01" for agent in agents]


@pytest.fixture(scope="module")
def worker() -> Iterator[EpisodeWorker]:
    """It keeps its scene."""
    with closing(EpisodeWorker()) as made:
        yield made


@pytest.fixture(scope="module")
def kept(home: Path, worker: EpisodeWorker) -> dict[Job, EpisodeRecord]:
    """Records of the worker that keeps its scene."""
    return {job: timeless(worker(job)) for job in jobs_of(home, ("random", "goat"))}


def test_records_tell_what_was_asked_and_done(kept: dict[Job, EpisodeRecord]) -> None:
    for job, record in kept.items():
        assert record.job == job
        modalities = [goal.modality for goal in record.goals]
        assert sorted(modalities) == ["category", "image", "language"]
        assert all(goal.steps <= NOISY.max_steps for goal in record.goals)
        assert all(len(goal.targets) == 1 for goal in record.goals)
        assert any(goal.path_length_m > 0 for goal in record.goals)


def test_agents_start_alike(kept: dict[Job, EpisodeRecord]) -> None:
    starts = {
        (job.episode, record.goals[0].trajectory[0], record.goals[0].shortest_m)
        for job, record in kept.items()
    }
    assert len(starts) == 2


def test_a_kept_scene_gives_what_a_fresh_one_gives(
    home: Path, kept: dict[Job, EpisodeRecord]
) -> None:
    job = jobs_of(home, ("goat",))[-1]
    with closing(EpisodeWorker()) as fresh:
        record = fresh(job)
    assert timeless(record) == kept[job]
    assert record.seconds > 0.0
    assert record.versions["goat"]


def test_two_workers_give_what_one_gives(home: Path, kept: dict[Job, EpisodeRecord]) -> None:
    jobs = jobs_of(home, ("goat", "random"))
    found = list(run_in_pool(EpisodeWorker, JobQueue(jobs[::-1]), 2))
    records = {r.job: timeless(r) for r in found if isinstance(r, EpisodeRecord)}
    assert records == kept


def test_another_seed_is_another_run(
    home: Path, worker: EpisodeWorker, kept: dict[Job, EpisodeRecord]
) -> None:
    job = jobs_of(home, ("random",))[0]
    record = worker(replace(job, config=replace(NOISY, seed=1)))
    ways = [[goal.trajectory for goal in r.goals] for r in (record, kept[job])]
    assert ways[0] != ways[1]


@pytest.mark.parametrize(
    ("change", "scope", "reason"),
    [
        ({"digest": "0"}, Scope.FILE, "has changed since the run began"),
        ({"file": "gone.json.gz"}, Scope.FILE, "gone.json.gz"),
        ({"scene": "nowhere"}, Scope.FILE, "WorldError"),
    ],
)
def test_what_cannot_be_loaded_fails_for_the_whole_file(
    tmp_path: Path, change: dict, scope: Scope, reason: str
) -> None:
    path = tmp_path / "lost.json.gz"
    write_file(path)
    job = replace(Job("goat", str(path), digest_of(path), "nowhere", "0", NOISY), **change)
    outcome = attempt(EpisodeWorker(), job)
    assert isinstance(outcome, Failure)
    assert outcome.scope is scope
    assert reason in outcome.reason


def test_what_the_episode_lacks_fails_for_it_alone(home: Path, worker: EpisodeWorker) -> None:
    job = replace(jobs_of(home, ("random",))[0], episode="7")
    lost = replace(job, agent="ghost", episode="0")
    outcomes = [attempt(worker, job), attempt(worker, lost)]
    for outcome, name in zip(outcomes, ("'7'", "'ghost'"), strict=True):
        assert isinstance(outcome, Failure)
        assert outcome.scope is Scope.EPISODE
        assert name in outcome.reason
