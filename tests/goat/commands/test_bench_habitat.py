from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest
from habitat_fixtures import Hm3d, scene_name

from goat.bench.folder import timeless
from goat.bench.format import read_episodes, write_episodes
from goat.bench.jobs import Failure, Scope, attempt
from goat.bench.records import EpisodeRecord, Job, RunConfig
from goat.bench.session import GoalResult
from goat.cli import main
from goat.commands.bench_job import EpisodeWorker, digest_of
from goat.commands.bench_scene import HabitatScene
from goat.errors import SimulatorDiedError
from goat.types import AgentFrame, Task
from sim.habitat import HabitatConfig
from sim.habitat_client import RemoteEngine

CONFIG = RunConfig(env="habitat", camera="stretch", max_steps=12)


@pytest.fixture(scope="module")
def episodes(rooms: Hm3d, data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """GOAT-Bench's own episodes, asked for in a scene that can be rendered."""
    from habitat_scenes import adapt_goat_bench

    source = data_dir / "goat_bench" / "val_unseen" / "content" / "MHPLjHsuG27.json.gz"
    path = tmp_path_factory.mktemp("val_unseen") / "content" / "Gen3abc.json.gz"
    adapt_goat_bench(source, rooms.file, path)
    content = read_episodes(path)
    short = [replace(e, subtasks=e.subtasks[:3]) for e in content.episodes[:2]]
    write_episodes(path, replace(content, episodes=tuple(short)))
    return path


def jobs_of(path: Path, agent: str = "goat") -> list[Job]:
    ids = [episode.id for episode in read_episodes(path).episodes]
    return [Job(agent, str(path), digest_of(path), scene_name(), i, CONFIG) for i in ids]


@pytest.fixture
def here(imitation: ModuleType, rooms: Hm3d) -> HabitatConfig:
    return HabitatConfig(scenes=rooms.folder.parent, gpu=-1)


@pytest.fixture
def elsewhere(here: HabitatConfig) -> HabitatConfig:
    return replace(here, habitat=sys.executable)


@pytest.fixture
def expected(here: HabitatConfig, episodes: Path) -> Iterator[list[EpisodeRecord]]:
    with closing(EpisodeWorker(here)) as worker:
        yield [timeless(worker(job)) for job in jobs_of(episodes)]


def server_of(worker: EpisodeWorker) -> int:
    """Return the process of the server that a worker uses."""
    assert worker._loaded is not None
    scene = worker._loaded.scene
    assert isinstance(scene, HabitatScene)
    engine = scene.sim.engine
    assert isinstance(engine, RemoteEngine)
    return engine.server["pid"]


class Killer:
    """Kills the server after some steps, so many times."""

    def __init__(self, worker: EpisodeWorker, times: int) -> None:
        self.worker, self.left, self.steps = worker, times, 0

    def goal_started(self, index: int, total: int, task: Task) -> None:
        self.steps = 0

    def stepped(self, frame: AgentFrame) -> None:
        self.steps += 1
        if self.left and self.steps == 4:
            self.left -= 1
            os.kill(server_of(self.worker), signal.SIGKILL)

    def goal_ended(self, result: GoalResult) -> None:
        pass


def test_records_are_measured_as_everywhere_and_alike_both_ways(
    expected: list[EpisodeRecord], elsewhere: HabitatConfig, episodes: Path
) -> None:
    with closing(EpisodeWorker(elsewhere)) as worker:
        assert [timeless(worker(job)) for job in jobs_of(episodes)] == expected
    goals = [goal for record in expected for goal in record.goals]
    assert len(goals) == 6
    assert all(goal.shortest_m is not None and goal.spl is not None for goal in goals)
    assert any(goal.strict_success for goal in goals)


def test_a_killed_server_costs_nothing_but_time(
    expected: list[EpisodeRecord], elsewhere: HabitatConfig, episodes: Path
) -> None:
    with closing(EpisodeWorker(elsewhere)) as worker:
        found = [timeless(worker(job, (Killer(worker, 1),))) for job in jobs_of(episodes)]
    assert found == expected


def test_a_server_that_dies_twice_fails_one_episode(
    expected: list[EpisodeRecord], elsewhere: HabitatConfig, episodes: Path
) -> None:
    first, second = jobs_of(episodes)
    with closing(EpisodeWorker(elsewhere)) as worker:
        with pytest.raises(SimulatorDiedError, match="died while"):
            worker(first, (Killer(worker, 2),))
        assert timeless(worker(second)) == expected[1]


def test_what_is_wrong_with_the_scene_fails_its_file(
    here: HabitatConfig, episodes: Path, tmp_path: Path
) -> None:
    (job, _) = jobs_of(episodes)
    missing = attempt(EpisodeWorker(replace(here, scenes=tmp_path)), job)
    assert isinstance(missing, Failure)
    assert missing.scope is Scope.FILE
    assert "has no scene" in missing.reason


def test_annotations_of_another_version_are_found_out(
    here: HabitatConfig, episodes: Path, tmp_path: Path
) -> None:
    content = read_episodes(episodes)
    renamed = {
        category: tuple(replace(item, id=f"{item.id}9") for item in items)
        for category, items in content.objects.items()
    }
    subtasks = tuple(replace(s, object=s.object and f"{s.object}9") for s in
                     content.episodes[0].subtasks)  # fmt: skip
    other = tmp_path / "other.json.gz"
    first = replace(content.episodes[0], subtasks=subtasks)
    write_episodes(other, replace(content, objects=renamed, episodes=(first,)))
    failure = attempt(EpisodeWorker(here), jobs_of(other)[0])
    assert isinstance(failure, Failure)
    assert "HM3D-Semantics v0.2" in failure.reason


@pytest.mark.slow
def test_the_command_runs_and_goes_on(
    imitation: ModuleType, rooms: Hm3d, episodes: Path, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    command = ["bench", "run", str(episodes.parent), "--env", "habitat", "--scenes",
               str(rooms.folder.parent), "--habitat", sys.executable, "--agents", "random",
               "--max-steps", "5", "--workers", "1", "--out", str(tmp_path / "out")]  # fmt: skip
    assert main(command) == 0
    assert main(command) == 0
    assert "finished already" in capsys.readouterr().out
    assert main([*command, "--noise", "default"]) == 2
    assert "--env home only" in capsys.readouterr().err
