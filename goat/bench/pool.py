"""Workers as processes of this machine, each on a pipe of its own.

A process that dies breaks its own pipe only, so it is known which episode it ran: that one is tried
once more in a new process, and the others go on. Processes are spawned: neither GL contexts nor
thread pools survive a fork.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from goat.bench.jobs import (
    WORKER_ENVIRONMENT,
    Failure,
    JobQueue,
    MakeWorker,
    Outcome,
    Scope,
    attempt,
)
from goat.bench.records import Job
from goat.errors import GoatError

_STILLBORN = 3  # processes in a row that die before they are ready
_PATIENCE = 5.0  # s that a process has to end by itself


class WorkerError(GoatError):
    """Processes for the workers cannot be started."""


def run_in_pool(make: MakeWorker, queue: JobQueue, workers: int) -> Iterator[Outcome]:
    """Run all jobs of a queue in processes of this machine; yield how each ended.

    Close the iterator to stop early: processes at work are ended, what they were at is lost.

    Args:
        make: Called once in each process.
        queue: May be emptied meanwhile, to stop after the jobs under way.
        workers: Number of processes.

    Raises:
        WorkerError: Process after process dies before it is ready.
    """
    pool = _Pool(make, queue, workers)
    try:
        yield from pool.outcomes()
    finally:
        pool.close()


@dataclass(eq=False)
class _Process:
    """One worker, seen from here."""

    process: BaseProcess
    pipe: Connection
    ready: bool = False
    job: Job | None = None
    loaded: str | None = None

    def give(self, job: Job) -> None:
        """Hand out a job; a process that has died meanwhile is noticed by its pipe."""
        self.job, self.loaded = job, job.file
        with suppress(OSError):
            self.pipe.send(job)

    def end(self) -> str:
        """Make sure that it has ended; return how, for people."""
        self.pipe.close()
        self.process.join(_PATIENCE)
        self.process.kill()
        self.process.join()
        code = self.process.exitcode or 0
        with suppress(ValueError):
            if code < 0:
                return f"killed by {signal.Signals(-code).name}"
        return f"exit code {code}"


class _Pool:
    def __init__(self, make: MakeWorker, queue: JobQueue, workers: int) -> None:
        self._make, self._queue, self._size = make, queue, workers
        self._crew: list[_Process] = []
        self._deaths: Counter[Job] = Counter()
        self._stillborn = 0

    def outcomes(self) -> Iterator[Outcome]:
        while self._queue or self._at_work():
            while len(self._crew) < min(self._size, self._at_work() + len(self._queue)):
                self._crew.append(_start(self._make))
            self._hand_out()
            pipes = {member.pipe: member for member in self._crew}
            for pipe in wait(list(pipes)):
                outcome = self._hear(pipes[pipe])  # pyright: ignore[reportArgumentType]
                if outcome is not None:
                    yield outcome

    def close(self) -> None:
        for member in self._crew:
            if member.job is not None or not member.ready:
                member.process.terminate()
        for member in self._crew:
            member.end()

    def _at_work(self) -> int:
        return sum(member.job is not None for member in self._crew)

    def _hand_out(self) -> None:
        for member in self._crew:
            if member.ready and member.job is None:
                others = {m.loaded for m in self._crew if m is not member and m.loaded}
                job = self._queue.take(member.loaded, others)
                if job is not None:
                    member.give(job)

    def _hear(self, member: _Process) -> Outcome | None:
        try:
            message = member.pipe.recv()
        except (EOFError, OSError):
            return self._bury(member)
        member.ready, member.job, self._stillborn = True, None, 0
        return message

    def _bury(self, member: _Process) -> Failure | None:
        self._crew.remove(member)
        how = member.end()
        if member.job is None:
            self._count_stillborn(how)
            return None
        self._deaths[member.job] += 1
        if self._deaths[member.job] > 1:
            return Failure(member.job, f"its worker died a second time ({how})")
        self._queue.put_back(member.job)
        return Failure(member.job, f"its worker died ({how})", Scope.AGAIN)

    def _count_stillborn(self, how: str) -> None:
        self._stillborn += 1
        if self._stillborn >= _STILLBORN:
            raise WorkerError(
                f"{_STILLBORN} worker processes in a row died before their first episode ({how}); "
                "what they printed is above; is there enough memory?"
            )


def _start(make: MakeWorker) -> _Process:
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_serve, args=(make, there), daemon=True)
    with _environment(WORKER_ENVIRONMENT), _interrupts_held_back():
        process.start()
    there.close()
    return _Process(process, here)


@contextmanager
def _environment(changes: Mapping[str, str]) -> Iterator[None]:
    """Change the environment for the processes started meanwhile."""
    before = {name: os.environ.get(name) for name in changes}
    os.environ.update(changes)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def _interrupts_held_back() -> Iterator[None]:
    """Let processes started meanwhile never see Ctrl-C, which a terminal sends to all of them."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(make: MakeWorker, pipe: Connection) -> None:
    """Do what comes through the pipe until it is closed."""
    threading.Thread(target=_die_with_parent, daemon=True).start()
    with closing(make()) as worker, suppress(EOFError, OSError):
        pipe.send(None)
        while True:
            pipe.send(attempt(worker, pipe.recv()))


def _die_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
