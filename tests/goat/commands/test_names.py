from __future__ import annotations

from pathlib import Path

import pytest
from sim_worlds import two_room_world

from goat.bench.agents import AGENTS
from goat.cli import main
from goat.commands import doctor, parts
from goat.commands.folders import fresh_folder
from goat.commands.options import Demo
from goat.commands.parts import merged_vocabulary
from goat.commands.scene import parse_start
from goat.errors import ConfigError, UnknownNameError
from goat.memory.vocabulary import household
from goat.types import CategoryGoal, LanguageGoal, PlaceGoal, Task


def test_every_registered_name_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    printed = capsys.readouterr().out
    for registry in (parts.DETECTORS, parts.ENCODERS, parts.MATCHERS, AGENTS):
        assert all(name in printed for name in registry.names())
    assert "stretch" in printed
    assert "generated:SEED" in printed


def test_a_world_is_listed_by_category(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sim.worlds.load_world", lambda spec: two_room_world())
    assert main(["list", "--world", "two_rooms"]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["chair", "2", "chair_red,", "chair_blue"] in rows


def test_world_files_are_listed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "worlds/a").mkdir(parents=True)
    (tmp_path / "worlds/a/flat.world").touch()
    monkeypatch.setenv("GOAT_DATA", str(tmp_path))
    main(["list"])
    assert "flat.world" in capsys.readouterr().out


def test_models_follow_names() -> None:
    assert parts.split_spec("owlv2:/models/a:b") == ("owlv2", "/models/a:b")
    assert parts.split_spec("clip") == ("clip", "openai/clip-vit-base-patch32")
    assert parts.split_spec("sift") == ("sift", "")
    assert parts.make_encoders("none") is None


def test_synonyms_and_kinds_are_known_categories() -> None:
    vocabulary = ("sofa", "office chair", "fridge")
    for word in ("couch", "chairs", "refrigerator", "Office Chair"):
        parts.check_categories([Task(CategoryGoal(word), ())], vocabulary)
    parts.check_categories([Task(LanguageGoal("a zeppelin"), ())], vocabulary)
    with pytest.raises(UnknownNameError, match=r"Did you mean 'sofa'\? .* office chair"):
        parts.check_categories([Task(CategoryGoal("soffa"), ())], vocabulary)


def test_long_vocabularies_are_cut() -> None:
    with pytest.raises(UnknownNameError, match="and 40 more"):
        parts.check_categories(
            [Task(CategoryGoal("zeppelin"), ())], [f"thing {i:03d}" for i in range(100)]
        )


def test_what_is_asked_for_joins_the_vocabulary() -> None:
    tasks = [Task(CategoryGoal("zeppelin"), ()), Task(LanguageGoal("a kite"), ())]
    assert merged_vocabulary(tasks, (" Sofa", "bed", "sofa")) == ("sofa", "bed", "zeppelin")
    with pytest.raises(ConfigError, match="nothing to look for"):
        merged_vocabulary(tasks[1:], (" ",))


def test_folders_are_numbered_and_never_reused(tmp_path: Path) -> None:
    first = fresh_folder(tmp_path / "a/run")
    assert fresh_folder(tmp_path / "a/run") == first  # still empty
    (first / "results.json").touch()
    assert fresh_folder(tmp_path / "a/run").name == "run-2"
    (tmp_path / "file").touch()
    assert fresh_folder(tmp_path / "file").name == "file-2"
    with pytest.raises(ConfigError, match="cannot make the folder"):
        fresh_folder(tmp_path / "file" / "below")


@pytest.mark.parametrize("text", ["", "1", "1,2,3,4", "a,b", "1,inf"])
def test_starts_are_numbers(text: str) -> None:
    with pytest.raises(ConfigError, match="--start x,y,yaw"):
        parse_start(text)


def test_a_start_may_leave_yaw_out() -> None:
    assert parse_start("1,-2") == (1.0, -2.0, 0.0)
    assert parse_start(None) is None


def test_the_demo_is_five_goals_in_a_generated_home(monkeypatch: pytest.MonkeyPatch) -> None:
    from rich.console import Console

    from goat.commands import demo

    asked = []
    monkeypatch.setattr(demo, "run", lambda options, console: asked.append(options) or 0)
    assert demo.demo(Demo(), Console()) == 0
    assert asked[0].world.startswith("generated:")
    assert asked[0].sample_goals == 5
    assert asked[0].out == Path("runs/demo")


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("raise SystemExit('no GL')", "no GL"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "signal 11"),
        ("import time; time.sleep(60)", "no picture within"),
        ("raise SystemExit(3)", "exit code 3"),
    ],
)
def test_a_backend_that_fails_is_reported(
    monkeypatch: pytest.MonkeyPatch, code: str, message: str
) -> None:
    monkeypatch.setattr(doctor, "_PROBE", code)
    monkeypatch.setattr(doctor, "_TIMEOUT", 2.0)
    probe = doctor.probe("egl")
    assert not probe.works
    assert message in probe.message


def test_nothing_that_renders_is_exit_code_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(doctor, "_PROBE", "raise SystemExit(3)")
    monkeypatch.setattr(doctor, "_EXTRAS", {"mesh": ("no_such_package",)})
    assert main(["doctor"]) == 2
    printed = " ".join(capsys.readouterr().out.split())
    assert "Nothing renders" in printed
    assert "pip install 'goat-stack[mesh]'" in printed


def test_what_goals_name_is_looked_for() -> None:
    tasks = [
        Task(CategoryGoal("Teapot"), ()),
        Task(LanguageGoal("the blue chair next to the couch by the window"), ()),
        Task(PlaceGoal((1.0, 2.0)), ()),
    ]
    assert merged_vocabulary(tasks, ("rug",)) == ("rug", "teapot", "chair", "sofa", "window")
    assert merged_vocabulary(tasks[1:2], ()) == ("chair", "sofa", "window")
    with pytest.raises(ConfigError, match="--vocabulary"):
        merged_vocabulary(tasks[2:], ())


def test_a_household_has_each_thing_once_under_its_usual_name() -> None:
    words = household()
    assert {"chair", "sofa", "refrigerator", "potted plant"} <= set(words)
    assert "couch" not in words
    assert len(words) == len(set(words))
