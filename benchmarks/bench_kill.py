"""Kill -9 at random moments of benchmark runs: is anything run twice, counted half, or lost?

    python benchmarks/bench_kill.py --kills 100

Runs with two workers and jobs of a few milliseconds are killed, driver and workers at once, and
resumed until all is done. The last line is one JSON object.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

# This folder comes first on the path of its scripts, and sim.py would pass for the package.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import tyro
from rich.progress import track

from goat.bench.folder import ResultsFolder, read_results
from goat.bench.jobs import Failure
from goat.bench.pool import run_in_pool
from goat.bench.records import EpisodeRecord, Job, RunConfig
from goat.bench.runner import run_jobs


@dataclass(frozen=True)
class Config:
    """What is done."""

    kills: int = 100
    """Runs that are killed."""
    seconds: float = 2.0
    """A run lives at most this long, s; its workers take about half a second to start."""
    workers: int = 2
    """Processes per run."""
    seed: int = 0
    """Of the moments."""


class Sleeper:
    """Notes every job, sleeps for some milliseconds and returns an empty record."""

    def __init__(self, log: Path) -> None:
        """Append to `log`."""
        self._log = log

    def __call__(self, job: Job) -> EpisodeRecord:
        """Run a job."""
        with self._log.open("a") as log:
            log.write(f"{job.agent} {job.episode}\n")
        time.sleep(0.005)
        return EpisodeRecord(job, (), 0.005, {})

    def close(self) -> None:
        """Nothing to free."""


class Silent:
    """Watches nothing."""

    def finished(self, record: EpisodeRecord) -> None:
        """Nothing to do."""

    def failed(self, failure: Failure, dropped: int) -> None:
        """Nothing to do."""

    def unwritten(self, record: EpisodeRecord, error: OSError) -> None:
        """Nothing to do."""


def make_jobs(count: int) -> list[Job]:
    """Return jobs of two agents over ten files."""
    return [
        Job(agent, f"{i % 10}.json.gz", "d", f"scene{i % 10}", str(i), RunConfig())
        for i in range(count)
        for agent in ("goat", "random")
    ]


def run(folder: Path, log: Path, jobs: list[Job], workers: int) -> None:
    """Run what is missing, in a process group of its own."""
    os.setsid()
    with ResultsFolder(folder, RunConfig()) as results:
        missing = results.take_stock(jobs).missing
        execute = partial(run_in_pool, partial(Sleeper, log), workers=workers)
        run_jobs(missing, results, execute, Silent())


def run_and_kill(folder: Path, log: Path, jobs: list[Job], workers: int, seconds: float) -> None:
    """Run and kill the whole group after a while."""
    process = multiprocessing.get_context("fork").Process(
        target=run, args=(folder, log, jobs, workers)
    )
    process.start()
    process.join(seconds)
    with suppress(ProcessLookupError):
        os.killpg(process.pid or 0, signal.SIGKILL)
    process.join()


def finished(folder: Path) -> tuple[set[tuple[str, str]], int]:
    """Return agent and episode of every record, and how many files are damaged."""
    if not (folder / "run.json").exists():
        return set(), 0
    results = read_results(folder)
    return {(r.job.agent, r.job.episode) for r in results.records}, len(results.damaged)


def begun(log: Path, start: int) -> list[tuple[str, str]]:
    """Return agent and episode of every job begun since a line of the log."""
    lines = log.read_text().splitlines()[start:] if log.exists() else []
    return [(agent, episode) for agent, episode in (line.split() for line in lines)]


def main(config: Config) -> None:
    """Kill, resume, check, and print."""
    rng = np.random.default_rng(config.seed)
    jobs = make_jobs(100 * config.kills)
    twice = lost = damaged = 0
    with tempfile.TemporaryDirectory() as temporary:
        folder, log = Path(temporary) / "results", Path(temporary) / "log"
        done: set[tuple[str, str]] = set()
        for _ in track(range(config.kills), "killing"):
            start = len(begun(log, 0))
            run_and_kill(folder, log, jobs, config.workers, rng.uniform(0.0, config.seconds))
            now, broken = finished(folder)
            twice += len(done & set(begun(log, start)))
            lost += len(done - now)
            damaged += broken
            done = now
        again = sum(count - 1 for count in Counter(begun(log, 0)).values())
    figures = {
        "kills": config.kills,
        "finished": len(done),
        "finished_run_twice": twice,
        "finished_lost": lost,
        "half_counted": damaged,
        "unfinished_begun_again": again,
    }
    print(json.dumps(figures))
    if twice or lost or damaged:
        raise SystemExit(1)


if __name__ == "__main__":
    main(tyro.cli(Config))
