"""A linear law from what is sensed to what is done: the easiest expert there is to imitate."""

from __future__ import annotations

import json
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

    def save(self, path: Path, task: str, digest: str) -> None:
        """Write the policy, and for which task and body (its digest) it is."""
        arrays = {"weights": self.weights, "mean": self.mean, "deviation": self.deviation}
        about = {"task": task, "embodiment": digest, "kind": "linear"}
        part = path.with_name(f"{path.name}.part")
        save_file(arrays, part, metadata={"about": json.dumps(about)})
        part.replace(path)


def load_policy(path: Path, features: int, actions: int) -> LinearPolicy:
    """Read a policy for a body with so many features and actions.

    Raises:
        PolicyFileError: It cannot be read, or is of another body.
    """
    try:
        arrays = load_file(path)
        policy = LinearPolicy(arrays["weights"], arrays["mean"], arrays["deviation"])
    except Exception as error:
        raise PolicyFileError(f"{path} is no policy: {error}") from error
    if policy.weights.shape != (actions, features):
        raise PolicyFileError(
            f"{path} is a policy with weights of shape {policy.weights.shape}; this body needs "
            f"{(actions, features)}"
        )
    return policy
