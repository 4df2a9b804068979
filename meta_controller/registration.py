"""Makes the tasks known to Gymnasium without loading MuJoCo."""

from __future__ import annotations

import gymnasium

from meta_controller.names import TASKS

NAMESPACE = "meta_controller"


def register() -> None:
    """Register "meta_controller/TASK-v0" for every task; what is registered stays as it is."""
    for name in TASKS.names():
        full = f"{NAMESPACE}/{name}-v0"
        if full not in gymnasium.registry:
            gymnasium.register(
                full,
                entry_point="meta_controller.gym:TaskEnv",
                vector_entry_point="meta_controller.gym:TaskVectorEnv",
                kwargs={"task": name},
            )
