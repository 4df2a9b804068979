"""A robot in a simulated home: the embedded default embodiment."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy.spatial.transform import RigidTransform

from goat.errors import ConfigError, StartPoseError
from goat.frames import mast_camera, planar, planar_of
from goat.registry import suggest
from goat.types import (
    Action,
    Body,
    CameraIntrinsics,
    DiscreteAction,
    Observation,
    VelocityCommand,
)
from sim.collision import CollisionMap
from sim.compile import CompiledWorld, compile_world
from sim.render import Renderer
from sim.sensors import NoiseConfig, noisy_depth, noisy_motion, odometry_error
from sim.worlds.world import World

_ARC_STEP = 0.02  # m; an arc is driven in chords of this length
_ARC_TURN = math.radians(5.0)


@dataclass(frozen=True, slots=True)
class CameraPreset:
    """A robot's camera and size."""

    width: int
    """Image width, px."""
    height: int
    """Image height, px."""
    hfov: float
    """Horizontal field of view, rad."""
    mast: float
    """Height of the camera above the floor, m."""
    radius: float
    """Radius of the robot's footprint, m."""

    @property
    def intrinsics(self) -> CameraIntrinsics:
        """The camera."""
        return CameraIntrinsics.from_hfov(self.width, self.height, self.hfov)


PRESETS: Mapping[str, CameraPreset] = {
    "default": CameraPreset(640, 480, math.radians(79.0), 1.31, 0.17),
    "stretch": CameraPreset(360, 640, math.radians(42.0), 1.31, 0.17),
    "spot": CameraPreset(640, 480, math.radians(60.2), 1.37, 0.30),
}
"""Robots by name: a wide camera, GOAT-Bench's Stretch in portrait, GOAT's Spot."""


def camera_preset(name: str) -> CameraPreset:
    """Return a preset by name.

    Raises:
        ConfigError: There is none of that name.
    """
    if name not in PRESETS:
        raise ConfigError(
            f"unknown camera preset {name!r}.{suggest(name, PRESETS)} Allowed: {', '.join(PRESETS)}"
        )
    return PRESETS[name]


@dataclass(frozen=True)
class HomeConfig:
    """How the simulated robot is built."""

    preset: str = "default"
    """Camera and size: "default", "stretch" or "spot"."""
    tilt: float = 0.0
    """Angle by which the camera looks down, rad."""
    height: float = 1.41
    """Height of the robot, m."""
    step_height: float = 0.05
    """Highest thing the wheels roll over, m."""
    forward_step: float = 0.25
    """Length of one FORWARD, m."""
    turn_step: float = math.radians(30.0)
    """Angle of one turn, rad."""
    max_linear: float = 0.5
    """Greatest forward speed, m/s."""
    max_angular: float = 1.0
    """Greatest turning speed, rad/s."""
    discrete: bool = True
    """What `body` advertises: discrete actions, or velocity commands."""
    dt: float = 0.1
    """How long a velocity command acts, s."""
    slide: bool = False
    """Slide along obstacles instead of stopping at contact."""
    semantic: bool = True
    """Render object ids."""
    min_range: float = 0.1
    """Nearest depth the sensor returns, m."""
    max_range: float = 10.0
    """Farthest depth the sensor returns, m."""
    noise: NoiseConfig | None = None
    """Noise of sensors and wheels; None = perfect."""

    @property
    def body(self) -> Body:
        """What a planner must know."""
        return Body(
            radius=camera_preset(self.preset).radius,
            height=self.height,
            step_height=self.step_height,
            forward_step=self.forward_step,
            turn_step=self.turn_step,
            max_linear=self.max_linear,
            max_angular=self.max_angular,
            discrete=self.discrete,
        )


@dataclass
class _State:
    """What changes as the robot drives."""

    x: float
    y: float
    yaw: float
    odometry: tuple[float, float, float]
    stamp: float = 0.0
    collided: bool = False
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))


class HomeSim:
    """A robot in a world; implements `goat.protocols.Embodiment`.

    The odometry frame is the world frame at the start; with noise the two drift apart.
    """

    def __init__(
        self,
        world: World,
        config: HomeConfig | None = None,
        rng: np.random.Generator | None = None,
        backend: str | None = None,
    ) -> None:
        """Put the robot at the world's start, or at a random place if it suggests none.

        Args:
            world: Where it drives.
            config: How it is built; None takes the defaults.
            rng: Chooses the start and the noise; None seeds with 0.
            backend: GL backend, see `sim.gl.create_context`.

        Raises:
            ConfigError: An unknown camera preset.
            WorldError: Nothing to see, or no free space.
        """
        self.config = config or HomeConfig()
        self.world = world
        self._preset = camera_preset(self.config.preset)
        self._body = self.config.body
        self.space = CollisionMap(world, self._body)
        self.compiled: CompiledWorld = compile_world(world)
        self.renderer = Renderer(self.compiled, backend)
        self._camera = self._preset.intrinsics
        self._base_from_camera = mast_camera(self._preset.mast, self.config.tilt)
        self._seen: Observation | None = None
        self._place(self._start(rng := rng or np.random.default_rng(0)), rng)

    @property
    def body(self) -> Body:
        """Size and step lengths."""
        return self._body

    @property
    def labels(self) -> dict[int, str]:
        """Object id -> category, of the objects that have one."""
        return {
            index: item.category
            for index, item in enumerate(self.world.objects, start=1)
            if item.category is not None
        }

    @property
    def camera(self) -> CameraIntrinsics:
        """Intrinsics of what `observe` returns."""
        return self._camera

    @property
    def camera_height(self) -> float:
        """Height of the camera above the floor, m."""
        return self._preset.mast

    @property
    def pose(self) -> tuple[float, float, float]:
        """True x, y (m) and yaw (rad) in the world: for measurement, not for agents."""
        return self._state.x, self._state.y, self._state.yaw

    @property
    def odometry(self) -> RigidTransform:
        """Where the robot believes to be: odom_from_base."""
        return planar(*self._state.odometry)

    def reset(
        self,
        pose: tuple[float, float, float] | None = None,
        rng: np.random.Generator | None = None,
    ) -> Observation:
        """Start again.

        Args:
            pose: x, y (m) and yaw (rad); None takes the world's start, or a random place if the
                world suggests none that is free.
            rng: Replaces the generator of start and noise.

        Raises:
            StartPoseError: The robot does not fit at `pose`.
        """
        rng = rng or self._state.rng
        if pose is not None and self.space.label_at(pose[0], pose[1]) == 0:
            raise StartPoseError(
                f"the robot (radius {self._body.radius:g} m) does not fit at x = {pose[0]:g}, "
                f"y = {pose[1]:g} in world {self.world.name!r}; choose a free place, "
                "or none to have one chosen"
            )
        self._place(pose or self._start(rng), rng)
        return self.observe()

    def random_pose(self, rng: np.random.Generator) -> tuple[float, float, float]:
        """Return a random free x, y (m) and yaw (rad) in the largest connected free place."""
        x, y = self.space.sample(rng)
        return x, y, float(rng.uniform(-math.pi, math.pi))

    def observe(self) -> Observation:
        """Return what is sensed now; the same object until the robot acts."""
        if self._seen is None:
            self._seen = self._render()
        return self._seen

    def act(self, action: Action) -> None:
        """Carry out a discrete action, or a velocity command for `HomeConfig.dt` seconds."""
        match action:
            case DiscreteAction.FORWARD:
                self._drive(self._body.forward_step, 0.0)
            case DiscreteAction.TURN_LEFT:
                self._drive(0.0, self._body.turn_step)
            case DiscreteAction.TURN_RIGHT:
                self._drive(0.0, -self._body.turn_step)
            case DiscreteAction.STOP:
                self._state.collided = False
                self._seen = None
            case VelocityCommand(linear, angular):
                self._velocity(linear, angular)

    def close(self) -> None:
        """Free the renderer."""
        self.renderer.close()

    def _start(self, rng: np.random.Generator) -> tuple[float, float, float]:
        start = self.world.start
        if start is not None and self.space.label_at(start[0], start[1]):
            return start
        return self.random_pose(rng)

    def _place(self, pose: tuple[float, float, float], rng: np.random.Generator) -> None:
        self._state = _State(*pose, odometry=pose, rng=rng)
        self._seen = None

    def _render(self) -> Observation:
        state, config = self._state, self.config
        world_from_base = planar(state.x, state.y, state.yaw)
        matrix = world_from_base.as_matrix()
        matrix[2, 3] = self.world.floor
        world_from_camera = type(world_from_base).from_matrix(matrix) * self._base_from_camera
        rgb, depth, ids = self.renderer.render(self._camera, world_from_camera, config.semantic)
        if config.noise is not None:
            depth = noisy_depth(depth, config.noise, state.rng)
        depth[(depth < config.min_range) | (depth > config.max_range)] = np.nan
        return Observation(
            stamp=state.stamp,
            rgb=rgb,
            depth=depth,
            camera=self._camera,
            base_from_camera=self._base_from_camera,
            odom_from_base=planar(*state.odometry),
            collided=state.collided,
            semantic=ids,
        )

    def _velocity(self, linear: float, angular: float) -> None:
        if not (math.isfinite(linear) and math.isfinite(angular)):
            raise ConfigError(f"a velocity must be finite, got {linear} m/s and {angular} rad/s")
        linear = min(max(linear, -self._body.max_linear), self._body.max_linear)
        angular = min(max(angular, -self._body.max_angular), self._body.max_angular)
        self._drive(linear * self.config.dt, angular * self.config.dt, self.config.dt)

    def _drive(self, distance: float, turn: float, seconds: float | None = None) -> None:
        """Drive an arc of a length (m) and an angle (rad), stopping at contact."""
        state, noise = self._state, self.config.noise
        if seconds is None:
            seconds = abs(distance) / self._body.max_linear + abs(turn) / self._body.max_angular
        if noise is not None:
            distance, turn = noisy_motion(distance, turn, noise, state.rng)
        before = (state.x, state.y, state.yaw)
        self._arc(distance, turn)
        self._measure(before)
        state.stamp += seconds
        self._seen = None

    def _arc(self, distance: float, turn: float) -> None:
        """Move the true pose along an arc in short chords; a blocked robot still turns."""
        state = self._state
        move = self.space.slide if self.config.slide else self.space.sweep
        chords = 1
        if turn and distance:
            chords = math.ceil(max(abs(distance) / _ARC_STEP, abs(turn) / _ARC_TURN))
        state.collided = False
        for _ in range(chords):
            heading = state.yaw + 0.5 * turn / chords
            state.yaw += turn / chords
            if state.collided and not self.config.slide:
                continue
            step = distance / chords
            swept = move(state.x, state.y, step * math.cos(heading), step * math.sin(heading))
            state.x, state.y = swept.x, swept.y
            state.collided |= swept.collided
        state.yaw = math.remainder(state.yaw, math.tau)

    def _measure(self, before: tuple[float, float, float]) -> None:
        """Add the true motion since `before`, with noise if configured, to the odometry."""
        state = self._state
        if self.config.noise is None and state.odometry == before:
            state.odometry = (state.x, state.y, state.yaw)
            return
        moved = planar(*before).inv() * planar(state.x, state.y, state.yaw)
        dx, dy, turn = planar_of(moved)
        if self.config.noise is not None:
            error = odometry_error(math.hypot(dx, dy), turn, self.config.noise, state.rng)
            moved = moved * planar(*error)
        state.odometry = planar_of(planar(*state.odometry) * moved)
