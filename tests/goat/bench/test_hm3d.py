from __future__ import annotations

from pathlib import Path

import pytest
from habitat_files import glb, make_scan, write_config

from goat.bench.hm3d import CONFIG, MESH, PARTS, damage_of, find_hm3d, read_hm3d


def test_scans_are_counted_by_split_and_part(tmp_path: Path) -> None:
    write_config(tmp_path)
    make_scan(tmp_path / "val/00800-aaa")
    make_scan(tmp_path / "val/00801-bbb", parts=("basis.glb", "basis.navmesh"))
    make_scan(tmp_path / "train/00001-ccc", parts=("basis.glb", "semantic.txt"))
    (tmp_path / "notes/later").mkdir(parents=True)
    (tmp_path / "val/readme").mkdir()
    found = read_hm3d(tmp_path)
    assert found.config is None
    assert [(split.name, len(split.scans)) for split in found.splits] == [("train", 1), ("val", 2)]
    train, val = found.splits
    assert [val.count(part) for part in PARTS] == [2, 2, 1, 1]
    assert [train.count(part) for part in PARTS] == [1, 0, 0, 1]
    assert (train.annotated, val.annotated) == (0, 1)
    assert [scan.name for scan in found.scans] == ["ccc", "aaa", "bbb"]
    assert not any(scan.damages for scan in found.scans)


@pytest.mark.parametrize("place", ["scene_datasets/hm3d", "hm3d_v0.2", "."])
def test_the_data_set_is_found_wherever_habitat_has_it(tmp_path: Path, place: str) -> None:
    assert find_hm3d(tmp_path) == []
    make_scan(tmp_path / place / "val/00800-aaa")
    assert find_hm3d(tmp_path) == [tmp_path / place]


def test_a_link_to_a_copy_is_no_second_copy(tmp_path: Path) -> None:
    make_scan(tmp_path / "versioned/hm3d/val/00800-aaa")
    (tmp_path / "scene_datasets").mkdir()
    for name in ("hm3d", "hm3d_v0.2"):
        (tmp_path / "scene_datasets" / name).symlink_to(tmp_path / "versioned/hm3d")
    assert find_hm3d(tmp_path) == [tmp_path / "scene_datasets/hm3d"]
    make_scan(tmp_path / "scene_datasets/hm3d_old/val/00800-aaa")
    assert [path.name for path in find_hm3d(tmp_path)] == ["hm3d", "hm3d_old"]


POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:12\nsize 5\n"


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.basis.glb", b"", "empty"),
        ("a.basis.navmesh", b"", "empty"),
        ("a.basis.glb", POINTER, "git-lfs pointer"),
        ("a.semantic.txt", POINTER, "git-lfs pointer"),
        ("a.basis.glb", glb(100)[:60], "cut off: 60 of 100 bytes"),
        ("a.semantic.glb", b"PNG and more than that", "not a binary glTF"),
        ("a.semantic.glb", b"glTF", "not a binary glTF"),
        ("a.semantic.txt", b'1,FF00FF,"chair",0\n', "HM3D Semantic Annotations"),
        ("a.semantic.txt", b"\xff\xfe\x00", "HM3D Semantic Annotations"),
    ],
)
def test_damaged_files_are_told(tmp_path: Path, name: str, data: bytes, message: str) -> None:
    folder = make_scan(tmp_path / "val/00800-a")
    (folder / name).write_bytes(data)
    assert message in (damage_of(folder / name) or "")
    (scan,) = read_hm3d(tmp_path).scans
    assert scan.damages == (f"{folder / name}: {damage_of(folder / name)}",)
    assert name.removeprefix("a.") not in scan.whole
    assert len(scan.whole) == len(PARTS) - 1


def test_a_link_that_leads_nowhere_is_damage(tmp_path: Path) -> None:
    folder = make_scan(tmp_path / "val/00800-a", parts=())
    (folder / f"a.{MESH}").symlink_to(tmp_path / "gone.glb")
    (scan,) = read_hm3d(tmp_path).scans
    assert "No such file" in scan.damages[0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not JSON"),
        ("\xff", "not JSON"),
        ("[]", "names no semantic_asset and no semantic_descriptor_filename"),
        ('{"stages": {"default_attributes": {"semantic_asset": "x"}}}', "semantic_descriptor"),
        ('{"semantic_asset": "", "semantic_descriptor_filename": 3}', "names no semantic_asset"),
    ],
)
def test_a_configuration_without_semantics_is_told(tmp_path: Path, text: str, message: str) -> None:
    assert read_hm3d(tmp_path).config == "not there"
    (tmp_path / CONFIG).write_text(text, encoding="latin-1")
    assert message in (read_hm3d(tmp_path).config or "")
