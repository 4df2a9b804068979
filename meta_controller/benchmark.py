"""The tasks that the shipped networks learn from, and those that are kept from them.

Settings of training and adaptation are chosen on the development tasks, never on the held-out ones.
"""

from __future__ import annotations

from goat.errors import UnknownNameError
from goat.registry import unknown_name
from meta_controller.names import TASKS

TRAINING: tuple[str, ...] = (
    "pendulum-spin",
    "cartpole-balance",
    "cartpole_2-balance",
    "ball_in_cup-catch",
    "point_mass-easy",
    "reacher_two-easy",
    "reacher_two-hard",
    "reacher_three-easy",
    "reacher_three-hard",
    "reacher_2_s0-easy",
    "reacher_2_s1-hard",
    "reacher_3_s7-easy",
    "reacher_3_s2-hard",
    "reacher_2_s6-hard",
    "reacher_3_s4-easy",
    "reacher_3_s5-hard",
    "reacher_5_s0-easy",
    "reacher_5_s1-hard",
    "reacher_5_s2-easy",
    "arm_two-easy",
    "arm_three-easy",
    "arm_2_s0-easy",
    "arm_3_s1-easy",
    "arm_2_s3-easy",
    "arm_3_s4-easy",
    "gantry-place",
    "gantry_long-place",
    "cheetah-run",
    "cheetah-run_backwards",
    "cheetah-run_front",
    "cheetah-stand_front",
    "walker-stand",
    "walker-walk",
    "walker-arabesque",
    "walker-lie_down",
    # More chains; what is drawn in training depends on the order, so that they stay last.
    "reacher_2_s30-easy",
    "reacher_2_s31-hard",
    "reacher_3_s30-easy",
    "reacher_3_s31-hard",
    "reacher_3_s32-easy",
    "reacher_5_s30-hard",
    "reacher_5_s31-easy",
    "reacher_5_s32-easy",
    "reacher_6_s30-easy",
    "reacher_6_s31-hard",
    "arm_2_s30-easy",
    "arm_3_s31-easy",
)
"""What is learned from; each set can be cloned."""
DEVELOPMENT: tuple[str, ...] = (
    "reacher_3_s11-easy",
    "reacher_3_s12-hard",
    "reacher_4_s21-easy",
    "reacher_4_s22-easy",
    "reacher_4_s23-easy",
    "arm_3_s13-easy",
    "walker_longthigh-walk",
    "walker_largefoot-stand",
    "cheetah-legs_up",
    "cheetah-stand_back",
)
"""On bodies like those of training, and new tasks of a known body."""
HELD_OUT: tuple[str, ...] = (
    "reacher_four-easy",
    "reacher_four-hard",
    "hopper-stand",
    "hound-stand",
    "hound-walk",
    "hound-run",
)
"""On bodies that nothing is learned from."""
SETS = {"training": TRAINING, "development": DEVELOPMENT, "held-out": HELD_OUT}


def tasks_of(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return task names, with those of a set in place of its name.

    Raises:
        UnknownNameError: One is neither.
    """
    found: list[str] = []
    for name in names:
        if name in SETS:
            found += SETS[name]
        else:
            try:
                TASKS.load(name)
            except UnknownNameError as error:
                raise unknown_name("task or set", name, [*SETS, *TASKS.names()]) from error
            found.append(name)
    return tuple(dict.fromkeys(found))
