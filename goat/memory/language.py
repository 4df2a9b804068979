"""From a sentence to what it says: noun, colours, materials, size, room and relations.

Rules, not weights: phrases are cut at relation words; adjectives go to the noun that follows
them, or to the last noun where none follows ("a chair that is blue").
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from goat.errors import GoalError
from goat.memory.vocabulary import COLORS, MATERIALS, ROOMS, SIZES, canonical, every_word, singular

RELATIONS: dict[str, tuple[str, ...]] = {
    "near": ("next to", "near to", "near", "beside", "by", "close to", "adjacent to", "alongside",
             "along", "at", "with", "facing", "opposite", "across from", "in front of", "behind",
             "to the left of", "to the right of", "left of", "right of", "against"),
    "on": ("on top of", "on", "standing on", "lying on", "sitting on"),
    "above": ("above", "over"),
    "under": ("under", "underneath", "below", "beneath"),
    "between": ("between",),
    "in": ("inside of", "inside", "in", "within"),
}  # fmt: skip
"""Relation -> phrases for it. Left, right, front and behind depend on an unknown standpoint, so
they only say "near"."""


@dataclass(frozen=True, slots=True)
class Description:
    """What a noun phrase says about a thing."""

    noun: str | None = None
    """Canonical category; None if the sentence names none."""
    colors: tuple[str, ...] = ()
    """Colours, all of which should show."""
    materials: tuple[str, ...] = ()
    """Materials, any of which may hold."""
    sizes: tuple[str, ...] = ()
    """Keys of `SIZES`."""
    room: str | None = None
    """Room type it is in."""
    relations: tuple[Relation, ...] = ()
    """To other things."""

    @property
    def nouns(self) -> tuple[str, ...]:
        """Categories of the thing and of what it is related to."""
        own = () if self.noun is None else (self.noun,)
        return own + tuple(noun for r in self.relations for noun in r.anchor.nouns)

    @property
    def discriminates(self) -> bool:
        """Whether it says more than the category."""
        return bool(self.colors or self.materials or self.sizes or self.room or self.relations)

    @property
    def compares(self) -> bool:
        """Whether only knowing every candidate can settle it ("the largest")."""
        return any(size.endswith("est") for size in self.sizes)


@dataclass(frozen=True, slots=True)
class Relation:
    """How a thing lies to another."""

    kind: str
    """A key of `RELATIONS`."""
    anchor: Description
    """The other thing."""


@dataclass(slots=True)
class _Phrase:
    relation: str | None
    noun: str | None = None
    room: str | None = None
    colors: list[str] = field(default_factory=list)
    materials: list[str] = field(default_factory=list)
    sizes: list[str] = field(default_factory=list)

    def describe(self) -> Description:
        return Description(
            self.noun, tuple(self.colors), tuple(self.materials), tuple(self.sizes), self.room
        )


def _lookup(table: dict[str, tuple[str, ...]]) -> dict[str, str]:
    return {word: key for key, words in table.items() for word in words}


_COLOR, _MATERIAL, _SIZE, _ROOM = (_lookup(t) for t in (COLORS, MATERIALS, SIZES, ROOMS))
_RELATION = _lookup(RELATIONS)
_LONGEST = 4


def parse(text: str, labels: Iterable[str] = ()) -> Description:
    """Return what a sentence describes.

    Args:
        text: One sentence in English.
        labels: Categories the detector may report, besides the words known anyway.

    Raises:
        GoalError: The sentence is empty or has no word in it.
    """
    tokens = re.findall(r"[a-z0-9']+", text.lower())
    if not tokens:
        raise GoalError(f"the description {text!r} has no words; write, for example, 'a red chair'")
    nouns = {canonical(word): canonical(word) for word in every_word()}
    nouns |= {word: canonical(word) for word in every_word()}
    nouns |= {label.lower(): canonical(label) for label in labels}
    phrases = [_Phrase(None)]
    position = 0
    while position < len(tokens):
        position += _read(tokens, position, nouns, phrases)
    return _assemble(phrases)


def _read(tokens: list[str], at: int, nouns: dict[str, str], phrases: list[_Phrase]) -> int:
    """Read the longest known phrase at a position; return how many tokens it has."""
    for length in range(min(_LONGEST, len(tokens) - at), 0, -1):
        words = " ".join(tokens[at : at + length])
        if _take(words, nouns, phrases):
            return length
    return 1


def _take(words: str, nouns: dict[str, str], phrases: list[_Phrase]) -> bool:
    phrase = phrases[-1]
    noun = nouns.get(words) or nouns.get(singular(words))
    if words in _RELATION:
        phrases.append(_Phrase(_RELATION[words]))
    elif words == "and" and phrase.relation is not None and phrase.noun is not None:
        phrases.append(_Phrase(phrase.relation))
    elif noun is not None and (phrase.noun is None or phrase.relation is not None):
        if phrase.noun is not None:
            phrases.append(_Phrase("near"))
        phrases[-1].noun = noun
    elif words in _ROOM:
        phrase.room = _ROOM[words]
    elif words in _SIZE:
        phrase.sizes.append(_SIZE[words])
    elif words in _COLOR:
        phrase.colors.append(_COLOR[words])
    elif words in _MATERIAL:
        phrase.materials.append(_MATERIAL[words])
    else:
        return False
    return True


def _assemble(phrases: list[_Phrase]) -> Description:
    head = phrases[0]
    if head.noun is None and len(phrases) > 1 and phrases[1].noun and not _says(head):
        head, phrases = phrases[1], phrases[1:]
    description = head.describe()
    relations: list[Relation] = []
    for phrase in phrases[1:]:
        if phrase.noun is not None:
            kind = "near" if phrase.relation is None else phrase.relation
            relations.append(Relation(kind, phrase.describe()))
        else:
            description = _with_adjectives(description, phrase)
    return replace(description, relations=tuple(relations))


def _says(phrase: _Phrase) -> bool:
    return bool(phrase.colors or phrase.materials or phrase.sizes or phrase.room)


def _with_adjectives(description: Description, phrase: _Phrase) -> Description:
    return replace(
        description,
        room=phrase.room or description.room,
        colors=description.colors + tuple(phrase.colors),
        materials=description.materials + tuple(phrase.materials),
        sizes=description.sizes + tuple(phrase.sizes),
    )
