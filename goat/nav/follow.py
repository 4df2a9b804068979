"""From a path to actions: fixed steps for discrete bases, velocities for the others."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from goat.frames import wrap_angle
from goat.nav.grid import LocalClearance, Pose, line_samples
from goat.types import Body, DiscreteAction, Float64Array, Path, VelocityCommand

_AHEAD = 0.1
"""A heading that is off by less counts as straight ahead, rad."""
_STILL = 0.05
"""Turning more slowly than this without driving leads nowhere, rad/s."""


@dataclass(frozen=True)
class FollowConfig:
    """How a path is followed."""

    tolerance: float = 0.15
    """Distance to the path's end that counts as there, m."""
    horizon: float = 2.0
    """How much of the path is looked at, m."""
    beyond: float = 0.4
    """How much of the path past the first corner is looked at, m."""
    depth: int = 4
    """Forward steps that the discrete follower simulates."""
    beam: int = 32
    """Simulated states kept after each forward step."""
    tight: float = 0.08
    """Room beyond the body, ahead on the path, below which more is simulated, m."""
    tight_depth: int = 6
    """Forward steps simulated there."""
    tight_beam: int = 96
    """States kept there."""
    detour: float = 1.4
    """Cost of a metre beside the path over one along it."""
    turn_cost: float = 0.6
    """Cost of facing one turn step off the path at the end of the simulation, in actions."""
    soft_clearance: float = 0.12
    """Room beyond the body below which a step is disliked, m."""
    soft_cost: float = 1.5
    """Cost of a step with no such room, in actions."""
    margin: float = 0.01
    """Room to keep at all times, m."""
    arc_margin: float = 0.02
    """Room that an arc keeps at all times, m."""
    preview: float = 1.2
    """Time for which the velocity follower looks at what an arc leads to, s."""
    speeds: tuple[float, ...] = (0.0, 0.2, 0.4, 0.7, 1.0)
    """Shares of the greatest speed that it chooses from."""
    turns: int = 21
    """Turning speeds that it chooses from; an odd number has straight ahead among them."""
    turn_metres: float = 0.25
    """Cost of facing a radian off the path at the end of an arc, in metres."""
    close: float = 0.15
    """Cost of an arc with no room beyond the body, in metres."""
    change: float = 0.1
    """How much better turning on the spot before driving on must be than any arc, m."""
    deceleration: float = 0.5
    """Greatest deceleration before the path's end, m/s^2."""


def remaining(path: Path, pose: Pose, horizon: float = math.inf) -> Float64Array:
    """Return (N, 2) the path from the point nearest to the robot on, about 5 cm apart.

    Args:
        path: Anything with at least one point.
        pose: The robot.
        horizon: Points farther along than this are left out, m.
    """
    points = _dense(path.points, 0.05)
    start = int(np.square(points - np.array(pose[:2])).sum(axis=1).argmin())
    stop = len(points) if math.isinf(horizon) else start + 1 + math.ceil(horizon / 0.05)
    return points[start:stop]


def _in_sight(
    ahead: Float64Array, pose: Pose, room: LocalClearance, least: float, beyond: float
) -> Float64Array:
    """Return the part of a path up to `beyond` metres past where a straight drive would collide.

    Points farther along may be near as the crow flies, but on the other side of a wall.
    """
    lines = line_samples(np.array(pose[:2]), ahead, 0.1)
    clear = room.at(lines).min(axis=1) >= min(least, float(room.at(np.array(pose[:2]))) - 0.02)
    hidden = np.flatnonzero(~clear)
    if len(hidden) == 0:
        return ahead
    return ahead[: max(int(hidden[0]), 2) + math.ceil(beyond / 0.05)]


def _dense(points: Float64Array, spacing: float) -> Float64Array:
    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    count = max(2, math.ceil(length[-1] / spacing) + 1)
    at = np.linspace(0.0, length[-1], count)
    return np.stack([np.interp(at, length, points[:, k]) for k in (0, 1)], axis=1)


class _Outlook:
    """What both followers look at: the path ahead, and how much of it is left from each point."""

    def __init__(
        self, body: Body, config: FollowConfig, path: Path, pose: Pose, room: LocalClearance
    ) -> None:
        ahead = remaining(path, pose, config.horizon)
        ahead = _in_sight(ahead, pose, room, body.radius - 0.05, config.beyond)
        self.body, self.config, self.room, self.ahead, self.pose = body, config, room, ahead, pose
        step = np.linalg.norm(np.diff(ahead, axis=0), axis=1)
        self.left = np.concatenate([np.cumsum(step[::-1])[::-1], [0.0]])
        self.here = float(room.at(np.array(pose[:2])))


@dataclass(frozen=True, slots=True)
class DiscreteFollower:
    """Chooses among forward and turns by simulating what a few of them lead to.

    A beam search over "turn by k steps, then one forward" finds the action sequence that gets
    farthest along the path for its number of actions, sweeping the body along every forward step.
    The same search from the next pose continues the same plan, so it does not dither.
    """

    body: Body
    """Step sizes and footprint."""
    config: FollowConfig = field(default_factory=FollowConfig)
    """How it follows."""

    def act(
        self, path: Path, pose: Pose, room: LocalClearance, slack: float = 0.0
    ) -> DiscreteAction | None:
        """Return the next action, None at the end of the path or where no step is possible.

        Args:
            path: Where to go.
            pose: The robot.
            room: Clearance around the robot.
            slack: How far an obstacle may reach into the footprint, m.
        """
        if math.dist(path.points[-1], pose[:2]) <= self.config.tolerance:
            return None
        outlook = _Outlook(self.body, self.config, path, pose, room)
        turns = _Beam(outlook, slack).first_turns()
        if turns is None:
            return None
        if turns == 0:
            return DiscreteAction.FORWARD
        return DiscreteAction.TURN_LEFT if turns > 0 else DiscreteAction.TURN_RIGHT

    def face(self, yaw: float, pose: Pose) -> DiscreteAction | None:
        """Return the turn towards heading `yaw`, None when it is within half a turn step."""
        error = wrap_angle(yaw - pose[2])
        if abs(error) <= 0.5 * self.body.turn_step + 1e-3:
            return None
        return DiscreteAction.TURN_LEFT if error > 0 else DiscreteAction.TURN_RIGHT


class _Beam:
    """One simulation of the next few actions."""

    def __init__(self, outlook: _Outlook, slack: float) -> None:
        self.outlook, self.body, self.config = outlook, outlook.body, outlook.config
        body, config = self.body, self.config
        self.least = min(body.radius + config.margin - slack, outlook.here - 0.01)
        narrow = float(outlook.room.at(outlook.ahead[:30]).min()) < body.radius + config.tight
        self.depth = config.tight_depth if narrow else config.depth
        self.width = config.tight_beam if narrow else config.beam
        half = round(math.pi / body.turn_step)
        self.turns = np.arange(-half + 1, half + 1)

    def first_turns(self) -> int | None:
        """Return the signed turns before the first forward of the best plan, None if stuck."""
        xy, turned = np.array([self.outlook.pose[:2]]), np.zeros(1, int)
        spent, first = np.zeros(1), np.zeros(1, int)
        best, best_price = None, self._to_go(xy, turned)[0] + 1e-6
        for depth in range(self.depth):
            parent, turn, xy, cost = self._expand(xy, turned, spent)
            if len(parent) == 0:
                break
            first = turn if depth == 0 else first[parent]
            turned = turned[parent] + turn
            spent = cost
            price = spent + self._to_go(xy, turned)
            order = np.argsort(price, kind="stable")[: self.width]
            xy, turned, spent, first = xy[order], turned[order], spent[order], first[order]
            if best is None or price[order[0]] < best_price - 1e-9:
                best, best_price = int(first[0]), float(price[order[0]])
        return best

    def _expand(
        self, xy: Float64Array, turned: NDArray[np.intp], spent: Float64Array
    ) -> tuple[NDArray[np.intp], NDArray[np.intp], Float64Array, Float64Array]:
        """Return parent, turn, place and cost of every possible "turn, then forward"."""
        yaw = self.outlook.pose[2] + (turned[:, None] + self.turns) * self.body.turn_step
        heading = np.stack([np.cos(yaw), np.sin(yaw)], axis=-1)
        sweep = np.linspace(0.25, 1.0, 4)[:, None] * self.body.forward_step
        places = xy[:, None, None, :] + heading[:, :, None, :] * sweep
        room = self.outlook.room.at(places).min(axis=2)
        parent, k = np.nonzero(room >= self.least)
        tight = 1.0 - (room[parent, k] - self.body.radius) / self.config.soft_clearance
        cost = spent[parent] + 1.0 + np.abs(self.turns[k])
        cost = cost + self.config.soft_cost * np.clip(tight, 0.0, 1.0) ** 2
        return parent, self.turns[k], places[parent, k, -1], cost

    def _to_go(self, xy: Float64Array, turned: NDArray[np.intp]) -> Float64Array:
        """Return (N,) actions still needed from each state, estimated along the path."""
        gap = self.outlook.ahead[None] - xy[:, None]
        beside = np.sqrt(np.square(gap).sum(axis=2))
        metres = beside * self.config.detour + self.outlook.left
        # The end must be reached; other points of the path only guide.
        k = metres.argmin(axis=1)
        rows = np.arange(len(xy))
        aim = self.outlook.ahead[np.minimum(k + 6, len(self.outlook.ahead) - 1)] - xy
        yaw = self.outlook.pose[2] + turned * self.body.turn_step
        off = np.abs((np.arctan2(aim[:, 1], aim[:, 0]) - yaw + np.pi) % (2.0 * np.pi) - np.pi)
        far = np.linalg.norm(aim, axis=1) > self.config.tolerance
        price = metres[rows, k] / self.body.forward_step
        return price + self.config.turn_cost * far * off / self.body.turn_step


@dataclass(frozen=True, slots=True)
class VelocityFollower:
    """Chooses among arcs by where they lead in the next second or so, and what they come near.

    The dynamic window approach (Fox, Burgard and Thrun 1997, "The Dynamic Window Approach to
    Collision Avoidance", https://doi.org/10.1109/100.580977) without the window: what the base can
    do from one moment to the next is the business of whoever limits its acceleration. Arcs that
    collide are out; of the others the one wins whose end has the shortest way left.
    """

    body: Body
    """Limits and footprint."""
    config: FollowConfig = field(default_factory=FollowConfig)
    """How it follows."""

    def act(
        self, path: Path, pose: Pose, room: LocalClearance, slack: float = 0.0
    ) -> VelocityCommand | None:
        """Return the next velocity, None at the end of the path or where no arc is possible.

        Args:
            path: Where to go.
            pose: The robot.
            room: Clearance around the robot.
            slack: How far an obstacle may reach into the footprint, m.
        """
        end = math.dist(path.points[-1], pose[:2])
        if end <= self.config.tolerance:
            return None
        outlook = _Outlook(self.body, self.config, path, pose, room)
        fastest = min(self.body.max_linear, math.sqrt(2.0 * self.config.deceleration * end))
        return _Arcs(outlook, slack).best(fastest)

    def face(self, yaw: float, pose: Pose) -> VelocityCommand | None:
        """Return the turn towards heading `yaw`, None when it is within half a turn step."""
        error = wrap_angle(yaw - pose[2])
        if abs(error) <= 0.5 * self.body.turn_step + 1e-3:
            return None
        limit = self.body.max_angular
        return VelocityCommand(0.0, float(np.clip(2.0 * error, -limit, limit)))


class _Arcs:
    """What constant velocities lead to."""

    def __init__(self, outlook: _Outlook, slack: float) -> None:
        self.outlook, self.body, self.config = outlook, outlook.body, outlook.config
        # Where it is tight already, it must get better.
        limit = self.body.radius + self.config.arc_margin - slack
        self.least = min(limit, outlook.here + 0.005)

    def best(self, fastest: float) -> VelocityCommand | None:
        """Return the best velocity up to a speed, m/s; None if nothing is better than standing."""
        speeds = fastest * np.array(self.config.speeds)
        turns = self.body.max_angular * np.linspace(-1.0, 1.0, self.config.turns)
        linear, angular = (grid.ravel() for grid in np.meshgrid(speeds, turns))
        k = int(self._price(linear, angular).argmin())
        # Between the turns of the coarse choice.
        spacing = turns[1] - turns[0]
        fine = np.clip(angular[k] + spacing * np.linspace(-0.75, 0.75, 7), turns[0], turns[-1])
        price = self._price(np.full(len(fine), linear[k]), fine)
        m = int(price.argmin())
        turn, length, after = self._turn_first(fastest)
        if after < price[m] - self.config.change:
            limit = self.body.max_angular
            angular = float(np.clip(2.0 * turn, -limit, limit))
            ahead = abs(turn) < _AHEAD
            return VelocityCommand(fastest * min(1.0, length / 0.5) * ahead, angular)
        stands = linear[k] == 0.0 and abs(fine[m]) < _STILL
        if stands or not np.isfinite(price[m]):
            return None
        return VelocityCommand(float(linear[k]), float(fine[m]))

    def _turn_first(self, speed: float) -> tuple[float, float, float]:
        """Return the best turn on the spot, rad, the drive straight ahead after it, m, its price.

        The price is comparable with that of arcs: what takes longer than they do costs what could
        have been driven meanwhile.
        """
        turns = np.linspace(-math.pi, math.pi, 48, endpoint=False)
        yaw = self.outlook.pose[2] + turns
        heading = np.stack([np.cos(yaw), np.sin(yaw)], axis=-1)
        along = np.linspace(0.1, 0.5, 5)
        places = np.array(self.outlook.pose[:2]) + heading[:, None] * along[:, None]
        room = np.minimum.accumulate(self.outlook.room.at(places), axis=1)
        left = self._left_from(places.reshape(-1, 2), np.repeat(yaw, len(along)))
        spent = speed * (np.abs(turns) / self.body.max_angular - self.config.preview)
        price = left.reshape(room.shape) + spent[:, None] + along + self._closeness(room)
        price[room < self.least] = np.inf
        k, m = np.unravel_index(int(price.argmin()), price.shape)
        return float(turns[k]), float(along[m]), float(price[k, m])

    def _closeness(self, room: NDArray) -> Float64Array:
        """Return (...) what it costs to come close to something, m."""
        tight = 1.0 - (room - self.body.radius) / self.config.soft_clearance
        return self.config.close * np.clip(tight, 0.0, 1.0) ** 2

    def _price(self, linear: Float64Array, angular: Float64Array) -> Float64Array:
        """Return (N,) the way that is left after driving so for a while, m; inf if it collides."""
        times = self.config.preview * np.linspace(0.125, 1.0, 8)
        yaw = self.outlook.pose[2] + angular[:, None] * times
        # The chord of an arc is shorter than it, and turned by half of its angle.
        half = 0.5 * angular[:, None] * times
        chord = linear[:, None] * times * np.sinc(half / math.pi)
        heading = np.stack(
            [np.cos(self.outlook.pose[2] + half), np.sin(self.outlook.pose[2] + half)], axis=-1
        )
        places = np.array(self.outlook.pose[:2]) + chord[..., None] * heading
        room = self.outlook.room.at(places).min(axis=1)
        price = self._left_from(places[:, -1], yaw[:, -1]) + self._closeness(room)
        return np.where((room >= self.least) | (linear == 0.0), price, np.inf)

    def _left_from(self, places: Float64Array, yaw: Float64Array) -> Float64Array:
        """Return (N,) what is left to drive and to turn from places (N, 2), m."""
        gap = self.outlook.ahead[None] - places[:, None]
        metres = np.linalg.norm(gap, axis=2) * self.config.detour + self.outlook.left
        k = metres.argmin(axis=1)
        aim = self.outlook.ahead[np.minimum(k + 6, len(self.outlook.ahead) - 1)] - places
        off = (np.arctan2(aim[:, 1], aim[:, 0]) - yaw + np.pi) % (2.0 * np.pi) - np.pi
        near = np.linalg.norm(aim, axis=1) <= self.config.tolerance
        return metres[np.arange(len(k)), k] + self.config.turn_metres * np.abs(off) * ~near


Follower = DiscreteFollower | VelocityFollower


def follower_of(body: Body, config: FollowConfig) -> Follower:
    """Return the follower for how `body` is driven."""
    return DiscreteFollower(body, config) if body.discrete else VelocityFollower(body, config)
