"""The expert of each task that has one."""

from __future__ import annotations

from goat.registry import Registry
from meta_controller.experts.expert import Expert, ExpertError
from meta_controller.experts.found import found_names, original_of
from meta_controller.names import TASKS

_HERE = "meta_controller.experts"
_FAMILIES = {
    "arm": f"{_HERE}.reach:ReachExpert",
    "gantry": f"{_HERE}.balance:GantryPlace",
    "reacher": f"{_HERE}.reach:ReachExpert",
}
"""Family of bodies -> the expert of all their tasks."""
_VARIED = ("walker_",)
"""Bodies with other feet and legs that walk as the original is told to."""
_ALONE = {
    "acrobot-swingup": f"{_HERE}.acrobot:AcrobotSwingup",
    "ball_in_cup-catch": f"{_HERE}.cup:CupCatch",
    "cartpole-balance": f"{_HERE}.balance:Balance",
    "cartpole-swingup": f"{_HERE}.balance:CartpoleSwingup",
    "cartpole_2-balance": f"{_HERE}.balance:Balance",
    "hound-stand": f"{_HERE}.hold:HoundStand",
    "hound_longshin-stand": f"{_HERE}.hold:HoundStand",
    "hound_longthigh-stand": f"{_HERE}.hold:HoundStand",
    "hound_two-stand": f"{_HERE}.hold:HoundStand",
    "pendulum-spin": f"{_HERE}.balance:PendulumSpin",
    "pendulum-swingup": f"{_HERE}.balance:PendulumSwingup",
    "point_mass-easy": f"{_HERE}.hold:PointMassEasy",
}


def _family(name: str) -> str:
    return name.partition("-")[0].partition("_")[0]


def _led() -> list[str]:
    """Return tasks whose expert is in a file, or is that of the original body."""
    found = found_names()
    variants = [name for name in TASKS.names() if name.startswith(_VARIED)]
    return [*found, *(name for name in variants if original_of(name) in found)]


EXPERTS = Registry(
    "expert",
    dict.fromkeys(_led(), f"{_HERE}.found:FoundExpert")
    | _ALONE
    | {name: _FAMILIES[_family(name)] for name in TASKS.names() if _family(name) in _FAMILIES},
)
"""Task -> what makes its expert of the task and a skill; chains of other seeds are not listed."""


def expert_of(name: str, skill: float = 1.0) -> Expert:
    """Return the expert of a task.

    Args:
        name: Of the task; chains may be of any seed.
        skill: In (0, 1]: less is weaker or slower.

    Raises:
        ExpertError: There is no such skill.
        UnknownNameError: There is no such task, or it has no expert.
    """
    if not 0.0 < skill <= 1.0:
        raise ExpertError(f"the skill of an expert is above 0 and at most 1, got {skill}")
    task = TASKS.load(name)()
    like = name if name in EXPERTS.names() or _family(name) not in _FAMILIES else _any(name)
    return EXPERTS.load(like)(task, skill)


def _any(name: str) -> str:
    return f"{_family(name)}_two-{name.partition('-')[2]}"
