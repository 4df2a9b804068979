"""A linear law from what is sensed to what is done: the easiest expert there is to imitate."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from goat.errors import GoatError
from meta_controller.arena import Signals
from meta_controller.embodiment import Embodiment, JointKind

Float64Array = NDArray[np.float64]
_LARGEST = 5.0
"""Features are cut off at so many standard deviations."""
_LEAST = 1e-3
_ARRAYS = ("weights", "mean", "deviation", "returns")


class PolicyFileError(GoatError):
    """A policy that cannot be read, or is of another body."""


class Features:
    """Numbers that tell the state of a body: angles as sine and cosine, then velocities."""

    def __init__(self, embodiment: Embodiment, extra: int) -> None:
        """Prepare.

        Args:
            embodiment: The body.
            extra: How many numbers the task tells besides.
        """
        joints = embodiment.joints
        self._slides = [j.qpos for j in joints if j.kind is JointKind.SLIDE and not j.free]
        self._hinges = [j.qpos for j in joints if j.kind is JointKind.HINGE]
        self._speeds = [j.qvel for j in joints]
        self.size = len(self._slides) + 2 * len(self._hinges) + len(self._speeds) + extra

    def of(self, signals: Signals, told: Float64Array) -> Float64Array:
        """Return (N, size); what is not finite is 0."""
        angles = signals.qpos[:, self._hinges]
        parts = [
            signals.qpos[:, self._slides],
            np.sin(angles),
            np.cos(angles),
            signals.qvel[:, self._speeds],
            told,
        ]
        return np.nan_to_num(np.concatenate(parts, axis=1), posinf=0.0, neginf=0.0)


@dataclass(frozen=True)
class LinearPolicy:
    """Actions are a matrix times normalised features, cut off at -1 and 1."""

    weights: Float64Array
    """(A, F)."""
    mean: Float64Array
    """(F,) of the features."""
    deviation: Float64Array
    """(F,) of the features."""

    def normalised(self, features: Float64Array) -> Float64Array:
        """Return (N, F) features of mean 0 and deviation 1."""
        scaled = (features - self.mean) / np.maximum(self.deviation, _LEAST)
        return np.clip(scaled, -_LARGEST, _LARGEST)

    def act(self, features: Float64Array) -> Float64Array:
        """Return (N, A) actions in [-1, 1]."""
        return np.clip(self.normalised(features) @ self.weights.T, -1.0, 1.0)


@dataclass(frozen=True)
class Ladder:
    """Linear policies of one task, each better than the one before."""

    weights: Float64Array
    """(K, A, F)."""
    mean: Float64Array
    """(K, F) of the features."""
    deviation: Float64Array
    """(K, F) of the features."""
    returns: Float64Array
    """(K,) what nudged copies of each earned on average when it was found, rising."""

    def __len__(self) -> int:
        """How many rungs."""
        return len(self.returns)

    def policy(self, skill: float = 1.0) -> LinearPolicy:
        """Return the policy whose return is nearest to a share of the best one's."""
        rung = int(np.abs(self.returns - skill * self.returns[-1]).argmin())
        return LinearPolicy(self.weights[rung], self.mean[rung], self.deviation[rung])

    def above(self, policy: LinearPolicy, value: float) -> Ladder:
        """Return a ladder with one more rung."""
        return Ladder(
            np.concatenate([self.weights, policy.weights[None]]),
            np.concatenate([self.mean, policy.mean[None]]),
            np.concatenate([self.deviation, policy.deviation[None]]),
            np.append(self.returns, value),
        )

    def without(self, rung: int) -> Ladder:
        """Return a ladder without one rung."""
        kept = np.arange(len(self)) != rung
        return Ladder(self.weights[kept], self.mean[kept], self.deviation[kept], self.returns[kept])

    def save(self, path: Path, task: str, digest: str) -> None:
        """Write the policies in single precision, and for which task and body (its digest)."""
        arrays = {name: getattr(self, name).astype(np.float32) for name in _ARRAYS}
        part = path.with_name(f"{path.name}.part")
        save_file(arrays, part, metadata={"task": task, "embodiment": digest, "kind": "linear"})
        part.replace(path)


def empty_ladder(features: int, actions: int) -> Ladder:
    """Return a ladder without rungs."""
    none = np.zeros((0, features))
    return Ladder(np.zeros((0, actions, features)), none, none, np.zeros(0))


def load_ladder(path: Path, features: int, actions: int) -> Ladder:
    """Read the policies of a body with so many features and actions.

    Raises:
        PolicyFileError: It cannot be read, or is of another body.
    """
    try:
        arrays = load_file(path)
        ladder = Ladder(*(arrays[name].astype(np.float64) for name in _ARRAYS))
    except Exception as error:
        raise PolicyFileError(f"{path} holds no policies: {error}") from error
    if ladder.weights.shape != (len(ladder), actions, features) or not len(ladder):
        raise PolicyFileError(
            f"{path} holds policies with weights of shape {ladder.weights.shape}; this body needs "
            f"(K, {actions}, {features}) with K of at least 1"
        )
    return ladder
