"""Everything the agent needs to get about: explore, drive to an object, recover."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from goat.nav.approach import Approach, ApproachConfig, ObjectFootprint, footprint, sees, stop_pose
from goat.nav.beat import Beat
from goat.nav.follow import FollowConfig, follower_of, remaining
from goat.nav.frontier import Frontier, FrontierConfig, FrontierExplorer
from goat.nav.grid import CollisionMarks, CostConfig, Pose
from goat.nav.recovery import (
    Manoeuvre,
    Recovery,
    RecoveryConfig,
    Rung,
    back_off,
    stop_action,
    turn_action,
)
from goat.nav.scene import Scene
from goat.nav.sides import in_front
from goat.types import Action, Body, Float32Array, OccupancyGrid, Path


class Progress(Enum):
    """What a step means for the pursuit of its goal."""

    MOVING = "moving"
    """On the way; carry out the action."""
    ARRIVED = "arrived"
    """Standing at the stop pose and facing the object."""
    NO_PATH = "no path"
    """Nothing reachable is close enough to the object."""
    NO_FRONTIER = "no frontier"
    """Nothing is left to explore."""
    STUCK = "stuck"
    """Every recovery failed."""


@dataclass(frozen=True, slots=True)
class Step:
    """What to do now."""

    action: Action
    """Stands still unless `outcome` is MOVING."""
    path: Path | None
    """Where it leads."""
    outcome: Progress
    """What it means."""
    note: str
    """For people."""


@dataclass(frozen=True)
class NavigatorConfig:
    """The settings of all parts of navigation."""

    costs: CostConfig = field(default_factory=CostConfig)
    """Where to drive."""
    frontier: FrontierConfig = field(default_factory=FrontierConfig)
    """Where to explore."""
    approach: ApproachConfig = field(default_factory=ApproachConfig)
    """Where to stop."""
    follow: FollowConfig = field(default_factory=FollowConfig)
    """How to follow a path."""
    recovery: RecoveryConfig = field(default_factory=RecoveryConfig)
    """What to do when stuck."""
    replan_every: int = 6
    """Steps after which a plan that still works is reconsidered."""
    mark_lifetime: int = 60
    """Steps for which a collision is remembered."""
    linger: float = 0.35
    """A robot this near to where it was to go, m, ..."""
    linger_steps: int = 6
    """... for so many steps can do no better."""
    moved: float = 0.2
    """Movement of the object that calls for a new plan, m."""


@dataclass(frozen=True, slots=True)
class _Plan:
    path: Path
    made: int
    frontier: Frontier | None = None
    approach: Approach | None = None
    center: tuple[float, float] = (0.0, 0.0)


class Navigator:
    """Turns a map, a pose and a wish into the next action.

    Call `update` once per control step, then one of `go_to`, `explore` and `scan`. Nothing is
    computed before it is needed.
    """

    def __init__(self, body: Body, config: NavigatorConfig | None = None) -> None:
        """Prepare for a robot.

        Args:
            body: Footprint, step sizes and limits.
            config: Settings; the defaults suit a home.
        """
        self.body = body
        self.config = config or NavigatorConfig()
        self.marks = CollisionMarks(body.radius, self.config.mark_lifetime)
        self.explorer = FrontierExplorer(self.config.frontier)
        self.recovery = Recovery(self.config.recovery)
        self._follower = follower_of(body, self.config.follow)
        self._scene: Scene | None = None
        self._plan: _Plan | None = None
        self._manoeuvre: Manoeuvre | None = None
        self._include: tuple[tuple[float, float], ...] = ()
        self._driving = False
        self._forgave, self._again = False, False
        self._beat, self._counts = Beat(body), True
        self._step = 0
        self._covered = (-math.inf, 0.0)
        self._lingered = 0

    @property
    def scene(self) -> Scene:
        """The newest snapshot.

        Raises:
            RuntimeError: `update` was never called.
        """
        if self._scene is None:
            raise RuntimeError("the navigator has no map yet: call update() before asking it")
        return self._scene

    def update(self, grid: OccupancyGrid, pose: Pose, collided: bool) -> None:
        """Take in the map and the robot's pose, once per control step.

        Args:
            grid: The map; it may grow and its origin may move between steps.
            pose: x, y, yaw in the map frame, m and rad.
            collided: The last action was cut short.
        """
        self._counts = self._beat.counts(pose) or collided
        if self._counts:
            self._count(pose, collided)
        if collided:
            self.marks.add(pose, self._step)
        self._scene = self._snapshot(grid, pose)

    def _count(self, pose: Pose, collided: bool) -> None:
        """Let a step that counts count everywhere."""
        self._step += 1
        self.explorer.tick()
        self.marks.expire(self._step)
        if self._driving and self._plan is not None:
            path = self._plan.path
            end = (float(path.points[-1, 0]), float(path.points[-1, 1]))
            self.recovery.observe(pose, collided, end, _left(path, pose))
        self._driving = False
        self._linger(pose)

    def reset_goal(self) -> None:
        """Drop plans and the recovery's memory: a new goal begins."""
        self._plan, self._manoeuvre, self._driving, self._forgave = None, None, False, False
        self._include, self._again, self._lingered = (), False, 0
        self.explorer.reset()
        self.recovery.reset()

    def travel_times(
        self, points: NDArray, seen_from: Sequence[NDArray] | None = None
    ) -> Float32Array:
        """Return (N,) driving costs from the robot to points (N, 2), m of open floor; inf = none.

        A point inside an obstacle (an object's centre) takes the least cost of the reachable
        floor within a metre of it, on the sides from which it was seen: a bound for ranking.

        Args:
            points: (N, 2) or more columns, m.
            seen_from: For each point (M, 2) places it was seen from, m, M >= 0, where known.
        """
        points = np.atleast_2d(np.asarray(points, np.float64))[:, :2]
        angle = np.linspace(0.0, 2.0 * np.pi, 16, endpoint=False)
        ring = np.stack([np.cos(angle), np.sin(angle)], axis=1)
        around = np.vstack([np.zeros((1, 2)), 0.35 * ring, 0.7 * ring, 1.0 * ring])
        cost = self.scene.travel.at(points[:, None, :] + around) + np.linalg.norm(around, axis=1)
        for row, eyes in enumerate(seen_from or ()):
            if len(eyes):
                cost[row, ~in_front(around, eyes - points[row])] = np.inf
        return cost.min(axis=1).astype(np.float32)

    def look_again(self) -> bool:
        """Look, once per goal, where a look showed nothing earlier; return False if it was done."""
        if self._again or not self.explorer.look_again():
            return False
        self._again = True
        return True

    def coverage(self) -> float:
        """Return the share of the place that has been seen, in [0, 1]; now and then anew."""
        stale = self._step - self._covered[0] >= self.config.replan_every
        if stale and self._scene is not None:
            covered = self.explorer.coverage(self.scene.travel, self.scene.pose)
            self._covered = self._step, covered
        return self._covered[1]

    def scan(self) -> Step:
        """Return one turn on the spot, always to the left."""
        self._plan = None
        action = turn_action(self.body.turn_step, self.body)
        return Step(action, None, Progress.MOVING, "looking around")

    def go_to(self, points: NDArray, seen_from: NDArray | None = None) -> Step:
        """Return the next step towards an object.

        Args:
            points: (N, 3) points of the object in the map, m; N >= 1.
            seen_from: (M, 2) places it was seen from, m, where known: they tell a table that it
                stands on from a wall in front of it.

        Raises:
            ValueError: There are no points.
        """
        self._make_room_for(points)
        scene, cfg = self.scene, self.config.approach
        eye = self.body.height
        thing = footprint(points, scene.known, cfg, seen_from, eye)
        if self._there(thing):
            return self._face(thing)

        def attempt() -> Step | None:
            # A rung of the recovery makes a new scene, which may be cut differently.
            same = self.scene is scene
            known = self.scene.known
            return self._approach(thing if same else footprint(points, known, cfg, seen_from, eye))

        return self._until_decided(attempt)

    def go_to_place(self, xy: tuple[float, float]) -> Step:
        """Return the next step towards a place on the floor (x, y), m; NO_PATH if none is known."""
        return self._until_decided(lambda: self._go_there(xy))

    def explore(self, value: NDArray | None = None) -> Step:
        """Return the next step of exploration.

        Args:
            value: (rows, cols) semantic value of looking at each cell of the grid that was given
                to `update`, about 0 to 1.
        """
        return self._until_decided(lambda: self._explore(value))

    # One try: None means that a rung of the recovery changed something, so try again

    def _until_decided(self, attempt: Callable[[], Step | None]) -> Step:
        running = self._continue_manoeuvre()
        while running is None:
            running = attempt()
        return running

    def _approach(self, thing: ObjectFootprint) -> Step | None:
        plan = self._plan
        moved = plan is None or math.dist(plan.center, thing.center) > self.config.moved
        if moved or plan is None or plan.approach is None or not self._usable(plan):
            plan = self._plan = self._plan_approach(thing)
        if plan is None or plan.approach is None:
            return self._recover("no way to the object", Progress.NO_PATH)
        if self._at_end(plan.path) and self._there(thing):
            return self._face(thing)
        if self._at_end(plan.path) and not plan.approach.within:
            if self._forgive():
                return None
            note = f"the nearest reachable place is {plan.approach.distance:.1f} m from the object"
            return self._stay(Progress.NO_PATH, note)
        return self._drive(plan.path, "driving to the object")

    def _go_there(self, xy: tuple[float, float]) -> Step | None:
        plan = self._plan
        if plan is None or plan.center != xy or not self._usable(plan):
            plan = self._plan_place(xy)
            if plan is None:
                return self._stay(Progress.NO_PATH, "no way to the place")
            self._plan = plan
        if self._at_end(plan.path):
            return self._stay(Progress.ARRIVED, "standing at the place")
        return self._drive(plan.path, "driving to the place")

    def _explore(self, value: NDArray | None) -> Step | None:
        plan = self._plan
        if not self._exploring(plan):
            plan = self._plan = self._plan_frontier(value)
        if plan is None or plan.frontier is None:
            if self._forgive():
                return None
            return self._stay(Progress.NO_FRONTIER, "nothing is left to explore")
        if self._at_end(plan.path):
            return self._look(plan.frontier)
        return self._drive(plan.path, "exploring")

    # Plans

    def _snapshot(self, grid: OccupancyGrid, pose: Pose) -> Scene:
        slack = self.recovery.slack
        return Scene(grid, pose, self.body, self.config.costs, self.marks, slack, self._include)

    def _make_room_for(self, points: NDArray) -> None:
        """Let the scene hold an object and what is around it, wherever that is."""
        low, high = points[:, :2].min(axis=0) - 1.0, points[:, :2].max(axis=0) + 1.0
        known = self.scene.known
        self._include = ((float(low[0]), float(low[1])), (float(high[0]), float(high[1])))
        if not known.inside(known.cells(np.array(self._include))).all():
            self._refresh()

    def _refresh(self) -> None:
        """Look at the map anew, because marks or slack have changed."""
        self._scene = self._snapshot(self.scene.grid, self.scene.pose)

    def _usable(self, plan: _Plan | None) -> bool:
        """Return whether a plan is fresh, near the robot and free of obstacles."""
        if plan is None or self._step - plan.made >= self.config.replan_every:
            return False
        ahead = remaining(plan.path, self.scene.pose)
        near = math.dist(ahead[0], self.scene.pose[:2]) < 0.4
        return near and bool(np.isfinite(self.scene.costs.cost_at(ahead)).all())

    def _exploring(self, plan: _Plan | None) -> bool:
        """Return whether a plan's view is still worth going to."""
        if plan is None or plan.frontier is None or not self._usable(plan):
            return False
        left = self.explorer.gain_left(self.explorer.survey(self.scene.costs))
        return left >= max(0.4 * plan.frontier.gain, self.config.frontier.min_gain)

    def _plan_approach(self, thing: ObjectFootprint) -> _Plan | None:
        found = stop_pose(thing, self.scene.travel, self.body, self.config.approach)
        if found is None:
            return None
        path = self.scene.travel.path_to(self.scene.known.cells(np.array(found.position)))
        return path and _Plan(path, self._step, approach=found, center=thing.center)

    def _plan_place(self, xy: tuple[float, float]) -> _Plan | None:
        """Plan to the reachable floor that is nearest to a place."""
        path = self.scene.travel.path_near(xy, self.config.moved)
        return path and _Plan(path, self._step, center=xy)

    def _plan_frontier(self, value: NDArray | None) -> _Plan | None:
        scene = self.scene
        worth = None if value is None else scene.layer(value)
        found = self.explorer.explore(scene.travel, scene.pose, worth)
        path = found and scene.travel.path_to(found.stand)
        return path and _Plan(path, self._step, frontier=found)

    # Steps

    def _at_end(self, path: Path) -> bool:
        """Return whether a path is driven, as far as steps of fixed length allow."""
        away = math.dist(path.points[-1], self.scene.pose[:2])
        lingers = self._lingered >= self.config.linger_steps and away <= self.config.linger
        return lingers or away <= self.config.follow.tolerance

    def _settle(self, path: Path) -> bool:
        """Take where the robot is for the end of a path near by to which no step leads."""
        if (
            self._at_end(path)
            or math.dist(path.points[-1], self.scene.pose[:2]) > self.config.linger
        ):
            return False
        self._lingered = self.config.linger_steps
        return True

    def _linger(self, pose: Pose) -> None:
        """Count the steps for which the robot has been close to where it was to go."""
        plan = self._plan
        close = plan is not None and math.dist(plan.path.points[-1], pose[:2]) <= self.config.linger
        self._lingered = self._lingered + 1 if close else 0

    def _there(self, thing: ObjectFootprint) -> bool:
        """Return whether the robot stands close enough, with a clear view, or as planned."""
        x, y, _ = self.scene.pose
        xy = np.array([[x, y]])
        gap = float(thing.distance[tuple(self.scene.known.cells(xy[0]))])
        approach = self.config.approach
        if self._as_planned(thing):
            return gap <= approach.limit + 0.05
        # Where steps of fixed length can do no better, within reach is near enough.
        limit = approach.reach if self._manoeuvre is not None else approach.far
        return gap <= limit and bool(sees(thing, self.scene.known, xy)[0])

    def _as_planned(self, thing: ObjectFootprint) -> bool:
        """Return whether the robot has come to the place that was chosen to see the object from."""
        plan = self._plan
        if plan is None or plan.approach is None or not plan.approach.within:
            return False
        same = math.dist(plan.center, thing.center) <= self.config.moved
        return same and self._at_end(plan.path)

    def _face(self, thing: ObjectFootprint) -> Step:
        pose = self.scene.pose
        action = self._follower.face(thing.yaw_from(pose[:2]), pose)
        if action is None:
            return self._stay(Progress.ARRIVED, "standing in front of the object")
        return Step(action, None, Progress.MOVING, "turning to the object")

    def _look(self, frontier: Frontier) -> Step:
        """Face along a view; what is still unknown when it was faced is set aside."""
        action = self._follower.face(frontier.yaw, self.scene.pose)
        if action is None:
            self._plan = None
            self.explorer.ban(self.explorer.survey(self.scene.costs))
            action = turn_action(self.body.turn_step, self.body)
        return Step(action, None, Progress.MOVING, "looking into the unknown")

    def _stay(self, outcome: Progress, note: str) -> Step:
        return Step(stop_action(self.body), None, outcome, note)

    def _drive(self, path: Path, note: str) -> Step | None:
        if self.recovery.stuck():
            return self._recover("no progress", Progress.STUCK)
        scene = self.scene
        action = self._follower.act(path, scene.pose, scene.room, scene.slack)
        if action is None:
            return None if self._settle(path) else self._recover("blocked", Progress.STUCK)
        self._driving = True
        return Step(action, path, Progress.MOVING, note)

    # Recovery

    def _continue_manoeuvre(self) -> Step | None:
        if self._manoeuvre is None:
            return None
        action = self._manoeuvre.next(self.scene.pose, self.body, self._counts)
        if action is None:
            self._manoeuvre = None
            return None
        return Step(action, None, Progress.MOVING, "recovering")

    def _recover(self, why: str, failure: Progress) -> Step | None:
        """Climb one rung; None when it only changed what is planned on."""
        plan, self._plan = self._plan, None
        rung = self.recovery.climb(self.scene.pose)
        if rung == Rung.GIVE_UP:
            return self._give_up(why, failure)
        if rung == Rung.AVOID and plan is not None:
            self._avoid(plan.path)
        elif rung == Rung.CLEAR_MARKS:
            self.marks.clear(bumps_only=True)
        elif rung == Rung.BACK_OFF:
            self._manoeuvre = back_off(self.scene.pose, self.body, self.scene.room)
        elif rung == Rung.SCAN:
            self._manoeuvre = Manoeuvre(2.0 * math.pi)
        elif rung == Rung.SHRINK:
            self.marks.clear()
        self._refresh()
        step = self._continue_manoeuvre()
        return step and replace(step, note=f"{why}: {rung.name.lower().replace('_', ' ')}")

    def _forgive(self) -> bool:
        """Forget all marks, once per goal, before saying that there is no way; False if it was."""
        if self._forgave or not len(self.marks):
            return False
        self._forgave, self._plan = True, None
        self.marks.clear()
        self._refresh()
        return True

    def _avoid(self, path: Path) -> None:
        """Close the narrowest place within the next metre and a half of a path."""
        ahead = remaining(path, self.scene.pose, 1.5)[2:]
        if len(ahead) < 2:
            return
        k = min(int(self.scene.room.at(ahead).argmin()), len(ahead) - 2)
        along = ahead[k + 1] - ahead[k]
        yaw = math.atan2(along[1], along[0])
        self.marks.block((float(ahead[k, 0]), float(ahead[k, 1])), yaw, self._step)

    def _give_up(self, why: str, failure: Progress) -> Step:
        self.recovery.reset()
        if self.explorer.current is not None:
            self.explorer.ban(self.explorer.survey(self.scene.costs))
            return Step(
                turn_action(self.body.turn_step, self.body),
                None,
                Progress.MOVING,
                f"{why}: giving up",
            )
        return self._stay(failure, why)


def _left(path: Path, pose: Pose) -> float:
    """Return how far it is from the robot to the end of a path, m."""
    ahead = remaining(path, pose)
    length = float(np.linalg.norm(np.diff(ahead, axis=0), axis=1).sum())
    return length + math.dist(ahead[0], pose[:2])
