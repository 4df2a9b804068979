"""The goals that were pursued while a recording was made."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from goat.commands.goals import make_goal
from goat.errors import GoalError
from goat.recording.topics import GOAL, PHOTO
from goat.types import Goal, ImageGoal, UInt8Array
from robot.bag import Unpacker
from robot.bag_files import Bag
from robot.fields import MessageError, entry, text
from robot.images import read_color

_WORDS = ("category", "text")
_LONGEST = 10_000  # characters of JSON


def recorded_goals(bag: Bag) -> tuple[list[Goal], list[str]]:
    """Return the goals of a recording, each once, and what of them cannot be asked again.

    Objects and places are goals of one memory and one map; they are not asked again.
    """
    goals: dict[object, Goal] = {}
    left_out: list[str] = []
    photo: UInt8Array | None = None
    unpacker = Unpacker()
    for item in bag.messages((GOAL, PHOTO)):
        message = unpacker.unpack(item)
        try:
            if item.topic == PHOTO:
                photo = read_color(message)
                continue
            goal = _goal(message, photo)
        except (MessageError, GoalError, ValueError) as error:
            left_out.append(f"a recorded goal: {error}")
            continue
        goals.setdefault(_key(goal), goal)
    return list(goals.values()), list(dict.fromkeys(left_out))


def _goal(message: Mapping[str, Any] | None, photo: UInt8Array | None) -> Goal:
    """Return a goal as `goat.recording.messages.goal_text` wrote it.

    Raises:
        MessageError: It is damaged.
        GoalError: It is empty, or one that cannot be asked again.
        ValueError: It is no JSON.
    """
    said = json.loads(text(entry(message, "data"), "data", _LONGEST))
    kind, content = entry(said, "kind"), entry(said, "content")
    if kind in _WORDS:
        return make_goal(kind, text(content, "content", 1000))
    if kind == "image" and photo is not None:
        category = said.get("category")
        return ImageGoal(photo, text(content, "content"), category and text(category, "category"))
    raise GoalError(f"{kind} {content} belongs to that run")


def _key(goal: Goal) -> object:
    return (goal.name, goal.rgb.tobytes()) if isinstance(goal, ImageGoal) else goal
