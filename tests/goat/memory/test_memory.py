from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from box_scene import FLOOR, BoxScene, around, cube, plain_look, walls

from goat.errors import MemoryFileError
from goat.memory.memory import Memory, MemoryConfig
from goat.memory.store import MemoryStore, check
from goat.perception.keypoints import SiftMatcher
from goat.types import Body, CellState

ROOM = [FLOOR, *walls(0, 0, 6, 4)]
CHAIRS = [cube((3.0, 1.65)), cube((3.0, 2.35))]
SCENE = BoxScene([*ROOM, *CHAIRS])


def make_memory(path: Path | None = None, save_every: int = 8) -> Memory:
    return Memory(Body(), plain_look, SiftMatcher(), path, MemoryConfig(save_every=save_every))


def walk(
    memory: Memory, poses: Iterable[tuple[float, float, float]], scene: BoxScene = SCENE
) -> None:
    for pose in poses:
        observation = scene.observe(pose)
        memory.look(observation, observation.odom_from_base)
        memory.remember(scene.detect(observation), observation, observation.odom_from_base)


def stored_ids(path: Path) -> list[int]:
    with closing(sqlite3.connect(path)) as db:
        return [row[0] for row in db.execute("SELECT id FROM instances ORDER BY id")]


def test_a_later_run_continues_where_the_first_one_ended(tmp_path: Path) -> None:
    path = tmp_path / "home.db"
    first = make_memory(path)
    walk(first, around((3.0, 2.0), 1.6, 12))
    first.close()
    second = make_memory(path)
    for mine, theirs in zip(first.instances(), second.instances(), strict=True):
        assert (mine.id, mine.label_scores, mine.observations) == (
            theirs.id, theirs.label_scores, theirs.observations,
        )  # fmt: skip
        assert np.array_equal(mine.points, theirs.points)
        assert [view.id for view in mine.views] == [view.id for view in theirs.views]
        assert [view.crop for view in mine.views] == [view.crop for view in theirs.views]
        assert mine.attributes == pytest.approx(theirs.attributes)
    known = np.argwhere(first.grid().state != CellState.UNKNOWN)
    cells = second.grid().cells(first.grid().points(known))
    assert np.array_equal(
        second.grid().state[cells[:, 0], cells[:, 1]], first.grid().state[known[:, 0], known[:, 1]]
    )
    assert [f.id for f in second.landmarks.frames] == [f.id for f in first.landmarks.frames]
    walk(second, around((3.0, 2.0), 1.6, 6, start=0.2))
    assert [i.id for i in second.instances()] == [i.id for i in first.instances()]
    extra = cube((1.0, 3.3), "stool", 0.4, 0.5)
    walk(second, [(1.0, 0.8, 1.57)], BoxScene([*SCENE.boxes, extra]))
    newest = second.instances()[-1]
    assert newest.label == "stool"
    assert newest.id == max(i.id for i in first.instances()) + 1
    second.close()


def test_without_a_file_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    memory = make_memory()
    walk(memory, [(1.0, 2.0, 0.0)] * 9)
    memory.save()
    memory.close()
    assert list(tmp_path.iterdir()) == []
    assert len(memory.instances()) == 2


def test_changes_are_written_every_few_updates(tmp_path: Path) -> None:
    path = tmp_path / "home.db"
    memory = make_memory(path, save_every=3)
    walk(memory, [(1.0, 2.0, 0.0)] * 2)
    assert stored_ids(path) == []
    walk(memory, [(1.0, 2.0, 0.0)])
    assert stored_ids(path) == [1, 2]
    memory.close()
    assert check(path)["instances"] == 2


def test_closing_twice_is_harmless(tmp_path: Path) -> None:
    memory = make_memory(tmp_path / "home.db")
    memory.close()
    memory.close()
    memory.save()


def test_what_a_full_disk_refused_is_written_when_there_is_room_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "home.db"
    memory = make_memory(path, save_every=1000)
    walk(memory, [(1.0, 2.0, 0.0)] * 3)
    save = MemoryStore.save

    def full(*_args: object, **_options: object) -> None:
        raise MemoryFileError("the disk is full")

    monkeypatch.setattr(MemoryStore, "save", full)
    with pytest.raises(MemoryFileError):
        memory.save()
    monkeypatch.setattr(MemoryStore, "save", save)
    memory.close()
    again = make_memory(path)
    assert [i.id for i in again.instances()] == [1, 2]
    assert (again.grid().state == CellState.FREE).sum() > 500
    assert len(again.landmarks.frames) == len(memory.landmarks.frames) > 0
    again.close()


def test_the_file_is_closed_even_when_the_last_save_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "home.db"
    memory = make_memory(path)
    walk(memory, [(1.0, 2.0, 0.0)])
    monkeypatch.setattr(MemoryStore, "save", lambda *a, **k: (_ for _ in ()).throw(MemoryFileError))
    with pytest.raises(MemoryFileError):
        memory.close()
    assert [item.name for item in tmp_path.iterdir()] == ["home.db"], "no write-ahead log is left"


@pytest.mark.parametrize("blob", [b"nothing", b"x\x9c\x03\x00\x00\x00\x00\x01"])
def test_a_damaged_piece_of_map_is_named(tmp_path: Path, blob: bytes) -> None:
    path = tmp_path / "home.db"
    memory = make_memory(path)
    walk(memory, [(1.0, 2.0, 0.0)])
    memory.close()
    with closing(sqlite3.connect(path)) as db:
        db.execute("UPDATE tiles SET layers = ?", (blob,))
        db.commit()
    before = path.read_bytes()
    with pytest.raises(MemoryFileError, match=r"piece of map .* left as it is"):
        make_memory(path)
    assert path.read_bytes() == before


def test_an_object_taken_away_is_gone_from_the_file_too(tmp_path: Path) -> None:
    path = tmp_path / "home.db"
    memory = make_memory(path, save_every=1)
    walk(memory, [(1.0, 2.0, 0.0)] * 2)
    assert stored_ids(path) == [1, 2]
    walk(memory, [(1.0, 2.0, 0.0)] * 6, BoxScene([*ROOM, CHAIRS[0]]))
    assert len(memory.instances()) == 1
    assert stored_ids(path) == [memory.instances()[0].id]
    memory.close()
    with closing(sqlite3.connect(path)) as db:
        owners = {row[0] for row in db.execute("SELECT instance FROM views")}
    assert owners == set(stored_ids(path))


def test_the_map_does_not_grow_with_the_number_of_categories(tmp_path: Path) -> None:
    """The same shapes under two names and under twenty."""
    shelf = [cube((2.2 + 0.7 * (k % 5), 0.6 + 0.7 * (k // 5)), "chair", 0.3) for k in range(20)]
    many = [cube((2.2 + 0.7 * (k % 5), 0.6 + 0.7 * (k // 5)), f"t{k}", 0.3) for k in range(20)]
    maps = []
    for boxes in (shelf, many):
        memory = make_memory()
        walk(memory, [(0.6, 2.0, 0.0), (1.0, 2.0, 0.2)], BoxScene([*ROOM, *boxes]))
        maps.append(memory.map.take_dirty_tiles())
    assert maps[0] == maps[1]


def test_time_alone_does_not_make_the_memory_grow(tmp_path: Path) -> None:
    path = tmp_path / "home.db"
    memory = make_memory(path, save_every=1)
    walk(memory, around((3.0, 2.0), 1.6, 12))
    before = check_counts(memory)
    for _ in range(3):
        walk(memory, around((3.0, 2.0), 1.6, 12))
    assert check_counts(memory) == before
    memory.close()


def check_counts(memory: Memory) -> tuple[int, int, int]:
    views = sum(len(instance.views) for instance in memory.instances())
    return len(memory.instances()), views, len(memory.landmarks.frames)


def test_where_the_robot_stood_is_free(tmp_path: Path) -> None:
    memory = make_memory()
    walk(memory, [(1.0, 2.0, 0.0)])
    cell = memory.grid().cells(np.array([1.0, 2.0]))
    assert memory.grid().state[tuple(cell)] == CellState.FREE
    assert memory.uninspected().state[tuple(cell)] == CellState.FREE
