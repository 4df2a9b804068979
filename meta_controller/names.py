"""Every task by its name."""

from __future__ import annotations

from goat.registry import Registry

_HERE = "meta_controller.tasks"
TASKS = Registry(
    "task",
    {
        "acrobot-swingup": f"{_HERE}.acrobot:swingup",
        "ball_in_cup-catch": f"{_HERE}.cup:catch",
        "cartpole-balance": f"{_HERE}.cartpole:balance",
        "cartpole-swingup": f"{_HERE}.cartpole:swingup",
        "cartpole_2-balance": f"{_HERE}.cartpole:balance_two",
        "cartpole_2-swingup": f"{_HERE}.cartpole:swingup_two",
        "cheetah-run": f"{_HERE}.cheetah:run",
        "hopper-hop": f"{_HERE}.hopper:hop",
        "hopper-stand": f"{_HERE}.hopper:stand",
        "pendulum-spin": f"{_HERE}.pendulum:spin",
        "pendulum-swingup": f"{_HERE}.pendulum:swingup",
        "point_mass-easy": f"{_HERE}.point_mass:easy",
        "walker-run": f"{_HERE}.walker:run",
        "walker-stand": f"{_HERE}.walker:stand",
        "walker-walk": f"{_HERE}.walker:walk",
    },
)
"""Task -> what makes it."""
