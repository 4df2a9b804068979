"""Runs the jobs of a benchmark and keeps what is finished, whatever happens on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Protocol

from goat.bench.folder import ResultsFolder
from goat.bench.jobs import Failure, JobQueue, Outcome, Scope
from goat.bench.records import EpisodeRecord, Job

_WRITES = 2  # failed ones in a row after which no new episode is begun

Execute = Callable[[JobQueue], Iterator[Outcome]]
"""Runs the jobs of a queue somewhere and yields how each ended."""


class RunObserver(Protocol):
    """Sees a run go by; never changes it."""

    def finished(self, record: EpisodeRecord) -> None:
        """An episode is finished."""
        ...

    def failed(self, failure: Failure, dropped: int) -> None:
        """A job left no record, and so many others are not tried for the same reason."""
        ...

    def unwritten(self, record: EpisodeRecord, error: OSError) -> None:
        """A finished episode could not be written; it is tried again in the end."""
        ...


@dataclass
class Summary:
    """How a run ended."""

    records: list[EpisodeRecord] = field(default_factory=list)
    """Finished and written."""
    failures: list[tuple[Failure, int]] = field(default_factory=list)
    """What left no record, and how many other jobs were not tried for it."""
    lost: list[EpisodeRecord] = field(default_factory=list)
    """Finished but not to be written."""
    dropped: int = 0
    """Jobs that were not begun because nothing could be written."""

    @property
    def complete(self) -> bool:
        """Whether every job has left its record."""
        return not (self.failures or self.lost or self.dropped)


def run_jobs(
    jobs: Sequence[Job], folder: ResultsFolder, execute: Execute, observer: RunObserver
) -> Summary:
    """Run jobs; write every record the moment it is there.

    Interrupted, it still writes what is finished.

    Args:
        jobs: What to run.
        folder: Where the records go.
        execute: Runs them; its iterator is closed in the end.
        observer: Told of everything.
    """
    queue = JobQueue(jobs)
    run = _Run(queue, folder, observer)
    try:
        with closing(execute(queue)) as outcomes:  # pyright: ignore[reportArgumentType]
            for outcome in outcomes:
                run.take(outcome)
    finally:
        run.write_again()
    return run.summary


class _Run:
    def __init__(self, queue: JobQueue, folder: ResultsFolder, observer: RunObserver) -> None:
        self._queue, self._folder, self._observer = queue, folder, observer
        self.summary = Summary()
        self._in_a_row = 0

    def take(self, outcome: Outcome) -> None:
        if isinstance(outcome, Failure):
            self._fail(outcome)
        else:
            self._keep(outcome)

    def write_again(self) -> None:
        """Try once more what could not be written; there may be room by now."""
        records, self.summary.lost = self.summary.lost, []
        for record in records:
            try:
                self._folder.write(record)
                self.summary.records.append(record)
            except OSError:
                self.summary.lost.append(record)

    def _fail(self, failure: Failure) -> None:
        dropped = 0
        match failure.scope:
            case Scope.FILE:
                dropped = self._queue.drop_file(failure.job.file)
            case Scope.RUN:
                dropped = self._queue.drop_all()
        if failure.scope is not Scope.AGAIN:
            self.summary.failures.append((failure, dropped))
        self._observer.failed(failure, dropped)

    def _keep(self, record: EpisodeRecord) -> None:
        try:
            self._folder.write(record)
        except OSError as error:
            self.summary.lost.append(record)
            self._in_a_row += 1
            self._observer.unwritten(record, error)
            if self._in_a_row >= _WRITES:
                self.summary.dropped += self._queue.drop_all()
            return
        self._in_a_row = 0
        self.summary.records.append(record)
        self._observer.finished(record)
