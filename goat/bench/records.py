"""What one agent's run of one episode leaves behind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from goat.bench.session import GoalResult


@dataclass(frozen=True, slots=True)
class RunConfig:
    """What every agent of a benchmark run shares; results of different ones never mix."""

    noise: str = "none"
    """Noise of depth, odometry and actuation: "none" or "default"."""
    camera: str = "default"
    """Camera and body of the robot."""
    detector: str = "simulator"
    """What finds objects."""
    max_steps: int = 500
    """Actions per goal."""
    seed: int = 0
    """Of everything that is random."""
    env: str = "home"
    """What simulates: "home" or "habitat"."""
    drop_long: bool = False
    """Leave out goals whose description has more than 55 words, as GOAT-Bench's loader does."""


@dataclass(frozen=True, slots=True)
class Job:
    """One episode to be run by one agent."""

    agent: str
    """Name in `goat.bench.agents`."""
    file: str
    """Path of the episode file."""
    digest: str
    """SHA-256 of that file, so that results never outlive a change of it."""
    scene: str
    """What the scene is loaded from."""
    episode: str
    """Id within the file."""
    config: RunConfig
    """How it is run."""


@dataclass(frozen=True, slots=True)
class EpisodeRecord:
    """One episode, finished."""

    job: Job
    """What was run."""
    goals: tuple[GoalResult, ...]
    """In order."""
    seconds: float
    """Wall-clock time without loading the scene, s."""
    versions: Mapping[str, str]
    """Of Python, of GOAT and of what it computes with."""
