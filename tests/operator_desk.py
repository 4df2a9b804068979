"""Stands in for whoever runs the robot: notes what the operator's page asks of it."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from goat.errors import GoalError
from goat.view.operator import Ended, OperatorState


class Desk:
    """Implements `goat.view.operator.Operator`; never refuses but empty goals."""

    def __init__(self) -> None:
        self.now = OperatorState()
        self.calls: list[tuple[Any, ...]] = []
        self.fails: Exception | None = None

    def state(self) -> OperatorState:
        return self.now

    def ask_text(self, text: str) -> None:
        if not text.strip():
            raise GoalError("the goal is empty; say what to look for")
        self._note("text", text)

    def ask_photo(self, content: bytes, name: str) -> None:
        if not content.startswith(b"\xff\xd8"):
            raise GoalError(f"{name} is no photo; give a JPEG or PNG file")
        self._note("photo", content, name)

    def ask_instance(self, number: int, name: str) -> None:
        self._note("instance", number, name)

    def ask_place(self, xy: tuple[float, float]) -> None:
        self._note("place", xy)

    def skip(self) -> None:
        self._note("skip")

    def pause(self, paused: bool) -> None:
        self._note("pause", paused)
        self.now = replace(self.now, paused=paused)

    def stop(self) -> None:
        self._note("stop")
        self.now = replace(self.now, stopped="pressed on the page")

    def release(self) -> None:
        self._note("release")
        self.now = replace(self.now, stopped=None)

    def pursue(self, goal: str | None, **changes: object) -> None:
        """Pretend to drive."""
        self.now = replace(self.now, goal=goal, **changes)  # type: ignore[arg-type]

    def end(self, status: str, reason: str) -> None:
        """Pretend that the goal ended."""
        ended = (*self.now.ended, Ended(self.now.goal or "", status, reason, 12.0, 3.4))
        self.now = replace(self.now, goal=None, ended=ended)

    def wait(self, kind: str, seconds: float = 10.0) -> tuple[Any, ...]:
        """Return the newest call of a kind, as soon as there is one."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            found = [call for call in self.calls if call[0] == kind]
            if found:
                return found[-1]
            time.sleep(0.01)
        raise AssertionError(f"nobody asked for {kind!r}; asked: {self.calls}")

    def _note(self, *call: Any) -> None:
        if self.fails is not None:
            raise self.fails
        self.calls.append(call)
