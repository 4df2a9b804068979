"""Goals for a robot's own navigation: Nav2's NavigateToPose, or move_base.

Nav2 (https://docs.nav2.org) serves an action, which a ROS 2 bridge carries with operations of its
own; it may work off nothing else on a connection while a goal runs, so goals have a connection to
themselves and are cancelled over the one for commands. move_base (https://wiki.ros.org/move_base)
is an actionlib server, which is five topics.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol
from uuid import uuid4

import numpy as np

from goat.types import Float64Array
from robot.fields import MessageError, entry, text, whole
from robot.link import Link
from robot.messages import Dialect

_NAV2_SUCCEEDED = 4
_ACTIONLIB_SUCCEEDED = 3
_ACTIONLIB_OVER = frozenset({2, 3, 4, 5, 8, 9})
"""actionlib_msgs/GoalStatus: preempted, succeeded, aborted, rejected, recalled, lost."""

Pose = tuple[float, float, float]


class News(Enum):
    """What becomes of a goal."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


Told = Callable[[str, News, str], None]
"""Takes the id of a goal, what became of it, and why, on the network's thread."""


class NavigationClient(Protocol):
    """Sends goals to what drives the robot by itself."""

    def send(self, pose: Pose, frame: str) -> str:
        """Send a goal, which takes the place of the one before, and return its id.

        Args:
            pose: x, y, yaw, m and rad.
            frame: That they are in.

        Raises:
            LinkError: Not connected.
        """
        ...

    def cancel(self, number: str) -> bool:
        """Cancel a goal; return whether that was handed to the network."""
        ...


class Nav2Client:
    """NavigateToPose over a ROS 2 bridge."""

    def __init__(self, action: str, goals: Link, control: Link, told: Told) -> None:
        """Prepare.

        Args:
            action: Its name, "/navigate_to_pose".
            goals: Connection that nothing else uses.
            control: Connection that goals are cancelled over.
            told: Takes the news.
        """
        self._action, self._goals, self._control, self._told = action, goals, control, told

    def send(self, pose: Pose, frame: str) -> str:
        """Send a goal; see `NavigationClient`."""
        goal = {"pose": _stamped(pose, frame, Dialect.ROS2), "behavior_tree": ""}
        message = {
            "op": "send_action_goal",
            "action": self._action,
            "action_type": "nav2_msgs/action/NavigateToPose",
            "feedback": True,
            "args": goal,
        }
        return self._goals.ask(message, self._answered)

    def cancel(self, number: str) -> bool:
        """Cancel a goal; see `NavigationClient`."""
        message = {"op": "cancel_action_goal", "id": number, "action": self._action}
        return self._control.tell(message)

    def _answered(self, message: dict[str, Any]) -> None:
        number = str(message.get("id"))
        if message.get("op") == "action_feedback":
            self._told(number, News.RUNNING, "")
            return
        self._goals.forget(number)
        done = message.get("result") is not False and message.get("status") == _NAV2_SUCCEEDED
        self._told(number, News.SUCCEEDED if done else News.FAILED, _why_nav2(message))


class MoveBaseClient:
    """move_base over a ROS 1 bridge; the id of a goal is ours."""

    def __init__(self, name: str, control: Link, told: Told) -> None:
        """Announce and subscribe.

        Args:
            name: Namespace of the server, "/move_base".
            control: Connection.
            told: Takes the news.
        """
        self._name, self._control, self._told = name, control, told
        control.advertise(f"{name}/goal", "move_base_msgs/MoveBaseActionGoal")
        control.advertise(f"{name}/cancel", "actionlib_msgs/GoalID")
        kinds = {"feedback": "MoveBaseActionFeedback", "result": "MoveBaseActionResult"}
        for topic, kind in kinds.items():
            control.subscribe(
                f"{name}/{topic}", f"move_base_msgs/{kind}", self._answered, streams=False
            )

    def send(self, pose: Pose, frame: str) -> str:
        """Send a goal; see `NavigationClient`."""
        number, header = f"goat-{uuid4().hex[:12]}", Dialect.ROS1.header(0.0, "")
        about = {"stamp": Dialect.ROS1.stamp(0.0), "id": number}
        goal = {"target_pose": _stamped(pose, frame, Dialect.ROS1)}
        self._control.publish(
            f"{self._name}/goal", {"header": header, "goal_id": about, "goal": goal}
        )
        return number

    def cancel(self, number: str) -> bool:
        """Cancel a goal; see `NavigationClient`."""
        about = {"stamp": Dialect.ROS1.stamp(0.0), "id": number}
        return self._control.publish(f"{self._name}/cancel", about)

    def _answered(self, message: object, at: float) -> None:
        try:
            number = text(entry(message, "status.goal_id.id"), "goal id")
            status = whole(entry(message, "status.status"), "status", 0, 9)
            why = text(entry(message, "status.text"), "text", 2000)
        except MessageError:
            self._control.counts["bad goal status"] += 1
            return
        if status not in _ACTIONLIB_OVER:
            self._told(number, News.RUNNING, "")
        else:
            done = status == _ACTIONLIB_SUCCEEDED
            self._told(number, News.SUCCEEDED if done else News.FAILED, why or f"status {status}")


@dataclass(frozen=True)
class NavigationConfig:
    """How goals are given."""

    ahead: float = 3.0
    """The goal is so far ahead on the path, m: nothing but the robot's own navigation stops it on
    the way there when we die."""
    renew: float = 1.5
    """A new one is given when so much is left of it, m."""
    moved: float = 0.3
    """A goal farther than this from the newest path is replaced, m."""
    ttl: float = 2.0
    """A goal that the planner has not wished for again for so long is cancelled, s."""
    silent: float = 5.0
    """A goal of which nothing was heard for so long has failed, s."""


@dataclass(slots=True)
class Sent:
    """The goal that the robot drives to."""

    number: str
    """Its id."""
    pose: Pose
    """Where, in odometry's frame."""
    wished: float
    """When the planner wished for it last, monotonic, s."""
    heard: float
    """When anything was heard of it last, s."""


def aim(path: Float64Array, ahead: float) -> Pose:
    """Return the pose on a path (N, 2) at most `ahead` (m) along it, facing along the path."""
    step = np.linalg.norm(np.diff(path, axis=0), axis=1)
    along = np.concatenate([[0.0], np.cumsum(step)])
    at = min(ahead, float(along[-1]))
    x, y = (float(np.interp(at, along, path[:, k])) for k in (0, 1))
    piece = min(int(np.searchsorted(along, at)), len(step))
    dx, dy = (path[piece] - path[max(piece - 1, 0)]).tolist()
    return x, y, math.atan2(dy, dx)


def _stamped(pose: Pose, frame: str, dialect: Dialect) -> dict[str, Any]:
    """Return geometry_msgs/PoseStamped with the stamp 0: the newest transform is taken."""
    x, y, yaw = map(float, pose)
    turned = {"x": 0.0, "y": 0.0, "z": math.sin(0.5 * yaw), "w": math.cos(0.5 * yaw)}
    where = {"position": {"x": x, "y": y, "z": 0.0}, "orientation": turned}
    return {"header": dialect.header(0.0, frame), "pose": where}


def _why_nav2(message: dict[str, Any]) -> str:
    values = message.get("values")
    if isinstance(values, str):
        return values[:500]
    if isinstance(values, dict) and values.get("error_msg"):
        return str(values["error_msg"])[:500]
    return f"status {message.get('status')}"
