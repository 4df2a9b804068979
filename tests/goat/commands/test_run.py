"""Whole runs in a hand-made world of two rooms."""

from __future__ import annotations

import json
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image
from sim_worlds import two_room_world

from goat.cli import main
from goat.commands import scene
from goat.commands.run import ProgressRecorder

RUN = ("run", "--world", "two_rooms", "--max-steps", "120")


@pytest.fixture(autouse=True)
def _small_world(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scene, "load_world", lambda spec: two_room_world())


def goat(*words: object) -> int:
    return main([str(word) for word in words])


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of three goals with everything that can be recorded."""
    folder = tmp_path_factory.mktemp("run")
    goals = folder / "goals.yaml"
    goals.write_text("- text: the blue chair\n  target: chair_blue\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scene, "load_world", lambda spec: two_room_world())
        code = goat(
            *RUN, "--goal", "category:bed", "--goal", "category:table", "--goals", goals,
            "--out", folder / "out", "--memory", folder / "home.db",
        )  # fmt: skip
    assert code == 0
    return folder


def test_results_hold_every_goal(finished: Path) -> None:
    results = json.loads((finished / "out/results.json").read_text())
    assert [goal["modality"] for goal in results["goals"]] == ["category", "category", "language"]
    assert [goal["success"] for goal in results["goals"]] == [True, True, True]
    assert results["goals"][2]["reached"] == "chair_blue"
    assert results["summary"]["success_rate"] == 1.0
    assert results["config"]["run"]["max_steps"] == 120
    assert results["config"]["agent"]["match_every"] > 0
    assert results["seed"] == 0


def test_the_video_plays(finished: Path) -> None:
    results = json.loads((finished / "out/results.json").read_text())
    with av.open(str(finished / "out/video.mp4")) as video:
        stream = video.streams.video[0]
        assert (stream.codec_context.name, stream.width, stream.height) == ("h264", 1280, 720)
        assert stream.frames >= results["summary"]["steps"]


def test_map_and_report_are_there(finished: Path) -> None:
    assert Image.open(finished / "out/map.png").size == (1200, 900)
    report = (finished / "out/report.html").read_text()
    assert report.count('class="badge good"') == 2 * 3
    assert "the blue chair" in report
    assert 'src="video.mp4"' in report


def test_a_later_run_remembers_and_keeps_the_earlier_results(
    finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = json.loads((finished / "out/results.json").read_text())
    assert goat(
        *RUN, "--goal", "category:bed", "--out", finished / "out", "--no-video",
        "--memory", finished / "home.db",
    ) == 0  # fmt: skip
    assert json.loads((finished / "out/results.json").read_text()) == before
    again = json.loads((finished / "out-2/results.json").read_text())["goals"][0]
    assert again["success"]
    assert again["path_length_m"] <= before["goals"][0]["path_length_m"] + 0.5
    assert not (finished / "out-2/video.mp4").exists()
    assert "out-2" in capsys.readouterr().out


def test_the_memory_becomes_a_map_and_back(finished: Path, tmp_path: Path) -> None:
    memory = finished / "home.db"
    assert goat("map", "export", "--memory", memory, "--out", tmp_path / "map", "--mesh") == 0
    assert goat("map", "export", "--memory", memory, "--out", tmp_path / "map") == 2
    labels = json.loads((tmp_path / "map/instances/instances.json").read_text())["instances"]
    assert {"bed", "chair", "table"} <= {entry["label"] for entry in labels}
    new = tmp_path / "new.db"
    assert goat("map", "import", tmp_path / "map/map.yaml", "--memory", new) == 0
    assert goat("map", "import", tmp_path / "map/map.yaml", "--memory", new) == 2
    assert goat("map", "export", "--memory", new, "--out", tmp_path / "again") == 0
    first, second = (Image.open(tmp_path / d / "map.pgm") for d in ("map", "again"))
    assert first.size == second.size
    assert (np.array(first) == np.array(second)).mean() > 0.999


def test_doctor_checks_the_memory(
    finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert goat("doctor", "--memory", finished / "home.db") == 0
    assert "instances" in capsys.readouterr().out
    damaged = tmp_path / "damaged.db"
    damaged.write_bytes(b"not a database" * 99)
    assert goat("doctor", "--memory", damaged) == 2
    assert goat("doctor", "--memory", tmp_path / "none.db") == 2
    assert damaged.read_bytes() == b"not a database" * 99


def test_an_interrupted_run_keeps_what_is_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(self: object, index: int, total: int, task: object) -> None:
        if index == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(ProgressRecorder, "goal_started", interrupt)
    goals = ("--goal", "category:table", "--goal", "category:bed")
    assert goat(*RUN, *goals, "--out", tmp_path / "out") == 130
    assert len(json.loads((tmp_path / "out/results.json").read_text())["goals"]) == 1
    assert "table" in (tmp_path / "out/report.html").read_text()
    with av.open(str(tmp_path / "out/video.mp4")) as video:
        assert video.streams.video[0].frames > 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "no goal is given"),
        (("--goal", "category:bedd"), "Did you mean 'bed'"),
        (("--goal", "category:zeppelin"), "The detector knows: bed, chair, table"),
        (("--goal", "text:"), "is empty"),
        (("--goal", "image:none.jpg"), "no photo"),
        (("--goals", "none.yaml"), "cannot read the goals file"),
        (("--goal", "category:bed", "--start=1,2,x"), "--start x,y,yaw"),
        (("--goal", "category:bed", "--start=1,nan,0"), "--start x,y,yaw"),
        (("--goal", "category:bed", "--start=-50,2,0"), "does not fit"),
        (("--goal", "category:bed", "--start", "4,0.5,0"), "does not fit"),
        (("--goal", "category:bed", "--max-steps", "0"), "--max-steps must be 1"),
        (("--goal", "category:bed", "--detector", "simulater"), "Did you mean 'simulator'"),
        (("--goal", "category:bed", "--matcher", "shift"), "Did you mean 'sift'"),
        (("--goal", "category:bed", "--encoder", "clap"), "Did you mean 'clip'"),
        (("--goal", "category:bed", "--viewer", "tv"), "unknown viewer"),
        (("--goal", "category:bed", "--memory", "no/such/folder.db"), "does not exist"),
        (("--goal", "category:bed", "--detector", "owlv2:/none"), "/none"),
        (("--sample-goals", "2", "--repeat", "3"), "repeat"),
    ],
)
def test_bad_input_is_one_message_and_exit_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], message: str
) -> None:
    assert goat(*RUN, "--out", tmp_path / "out", *words) == 2
    printed = " ".join(capsys.readouterr().err.split())
    assert message in printed
    assert "Traceback" not in printed
    assert not (tmp_path / "out").exists()


def test_a_damaged_memory_is_left_as_it_is(tmp_path: Path) -> None:
    memory = tmp_path / "home.db"
    memory.write_bytes(b"precious" * 1000)
    assert goat(*RUN, "--goal", "category:bed", "--memory", memory, "--out", tmp_path / "o") == 2
    assert memory.read_bytes() == b"precious" * 1000


def test_an_unknown_world_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.undo()
    assert main(["run", "--world", "nowhere.world", "--goal", "category:bed"]) == 2
    assert "nowhere.world" in capsys.readouterr().err


def test_sampled_goals_are_the_same_for_the_same_seed(tmp_path: Path) -> None:
    for name in ("a", "b"):
        words = ("--sample-goals", "2", "--seed", "5", "--no-video", "--out", tmp_path / name)
        assert goat(*RUN, *words) == 0
    a, b = (json.loads((tmp_path / n / "results.json").read_text())["goals"] for n in "ab")
    keys = ("goal", "status", "steps", "path_length_m", "targets")
    assert [[g[k] for k in keys] for g in a] == [[g[k] for k in keys] for g in b]
