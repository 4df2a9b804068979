"""The gallery of remembered objects: a card each, sent again only when it changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import Any

from goat.types import Instance
from goat.view import theme
from goat.view.page.pictures import best_pictures
from goat.view.page.server import element_id
from goat.view.page.words import css

_SIDE = 112  # px of a thumbnail
_LETTERS, _NUMBERS = 8, 1 << 12  # that fit into the 53 bits of a number exactly
_FILTER = """<input class="goat-filter" placeholder="filter: sofa" aria-label="filter objects"
oninput="var s=document.getElementById('goat-filter'),q=this.value.trim().toLowerCase();
s.textContent=q?'div:has(> .goat-card:not([data-name*='+JSON.stringify(q)+'])){display:none}':''"
><style id="goat-filter"></style>"""  # runs in the browser, so that it is each person's own

Key = tuple[object, ...]


@dataclass
class _Card:
    key: Key
    face: Any
    button: Any

    def remove(self) -> None:
        self.face.remove()
        self.button.remove()


class Gallery:
    """Shows what is remembered, by name; a card that is clicked is picked."""

    def __init__(self, server: Any, on_pick: Callable[[int, int], None]) -> None:
        """Build into the container that is open.

        Args:
            server: The viser server.
            on_pick: Is given the browser's number and the instance's id.
        """
        self._server, self._gui, self._on_pick = server, server.gui, on_pick
        self._count = self._gui.add_html("", order=-2.0)
        self._gui.add_html(_FILTER, order=-1.0)
        self._folder = self._gui.add_folder(None)
        self._cards: dict[int, _Card] = {}

    def draw(self, instances: tuple[Instance, ...], target: int | None) -> None:
        """Show the confirmed ones of `instances`; `target` is marked."""
        shown = {i.id: i for i in instances if i.confirmed}
        with self._server.atomic():
            for number in self._cards.keys() - shown.keys():
                self._cards.pop(number).remove()
            for instance in shown.values():
                self._draw_card(instance, instance.id == target)
            self._count.content = f'<h3 class="goat-count">{len(shown)} objects remembered</h3>'

    def _draw_card(self, instance: Instance, target: bool) -> None:
        view = instance.views[0].id if instance.views else None
        key = (view, instance.label, target)
        card = self._cards.get(instance.id)
        if card is None:
            self._cards[instance.id] = self._new_card(instance, key, target)
        elif card.key != key:
            card.key = key
            card.face.content = _face(instance, element_id(card.button), target)
            card.face.order = card.button.order = _order(instance)

    def _new_card(self, instance: Instance, key: Key, target: bool) -> _Card:
        number, order = instance.id, _order(instance)
        with self._folder:
            button = self._gui.add_button(f"{instance.label} {number}", order=order + 0.5)
            face = self._gui.add_html(_face(instance, element_id(button), target), order=order)
        button.on_click(lambda event: self._on_pick(event.client_id, number))
        return _Card(key, face, button)


def _order(instance: Instance) -> float:
    """Return a number that sorts by label, then by id."""
    text = instance.label.lower().encode("ascii", "replace")[:_LETTERS].ljust(_LETTERS, b"\0")
    rank = 0
    for letter in text:
        rank = 32 * rank + min(max(letter - 96, 0), 31)
    return float(_NUMBERS * rank + instance.id % _NUMBERS)


def _face(instance: Instance, button: str, target: bool) -> str:
    """Return a label of a button: who clicks the one clicks the other."""
    pictures = best_pictures(instance, 1, _SIDE)
    image = f'<img src="{pictures[0]}" alt="">' if pictures else "<i></i>"
    label, color = escape(instance.label), css(theme.label_color(instance.label))
    name = escape(f"{instance.label} {instance.id}".lower())
    return (
        f'<label class="goat-card{" goat-target" if target else ""}" for="{button}" '
        f'data-name="{name}" title="{label} {instance.id}">{image}'
        f'<span style="border-color:{color}">{label} <small>{instance.id}</small></span></label>'
    )
