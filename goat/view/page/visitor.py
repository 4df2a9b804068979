"""One browser: what its person has picked, typed and looks at. Nothing here is shared."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from goat.errors import GoatError
from goat.types import Instance
from goat.view import theme
from goat.view.operator import Operator
from goat.view.page.feed import Feed
from goat.view.page.pictures import best_pictures
from goat.view.page.sight import fit_view, known_bounds, pick, what_is_known
from goat.view.page.words import instance_html, place_html

_log = logging.getLogger(__name__)
_PICTURES, _SIDE = 3, 240  # of a picked object, px
_GROWN = 0.15  # share by which the map must grow to be fitted again
_RESHAPED = 0.02  # change of the view's width by its height after which it is fitted again
_TOUCHED = 0.02  # m by which a camera that nobody moved may differ from where it was put
_RING = 0.28  # m, radius of the mark at a picked place
_HINT = """<p class="goat-hint">A sentence (the blue chair), or category:sofa</p>"""
_CARD = {"x": 16.0, "y": -16.0, "width": 300.0}  # px, in the map's lower left corner


class Visitor:
    """The part of the page that is one browser's own."""

    def __init__(self, client: Any, operator: Operator, feed: Feed, goals: Any, view: Any) -> None:
        """Build it.

        Args:
            client: viser's handle of the browser.
            operator: Takes what the person wants.
            feed: What the robot sees and does.
            goals: The container of the goal entry.
            view: The container of the camera's buttons.
        """
        self._client, self._operator, self._feed = client, operator, feed
        self._picked: Instance | tuple[float, float] | None = None
        self._mark: Any = None
        self._placed: tuple[NDArray, NDArray, float] | None = None
        self._robot: NDArray | None = None
        with goals:
            self._build_entry()
        with view:
            self._build_view()
        self._build_card()

    def say(self, title: str, text: str = "", color: theme.Color = theme.GOOD) -> None:
        """Show a message to this person."""
        seconds = 15.0 if color == theme.BAD else 4.0
        self._client.add_notification(title, text, color=color, auto_close_seconds=seconds)

    def attempt(self, what: str, ask: Callable[[], None]) -> bool:
        """Do what a person asked for and tell whether it went well; never raises."""
        try:
            ask()
        except GoatError as error:
            self.say(f"{what}: not possible", str(error), theme.BAD)
            return False
        except Exception as error:  # noqa: BLE001 - the person must know, the page goes on
            _log.exception("%s failed", what)
            self.say(f"{what}: failed", f"{type(error).__name__}: {error}", theme.BAD)
            return False
        return True

    def pick_instance(self, number: int) -> None:
        """Show an object and offer to go there."""
        frame = self._feed.frame
        found = [i for i in frame.instances if i.id == number] if frame is not None else []
        if not found:
            self.say(f"Object {number} is not in memory any more", color=theme.BAD)
            return
        self._pick(found[0])

    def click(self, origin: tuple[float, ...], direction: tuple[float, ...]) -> None:
        """Pick what a ray of the map's view meets."""
        frame = self._feed.frame
        self._pick(pick(origin, direction, frame.instances if frame is not None else ()))

    def follow(self) -> None:
        """Let the view follow the map as it grows, or the robot if this person wants that."""
        frame = self._feed.frame
        if frame is None:
            return
        here = np.asarray(frame.map_from_base.translation, np.float64) * (1.0, 1.0, 0.0)
        if self._follow.value and self._robot is not None:
            self._shift(here - self._robot)
        self._robot = here
        bounds = known_bounds(frame.grid)
        if bounds is not None and not self._follow.value and self._wants_fit(bounds):
            self._fit(bounds)

    def _build_entry(self) -> None:
        gui = self._client.gui
        with gui.add_form(None) as form:
            gui.add_html(_HINT)
            self._text = gui.add_text("Go to", "")
            send = gui.add_button("Send", color=theme.ACCENT)
            upload = gui.add_upload_button(
                "Send a photo", color=theme.LINE, mime_type="image/jpeg,image/png"
            )
        form.on_submit(lambda _: self._send_text())
        send.on_click(lambda _: self._send_text())
        upload.on_upload(lambda event: self._send_photo(event.target.value))

    def _build_view(self) -> None:
        gui = self._client.gui
        self._follow = gui.add_checkbox("Follow the robot", False)
        gui.add_button("Show the whole map", color=theme.LINE).on_click(lambda _: self._refit())

    def _build_card(self) -> None:
        gui = self._client.gui
        self._panel = gui.add_panel(visible=False)
        with self._panel.add_tab("Picked"):
            self._about = gui.add_html("")
            self._go = gui.add_button("Go", color=theme.ACCENT)
            leave = gui.add_button("Close", color=theme.LINE)
        self._panel.float(**_CARD)
        self._go.on_click(lambda _: self._send_picked())
        leave.on_click(lambda _: self._pick(None))

    def _send_text(self) -> None:
        text = self._text.value
        if self.attempt("Goal", lambda: self._operator.ask_text(text)):
            self._text.value = ""
            self.say("Goal taken", text)

    def _send_photo(self, file: Any) -> None:
        if self.attempt("Photo", lambda: self._operator.ask_photo(file.content, file.name)):
            self.say("Photo taken as a goal", file.name)

    def _send_picked(self) -> None:
        match self._picked:
            case Instance(id=number) as instance:
                label = instance.label
                sent = self.attempt("Goal", lambda: self._operator.ask_instance(number, label))
            case (x, y):
                sent = self.attempt("Goal", lambda: self._operator.ask_place((x, y)))
            case _:
                return
        if sent:
            self.say("Goal taken")
            self._pick(None)

    def _pick(self, picked: Instance | tuple[float, float] | None) -> None:
        self._picked = picked
        self._draw_mark()
        if picked is None:
            self._panel.visible = False
            return
        if isinstance(picked, Instance):
            last = self._feed.picture
            now = picked.last_seen if last is None else last.observation.stamp
            pictures = best_pictures(picked, _PICTURES, _SIDE)
            self._about.content = instance_html(picked, pictures, now)
            self._go.label = f"Go to {picked.label} {picked.id}"
        else:
            frame = self._feed.frame
            known = what_is_known(None if frame is None else frame.grid, picked)
            self._about.content = place_html(picked, known)
            self._go.label = "Go here"
        self._panel.visible = True

    def _draw_mark(self) -> None:
        if self._mark is not None:
            self._mark.remove()
            self._mark = None
        if self._picked is None:
            return
        x, y, radius, z = _place_of(self._picked)
        turn = np.linspace(0.0, 2.0 * np.pi, 33)
        ring = np.stack([x + radius * np.cos(turn), y + radius * np.sin(turn), 0.0 * turn + z], 1)
        self._mark = self._client.scene.add_line_segments(
            "/picked",
            np.stack([ring[:-1], ring[1:]], axis=1),
            colors=theme.TARGET,
            thickness=6.0,
            thickness_units="screen",
        )

    def _refit(self) -> None:
        frame = self._feed.frame
        bounds = None if frame is None else known_bounds(frame.grid)
        if bounds is not None:
            self._follow.value = False
            self._fit(bounds)

    def _wants_fit(self, bounds: NDArray) -> bool:
        """Whether the map outgrew the view that nobody has moved since it was fitted."""
        if self._placed is None:
            return True
        where, fitted, aspect = self._placed
        moved = np.linalg.norm(self._client.camera.position - where) > _TOUCHED
        grown = np.abs(bounds - fitted).max() > _GROWN * np.ptp(fitted, axis=0).max()
        turned = abs(self._client.camera.aspect - aspect) > _RESHAPED
        return bool((grown or turned) and not moved)

    def _fit(self, bounds: NDArray) -> None:
        camera = self._client.camera
        position, target = fit_view(bounds, camera.fov, camera.aspect)
        self._place(position, target)
        self._placed = (position, bounds, camera.aspect)

    def _shift(self, step: NDArray) -> None:
        if np.linalg.norm(step) > 0.0:
            camera = self._client.camera
            self._place(camera.position + step, camera.look_at + step)

    def _place(self, position: NDArray, target: NDArray) -> None:
        camera = self._client.camera
        with self._client.atomic():
            camera.position, camera.look_at = position, target


def _place_of(picked: Instance | tuple[float, float]) -> tuple[float, float, float, float]:
    """Return where a mark belongs: x, y, radius and height, m."""
    if not isinstance(picked, Instance):
        return *picked, _RING, 0.08
    x, y, _ = (float(value) for value in picked.center)
    radius = 0.5 * float(np.linalg.norm(np.ptp(picked.bounds[:, :2], axis=0))) + 0.1
    return x, y, radius, float(picked.bounds[1, 2]) + 0.05
