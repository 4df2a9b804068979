"""Can demonstrations be learned from? The card of a set says so.

High returns do not make good demonstrations: episodes of a planner that score 931 on walker-walk
leave a clone with 22, since what a planner does is no function of the state. So a set is judged by
what behaviour cloning earns after 5 and after 20 of its episodes, as a share of what the expert
earns, on starts that are in none of them.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from meta_controller.baselines.cloning import CloningConfig, clone
from meta_controller.demos.episodes import Demonstrations, record
from meta_controller.demos.starts import Stream, seeds_of
from meta_controller.environments import Environments
from meta_controller.task import Task


@dataclass(frozen=True)
class CardConfig:
    """How a set is judged."""

    counts: tuple[int, ...] = (5, 20)
    """Numbers of demonstrations; those that a set does not have are left out."""
    episodes: int = 10
    """Fresh episodes that a clone is tried in."""
    seeds: tuple[int, ...] = (0, 1)
    """Of clones."""
    least: float = 0.5
    """A set is used if clones of its larger number earn this share of the expert's return."""
    cloning: CloningConfig = field(default_factory=CloningConfig)
    """How clones are trained."""


@dataclass(frozen=True)
class Card:
    """What a set is worth."""

    task: str
    """Its task."""
    episodes: int
    """Expert episodes in the set."""
    expert: float
    """Their mean return, of at most `Task.steps`."""
    expert_error: float
    """Standard error of it."""
    cloned: dict[int, float]
    """Number of demonstrations -> mean share of the expert's return that clones earn."""
    smooth: float
    """Mean change of an action from one decision to the next."""
    usable: bool
    """Whether it can be learned from."""
    reference: float | None = None
    """What the expert earns from the starts of the evaluation: scores are shares of it."""

    def document(self) -> dict[str, Any]:
        """Return it as JSON knows it."""
        cloned = {str(count): round(share, 4) for count, share in self.cloned.items()}
        return asdict(self) | {"cloned": cloned}


def judge(task: Task, demos: Demonstrations, seed: int, config: CardConfig | None = None) -> Card:
    """Return the card of a set; only episodes of full skill count.

    Args:
        task: What is shown.
        demos: The set.
        seed: Of fresh starts: other than those that the set was recorded with.
        config: How it is judged.

    Raises:
        DemonstrationError: There is no expert episode.
    """
    config = config or CardConfig()
    experts = demos.take(np.flatnonzero(demos.skill >= 1.0))
    counts = [count for count in config.counts if count <= len(experts)] or [len(experts)]
    environments = Environments(task, config.episodes)
    start = environments.draw(np.random.default_rng(seeds_of(task.name, Stream.CARD, seed)))
    best = max(float(experts.returns.mean()), 1e-6)
    cloned = {}
    for count in counts:
        shown = experts.first(count)
        laws = [
            clone(task, environments.embodiment, shown, s, config.cloning) for s in config.seeds
        ]
        earned = [float(record(environments, law, start).returns.mean()) for law in laws]
        cloned[count] = float(np.mean(earned)) / best
    environments.close()
    return Card(
        task=task.name,
        episodes=len(experts),
        expert=best,
        expert_error=float(experts.returns.std(ddof=1) / np.sqrt(len(experts))),
        cloned=cloned,
        smooth=float(np.abs(np.diff(experts.actions, axis=1)).mean()),
        usable=cloned[max(counts)] >= config.least,
    )
