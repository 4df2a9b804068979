"""The simulated home as a Gymnasium environment.

Importing this module registers `goat/LifelongNav-v0`:

    import gymnasium
    import sim.gym
    env = gymnasium.make("goat/LifelongNav-v0", world="generated:7")
    envs = gymnasium.make_vec("goat/LifelongNav-v0", num_envs=2, world="generated:7")

Without the import, name the module in the id: `gymnasium.make("sim.gym:goat/LifelongNav-v0", ...)`.

An episode is one goal, "find any object of this category"; with `lifelong=True` a reset puts up
the next goal where the robot stands, as long as the last episode ended with a stop or in time.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces

from goat.errors import WorldError
from goat.frames import planar_of
from goat.types import DiscreteAction, Observation
from sim.home import HomeConfig, HomeSim
from sim.registration import ENV_ID, register
from sim.sensors import NoiseConfig
from sim.truth import GroundTruth
from sim.worlds import load_world
from sim.worlds.world import World

_DRIFT = 10.0  # m; how far odometry may leave the world before it is clipped
ACTIONS = (
    DiscreteAction.STOP,
    DiscreteAction.FORWARD,
    DiscreteAction.TURN_LEFT,
    DiscreteAction.TURN_RIGHT,
)
"""What the integers of the action space mean."""
__all__ = ["ACTIONS", "ENV_ID", "LifelongNav", "NavConfig"]


@dataclass(frozen=True)
class NavConfig:
    """The task."""

    max_steps: int = 500
    """Steps after which an episode is cut off."""
    success_distance: float = 0.25
    """Greatest driving distance from a viewpoint of a target at which a stop counts, m."""
    min_start_distance: float = 0.5
    """Goals nearer than this to the robot are not chosen if there are others, m."""
    success_reward: float = 1.0
    """Reward of a stop at the goal."""
    shaping: float = 0.0
    """Reward per metre of progress towards the goal; 0 = sparse."""
    step_penalty: float = 0.0
    """Taken off at every step."""
    lifelong: bool = True
    """Go on from where the robot stands instead of starting each episode anew."""


class LifelongNav(gymnasium.Env[dict[str, Any], int]):
    """Goal after goal in one home.

    Observations: `rgb` (H, W, 3) uint8; `depth` (H, W) float32 m, 0 = no return; `pose` (3,) x, y
    (m) and yaw (rad) by odometry; `goal`, an index into `categories`. Actions: see `ACTIONS`.
    `info` holds `goal`, `success`, `spl`, `distance` (m, to the nearest viewpoint) and `collided`.
    """

    metadata = {"render_modes": ["rgb_array"], "render_fps": 10}  # noqa: RUF012 - Gymnasium's

    def __init__(
        self,
        world: str | World,
        home: HomeConfig | None = None,
        task: NavConfig | None = None,
        noise: NoiseConfig | None = None,
        render_mode: str | None = None,
    ) -> None:
        """Build the simulator.

        Args:
            world: A world, or what `sim.worlds.load_world` takes.
            home: How the robot is built; None takes the defaults, without object ids.
            task: What counts as success; None takes the defaults.
            noise: Shorthand for `HomeConfig.noise` where `home` is None.
            render_mode: "rgb_array" or None.

        Raises:
            WorldError: No object of the world has both a category and a place to see it from.
        """
        self._config = task or NavConfig()
        self.render_mode = render_mode
        loaded = load_world(world) if isinstance(world, str) else world
        self.sim = HomeSim(loaded, home or HomeConfig(semantic=False, noise=noise))
        self.truth = GroundTruth(self.sim)
        self.categories = tuple(sorted(set(self.sim.labels.values())))
        """Category names, by the goal's index."""
        if not self.categories:
            raise WorldError(f"no object of world {loaded.name!r} has a category; see its labels")
        self.observation_space = self._space()
        self.action_space = spaces.Discrete(len(ACTIONS))  # pyright: ignore[reportAttributeAccessIssue]
        self._goal = 0
        self._steps, self._path, self._shortest, self._distance = 0, 0.0, 0.0, 0.0
        self._alive = False

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Put up a new goal.

        Args:
            seed: Seeds starts and goals, and starts the robot's life anew.
            options: "category" chooses the goal; "pose" (x, y, yaw) the start.

        Raises:
            StartPoseError: The robot does not fit at the pose.
            WorldError: The category is not in the world, or no goal can be reached.
        """
        super().reset(seed=seed)
        options = options or {}
        pose = options.get("pose")
        if seed is not None or pose is not None or not (self._alive and self._config.lifelong):
            # Each life has its own generator, so that its noise does not depend on earlier ones.
            rng = np.random.default_rng(self.np_random.integers(2**63))
            self.sim.reset(pose or self.sim.random_pose(self.np_random), rng)
        self._goal = self._choose_goal(options.get("category"))
        self._steps, self._path = 0, 0.0
        self._distance = self._shortest = self._distance_to_goal()
        self._alive = True
        return self._observe(self.sim.observe()), self._info(False)

    def step(self, action: int) -> tuple[dict[str, Any], float, bool, bool, dict[str, Any]]:
        """Carry out one of `ACTIONS`."""
        chosen = ACTIONS[int(action)]
        before = self.sim.pose
        self.sim.act(chosen)
        self._steps += 1
        self._path += math.dist(before[:2], self.sim.pose[:2])
        last, self._distance = self._distance, self._distance_to_goal()
        stopped = chosen is DiscreteAction.STOP
        success = stopped and self._distance <= self._config.success_distance
        progress = last - self._distance if math.isfinite(last + self._distance) else 0.0
        reward = self._config.shaping * progress - self._config.step_penalty
        if success:
            reward += self._config.success_reward
        truncated = not stopped and self._steps >= self._config.max_steps
        observation = self._observe(self.sim.observe())
        return observation, float(reward), stopped, truncated, self._info(success)

    def render(self) -> Any:
        """Return the camera image (H, W, 3) in render mode "rgb_array"."""
        return self.sim.observe().rgb.copy() if self.render_mode == "rgb_array" else None

    def close(self) -> None:
        """Free the simulator."""
        self.sim.close()

    def _space(self) -> spaces.Dict:
        camera = self.sim.camera
        size = (camera.height, camera.width)
        low, high = self.sim.compiled.bounds[:, :2]
        return spaces.Dict(
            {
                "rgb": spaces.Box(0, 255, (*size, 3), np.uint8),
                "depth": spaces.Box(0.0, self.sim.config.max_range, size, np.float32),
                "pose": spaces.Box(
                    np.array([*(low - _DRIFT), -np.pi], np.float32),
                    np.array([*(high + _DRIFT), np.pi], np.float32),
                ),
                "goal": spaces.Discrete(len(self.categories)),
            }
        )

    def _observe(self, observation: Observation) -> dict[str, Any]:
        pose = np.array(planar_of(observation.odom_from_base), np.float32)
        box = self.observation_space["pose"]  # pyright: ignore[reportIndexIssue]
        pose = np.clip(pose, box.low, box.high)
        return {
            "rgb": observation.rgb,
            "depth": np.nan_to_num(observation.depth, nan=0.0),
            "pose": pose,
            "goal": np.int64(self._goal),
        }

    def _info(self, success: bool) -> dict[str, Any]:
        longest = max(self._path, self._shortest, 1e-9)
        share = self._shortest / longest if self._shortest > 0 else 1.0
        return {
            "goal": self.categories[self._goal],
            "success": success,
            "spl": share if success else 0.0,
            "distance": self._distance,
            "collided": self.sim.observe().collided,
        }

    def _targets(self, goal: int) -> list[int]:
        category = self.categories[goal]
        return [index for index, name in self.sim.labels.items() if name == category]

    def _distance_to_goal(self) -> float:
        return self.truth.geodesic(self.sim.pose[:2], self._targets(self._goal))

    def _choose_goal(self, category: str | None) -> int:
        """Return a random reachable goal, farther away than `min_start_distance` if any is."""
        if category is not None:
            if category not in self.categories:
                raise WorldError(
                    f"no {category!r} in world {self.sim.world.name!r}; "
                    f"it has: {', '.join(self.categories)}"
                )
            return self.categories.index(category)
        near = None
        for goal in self.np_random.permutation(len(self.categories)):
            distance = self.truth.geodesic(self.sim.pose[:2], self._targets(int(goal)))
            if self._config.min_start_distance <= distance < math.inf:
                return int(goal)
            if distance < math.inf:
                near = int(goal)
        if near is None:
            raise WorldError(
                f"no object of world {self.sim.world.name!r} can be reached; start elsewhere"
            )
        return near


register()
