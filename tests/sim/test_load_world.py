import pytest

from goat.errors import ConfigError, WorldError
from sim.worlds import load_world


@pytest.mark.parametrize("seed", ["", "x", "-1", "1.5", "²"])
def test_a_seed_must_be_a_number(seed):
    with pytest.raises(WorldError, match="generated:7"):
        load_world(f"generated:{seed}")


def test_missing_files_say_where_was_searched(monkeypatch, tmp_path):
    monkeypatch.setenv("GOAT_DATA", str(tmp_path))
    with pytest.raises(WorldError, match="there is no such file"):
        load_world("nowhere.world")
    monkeypatch.delenv("GOAT_DATA")
    with pytest.raises(WorldError, match="GOAT_DATA is not set"):
        load_world("nowhere.world")


def test_unknown_kinds_list_what_is_allowed(tmp_path):
    path = tmp_path / "house.blend"
    path.write_text("x")
    with pytest.raises(WorldError, match="generated:SEED"):
        load_world(str(path))


def test_bare_names_are_found_below_the_data_folder(data_dir, monkeypatch):
    monkeypatch.setenv("GOAT_DATA", str(data_dir))
    if not (data_dir / "worlds" / "small_house").is_dir():
        pytest.skip("small_house is not in the data folder")
    assert len(load_world("small_house.world").objects) > 50


def test_a_generated_home_takes_settings() -> None:
    small = load_world("generated:5,rooms=4,lighting=night lamp")
    assert len(small.rooms) == 4
    assert small.headlight != load_world("generated:5,rooms=4").headlight


@pytest.mark.parametrize("setting", ["rooms=many", "colour=red", "rooms"])
def test_unknown_settings_of_a_generated_home(setting: str) -> None:
    with pytest.raises(WorldError, match=r"generated:7,rooms=5"):
        load_world(f"generated:5,{setting}")


def test_settings_out_of_range() -> None:
    with pytest.raises(ConfigError, match="4 to 9 rooms"):
        load_world("generated:5,rooms=12")
