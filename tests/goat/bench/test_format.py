from __future__ import annotations

import copy
import gzip
import json
import math
import random
from pathlib import Path

import numpy as np
import pytest
from bench_files import break_at, check_damage, save
from fakes import FakeRobot, FakeTruth, make_truth
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from goat.bench import packed
from goat.bench.episodes import Episode, GoalObject, SceneEpisodes, Subtask
from goat.bench.format import episode_files, read_episodes, without_long, write_episodes
from goat.bench.making import MakeConfig, make_episodes
from goat.bench.reading import scene_name
from goat.errors import EpisodeError

REAL = "goat_bench/val_unseen/content"


def made() -> SceneEpisodes:
    things = [
        make_truth(1, "chair", (0, 0), room="kitchen", color="blue"),
        make_truth(2, "chair", (4, 0), room="bedroom", color="red"),
        make_truth(3, "sofa", (-4, 4), size=0.9),
        make_truth(4, "bed", (4, -4), size=1.5),
    ]
    truth = FakeTruth(FakeRobot(), {thing.id: thing for thing in things})
    config = MakeConfig(episodes=2, goals=(6, 8))
    return make_episodes(truth, "generated:7", 0.25, np.random.default_rng(0), config)


@pytest.fixture
def content() -> dict:
    """One small valid file, as JSON."""
    robot = {"agent_state": {"position": [1.0, 0.0, -1.0], "rotation": [0, 0, 0, 1]}, "iou": 0.5}
    photo = {
        "position": [0.0, 1.2, 0.0], "rotation": [0, 0, 0, 1], "hfov": 76,
        "image_dimensions": [512, 512], "frame_coverage": 0.1, "object_coverage": 0.9,
    }  # fmt: skip
    chair = {
        "object_category": "chair", "object_id": "chair_1", "position": [1.0, 0.5, -2.0],
        "view_points": [robot], "children_object_categories": [], "lang_desc": "the red chair",
        "image_goals": [photo],
    }  # fmt: skip
    tasks = [
        ["chair", "object", None], ["chair", "description", "chair_1"],
        ["chair", "image", "chair_1", 0],
    ]  # fmt: skip
    episode = {
        "episode_id": 0, "start_position": [0.5, 0.0, -0.5], "start_rotation": [0, 0, 0, 1],
        "scene_id": "hm3d/val//00001-x/x.basis.glb", "scene_dataset_config": "somewhere",
        "tasks": tasks,
    }  # fmt: skip
    return {"episodes": [episode], "goals": {"x.basis.glb_chair": [chair]}}


def test_positions_come_out_with_z_up(tmp_path: Path, content: dict) -> None:
    read = read_episodes(save(tmp_path / "a.json.gz", content))
    (chair,) = read.objects["chair"]
    assert chair.position.tolist() == pytest.approx([1.0, 2.0, 0.5])
    assert chair.viewpoints.tolist() == [pytest.approx([1.0, 1.0, 0.0])]
    (episode,) = read.episodes
    assert episode.start == pytest.approx((0.5, 0.5, math.pi / 2))  # it looks along Habitat's -z
    assert [s.modality for s in episode.subtasks] == ["category", "language", "image"]
    assert chair.photos[0].map_from_camera.apply([0, 0, 1]) == pytest.approx([0.0, 1.0, 1.2])
    assert math.degrees(chair.photos[0].camera.hfov) == pytest.approx(76.0)
    assert (read.scene, read.dataset) == ("hm3d/val/00001-x/x.basis.glb", "somewhere")


def same(a: object, b: object, place: str = "") -> None:
    """Assert that two JSON values are the same up to rounding and the sign of rotations."""
    if isinstance(a, dict):
        assert isinstance(b, dict)
        assert set(a) == set(b), place
        for key in a:
            same(a[key], b[key], f"{place}/{key}")
    elif isinstance(a, list):
        assert isinstance(b, list)
        assert len(a) == len(b), place
        if place.endswith("rotation"):
            assert abs(np.dot(a, b)) == pytest.approx(1.0, abs=1e-4), place
            return
        for index, (x, y) in enumerate(zip(a, b, strict=True)):
            same(x, y, f"{place}/{index}")
    elif isinstance(a, float) or isinstance(b, float):
        assert a == pytest.approx(b, abs=2e-5), place
    else:
        assert type(a) is type(b), place
        assert a == b, place


def test_real_files_are_read_and_written_again(data_dir: Path, tmp_path: Path) -> None:
    files = episode_files(data_dir / REAL)
    assert len(files) == 3
    for file in files:
        copied = tmp_path / file.name
        write_episodes(copied, read_episodes(file))
        before, after = (json.loads(gzip.decompress(path.read_bytes())) for path in (file, copied))
        for entry in before["episodes"]:
            assert "//" in entry["scene_id"]
            entry["scene_id"] = entry["scene_id"].replace("//", "/")
        same(before, after)


def test_real_photos_look_at_their_objects(data_dir: Path) -> None:
    for file in episode_files(data_dir / REAL):
        for items in read_episodes(file).objects.values():
            for item in items:
                seen = [p.map_from_camera.inv().apply(item.position) for p in item.photos]
                for x, y, z in seen:
                    assert math.hypot(x, y) < 0.2 * z


def test_what_was_made_is_read_back(tmp_path: Path) -> None:
    before = made()
    write_episodes(tmp_path / "b.json.gz", before)
    after = read_episodes(tmp_path / "b.json.gz")
    assert [e.subtasks for e in after.episodes] == [e.subtasks for e in before.episodes]
    for a, b in zip(before.episodes, after.episodes, strict=True):
        assert b.start == pytest.approx(a.start, abs=1e-5)
        assert b.floor == pytest.approx(0.25)
    for category, items in before.objects.items():
        for a, b in zip(items, after.objects[category], strict=True):
            assert (a.id, a.descriptions, a.children) == (b.id, b.descriptions, b.children)
            np.testing.assert_allclose(a.viewpoints, b.viewpoints, atol=1e-6)
            for p, q in zip(a.photos, b.photos, strict=True):
                p_matrix, q_matrix = (v.map_from_camera.as_matrix() for v in (p, q))
                np.testing.assert_allclose(p_matrix, q_matrix, atol=1e-5)
                assert (p.camera.width, p.camera.height) == (q.camera.width, q.camera.height)
                assert p.camera.fx == pytest.approx(q.camera.fx)


def test_the_same_content_gives_the_same_bytes_and_leaves_no_other_file(tmp_path: Path) -> None:
    for name in ("a.json.gz", "b.json.gz"):
        write_episodes(tmp_path / name, made())
    a, b = sorted(tmp_path.iterdir())
    assert a.read_bytes() == b.read_bytes()


def test_a_write_that_fails_keeps_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.json.gz"
    write_episodes(path, made())
    old = path.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(EpisodeError, match="No space left"):
        write_episodes(path, made())
    assert path.read_bytes() == old
    assert list(tmp_path.iterdir()) == [path]


def test_several_sentences_are_an_extension_others_do_not_see(tmp_path: Path) -> None:
    item = GoalObject("a_1", "a", np.zeros(3), np.zeros((1, 3)), descriptions=("one", "two"))
    tasks = tuple(Subtask("a", "language", "a_1", index) for index in (0, 1))
    content = SceneEpisodes("s", {"a": (item,)}, (Episode("x", (0, 0, 0), 0, tasks),))
    write_episodes(tmp_path / "a.json.gz", content)
    raw = json.loads(gzip.decompress((tmp_path / "a.json.gz").read_bytes()))
    goal = raw["goals"]["s_a"][0]
    assert (goal["lang_desc"], goal["lang_descs"]) == ("one", ["one", "two"])
    assert [len(task) for task in raw["episodes"][0]["tasks"]] == [3, 4]
    assert read_episodes(tmp_path / "a.json.gz").episodes[0].subtasks == tasks


def test_goals_with_long_descriptions_are_dropped_on_demand(tmp_path: Path, content: dict) -> None:
    content["goals"]["x.basis.glb_chair"][0]["lang_desc"] = "word " * 56
    path = save(tmp_path / "a.json.gz", content)
    assert len(read_episodes(path).episodes[0].subtasks) == 3
    kept = read_episodes(path, drop_long=True)
    assert [s.modality for s in kept.episodes[0].subtasks] == ["category", "image"]
    content["goals"]["x.basis.glb_chair"][0]["lang_desc"] = "word " * 55
    assert without_long(whole := read_episodes(save(path, content))) == whole


def test_folders_give_their_files_in_order(tmp_path: Path, content: dict) -> None:
    (tmp_path / "deep").mkdir()
    names = ["b.json.gz", "a.json.gz", "deep/c.json.gz"]
    for name in names:
        save(tmp_path / name, content)
    (tmp_path / "notes.txt").write_text("x")
    assert episode_files(tmp_path) == [tmp_path / name for name in sorted(names)]
    assert episode_files(tmp_path / "a.json.gz") == [tmp_path / "a.json.gz"]
    for bad in (tmp_path / "nowhere", tmp_path / "deep/c.json.gz/x"):
        with pytest.raises(EpisodeError, match="no such file"):
            episode_files(bad)
    (tmp_path / "empty").mkdir()
    with pytest.raises(EpisodeError, match="no episode file"):
        episode_files(tmp_path / "empty")


def test_links_are_followed_but_no_folder_is_read_twice(tmp_path: Path, content: dict) -> None:
    save(tmp_path / "disk/v1/a.json.gz", content)
    data = tmp_path / "data"
    data.mkdir()
    for name in ("hm3d", "hm3d_again"):
        (data / name).symlink_to(tmp_path / "disk")
    (tmp_path / "disk/round").symlink_to(data)
    assert episode_files(data) == [data / "hm3d/v1/a.json.gz"]


def test_the_file_of_a_split_stands_for_the_folder_beside_it(tmp_path: Path, content: dict) -> None:
    index = save(tmp_path / "val/val.json.gz", {"episodes": []})
    scene = save(tmp_path / "val/content/x.json.gz", content)
    alone = save(tmp_path / "val_mini/val_mini.json.gz", content)
    other = save(tmp_path / "val/content/content.json.gz", content)
    assert episode_files(tmp_path) == [other, scene, alone]
    assert episode_files(index) == [index]
    with pytest.raises(EpisodeError, match=r"no episode.*give the folder .*val, they are in conte"):
        read_episodes(index)


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("hm3d/val//00808-y/y.basis.glb", "hm3d/val/00808-y/y.basis.glb"),
        ("data/scene_datasets/hm3d/val/00808-y/y.basis.glb", "hm3d/val/00808-y/y.basis.glb"),
        ("./data//scene_datasets//mp3d///y.glb", "mp3d/y.glb"),
        ("generated:7,rooms=4", "generated:7,rooms=4"),
        ("/worlds/small_house.world", "/worlds/small_house.world"),
        ("data/scene_datasets/", "data/scene_datasets/"),
    ],
)
def test_a_scene_has_one_name(given: str, name: str) -> None:
    assert scene_name(given) == name
    assert scene_name(name) == name


def test_spellings_of_one_scene_are_one_scene(tmp_path: Path, content: dict) -> None:
    other = copy.deepcopy(content["episodes"][0])
    other |= {"episode_id": 1, "scene_id": "data/scene_datasets/hm3d/val/00001-x/x.basis.glb"}
    content["episodes"].append(other)
    assert len(read_episodes(save(tmp_path / "a.json.gz", content)).episodes) == 2


GOAL = ("goals", "x.basis.glb_chair", 0)
TASK = ("episodes", 0, "tasks", 1)
DAMAGES = [
    (("episodes",), {"value": []}, "episodes: got no episode"),
    (("episodes",), {"delete": True}, "'episodes'"),
    (("goals",), {"value": 3}, "goals: got 3, expected an object"),
    (("goals", "y_chair"), {"value": []}, "'y_chair'.*x.basis.glb_CATEGORY"),
    ((*GOAL, "position"), {"value": [0, float("nan"), 0]}, "position 1: got nan"),
    (GOAL[:2], {"value": []}, "tasks 0 0: got 'chair', expected one of: nothing"),
    (("goals", "x.basis.glb_\ud800"), {"value": []}, "a text that is not empty"),
    ((*GOAL, "object_id"), {"value": "\ud800"}, "a text that is not empty"),
    ((*GOAL, "position"), {"value": [0, 1]}, "expected a list of 3 numbers"),
    ((*GOAL, "object_id"), {"value": ""}, "object_id: got '', expected a text"),
    ((*GOAL, "view_points"), {"delete": True}, "'view_points'"),
    ((*GOAL, "image_goals", 0, "rotation"), {"value": [0, 0, 0, 0]}, "of length 1"),
    ((*GOAL, "image_goals", 0, "hfov"), {"value": 200}, r"\[1, 179\]"),
    ((*GOAL, "image_goals", 0, "image_dimensions"), {"value": [512]}, "a list of 2 or more"),
    ((*GOAL, "lang_desc"), {"delete": True}, "tasks 1: got 'chair_1'.*lang_desc"),
    ((*GOAL, "image_goals"), {"value": []}, "tasks 2: got 'chair_1'.*image_goals"),
    (("episodes", 0, "start_position"), {"value": "here"}, "episodes 0, start_position"),
    (("episodes", 0, "start_rotation"), {"value": [0, 0, 0, True]}, "got True"),
    (("episodes", 0, "start_position", 0), {"value": 10**400}, "a number within"),
    (("episodes", 0, "tasks"), {"value": []}, "got no task"),
    ((*TASK, 0), {"value": "chiar"}, "Did you mean 'chair'"),
    ((*TASK, 1), {"value": "smell"}, "one of: description, image, object"),
    ((*TASK, 2), {"value": "chair_7"}, "tasks 1 2: got 'chair_7'.*one of: chair_1"),
    (("episodes", 0, "tasks", 2, 3), {"value": 1}, r"a whole number within \[0, 0\]"),
    (("episodes", 0, "tasks", 2), {"value": ["chair", "image", "chair_1"]}, "a list of 4 or more"),
]


@pytest.mark.parametrize(("steps", "how", "message"), DAMAGES, ids=lambda v: str(v)[:40])
def test_every_damage_is_named_with_its_place(
    tmp_path: Path, content: dict, steps: tuple, how: dict, message: str
) -> None:
    check_damage(tmp_path / "bad.json.gz", break_at(content, *steps, **how), message)


def test_episodes_share_neither_ids_nor_scenes(tmp_path: Path, content: dict) -> None:
    content["episodes"].append(copy.deepcopy(content["episodes"][0]))
    with pytest.raises(EpisodeError, match="episodes 1, episode_id: got '0' again"):
        read_episodes(save(tmp_path / "a.json.gz", content))
    content["episodes"][1] |= {"episode_id": "1", "scene_id": "other"}
    with pytest.raises(EpisodeError, match="one scene per file"):
        read_episodes(save(tmp_path / "a.json.gz", content))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        gzip.compress(b""),
        gzip.compress(b"{"),
        gzip.compress(b"\xff\xfe"),
        gzip.compress(b"[" * 100_000),
        gzip.compress(b'{"episodes": ' + b"1" * 5000 + b"}"),
        gzip.compress(b"[1, 2]"),
        gzip.compress(json.dumps({"episodes": [{}] * 50}).encode())[:-20],
    ],
    ids=["empty", "text", "nothing", "cut", "bytes", "deep", "huge number", "list", "truncated"],
)
def test_foreign_files_are_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "foreign.json.gz"
    path.write_bytes(data)
    with pytest.raises(EpisodeError, match=r"foreign\.json\.gz"):
        read_episodes(path)


def test_a_file_that_unpacks_to_too_much_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packed, "_LIMIT", 2**20)
    path = tmp_path / "bomb.json.gz"
    path.write_bytes(gzip.compress(b" " * 2**22))
    with pytest.raises(EpisodeError, match="more than 1 MB"):
        read_episodes(path)


def mutate(value: object, rng: random.Random) -> object:
    """Return a JSON value with one random place changed."""
    if isinstance(value, dict) and value and rng.random() < 0.9:
        key = rng.choice(sorted(value))
        return {**value, key: mutate(value[key], rng)}
    if isinstance(value, list) and value and rng.random() < 0.9:
        place = rng.randrange(len(value))
        return [*value[:place], mutate(value[place], rng), *value[place + 1 :]]
    odd = [None, True, -1, 1e308, float("nan"), "", "chair", [], {}, [[]], {"position": 1}]
    return rng.choice(odd)


fuzz = settings(
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@fuzz
@given(st.integers(0, 2**32))
def test_a_damaged_file_is_read_or_refused_by_name(
    tmp_path: Path, content: dict, seed: int
) -> None:
    rng = random.Random(seed)
    damaged: object = content
    for _ in range(rng.randint(1, 3)):
        damaged = mutate(damaged, rng)
    refused_or_whole(save(tmp_path / "fuzz.json.gz", damaged))


@fuzz
@given(st.integers(0, 10_000), st.binary(min_size=1, max_size=4))
def test_damaged_bytes_are_read_or_refused_by_name(
    tmp_path: Path, content: dict, place: int, noise: bytes
) -> None:
    path = save(tmp_path / "fuzz.json.gz", content)
    data = path.read_bytes()
    place %= len(data)
    path.write_bytes(data[:place] + noise + data[place + len(noise) :])
    refused_or_whole(path)


def refused_or_whole(path: Path) -> None:
    try:
        read = read_episodes(path)
    except EpisodeError as error:
        assert path.name in str(error)  # noqa: PT017
    else:
        assert all(episode.subtasks for episode in read.episodes)
        without_long(read)
