"""Workers whose jobs do what their episode's name says, and the records they return."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from goat.bench.jobs import SceneError, episode_rng
from goat.bench.records import EpisodeRecord, Job, RunConfig
from goat.bench.session import GoalResult
from goat.errors import GoalError, ModelError, WorldError
from goat.types import Status

CONFIG = RunConfig()

RESULT = GoalResult(
    modality="image",
    goal="photo of chair_03",
    status=Status.REACHED,
    success=True,
    strict_success=False,
    steps=12,
    path_length_m=0.1 + 0.2,
    shortest_m=1.0 / 3.0,
    spl=None,
    seconds=1.5,
    collisions=0,
    first_visit=True,
    reason="arrived",
    agent_ms_median=3.25,
    agent_ms_p99=None,
    targets=("chair_03", "chair_04"),
    trajectory=((0.1, -0.2), (1e-17, 3.0)),
    cost_ms={"plan": 0.7},
)


def make_job(
    episode: str = "0",
    agent: str = "goat",
    file: str = "a.json.gz",
    digest: str = "d1",
    config: RunConfig = CONFIG,
) -> Job:
    """A job of the scene named like its file."""
    return Job(agent, file, digest, f"scene:{Path(file).name}", episode, config)


def make_jobs(
    files: Sequence[str] = ("a.json.gz", "b.json.gz"),
    episodes: Sequence[str] = ("0", "1", "2"),
    agents: Sequence[str] = ("goat", "random"),
) -> list[Job]:
    """All combinations, in the order of a run."""
    return [make_job(e, a, f) for f in files for e in episodes for a in agents]


def make_record(job: Job | None = None, goals: int = 2) -> EpisodeRecord:
    """A record; its figures depend on seed, scene and episode only."""
    job = make_job() if job is None else job
    rng = episode_rng(job, 0)
    results = tuple(replace(RESULT, path_length_m=float(rng.random())) for _ in range(goals))
    return EpisodeRecord(job, results, time.perf_counter(), {"python": "3.11"})


@dataclass
class FakeWorker:
    """Notes every job that it finishes in a folder, then returns its record."""

    folder: Path
    seconds: float = 0.0

    def __call__(self, job: Job) -> EpisodeRecord:
        self._note("begun", job)
        match job.episode.split("-")[0]:
            case "dies":
                os.kill(os.getpid(), signal.SIGKILL)
            case "dies_once":
                marker = self.folder / f"died-{job.agent}-{Path(job.file).name}"
                if not marker.exists():
                    marker.touch()
                    os.kill(os.getpid(), signal.SIGKILL)
            case "no_goal":
                raise GoalError("nothing to seek")
            case "bug":
                raise KeyError("sofa")
            case "no_scene":
                raise SceneError("no scene") from WorldError("no such world")
            case "no_model":
                raise ModelError("no weights")
        time.sleep(self.seconds)
        self._note("ended", job)
        return make_record(job)

    def close(self) -> None:
        (self.folder / f"closed-{os.getpid()}").touch()

    def _note(self, what: str, job: Job) -> None:
        line = f"{what} {job.agent} {Path(job.file).name} {job.episode} {os.getpid()}\n"
        with (self.folder / "log").open("a") as log:
            log.write(line)


def log_of(folder: Path, what: str = "begun") -> list[tuple[str, str, str, str]]:
    """Agent, file, episode and process of every note of a kind, in order."""
    path = folder / "log"
    lines = path.read_text().splitlines() if path.exists() else []
    rows = [line.split() for line in lines]
    return [(row[1], row[2], row[3], row[4]) for row in rows if row[0] == what]


class StillbornWorker:
    """Kills its process before the first job."""

    def __init__(self) -> None:
        os._exit(3)
