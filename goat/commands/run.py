"""`goat run`: goals in a world, recorded and measured."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table
from rich.text import Text

from goat.bench.goals import sample_tasks, with_photo_labels
from goat.bench.results import plain
from goat.bench.session import GoalResult, SessionConfig, SessionObserver, run_tasks
from goat.build import build_agent
from goat.commands.folders import fresh_folder
from goat.commands.goals import parse_goal, read_goals
from goat.commands.options import Recording, Run
from goat.commands.parts import (
    check_categories,
    make_detector,
    make_encoders,
    make_matcher,
    merged_vocabulary,
)
from goat.commands.recorders import (
    VIDEO,
    ProgressRecorder,
    ReportRecorder,
    ResultsRecorder,
    VideoRecorder,
    ViewerRecorder,
)
from goat.commands.recording import check_record, open_recorders
from goat.commands.scene import Scene, open_scene
from goat.errors import ConfigError, GoalError
from goat.memory.vocabulary import accepts
from goat.protocols import Detector, Viewer
from goat.types import CategoryGoal, Goal, Task
from goat.view.rerun import check_viewer, open_viewer
from goat.view.storyboard import Outcome

_SAME_KIND = 0.9  # `accepts` from which an object counts as what a category goal asked for


def run(options: Run, console: Console) -> int:
    """Pursue the goals of `options`; leave results, video, map and report in its folder."""
    check(options)
    goals = [parse_goal(text) for text in options.goal]
    with open_scene(options) as scene:
        for warning in scene.sim.world.warnings:
            console.print(f"[yellow]note:[/] {warning}", highlight=False)
        record(options, scene, gather_tasks(options, goals, scene), console)
    return 0


def check(options: Run) -> None:
    """Check what can be checked before anything is loaded.

    Raises:
        GoalError: No goal is given.
        ConfigError: A number makes no sense.
    """
    if not (options.goal or options.goals or options.sample_goals):
        raise GoalError(
            "no goal is given; add --goal category:sofa, --goals FILE or --sample-goals 5"
        )
    if options.recording.viewer != "none":
        check_viewer(options.recording.viewer)
    check_record(options.recording.record, options.recording.record_quality)
    if options.max_steps < 1 or options.sample_goals < 0 or options.seed < 0:
        raise ConfigError(
            "--max-steps must be 1 or more, --sample-goals and --seed 0 or more; got "
            f"{options.max_steps}, {options.sample_goals} and {options.seed}"
        )


def gather_tasks(options: Run, goals: list[Goal], scene: Scene) -> list[Task]:
    """Return the goals of the flags, of the file and of the sampler, in this order."""
    objects = scene.evaluator.objects
    tasks = [Task(goal, ()) for goal in goals]
    if options.goals is not None:
        tasks += read_goals(options.goals, tuple(objects.values()))
    tasks = [task if task.targets else _with_targets(task.goal, scene) for task in tasks]
    rng = np.random.default_rng([options.seed, 2])
    perfect = options.detector == "simulator"
    sampled = sample_tasks(
        scene.evaluator, rng, options.sample_goals, options.repeat, photo_labels=perfect
    )
    if perfect:
        check_categories(tasks, scene.categories)
        tasks = with_photo_labels(tasks, objects)
    return tasks + sampled


def _with_targets(goal: Goal, scene: Scene) -> Task:
    """Return the task of a category goal with every object that counts; others stay unknown."""
    if not isinstance(goal, CategoryGoal):
        return Task(goal, ())
    objects = scene.evaluator.objects.values()
    return Task(
        goal,
        tuple(o.id for o in objects if accepts(goal.category, o.category) >= _SAME_KIND),
    )


def record(options: Run, scene: Scene, tasks: list[Task], console: Console) -> list[GoalResult]:
    """Run the tasks with all recorders; what is finished is written whatever happens."""
    detector, vocabulary = _detector(options, scene, tasks)
    with ExitStack() as stack:
        agent = build_agent(
            scene.sim.body,
            detector,
            options.memory,
            vocabulary=vocabulary,
            keypoints=make_matcher(options.seeing.matcher),
            encoders=make_encoders(options.seeing.encoder),
        )
        stack.callback(agent.close)
        folder = fresh_folder(options.out)
        config = SessionConfig(max_steps=options.max_steps)
        written = resolved(options, config, agent.config, scene)
        results = ResultsRecorder(folder / "results.json", written, options.seed)
        video = VideoRecorder(folder / VIDEO) if options.recording.video else None
        report = ReportRecorder(folder, video)
        stack.callback(lambda: _finish(report, results, scene, folder, console))
        observers: list[SessionObserver] = [results, report]
        if video is not None:
            stack.callback(video.close)
            observers.append(video)
        observers += _viewers(options.recording, folder, stack)
        record, quality = options.recording.record, options.recording.record_quality
        observers += open_recorders(record, quality, scene.sim.labels, stack, console)
        progress = ProgressRecorder(console)
        stack.callback(progress.close)
        run_tasks(agent, scene.sim, scene.evaluator, tasks, config, [*observers, progress])
    return results.goals


def _detector(options: Run, scene: Scene, tasks: list[Task]) -> tuple[Detector, tuple[str, ...]]:
    vocabulary = scene.categories
    if options.detector != "simulator":
        vocabulary = merged_vocabulary(tasks, options.seeing.vocabulary or vocabulary)
    labels = scene.sim.labels
    return make_detector(options.detector, labels, vocabulary, options.seeing.segmenter), vocabulary


def _viewers(recording: Recording, folder: Path, stack: ExitStack) -> list[ViewerRecorder]:
    viewers: list[Viewer] = []
    if recording.viewer != "none":
        viewers.append(open_viewer(recording.viewer))
    if recording.mesh:
        from goat.view.mesh import MeshRecorder

        viewers.append(MeshRecorder(folder / "mesh"))
    for viewer in viewers:
        stack.callback(viewer.close)
    return [ViewerRecorder(viewer) for viewer in viewers]


def resolved(options: Run, session: SessionConfig, agent: object, scene: Scene) -> dict[str, Any]:
    """Return every setting of a run, as it is written beside its results."""
    return {
        "run": plain(asdict(options)),
        "session": plain(session),
        "agent": plain(agent),
        "robot": plain(scene.sim.config),
        "world": scene.sim.world.name,
    }


def _finish(
    report: ReportRecorder,
    results: ResultsRecorder,
    scene: Scene,
    folder: Path,
    console: Console,
) -> None:
    report.finish(f"GOAT in {scene.sim.world.name}", results.document)
    print_table(results.goals, console)
    console.print(f"report: {folder / 'report.html'}", highlight=False, soft_wrap=True)


def print_table(goals: list[GoalResult], console: Console) -> None:
    """Print one line per goal."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("#", "kind", "goal", "result"):
        table.add_column(name, overflow="fold")
    for name in ("steps", "path m", "shortest m", "SPL", "s"):
        table.add_column(name, justify="right")
    for number, goal in enumerate(goals, 1):
        outcome = Outcome(goal.status, goal.success)
        color = "green" if outcome.good else "red"
        figures = (goal.path_length_m, goal.shortest_m, goal.spl, goal.seconds)
        table.add_row(
            str(number),
            goal.modality,
            Text(goal.goal),
            f"[{color}]{outcome.words}[/]",
            str(goal.steps),
            *("-" if figure is None else f"{figure:.2f}" for figure in figures),
        )
    console.print(table)
