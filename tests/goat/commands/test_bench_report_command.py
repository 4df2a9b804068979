from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from bench_records import make_goal, make_missed, make_record, make_records
from fakes import make_frame
from rich.console import Console

from goat.bench.folder import ResultsFolder
from goat.bench.records import EpisodeRecord, Job, RunConfig
from goat.bench.session import SessionObserver
from goat.commands.bench_films import film
from goat.commands.bench_report import report
from goat.commands.options import BenchReport
from goat.errors import ConfigError, EpisodeError, ResultsError
from goat.types import CategoryGoal, Task


def folder_of(path: Path, records: Sequence[EpisodeRecord]) -> Path:
    with ResultsFolder(path, RunConfig()) as folder:
        for record in records:
            folder.write(record)
    return path


def console() -> Console:
    return Console(file=io.StringIO(), width=200)


def said(shown: Console) -> str:
    assert isinstance(shown.file, io.StringIO)
    return shown.file.getvalue()


class FakeStudio:
    """Gives back what it is told, and shows three steps of every goal."""

    def __init__(self, records: Sequence[EpisodeRecord]) -> None:
        self._records = {record.job: record for record in records}
        self.closed = False

    def __call__(self, job: Job, observers: Sequence[SessionObserver]) -> EpisodeRecord:
        if job not in self._records:
            raise EpisodeError(f"{job.file}: cannot be read")
        for index, result in enumerate(self._records[job].goals):
            for observer in observers:
                goal = CategoryGoal(result.goal)
                observer.goal_started(index, 1, Task(goal, ()))
                for step in range(3):
                    observer.stepped(make_frame(goal, step))
                observer.goal_ended(result)
        return self._records[job]

    def close(self) -> None:
        self.closed = True


def test_a_report_is_written_beside_the_results(tmp_path: Path) -> None:
    results = folder_of(tmp_path / "results", make_records(("goat", "random"), 3, 4))
    shown = console()
    assert report(BenchReport(results=results, videos=0, title="Mine & yours"), shown) == 0
    assert "<h1>Mine &amp; yours</h1>" in (results / "report.html").read_text()
    content = json.loads((results / "results.json").read_text())
    assert list(content["agents"]) == ["goat", "random"]
    assert content["agents"]["goat"]["strict"]["n"] == 12
    assert "GOAT" in (results / "table.tex").read_text()
    assert (results / "figures" / "learning_curve.pdf").is_file()
    assert not (results / "videos").exists()
    assert "report.html" in said(shown)
    before = (results / "report.html").read_bytes()
    report(BenchReport(results=results, videos=0, title="Mine & yours"), shown)
    assert (results / "report.html").read_bytes() == before


def test_a_report_can_be_written_elsewhere(tmp_path: Path) -> None:
    results = folder_of(tmp_path / "results", [make_record([make_goal()])])
    out = tmp_path / "a" / "b"
    report(BenchReport(results=results, out=out, videos=3), console())
    assert (out / "report.html").is_file()
    assert not (results / "report.html").exists()


def test_damaged_records_are_named_and_skipped(tmp_path: Path) -> None:
    results = folder_of(tmp_path / "results", [make_record([make_goal()], episode="0")])
    (results / "goat" / "broken [1].json").write_text("{")
    shown = console()
    report(BenchReport(results=results, videos=0), shown)
    assert "broken [1].json" in said(shown)
    assert "broken [1].json" in (results / "report.html").read_text()


def test_what_is_no_folder_of_results_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match="no folder of results"):
        report(BenchReport(results=tmp_path / "nowhere"), console())
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(ResultsError, match="no folder of results"):
        report(BenchReport(results=file), console())


def test_a_folder_without_finished_episodes_is_refused(tmp_path: Path) -> None:
    results = folder_of(tmp_path / "results", [])
    with pytest.raises(ResultsError, match="no finished episode"):
        report(BenchReport(results=results), console())
    (results / "goat").mkdir()
    (results / "goat" / "x.json").write_text("[]")
    with pytest.raises(ResultsError, match=r"goat/x\.json"):
        report(BenchReport(results=results), console())


def test_a_report_that_cannot_be_written_is_an_error_of_the_user(tmp_path: Path) -> None:
    results = folder_of(tmp_path / "results", [make_record([make_goal()])])
    (tmp_path / "taken").write_text("")
    with pytest.raises(ResultsError, match="cannot be written"):
        report(BenchReport(results=results, out=tmp_path / "taken"), console())
    with pytest.raises(ConfigError, match="--videos"):
        report(BenchReport(results=results, videos=-1), console())


def test_episodes_are_filmed_and_compared_with_their_first_run(tmp_path: Path) -> None:
    same = make_record([make_missed()], episode="0", scene="generated:0,rooms=4")
    other = make_record([make_missed()], episode="1")
    gone = make_record([make_missed()], episode="2")
    changed = replace(other, goals=(make_missed(steps=21),))
    studio = FakeStudio([same, changed])
    made = film([same, other, gone], tmp_path, console(), lambda: studio)
    assert [(one.file, one.same) for one in made.films.values()] == [
        ("videos/goat-generated_0,rooms=4-0.mp4", True),
        ("videos/goat-generated_0-1.mp4", False),
    ]
    assert all((tmp_path / one.file).stat().st_size > 1000 for one in made.films.values())
    assert not (tmp_path / "videos/goat-generated_0-2.mp4").exists()
    assert made.notes == [
        "Episode 2 of generated:0 could not be filmed: episodes/0.json.gz: cannot be read. "
        "episodes/0.json.gz is not here: make the report where the benchmark was run."
    ]
    assert studio.closed


def test_times_may_differ_between_two_runs(tmp_path: Path) -> None:
    record = make_record([make_missed()])
    again = replace(record, goals=(make_missed(seconds=9.0, agent_ms_median=1.0),), seconds=1.0)
    made = film([record], tmp_path, console(), lambda: FakeStudio([again]))
    assert [one.same for one in made.films.values()] == [True]


def test_without_episodes_nothing_is_loaded_or_made(tmp_path: Path) -> None:
    made = film([], tmp_path, console(), lambda: pytest.fail("a studio was opened"))
    assert (made.films, made.notes, list(tmp_path.iterdir())) == ({}, [], [])
