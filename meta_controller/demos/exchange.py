"""What sets of other tools have in common: how demonstrations of a task are made of their numbers.

A set of ours says what it is (`described`) and is read as it was. A set of somebody else is read
for a task that is named, if its numbers are of the sizes that the task's body has.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from meta_controller.demos.episodes import DemonstrationError, Demonstrations
from meta_controller.demos.store import SCHEMA
from meta_controller.embodiment import Embodiment
from meta_controller.environments import Environments, embodiment_of
from meta_controller.task import Task

Array = NDArray[Any]
_LOG = logging.getLogger(__name__)
_DAMAGE = (
    AssertionError, AttributeError, IndexError, KeyError, MemoryError, NotImplementedError,
    OSError, RuntimeError, TypeError, ValueError,
)  # fmt: skip
_ROUNDING = 1e-5  # actions this far beyond 1 are 1


@dataclass(frozen=True)
class Rows:
    """The decisions of a set, episode after episode."""

    where: str
    """What is read, for messages."""
    lengths: tuple[int, ...]
    """Decisions of each episode."""
    columns: Mapping[str, Array]
    """(N, width) by name."""

    def episodes(self, name: str) -> Array:
        """Return a column as (E, D, width)."""
        values = self.columns[name]
        return values.reshape(len(self.lengths), self.lengths[0], values.shape[1])

    def width(self, name: str) -> int:
        """Return how many numbers a decision has in a column."""
        return self.columns[name].shape[1]


@contextmanager
def reading(where: str) -> Iterator[None]:
    """Say of whatever goes wrong what was read.

    Raises:
        DemonstrationError: A file is missing or damaged.
    """
    try:
        yield
    except FileNotFoundError as error:
        raise DemonstrationError(
            f"{where} is not whole: {error.filename or error} is missing"
        ) from error
    except _DAMAGE as error:
        raise DemonstrationError(f"{where} cannot be read: {error}") from error


def check_writable(demos: Demonstrations, embodiment: Embodiment) -> None:
    """Make sure that a set can be handed on.

    Raises:
        DemonstrationError: It is of another body, or empty.
    """
    demos.check(embodiment)
    if demos.rewards.size == 0:
        raise DemonstrationError(f"there is no episode of {demos.task} to write")


def own_set(rows: Rows, about: Any, task: Task | None) -> Demonstrations:
    """Return a set of ours.

    Args:
        rows: Columns "state", "qpos", "qvel", "told", "action", "reward" and "skill".
        about: What `described` said of it.
        task: What it must show; None takes any.

    Raises:
        DemonstrationError: It is damaged, of another version, or of another task or body.
    """
    _check_described(rows, about)
    if len(set(rows.lengths)) != 1:
        raise DemonstrationError(f"{rows.where} is damaged: its episodes are not of one length")
    skill = rows.episodes("skill")[:, 0, 0].astype(np.float32)
    if not np.isfinite(skill).all():
        raise DemonstrationError(f"{rows.where} is damaged: a skill is not finite")
    parts = [rows.episodes(name) for name in ("qpos", "qvel", "told")]
    found = _joined(rows, (str(about["task"]), str(about["digest"])), parts, skill)
    if task is not None:
        _check_shows(rows.where, found, task)
    return found


def foreign_set(rows: Rows, task: Task | None) -> Demonstrations:
    """Return a set of somebody else, whose episodes all count as an expert's.

    Args:
        rows: Columns "state" (positions, velocities, what the task tells), "action" and, if it is
            known, "reward"; without it rewards are 0.
        task: What it shows.

    Raises:
        DemonstrationError: No task is named, or the set is not of its sizes.
    """
    if task is None:
        raise DemonstrationError(
            f"{rows.where} was not written here: say which task's body it is of"
        )
    embodiment, sizes = _needed(task)
    _check_sizes(rows, task, sizes, embodiment.act_to_token.shape[1])
    parts = np.split(rows.episodes("state"), np.cumsum(sizes)[:2], axis=2)
    skill = np.ones(len(rows.lengths), np.float32)
    found = _joined(rows, (task.name, embodiment.digest), parts, skill)
    most = float(np.abs(found.actions).max())
    if most > 1.0 + _ROUNDING:
        raise DemonstrationError(
            f"{rows.where}: actions must be in [-1, 1], got one of size {most:g}: divide them by "
            "the limits of the actuators"
        )
    return replace(found, actions=np.clip(found.actions, -1.0, 1.0))


def _needed(task: Task) -> tuple[Embodiment, tuple[int, int, int]]:
    """Return the body of a task, and how many positions, velocities and told numbers it has."""
    environments = Environments(task, 1)
    signals = environments.reset(environments.draw(np.random.default_rng(0)))
    sizes = signals.qpos.shape[1], signals.qvel.shape[1], task.tell(signals).shape[1]
    environments.close()
    return environments.embodiment, sizes


def _joined(
    rows: Rows, named: tuple[str, str], parts: Sequence[Array], skill: NDArray[np.float32]
) -> Demonstrations:
    """Return demonstrations of a task and digest from positions, velocities and what was told."""
    qpos, qvel, told = (values.astype(np.float64) for values in parts)
    return Demonstrations(
        task=named[0],
        digest=named[1],
        qpos=qpos,
        qvel=qvel,
        told=told,
        actions=rows.episodes("action").astype(np.float32),
        rewards=_rewards(rows),
        skill=skill,
    )


def _rewards(rows: Rows) -> NDArray[np.float32]:
    if "reward" not in rows.columns:
        _LOG.warning("%s has no rewards: its returns read 0", rows.where)
        return np.zeros((len(rows.lengths), rows.lengths[0]), np.float32)
    if rows.width("reward") != 1:
        raise DemonstrationError(
            f"{rows.where}: a decision has one reward, got {rows.width('reward')}"
        )
    rewards = rows.episodes("reward")[:, :, 0].astype(np.float32)
    if not np.isfinite(rewards).all():
        bad = int(np.argwhere(~np.isfinite(rewards))[0, 0])
        raise DemonstrationError(f"{rows.where}: a reward is not finite in episode {bad}")
    return rewards


def _check_described(rows: Rows, about: Any) -> None:
    version = about.get("schema") if isinstance(about, dict) else None
    if version != SCHEMA:
        raise DemonstrationError(
            f"{rows.where} is described in version {version!r}; version {SCHEMA} is read"
        )
    try:
        joints, actuators = len(about["joints"]), len(about["act_to_token"][0])
        _ = about["task"], about["digest"]
    except (KeyError, IndexError, TypeError) as error:
        raise DemonstrationError(
            f"what {rows.where} says of itself is damaged: {error!r}"
        ) from error
    told = rows.width("state") - 2 * joints
    wanted = {"qpos": joints, "qvel": joints, "told": told, "action": actuators, "skill": 1}
    got = {name: rows.width(name) for name in wanted}
    if got != wanted:
        raise DemonstrationError(
            f"{rows.where} is damaged: a decision has {got} numbers, its body needs {wanted}"
        )


def _check_shows(where: str, found: Demonstrations, task: Task) -> None:
    if found.task != task.name:
        raise DemonstrationError(f"{where} shows {found.task}, {task.name} was asked for")
    found.check(embodiment_of(task))


def _check_sizes(rows: Rows, task: Task, sizes: tuple[int, int, int], actions: int) -> None:
    if rows.width("state") != sum(sizes):
        raise DemonstrationError(
            f"{rows.where}: the state has {rows.width('state')} numbers, {task.name} needs "
            f"{sum(sizes)}: {sizes[0]} positions, {sizes[1]} velocities and {sizes[2]} that the "
            "task tells"
        )
    if rows.width("action") != actions:
        raise DemonstrationError(
            f"{rows.where}: an action has {rows.width('action')} numbers, {task.name} needs "
            f"{actions}"
        )
    if set(rows.lengths) != {task.decisions}:
        raise DemonstrationError(
            f"{rows.where}: every episode of {task.name} must have {task.decisions} decisions, "
            f"got {' to '.join(str(n) for n in sorted({min(rows.lengths), max(rows.lengths)}))}"
        )
