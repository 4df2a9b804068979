"""Episodes per hour of `goat bench run` with one worker and with more, and what a step costs.

    python benchmarks/bench_throughput.py --agents goat,oracle --workers 1 2

Each number of workers runs the same episodes into a fresh folder; the records must not differ. The
ratio of wall times is the result, on a machine that has nothing else to do. Where other programs
take the processors, the CPU time per episode still tells whether workers get in each other's way:
the ratio by CPU is what free processors would give if all workers were at work to the end. The last
line is one JSON object.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

# This folder comes first on the path of its scripts, and sim.py would pass for the package.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("MUJOCO_GL", "egl")
os.environ.setdefault("LP_NUM_THREADS", "0")

import numpy as np
import tyro
from rich.console import Console
from rich.table import Table

from goat.bench.folder import read_results, timeless
from goat.bench.records import EpisodeRecord
from goat.commands import bench_make, bench_run
from goat.commands.options import BenchMake, BenchRun


@dataclass(frozen=True)
class Config:
    """What is run."""

    worlds: str = "generated:0..3,rooms=4"
    """Worlds, see `goat bench make --world`."""
    episodes_per_world: int = 2
    """Episodes in each of them."""
    goals: str = "5"
    """Goals per episode."""
    agents: str = "goat"
    """Who runs them."""
    workers: tuple[int, ...] = (1, 2)
    """Numbers of workers to compare; the first is the base."""
    episodes: Path | None = None
    """Folder of episode files to run in place of made ones."""
    noise: str = "none"
    """"none" or "default"."""
    max_steps: int = 200
    """Actions per goal."""


@dataclass(frozen=True)
class Lap:
    """One run."""

    workers: int
    """Processes."""
    seconds: float
    """Wall-clock time, start of the processes and loading included."""
    cpu: float
    """CPU time of all processes together, s."""
    stolen: float
    """Share of the machine's CPU time that other programs took."""
    records: tuple[EpisodeRecord, ...]
    """What it left."""

    @property
    def per_hour(self) -> float:
        """Episodes per hour of wall-clock time."""
        return 3600.0 * len(self.records) / self.seconds


def ratio_by_cpu(base: Lap, lap: Lap) -> float:
    """Return how much more `lap` would do than `base` on free processors, by CPU time alone."""
    return lap.workers / base.workers * base.cpu / lap.cpu


def run_lap(episodes: Path, workers: int, config: Config, folder: Path) -> Lap:
    """Run all episodes with some workers."""
    options = BenchRun(
        episodes=episodes,
        agents=config.agents,
        out=folder,
        workers=workers,
        noise="default" if config.noise == "default" else "none",
        max_steps=config.max_steps,
    )
    began, own, all_ = time.monotonic(), cpu_seconds(), busy_seconds()
    code = bench_run.run(options, Console(quiet=True))
    seconds, cpu, busy = time.monotonic() - began, cpu_seconds() - own, busy_seconds() - all_
    if code != 0:
        raise SystemExit(f"the run with {workers} workers failed; try goat bench run {episodes}")
    stolen = max(0.0, busy - cpu) / (seconds * (os.cpu_count() or 1))
    return Lap(workers, seconds, cpu, stolen, read_results(folder).records)


def cpu_seconds() -> float:
    """Return the CPU time of this process and of its ended children, s."""
    usages = [resource.getrusage(w) for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def busy_seconds() -> float:
    """Return the CPU time of everything on this machine, s."""
    ticks = [int(word) for word in Path("/proc/stat").read_text().splitlines()[0].split()[1:]]
    return (sum(ticks[:3]) + sum(ticks[5:7])) / os.sysconf("SC_CLK_TCK")


def stages(records: tuple[EpisodeRecord, ...]) -> dict[str, float]:
    """Return the mean CPU time per step of each stage, ms, over all steps."""
    goals = [goal for record in records for goal in record.goals if goal.steps]
    names = dict.fromkeys(name for goal in goals for name in goal.cost_ms)
    steps = [goal.steps for goal in goals]
    return {
        name: float(np.average([goal.cost_ms.get(name, 0.0) for goal in goals], weights=steps))
        for name in names
    }


def show(laps: list[Lap], console: Console) -> None:
    """Print one line per lap, and what a step costs."""
    table = Table("workers", title="goat bench run", title_justify="left")
    columns = ("episodes", "wall s", "per hour", "ratio", "CPU s each", "by CPU", "taken")
    for name in columns:
        table.add_column(name, justify="right")
    for lap in laps:
        table.add_row(
            str(lap.workers),
            str(len(lap.records)),
            f"{lap.seconds:.1f}",
            f"{lap.per_hour:.0f}",
            f"{lap.per_hour / laps[0].per_hour:.2f}",
            f"{lap.cpu / len(lap.records):.2f}",
            f"{ratio_by_cpu(laps[0], lap):.2f}",
            f"{lap.stolen:.0%}",
        )
    console.print(table)
    costs = Table("CPU per step", title_justify="left")
    costs.add_column("ms", justify="right")
    for name, cost in stages(laps[-1].records).items():
        costs.add_row(name, f"{cost:.2f}")
    console.print(costs)


def main(config: Config) -> None:
    """Make episodes, run them, compare and print."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        episodes = config.episodes or folder / "episodes"
        if config.episodes is None:
            make = BenchMake(
                world=(config.worlds,),
                episodes_per_world=config.episodes_per_world,
                goals=config.goals,
                out=episodes,
            )
            bench_make.make(make, Console(quiet=True))
        laps = [run_lap(episodes, n, config, folder / f"{n}") for n in config.workers]
    for lap in laps[1:]:
        if [timeless(r) for r in lap.records] != [timeless(r) for r in laps[0].records]:
            raise SystemExit(f"{lap.workers} workers left other records than {laps[0].workers}")
    show(laps, Console())
    figures = {
        "episodes_per_hour": {str(lap.workers): round(lap.per_hour, 1) for lap in laps},
        "ratio": round(laps[-1].per_hour / laps[0].per_hour, 3),
        "ratio_by_cpu": round(ratio_by_cpu(laps[0], laps[-1]), 3),
        "cpu_s_per_episode": {
            str(lap.workers): round(lap.cpu / len(lap.records), 2) for lap in laps
        },
        "taken_by_others": {str(lap.workers): round(lap.stolen, 3) for lap in laps},
        "cost_ms": {name: round(cost, 2) for name, cost in stages(laps[-1].records).items()},
        "records_equal": True,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main(tyro.cli(Config))
