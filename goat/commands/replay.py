"""`goat replay`: sees, remembers and matches over a recording, as a robot would."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, replace
from itertools import chain
from pathlib import Path
from typing import Any

from PIL import Image
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from goat.bench.results import plain, versions, write_json
from goat.build import build_matcher, build_watcher
from goat.commands.folders import fresh_folder
from goat.commands.goals import parse_goal
from goat.commands.options import Replay
from goat.commands.parts import (
    check_categories,
    make_detector,
    make_encoders,
    make_matcher,
    merged_vocabulary,
)
from goat.commands.replay_goals import recorded_goals
from goat.commands.replay_tour import Tour, described
from goat.errors import ConfigError
from goat.memory.vocabulary import household
from goat.protocols import Detector
from goat.types import Goal, Observation, Task
from robot.bag import Playback, as_recorded, listing
from robot.bag_files import Bag, open_bag
from robot.bag_types import BagError
from robot.config import RobotConfig, read_config

_SCHEMA = 1
_SHOWN = 5
_FALLBACK = "grounding-dino"


def replay(options: Replay, console: Console) -> int:
    """Replay a recording; leave results, a map and, if asked, a memory.

    Raises:
        BagError: The recording cannot be read, or no observation can be made of it.
        ConfigError: The robot's file or a flag cannot be used.
        GoalError: A goal cannot be read.
    """
    if options.hz is not None and not options.hz > 0.0:
        raise ConfigError(f"--hz must be greater than 0, got {options.hz}")
    goals = [parse_goal(text) for text in options.goal]
    robot = RobotConfig() if options.config is None else read_config(options.config)
    with ExitStack() as stack:
        bag = open_bag(options.file)
        stack.callback(bag.close)
        robot = _named(as_recorded(bag, robot), options)
        if not goals:
            goals = _recorded(bag, console)
        _replay(options, robot, bag, goals, stack, console)
    return 0


def _named(robot: RobotConfig, options: Replay) -> RobotConfig:
    """Return the robot with the names that were given in place of its own."""
    topics = {role: name for role, name in asdict(options.topics).items() if name is not None}
    frames = {role: name for role, name in asdict(options.frames).items() if name is not None}
    return replace(
        robot, topics=replace(robot.topics, **topics), frames=replace(robot.frames, **frames)
    )


def _recorded(bag: Bag, console: Console) -> list[Goal]:
    goals, left_out = recorded_goals(bag)
    for what in left_out:
        console.print(f"[yellow]note:[/] not asked again: {what}", highlight=False)
    return goals


def _replay(
    options: Replay,
    robot: RobotConfig,
    bag: Bag,
    goals: Sequence[Goal],
    stack: ExitStack,
    console: Console,
) -> None:
    began = time.monotonic()
    playback = Playback(bag, robot)
    stream = _begun(_thinned(playback.observations(), options.hz), bag, playback)
    detector, words = _detector(options, playback, goals)
    watcher = build_watcher(robot.body, detector, options.memory)
    stack.callback(watcher.close)
    matcher = build_matcher(
        watcher,
        keypoints=make_matcher(options.seeing.matcher),
        encoders=make_encoders(options.seeing.encoder),
    )
    folder = fresh_folder(options.out)
    tour = Tour(watcher, robot.body)
    images = next(item.count for item in bag.topics if item.name == robot.topics.depth)
    interrupted = _watch(tour, stream, images, console)
    document = {
        "schema": _SCHEMA,
        "goals": [tour.answer(matcher, goal, words) for goal in goals],
        "observations": {"depth_images": images, "used": tour.observations}
        | _rejected(playback, bag),
        "remembered": [described(instance) for instance in tour.instances],
        "config": {"replay": plain(asdict(options)), "robot": plain(robot)},
        "versions": versions(),
        "seconds": round(time.monotonic() - began, 3),
    }
    write_json(folder / "results.json", document)
    Image.fromarray(tour.picture()).save(folder / "map.png")
    _print(document, folder, console)
    if interrupted:
        raise KeyboardInterrupt


def _rejected(playback: Playback, bag: Bag) -> dict[str, Any]:
    return {
        "rejected": playback.rejected(),
        "last_error": playback.sensors.last_error,
        "damage": bag.damage,
    }


def _begun(stream: Iterator[Observation], bag: Bag, playback: Playback) -> Iterator[Observation]:
    """Return the stream after it has given its first observation, which it gives all the same.

    Raises:
        BagError: It gives none.
    """
    first = next(stream, None)
    if first is None:
        rejected = ", ".join(f"{name} {number}" for name, number in playback.rejected().items())
        raise BagError(
            f"no observation can be made of the recording: {playback.sensors.missing()}"
            f"{f' (rejected: {rejected})' if rejected else ''}"
            f"{f'; {bag.damage}' if bag.damage else ''}. It has:\n{listing(bag)}"
        )
    return chain([first], stream)


def _thinned(stream: Iterator[Observation], hz: float | None) -> Iterator[Observation]:
    """Return at most `hz` observations per second of the recording; all of them for None."""
    if hz is None:
        yield from stream
        return
    last = -float("inf")
    for seen in stream:
        if not 0.0 <= seen.stamp - last < 1.0 / hz:  # a clock set back begins anew
            last = seen.stamp
            yield seen


def _detector(
    options: Replay, playback: Playback, goals: Sequence[Goal]
) -> tuple[Detector, tuple[str, ...]]:
    labels, tasks = playback.sensors.labels, [Task(goal, ()) for goal in goals]
    name = options.detector or ("simulator" if playback.has_objects else _FALLBACK)
    words = tuple(sorted(set(labels.values())))
    if name == "simulator":
        if not playback.has_objects:
            raise ConfigError(
                "the recording has no object ids and labels, which the detector 'simulator' needs; "
                f"take another one: --detector {_FALLBACK}"
            )
        check_categories(tasks, words)
    else:
        words = merged_vocabulary(tasks, options.seeing.vocabulary or household())
    return make_detector(name, labels, words, options.seeing.segmenter), words


def _watch(tour: Tour, stream: Iterator[Observation], images: int, console: Console) -> bool:
    """Let the tour see all; return whether that was interrupted."""
    with Progress(console=console, transient=True) as progress:
        bar = progress.add_task("replaying", total=images)
        try:
            for seen in stream:
                tour.watch(seen)
                progress.advance(bar)
        except KeyboardInterrupt:
            if not tour.observations:
                raise
            return True
    return False


def _print(document: dict[str, Any], folder: Path, console: Console) -> None:
    for goal in document["goals"]:
        console.print(Text.assemble((goal["modality"], "bold"), " ", goal["goal"]))
        if not goal["candidates"]:
            console.print(f"  {goal.get('error', 'nothing that is remembered fits')}", style="dim")
            continue
        console.print(_table(goal["candidates"][:_SHOWN]))
    seen = document["observations"]
    console.print(
        f"{len(document['remembered'])} objects remembered from {seen['used']} observations "
        f"({seen['depth_images']} depth images)",
        highlight=False,
    )
    for name, number in seen["rejected"].items():
        console.print(f"[yellow]rejected:[/] {name} {number}", highlight=False)
    if seen["rejected"] and seen["last_error"]:
        console.print(f"  {seen['last_error']}", style="dim", markup=False, highlight=False)
    if seen["damage"]:
        console.print(f"[yellow]note:[/] {seen['damage']}", highlight=False, soft_wrap=True)
    console.print(f"results: {folder / 'results.json'}", highlight=False, soft_wrap=True)
    console.print(f"map: {folder / 'map.png'}", highlight=False, soft_wrap=True)


def _table(candidates: Sequence[dict[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("  id", "probability", "x m", "y m", "seen"):
        table.add_column(name, justify="right")
    table.add_column("label")
    for item in candidates:
        x, y, _ = item["where"]
        figures = (f"{item['probability']:.2f}", f"{x:.2f}", f"{y:.2f}", str(item["observations"]))
        table.add_row(str(item["id"]), *figures, Text(item["label"]))
    return table
