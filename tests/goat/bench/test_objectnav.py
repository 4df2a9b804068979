from __future__ import annotations

import copy
import math
from pathlib import Path

import pytest
from bench_files import break_at, check_damage, save

from goat.bench.census import census
from goat.bench.episodes import Subtask
from goat.bench.format import read_episodes, write_episodes


def goal(category: str, number: int, place: list[float], **fields: object) -> dict:
    robot = {"agent_state": {"position": [1.0, 0.0, -1.0], "rotation": [0, 0, 0, 1]}, "iou": 0.25}
    return {
        "object_category": category, "object_id": number, "object_name_id": 3, "room_id": None,
        "position": place, "radius": None, "view_points": [robot, copy.deepcopy(robot)], **fields,
    }  # fmt: skip


@pytest.fixture
def content() -> dict:
    """One small valid file, as JSON."""
    episode = {
        "episode_id": "0", "scene_id": "hm3d_v0.2/val//00001-x/x.basis.glb",
        "scene_dataset_config": "./data/scene_datasets/hm3d_v0.2/annotated.json",
        "start_position": [0.5, 0.1, -0.5], "start_rotation": [0, 0, 0, 1], "goals": [],
        "info": {"geodesic_distance": 3.0}, "object_category": "chair",
    }  # fmt: skip
    tv = {**copy.deepcopy(episode), "object_category": "tv_monitor"}
    chairs = [goal("chair", 45, [1.0, 0.5, -2.0], object_name="armchair_45"),
              goal("chair", 7, [3.0, 0.5, -2.0])]  # fmt: skip
    return {
        "episodes": [episode, tv, copy.deepcopy(episode)],
        "goals_by_category": {
            "x.basis.glb_chair": chairs,
            "x.basis.glb_tv_monitor": [goal("tv_monitor", 2, [0.0, 1.0, 0.0])],
            "x.basis.glb_bed": [],
        },
        "category_to_task_category_id": {"chair": 0, "tv_monitor": 4},
        "category_to_scene_annotation_category_id": {"chair": 3, "tv_monitor": 22},
    }  # fmt: skip


def test_an_episode_asks_for_any_object_of_its_category(tmp_path: Path, content: dict) -> None:
    read = read_episodes(save(tmp_path / "x.json.gz", content))
    assert read.scene == "hm3d_v0.2/val/00001-x/x.basis.glb"
    assert read.dataset.endswith("annotated.json")
    assert [item.id for item in read.objects["chair"]] == ["armchair_45", "chair_7"]
    assert [item.id for item in read.objects["tv_monitor"]] == ["tv_monitor_2"]
    chair = read.objects["chair"][0]
    assert chair.position.tolist() == pytest.approx([1.0, 2.0, 0.5])
    assert chair.viewpoints.tolist() == [pytest.approx([1.0, 1.0, 0.0])] * 2
    assert chair.coverage == (0.25, 0.25)
    assert (chair.photos, chair.descriptions) == ((), ())
    asked = [Subtask(name, "category") for name in ("chair", "tv_monitor", "chair")]
    assert [episode.subtasks for episode in read.episodes] == [(one,) for one in asked]
    assert read.episodes[0].start == pytest.approx((0.5, 0.5, math.pi / 2))
    assert read.episodes[0].floor == pytest.approx(0.1)


def test_ids_are_places_in_the_file_whatever_is_written(tmp_path: Path, content: dict) -> None:
    del content["episodes"][1]["episode_id"]
    content["episodes"][2]["episode_id"] = 17
    read = read_episodes(save(tmp_path / "x.json.gz", content))
    assert [episode.id for episode in read.episodes] == ["0", "1", "2"]


def test_an_id_that_is_a_name_is_kept(tmp_path: Path, content: dict) -> None:
    content["goals_by_category"]["x.basis.glb_chair"][1]["object_id"] = "stool_7"
    read = read_episodes(save(tmp_path / "x.json.gz", content))
    assert read.objects["chair"][1].id == "stool_7"


def test_it_is_counted_and_written_as_other_files_are(tmp_path: Path, content: dict) -> None:
    read = read_episodes(save(tmp_path / "x.json.gz", content))
    count = census(read)
    assert (count.episodes, count.subtasks, count.category, count.same_category) == (3, 3, 3, 0)
    write_episodes(tmp_path / "y.json.gz", read)
    again = read_episodes(tmp_path / "y.json.gz")
    assert again.episodes == read.episodes
    assert [item.id for item in again.objects["chair"]] == ["armchair_45", "chair_7"]


GOALS = ("goals_by_category", "x.basis.glb_chair")
DAMAGES = [
    (("goals_by_category",), {"value": None}, "'goals_by_category'"),
    (("goals_by_category",), {"value": []}, r"goals_by_category: got \[\], expected an object"),
    (("goals_by_category", "y_chair"), {"value": []}, "'y_chair'.*x.basis.glb_CATEGORY"),
    (GOALS, {"value": {}}, "x.basis.glb_chair': got an object with nothing, expected a list"),
    (GOALS, {"delete": True}, "object_category: got 'chair', expected one of: tv_monitor"),
    ((*GOALS, 0, "position"), {"delete": True}, "x.basis.glb_chair' 0: .* 'position'"),
    ((*GOALS, 0, "position"), {"value": [1, 2]}, "expected a list of 3 numbers"),
    ((*GOALS, 0, "object_name"), {"value": 5}, "object_name: got 5, expected a text"),
    ((*GOALS, 1, "object_id"), {"delete": True}, "x.basis.glb_chair' 1: .* 'object_id'"),
    ((*GOALS, 1, "object_id"), {"value": 1.5}, "object_id: got 1.5"),
    ((*GOALS, 0, "view_points"), {"delete": True}, "'view_points'"),
    ((*GOALS, 0, "view_points", 1, "iou"), {"value": "high"}, "view_points 1, iou: got 'high'"),
    ((*GOALS, 0, "view_points", 0, "agent_state"), {"value": 3}, "agent_state: got 3"),
    (("episodes",), {"value": []}, "episodes: got no episode"),
    (("episodes", 1, "object_category"), {"value": "bed"}, "episodes 1, object_category: got 'bed"),
    (("episodes", 1, "object_category"), {"value": "chiar"}, "Did you mean 'chair'"),
    (("episodes", 1, "object_category"), {"delete": True}, "the field 'object_category'"),
    (("episodes", 1, "scene_id"), {"value": "hm3d/val/00002-y/y.glb"}, "one scene per file"),
    (("episodes", 2, "start_rotation"), {"value": [0, 0, 0, 0]}, "of length 1"),
]


@pytest.mark.parametrize(("steps", "how", "message"), DAMAGES, ids=lambda v: str(v)[:40])
def test_every_damage_is_named_with_its_place(
    tmp_path: Path, content: dict, steps: tuple, how: dict, message: str
) -> None:
    check_damage(tmp_path / "bad.json.gz", break_at(content, *steps, **how), message)
