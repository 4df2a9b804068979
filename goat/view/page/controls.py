"""Emergency stop, pause and skip: what must work whatever else the page does."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from goat.view import theme
from goat.view.operator import Operator, OperatorState
from goat.view.page.server import element_id
from goat.view.page.visitor import Visitor
from goat.view.page.words import heartbeat_html, state_html

_log = logging.getLogger(__name__)
_FAILED = "Use the stop button on the robot."


class Controls:
    """The panel with the stop button, which no other panel can hide or delay."""

    def __init__(
        self,
        server: Any,
        operator: Operator,
        visitor_of: Callable[[int], Visitor | None],
    ) -> None:
        """Build into the container that is open.

        Args:
            server: The viser server.
            operator: Takes what the person wants.
            visitor_of: Finds the browser of a number.
        """
        self._operator, self._visitor_of = operator, visitor_of
        self._modals: dict[int, Any] = {}
        gui = server.gui
        self._lost = gui.add_html(heartbeat_html(0))
        self._stop_button = gui.add_button("EMERGENCY STOP", color=theme.BAD)
        self._state = gui.add_html("")
        self._release = gui.add_button("Release the stop ...", color=theme.LINE, visible=False)
        self._pause = gui.add_button("Pause", color=theme.LINE)
        self._resume = gui.add_button("Resume", color=theme.GOOD, visible=False)
        self._skip = gui.add_button("Skip this goal", color=theme.LINE)
        key = gui.add_command("Emergency stop", hotkey="escape", description="Stop the robot")
        self._stop_button.on_click(self._stop)
        key.on_trigger(self._stop)
        self._release.on_click(lambda event: self._ask_release(event.client))
        self._pause.on_click(lambda event: self._do(event, "Pause", lambda: operator.pause(True)))
        self._resume.on_click(
            lambda event: self._do(event, "Resume", lambda: operator.pause(False))
        )
        self._skip.on_click(lambda event: self._do(event, "Skip", operator.skip))

    @property
    def ids(self) -> dict[str, str]:
        """Ids of the buttons in the page, by the names that the style sheet has for them."""
        buttons = {"STOP": self._stop_button, "PAUSE": self._pause, "RESUME": self._resume}
        buttons["SKIP"] = self._skip
        return {name: element_id(button) for name, button in buttons.items()}

    def draw(self, state: OperatorState, note: str, beat: int) -> None:
        """Show what the robot may do.

        Args:
            state: What goes on.
            note: What the robot is doing.
            beat: Counts up, so that the browser knows that the page lives.
        """
        self._lost.content = heartbeat_html(beat)
        self._state.content = state_html(state, note)
        self._release.visible = state.stopped is not None
        self._pause.visible, self._resume.visible = not state.paused, state.paused
        self._skip.disabled = state.goal is None
        if state.stopped is None:
            self._close_modals()

    async def _stop(self, event: Any) -> None:
        """Run on the loop that received the click: no queue, no pool, nothing before it."""
        try:
            self._operator.stop()
        except Exception as error:  # noqa: BLE001 - whatever it is, the person must know
            _log.exception("the emergency stop failed")
            event.client.add_notification(
                "THE EMERGENCY STOP FAILED", f"{_FAILED} ({error})", color=theme.BAD
            )

    def _do(self, event: Any, what: str, ask: Callable[[], None]) -> None:
        visitor = self._visitor_of(event.client_id)
        if visitor is not None:
            visitor.attempt(what, ask)

    def _ask_release(self, client: Any) -> None:
        if client.client_id in self._modals:
            return
        modal = client.gui.add_modal("Release the emergency stop?")
        self._modals[client.client_id] = modal
        with modal:
            client.gui.add_html(
                '<p class="goat-ask">The robot may move at once. '
                "Make sure that nobody is in its way.</p>"
            )
            release = client.gui.add_button("Release: the robot may move", color=theme.BAD)
            keep = client.gui.add_button("Keep it stopped", color=theme.LINE)
        release.on_click(self._confirm_release)
        keep.on_click(lambda event: self._close_modal(event.client_id))

    def _confirm_release(self, event: Any) -> None:
        self._close_modal(event.client_id)
        self._do(event, "Release", self._operator.release)

    def _close_modal(self, number: int) -> None:
        modal = self._modals.pop(number, None)
        if modal is not None:
            modal.close()

    def _close_modals(self) -> None:
        for number in list(self._modals):
            self._close_modal(number)
