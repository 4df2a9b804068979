"""Categories guessed from the names of models and nodes."""

from __future__ import annotations

import re
from collections.abc import Mapping

SYNONYMS: Mapping[str, str | None] = {
    "air conditioner": "air conditioner",
    "airconditioner": "air conditioner",
    "armchair": "armchair",
    "bath tub": "bathtub",
    "bathtub": "bathtub",
    "bed": "bed",
    "bed side table": "nightstand",
    "bench": "bench",
    "bin": "trash can",
    "board": "board",
    "book case": "bookshelf",
    "book shelf": "bookshelf",
    "bookcase": "bookshelf",
    "bookshelf": "bookshelf",
    "cabinet": "cabinet",
    "carpet": "carpet",
    "ceiling": None,
    "chair": "chair",
    "chandelier": "chandelier",
    "clock": "clock",
    "cluttering": "boxes",
    "coffee table": "coffee table",
    "cooking bench": "stove",
    "couch": "sofa",
    "counter": "counter",
    "cupboard": "cabinet",
    "curtain": "curtain",
    "desk": "desk",
    "desk portrait": "picture",
    "dining table": "dining table",
    "dish washer": "dishwasher",
    "door": "door",
    "dresser": "chest of drawers",
    "dustbin": "trash can",
    "fitness equipment": "exercise machine",
    "floor": None,
    "folding door": "door",
    "fridge": "refrigerator",
    "garbage can": "trash can",
    "ground": None,
    "ground plane": None,
    "handle": "door handle",
    "kitchen table": "dining table",
    "lamp": "lamp",
    "light": "lamp",
    "mirror": "mirror",
    "monitor": "monitor",
    "night stand": "nightstand",
    "nightstand": "nightstand",
    "oven": "oven",
    "painting": "picture",
    "pallet jack": "pallet jack",
    "palm": "plant",
    "photo": "picture",
    "picture": "picture",
    "pillow": "pillow",
    "plant": "plant",
    "portrait": "picture",
    "potted plant": "plant",
    "quilt": "quilt",
    "range hood": "range hood",
    "rangehood": "range hood",
    "reading desk": "desk",
    "refrigerator": "refrigerator",
    "roof": None,
    "rug": "carpet",
    "seasoning box": "spice box",
    "security camera": "camera",
    "shelf": "shelf",
    "shoe rack": "shoe rack",
    "shower": "shower",
    "sink": "sink",
    "sky": None,
    "sofa": "sofa",
    "stairs": "stairs",
    "stool": "stool",
    "stove": "stove",
    "table": "table",
    "tableware": "tableware",
    "tablet": "tablet",
    "television": "tv",
    "toilet": "toilet",
    "towel": "towel",
    "trash": "trash can",
    "trash bin": "trash can",
    "trash can": "trash can",
    "tv": "tv",
    "tv cabinet": "tv cabinet",
    "tv stand": "tv cabinet",
    "vase": "vase",
    "wall": None,
    "wardrobe": "wardrobe",
    "wash basin": "sink",
    "waste basket": "trash can",
    "window": "window",
}
"""Words of a name -> what a person says; None marks the structure of a building."""

_NOISE = frozenset(
    (
        "aws", "robomaker", "residential", "warehouse", "model", "models", "link", "visual",
        "mesh", "obj", "object", "item", "static", "geometry", "geom", "node", "root", "scene",
        "mat", "material", "low", "high", "poly", "lod", "gazebo", "ros", "osrf", "the", "new",
        "old", "copy", "instance", "house", "room",
    )
)  # fmt: skip
"""Words that say nothing about what a thing is."""
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_MAX_WORDS = 3


def words_of(name: str) -> list[str]:
    """Return the lower-case words of a name, without vendor names, numbers and single letters.

    >>> words_of("aws_robomaker_residential_TVCabinet_01")
    ['tv', 'cabinet']
    """
    pieces = re.split(r"[^A-Za-z]+", _CAMEL.sub(" ", name))
    words = [piece.lower() for piece in pieces if len(piece) > 1]
    return [word for word in words if word not in _NOISE] or words


def category_of(name: str) -> str | None:
    """Return what a person would call a thing with this name, None for a building's structure.

    The longest known run of words wins, among equally long ones the last ("kitchen table" over
    "kitchen"; in English the noun comes last). Unknown names are returned as plain words.

    >>> category_of("aws_robomaker_residential_ChairA_01")
    'chair'
    """
    words = words_of(name)
    for length in range(min(_MAX_WORDS, len(words)), 0, -1):
        for start in range(len(words) - length, -1, -1):
            run = " ".join(words[start : start + length])
            for candidate in (run, run.replace(" ", ""), run.removesuffix("s")):
                if candidate in SYNONYMS:
                    return SYNONYMS[candidate]
    return " ".join(words[:_MAX_WORDS]) or None
