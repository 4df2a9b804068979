"""Hoppers and walkers with other feet and other legs; what is asked of them is the same.

Legs keep their height as they stand, so that the rewards mean the same.
"""

# pyright: reportAttributeAccessIssue=false
from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import mujoco

from meta_controller.bodies import Body
from meta_controller.task import Task
from meta_controller.tasks import hopper, walker

Edit = Callable[[mujoco.MjSpec], None]
"""Changes a model before it is compiled."""


def _changed(make: Callable[[], Body], name: str, edit: Edit) -> Body:
    body = make()
    spec = mujoco.MjSpec.from_string(body.xml, include=dict(body.assets))
    edit(spec)
    return replace(body, name=name, xml=spec.to_xml())


def _capsule(spec: mujoco.MjSpec, name: str, length: float) -> None:
    """Make a capsule that begins at its body's origin so long, m, downwards."""
    spec.geom(name).fromto = [0.0, 0.0, 0.0, 0.0, 0.0, -length]


def _hopper_foot(scale: float, spec: mujoco.MjSpec) -> None:
    heel, toe = -0.08 * scale, 0.17 * scale
    spec.geom("foot").fromto = [heel, 0.0, 0.0, toe, 0.0, 0.0]
    spec.site("touch_toe").pos = [toe, 0.0, 0.0]
    spec.site("touch_heel").pos = [heel, 0.0, 0.0]


def _hopper_leg(thigh: float, spec: mujoco.MjSpec) -> None:
    calf = 0.65 - thigh
    _capsule(spec, "thigh", thigh)
    spec.body("calf").pos = [0.0, 0.0, -thigh]
    _capsule(spec, "calf", calf)
    spec.body("foot").pos = [0.0, 0.0, -calf]


def _walker_foot(scale: float, spec: mujoco.MjSpec) -> None:
    for side in ("right", "left"):
        foot = spec.geom(f"{side}_foot")
        foot.size = [0.05, 0.1 * scale, 0.0]
        foot.pos = [0.06 * (scale - 1.0), 0.0, 0.0]


def _walker_leg(thigh: float, spec: mujoco.MjSpec) -> None:
    """Set half the length of the thighs, m; half of thigh and leg together is 0.475."""
    leg = 0.475 - thigh
    for side in ("right", "left"):
        upper, lower = spec.geom(f"{side}_thigh"), spec.geom(f"{side}_leg")
        upper.pos, upper.size = [0.0, 0.0, -thigh], [0.05, thigh, 0.0]
        lower.size = [0.04, leg, 0.0]
        spec.body(f"{side}_leg").pos = [0.0, 0.0, -2.0 * thigh - leg]
        spec.joint(f"{side}_knee").pos = [0.0, 0.0, leg]
        spec.body(f"{side}_foot").pos = [0.06, 0.0, -leg]


_EDITS: dict[str, tuple[Callable[[], Body], Edit]] = {
    "hopper_largefoot": (hopper.body, partial(_hopper_foot, 1.4)),
    "hopper_smallfoot": (hopper.body, partial(_hopper_foot, 0.7)),
    "hopper_longthigh": (hopper.body, partial(_hopper_leg, 0.41)),
    "hopper_longcalf": (hopper.body, partial(_hopper_leg, 0.25)),
    "walker_largefoot": (walker.body, partial(_walker_foot, 1.3)),
    "walker_smallfoot": (walker.body, partial(_walker_foot, 0.7)),
    "walker_longthigh": (walker.body, partial(_walker_leg, 0.275)),
    "walker_longleg": (walker.body, partial(_walker_leg, 0.185)),
}
_TASKS = {
    "hopper-stand": hopper.stand,
    "hopper-hop": hopper.hop,
    "walker-stand": walker.stand,
    "walker-walk": walker.walk,
    "walker-run": walker.run,
}


def named(name: str, kind: str) -> Task:
    """Return what the original is asked, of another body.

    Args:
        name: Of the body, such as "hopper_longthigh".
        kind: "stand" and "hop" for a hopper; "stand", "walk" and "run" for a walker.
    """
    make, edit = _EDITS[name]
    original = _TASKS[f"{name.partition('_')[0]}-{kind}"]()
    return replace(original, name=f"{name}-{kind}", body=partial(_changed, make, name, edit))
