"""`goat bench make`: draw episodes from the ground truth of worlds."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from goat.bench.episodes import SceneEpisodes
from goat.bench.format import SUFFIX, write_episodes
from goat.bench.making import MakeConfig, make_episodes
from goat.commands.options import BenchMake
from goat.commands.scene import Scene, build_scene
from goat.errors import ConfigError, GoatError
from goat.types import CellState
from sim.truth import GroundTruth

_WORLDS = ("generated:0..19",)
_TRIES = 8  # poses tried until the robot stands in most of the largest free place
_MOST = 0.5  # share of that place that must be reached


def make(options: BenchMake, console: Console) -> int:
    """Write one episode file per world; a world that fails does not stop the others."""
    config = MakeConfig(options.episodes_per_world, goal_range(options.goals), options.repeat)
    if options.seed < 0:
        raise ConfigError(f"--seed must be 0 or more, got {options.seed}")
    files = episode_paths(options.world or _WORLDS, options.out)
    failed = 0
    with _progress(console) as progress:
        bar = progress.add_task("worlds", total=len(files))
        for world, path in files.items():
            progress.update(bar, description=world)
            try:
                note = _make_file(world, path, options, config)
            except GoatError as error:
                failed += 1
                note = f"[bold red]{type(error).__name__}[/]"
                progress.console.print(f"{note} {world}:", end=" ", highlight=False)
                progress.console.print(str(error), markup=False, highlight=False)
            else:
                progress.console.print(f"{path}: {note}", highlight=False)
            progress.advance(bar)
    return 2 if failed else 0


def make_world(world: str, camera: str, seed: int, config: MakeConfig) -> SceneEpisodes:
    """Return episodes of one world; the same whatever other worlds are made.

    Args:
        world: What `--world` takes.
        camera: Robot that must be able to reach and see what is asked for.
        seed: Of everything that is random.
        config: What episodes are like.

    Raises:
        WorldError: The world cannot be loaded, or has nothing to ask for.
    """
    rng = np.random.default_rng([seed, zlib.crc32(world.encode())])
    scene = build_scene(world, camera, "none", rng)
    try:
        evaluator = _roam(scene, rng)
        return make_episodes(evaluator, world, scene.sim.world.floor, rng, config)
    finally:
        scene.close()


def goal_range(text: str) -> tuple[int, int]:
    """Return least and greatest of "10" or "5..10".

    Raises:
        ConfigError: It is neither.
    """
    match = re.fullmatch(r"(\d{1,4})(?:\.\.(\d{1,4}))?", text.strip())
    if match is None:
        raise ConfigError(f"--goals must be a number or a range such as 5..10, got {text!r}")
    return int(match[1]), int(match[2] or match[1])


def episode_paths(worlds: Sequence[str], folder: Path) -> dict[str, Path]:
    """Return the file of each world; "generated:FIRST..LAST" stands for several worlds.

    Raises:
        ConfigError: A range is empty, or two worlds would share a file.
    """
    names = list(dict.fromkeys(name for world in worlds for name in _spread(world)))
    paths = {name: folder / f"{_stem(name)}{SUFFIX}" for name in names}
    if len(set(paths.values())) < len(paths):
        raise ConfigError(f"two of the worlds {', '.join(names)} would share one episode file")
    return paths


def _spread(world: str) -> list[str]:
    match = re.fullmatch(r"generated:(\d{1,9})\.\.(\d{1,9})(,.*)?", world)
    if match is None:
        return [world]
    first, last = int(match[1]), int(match[2])
    if not first <= last < first + 100_000:
        raise ConfigError(f"--world {world}: a range is FIRST..LAST, at most 100000 worlds")
    return [f"generated:{seed}{match[3] or ''}" for seed in range(first, last + 1)]


def _stem(world: str) -> str:
    name = world if world.startswith("generated:") else Path(world).stem
    return re.sub(r"[^\w.-]+", "_", name).strip("._") or "world"


def _make_file(world: str, path: Path, options: BenchMake, config: MakeConfig) -> str:
    if path.exists() and not options.overwrite:
        return "exists, left as it is"
    content = make_world(world, options.camera, options.seed, config)
    write_episodes(path, content)
    goals = sum(len(episode.subtasks) for episode in content.episodes)
    return f"{len(content.episodes)} episodes, {goals} goals"


def _roam(scene: Scene, rng: np.random.Generator) -> GroundTruth:
    """Put the robot into the largest free place; return what is true from there."""
    space = scene.sim.space
    whole = np.count_nonzero(space.labels == space.largest) * space.cell**2
    best, most = GroundTruth(scene.sim), -1.0
    for _ in range(_TRIES):
        scene.sim.reset(scene.sim.random_pose(rng))
        truth = GroundTruth(scene.sim)
        grid = truth.navigable()
        area = np.count_nonzero(grid.state == CellState.FREE) * grid.resolution**2
        if area > most:
            best, most = truth, area
        if area >= _MOST * whole:
            break
    return best


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
    )
