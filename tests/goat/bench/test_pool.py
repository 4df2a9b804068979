from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest
from bench_workers import FakeWorker, StillbornWorker, log_of, make_job, make_jobs

import goat
from goat.bench.folder import timeless
from goat.bench.jobs import Failure, JobQueue, Outcome, Scope
from goat.bench.pool import WorkerError, run_in_pool
from goat.bench.records import EpisodeRecord

ROOT = Path(goat.__file__).parents[1]


def outcomes(folder: Path, jobs: list, workers: int = 2, seconds: float = 0.0) -> list[Outcome]:
    make = partial(FakeWorker, folder, seconds)
    return list(run_in_pool(make, JobQueue(jobs), workers))


def records(found: list[Outcome]) -> dict:
    return {r.job: timeless(r) for r in found if isinstance(r, EpisodeRecord)}


def test_the_number_of_workers_and_the_order_change_no_record(tmp_path: Path) -> None:
    jobs = make_jobs()
    one = records(outcomes(tmp_path, jobs, workers=1))
    two = records(outcomes(tmp_path, jobs[::-1], workers=2))
    assert set(one) == set(jobs)
    assert one == two


def test_workers_keep_to_a_file_as_long_as_it_has_jobs(tmp_path: Path) -> None:
    jobs = make_jobs(("a", "b", "c", "d"))
    outcomes(tmp_path, jobs, seconds=0.01)
    visits: dict[str, list[str]] = {}
    for _, file, _, process in log_of(tmp_path):
        visits.setdefault(process, []).append(file)
    assert len(visits) == 2
    changes = sum(a != b for files in visits.values() for a, b in pairwise(files))
    assert changes <= 3  # four files by two workers, and a shared one in the end


def test_a_worker_that_dies_is_replaced_and_its_episode_tried_once_more(tmp_path: Path) -> None:
    jobs = [make_job("0"), make_job("dies_once"), make_job("dies"), make_job("1")]
    found = outcomes(tmp_path, jobs)
    assert set(records(found)) == {jobs[0], jobs[1], jobs[3]}
    failures = [f for f in found if isinstance(f, Failure)]
    again = [f.job for f in failures if f.scope is Scope.AGAIN]
    assert sorted(again, key=jobs.index) == [jobs[1], jobs[2]]
    (lost,) = (f for f in failures if f.scope is not Scope.AGAIN)
    assert lost.job == jobs[2]
    assert "SIGKILL" in lost.reason
    assert [episode for _, _, episode, _ in log_of(tmp_path)].count("dies") == 2


@pytest.mark.parametrize(
    ("episode", "scope", "reason"),
    [
        ("no_goal", Scope.EPISODE, "GoalError: nothing to seek"),
        ("bug", Scope.EPISODE, "KeyError: 'sofa'"),
        ("no_scene", Scope.FILE, "WorldError: no such world"),
        ("no_model", Scope.RUN, "ModelError: no weights"),
    ],
)
def test_an_exception_comes_back_as_a_failure(
    tmp_path: Path, episode: str, scope: Scope, reason: str
) -> None:
    found = outcomes(tmp_path, [make_job(episode), make_job("0")], workers=1)
    (failure,) = (f for f in found if isinstance(f, Failure))
    assert (failure.scope, failure.reason) == (scope, reason)
    assert "Traceback" in failure.trace
    assert len(records(found)) == 1


def test_workers_that_never_come_up_end_the_run() -> None:
    with pytest.raises(WorkerError, match="exit code 3"):
        list(run_in_pool(StillbornWorker, JobQueue([make_job()]), 1))


def test_idle_workers_close_what_they_hold(tmp_path: Path) -> None:
    outcomes(tmp_path, make_jobs(episodes=("0",)), workers=1)
    assert len(list(tmp_path.glob("closed-*"))) == 1


def test_stopping_early_ends_the_processes(tmp_path: Path) -> None:
    jobs = make_jobs()
    began = time.monotonic()
    make = partial(FakeWorker, tmp_path, 0.05)
    queue = JobQueue(jobs)
    with closing(run_in_pool(make, queue, 2)) as found:
        next(found)
    pids = {int(process) for *_, process in log_of(tmp_path)}
    assert time.monotonic() - began < 20.0
    assert not any(is_alive(pid) for pid in pids)
    assert len(log_of(tmp_path)) < len(jobs)


DRIVER = """
import sys
from functools import partial
from itertools import pairwise
from pathlib import Path
sys.path[:0] = [{root!r}, {tests!r}]
from bench_workers import FakeWorker, make_jobs
from goat.bench.jobs import JobQueue
from goat.bench.pool import run_in_pool

if __name__ == "__main__":
    try:
        for _ in run_in_pool(partial(FakeWorker, Path({folder!r}), 60.0), JobQueue(make_jobs()), 2):
            pass
    except KeyboardInterrupt:
        print("interrupted")
"""


@pytest.fixture
def driver(tmp_path: Path):
    """A process with two workers that are at work for a minute."""
    script = tmp_path / "driver.py"
    script.write_text(
        DRIVER.format(root=str(ROOT), tests=str(ROOT / "tests"), folder=str(tmp_path))
    )
    process = subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    until = time.monotonic() + 30.0
    while len(log_of(tmp_path)) < 2 and time.monotonic() < until:
        time.sleep(0.02)
    yield process, [int(row[3]) for row in log_of(tmp_path)]
    process.kill()
    process.wait()


def test_ctrl_c_ends_the_workers_without_a_traceback(driver) -> None:
    process, pids = driver
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    out, err = process.communicate(timeout=60)
    assert out == "interrupted\n"
    assert err == ""
    assert len(pids) == 2
    assert not any(is_alive(pid) for pid in pids)


def test_workers_do_not_outlive_a_killed_run(driver) -> None:
    process, pids = driver
    process.kill()
    until = time.monotonic() + 10.0
    while any(is_alive(pid) for pid in pids) and time.monotonic() < until:
        time.sleep(0.02)
    assert len(pids) == 2
    assert not any(is_alive(pid) for pid in pids)


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"
