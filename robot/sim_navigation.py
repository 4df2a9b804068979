"""What Nav2 or move_base is on a robot, for the simulated one: drives over a perfect map."""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass
from typing import Any, Literal

from goat.nav.follow import FollowConfig, follower_of
from goat.nav.navigator import Navigator, NavigatorConfig, Progress
from goat.types import Body, OccupancyGrid, VelocityCommand
from robot.fields import MessageError, entry, number, text
from robot.link import Link
from robot.messages import STILL, Dialect
from robot.navigation import Pose

_AGAIN = 0.1
"""Time between looks at where it is, s."""
_NAV2 = {True: 4, False: 6, None: 5}
_ACTIONLIB = {True: 3, False: 4, None: 2}
"""Status of a goal that was reached, that was given up, and that was called back."""


@dataclass(frozen=True, slots=True)
class _Goal:
    number: str
    pose: Pose


class SimNavigation:
    """Serves goals in odometry's frame; the newest takes the place of the one before."""

    def __init__(
        self, kind: Literal["nav2", "move_base"], link: Link, grid: OccupancyGrid, body: Body
    ) -> None:
        """Prepare; `serve` begins.

        Args:
            kind: Which of them to be.
            link: To the bridge.
            grid: Where the robot's middle can be, in odometry's frame.
            body: Its limits; it is driven by velocities.
        """
        self._kind, self._link, self._grid = kind, link, grid
        point = Body(0.01, max_linear=body.max_linear, max_angular=body.max_angular, discrete=False)
        self._navigator = Navigator(point, NavigatorConfig(follow=FollowConfig(tolerance=0.08)))
        self._follower = follower_of(point, FollowConfig())
        self._lock = threading.Lock()
        self._goal: _Goal | None = None
        self._due = -math.inf
        self._wish: VelocityCommand = STILL

    def serve(self) -> None:
        """Announce itself."""
        if self._kind == "nav2":
            action = {"action": "/navigate_to_pose", "type": "nav2_msgs/action/NavigateToPose"}
            self._link.serve({"op": "advertise_action", **action}, self._asked)
            return
        self._link.advertise("/move_base/feedback", "move_base_msgs/MoveBaseActionFeedback")
        self._link.advertise("/move_base/result", "move_base_msgs/MoveBaseActionResult")
        kinds = {
            "goal": ("move_base_msgs/MoveBaseActionGoal", self._goal_came),
            "cancel": ("actionlib_msgs/GoalID", self._cancel_came),
        }
        for topic, (kind, take) in kinds.items():
            self._link.subscribe(f"/move_base/{topic}", kind, take, streams=False)

    def command(self, pose: Pose, now: float) -> VelocityCommand | None:
        """Return the velocity that leads to the goal; None without one.

        Args:
            pose: Of the base in odometry's frame.
            now: Time, s.
        """
        goal = self._goal
        if goal is None:
            return None
        if now >= self._due:
            self._due = now + _AGAIN
            self._decide(goal, pose)
        return self._wish

    def _decide(self, goal: _Goal, pose: Pose) -> None:
        self._navigator.update(self._grid, pose, collided=False)
        step = self._navigator.go_to_place(goal.pose[:2])
        if step.outcome is Progress.MOVING and isinstance(step.action, VelocityCommand):
            self._wish = step.action
            self._tell(goal, pose)
            return
        turn = self._follower.face(goal.pose[2], pose)
        if step.outcome is Progress.ARRIVED and isinstance(turn, VelocityCommand):
            self._wish = turn
            return
        self._finish(goal, step.outcome is Progress.ARRIVED, step.note)

    def _take(self, goal: _Goal) -> None:
        with self._lock:
            before, self._goal = self._goal, goal
            self._wish, self._due = STILL, -math.inf
            self._navigator.reset_goal()
        if before is not None:
            self._answer(before, None, "another goal came")

    def _finish(self, goal: _Goal, reached: bool | None, why: str) -> None:
        with self._lock:
            if self._goal is not goal:
                return
            self._goal, self._wish = None, STILL
        self._answer(goal, reached, why)

    # Messages

    def _asked(self, message: dict[str, Any]) -> None:
        number = str(message.get("id"))
        if message.get("op") == "cancel_action_goal":
            self._call_back(number)
            return
        self._begin(number, message, "args.pose")

    def _goal_came(self, message: object, at: float) -> None:
        self._begin(None, message, "goal.target_pose")

    def _cancel_came(self, message: object, at: float) -> None:
        if isinstance(message, dict):
            self._call_back(str(message.get("id")))

    def _begin(self, name: str | None, message: object, path: str) -> None:
        try:
            name = name or text(entry(message, "goal_id.id"), "goal id")
            self._take(_Goal(name, _pose(entry(message, path))))
        except MessageError as error:
            self._link.counts["bad goals"] += 1
            self._answer(_Goal(name or "", (0.0, 0.0, 0.0)), False, str(error))

    def _call_back(self, name: str) -> None:
        goal = self._goal
        if goal is not None and name in ("", goal.number):
            self._finish(goal, None, "called back")

    def _tell(self, goal: _Goal, pose: Pose) -> None:
        left = math.dist(goal.pose[:2], pose[:2])
        if self._kind == "nav2":
            values = {"distance_remaining": left, "number_of_recoveries": 0}
            self._link.tell(_about(goal, "action_feedback", values))
        else:
            self._link.publish("/move_base/feedback", {"status": _status(goal, 1, ""), **_stamp()})

    def _answer(self, goal: _Goal, reached: bool | None, why: str) -> None:
        if self._kind == "nav2":
            values = {"error_code": 0 if reached else 1, "error_msg": "" if reached else why}
            message = _about(goal, "action_result", values)
            self._link.tell({**message, "status": _NAV2[reached], "result": True})
            return
        status = _status(goal, _ACTIONLIB[reached], why)
        self._link.publish("/move_base/result", {"status": status, "result": {}, **_stamp()})


def _pose(stamped: object) -> Pose:
    if text(entry(stamped, "header.frame_id"), "frame") != "odom":
        raise MessageError("goals must be in the frame odom")
    x, y, z, w = (
        number(entry(stamped, f"pose.{path}"), path)
        for path in ("position.x", "position.y", "orientation.z", "orientation.w")
    )
    return x, y, 2.0 * math.atan2(z, w)


def _about(goal: _Goal, operation: str, values: dict[str, Any]) -> dict[str, Any]:
    return {"op": operation, "id": goal.number, "action": "/navigate_to_pose", "values": values}


def _status(goal: _Goal, status: int, why: str) -> dict[str, Any]:
    about = {"stamp": Dialect.ROS1.stamp(0.0), "id": goal.number}
    return {"goal_id": about, "status": status, "text": why}


def _stamp() -> dict[str, Any]:
    return {"header": Dialect.ROS1.header(0.0, "")}
