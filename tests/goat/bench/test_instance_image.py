from __future__ import annotations

import copy
import math
from pathlib import Path

import pytest
from bench_files import break_at, check_damage, save

from goat.bench.census import census
from goat.bench.episodes import Subtask
from goat.bench.format import read_episodes, write_episodes


def goal(category: str, number: str) -> dict:
    robot = {"agent_state": {"position": [1.0, 0.0, -1.0], "rotation": [0, 0, 0, 1]}, "iou": 0.5}
    photo = {
        "position": [0.0, 1.2, 0.0], "rotation": [0, 0, 0, 1], "hfov": 76,
        "image_dimensions": [480, 640], "frame_coverage": 0.1, "object_coverage": 0.9,
    }  # fmt: skip
    return {
        "object_category": category, "object_id": number, "position": [1.0, 0.5, -2.0],
        "view_points": [robot], "image_goals": [photo, {**photo, "hfov": 90}],
        "object_surface_area": 1.5,
    }  # fmt: skip


@pytest.fixture
def content() -> dict:
    """One small valid file, as JSON."""
    episode = {
        "episode_id": "4", "scene_id": "data/scene_datasets/hm3d/val/00001-x/x.basis.glb",
        "start_position": [0.5, 0.0, -0.5], "start_rotation": [0, 0, 0, 1],
        "object_category": "chair", "goal_object_id": "45", "goal_image_id": 1,
    }  # fmt: skip
    sofa = {**copy.deepcopy(episode), "episode_id": "9", "goal_object_id": "7", "goal_image_id": 0}
    goals = {"x_45": goal("chair", "45"), "x_7": {**goal("sofa", "7"), "object_name": "couch_7"}}
    return {"episodes": [episode, sofa], "goals": goals}


def test_an_episode_asks_for_one_photo_of_one_object(tmp_path: Path, content: dict) -> None:
    read = read_episodes(save(tmp_path / "x.json.gz", content))
    assert read.scene == "hm3d/val/00001-x/x.basis.glb"
    assert read.dataset == "default"
    asked = [episode.subtasks for episode in read.episodes]
    assert asked == [
        (Subtask("chair", "image", "chair_45", 1),),
        (Subtask("sofa", "image", "couch_7", 0),),
    ]
    (chair,) = read.objects["chair"]
    assert [round(math.degrees(photo.camera.hfov)) for photo in chair.photos] == [76, 90]
    assert (chair.photos[0].camera.width, chair.photos[0].camera.height) == (640, 480)
    assert chair.photos[0].map_from_camera.apply([0, 0, 1]) == pytest.approx([0.0, 1.0, 1.2])
    assert (chair.photos[0].frame_coverage, chair.photos[0].object_coverage) == (0.1, 0.9)
    assert chair.position.tolist() == pytest.approx([1.0, 2.0, 0.5])


def test_numbers_may_be_written_as_numbers(tmp_path: Path, content: dict) -> None:
    content["episodes"][0]["goal_object_id"] = 45
    content["goals"]["x_45"]["object_id"] = 45
    read = read_episodes(save(tmp_path / "x.json.gz", content))
    assert read.episodes[0].subtasks[0].object == "chair_45"


def test_ids_are_kept_where_each_episode_has_its_own(tmp_path: Path, content: dict) -> None:
    path = tmp_path / "x.json.gz"
    assert [e.id for e in read_episodes(save(path, content)).episodes] == ["4", "9"]
    content["episodes"][1]["episode_id"] = "4"
    assert [e.id for e in read_episodes(save(path, content)).episodes] == ["0", "1"]
    del content["episodes"][0]["episode_id"]
    assert [e.id for e in read_episodes(save(path, content)).episodes] == ["0", "1"]


def test_it_is_counted_and_written_as_other_files_are(tmp_path: Path, content: dict) -> None:
    read = read_episodes(save(tmp_path / "x.json.gz", content))
    count = census(read)
    assert (count.episodes, count.subtasks, count.image, count.objects) == (2, 2, 2, 2)
    write_episodes(tmp_path / "y.json.gz", read)
    again = read_episodes(tmp_path / "y.json.gz")
    assert [episode.subtasks for episode in again.episodes] == [e.subtasks for e in read.episodes]


GOAL = ("goals", "x_45")
DAMAGES = [
    (("goals",), {"delete": True}, "top level: .* the field 'goals'"),
    (("goals",), {"value": [1]}, r"goals: got \[1\], expected an object"),
    (("goals", "y_45"), {"value": {}}, "'y_45'.*x_OBJECT_ID"),
    (GOAL, {"value": []}, r"x_45': got \[\], expected an object"),
    (GOAL, {"delete": True}, "episodes 0, goal_object_id: got '45', expected one of: 7"),
    ((*GOAL, "object_category"), {"delete": True}, "'x_45': .* 'object_category'"),
    ((*GOAL, "object_id"), {"delete": True}, "'x_45': .* 'object_id'"),
    ((*GOAL, "position"), {"value": "here"}, "'x_45', position: got 'here'"),
    ((*GOAL, "view_points"), {"delete": True}, "'view_points'"),
    ((*GOAL, "image_goals"), {"delete": True}, "'image_goals'"),
    ((*GOAL, "image_goals"), {"value": []}, "goal_image_id: got 1, expected photos of chair_45"),
    ((*GOAL, "image_goals", 0, "hfov"), {"value": 200}, r"image_goals 0, hfov: .* \[1, 179\]"),
    ((*GOAL, "image_goals", 0, "rotation"), {"delete": True}, "image_goals 0: .* 'rotation'"),
    ((*GOAL, "image_goals", 1, "image_dimensions"), {"value": 512}, "a list of 1 or more"),
    (("episodes", 0, "goal_image_id"), {"value": 2}, r"episodes 0, goal_image_id: got 2.*\[0, 1\]"),
    (("episodes", 0, "goal_image_id"), {"value": -1}, "goal_image_id: got -1"),
    (("episodes", 0, "goal_image_id"), {"value": "1"}, "goal_image_id: got '1'"),
    (("episodes", 0, "goal_image_id"), {"delete": True}, "the field 'goal_image_id'"),
    (("episodes", 0, "goal_object_id"), {"delete": True}, "the field 'goal_object_id'"),
    (("episodes", 1, "goal_object_id"), {"value": "8"}, "episodes 1, .* got '8'.* of: 45, 7"),
    (("episodes", 1, "scene_id"), {"value": "hm3d/val/00002-y/y.glb"}, "one scene per file"),
    (("episodes", 1, "start_position"), {"delete": True}, "the field 'start_position'"),
]


@pytest.mark.parametrize(("steps", "how", "message"), DAMAGES, ids=lambda v: str(v)[:40])
def test_every_damage_is_named_with_its_place(
    tmp_path: Path, content: dict, steps: tuple, how: dict, message: str
) -> None:
    check_damage(tmp_path / "bad.json.gz", break_at(content, *steps, **how), message)
