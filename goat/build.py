"""Makes an agent from names and settings: the one place that knows which parts go together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from goat.agent import Agent, AgentConfig
from goat.memory.matcher import Encoders, GoalMatcher, MatcherConfig
from goat.memory.memory import Memory, MemoryConfig
from goat.memory.photo import PhotoLook
from goat.memory.tracking import PoseTracker, TrackerConfig
from goat.nav.navigator import Navigator, NavigatorConfig
from goat.perception.attributes import measure
from goat.perception.descriptors import describe, describe_goal, describe_surroundings
from goat.perception.gate import KeyframeGate
from goat.perception.keypoints import SiftMatcher
from goat.perception.worker import SynchronousPerceiver, ThreadedPerceiver
from goat.protocols import Detector, KeypointMatcher
from goat.types import Body, BoolArray, Float32Array, UInt8Array
from goat.watcher import Watcher


@dataclass(frozen=True)
class BuildConfig:
    """Settings of every part of the agent."""

    agent: AgentConfig = field(default_factory=AgentConfig)
    """How a goal is pursued."""
    memory: MemoryConfig = field(default_factory=MemoryConfig)
    """What is remembered."""
    matcher: MatcherConfig = field(default_factory=MatcherConfig)
    """How goals are matched."""
    navigator: NavigatorConfig = field(default_factory=NavigatorConfig)
    """How the robot moves."""
    tracker: TrackerConfig | None = field(default_factory=TrackerConfig)
    """How odometry's drift is taken back; None where something else has done so already."""
    asynchronous: bool = False
    """Run the detector in a thread of its own; for slow detectors on real robots."""


def build_agent(
    body: Body,
    detector: Detector,
    memory_path: Path | None = None,
    config: BuildConfig | None = None,
    vocabulary: Sequence[str] = (),
    keypoints: KeypointMatcher | None = None,
    encoders: Encoders | None = None,
) -> Agent:
    """Put an agent together.

    Args:
        body: The robot.
        detector: Finds objects in observations.
        memory_path: File to continue from and save to; None keeps nothing.
        config: Settings of every part.
        vocabulary: Categories the detector may report.
        keypoints: Local features for goal photos; SIFT if None.
        encoders: Image and text encoder for language goals, if there are weights.

    Raises:
        MemoryFileError: The memory file cannot be used; it is left as it is.
    """
    config = config or BuildConfig()
    watcher = build_watcher(body, detector, memory_path, config)
    return Agent(
        watcher=watcher,
        matcher=build_matcher(watcher, config, keypoints, encoders),
        navigator=Navigator(body, config.navigator),
        labels=vocabulary,
        config=config.agent,
    )


def build_watcher(
    body: Body,
    detector: Detector,
    memory_path: Path | None = None,
    config: BuildConfig | None = None,
) -> Watcher:
    """Put together what sees and remembers; see `build_agent`.

    Raises:
        MemoryFileError: The memory file cannot be used; it is left as it is.
    """
    config = config or BuildConfig()
    memory = Memory(body, look_of, SiftMatcher(), memory_path, config.memory)
    run = ThreadedPerceiver if config.asynchronous else SynchronousPerceiver
    gate, tracker = KeyframeGate(config.agent.gate), config.tracker and PoseTracker(config.tracker)
    return Watcher(run(detector), memory, gate, tracker)


def build_matcher(
    watcher: Watcher,
    config: BuildConfig | None = None,
    keypoints: KeypointMatcher | None = None,
    encoders: Encoders | None = None,
) -> GoalMatcher:
    """Put together what answers goals from what a watcher remembers; see `build_agent`."""
    look = PhotoLook(describe_goal, describe_surroundings)
    settings = (config or BuildConfig()).matcher
    return GoalMatcher(
        keypoints or SiftMatcher(), look, watcher.memory.landmarks, settings, encoders
    )


def look_of(
    rgb: UInt8Array, mask: BoolArray, box: Float32Array
) -> tuple[Float32Array, dict[str, float]]:
    """Return the appearance vector and the attributes of a masked object."""
    return describe(rgb, mask, box), measure(rgb, mask, box)
