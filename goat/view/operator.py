"""What an operator's page may ask of whoever runs the robot, and what it is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Ended:
    """How a goal ended."""

    goal: str
    """As a person would read it."""
    status: str
    """A value of `goat.types.Status`."""
    reason: str
    """Why, for people."""
    seconds: float
    """How long it took."""
    metres: float
    """How far it drove."""


@dataclass(frozen=True, slots=True)
class OperatorState:
    """What goes on, for people."""

    goal: str | None = None
    """What is being pursued; None while waiting for a goal."""
    waiting: tuple[str, ...] = ()
    """Goals that come next."""
    ended: tuple[Ended, ...] = ()
    """Goals that have ended, oldest first."""
    paused: bool = False
    """A person holds the robot."""
    stopped: str | None = None
    """Why the emergency stop is set; None if it is not."""
    holding: str | None = None
    """Why the robot is not allowed to move just now (link, sensors, a wall); None if it is."""


class Operator(Protocol):
    """Takes what a person wants; safe to call from any thread, and never waits for the robot."""

    def state(self) -> OperatorState:
        """Return what goes on."""
        ...

    def ask_text(self, text: str) -> None:
        """Queue "category:sofa", or a sentence.

        Raises:
            GoalError: It says nothing, or nothing that can be looked for.
        """
        ...

    def ask_photo(self, content: bytes, name: str) -> None:
        """Queue the object in the middle of a photo, given as an image file.

        Raises:
            GoalError: It is no photo, or too large.
        """
        ...

    def ask_instance(self, number: int, name: str) -> None:
        """Queue a remembered object."""
        ...

    def ask_place(self, xy: tuple[float, float]) -> None:
        """Queue a place on the floor of the map, m."""
        ...

    def skip(self) -> None:
        """Give the current goal up and go on with the next."""
        ...

    def pause(self, paused: bool) -> None:
        """Hold the robot where it is, or let it go on."""
        ...

    def stop(self) -> None:
        """Set the emergency stop."""
        ...

    def release(self) -> None:
        """Clear the emergency stop; only ever called because a person asked for it."""
        ...
