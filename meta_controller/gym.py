"""Tasks as Gymnasium environments: `gymnasium.make("meta_controller/walker-walk-v0")`."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from meta_controller.arena import Signals
from meta_controller.environments import Environments
from meta_controller.names import TASKS
from meta_controller.view.render import Pictures

Float32Array = NDArray[np.float32]
_SIZE = (240, 320)  # px, height and width of pictures


def _spaces(environments: Environments) -> tuple[spaces.Box, spaces.Box]:
    """Return the spaces of one environment: what is observed and what is done."""
    signals = environments.reset(environments.draw(np.random.default_rng(0)))
    width = _observed(environments, signals).shape[1]
    actions = environments.arena.model.nu
    return (
        spaces.Box(-np.inf, np.inf, (width,), np.float32),
        spaces.Box(-1.0, 1.0, (actions,), np.float32),
    )


def _observed(environments: Environments, signals: Signals) -> Float32Array:
    """Return (N, nq + nv + G): positions, velocities, and what the task tells."""
    parts = (signals.qpos, signals.qvel, environments.task.tell(signals))
    return np.concatenate(parts, axis=1).astype(np.float32)


class TaskEnv(gymnasium.Env[Float32Array, Float32Array]):
    """One episode at a time.

    Observations are positions, velocities and what the task tells, float32; actions are (A,) in
    [-1, 1], held for two control steps; a reward is what both earned, at most 2. Episodes are
    truncated after 500 decisions and never terminate.
    """

    metadata = {"render_modes": ["rgb_array"]}  # noqa: RUF012 - Gymnasium's

    def __init__(self, task: str, render_mode: str | None = None) -> None:
        """Compile the body.

        Args:
            task: A name in `meta_controller.names.TASKS`.
            render_mode: "rgb_array" or None.

        Raises:
            UnknownNameError: There is no such task.
        """
        self.environments = Environments(TASKS.load(task)(), 1)
        self.render_mode = render_mode
        decision = self.environments.arena.body.control_dt * self.environments.task.repeat
        self.metadata = {**self.metadata, "render_fps": round(1.0 / decision)}
        self.observation_space, self.action_space = _spaces(self.environments)  # pyright: ignore[reportAttributeAccessIssue]
        self._signals: Signals | None = None
        self._pictures: Pictures | None = None

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Float32Array, dict[str, Any]]:
        """Begin an episode."""
        super().reset(seed=seed)
        self._signals = self.environments.reset(self.environments.draw(self.np_random))
        return _observed(self.environments, self._signals)[0], {}

    def step(self, action: Float32Array) -> tuple[Float32Array, float, bool, bool, dict[str, Any]]:
        """Act once."""
        self._signals, reward = self.environments.step(np.asarray(action, np.float64)[None])
        seen = _observed(self.environments, self._signals)[0]
        return seen, float(reward[0]), False, self.environments.done, {}

    def render(self) -> NDArray[np.uint8] | None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Return a picture (240, 320, 3) if the render mode is "rgb_array"."""
        if self.render_mode is None or self._signals is None:
            return None
        if self._pictures is None:
            self._pictures = Pictures(self.environments.task, _SIZE)
        return self._pictures.draw(self._signals.qpos, self._signals.extra)[0]

    def close(self) -> None:
        """Free the GL context and the threads."""
        if self._pictures is not None:
            self._pictures.close()
            self._pictures = None
        self.environments.close()


class TaskVectorEnv(VectorEnv[Float32Array, Float32Array, Float32Array]):
    """Many episodes side by side in native MuJoCo; they begin and end together."""

    metadata = {"autoreset_mode": AutoresetMode.NEXT_STEP}  # noqa: RUF012 - Gymnasium's

    def __init__(self, task: str, num_envs: int = 1, threads: int = 1, **_: Any) -> None:
        """Compile the body.

        Args:
            task: A name in `meta_controller.names.TASKS`.
            num_envs: How many.
            threads: That physics runs on.

        Raises:
            UnknownNameError: There is no such task.
        """
        self.environments, self.num_envs = (
            Environments(TASKS.load(task)(), num_envs, threads),
            num_envs,
        )
        self.single_observation_space, self.single_action_space = _spaces(self.environments)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self._over = True

    def reset(
        self, *, seed: int | list[int] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Float32Array, dict[str, Any]]:
        """Begin all episodes; of a list of seeds the first counts for all."""
        super().reset(seed=seed[0] if isinstance(seed, list) else seed)
        self._over = False
        signals = self.environments.reset(self.environments.draw(self.np_random))
        return _observed(self.environments, signals), {}

    def step(
        self, actions: Float32Array
    ) -> tuple[Float32Array, Float32Array, NDArray[np.bool_], NDArray[np.bool_], dict[str, Any]]:
        """Act in all episodes; after their end this begins the next ones."""
        nobody = np.zeros(self.num_envs, bool)
        if self._over:
            seen, about = self.reset()
            return seen, np.zeros(self.num_envs, np.float32), nobody, nobody.copy(), about
        signals, reward = self.environments.step(np.asarray(actions, np.float64))
        self._over = self.environments.done
        truncated = np.full(self.num_envs, self._over)
        seen = _observed(self.environments, signals)
        return seen, reward.astype(np.float32), nobody, truncated, {}

    def close_extras(self, **_: Any) -> None:
        """End the threads."""
        self.environments.close()
