"""What a run leaves behind: results, video, map, report. Each watches the session by itself."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from goat.bench.results import document, plain, write_json
from goat.bench.session import GoalResult
from goat.frames import planar_of
from goat.protocols import Viewer
from goat.types import AgentFrame, Task, describe
from goat.view.camera import draw_camera
from goat.view.overview import Way, draw_overview, draw_way
from goat.view.report import GoalCard, Report, write_report
from goat.view.storyboard import Outcome, Storyboard
from goat.view.video import VideoWriter

VIDEO = "video.mp4"
"""Name of the video in a run's folder."""
_TITLE_PICTURES = 8
_CLOSING_PICTURES = 12


class ResultsRecorder:
    """Writes `results.json` after every goal, so that an interrupted run keeps its results."""

    def __init__(self, path: Path, config: Mapping[str, Any], seed: int) -> None:
        """Write to `path`."""
        self._path, self._config, self._seed = path, config, seed
        self.goals: list[GoalResult] = []

    @property
    def document(self) -> dict[str, Any]:
        """What was written last."""
        return document(self.goals, self._config, self._seed)

    def goal_started(self, index: int, total: int, task: Task) -> None:
        """Nothing to do."""

    def stepped(self, frame: AgentFrame) -> None:
        """Nothing to do."""

    def goal_ended(self, result: GoalResult) -> None:
        """Write all results so far."""
        self.goals.append(result)
        write_json(self._path, self.document)


class VideoRecorder:
    """Films the session."""

    def __init__(self, path: Path) -> None:
        """Write to `path`."""
        self._writer = VideoWriter(path)
        self._story = Storyboard()
        self._last: NDArray[np.uint8] | None = None
        self.poster: NDArray[np.uint8] | None = None

    def goal_started(self, index: int, total: int, task: Task) -> None:
        """Show the goal for a moment with its first picture."""
        self._story.begin(task.goal, total)
        self._last = None

    def stepped(self, frame: AgentFrame) -> None:
        """Add a picture."""
        first = self._last is None
        self._last = self._story.picture(frame)
        self._writer.add(self._last, _TITLE_PICTURES if first else 1)

    def goal_ended(self, result: GoalResult) -> None:
        """Show for a moment how it ended."""
        self._story.end(Outcome(result.status, result.success, result.reason))
        if self._last is not None:
            self._writer.add(self._story.closing(self._last), _CLOSING_PICTURES)
            self.poster = self._last

    def close(self) -> None:
        """Finish the file."""
        self._writer.close()


class ReportRecorder:
    """Keeps the last picture of every goal for the report and the map."""

    def __init__(self, folder: Path, video: VideoRecorder | None) -> None:
        """Write into `folder`; `video` is mentioned where there is one."""
        self._folder, self._video = folder, video
        self._ways: list[Way] = []
        self._cards: list[GoalCard] = []
        self._points: list[tuple[float, float]] = []
        self._task: Task | None = None
        self._frame: AgentFrame | None = None
        self._goal_frame: AgentFrame | None = None

    def goal_started(self, index: int, total: int, task: Task) -> None:
        """Begin a new way."""
        self._task, self._points, self._goal_frame = task, [], None

    def stepped(self, frame: AgentFrame) -> None:
        """Note where the robot is."""
        self._frame = self._goal_frame = frame
        self._points.append(planar_of(frame.map_from_base)[:2])

    def goal_ended(self, result: GoalResult) -> None:
        """Draw the goal's card."""
        assert self._task is not None
        number = len(self._cards) + 1
        outcome = Outcome(result.status, result.success)
        way = Way(number, np.array(self._points).reshape(-1, 2), outcome.good)
        self._ways.append(way)
        frame = self._goal_frame
        self._cards.append(
            GoalCard(
                goal=self._task.goal,
                outcome=outcome,
                result=plain(result),
                camera=None if frame is None else draw_camera(frame, (560, 420)),
                map=None if frame is None else draw_way(frame, way, (560, 420)),
            )
        )

    def finish(self, title: str, results: Mapping[str, Any]) -> None:
        """Write `map.png` and `report.html`."""
        overview = None
        if self._frame is not None:
            overview = draw_overview(self._frame, self._ways)
            Image.fromarray(overview).save(self._folder / "map.png")
        report = Report(
            title=title,
            results=results,
            cards=self._cards,
            instances=() if self._frame is None else self._frame.instances,
            map=overview,
            video=None if self._video is None else VIDEO,
            poster=None if self._video is None else self._video.poster,
        )
        write_report(self._folder / "report.html", report)


class ViewerRecorder:
    """Hands every step to a viewer."""

    def __init__(self, viewer: Viewer) -> None:
        """Show in `viewer`."""
        self._viewer = viewer

    def goal_started(self, index: int, total: int, task: Task) -> None:
        """Nothing to do."""

    def stepped(self, frame: AgentFrame) -> None:
        """Show it."""
        self._viewer.show(frame)

    def goal_ended(self, result: GoalResult) -> None:
        """Nothing to do."""


class ProgressRecorder:
    """Shows on the console which goal is pursued and how the earlier ones ended."""

    def __init__(self, console: Console) -> None:
        """Print to `console`."""
        self._console = console
        self._progress = Progress(
            TextColumn("[cyan]goal"),
            MofNCompleteColumn(),
            BarColumn(bar_width=24),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            TextColumn("{task.description}", markup=False),
            console=console,
            transient=True,
        )
        self._bar = self._progress.add_task("", total=None)
        self._goal = ""
        self._number = 0

    def goal_started(self, index: int, total: int, task: Task) -> None:
        """Move on to the next goal."""
        self._progress.start()
        self._goal, self._number = describe(task.goal), index + 1
        self._progress.update(self._bar, total=total, completed=index, description=self._goal)

    def stepped(self, frame: AgentFrame) -> None:
        """Show what the robot is doing."""
        text = f"{self._goal}: step {frame.step}, {frame.note}"
        self._progress.update(self._bar, description=text)

    def goal_ended(self, result: GoalResult) -> None:
        """Print one line."""
        outcome = Outcome(result.status, result.success)
        color = "green" if outcome.good else "red"
        self._progress.update(self._bar, completed=self._number)
        self._progress.console.print(
            f"[{color}]{outcome.words:>12}[/]  [dim]{result.steps:4d} steps "
            f"{result.path_length_m:6.1f} m[/]  [bold]{result.modality}[/]",
            end=" ",
        )
        self._progress.console.print(result.goal, markup=False, highlight=False)

    def close(self) -> None:
        """Take the bar away."""
        self._progress.stop()
