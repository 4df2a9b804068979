"""The full agent, and what is left of it without one of its parts.

After the ablations of "GOAT: GO to Any Thing" (2023, https://arxiv.org/abs/2311.06430), Table 1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.spatial.transform import RigidTransform

from goat.agent import Agent
from goat.bench.agents import AgentParts
from goat.build import build_agent
from goat.errors import GoalError
from goat.memory.language import parse
from goat.protocols import Detector
from goat.target import TargetConfig
from goat.types import (
    Action,
    AgentFrame,
    CameraIntrinsics,
    CategoryGoal,
    Goal,
    ImageGoal,
    LanguageGoal,
    Observation,
    Status,
    UInt8Array,
)

_PHOTO_HFOV = math.radians(60.0)
"""Field of view assumed of a photo whose object a detector has to name, rad."""


def full(parts: AgentParts) -> Agent:
    """Return the agent with everything it has."""
    return build_agent(
        parts.body,
        parts.detector,
        config=parts.config,
        vocabulary=parts.vocabulary,
        keypoints=parts.keypoints,
        encoders=parts.encoders,
    )


def without_verification(parts: AgentParts) -> Agent:
    """Return an agent that drives to what it chose first, whatever it sees on the way.

    It matches as before until something is likely enough. From then on no rival takes over, no
    lower probability makes it turn away, and it stops wherever it arrives.
    """
    config = parts.config
    target = unverified(config.agent.target)
    agent = replace(config.agent, target=target)
    return full(replace(parts, config=replace(config, agent=agent)))


def unverified(config: TargetConfig) -> TargetConfig:
    """Return `config` such that the first choice is final and good enough to stop at."""
    return replace(config, keep=0.0, verify=0.0, better=1.0, glance=math.inf)


class _Reduced:
    """Leaves everything to an agent that is less than the full one."""

    def __init__(self, parts: AgentParts) -> None:
        """Keep what the agent is built of, and build it."""
        self._parts = parts
        self._agent = full(parts)

    @property
    def status(self) -> Status | None:
        """How the pursuit ended; None while it goes on."""
        return self._agent.status

    @property
    def reason(self) -> str:
        """Why it ended so."""
        return self._agent.reason

    @property
    def timings(self) -> dict[str, float]:
        """CPU time of the last step by stage, s."""
        return self._agent.timings

    @property
    def pose(self) -> tuple[float, float, float]:
        """Where the robot stood in its map at the last step."""
        return self._agent.pose

    def step(self, observation: Observation) -> Action:
        """Return the next action."""
        return self._agent.step(observation)

    def frame(self) -> AgentFrame:
        """Return what the last step saw and decided."""
        return self._agent.frame()

    def close(self) -> None:
        """Stop perceiving."""
        self._agent.close()


class WithoutInstances(_Reduced):
    """Knows categories only: any object of what a photo or a sentence is about will do.

    What is left of the memory is a map of categories, as in the paper's "GOAT w/o instances".
    """

    def set_goal(self, goal: Goal) -> None:
        """Start the pursuit of the goal's category.

        Raises:
            GoalError: The goal is about nothing that has a category.
        """
        category = category_of(goal, self._parts.detector, self._parts.vocabulary)
        self._agent.set_goal(CategoryGoal(category))


class WithoutMemory(_Reduced):
    """Starts every goal as if it had just been switched on."""

    def set_goal(self, goal: Goal) -> None:
        """Forget everything and start a pursuit.

        Raises:
            GoalError: The goal says nothing.
        """
        self._agent.close()
        self._agent = full(self._parts)
        self._agent.set_goal(goal)


def category_of(goal: Goal, detector: Detector, vocabulary: Sequence[str]) -> str:
    """Return the category of what a goal is about.

    Args:
        goal: A photo without a label is shown to the detector.
        detector: Names what photos show.
        vocabulary: Categories it may report.

    Raises:
        GoalError: The sentence names no category, or nothing is recognised in the photo.
    """
    match goal:
        case CategoryGoal(category):
            return category
        case ImageGoal(rgb=rgb, name=name, category=label):
            category = label or _recognise(rgb, detector)
            said = f"the detector finds nothing in the middle of {name}"
        case LanguageGoal(text):
            category = parse(text, vocabulary).noun
            said = f"{text!r} names nothing that is known"
    if category is None:
        raise GoalError(f"{said}, and without instances only a category can be looked for")
    return category


def _recognise(rgb: UInt8Array, detector: Detector) -> str | None:
    """Return what a detector calls the smallest thing that covers the middle of a photo."""
    height, width = rgb.shape[:2]
    still = RigidTransform.identity()
    depth = np.full((height, width), np.nan, np.float32)
    camera = CameraIntrinsics.from_hfov(width, height, _PHOTO_HFOV)
    found = detector.detect(Observation(0.0, rgb, depth, camera, still, still))
    central = [d for d in found if d.mask[height // 2, width // 2]]
    return min(central, key=lambda d: np.count_nonzero(d.mask)).label if central else None
