"""Episodes of one task, as arrays: what was sensed, done and earned at every decision."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from goat.errors import GoatError
from meta_controller.arena import Signals
from meta_controller.embodiment import Embodiment
from meta_controller.environments import Environments
from meta_controller.task import Start, Task

Float64Array = NDArray[np.float64]
Float32Array = NDArray[np.float32]
Law = Callable[[Signals], Float64Array]
"""Returns actions (N, A) in [-1, 1]."""


class DemonstrationError(GoatError):
    """Demonstrations that cannot be used."""


@dataclass(frozen=True)
class Demonstrations:
    """E episodes of D decisions each."""

    task: str
    """Its name."""
    digest: str
    """Of the embodiment that acted."""
    qpos: Float64Array
    """(E, D, nq) positions before each decision."""
    qvel: Float64Array
    """(E, D, nv) velocities before each decision."""
    told: Float64Array
    """(E, D, G) what the task told besides."""
    actions: Float32Array
    """(E, D, A) what was done, in [-1, 1]."""
    rewards: Float32Array
    """(E, D) what each decision earned."""
    skill: Float32Array
    """(E,) how good whoever acted was meant to be, in (0, 1]; 1 is the expert."""

    def __post_init__(self) -> None:
        """Check that everything fits together.

        Raises:
            DemonstrationError: It does not, or a number is not finite.
        """
        shape = self.rewards.shape
        for name in ("qpos", "qvel", "told", "actions"):
            values = getattr(self, name)
            if values.ndim != 3 or values.shape[:2] != shape:
                raise DemonstrationError(
                    f"{name} of {self.task} must be of shape ({shape[0]}, {shape[1]}, ...) as the "
                    f"rewards are, got {values.shape}"
                )
            if not np.isfinite(values).all():
                bad = int(np.argwhere(~np.isfinite(values))[0, 0])
                raise DemonstrationError(f"{name} of {self.task} is not finite in episode {bad}")
        if self.skill.shape != shape[:1]:
            raise DemonstrationError(
                f"{self.task} has {shape[0]} episodes, {self.skill.shape} skills"
            )

    def __len__(self) -> int:
        """How many episodes."""
        return len(self.rewards)

    @property
    def returns(self) -> Float64Array:
        """(E,) what each episode earned."""
        return self.rewards.sum(axis=1, dtype=np.float64)

    @property
    def states(self) -> tuple[Float64Array, Float64Array, Float64Array]:
        """Positions, velocities and what was told, of all decisions one after the other."""
        return self._flat("qpos"), self._flat("qvel"), self._flat("told")

    @property
    def decisions(self) -> tuple[Float64Array, Float64Array, Float64Array, Float32Array]:
        """The states, and the actions of the same decisions."""
        return *self.states, self._flat("actions")

    def _flat(self, name: str) -> NDArray:
        values = getattr(self, name)
        return values.reshape(self.rewards.size, values.shape[2])

    def take(self, episodes: NDArray[np.intp] | slice) -> Demonstrations:
        """Return some of the episodes."""
        arrays = ("qpos", "qvel", "told", "actions", "rewards", "skill")
        return replace(self, **{name: getattr(self, name)[episodes] for name in arrays})

    def first(self, count: int) -> Demonstrations:
        """Return the first episodes.

        Raises:
            DemonstrationError: There are fewer.
        """
        if not 1 <= count <= len(self):
            raise DemonstrationError(
                f"{count} demonstrations of {self.task} were asked for, there are {len(self)}"
            )
        return self.take(slice(0, count))

    def check(self, embodiment: Embodiment) -> None:
        """Make sure that they are of a body.

        Raises:
            DemonstrationError: They are of another one.
        """
        if self.digest != embodiment.digest:
            raise DemonstrationError(
                f"these demonstrations of {self.task} are of another body than {embodiment.name}: "
                "its joints or actuators differ"
            )


@dataclass(frozen=True)
class Shaking:
    """Noise on what is done, none on what is recorded: more states are shown how to go on from.

    "DART: Noise Injection for Robust Imitation Learning", Laskey et al., 2017
    (https://arxiv.org/abs/1703.09327). The noise of one decision is like that of the one before.
    """

    size: float
    """Standard deviation, of actions in [-1, 1]."""
    seeds: tuple[int, ...]
    """Of the noise."""
    memory: float = 0.8
    """Correlation with the noise of the decision before."""

    def noise(self, shape: tuple[int, int]) -> Iterator[Float64Array]:
        """Yield noise for one decision after the other."""
        rng = np.random.default_rng(self.seeds)
        now, fresh_share = rng.standard_normal(shape), np.sqrt(1.0 - self.memory**2)
        while True:
            yield self.size * now
            now = self.memory * now + fresh_share * rng.standard_normal(shape)


def record(
    environments: Environments,
    law: Law,
    start: Start,
    skill: float = 1.0,
    shaking: Shaking | None = None,
) -> Demonstrations:
    """Return one episode from every start.

    Args:
        environments: As many as there are starts.
        law: Who acts; what it wants is recorded.
        start: Where the episodes begin.
        skill: How good `law` is meant to be.
        shaking: What is done besides what the law wants; None for nothing.
    """
    signals, rows = environments.reset(start), []
    actors = len(start), environments.embodiment.act_to_token.shape[1]
    noise = itertools.repeat(0.0) if shaking is None else shaking.noise(actors)
    while not environments.done:
        told, actions = environments.task.tell(signals), law(signals)
        before = signals
        signals, reward = environments.step(actions + next(noise))
        rows.append((before.qpos, before.qvel, told, np.clip(actions, -1.0, 1.0), reward))
    qpos, qvel, told, actions, rewards = (
        np.stack(column, axis=1) for column in zip(*rows, strict=True)
    )
    return Demonstrations(
        task=environments.task.name,
        digest=environments.embodiment.digest,
        qpos=qpos,
        qvel=qvel,
        told=told,
        actions=actions.astype(np.float32),
        rewards=rewards.astype(np.float32),
        skill=np.full(len(start), skill, np.float32),
    )


def fresh(
    task: Task, law: Law, count: int, seeds: Sequence[int], threads: int = 1
) -> Demonstrations:
    """Return demonstrations of a law from new starts.

    Args:
        task: What is done.
        law: Who acts.
        count: Episodes.
        seeds: Of the starts.
        threads: That physics runs on.
    """
    environments = Environments(task, count, threads)
    found = record(environments, law, environments.draw(np.random.default_rng(list(seeds))))
    environments.close()
    return found


def joined(parts: list[Demonstrations]) -> Demonstrations:
    """Return the episodes of several sets of one task and body.

    Raises:
        DemonstrationError: There are none, or they are of different tasks or bodies.
    """
    if len({(part.task, part.digest) for part in parts}) != 1:
        names = ", ".join(sorted({part.task for part in parts})) or "none"
        raise DemonstrationError(f"only sets of one task and body can be joined, got {names}")
    arrays = ("qpos", "qvel", "told", "actions", "rewards", "skill")
    together = {name: np.concatenate([getattr(p, name) for p in parts]) for name in arrays}
    return replace(parts[0], **together)
