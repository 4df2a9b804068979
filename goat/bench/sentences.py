"""Sentences that single one object out, as a person might say them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product

import numpy as np

from goat.bench.claims import SUPERLATIVES, Claim, Judge
from goat.types import ObjectTruth

_ADJECTIVE = {"wood": "wooden", "wool": "woollen", "gold": "golden"}
_SAID = frozenset({"wood", "metal", "leather", "fabric", "glass", "wool", "gold", "wicker"})
_PICTURED = frozenset({"picture", "mirror", "clock", "book", "potted plant", "tv", "monitor"})
"""Things whose colour and material, as measured, are not what people name them by."""
_NO_LANDMARKS = frozenset(
    {"ceiling light", "ceiling lamp", "chandelier", "wall", "floor", "ceiling", "curtain"}
)
"""Things that nobody stands next to."""

_PHRASES = (
    "{}",
    "{}",
    "go to {}",
    "find {}",
    "take me to {}",
    "drive to {}",
    "I am looking for {}",
    "where is {}?",
    "can you find {}?",
)
_RELATIONS = {
    "near": ("next to the {}", "near the {}", "beside the {}", "close to the {}"),
    "on": ("on the {}", "on top of the {}"),
    "room": ("in the {}",),
}
_SIZES = {
    "largest": ("largest", "biggest"),
    "smallest": ("smallest",),
    "tallest": ("tallest",),
    "lowest": ("lowest",),
}


def descriptions(item: ObjectTruth, objects: Mapping[int, ObjectTruth]) -> list[str]:
    """Return noun phrases each of which fits `item` and no other object of its category.

    Colours and materials that people confuse, and places that are neither near nor far, never
    make the difference. The bare noun is returned only for an object that nothing else fits.
    """
    judge = Judge(objects.values())
    return list(dict.fromkeys(_unique(item, judge))) or (
        [] if judge.rivals(item) else [f"the {item.category}"]
    )


def sentences(
    item: ObjectTruth, objects: Mapping[int, ObjectTruth], rng: np.random.Generator, count: int
) -> tuple[str, ...]:
    """Return at most `count` different sentences about `item`; none where nothing is unique.

    Args:
        item: What they are about.
        objects: Everything that has a category.
        rng: The same state gives the same sentences.
        count: How many are wanted.
    """
    judge = Judge(objects.values())
    groups = list(_by_claims(item, judge).values())
    if not groups and not judge.rivals(item):
        groups = [[f"the {item.category}"]]
    chosen = rng.permutation(len(groups))[:count]
    return tuple(str(rng.choice(_PHRASES)).format(rng.choice(groups[i])) for i in chosen)


def _unique(item: ObjectTruth, judge: Judge) -> Iterator[str]:
    for phrases in _by_claims(item, judge).values():
        yield from phrases


def _by_claims(item: ObjectTruth, judge: Judge) -> dict[tuple[Claim, ...], list[str]]:
    """Return every combination of claims that singles `item` out, with its phrases."""
    return {
        claims: list(_phrases(item.category, claims))
        for claims in _combinations(item, judge)
        if judge.singles_out(item, claims)
    }


def _combinations(item: ObjectTruth, judge: Judge) -> Iterator[tuple[Claim, ...]]:
    looks = _looks(item)
    rooms = [] if item.room is None else [Claim("room", item.room)]
    places = [Claim(kind, name) for kind, name in judge.around(item) if name not in _NO_LANDMARKS]
    for claim in (*looks, *rooms, *places):
        yield (claim,)
    for word in SUPERLATIVES:
        yield (Claim("size", word),)
    if len(looks) == 2:
        yield tuple(looks)
    yield from product(looks[:1], (*rooms, *places))
    yield from product(places, rooms)


def _looks(item: ObjectTruth) -> list[Claim]:
    """Return what people may say of its looks, colour first."""
    filled = item.attributes.get("style", "").startswith("with ")
    if filled or item.category in _PICTURED:
        return []
    color, material = item.attributes.get("color"), item.attributes.get("material")
    claims = [] if color is None else [Claim("color", color)]
    return claims + ([Claim("material", material)] if material in _SAID else [])


def _phrases(category: str, claims: tuple[Claim, ...]) -> Iterator[str]:
    """Yield the ways to say that an object of `category` is as claimed."""
    before: list[tuple[str, ...]] = []
    after: list[tuple[str, ...]] = []
    for claim in claims:
        if claim.kind in _RELATIONS:
            after.append(tuple(form.format(claim.value) for form in _RELATIONS[claim.kind]))
        elif claim.kind == "size":
            before.append(_SIZES[claim.value])
        else:
            before.append((_ADJECTIVE.get(claim.value, claim.value),))
    for words in product(*before, (category,), *after):
        yield " ".join(("the", *words))
    colors = [claim.value for claim in claims if claim.kind == "color"]
    if len(claims) == 1 and colors:
        verb = "are" if category.endswith("s") else "is"
        yield f"the {category} that {verb} {colors[0]}"
