"""`meta-controller` from its flags to its files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from made_sources import network, sources

from meta_controller.baselines.cloning import CloningConfig
from meta_controller.cli import main
from meta_controller.commands.options import Train
from meta_controller.commands.train import changes
from meta_controller.demos.cards import CardConfig
from meta_controller.demos.make import Recipe, load_set, make_set
from meta_controller.model.config import sized
from meta_controller.names import TASKS
from meta_controller.training.pretrained import from_pretrained

NAME = "point_mass-easy"
CARD = CardConfig((2,), 2, (0,), cloning=CloningConfig(width=16, steps=20))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a set and a network."""
    folder = tmp_path_factory.mktemp("home")
    make_set(TASKS.load(NAME)(), folder / "demos", Recipe(experts=4), CARD)
    network(sources()).save(folder / "net")
    return folder


def run(home: Path, *words: str) -> int:
    return main([*words, "--data", str(home / "demos")])


def test_what_is_not_said_is_as_the_size_says(tmp_path: Path) -> None:
    plain = sized("nano", **changes(Train(tmp_path)))
    assert plain == sized("nano")
    assert plain.tree_distance
    assert plain.morphology
    other = Train(tmp_path, tree_distance=False, morphology=False, top_k=3, passing=True)
    assert sized("nano", **changes(other)) == sized(
        "nano", tree_distance=False, morphology=False, top_k=3, passing=True
    )


def test_methods_are_compared_in_a_table_and_not_done_twice(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = (
        "evaluate", "--task", NAME, "--demos", "1", "2", "--starts", "2", "--steps", "1",
        "--model", str(home / "net"), "--methods", "meta-controller", "nearest",
        "--out", str(home / "out"), "--threads", "1",
    )  # fmt: skip
    assert run(home, *words) == 0
    shown = capsys.readouterr().out
    assert "nearest-segment replay" in shown
    assert "2 demonstrations" in shown
    document = json.loads((home / "out" / "table_last.json").read_text())
    assert {(row["method"], row["demonstrations"]) for row in document} == {
        (method, count) for method in ("meta-controller", "nearest") for count in (1, 2)
    }
    for picture in ("scores_1.png", "scores_2.png", "demonstrations.png"):
        assert (home / "out" / picture).read_bytes().startswith(b"\x89PNG")
    lines = (home / "out" / "scores_last.jsonl").read_text()
    assert run(home, *words) == 0
    assert (home / "out" / "scores_last.jsonl").read_text() == lines


def test_what_cannot_be_evaluated_is_told_and_the_rest_is_done(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = (
        "evaluate", "--task", NAME, "--demos", "2", "9", "--starts", "2", "--methods", "nearest",
        "--out", str(home / "part"),
    )  # fmt: skip
    assert run(home, *words) == 2
    shown = " ".join(capsys.readouterr().out.split())
    assert "9 demonstrations of point_mass-easy were asked for, there are 4" in shown
    assert len((home / "part" / "scores_last.jsonl").read_text().splitlines()) == 1


def test_a_network_is_trained_adapted_and_filmed(home: Path) -> None:
    out = home / "run"
    words = ("train", "--tasks", NAME, "--steps", "2", "--batch", "2", "--threads", "1")
    assert run(home, *words, "--out", str(out)) == 0
    assert from_pretrained(out).tasks == ["*", NAME]
    file = home / "a.safetensors"
    base = ("--task", NAME, "--model", str(out), "--demos", "2", "--threads", "1")
    assert run(home, "adapt", *base, "--steps", "2", "--out", str(file)) == 0
    assert file.stat().st_size < 1_000_000
    played = home / "played"
    words = ("play", *base, "--adapter", str(file), "--episodes", "1", "--out", str(played))
    assert run(home, *words) == 0
    assert (played / "rollout.mp4").stat().st_size > 10_000
    assert (played / "attention.png").read_bytes().startswith(b"\x89PNG")


def test_a_set_goes_out_and_comes_back(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = home / "lerobot"
    assert run(home, "demos", "export", NAME, "--to", "lerobot", "--out", str(out)) == 0
    other = home / "other"
    words = ["demos", "import", NAME, "--from", str(out), "--data", str(other)]
    assert main(words) == 0
    ours, again = load_set(home / "demos", NAME), load_set(other, NAME)
    assert (ours.actions == again.actions).all()
    assert main(["demos", "cards", "--data", str(other)]) == 0
    assert NAME in capsys.readouterr().out


def test_an_expert_is_searched_for(tmp_path: Path) -> None:
    words = ["demos", "search", "pendulum-spin", "--minutes", "0.01", "--out", str(tmp_path)]
    assert main(words) == 0
    assert (tmp_path / "pendulum-spin.safetensors").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["evaluate", "--task", "walker-fly"], "unknown task or set 'walker-fly'"),
        (["evaluate", "--task", NAME, "--methods", "magic"], "unknown method 'magic'"),
        (["demos", "cards", "--data", "/nowhere"], "demos make"),
        (["train", "--method", "cloning", "--out", "x"], "needs no training"),
        (["adapt", "--task", NAME, "--model", "none", "--out", "x"], "there is no network 'none'"),
    ],
)
def test_what_a_person_can_mend_is_told_in_a_line(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    error = capsys.readouterr().err
    assert said in " ".join(error.split())
    assert "Traceback" not in error


def test_names_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    shown = capsys.readouterr().out
    for name in ("reacher_four", "meta-controller", "nano", "°"):
        assert name in shown
