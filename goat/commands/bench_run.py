"""`goat bench run`: agents over episodes, in parallel, resumable."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.table import Table

from goat.bench.agents import AGENTS
from goat.bench.cluster import run_on_ray
from goat.bench.folder import Inventory, ResultsFolder
from goat.bench.format import episode_files, read_episodes
from goat.bench.jobs import JobQueue, MakeWorker, Outcome
from goat.bench.metrics import measure
from goat.bench.pool import run_in_pool
from goat.bench.records import EpisodeRecord, Job, RunConfig
from goat.bench.results import versions
from goat.bench.runner import Execute, Summary, run_jobs
from goat.commands.bench_job import debug_worker, digest_of, quiet_worker
from goat.commands.bench_progress import BenchProgress
from goat.commands.bench_scene import habitat_config
from goat.commands.options import BenchRun
from goat.commands.parts import split_spec
from goat.errors import ConfigError, EpisodeError
from goat.perception.catalog import DETECTORS
from goat.registry import require, unknown_name

_CAMERAS = {"home": "default", "habitat": "stretch"}


@dataclass(frozen=True)
class Plan:
    """What there is to do."""

    jobs: tuple[Job, ...]
    """By file, then by episode, then by agent."""
    unreadable: tuple[str, ...]
    """Why files are left out; one line each."""


def run(options: BenchRun, console: Console) -> int:
    """Run agents over episodes; return 0 if every episode has left its record, else 2."""
    agents = check(options)
    plan = make_plan(options, agents)
    with ResultsFolder(options.out, run_config(options)) as folder:
        stock = folder.take_stock(plan.jobs)
        _greet(folder, stock, plan, console)
        execute = _executor(options)
        with BenchProgress(console, plan.jobs, stock.finished, options.debug) as progress:
            summary = run_jobs(stock.missing, folder, execute, progress)
    print_scores([*stock.finished, *summary.records], agents, console)
    console.print(f"results: {options.out}", highlight=False, soft_wrap=True)
    console.print(f"next:    goat bench report {options.out}", highlight=False, soft_wrap=True)
    print_failures(summary, plan, console)
    return 0 if summary.complete and not plan.unreadable else 2


def check(options: BenchRun) -> tuple[str, ...]:
    """Check what can be checked before anything is loaded; return the agents, each once.

    Raises:
        ConfigError: A number makes no sense, or no agent is named.
        UnknownNameError: No agent or detector has that name.
        MissingExtraError: The detector or Ray is not installed.
    """
    if options.workers < 1 or options.max_steps < 1 or options.seed < 0:
        raise ConfigError(
            "--workers and --max-steps must be 1 or more, --seed 0 or more; got "
            f"{options.workers}, {options.max_steps} and {options.seed}"
        )
    if options.limit is not None and options.limit < 1:
        raise ConfigError(f"--limit must be 1 or more, or left out for all; got {options.limit}")
    if options.env == "habitat" and options.noise != "none":
        raise ConfigError("--noise is simulated with --env home only; leave it out")
    agents = _agents(options.agents)
    DETECTORS.load(split_spec(options.detector)[0])
    if options.ray is not None:
        require("ray")
    return agents


def _agents(text: str) -> tuple[str, ...]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    if names == ["all"]:
        return AGENTS.names()
    if not names:
        raise ConfigError(f"no agent is named; choose among {', '.join(AGENTS.names())}, or all")
    for name in names:
        if name not in AGENTS.names():
            raise unknown_name("agent", name, AGENTS.names())
    return tuple(dict.fromkeys(names))


def run_config(options: BenchRun) -> RunConfig:
    """Return what every agent of the run shares."""
    return RunConfig(
        noise=options.noise,
        camera=options.camera or _CAMERAS[options.env],
        detector=options.detector,
        max_steps=options.max_steps,
        seed=options.seed,
        env=options.env,
        drop_long=options.drop_long,
    )


def make_plan(options: BenchRun, agents: Sequence[str]) -> Plan:
    """Return the jobs of all episodes of all files that can be read.

    Raises:
        EpisodeError: There is no episode file, or none that can be read.
    """
    config = run_config(options)
    jobs: list[Job] = []
    unreadable: list[str] = []
    for path in episode_files(options.episodes):
        try:
            jobs += _jobs_of(path, agents, config, options.limit)
        except EpisodeError as error:
            unreadable.append(str(error))
    if not jobs:
        raise EpisodeError("; ".join(unreadable))
    return Plan(tuple(jobs), tuple(unreadable))


def _jobs_of(path: Path, agents: Sequence[str], config: RunConfig, limit: int | None) -> list[Job]:
    digest = digest_of(path)
    content = read_episodes(path, drop_long=config.drop_long)
    return [
        Job(agent, str(path.resolve()), digest, content.scene, episode.id, config)
        for episode in content.episodes[:limit]
        for agent in agents
    ]


def _executor(options: BenchRun) -> Execute:
    worker = debug_worker if options.debug else quiet_worker
    make = partial(worker, habitat_config(options.where))
    if options.ray is None:
        return partial(_in_pool, make, options.workers)
    return partial(_on_ray, make, options.ray, options.workers)


def _in_pool(make: MakeWorker, workers: int, queue: JobQueue) -> Iterator[Outcome]:
    return run_in_pool(make, queue, workers)


def _on_ray(make: MakeWorker, address: str, workers: int, queue: JobQueue) -> Iterator[Outcome]:
    return run_on_ray(make, queue, address, workers)


def _greet(folder: ResultsFolder, stock: Inventory, plan: Plan, console: Console) -> None:
    """Say what is there already, what is set aside and what is left out."""
    for line in (*plan.unreadable, *stock.set_aside):
        console.print(f"[yellow]note:[/] {line}", highlight=False, soft_wrap=True)
    changed = {
        name: (old, new)
        for name, new in versions().items()
        if (old := folder.run.versions.get(name)) not in (None, new)
    }
    for name, (old, new) in changed.items():
        console.print(f"[yellow]note:[/] the run was begun with {name} {old}, now {new}")
    if stock.finished:
        console.print(
            f"{len(stock.finished)} of {len(plan.jobs)} episodes are finished already",
            highlight=False,
        )


def print_scores(records: Sequence[EpisodeRecord], agents: Sequence[str], console: Console) -> None:
    """Print one line per agent."""
    table = Table("agent", box=None, pad_edge=False, header_style="bold")
    for name in ("episodes", "goals", "strict success", "strict SPL"):
        table.add_column(name, justify="right")
    figures = measure(records)
    for agent in agents:
        if agent not in figures:
            table.add_row(agent, "0", "0", "-", "-")
            continue
        score = figures[agent].strict
        numbers = (score.success, score.spl)
        table.add_row(
            agent,
            str(figures[agent].episodes),
            str(score.n),
            *("-" if number is None else f"{number:.3f}" for number in numbers),
        )
    console.print(table)


def print_failures(summary: Summary, plan: Plan, console: Console) -> None:
    """Print what left no record, and why."""
    lines = [f"{line} (left out)" for line in plan.unreadable]
    for failure, dropped in summary.failures:
        job = failure.job
        others = f" (and {dropped} other episodes that need it)" if dropped else ""
        lines.append(f"{job.agent}, {job.scene}, episode {job.episode}: {failure.reason}{others}")
    if summary.lost or summary.dropped:
        lines.append(
            f"{len(summary.lost)} finished episodes could not be written and {summary.dropped} "
            "were not begun for it: make room and run the same command again"
        )
    if lines:
        console.print(f"[bold red]not finished:[/] {len(lines)}")
    for line in lines:
        console.print(f"  {line}", markup=False, highlight=False, soft_wrap=True)
