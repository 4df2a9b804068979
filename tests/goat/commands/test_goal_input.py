from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from fakes import make_truth
from PIL import Image

from goat.commands import goals
from goat.commands.goals import parse_goal, read_goals, read_photo
from goat.errors import ConfigError, GoalError
from goat.types import CategoryGoal, ImageGoal, LanguageGoal


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.jpg"
    rgb = np.random.default_rng(0).integers(0, 255, (60, 80, 3), dtype=np.uint8)
    Image.fromarray(rgb).save(path, quality=95)
    return path


def test_the_three_kinds(photo: Path) -> None:
    assert parse_goal("category:Dining  Table") == CategoryGoal("dining table")
    assert parse_goal("text: the chair: the blue one ") == LanguageGoal("the chair: the blue one")
    goal = parse_goal(f"image:{photo}")
    assert isinstance(goal, ImageGoal)
    assert goal.rgb.shape == (60, 80, 3)
    assert goal.name == "photo.jpg"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sofa", "needs its kind"),
        ("categry:sofa", "Did you mean 'category'"),
        ("text:   ", "is empty"),
        ("category:", "is empty"),
        ("text: 12 ??", "has no words"),
        ("text:" + "a chair " * 100, "at most 500"),
        ("image:", "is empty"),
        ("image:nowhere.jpg", "no photo at"),
        ("image:/", "no photo at"),
    ],
)
def test_bad_goals_are_named(text: str, message: str) -> None:
    with pytest.raises(GoalError, match=message):
        parse_goal(text)


def test_photos_of_all_modes_become_rgb(tmp_path: Path) -> None:
    for mode in ("L", "RGBA", "P", "CMYK", "I;16", "1"):
        path = tmp_path / f"{mode.replace(';', '')}.{'jpg' if mode == 'CMYK' else 'png'}"
        Image.new(mode, (40, 30)).save(path)
        assert read_photo(path).shape == (30, 40, 3)


def test_photos_are_turned_upright_and_scaled_down(tmp_path: Path) -> None:
    path = tmp_path / "turned.jpg"
    image = Image.new("RGB", (3000, 1500))
    exif = image.getexif()
    exif[0x0112] = 6
    image.save(path, exif=exif)
    assert read_photo(path).shape == (1280, 640, 3)


def test_files_that_are_no_photos_are_named(tmp_path: Path, photo: Path) -> None:
    text = tmp_path / "text.jpg"
    text.write_text("hello")
    truncated = tmp_path / "cut.jpg"
    truncated.write_bytes(photo.read_bytes()[:-300])
    empty = tmp_path / "empty.png"
    empty.touch()
    for path in (text, truncated, empty):
        with pytest.raises(GoalError, match="cannot be read as an image"):
            read_photo(path)
    tiny = tmp_path / "tiny.png"
    Image.new("RGB", (4, 4)).save(tiny)
    with pytest.raises(GoalError, match="too small"):
        read_photo(tiny)


def test_bombs_are_refused_before_they_are_decoded(tmp_path: Path) -> None:
    for side in (9000, 14000):  # above our limit, above Pillow's
        path = tmp_path / f"{side}.png"
        Image.new("1", (side, side)).save(path)
        with pytest.raises(GoalError, match="too large"):
            read_photo(path)


def test_huge_files_are_not_opened(photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(goals, "MAX_BYTES", 100)
    with pytest.raises(GoalError, match="MiB"):
        read_photo(photo)


OBJECTS = (make_truth(1, "sofa", (0, 0)), make_truth(2, "chair", (2, 0)))


def test_a_goals_file(tmp_path: Path, photo: Path) -> None:
    path = tmp_path / "goals.yaml"
    path.write_text(
        "- category: sofa\n"
        "- text: the blue chair\n  target: chair_02\n"
        "- image: photo.jpg\n  target: [sofa_01, chair_02]\n"
    )
    tasks = read_goals(path, OBJECTS)
    assert [task.targets for task in tasks] == [(), (2,), (1, 2)]
    assert tasks[0].goal == CategoryGoal("sofa")


@pytest.mark.parametrize(
    ("content", "error", "message"),
    [
        ("", ConfigError, "holds no goals"),
        ("- sofa", ConfigError, "goal 1: wanted"),
        ("- category: sofa\n  taget: x", ConfigError, "Did you mean 'target'"),
        ("- category: sofa\n  text: a sofa", ConfigError, "exactly one"),
        ("- target: sofa_01", ConfigError, "exactly one"),
        ("- category: 3", GoalError, "must be text"),
        ("- text: ''", GoalError, "is empty"),
        ("- category: sofa\n  target: sofa_1", ConfigError, "Did you mean 'sofa_01'"),
        ("- category: [", ConfigError, "cannot read"),
        ("!!python/object/apply:os.system [ls]", ConfigError, "cannot read"),
    ],
)
def test_bad_goals_files_are_named(
    tmp_path: Path, content: str, error: type[Exception], message: str
) -> None:
    path = tmp_path / "goals.yaml"
    path.write_text(content)
    with pytest.raises(error, match=message):
        read_goals(path, OBJECTS)


def test_a_missing_goals_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot read the goals file"):
        read_goals(tmp_path / "none.yaml")
