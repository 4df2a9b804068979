"""One job of a benchmark run, from its episode file to its record; runs in a worker."""

from __future__ import annotations

import functools
import hashlib
import logging
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import cv2

from goat.bench.agents import AgentParts, make_agent
from goat.bench.episodes import Episode, SceneEpisodes
from goat.bench.format import read_episodes
from goat.bench.jobs import SceneError, episode_rng
from goat.bench.records import EpisodeRecord, Job, RunConfig
from goat.bench.resolve import tasks_of
from goat.bench.results import versions
from goat.bench.session import SessionConfig, SessionObserver, run_tasks
from goat.commands.bench_scene import BenchScene, load_scene
from goat.commands.options import Seeing
from goat.commands.parts import make_detector
from goat.errors import EpisodeError, SimulatorDiedError
from goat.protocols import Detector
from sim.habitat import HabitatConfig

_log = logging.getLogger(__name__)
_Key = tuple[str, str, RunConfig]
_NOISE, _AGENT = range(2)  # streams of randomness of an episode


@dataclass(frozen=True)
class _Loaded:
    """What all jobs of a file share."""

    key: _Key
    content: SceneEpisodes
    scene: BenchScene
    detector: Detector
    vocabulary: tuple[str, ...]


class EpisodeWorker:
    """Runs jobs and keeps the scene from one to the next; implements `goat.bench.jobs.Worker`.

    A kept scene gives the same records as a fresh one: robot, noise and ground truth start anew.
    """

    def __init__(self, habitat: HabitatConfig | None = None) -> None:
        """Bind the process to one thread: workers share the machine.

        Args:
            habitat: Where habitat_sim and its scenes are; None for runs in homes.
        """
        cv2.setNumThreads(1)
        self._habitat = habitat or HabitatConfig()
        self._loaded: _Loaded | None = None

    def __call__(self, job: Job, observers: Sequence[SessionObserver] = ()) -> EpisodeRecord:
        """Run a job.

        Args:
            job: What to run.
            observers: See the episode go by.

        Raises:
            SceneError: The file or its scene cannot be loaded.
            EpisodeError: The episode asks for what its scene does not have.
            StartPoseError: The robot does not fit where the episode starts.
            SimulatorDiedError: A simulator in another process has died, a second time.
        """
        try:
            return self._run(job, observers)
        except SimulatorDiedError:
            _log.warning("the simulator has died; trying once more with a new one", exc_info=True)
            self.close()
        try:
            return self._run(job, observers)
        except SimulatorDiedError:
            self.close()
            raise

    def _run(self, job: Job, observers: Sequence[SessionObserver]) -> EpisodeRecord:
        loaded = self._load(job)
        began = time.perf_counter()
        episode = _episode(loaded.content, job)
        sim = loaded.scene.sim
        evaluator = loaded.scene.begin(episode, episode_rng(job, _NOISE))
        labels = job.config.detector == "simulator"
        tasks = tasks_of(loaded.content, episode, evaluator, labels)
        _forget_randomness()
        with ExitStack() as stack:
            parts = AgentParts(
                body=sim.body,
                detector=loaded.detector,
                vocabulary=loaded.vocabulary,
                rng=episode_rng(job, _AGENT),
                evaluator=evaluator,
            )
            agent = make_agent(job.agent, parts)
            stack.callback(getattr(agent, "close", lambda: None))
            config = SessionConfig(max_steps=job.config.max_steps)
            result = run_tasks(agent, sim, evaluator, tasks, config, observers)
        return EpisodeRecord(job, result.goals, time.perf_counter() - began, _versions())

    def close(self) -> None:
        """Free the scene."""
        if self._loaded is not None:
            self._loaded.scene.close()
            self._loaded = None

    def _load(self, job: Job) -> _Loaded:
        key = (job.file, job.digest, job.config)
        if self._loaded is None or self._loaded.key != key:
            self.close()
            try:
                self._loaded = _load(job, key, self._habitat)
            except SimulatorDiedError:
                raise
            except Exception as error:
                raise SceneError(f"scene {job.scene!r} cannot be loaded: {error}") from error
        return self._loaded


def quiet_worker(habitat: HabitatConfig | None = None) -> EpisodeWorker:
    """Return a worker for a process of its own, which prints errors only."""
    logging.basicConfig(level=logging.ERROR)
    return EpisodeWorker(habitat)


def debug_worker(habitat: HabitatConfig | None = None) -> EpisodeWorker:
    """Return a worker for a process of its own, which prints what the libraries log."""
    logging.basicConfig(level=logging.INFO)
    return EpisodeWorker(habitat)


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file.

    Raises:
        EpisodeError: It cannot be read.
    """
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise EpisodeError(f"{path}: cannot be read: {error.strerror or error}") from error


def _load(job: Job, key: _Key, habitat: HabitatConfig) -> _Loaded:
    path = Path(job.file)
    if digest_of(path) != job.digest:
        raise EpisodeError(f"{path} has changed since the run began; run again")
    content = read_episodes(path, drop_long=job.config.drop_long)
    scene = load_scene(content, job.config, episode_rng(job, 0), habitat)
    try:
        scene.sim.observe()  # a renderer that does not work is the scene's fault
        vocabulary = scene.categories
        if job.config.detector != "simulator":
            vocabulary = tuple(sorted({*vocabulary, *content.objects}))
        detector = make_detector(job.config.detector, scene.labels, vocabulary, Seeing.segmenter)
    except BaseException:
        scene.close()
        raise
    return _Loaded(key, content, scene, detector, vocabulary)


def _episode(content: SceneEpisodes, job: Job) -> Episode:
    for episode in content.episodes:
        if episode.id == job.episode:
            return episode
    raise EpisodeError(f"{job.file} has no episode {job.episode!r}")


def _forget_randomness() -> None:
    """Let no generator of a library carry on from the episode before."""
    cv2.setRNGSeed(0)
    if (torch := sys.modules.get("torch")) is not None:
        torch.set_num_threads(1)
        torch.manual_seed(0)


@functools.cache
def _versions() -> dict[str, str]:
    return versions()
