from __future__ import annotations

import gzip
import math
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from goat.bench.census import census
from goat.bench.format import read_episodes
from goat.bench.making import MakeConfig
from goat.bench.resolve import tasks_of
from goat.commands.bench_inspect import inspect
from goat.commands.bench_make import episode_paths, goal_range, make, make_world
from goat.commands.options import BenchInspect, BenchMake
from goat.commands.scene import build_scene
from goat.errors import ConfigError

HOME = "generated:0,rooms=4"


@pytest.fixture
def console() -> Console:
    return Console(record=True, width=120)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Episodes of one home, next to a world that is not there."""
    out = tmp_path_factory.mktemp("episodes")
    options = BenchMake(
        world=("nowhere.world", HOME), episodes_per_world=2, goals="5..6", out=out, seed=1
    )
    assert make(options, Console(quiet=True)) == 2
    return out


def test_a_world_that_fails_does_not_stop_the_others(folder: Path) -> None:
    assert [file.name for file in folder.iterdir()] == ["generated_0_rooms_4.json.gz"]


def test_every_start_and_goal_is_reached_and_every_photo_can_be_taken(folder: Path) -> None:
    content = read_episodes(folder / "generated_0_rooms_4.json.gz")
    scene = build_scene(content.scene, "default", "none", np.random.default_rng(0))
    try:
        for episode in content.episodes:
            assert 5 <= len(episode.subtasks) <= 6
            scene.sim.reset(episode.start)
            for task in tasks_of(content, episode, scene.evaluator, photo_labels=True):
                assert task.targets
                for target in task.targets:
                    way = scene.evaluator.geodesic(episode.start[:2], [target])
                    assert math.isfinite(way)
    finally:
        scene.close()


def test_a_file_that_exists_is_kept_unless_told_otherwise(
    folder: Path, console: Console, tmp_path: Path
) -> None:
    old = folder / "generated_0_rooms_4.json.gz"
    path = tmp_path / old.name
    path.write_bytes(b"mine")
    options = BenchMake(world=(HOME,), episodes_per_world=2, goals="5..6", out=tmp_path, seed=1)
    assert make(options, console) == 0
    assert path.read_bytes() == b"mine"
    assert "left as it is" in " ".join(console.export_text().split())
    again = BenchMake(
        world=(HOME,), episodes_per_world=2, goals="5..6", out=tmp_path, seed=1, overwrite=True
    )
    assert make(again, console) == 0
    assert path.read_bytes() == old.read_bytes()  # whatever other worlds are made before it


def test_another_seed_gives_other_episodes(folder: Path) -> None:
    first = read_episodes(folder / "generated_0_rooms_4.json.gz")
    config = MakeConfig(episodes=2, goals=(5, 6))
    other = make_world(HOME, "default", 2, config)
    assert [e.subtasks for e in other.episodes] != [e.subtasks for e in first.episodes]


def test_ranges_of_worlds_and_goals(tmp_path: Path) -> None:
    paths = episode_paths(("generated:3..5,rooms=4", "homes/small.world"), tmp_path)
    assert list(paths) == [
        "generated:3,rooms=4", "generated:4,rooms=4", "generated:5,rooms=4", "homes/small.world",
    ]  # fmt: skip
    assert paths["homes/small.world"] == tmp_path / "small.json.gz"
    assert (goal_range("10"), goal_range("5..7")) == ((10, 10), (5, 7))
    for worlds in (("generated:5..3",), ("a/x.world", "b/x.world")):
        with pytest.raises(ConfigError):
            episode_paths(worlds, tmp_path)
    with pytest.raises(ConfigError, match=r"5\.\.10"):
        goal_range("many")


def test_inspect_counts_whole_files_and_names_damaged_ones(
    folder: Path, console: Console, tmp_path: Path
) -> None:
    good = folder / "generated_0_rooms_4.json.gz"
    bad = tmp_path / "bad.json.gz"
    bad.write_bytes(gzip.compress(b"{}"))
    assert inspect(BenchInspect(files=(bad, folder, tmp_path / "none")), console) == 2
    text = console.export_text()
    assert "generated_0_rooms_4.json.gz" in text
    assert str(census(read_episodes(good)).subtasks) in text
    assert text.count("EpisodeError") == 2
    assert inspect(BenchInspect(files=(good, good)), console) == 0
    assert "all" not in console.export_text()  # one file is its own total
