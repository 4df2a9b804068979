"""What a sentence may say of an object, and of which objects it is true.

Sentences are proposed from what is known of one object (`goat.bench.sentences`); whether they
single it out is decided here, claim by claim, from ground truth and with doubt: a claim is true
of an object, false, or arguable (colours that people confuse, "next to" at two arm's lengths).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from goat.memory.vocabulary import accepts
from goat.types import Float64Array, ObjectTruth

NEAR = 0.5
"""Things whose boxes are closer than this stand next to each other, m."""
_FAR = 1.2  # m; things farther apart than this do not
_LANDMARK = 0.5  # m, longest side of a thing that people refer to
_TOUCH = 0.06  # m between the foot of a thing and the top of what it stands on
_CLEAR = 0.3  # m by which a thing clearly does not stand on another
_MARGINS = {"volume": 1.6, "height": 1.3}  # how many times the next one a superlative needs

_CONFUSABLE = (
    {"gray", "white"}, {"gray", "black"}, {"gray", "beige"}, {"gray", "blue"},
    {"white", "beige"}, {"beige", "brown"}, {"beige", "yellow"}, {"beige", "pink"},
    {"brown", "black"}, {"brown", "orange"}, {"brown", "red"}, {"orange", "red"},
    {"orange", "yellow"}, {"red", "pink"}, {"pink", "purple"}, {"purple", "blue"},
    {"yellow", "green"}, {"gold", "yellow"}, {"gold", "brown"}, {"silver", "gray"},
    {"silver", "white"},
    {"metal", "plastic"}, {"ceramic", "plastic"}, {"ceramic", "glass"}, {"ceramic", "stone"},
    {"ceramic", "metal"}, {"glass", "plastic"}, {"leather", "fabric"}, {"leather", "plastic"},
    {"wood", "plastic"}, {"paper", "fabric"}, {"wool", "fabric"}, {"wicker", "wood"},
)  # fmt: skip

SUPERLATIVES: Mapping[str, tuple[str, int]] = {
    "largest": ("volume", 1),
    "smallest": ("volume", -1),
    "tallest": ("height", 1),
    "lowest": ("height", -1),
}
"""Word -> what it compares, and which end it means."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One thing said of an object."""

    kind: str
    """"color", "material", "room", "near", "on" or "size"."""
    value: str
    """A word, or for "near" and "on" the category of the landmark."""


class Judge:
    """Knows one world's objects and what is true of them."""

    def __init__(self, objects: Iterable[ObjectTruth]) -> None:
        """Look at every object that has a category."""
        self._kinds: dict[str, list[ObjectTruth]] = {}
        for item in objects:
            self._kinds.setdefault(item.category, []).append(item)

    def rivals(self, item: ObjectTruth) -> list[ObjectTruth]:
        """Return the other objects that its category's word may stand for."""
        return [
            other
            for category, others in self._kinds.items()
            if accepts(item.category, category) > 0.0
            for other in others
            if other.id != item.id
        ]

    def singles_out(self, item: ObjectTruth, claims: Collection[Claim]) -> bool:
        """Return whether all claims hold of `item`, and surely not all of any rival."""
        if any(self.holds(claim, item) is not True for claim in claims):
            return False
        return all(
            any(self.holds(claim, rival) is False for claim in claims)
            for rival in self.rivals(item)
        )

    def holds(self, claim: Claim, item: ObjectTruth) -> bool | None:
        """Return whether a claim is true of an object; None where people may disagree."""
        match claim.kind:
            case "color" | "material":
                return _alike(item.attributes.get(claim.kind), claim.value)
            case "room":
                return None if item.room is None else item.room == claim.value
            case "near":
                return self._near(item, claim.value)
            case "on":
                return self._on(item, claim.value)
            case "size":
                return self._extreme(item, claim.value)
        raise ValueError(f"unknown kind of claim {claim.kind!r}")

    def around(self, item: ObjectTruth) -> list[tuple[str, str]]:
        """Return ("near" or "on", category) of what it stands by or on, sorted."""
        found = set()
        for category in self._kinds:
            if accepts(item.category, category) == 0.0:
                found |= {
                    (kind, category)
                    for kind in ("near", "on")
                    if self.holds(Claim(kind, category), item)
                }
        return sorted(found)

    def _near(self, item: ObjectTruth, category: str) -> bool | None:
        places = [place for place in self._kinds.get(category, []) if place.id != item.id]
        gaps = np.array([gap(item, place) for place in places])
        clear = np.array([_is_landmark(place, item.room) for place in places], bool)
        if (gaps[clear] < NEAR).any():
            return True
        return None if (gaps <= _FAR).any() else False

    def _on(self, item: ObjectTruth, category: str) -> bool | None:
        places = [p for p in self._kinds.get(category, []) if p.id != item.id]
        verdicts = [_stands_on(item.bounds, place.bounds) for place in places]
        if any(verdict is True for verdict in verdicts):
            return True
        return None if any(verdict is None for verdict in verdicts) else False

    def _extreme(self, item: ObjectTruth, word: str) -> bool | None:
        measure, sign = SUPERLATIVES[word]
        own = _measure(item, measure)
        others = [_measure(rival, measure) for rival in self.rivals(item)]
        if not others:
            return None
        best = max(others) if sign > 0 else min(others)
        ratio = own / best if sign > 0 else best / own
        if ratio >= _MARGINS[measure]:
            return True
        return False if ratio <= 1.0 / _MARGINS[measure] else None


def _is_landmark(place: ObjectTruth, room: str | None) -> bool:
    """Return whether people in `room` would say where something is by this."""
    same = room is None or place.room is None or place.room == room
    return same and bool(np.ptp(place.bounds, axis=0).max() > _LANDMARK)


def _alike(have: str | None, wanted: str) -> bool | None:
    if have is None:
        return None
    if have == wanted:
        return True
    return None if {have, wanted} in _CONFUSABLE else False


def _measure(item: ObjectTruth, measure: str) -> float:
    size = np.maximum(np.ptp(item.bounds, axis=0), 0.01)
    return float(size.prod() if measure == "volume" else size[2])


def _stands_on(thing: Float64Array, place: Float64Array) -> bool | None:
    middle = thing.mean(axis=0)[:2]
    above = bool((middle > place[0, :2]).all() and (middle < place[1, :2]).all())
    step = float(thing[0, 2] - place[1, 2])
    if above and abs(step) < _TOUCH:
        return True
    beside = np.maximum(place[0, :2] - thing[1, :2], thing[0, :2] - place[1, :2]).max() > 0.0
    return False if beside or abs(step) > _CLEAR else None


def gap(a: ObjectTruth, b: ObjectTruth) -> float:
    """Return the horizontal distance between two boxes, m."""
    apart = np.maximum(np.maximum(a.bounds[0] - b.bounds[1], b.bounds[0] - a.bounds[1]), 0.0)
    return float(np.hypot(apart[0], apart[1]))
