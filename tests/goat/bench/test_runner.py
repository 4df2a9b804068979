from __future__ import annotations

import errno
import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from bench_workers import CONFIG, FakeWorker, log_of, make_job, make_jobs

from goat.bench.folder import ResultsFolder, read_results
from goat.bench.jobs import Failure, JobQueue, Outcome, attempt
from goat.bench.pool import run_in_pool
from goat.bench.records import EpisodeRecord, Job
from goat.bench.runner import Execute, Summary, run_jobs


class Witness:
    """Notes what a run tells."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def finished(self, record: EpisodeRecord) -> None:
        self.told.append(f"finished {record.job.episode}")

    def failed(self, failure: Failure, dropped: int) -> None:
        self.told.append(f"failed {failure.job.episode} {failure.scope.value} {dropped}")

    def unwritten(self, record: EpisodeRecord, error: OSError) -> None:
        self.told.append(f"unwritten {record.job.episode} {errno.errorcode[error.errno]}")


def here(folder: Path, seconds: float = 0.0) -> Execute:
    """Run jobs one by one in this process."""

    def execute(queue: JobQueue) -> Iterator[Outcome]:
        worker = FakeWorker(folder, seconds)
        while (job := queue.take()) is not None:
            yield attempt(worker, job)

    return execute


def run(
    tmp_path: Path, jobs: list[Job], execute: Execute | None = None
) -> tuple[Summary, list[str]]:
    witness = Witness()
    with ResultsFolder(tmp_path / "results", CONFIG) as folder:
        missing = folder.take_stock(jobs).missing
        summary = run_jobs(missing, folder, execute or here(tmp_path), witness)
    return summary, witness.told


def kept(tmp_path: Path) -> set[Job]:
    return {record.job for record in read_results(tmp_path / "results").records}


def test_every_job_leaves_its_record(tmp_path: Path) -> None:
    jobs = make_jobs()
    summary, told = run(tmp_path, jobs)
    assert summary.complete
    assert kept(tmp_path) == set(jobs)
    assert len(told) == len(jobs)


def test_what_is_finished_is_never_run_again(tmp_path: Path) -> None:
    jobs = make_jobs()
    run(tmp_path, jobs[:5])
    run(tmp_path, jobs[::-1])
    run(tmp_path, jobs)
    assert len(log_of(tmp_path)) == len(jobs)
    assert kept(tmp_path) == set(jobs)


def test_one_failure_does_not_stop_the_others(tmp_path: Path) -> None:
    jobs = [make_job("0"), make_job("no_goal"), make_job("bug"), make_job("1")]
    summary, told = run(tmp_path, jobs)
    assert not summary.complete
    assert [failure.job.episode for failure, _ in summary.failures] == ["no_goal", "bug"]
    assert told == ["finished 0", "failed no_goal episode 0", "failed bug episode 0", "finished 1"]
    assert kept(tmp_path) == {jobs[0], jobs[3]}


def test_a_scene_that_is_missing_is_told_once(tmp_path: Path) -> None:
    lost = make_jobs(("a",), ("no_scene", "1", "2"))
    good = make_jobs(("b",))
    summary, told = run(tmp_path, lost + good)
    ((failure, dropped),) = summary.failures
    assert (failure.reason, dropped) == ("WorldError: no such world", 5)
    assert told[0] == "failed no_scene file 5"
    assert kept(tmp_path) == set(good)


def test_what_no_job_can_do_without_ends_the_run(tmp_path: Path) -> None:
    summary, told = run(tmp_path, [make_job("no_model"), *make_jobs()])
    assert told == ["failed no_model run 12"]
    assert not summary.complete


def full_disk(monkeypatch: pytest.MonkeyPatch, writes: set[int]) -> None:
    """Let the writes with these numbers meet a full disk."""
    count = 0
    sync = os.fsync

    def fsync(handle: int) -> None:
        nonlocal count
        count += 1
        if count - 1 in writes:
            raise OSError(errno.ENOSPC, "No space left on device")
        sync(handle)

    monkeypatch.setattr("goat.bench.results.os.fsync", fsync)


def test_a_record_that_cannot_be_written_is_written_in_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = make_jobs(("a",), ("0", "1", "2"), ("goat",))
    full_disk(monkeypatch, {1, 3})  # the first one is run.json
    summary, told = run(tmp_path, jobs)
    assert told == ["unwritten 0 ENOSPC", "finished 1", "unwritten 2 ENOSPC"]
    assert summary.complete
    assert kept(tmp_path) == set(jobs)


def test_a_disk_that_stays_full_stops_the_run_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = make_jobs(("a",), tuple("012345"), ("goat",))
    full_disk(monkeypatch, set(range(2, 20)))
    summary, told = run(tmp_path, jobs)
    assert told == ["finished 0", "unwritten 1 ENOSPC", "unwritten 2 ENOSPC"]
    assert not summary.complete
    assert (len(summary.lost), summary.dropped) == (2, 3)
    assert kept(tmp_path) == {jobs[0]}
    monkeypatch.undo()
    summary, told = run(tmp_path, jobs)
    assert summary.complete
    assert told == [f"finished {i}" for i in range(1, 6)]


def test_an_interrupted_run_writes_what_it_still_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = make_jobs(("a",), ("0", "1"), ("goat",))

    def interrupted(queue: JobQueue) -> Iterator[Outcome]:
        yield from here(tmp_path)(queue)
        raise KeyboardInterrupt

    full_disk(monkeypatch, {1})
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, jobs, interrupted)
    assert kept(tmp_path) == set(jobs)


def test_kill_9_at_any_moment_runs_nothing_twice_and_counts_nothing_half(tmp_path: Path) -> None:
    jobs = make_jobs(("a", "b"), tuple("0123456789"), ("goat", "random"))
    rng = np.random.default_rng(0)
    kills, idle, finished = 0, 0, set()
    while len(finished) < len(jobs):
        begun = len(log_of(tmp_path))
        # At most five jobs fit in; more time only where a busy machine gets nowhere.
        kills += run_and_kill(tmp_path, jobs, float(rng.uniform(0.0, 0.05)) * (1 + idle))
        idle = idle + 1 if len(log_of(tmp_path)) == begun else 0
        assert not finished & job_names(log_of(tmp_path)[begun:]), "a finished episode ran again"
        results = read_results(tmp_path / "results") if kept_any(tmp_path) else None
        if results is not None:
            assert results.damaged == ()
            now = {(r.job.agent, r.job.file, r.job.episode) for r in results.records}
            assert finished <= now
            assert all(len(record.goals) == 2 for record in results.records)
            finished = now
    assert kills >= 5
    assert finished == {(job.agent, job.file, job.episode) for job in jobs}


def kept_any(tmp_path: Path) -> bool:
    return (tmp_path / "results" / "run.json").exists()


def job_names(rows: list[tuple[str, str, str, str]]) -> set[tuple[str, str, str]]:
    return {row[:3] for row in rows}


def run_and_kill(tmp_path: Path, jobs: list[Job], seconds: float) -> bool:
    """Run in a process that is killed after a while; return whether it was still at work."""
    context = multiprocessing.get_context("fork")
    execute = here(tmp_path, seconds=0.01)
    process = context.Process(target=run, args=(tmp_path, jobs, execute), daemon=True)
    process.start()
    process.join(seconds)
    process.kill()
    process.join()
    return process.exitcode == -signal.SIGKILL


@pytest.mark.slow
def test_the_whole_run_with_its_workers_may_be_killed(tmp_path: Path) -> None:
    jobs = make_jobs()
    context = multiprocessing.get_context("fork")
    execute = partial(run_in_pool, partial(FakeWorker, tmp_path, 0.05), workers=2)
    for _ in range(3):
        before = {job_name(job) for job in kept(tmp_path)} if kept_any(tmp_path) else set()
        begun = len(log_of(tmp_path))
        process = context.Process(target=_alone, args=(tmp_path, jobs, execute))
        process.start()
        until = time.monotonic() + 20.0
        while len(log_of(tmp_path)) < begun + 3 and time.monotonic() < until:
            time.sleep(0.005)
        os.killpg(process.pid or 0, signal.SIGKILL)
        process.join()
        assert not before & job_names(log_of(tmp_path)[begun:])
    summary, _ = run(tmp_path, jobs, execute)
    assert summary.complete
    assert kept(tmp_path) == set(jobs)


def job_name(job: Job) -> tuple[str, str, str]:
    return job.agent, job.file, job.episode


def _alone(tmp_path: Path, jobs: list[Job], execute: Execute) -> None:
    os.setsid()
    run(tmp_path, jobs, execute)
