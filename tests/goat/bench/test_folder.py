from __future__ import annotations

import errno
import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
from bench_workers import CONFIG, RESULT, make_job, make_jobs, make_record

from goat.bench.decode import decode
from goat.bench.folder import ResultsFolder, read_record, read_results, timeless
from goat.bench.jobs import JobQueue
from goat.bench.records import EpisodeRecord, RunConfig
from goat.bench.results import plain
from goat.bench.session import GoalResult
from goat.errors import EpisodeError, ResultsError
from goat.types import Status


@pytest.fixture
def folder(tmp_path: Path):
    with ResultsFolder(tmp_path / "results", CONFIG) as opened:
        yield opened


def through_json(value: object) -> object:
    return json.loads(json.dumps(plain(value)))


def test_a_record_comes_back_exactly(folder: ResultsFolder) -> None:
    record = make_record()
    folder.write(record)
    assert read_record(folder.file_of(record.job)) == record


def test_what_json_cannot_say_comes_back_as_nothing() -> None:
    odd = replace(RESULT, shortest_m=math.inf, seconds=math.nan, status=Status.ERROR)
    back = decode(GoalResult, through_json(odd))
    assert back.shortest_m is None
    assert math.isnan(back.seconds)
    assert replace(back, seconds=0.0) == replace(odd, shortest_m=None, seconds=0.0)


def test_fields_that_came_later_take_their_defaults() -> None:
    content = plain(RESULT)
    del content["cost_ms"], content["trajectory"]
    assert decode(GoalResult, content) == replace(RESULT, cost_ms={}, trajectory=())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"steps": "12"}, "steps must be int, got '12'"),
        ({"steps": True}, "steps must be int"),
        ({"success": 1}, "success must be bool"),
        ({"targets": "chair"}, "targets must be a list"),
        ({"trajectory": [[1.0]]}, "a list of 2"),
        ({"cost_ms": []}, "cost_ms must be an object"),
        ({"status": "happy"}, "happy"),
        ({"mood": "good"}, "mood"),
        ({"goal": None}, "goal must be str"),
    ],
)
def test_a_field_that_does_not_fit_is_named(change: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        decode(GoalResult, plain(RESULT) | change)


def test_a_missing_field_is_named() -> None:
    content = plain(RESULT)
    del content["steps"]
    with pytest.raises(ValueError, match="steps"):
        decode(GoalResult, content)


def test_finished_episodes_are_not_missing(folder: ResultsFolder) -> None:
    jobs = make_jobs()
    folder.write(make_record(jobs[2]))
    stock = folder.take_stock(jobs)
    assert [record.job for record in stock.finished] == [jobs[2]]
    assert stock.missing == (*jobs[:2], *jobs[3:])
    assert stock.set_aside == ()


def test_the_place_of_the_episode_file_does_not_matter(folder: ResultsFolder) -> None:
    folder.write(make_record(make_job()))
    moved = replace(make_job(), file="elsewhere/a.json.gz")
    assert folder.take_stock([moved]).missing == ()


@pytest.mark.parametrize(
    "content", ["", '{"schema": 1, "job"', "[]", '{"schema": 7}', '{"schema": 1}', "\0\0\0"]
)
def test_a_damaged_record_is_set_aside_and_run_anew(folder: ResultsFolder, content: str) -> None:
    job = make_job()
    folder.write(make_record(job))
    path = folder.file_of(job)
    for names in (["damaged"], ["damaged", "damaged-2"]):
        path.write_text(content)
        stock = folder.take_stock([job])
        assert stock.missing == (job,)
        assert str(path) in stock.set_aside[0]
        assert sorted(p.name for p in path.parent.iterdir()) == [f"{path.name}.{n}" for n in names]


def test_records_of_a_changed_episode_file_are_set_aside(folder: ResultsFolder) -> None:
    changed, gone, other = make_job("0"), make_job("9"), make_job("0", file="b.json.gz")
    for job in (changed, gone, other):
        folder.write(make_record(job))
    stock = folder.take_stock([replace(changed, digest="d2")])
    assert len(stock.missing) == 1
    assert len(stock.set_aside) == 2
    assert [r.job for r in read_results(folder.path).records] == [other]


def test_half_written_files_are_ignored(folder: ResultsFolder) -> None:
    job = make_job()
    folder.write(make_record(job))
    path = folder.file_of(job)
    (path.parent / f"{path.name}x3f_a").write_text('{"half')
    (folder.path / "run.jsonk2j").write_text("{")
    assert folder.take_stock([job]).missing == ()
    assert len(read_results(folder.path).records) == 1


def test_another_configuration_is_refused(tmp_path: Path) -> None:
    with ResultsFolder(tmp_path, CONFIG):
        pass
    other = RunConfig(noise="default", max_steps=100)
    with (
        pytest.raises(ResultsError, match=r"noise 'none', now 'default'; max steps 500, now 100"),
        ResultsFolder(tmp_path, other),
    ):
        pass
    with ResultsFolder(tmp_path, CONFIG):
        pass


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(ResultsError, match=r"thesis\.tex"), ResultsFolder(tmp_path, CONFIG):
        pass
    with pytest.raises(ResultsError, match=r"no run\.json"):
        read_results(tmp_path)


def test_a_damaged_run_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text("{")
    with pytest.raises(ResultsError, match=r"run\.json"), ResultsFolder(tmp_path, CONFIG):
        pass


def test_only_one_run_at_a_time_writes(tmp_path: Path) -> None:
    one, two = ResultsFolder(tmp_path, CONFIG), ResultsFolder(tmp_path, CONFIG)
    with one, pytest.raises(ResultsError, match="another run"), two:
        pass
    with ResultsFolder(tmp_path, CONFIG):
        pass


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    inside = ResultsFolder(tmp_path / "file" / "results", CONFIG)
    with pytest.raises(ResultsError, match="--out"), inside:
        pass


def test_two_episodes_never_share_a_file(folder: ResultsFolder) -> None:
    with pytest.raises(EpisodeError, match=r"a\.json\.gz and x/a\.json\.gz"):
        folder.take_stock([make_job(file="x/a.json.gz"), make_job(file="a.json.gz")])


def test_reading_names_what_is_damaged_and_keeps_the_rest(folder: ResultsFolder) -> None:
    good, bad = make_record(make_job("0")), make_record(make_job("1", "random"))
    strange = make_record(make_job("2", config=RunConfig(seed=9)))
    for record in (good, bad, strange):
        folder.write(record)
    folder.file_of(bad.job).write_text("{")
    copy = folder.file_of(good.job).with_name("copy.json")
    copy.write_text(folder.file_of(good.job).read_text())
    results = read_results(folder.path)
    assert results.records == (good,)
    assert results.config == CONFIG
    assert results.made
    assert results.versions["goat"]
    assert len(results.damaged) == 3
    for path in (folder.file_of(bad.job), folder.file_of(strange.job), copy):
        assert any(line.startswith(str(path)) for line in results.damaged)


def test_long_and_odd_names_make_plain_files(folder: ResultsFolder) -> None:
    job = replace(make_job("../../etc\0x"), scene="/data/" + "long/" * 60 + "home.world")
    path = folder.file_of(job)
    assert path.parent.parent == folder.path
    assert len(path.name) < 200
    folder.write(make_record(job))
    assert len(read_results(folder.path).records) == 1


def test_timeless_keeps_everything_but_times(folder: ResultsFolder) -> None:
    one, two = make_record(), make_record()
    slow = replace(two.goals[0], seconds=99.0, agent_ms_median=1.0, cost_ms={"plan": 9.0})
    two = replace(two, goals=(slow, *two.goals[1:]), seconds=3.0, versions={})
    assert one != two
    assert timeless(one) == timeless(two)
    moved = replace(two, goals=(replace(slow, steps=13), *two.goals[1:]))
    assert timeless(one) != timeless(moved)


def test_a_full_disk_leaves_no_half_file(
    folder: ResultsFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("goat.bench.results.os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        folder.write(make_record())
    assert {p.name for p in folder.path.rglob("*") if p.is_file()} == {".lock", "run.json"}


def test_the_queue_hands_out_what_is_put_back_first() -> None:
    jobs = make_jobs()
    queue = JobQueue(jobs)
    first = queue.take()
    assert first == jobs[0]
    queue.put_back(first)
    assert len(queue) == len(jobs)
    assert queue.take() == first
    assert queue.take(busy=["a.json.gz"]) == make_job(file="b.json.gz")
    assert queue.take(loaded="b.json.gz", busy=["a.json.gz"]) == make_job(
        "0", "random", "b.json.gz"
    )
    assert queue.take(busy=["a.json.gz", "b.json.gz"]) == jobs[1]
    assert queue.drop_file("b.json.gz") == 4
    assert queue.drop_all() == 4
    assert queue.take() is None


def test_the_noise_depends_on_seed_scene_and_episode_alone() -> None:
    def figures(**changes: object) -> list:
        return [g.path_length_m for g in make_record(replace(make_job(), **changes)).goals]

    assert figures() == figures(agent="oracle", file="x", digest="d9")
    assert figures() != figures(episode="1")
    assert figures() != figures(scene="b")
    assert figures() != figures(config=RunConfig(seed=1))
    assert isinstance(make_record(), EpisodeRecord)
