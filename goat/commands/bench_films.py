"""Films episodes of a benchmark by running them anew: runs are deterministic."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from goat.bench.metrics import EpisodeKey, episode_key
from goat.bench.records import EpisodeRecord, Job
from goat.bench.session import GoalResult, SessionObserver
from goat.bench.worst import Film
from goat.commands.recorders import VideoRecorder
from goat.types import AgentFrame, Task

FOLDER = "videos"
"""Name of the folder beside the page."""
_log = logging.getLogger(__name__)


class Studio(Protocol):
    """Runs jobs before observers; `goat.commands.bench_job.EpisodeWorker` is one."""

    def __call__(self, job: Job, observers: Sequence[SessionObserver]) -> EpisodeRecord:
        """Run a job."""
        ...

    def close(self) -> None:
        """Free what it holds."""
        ...


@dataclass(frozen=True, slots=True)
class Films:
    """What came of filming."""

    films: dict[EpisodeKey, Film]
    """Episode -> its video."""
    notes: list[str]
    """What could not be filmed, and why."""


def film(
    records: Sequence[EpisodeRecord],
    folder: Path,
    console: Console,
    make_studio: Callable[[], Studio],
) -> Films:
    """Run episodes anew and film them into `folder`/videos; one that fails is skipped and noted.

    Args:
        records: Their earlier runs.
        folder: Of the page.
        console: Where to show how far it is.
        make_studio: Builds what runs them.
    """
    made = Films({}, [])
    if not records:
        return made
    (folder / FOLDER).mkdir(parents=True, exist_ok=True)
    studio = make_studio()
    try:
        with _bar(console) as bar:
            total = sum(goal.steps for record in records for goal in record.goals)
            advance = _Advance(bar, total)
            for record in sorted(records, key=lambda record: record.job.file):
                _film_one(record, folder, studio, advance, made)
    finally:
        studio.close()
    return made


def _film_one(
    record: EpisodeRecord, folder: Path, studio: Studio, advance: _Advance, made: Films
) -> None:
    name = f"{FOLDER}/{_slug(record.job)}.mp4"
    video = VideoRecorder(folder / name)
    try:
        again = studio(record.job, (video, advance))
        video.close()
    except Exception as error:  # noqa: BLE001  a video must not cost the report
        _log.warning("filming failed", exc_info=True)
        video.close()
        (folder / name).unlink(missing_ok=True)
        made.notes.append(_refusal(record.job, error))
        return
    made.films[episode_key(record)] = Film(name, _outcome(again) == _outcome(record))


def _refusal(job: Job, error: Exception) -> str:
    said = f"Episode {job.episode} of {job.scene} could not be filmed: {error}."
    if Path(job.file).is_file():
        return said
    return f"{said} {job.file} is not here: make the report where the benchmark was run."


def _outcome(record: EpisodeRecord) -> list[tuple[object, ...]]:
    """Return what must be the same when an episode is run again."""
    return [
        (goal.status, goal.success, goal.strict_success, goal.steps, goal.chosen)
        for goal in record.goals
    ]


def _slug(job: Job) -> str:
    return re.sub(r"[^A-Za-z0-9.,=_-]", "_", f"{job.agent}-{job.scene}-{job.episode}")[-120:]


def _bar(console: Console) -> Progress:
    return Progress(
        TextColumn("filming"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("steps, time left"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
    )


class _Advance:
    """Moves a bar by one for every step."""

    def __init__(self, bar: Progress, total: int) -> None:
        self._bar, self._task = bar, bar.add_task("", total=total)

    def goal_started(self, index: int, total: int, task: Task) -> None:
        """Nothing to do."""

    def stepped(self, frame: AgentFrame) -> None:
        """One more."""
        self._bar.advance(self._task)

    def goal_ended(self, result: GoalResult) -> None:
        """Nothing to do."""
