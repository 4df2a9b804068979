from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goat.errors import MapError
from goat.memory.nav2 import read_nav2, write_nav2
from goat.types import CellState, OccupancyGrid


def small_grid() -> OccupancyGrid:
    state = np.zeros((3, 4), np.uint8)
    state[0, 0] = CellState.OCCUPIED
    state[2, 3] = CellState.FREE
    return OccupancyGrid(state, (-1.5, 2.25), 0.05)


@settings(max_examples=25)
@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 2**32 - 1))
def test_writing_and_reading_gives_the_same_grid(
    tmp_path_factory: pytest.TempPathFactory, rows: int, cols: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    state = rng.integers(0, 3, (rows, cols), dtype=np.uint8)
    grid = OccupancyGrid(state, (rng.uniform(-9, 9), 1.0), 0.05)
    again = read_nav2(write_nav2(grid, tmp_path_factory.mktemp("map")))
    assert np.array_equal(again.state, state)
    assert again.origin == pytest.approx(grid.origin, abs=1e-6)
    assert again.resolution == grid.resolution


def test_the_top_row_of_the_image_is_the_largest_y(tmp_path: Path) -> None:
    write_nav2(small_grid(), tmp_path, "home")
    content = (tmp_path / "home.pgm").read_bytes()
    header, pixels = content[:11], np.frombuffer(content[11:], np.uint8).reshape(3, 4)
    assert header == b"P5\n4 3\n255\n"
    assert pixels[0, 3] == 254
    assert pixels[2, 0] == 0
    assert pixels[1, 1] == 205


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    write_nav2(small_grid(), tmp_path)
    with pytest.raises(MapError, match="exists already"):
        write_nav2(small_grid(), tmp_path)


def test_a_map_made_by_others_is_read(data_dir: Path) -> None:
    folder = data_dir / "worlds/small_house/maps/turtlebot3_waffle_pi"
    grid = read_nav2(folder / "map.yaml")
    assert grid.resolution == pytest.approx(0.05)
    free = (grid.state == CellState.FREE).sum() * grid.resolution**2
    assert 50 < free < 300
    assert (grid.state == CellState.OCCUPIED).any()


@pytest.mark.parametrize(
    ("mode", "pixel", "state"),
    [
        ("scale", 254, CellState.FREE),
        ("scale", 120, CellState.UNKNOWN),
        ("raw", 0, CellState.FREE),
        ("raw", 100, CellState.OCCUPIED),
        ("raw", 255, CellState.UNKNOWN),
    ],
)
def test_modes(tmp_path: Path, mode: str, pixel: int, state: CellState) -> None:
    path = write_nav2(small_grid(), tmp_path)
    path.write_text(path.read_text().replace("trinary", mode))
    (tmp_path / "map.pgm").write_bytes(b"P5\n1 1\n255\n" + bytes([pixel]))
    assert read_nav2(path).state[0, 0] == state


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("negate: 0\n", "", "lacks negate"),
        ("mode", "moed", "Did you mean 'mode'"),
        ("0.0]", "0.5]", "turned"),
        ("resolution: 0.05", "resolution: -1", "positive"),
        ("resolution: 0.05", "resolution: [1]", "wrong kind"),
        ("trinary", "binary", "allowed: trinary"),
        ("map.pgm", "gone.pgm", "missing"),
        ("image:", "image: {", "cannot read"),
    ],
)
def test_damaged_headers_are_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = write_nav2(small_grid(), tmp_path)
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(MapError, match=message):
        read_nav2(path)


def test_damaged_files_are_named(tmp_path: Path) -> None:
    path = write_nav2(small_grid(), tmp_path)
    (tmp_path / "map.pgm").write_bytes(b"not an image")
    with pytest.raises(MapError, match="no image"):
        read_nav2(path)
    path.write_text("- 1\n")
    with pytest.raises(MapError, match="no map_server YAML"):
        read_nav2(path)
    with pytest.raises(MapError, match="cannot read"):
        read_nav2(tmp_path / "nothing.yaml")
