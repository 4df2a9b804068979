"""Labels files are read strictly; names become categories by rules."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from goat.errors import ConfigError
from sim.worlds import labels as labels_module
from sim.worlds.label_files import parse_labels, read_labels
from sim.worlds.labels import find_labels
from sim.worlds.naming import category_of, words_of

SHIPPED = sorted((Path(labels_module.__file__).parent / "labels").glob("*.yaml"))


@pytest.mark.parametrize(
    ("name", "category"),
    [
        ("aws_robomaker_residential_ChairA_01", "chair"),
        ("aws_robomaker_residential_TVCabinet_01", "tv cabinet"),
        ("aws_robomaker_residential_TV_02", "tv"),
        ("aws_robomaker_residential_Trash_01", "trash can"),
        ("aws_robomaker_warehouse_TrashCanC_01", "trash can"),
        ("aws_robomaker_residential_AirconditionerB_01", "air conditioner"),
        ("aws_robomaker_residential_KitchenTable_01", "dining table"),
        ("aws_robomaker_residential_DeskPortraitA_02", "picture"),
        ("aws_robomaker_residential_HouseWallB_01", None),
        ("aws_robomaker_warehouse_GroundB_01", None),
        ("ArmChair.001", "armchair"),
        ("cardboard_box_3", "cardboard box"),
        ("Fridge", "refrigerator"),
        ("Windows_2", "window"),
        ("ShelfF", "shelf"),
        ("Zamboni", "zamboni"),
        ("7", None),
    ],
)
def test_categories_from_names(name: str, category: str | None) -> None:
    assert category_of(name) == category


def test_words_drop_vendors_numbers_and_letters() -> None:
    assert words_of("aws_robomaker_residential_FitnessEquipment_01") == ["fitness", "equipment"]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ({"modles": {}}, "did you mean 'models'"),
        ({"models": {"a": {"catgory": "x"}}}, "did you mean 'category'"),
        ({"models": {"a": {"attributes": {"color": "grey"}}}}, "did you mean 'gray'"),
        ({"models": {"a": {"attributes": {"material": "woods"}}}}, "did you mean 'wood'"),
        ({"models": {"a": {"attributes": {"style": ""}}}}, "style"),
        ({"models": {"a": {"attributes": ["red"]}}}, "attributes"),
        ({"models": {"a": {"collides": "visual"}}}, "did you mean 'visuals'"),
        ({"models": {"a": {"hidden": "yes"}}}, "true or false"),
        ({"models": {"a": {"category": 3}}}, "words"),
        ({"models": {"a": {"emission": "bright"}}}, "number"),
        ({"models": ["a"]}, "must map"),
        ({"rooms": [{"name": "hall", "polygon": [[0, 0], [1, 1]]}]}, "3 corners"),
        ({"rooms": [{"name": "hall", "polygon": [[0, 0], [1, 1], [1, "x"]]}]}, "finite"),
        ({"rooms": [{"nme": "hall"}]}, "did you mean 'name'"),
        ({"rooms": {}}, "list"),
        ({"start": [0, 0]}, "3 finite numbers"),
        ({"start": [0, 0, float("nan")]}, "finite"),
        ({"floor": "low"}, "1 finite number"),
        ({"lights": [{"positon": [0, 0, 0]}]}, "did you mean 'position'"),
        ([], "mapping"),
    ],
)
def test_mistakes_are_named(data: Any, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_labels(data, "home.yaml")
    assert told.lower() in str(caught.value).lower()
    assert "home.yaml" in str(caught.value)


@pytest.mark.parametrize("content", [b"a: [", b"\xff\xfe\x00", b"a: !!python/object:os.system {}"])
def test_files_that_are_not_yaml(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"x\.yaml"):
        read_labels(path)


def test_short_forms() -> None:
    found = parse_labels({"models": {"a": "chair", "b": None, "c": {}}}, "x")
    assert found.of("i", "a").category == "chair"
    assert found.of("i", "b").structure
    assert not found.of("i", "c").structure


def test_instances_are_stronger_than_models_and_exact_names_than_globs() -> None:
    found = parse_labels(
        {
            "models": {
                "Chair*": {"category": "seat", "attributes": {"color": "red", "style": "old"}},
                "ChairB": "stool",
            },
            "objects": {"it": {"attributes": {"color": "blue"}}, "wall": None},
        },
        "x",
    )
    assert found.of("other", "ChairB").category == "stool"
    label = found.of("it", "ChairA")
    assert label.category == "seat"
    assert label.attributes == {"color": "blue", "style": "old"}
    assert found.of("wall", "ChairA").structure


@pytest.mark.parametrize("path", SHIPPED, ids=lambda p: p.stem)
def test_shipped_labels_are_valid(path: Path) -> None:
    found = read_labels(path)
    assert found.models
    assert found.rooms
    assert found.start is not None


def test_shipped_labels_are_for_their_world_only(tmp_path: Path) -> None:
    models = {"aws_robomaker_residential_ChairA_01", "aws_robomaker_residential_Bed_01"}
    assert find_labels(tmp_path / "small_house.world", None, models).rooms
    assert find_labels(tmp_path / "my_small_house_2.world", None, models).rooms
    assert not find_labels(tmp_path / "small_house.world", None, {"a", "b"}).models
    assert not find_labels(tmp_path / "other.world", None, models).models


def test_labels_beside_the_world_win(tmp_path: Path) -> None:
    (tmp_path / "small_house.labels.yaml").write_text("models: {Thing: cup}")
    found = find_labels(tmp_path / "small_house.world", None, set())
    assert found.of("x", "Thing").category == "cup"
