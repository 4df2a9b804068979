"""From states to joint tokens, for any number of states at once.

A slide tells [position, velocity], a hinge [sine, cosine, velocity] of its link's absolute angle,
and the global token what the task adds; all are padded to one width. The same follows again in
standard deviations of the demonstrations, and if asked for, how the joint is built (`MORPHOLOGY`).
Scales come from ranges where the model has them, else from demonstrations, and never from what is
tested on.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from goat.errors import GoatError
from meta_controller.embodiment import Embodiment, JointKind

Float32Array = NDArray[np.float32]
Float64Array = NDArray[np.float64]
SLIDE, HINGE, GLOBAL = 0, 1, 2
"""Kinds of tokens."""
LEAST_WIDTH = 3
MORPHOLOGY = 6
"""Features of a joint's build: sine and cosine of its own angle to the link above, its axis in the
world at the reference (3), and its length as a share of the body's reach."""
_CLIP = 5.0
"""Greatest magnitude of a feature: what is beyond all scales says no more than that."""
_FAR = 3.0
"""The same for features in standard deviations."""
_QUANTILE = 0.99
_FLOOR = 1e-3
_ACTION_QUANTILE = 0.999
_LEAST_ACTION = 0.05
"""Less than that is noise, however little a joint does."""


class TokenError(GoatError):
    """States that do not belong to a body."""


@dataclass(frozen=True)
class Scales:
    """What counts as 1."""

    position: Float64Array
    """(J,) of slides, m; 1 for hinges."""
    velocity: Float64Array
    """(J,) m/s or rad/s."""
    extra: Float64Array
    """(G,) of what the task adds."""
    action: Float64Array
    """(J,) of what a joint is to do."""
    mean: Float64Array | None = None
    """(T, W) of the features of all tokens; None for 0."""
    deviation: Float64Array | None = None
    """(T, W) of the features; None for 1."""


def scales_of(
    embodiment: Embodiment,
    qpos: Float64Array,
    qvel: Float64Array,
    extra: Float64Array,
    actions: NDArray[np.floating],
) -> Scales:
    """Return scales from demonstrations.

    Args:
        embodiment: The body.
        qpos: (N, nq) positions.
        qvel: (N, nv) velocities.
        extra: (N, G) what the task adds.
        actions: (N, A) in [-1, 1].
    """
    position, velocity = np.ones(len(embodiment.joints)), np.ones(len(embodiment.joints))
    for token, joint in enumerate(embodiment.joints):
        velocity[token] = _size(qvel[:, joint.qvel])
        if joint.kind is JointKind.SLIDE:
            if joint.limits is not None:
                position[token] = max(map(abs, joint.limits))
            else:
                place = qpos[:, joint.qpos] - joint.reference + joint.offset
                position[token] = max(_size(place), abs(joint.offset))
    sizes = [_size(extra[:, k]) for k in range(extra.shape[1])]
    done = np.abs(spread_actions(embodiment, actions)).astype(np.float64)
    action = np.quantile(done, _ACTION_QUANTILE, axis=0) if len(done) else np.ones(done.shape[1])
    action = np.clip(action, _LEAST_ACTION, 1.0)
    found = Scales(position, velocity, np.array(sizes, np.float64), action)
    if not len(qpos):
        return found
    plain = Tokenizer(embodiment, found).features(qpos, qvel, extra).astype(np.float64)
    deviation = np.maximum(plain.std(axis=0), _FLOOR)
    return replace(found, mean=plain.mean(axis=0), deviation=deviation)


def _size(values: Float64Array) -> float:
    return max(float(np.quantile(np.abs(values), _QUANTILE)), _FLOOR) if len(values) else 1.0


class Tokenizer:
    """Makes the tokens of one body."""

    def __init__(self, embodiment: Embodiment, scales: Scales, morphology: bool = False) -> None:
        """Prepare.

        Args:
            embodiment: The body.
            scales: What counts as 1.
            morphology: Whether tokens tell `MORPHOLOGY` as well, at their end.
        """
        self.embodiment, self.scales = embodiment, scales
        joints = embodiment.joints
        self._qpos = np.array([joint.qpos for joint in joints])
        self._qvel = np.array([joint.qvel for joint in joints])
        self._hinge = np.array([joint.kind is JointKind.HINGE for joint in joints])
        self._offset = np.array([joint.offset for joint in joints])
        self._reference = np.array([joint.reference for joint in joints])
        self._sign = np.array([joint.sign for joint in joints])
        self._shown = np.array([not joint.free for joint in joints], np.float64)
        self._width = max(LEAST_WIDTH, len(scales.extra))
        self.width = 2 * self._width + (MORPHOLOGY if morphology else 0)
        """Features of a token: as they are, again in standard deviations, and of its build."""
        self.kinds = np.where(self._hinge, HINGE, SLIDE)
        """(T,) kinds of the tokens, the global one last if there is one."""
        if len(scales.extra):
            self.kinds = np.append(self.kinds, GLOBAL)
        self._build = _build(embodiment, len(self.kinds)) if morphology else None

    def tokens(
        self, qpos: Float64Array, qvel: Float64Array, extra: Float64Array | None = None
    ) -> Float32Array:
        """Return (..., T, width): `features`, how they differ from those shown, and the build.

        What hardly varies is invisible beside what does; a pole that is balanced is an example.

        Raises:
            TokenError: The shapes are of another body.
        """
        plain = self.features(qpos, qvel, extra)
        mean, deviation = self.scales.mean, self.scales.deviation
        fine = plain if mean is None or deviation is None else (plain - mean) / deviation
        fine = np.clip(fine, -_FAR, _FAR).astype(np.float32)
        if self._build is None:
            return np.concatenate([plain, fine], axis=-1)
        build = np.broadcast_to(self._build, (*plain.shape[:-1], MORPHOLOGY)).copy()
        joints = len(self.embodiment.joints)
        own = self._sign * (qpos[..., self._qpos] - self._reference)
        build[..., :joints, 0] = np.where(self._hinge, np.sin(own), 0.0)
        build[..., :joints, 1] = np.where(self._hinge, np.cos(own), 0.0)
        return np.concatenate([plain, fine, build], axis=-1)

    def features(
        self, qpos: Float64Array, qvel: Float64Array, extra: Float64Array | None = None
    ) -> Float32Array:
        """Return (..., T, width / 2).

        Args:
            qpos: (..., nq) positions.
            qvel: (..., nv) velocities.
            extra: (..., G) what the task adds; None if it adds nothing.

        Raises:
            TokenError: The shapes are of another body.
        """
        self._check(qpos, qvel, extra)
        joints = len(self.embodiment.joints)
        found = np.zeros((*qpos.shape[:-1], len(self.kinds), self._width), np.float32)
        position = qpos[..., self._qpos] - self._reference
        speed = qvel[..., self._qvel] / self.scales.velocity
        speed = speed * self._sign
        place = self._sign * (position + self._offset) / self.scales.position * self._shown
        hinge = self._hinge
        # The offset is that of the whole chain: it is added to the sum.
        angle = self._sign * (position @ self.embodiment.angles.T + self._offset)
        found[..., :joints, 0] = np.where(hinge, np.sin(angle), place)
        found[..., :joints, 1] = np.where(hinge, np.cos(angle), speed)
        found[..., :joints, 2] = np.where(hinge, speed, 0.0)
        if extra is not None and extra.shape[-1]:
            found[..., joints, : extra.shape[-1]] = extra / self.scales.extra
        return np.clip(found, -_CLIP, _CLIP)

    def _check(self, qpos: Float64Array, qvel: Float64Array, extra: Float64Array | None) -> None:
        need = int(self._qpos.max()) + 1, int(self._qvel.max()) + 1, len(self.scales.extra)
        got = qpos.shape[-1], qvel.shape[-1], 0 if extra is None else extra.shape[-1]
        if got[0] < need[0] or got[1] < need[1] or got[2] != need[2]:
            raise TokenError(
                f"{self.embodiment.name} has positions, velocities and task features of sizes "
                f"{need}, got {got}: these states are of another body or task"
            )


def _build(embodiment: Embodiment, tokens: int) -> Float32Array:
    """Return (T, MORPHOLOGY) what is fixed in the tokens of a body; zero where it moves."""
    found = np.zeros((tokens, MORPHOLOGY), np.float32)
    reach = max(embodiment.reach, _FLOOR)
    for token, joint in enumerate(embodiment.joints):
        found[token, 2:5] = joint.sign * np.array(joint.axis)
        found[token, 5] = joint.length / reach
    return found


def spread_actions(embodiment: Embodiment, actions: NDArray[np.floating]) -> Float32Array:
    """Return (..., J) what normalised actions (..., A) mean for each joint.

    Raises:
        TokenError: They are of another body, or not finite.
    """
    wanted = embodiment.act_to_token.shape[1]
    if actions.shape[-1] != wanted:
        raise TokenError(
            f"{embodiment.name} takes {wanted} actions, got {actions.shape[-1]}: of another body?"
        )
    if not np.isfinite(actions).all():
        raise TokenError(f"actions of {embodiment.name} must be finite")
    return (actions @ embodiment.act_to_token.T).astype(np.float32)


def gather_actions(embodiment: Embodiment, tokens: NDArray[np.floating]) -> Float64Array:
    """Return (..., A) normalised actions in [-1, 1] of what each joint is to do (..., J)."""
    return np.clip(tokens @ embodiment.token_to_act.T, -1.0, 1.0)
