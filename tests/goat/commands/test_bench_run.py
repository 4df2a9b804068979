from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from bench_files import write_file
from bench_workers import RESULT, FakeWorker, log_of
from rich.console import Console

from goat import cli
from goat.bench.folder import read_results
from goat.bench.jobs import JobQueue, Outcome, attempt
from goat.commands import bench_run
from goat.commands.options import BenchRun
from goat.errors import (
    ConfigError,
    EpisodeError,
    GoatError,
    MissingExtraError,
    ResultsError,
    UnknownNameError,
)
from goat.types import Status


@pytest.fixture
def options(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BenchRun:
    """A run of two files whose jobs are done by fakes in this process."""
    episodes = tmp_path / "episodes"
    for scene in ("a", "b"):
        write_file(episodes / f"{scene}.json.gz", scene)
    monkeypatch.setattr(bench_run, "_executor", lambda _: partial(here, tmp_path))
    return BenchRun(episodes=episodes, agents="goat,random", out=tmp_path / "out")


def here(folder: Path, queue: JobQueue) -> Iterator[Outcome]:
    worker = FakeWorker(folder)
    while (job := queue.take()) is not None:
        yield attempt(worker, job)


def run(options: BenchRun) -> tuple[int, str]:
    console = Console(file=io.StringIO(), width=120)
    code = bench_run.run(options, console)
    assert isinstance(console.file, io.StringIO)
    return code, console.file.getvalue()


def test_a_run_leaves_records_and_says_where(options: BenchRun) -> None:
    code, printed = run(options)
    assert code == 0
    results = read_results(options.out)
    assert len(results.records) == 8
    assert results.config == bench_run.run_config(options)
    assert f"goat bench report {options.out}" in printed
    assert printed.count("2 goals, 24 steps") == 8
    assert any(line.split()[:4] == ["random", "4", "8", "0.000"] for line in printed.splitlines())
    run_json = json.loads((options.out / "run.json").read_text())
    assert run_json["config"]["max_steps"] == 500


def test_agents_that_break_are_pointed_out(
    options: BenchRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bench_workers.RESULT", replace(RESULT, status=Status.ERROR))
    _, printed = run(options)
    assert printed.count("2 ended with an error") == 8


def test_a_run_is_continued(options: BenchRun, tmp_path: Path) -> None:
    run(replace(options, agents="goat", limit=1))
    assert len(log_of(tmp_path)) == 2
    code, printed = run(options)
    assert code == 0
    assert len(log_of(tmp_path)) == 8
    assert "2 of 8 episodes are finished already" in printed
    code, printed = run(options)
    assert code == 0
    assert len(log_of(tmp_path)) == 8
    assert "random" in printed


def test_other_settings_are_refused(options: BenchRun) -> None:
    run(options)
    with pytest.raises(ResultsError, match="noise 'none', now 'default'"):
        run(replace(options, noise="default"))


def test_a_damaged_file_does_not_stop_the_others(options: BenchRun) -> None:
    (options.episodes / "c.json.gz").write_bytes(b"\x1f\x8bnot")
    code, printed = run(options)
    assert code == 2
    assert len(read_results(options.out).records) == 8
    assert "c.json.gz" in printed.split("not finished:")[1]


def test_what_fails_is_listed(options: BenchRun) -> None:
    write_file(options.episodes / "c.json.gz", "c", ("bug", "no_scene", "0"))
    code, printed = run(options)
    assert code == 2
    assert len(read_results(options.out).records) == 8
    lost = printed.split("not finished:")[1]
    assert "goat, c, episode bug: KeyError: 'sofa'" in lost
    assert "goat, c, episode no_scene: WorldError: no such world (and 3 other" in lost
    assert "Traceback" not in printed
    _, printed = run(replace(options, debug=True))
    assert "Traceback" in printed


def test_a_folder_without_readable_files_is_an_error(options: BenchRun) -> None:
    for path in options.episodes.iterdir():
        path.write_bytes(b"")
    with pytest.raises(EpisodeError, match=r"a\.json\.gz.*b\.json\.gz"):
        run(options)
    assert not options.out.exists()


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"agents": "goat,no-memry"}, UnknownNameError, "Did you mean 'no-memory'"),
        ({"agents": ","}, ConfigError, "no agent"),
        ({"workers": 0}, ConfigError, "--workers"),
        ({"limit": 0}, ConfigError, "--limit"),
        ({"max_steps": 0}, ConfigError, "--max-steps"),
        ({"seed": -1}, ConfigError, "--seed"),
        ({"detector": "simulater"}, UnknownNameError, "Did you mean 'simulator'"),
        ({"episodes": Path("gone")}, EpisodeError, "gone"),
    ],
)
def test_what_makes_no_sense_is_said_before_anything_is_loaded(
    options: BenchRun, change: dict, error: type[GoatError], message: str
) -> None:
    with pytest.raises(error, match=message):
        run(replace(options, **change))
    assert not options.out.exists()


def test_ray_is_asked_for_before_anything_is_loaded(
    options: BenchRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtraError, match="cluster"):
        run(replace(options, ray="local"))


def test_all_agents_have_a_name() -> None:
    assert bench_run.check(BenchRun(episodes=Path(), agents="all")) == bench_run.AGENTS.names()
    twice = BenchRun(episodes=Path(), agents="goat, random,goat")
    assert bench_run.check(twice) == ("goat", "random")


def test_an_interruption_keeps_what_is_finished(
    options: BenchRun, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def interrupted(queue: JobQueue) -> Iterator[Outcome]:
        outcomes = here(tmp_path, queue)
        yield next(outcomes)
        raise KeyboardInterrupt

    monkeypatch.setattr(bench_run, "_executor", lambda _: interrupted)
    argv = ["bench", "run", str(options.episodes), "--out", str(options.out)]
    assert cli.main(argv) == 130
    assert len(read_results(options.out).records) == 1
