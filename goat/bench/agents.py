"""The agents of the benchmark, by name."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from goat.bench.session import GoalSeeker
from goat.build import BuildConfig
from goat.memory.matcher import Encoders
from goat.protocols import Detector, Evaluator, KeypointMatcher
from goat.registry import Registry
from goat.types import Body


@dataclass(frozen=True)
class AgentParts:
    """What agents are made of; every agent takes what it needs."""

    body: Body
    """The robot."""
    detector: Detector
    """Finds objects in observations."""
    vocabulary: tuple[str, ...]
    """Categories the detector may report."""
    rng: np.random.Generator
    """Source of whatever an agent decides at random."""
    evaluator: Evaluator | None = None
    """Ground truth; only the oracle may look at it."""
    keypoints: KeypointMatcher | None = None
    """Local features for goal photos; SIFT if None."""
    encoders: Encoders | None = None
    """Image and text encoder for sentences, if there are weights."""
    config: BuildConfig = field(default_factory=BuildConfig)
    """Settings of every part of the full agent, which the others share."""


AGENTS = Registry(
    "agent",
    {
        "goat": "goat.bench.ablations:full",
        "no-instances": "goat.bench.ablations:WithoutInstances",
        "no-memory": "goat.bench.ablations:WithoutMemory",
        "no-verify": "goat.bench.ablations:without_verification",
        "clip-on-wheels": "goat.bench.baselines.clip_on_wheels:ClipOnWheels",
        "random": "goat.bench.baselines.random_walk:RandomWalk",
        "oracle": "goat.bench.baselines.oracle:Oracle",
    },
)
"""Callables that build a `goat.bench.session.GoalSeeker` from `AgentParts`."""

SUMMARIES = {
    "goat": "the full agent",
    "no-instances": "categories only: photos and sentences count for what they are of",
    "no-memory": "forgets map and objects at each goal",
    "no-verify": "drives to what it chose first and stops there",
    "clip-on-wheels": "matches the current view only, remembers where it can drive",
    "random": "drives and stops at random",
    "oracle": "takes the shortest way, knowing the world: an upper bound",
}
"""Name -> what sets the agent apart, for people."""


def make_agent(name: str, parts: AgentParts) -> GoalSeeker:
    """Build an agent for one episode.

    Args:
        name: One of `AGENTS`.
        parts: What it is made of.

    Raises:
        UnknownNameError: No agent has this name.
        ConfigError: The oracle is built without ground truth.
    """
    return AGENTS.load(name)(parts)
