"""Episodes that nobody has simulated, of real bodies."""

from __future__ import annotations

import numpy as np

from meta_controller.demos.episodes import Demonstrations
from meta_controller.embodiment import read_embodiment
from meta_controller.names import TASKS
from meta_controller.task import Task


def task_of(name: str) -> Task:
    return TASKS.load(name)()


def made_episodes(task: Task, count: int, decisions: int, seed: int = 0) -> Demonstrations:
    """Return episodes in which all joints drift from where they begin; all earn half of what is
    possible."""
    body = task.body()
    model = body.compile()
    embodiment = read_embodiment(body.name, model)
    rng = np.random.default_rng(seed)
    start = task.begin(model, rng, count)
    drift = rng.uniform(-0.05, 0.05, (count, 1, model.nq)) * np.arange(decisions)[:, None]
    return Demonstrations(
        task=task.name,
        digest=embodiment.digest,
        qpos=start.qpos[:, None] + drift,
        qvel=np.zeros((count, decisions, model.nv)),
        told=np.zeros((count, decisions, 0)),
        actions=np.zeros((count, decisions, model.nu), np.float32),
        rewards=np.ones((count, decisions), np.float32),
        skill=np.ones(count, np.float32),
    )
