"""From any MJCF to joint-level tokens: which joints there are, how they hang together, what moves.

Everything is read from the compiled model; nothing is written down per robot. A token is a slide or
hinge joint, and one more global token where a task says more than joints do ("Meta-Controller:
Few-Shot Imitation of Unseen Embodiments and Tasks in Continuous Control", 2024,
https://arxiv.org/abs/2412.12147). Hinges tell the absolute angle of their link: their own angle and
those of the hinges above them that turn about the same axis, measured from straight down. Axes that
point the other way are turned around, so that one sign means one motion on every body.
"""

# pyright: reportAttributeAccessIssue=false
from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum

import mujoco
import numpy as np
from numpy.typing import NDArray

from meta_controller.bodies import BodyError

Float64Array = NDArray[np.float64]
_PARALLEL = 0.99
"""Axes whose cosine is greater are one axis."""


class JointKind(Enum):
    """What a joint does."""

    SLIDE = "slide"
    HINGE = "hinge"


_KINDS = {
    mujoco.mjtJoint.mjJNT_SLIDE: JointKind.SLIDE,
    mujoco.mjtJoint.mjJNT_HINGE: JointKind.HINGE,
}


@dataclass(frozen=True, slots=True)
class Joint:
    """One token."""

    name: str
    """In the MJCF."""
    kind: JointKind
    """What it does."""
    axis: tuple[float, float, float]
    """In the world, where all joints are at their reference."""
    parent: int
    """Index of the token that it hangs on; -1 for none."""
    qpos: int
    """Where its position lies."""
    qvel: int
    """Where its velocity lies."""
    reference: float
    """Position in which the MJCF draws it, m or rad."""
    limits: tuple[float, float] | None
    """Least and greatest position, m or rad; None if it has none."""
    offset: float
    """Slide: position at the reference, m. Hinge: angle of the link there, rad; 0 for the pitch of
    a base that is free to move, whose reference is upright."""
    sign: float
    """-1 if the axis points against its own line's positive direction: signs of tokens change."""
    free: bool
    """A slide without limits across gravity: where along it the body is says nothing."""
    length: float
    """To the farthest joint that hangs on it, or to the end of its link if none does, m."""


@dataclass(frozen=True)
class Embodiment:
    """A body as the policy sees it; slides come first, then hinges."""

    name: str
    """Of the body."""
    joints: tuple[Joint, ...]
    """The tokens."""
    angles: Float64Array
    """(J, J) in {-1, 0, 1}: absolute angles are these sums of relative ones."""
    act_to_token: Float64Array
    """(J, A) what a normalised action means for each joint."""
    token_to_act: Float64Array
    """(A, J) the other way; exact where an actuator moves one joint."""
    digest: str
    """SHA-256 of joints, actuators, lengths and masses: demonstrations of others are refused."""

    @property
    def actuated(self) -> NDArray[np.bool_]:
        """(J,) whether anything moves the joint."""
        return np.abs(self.act_to_token).sum(axis=1) > 0.0

    @property
    def reach(self) -> float:
        """Greatest sum of lengths of joints that hang on each other, m."""
        return max(sum(above.length for above in self._above(joint)) for joint in self.joints)

    @property
    def depths(self) -> NDArray[np.int64]:
        """(J,) how many joints each hangs on."""
        return np.array([len(list(self._above(joint))) - 1 for joint in self.joints], np.int64)

    def _above(self, joint: Joint) -> Iterator[Joint]:
        """Yield a joint and all that it hangs on."""
        yield joint
        while joint.parent >= 0:
            joint = self.joints[joint.parent]
            yield joint

    @property
    def distances(self) -> NDArray[np.int64]:
        """(J, J) joints between joints in the kinematic tree; those that nothing connects: J."""
        count = len(self.joints)
        found = np.full((count, count), count)
        np.fill_diagonal(found, 0)
        for child, joint in enumerate(self.joints):
            if joint.parent >= 0:
                found[child, joint.parent] = found[joint.parent, child] = 1
        for middle in range(count):
            through = found[:, middle, None] + found[None, middle, :]
            found = np.minimum(found, through)
        return np.minimum(found, count)


def read_embodiment(name: str, model: mujoco.MjModel) -> Embodiment:
    """Return the tokens of a model.

    Args:
        name: For messages and files.
        model: Compiled.

    Raises:
        BodyError: It has a free or ball joint, no joint at all, or an actuator that moves none.
    """
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    mujoco.mj_comPos(model, data)
    order = _order(name, model)
    index = {int(joint): token for token, joint in enumerate(order)}
    joints = [_joint(model, data, joint, index) for joint in order]
    joints = tuple(_uprighted(joint, joints) for joint in joints)
    pull = _pull(name, model, index)
    acts = np.sign(pull) * np.array([joint.sign for joint in joints])[:, None]
    return Embodiment(
        name=name,
        joints=joints,
        angles=_angles(joints),
        act_to_token=acts,
        token_to_act=acts.T / np.maximum(np.abs(acts).sum(axis=0), 1.0)[:, None],
        digest=_digest(model, joints, pull),
    )


def _order(name: str, model: mujoco.MjModel) -> list[int]:
    """Return the joints of a model, slides first."""
    for joint in range(model.njnt):
        if mujoco.mjtJoint(model.jnt_type[joint]) not in _KINDS:
            kind = mujoco.mjtJoint(model.jnt_type[joint]).name.removeprefix("mjJNT_").lower()
            raise BodyError(
                f"{name}: the joint {model.joint(joint).name!r} is a {kind} joint; slide and hinge "
                "joints are understood: write it as several of them"
            )
    if model.njnt == 0:
        raise BodyError(f"{name} has no joint")
    slides = [j for j in range(model.njnt) if model.jnt_type[j] == mujoco.mjtJoint.mjJNT_SLIDE]
    return slides + [j for j in range(model.njnt) if j not in slides]


def _joint(model: mujoco.MjModel, data: mujoco.MjData, joint: int, index: dict[int, int]) -> Joint:
    kind = _KINDS[mujoco.mjtJoint(model.jnt_type[joint])]
    axis = data.xaxis[joint]
    limited = bool(model.jnt_limited[joint])
    low, high = map(float, model.jnt_range[joint])
    slides = kind is JointKind.SLIDE
    return Joint(
        name=model.joint(joint).name,
        kind=kind,
        axis=(float(axis[0]), float(axis[1]), float(axis[2])),
        parent=index.get(_above(model, joint), -1),
        qpos=int(model.jnt_qposadr[joint]),
        qvel=int(model.jnt_dofadr[joint]),
        reference=float(model.qpos0[model.jnt_qposadr[joint]]),
        limits=(low, high) if limited else None,
        offset=_height(model, data, joint) if slides else _heading(model, data, joint),
        sign=_sign(axis),
        free=slides and not limited and abs(float(axis @ _down(model))) < 0.5,
        length=_length(model, data, joint),
    )


def _length(model: mujoco.MjModel, data: mujoco.MjData, joint: int) -> float:
    """Return how far it is from a joint to those that hang on it, or to the end of its link, m."""
    here = data.xanchor[joint]
    below = [other for other in range(model.njnt) if _above(model, other) == joint]
    if below:
        return float(np.linalg.norm(data.xanchor[below] - here, axis=1).max())
    link = model.body_weldid[model.jnt_bodyid[joint]]
    geoms = np.flatnonzero(model.body_weldid[model.geom_bodyid] == link)
    ends = np.linalg.norm(data.geom_xpos[geoms] - here, axis=1) + model.geom_rbound[geoms]
    return float(ends.max(initial=0.0))


def _sign(axis: Float64Array) -> float:
    """Return the sign of the first component of an axis that is not nearly 0."""
    large = axis[np.abs(axis) > 0.1]
    return float(np.sign(large[0])) if len(large) else 1.0


def _uprighted(joint: Joint, joints: list[Joint]) -> Joint:
    """Return a hinge with the angle 0 at the reference if it is the pitch of a free base."""
    above, free = joint.parent, False
    while above >= 0 and joints[above].kind is JointKind.SLIDE:
        free |= joints[above].free
        above = joints[above].parent
    pitches = joint.kind is JointKind.HINGE and above < 0 and free
    return replace(joint, offset=0.0) if pitches else joint


def _above(model: mujoco.MjModel, joint: int) -> int:
    """Return the joint that one hangs on; -1 for none."""
    body = int(model.jnt_bodyid[joint])
    first = int(model.body_jntadr[body])
    if joint > first:
        return joint - 1
    while body > 0:
        body = int(model.body_parentid[body])
        if model.body_jntnum[body] > 0:
            return int(model.body_jntadr[body] + model.body_jntnum[body] - 1)
    return -1


def _down(model: mujoco.MjModel) -> Float64Array:
    """Return the direction of gravity (3,); -z where there is none."""
    gravity = np.array(model.opt.gravity, np.float64)
    length = np.linalg.norm(gravity)
    return gravity / length if length > 0.0 else np.array([0.0, 0.0, -1.0])


def _height(model: mujoco.MjModel, data: mujoco.MjData, joint: int) -> float:
    """Return where a body is along its slide at the reference, m."""
    return float(data.xpos[model.jnt_bodyid[joint]] @ data.xaxis[joint])


def _heading(model: mujoco.MjModel, data: mujoco.MjData, joint: int) -> float:
    """Return the angle of a link about its hinge at the reference, from straight down, rad."""
    axis = data.xaxis[joint]
    link = data.xpos[model.jnt_bodyid[joint]] - data.xanchor[joint]
    link = (
        link
        + data.xmat[model.jnt_bodyid[joint]].reshape(3, 3)
        @ model.body_ipos[model.jnt_bodyid[joint]]
    )
    zero = _down(model) if abs(axis @ _down(model)) < 0.5 else np.array([1.0, 0.0, 0.0])
    zero = zero - (zero @ axis) * axis
    return float(np.arctan2(np.cross(zero, link) @ axis, zero @ link))


def _angles(joints: tuple[Joint, ...]) -> Float64Array:
    """Return (J, J) how relative angles add up."""
    sums = np.zeros((len(joints), len(joints)))
    for token, joint in enumerate(joints):
        if joint.kind is not JointKind.HINGE:
            continue
        here = token
        while here >= 0:
            cosine = float(np.dot(joint.axis, joints[here].axis))
            if joints[here].kind is JointKind.HINGE and abs(cosine) > _PARALLEL:
                sums[token, here] = np.sign(cosine)
            here = joints[here].parent
    return sums


def _pull(name: str, model: mujoco.MjModel, index: dict[int, int]) -> Float64Array:
    """Return (J, A) how far each actuator pulls each joint at the reference."""
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    moment = np.zeros((model.nu, model.nv))
    for actuator in range(model.nu):
        start = data.moment_rowadr[actuator]
        for k in range(data.moment_rownnz[actuator]):
            moment[actuator, data.moment_colind[start + k]] = data.actuator_moment[start + k]
    pull = np.zeros((len(index), model.nu))
    for joint, token in index.items():
        pull[token] = moment[:, model.jnt_dofadr[joint]]
    for actuator in np.flatnonzero(np.abs(pull).sum(axis=0) == 0.0):
        raise BodyError(
            f"{name}: the actuator {model.actuator(int(actuator)).name!r} moves no joint"
        )
    return pull


def _digest(model: mujoco.MjModel, joints: tuple[Joint, ...], pull: Float64Array) -> str:
    """Return a hash of what makes a body another body: joints, actuators, lengths and masses."""
    text = repr([(j.name, j.kind.value, j.parent, np.round(j.axis, 6).tolist()) for j in joints])
    numbers = (pull, model.body_pos, model.body_mass, model.jnt_range, model.actuator_ctrlrange)
    rounded = [np.round(values, 6).tolist() for values in numbers]
    return hashlib.sha256(f"{text}{rounded}".encode()).hexdigest()
