"""The shared part of the page: where things are, and how often each is drawn anew."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from typing import Any

import numpy as np

from goat.types import AgentFrame
from goat.view import theme
from goat.view.operator import Operator, OperatorState
from goat.view.page.controls import Controls
from goat.view.page.feed import Feed, Picture, Stopwatch, Trail
from goat.view.page.gallery import Gallery
from goat.view.page.pictures import camera_picture
from goat.view.page.scene import MapScene
from goat.view.page.visitor import Visitor
from goat.view.page.words import STALE, css, ended_html, freshness_html, goal_html

_CAMERA_EVERY, _STATE_EVERY, _MAP_EVERY = 0.2, 0.25, 0.5  # s
_LEFT, _RIGHT = 310.0, 340.0  # px, widths of the columns
_BLANK = np.full((360, 480, 3), theme.INK, np.uint8)
_SHADES = ("BACKGROUND", "PANEL", "LINE", "TEXT", "MUTED", "INK", "ACCENT", "TARGET", "GOOD", "BAD")


class Every:
    """Says when something is due again."""

    def __init__(self, period: float) -> None:
        """Be due at once, then every `period` seconds."""
        self._period, self._next = period, 0.0

    def due(self, now: float) -> bool:
        """Return whether it is due at `now`, s; if so, it is not for a period."""
        if now < self._next:
            return False
        self._next = now + self._period
        return True


class Drawing:
    """Draws the newest of a feed; used by one thread."""

    def __init__(
        self, server: Any, operator: Operator, feed: Feed, visitors: Mapping[int, Visitor]
    ) -> None:
        """Lay the page out.

        Args:
            server: The viser server.
            operator: Knows what goes on.
            feed: The newest of what the robot sees and does.
            visitors: The browsers that are there, by number.
        """
        self._operator, self._feed, self._visitors = operator, feed, visitors
        self._server = server
        self._trail, self._watch, self._scene = Trail(), Stopwatch(), MapScene(server)
        self._camera, self._state = Every(_CAMERA_EVERY), Every(_STATE_EVERY)
        self._map = Every(_MAP_EVERY)
        self._drawn: Picture | None = None
        self._beat = 0
        gui = server.gui
        gui.main_panel.dock_left()
        gui.main_panel.set_width(_LEFT)
        self.controls = Controls(server, operator, visitors.get)
        camera, aims, things = gui.add_panel(), gui.add_panel(), gui.add_panel()
        self.view, self.goals = camera.add_tab("Camera"), aims.add_tab("Goals")
        with self.view:
            self._age = gui.add_html(freshness_html(None), order=1.0)
            self._picture = gui.add_image(_BLANK, order=2.0)
        with self.goals:
            self._goal = gui.add_html("", order=1000.0)
            self._ended = gui.add_html("", order=1001.0)
        with things.add_tab("Objects"):
            self._gallery = Gallery(server, self._pick)
        gui.add_html(stylesheet(self.controls.ids))
        camera.dock_below(gui.main_panel)
        aims.dock_right()
        aims.set_width(_RIGHT)
        things.dock_below(aims)

    def draw(self, now: float, *, seen: bool) -> None:
        """Draw what is due.

        Args:
            now: s of `time.monotonic`.
            seen: Whether anybody looks; if not, only the trail is kept.
        """
        frame = self._feed.frame
        if frame is not None:
            self._trail.add(frame)
        if not seen:
            return
        if self._camera.due(now):
            self._draw_picture()
            if frame is not None:
                self._scene.move(frame)
        if self._state.due(now):
            self._draw_state(self._operator.state(), frame)
        if self._map.due(now) and frame is not None:
            self._draw_map(frame)

    def _draw_picture(self) -> None:
        picture = self._feed.picture
        self._age.content = freshness_html(None if picture is None else picture.age)
        if picture is None or (picture is self._drawn and picture.age < STALE):
            return
        self._drawn = picture
        self._picture.image = camera_picture(picture)

    def _draw_state(self, state: OperatorState, frame: AgentFrame | None) -> None:
        self._beat += 1
        pursued = _pursued(state, frame)
        seconds = self._watch.read(state)
        self.controls.draw(state, "starting" if pursued is None else pursued.note, self._beat)
        self._goal.content = goal_html(state, pursued, seconds)
        self._ended.content = ended_html(state.ended)

    def _draw_map(self, frame: AgentFrame) -> None:
        pursued = _pursued(self._operator.state(), frame) is not None
        self._scene.draw(frame, self._trail.points, pursued)
        self._gallery.draw(frame.instances, frame.target if pursued else None)
        there = self._server.get_clients()
        for number, visitor in list(self._visitors.items()):
            if number in there:
                visitor.follow()

    def _pick(self, browser: int, instance: int) -> None:
        visitor = self._visitors.get(browser)
        if visitor is not None:
            visitor.pick_instance(instance)


def _pursued(state: OperatorState, frame: AgentFrame | None) -> AgentFrame | None:
    """Return the frame if it is of a goal that is pursued now."""
    return None if state.goal is None or frame is None or frame.goal is None else frame


def stylesheet(ids: Mapping[str, str]) -> str:
    """Return the page's style sheet.

    Args:
        ids: Ids in the page by the names that stand for them in the sheet, without "_ID".
    """
    shades = "".join(f"--goat-{n.lower()}: {css(getattr(theme, n))};" for n in _SHADES)
    rules = resources.files("goat.view.page").joinpath("page.css").read_text(encoding="utf-8")
    for name, identity in ids.items():
        rules = rules.replace(f"{name}_ID", identity)
    return f"<style>:root {{{shades}}}\n{rules}</style>"
