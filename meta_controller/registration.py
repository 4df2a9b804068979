"""Makes the tasks known to Gymnasium without loading MuJoCo."""

from __future__ import annotations

import gymnasium

from meta_controller.names import TASKS

NAMESPACE = "meta_controller"


def environment_id(task: str) -> str:
    """Return how Gymnasium calls a task."""
    return f"{NAMESPACE}/{task}-v0"


def register() -> None:
    """Register "meta_controller/TASK-v0" for every task; what is registered stays as it is."""
    for name in TASKS.names():
        full = environment_id(name)
        if full not in gymnasium.registry:
            gymnasium.register(
                full,
                entry_point="meta_controller.gym:TaskEnv",
                vector_entry_point="meta_controller.gym:TaskVectorEnv",
                kwargs={"task": name},
            )
