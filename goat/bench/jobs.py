"""Jobs of a benchmark run: in which order they are handed out and how one can end."""

from __future__ import annotations

import hashlib
import traceback
from collections import deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

import numpy as np

from goat.bench.records import EpisodeRecord, Job
from goat.errors import GoatError, MissingExtraError, ModelError

WORKER_ENVIRONMENT = {
    "LP_NUM_THREADS": "0",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "PYTHONHASHSEED": "0",
}
"""What a worker's process starts with: one thread each, and sets in the same order everywhere."""


class SceneError(GoatError):
    """A scene that cannot be loaded; raised from what went wrong."""


class Worker(Protocol):
    """Runs jobs one after another in one process."""

    def __call__(self, job: Job) -> EpisodeRecord:
        """Run a job.

        Raises:
            SceneError: No episode of this job's file can be run.
        """
        ...

    def close(self) -> None:
        """Free what it holds."""
        ...


MakeWorker = Callable[[], Worker]
"""A picklable function that is called once in each process."""


class Scope(Enum):
    """How far a failure reaches."""

    AGAIN = "again"
    """The episode is tried once more."""
    EPISODE = "episode"
    """This episode has failed, for this agent."""
    FILE = "file"
    """So would every other episode of this file, for every agent."""
    RUN = "run"
    """So would every other job."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A job that left no record."""

    job: Job
    """What was run."""
    reason: str
    """What went wrong, for people."""
    scope: Scope = Scope.EPISODE
    """How far it reaches."""
    trace: str = ""
    """Traceback, for developers."""


Outcome = EpisodeRecord | Failure


def attempt(worker: Worker, job: Job) -> Outcome:
    """Run a job; an exception becomes a failure."""
    try:
        return worker(job)
    except Exception as error:  # noqa: BLE001  one bad episode must not lose the others
        cause = (error.__cause__ or error) if isinstance(error, SceneError) else error
        scope = Scope.FILE if isinstance(error, SceneError) else Scope.EPISODE
        if isinstance(cause, MissingExtraError | ModelError):
            scope = Scope.RUN
        reason = f"{type(cause).__name__}: {cause}"
        return Failure(job, reason, scope, "".join(traceback.format_exception(error)))


def episode_rng(job: Job, stream: int) -> np.random.Generator:
    """Return a generator that depends on seed, scene and episode alone.

    Args:
        job: Agent, file and worker make no difference: every agent meets the same noise.
        stream: Different streams are independent.
    """
    name = hashlib.sha256(f"{job.scene}\0{job.episode}".encode()).digest()
    return np.random.default_rng([job.config.seed, stream, *np.frombuffer(name, np.uint32)])


class JobQueue:
    """Hands jobs out so that a worker keeps the file, and so the scene, it has loaded."""

    def __init__(self, jobs: Sequence[Job]) -> None:
        """Keep jobs; those of one file are handed out in the order given."""
        self._files: dict[str, deque[Job]] = {}
        for job in jobs:
            self._files.setdefault(job.file, deque()).append(job)

    def __len__(self) -> int:
        """Return how many are left."""
        return sum(len(jobs) for jobs in self._files.values())

    def take(self, loaded: str | None = None, busy: Collection[str] = ()) -> Job | None:
        """Return the next job; None if none is left.

        Args:
            loaded: File whose scene the worker has loaded.
            busy: Files that other workers have loaded.
        """
        if not self._files:
            return None
        file = loaded if loaded in self._files else self._next_file(busy)
        job = self._files[file].popleft()
        if not self._files[file]:
            del self._files[file]
        return job

    def put_back(self, job: Job) -> None:
        """Return a job; it is the next one of its file."""
        self._files.setdefault(job.file, deque()).appendleft(job)

    def drop_file(self, file: str) -> int:
        """Forget the jobs of a file; return how many there were."""
        return len(self._files.pop(file, ()))

    def drop_all(self) -> int:
        """Forget all jobs; return how many there were."""
        count = len(self)
        self._files.clear()
        return count

    def _next_file(self, busy: Collection[str]) -> str:
        """Return the first file nobody is at, else the one with most to do."""
        for file in self._files:
            if file not in busy:
                return file
        return max(self._files, key=lambda file: len(self._files[file]))
