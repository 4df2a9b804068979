"""Kill -9 at random moments of runs with a memory file: does the file open, and what is lost?

    python benchmarks/kill.py --kills 100 --world generated:0

Each run continues from the file as the killed run before left it, drives on in the same home and
tells after every commit which instances the file must hold from then on. After each kill a copy of
the file is opened, checked and compared. The last line is one JSON object.
"""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

# This folder comes first on the path of its scripts, and sim.py would pass for the package.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("MUJOCO_GL", "egl")
os.environ.setdefault("LP_NUM_THREADS", "0")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import tyro
from rich.console import Console
from rich.progress import track
from rich.table import Table

from goat.agent import Agent
from goat.build import build_agent
from goat.errors import MemoryFileError
from goat.memory.store import MemoryStore
from goat.perception.detectors.simulator import SimulatorDetector
from goat.types import CategoryGoal
from sim.home import HomeSim
from sim.worlds import load_world
from sim.worlds.world import World


@dataclass(frozen=True)
class Config:
    """What is done."""

    kills: int = 100
    """Runs that are killed."""
    world: str = "generated:0"
    """See `sim.worlds.load_world`."""
    seconds: float = 4.0
    """A run lives at most this long after it began to open the file, s."""
    memory: Path | None = None
    """The file; a temporary one by default."""
    max_steps: int = 60
    """Steps per goal."""
    seed: int = 0
    """Of the goals and of the moments."""


@dataclass
class Told:
    """What a run told before it died."""

    ready: bool = False
    """It was about to open the file."""
    held: set[int] = field(default_factory=set)
    """Instances that were committed when it last told so."""
    going: set[int] = field(default_factory=set)
    """Instances that a commit under way may remove."""
    commits: int = 0
    """Commits that it told of."""

    def hear(self, kind: str, ids: set[int]) -> None:
        """Take in a message."""
        match kind:
            case "ready":
                self.ready = True
            case "removing":
                self.going = ids
            case "holds":
                self.held, self.going = ids, set()
                self.commits += 1


@dataclass(frozen=True)
class Verdict:
    """What became of the file."""

    opened: bool
    """It opened, and its structure is sound."""
    lost: int
    """Committed instances that are missing."""
    instances: int
    """Instances in it."""
    log: int
    """Bytes of write-ahead log the dead run left."""
    commits: int
    """Commits the run told of."""
    error: str = ""
    """Why it did not open."""


def drive(world: World, path: Path, seed: list[int], max_steps: int, pipe: Connection) -> None:
    """Pursue goal after goal with a memory file, until killed."""
    sim = HomeSim(world)
    detector = SimulatorDetector(sim.labels)
    categories = sorted(set(sim.labels.values()))
    rng = np.random.default_rng(seed)
    sim.reset(sim.random_pose(rng))
    sim.observe()
    pipe.send(("ready", set()))
    agent = build_agent(sim.body, detector, path, vocabulary=categories)
    agent.memory.save = _telling(agent, pipe)
    while True:
        agent.set_goal(CategoryGoal(str(rng.choice(categories))))
        for _ in range(max_steps):
            action = agent.step(sim.observe())
            if agent.status is not None:
                break
            sim.act(action)


def _telling(agent: Agent, pipe: Connection) -> Callable[[], None]:
    """Return the memory's `save`, telling what it is about to remove and what it has committed."""
    commit = agent.memory.save
    committed = {instance.id for instance in agent.memory.instances()}
    pipe.send(("holds", committed))

    def save() -> None:
        nonlocal committed
        now = {instance.id for instance in agent.memory.instances()}
        pipe.send(("removing", committed - now))
        commit()
        committed = now
        pipe.send(("holds", committed))

    return save


def run_and_kill(
    world: World, path: Path, number: int, held: set[int], config: Config
) -> tuple[Told, float]:
    """Start a run, kill it at a random moment; return what it told and how long it lived, s."""
    context = multiprocessing.get_context("fork")
    reading, writing = context.Pipe(duplex=False)
    seed = [config.seed, number]
    process = context.Process(
        target=drive, args=(world, path, seed, config.max_steps, writing), daemon=True
    )
    process.start()
    writing.close()
    told = Told(held=set(held))
    lifetime = float(np.random.default_rng([*seed, 1]).uniform(0.0, config.seconds))
    _listen(reading, told, lambda: told.ready, time.monotonic() + 120.0)
    _listen(reading, told, lambda: False, time.monotonic() + lifetime)
    alive = process.is_alive()
    process.kill()
    process.join()
    _listen(reading, told, lambda: False, time.monotonic() + 1.0)
    if not alive:
        raise RuntimeError(f"run {number} ended by itself; see its traceback above")
    return told, lifetime


def _listen(reading: Connection, told: Told, enough: Callable[[], bool], until: float) -> None:
    """Take messages in until there are enough, the time is over or the run is dead."""
    with contextlib.suppress(EOFError):
        while not enough() and reading.poll(max(0.0, until - time.monotonic())):
            told.hear(*reading.recv())


def judge(path: Path, told: Told) -> Verdict:
    """Open a copy of the file, so that the next run finds what the dead one left."""
    log = path.with_name(path.name + "-wal")
    left = log.stat().st_size if log.exists() else 0
    with tempfile.TemporaryDirectory() as folder:
        for file in path.parent.glob(path.name + "*"):
            shutil.copy(file, folder)
        copy = Path(folder) / path.name
        try:
            stored = _read(copy)
        except MemoryFileError as error:
            return Verdict(False, len(told.held), 0, left, told.commits, str(error))
    lost = told.held - told.going - stored
    return Verdict(True, len(lost), len(stored), left, told.commits)


def _read(path: Path) -> set[int]:
    """Return the ids of the instances in a file after checking all of it."""
    with contextlib.closing(MemoryStore(path)) as store:
        ids = {track.id for track in store.load().tracks}
    with contextlib.closing(sqlite3.connect(path)) as db:
        faults = [row[0] for row in db.execute("PRAGMA integrity_check")]
        orphans = db.execute("PRAGMA foreign_key_check").fetchall()
    if faults != ["ok"] or orphans:
        raise MemoryFileError(f"{path} is not sound: {faults[:3]} {orphans[:3]}")
    return ids


def show(verdicts: list[Verdict], lifetimes: list[float], console: Console) -> None:
    """Print a line per ten kills."""
    table = Table(title="kill -9 at random moments of a run")
    for name in ("kills", "lived s", "commits", "log left kB", "opened", "instances", "lost"):
        table.add_column(name, justify="right")
    for first in range(0, len(verdicts), 10):
        part, lived = verdicts[first : first + 10], lifetimes[first : first + 10]
        table.add_row(
            f"{first + 1}-{first + len(part)}",
            f"{min(lived):.2f}-{max(lived):.2f}",
            str(sum(verdict.commits for verdict in part)),
            f"{np.mean([verdict.log for verdict in part]) / 1e3:.0f}",
            str(sum(verdict.opened for verdict in part)),
            str(part[-1].instances),
            str(sum(verdict.lost for verdict in part)),
        )
    console.print(table)
    for verdict in verdicts:
        if verdict.error:
            console.print(f"[red]did not open:[/] {verdict.error}", highlight=False)


def main(config: Config) -> None:
    """Run, kill, check, and print."""
    world = load_world(config.world)  # before any GL context exists, so that runs may be forked
    verdicts: list[Verdict] = []
    lifetimes: list[float] = []
    held: set[int] = set()
    with tempfile.TemporaryDirectory() as folder:
        path = config.memory or Path(folder) / "home.db"
        for number in track(range(config.kills), "killing runs", console=Console(stderr=True)):
            told, lifetime = run_and_kill(world, path, number, held, config)
            held = told.held - told.going
            verdicts.append(judge(path, told))
            lifetimes.append(lifetime)
        size = path.stat().st_size if path.exists() else 0
    show(verdicts, lifetimes, Console())
    figures = {
        "kills": len(verdicts),
        "opened": sum(verdict.opened for verdict in verdicts),
        "lost": sum(verdict.lost for verdict in verdicts),
        "commits": sum(verdict.commits for verdict in verdicts),
        "killed_with_log": sum(verdict.log > 0 for verdict in verdicts),
        "instances": verdicts[-1].instances if verdicts else 0,
        "file_bytes": size,
        "world": config.world,
        "seed": config.seed,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main(tyro.cli(Config))
