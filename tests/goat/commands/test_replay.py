"""Recordings of the two rooms, replayed from the command line."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from recordings import Foreign, drive, record
from rosbags.rosbag1 import Writer as Writer1
from sim_worlds import two_room_world

from goat.cli import main
from goat.commands import scene
from goat.commands.replay_goals import recorded_goals
from goat.commands.replay_tour import Tour
from goat.memory.store import check
from goat.types import (
    CategoryGoal,
    ImageGoal,
    InstanceGoal,
    LanguageGoal,
    Observation,
    PlaceGoal,
)
from robot.bag_files import open_bag

GOALS = (CategoryGoal("bed"), LanguageGoal("the red chair"))
RED, BLUE, BED, TABLE = (0.65, 3.45), (7.25, 0.65), (6.6, 3.45), (2.9, 1.0)


class Recorded:
    """A drive through both rooms, and the file of it."""

    def __init__(self, folder: Path) -> None:
        self.frames, self.labels = drive(GOALS)
        self.file = record(folder / "run.mcap", self.frames, self.labels)
        # Where the robot began is the origin of odometry.
        first = self.frames[0].observation
        sim_from_map = np.array(two_room_world().start[:2])  # type: ignore[index]
        self.shift = sim_from_map - first.odom_from_base.translation[:2]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    return Recorded(tmp_path_factory.mktemp("recorded"))


def goat(*words: object) -> int:
    return main([str(word) for word in words])


def results(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "results.json").read_text())


def best(goal: dict[str, Any], shift: np.ndarray) -> np.ndarray:
    """Where in the world the likeliest candidate is."""
    return np.array(goal["candidates"][0]["where"][:2]) + shift


def near(place: np.ndarray, wanted: tuple[float, float]) -> bool:
    return bool(np.linalg.norm(place - wanted) < 0.35)


def test_recorded_goals_are_answered_right(recorded: Recorded, tmp_path: Path, capsys) -> None:
    assert goat("replay", recorded.file, "--out", tmp_path / "out") == 0
    found = results(tmp_path / "out")
    bed, chair = found["goals"]
    assert (bed["goal"], bed["modality"]) == ("bed", "category")
    assert (chair["goal"], chair["modality"]) == ("the red chair", "language")
    assert near(best(bed, recorded.shift), BED)
    assert near(best(chair, recorded.shift), RED)
    assert chair["candidates"][0]["label"] == "chair"
    assert chair["candidates"][0]["probability"] > 0.4
    stamps = {frame.observation.stamp for frame in recorded.frames}
    assert found["observations"]["used"] == len(stamps)
    assert found["observations"]["rejected"] == {}
    labels = [item["label"] for item in found["remembered"] if item["confirmed"]]
    assert sorted(labels) == ["bed", "chair", "chair", "table"]
    with Image.open(tmp_path / "out/map.png") as picture:
        assert picture.size == (1200, 900)
        colors = np.unique(np.asarray(picture).reshape(-1, 3), axis=0)
    assert len(colors) > 20
    said = capsys.readouterr().out
    assert "the red chair" in said
    assert f"from {len(stamps)} observations" in said


def test_other_goals_may_be_asked(recorded: Recorded, tmp_path: Path) -> None:
    goals = ("--goal", "text:the blue chair", "--goal", "category:tables")
    assert goat("replay", recorded.file, *goals, "--out", tmp_path / "out") == 0
    blue, table = results(tmp_path / "out")["goals"]
    assert near(best(blue, recorded.shift), BLUE)
    assert near(best(table, recorded.shift), TABLE)


def test_two_replays_give_the_same(recorded: Recorded, tmp_path: Path) -> None:
    documents, memories, pictures = [], [], []
    for name in ("a", "b"):
        out, memory = tmp_path / name / "out", tmp_path / name / "home.db"
        out.parent.mkdir()
        assert goat("replay", recorded.file, "--out", out, "--memory", memory) == 0
        text = (out / "results.json").read_text().replace(str(tmp_path / name), "HERE")
        document = json.loads(text)
        assert document.pop("seconds") > 0.0
        documents.append(json.dumps(document))
        check(memory)
        with closing(sqlite3.connect(memory)) as database:
            memories.append(list(database.iterdump()))
        pictures.append((out / "map.png").read_bytes())
    assert documents[0] == documents[1]
    assert memories[0] == memories[1]
    assert len(memories[0]) > 20
    assert pictures[0] == pictures[1]


@pytest.mark.parametrize("robot", ["simulated", "stretch", "spot", "turtlebot4"])
def test_our_recordings_need_no_names_whatever_the_robot(
    recorded: Recorded, tmp_path: Path, robot: str
) -> None:
    words = ("--config", f"launch/{robot}.yaml", "--hz", "0.2", "--out", tmp_path / "out")
    assert goat("replay", recorded.file, *words) == 0
    assert results(tmp_path / "out")["observations"]["rejected"] == {}


def test_what_was_seen_before_an_interruption_is_kept(
    recorded: Recorded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = Tour.watch

    def impatient(tour: Tour, observation: Observation) -> None:
        if tour.observations == 5:
            raise KeyboardInterrupt
        watch(tour, observation)

    monkeypatch.setattr(Tour, "watch", impatient)
    memory = tmp_path / "home.db"
    words = ("--out", tmp_path / "out", "--memory", memory)
    assert goat("replay", recorded.file, *words) == 130
    assert results(tmp_path / "out")["observations"]["used"] == 5
    check(memory)


def test_what_a_replay_remembered_serves_the_next(recorded: Recorded, tmp_path: Path) -> None:
    memory = tmp_path / "home.db"
    for _ in range(2):
        words = ("--memory", memory, "--out", tmp_path / "out")
        assert goat("replay", recorded.file, *words) == 0
    first, second = (results(tmp_path / name)["remembered"] for name in ("out", "out-2"))
    confirmed = [[item["label"] for item in part if item["confirmed"]] for part in (first, second)]
    assert sorted(confirmed[0]) == sorted(confirmed[1])
    seen = [max(item["observations"] for item in part) for part in (first, second)]
    assert seen[1] > seen[0]


def test_somebody_elses_bag_replays_when_topics_are_named(
    recorded: Recorded, tmp_path: Path, capsys
) -> None:
    bag = tmp_path / "run.bag"
    with Writer1(bag) as writer:
        Foreign(ros1=True).write(writer, recorded.frames, recorded.labels)
    asked = ("--goal", "text:the red chair", "--out", tmp_path / "out")
    assert goat("replay", bag, *asked) == 2
    said = capsys.readouterr().err
    assert "no color on" in said
    assert "/cam/rgb (sensor_msgs/Image" in said
    names = [word for role, name in Foreign.NAMES.items() for word in (f"--topics.{role}", name)]
    assert goat("replay", bag, *names, "--frames.base", "base_footprint", *asked) == 0
    (chair,) = results(tmp_path / "out")["goals"]
    assert near(best(chair, recorded.shift), RED)


def test_a_recording_may_be_thinned_out(recorded: Recorded, tmp_path: Path) -> None:
    assert goat("replay", recorded.file, "--hz", "0.7", "--out", tmp_path / "out") == 0
    stamps = sorted({frame.observation.stamp for frame in recorded.frames})
    used, last = 0, -np.inf
    for stamp in stamps:
        if stamp - last >= 1.0 / 0.7:
            used, last = used + 1, stamp
    assert results(tmp_path / "out")["observations"]["used"] == used < len(stamps)
    assert goat("replay", recorded.file, "--hz", "0", "--out", tmp_path / "out") == 2


def test_a_file_that_was_cut_off_says_so(recorded: Recorded, tmp_path: Path, capsys) -> None:
    whole = recorded.file.read_bytes()
    (tmp_path / "cut.mcap").write_bytes(whole[: len(whole) // 2])
    assert goat("replay", tmp_path / "cut.mcap", "--out", tmp_path / "out") == 0
    assert "is not whole" in " ".join(capsys.readouterr().out.split())
    found = results(tmp_path / "out")
    assert "not whole" in found["observations"]["damage"]
    assert 0 < found["observations"]["used"] < len(recorded.frames)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--frames.base", "wheel"], "frames with a parent"),
        (["--goal", "category:unicorn"], "nothing here is called"),
        (["--goal", "sofa"], "a goal needs its kind"),
        (["--topics.labels", "/none", "--detector", "simulator"], "no object ids and labels"),
        (["--topics.color", "/odom"], "/odom is nav_msgs/Odometry"),
        (["--config", "none.yaml"], "none.yaml"),
    ],
)
def test_what_cannot_be_done_is_named(
    recorded: Recorded, tmp_path: Path, capsys, words: list[str], said: str
) -> None:
    assert goat("replay", recorded.file, *words, "--out", tmp_path / "out") == 2
    assert said in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "out").exists()


def test_goals_come_back_as_they_were(recorded: Recorded, tmp_path: Path) -> None:
    photo = np.random.default_rng(0).integers(0, 255, (40, 60, 3), dtype=np.uint8)
    goals = [
        ImageGoal(photo, "cup.jpg", "cup"), CategoryGoal("bed"), InstanceGoal(7, "sofa"),
        PlaceGoal((1.0, 2.0)), LanguageGoal("the red chair"), CategoryGoal("bed"),
    ]  # fmt: skip
    steps = [
        replace(frame, goal=goal, step=1)
        for goal, frame in zip(goals, recorded.frames, strict=False)
    ]
    bag = open_bag(record(tmp_path / "run.mcap", steps, recorded.labels))
    found, left_out = recorded_goals(bag)
    bag.close()
    cup, *rest = found
    assert isinstance(cup, ImageGoal)
    np.testing.assert_array_equal(cup.rgb, photo)
    assert (cup.name, cup.category) == ("cup.jpg", "cup")
    assert rest == [CategoryGoal("bed"), LanguageGoal("the red chair")]
    assert len(left_out) == 2
    assert "sofa" in left_out[0]


def test_a_run_that_was_recorded_replays(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys
) -> None:
    monkeypatch.setattr(scene, "load_world", lambda spec: two_room_world())
    run = ("run", "--goal", "category:table", "--no-video", "--out", tmp_path / "run")
    assert goat(*run, "--record", tmp_path / "run.mcap") == 0
    assert "run.mcap" in " ".join(capsys.readouterr().out.split())
    assert goat("replay", tmp_path / "run.mcap", "--out", tmp_path / "replay") == 0
    (table,) = results(tmp_path / "replay")["goals"]
    assert table["candidates"][0]["label"] == "table"


@pytest.mark.parametrize("words", [["--record", "run.bag"], ["--record-quality", "0"]])
def test_a_run_does_not_begin_if_it_cannot_be_recorded(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, words: list[str]
) -> None:
    def never(spec: str) -> None:
        raise AssertionError("the world was loaded")

    monkeypatch.setattr(scene, "load_world", never)
    assert goat("run", "--goal", "category:table", "--out", tmp_path / "run", *words) == 2
    assert not (tmp_path / "run").exists()
