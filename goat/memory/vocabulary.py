"""Words for things: synonyms, kinds, rooms, colours, materials and sizes.

Detectors name categories in their own words and people ask in theirs; this is where they meet.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

SYNONYMS: tuple[tuple[str, ...], ...] = (
    ("sofa", "couch", "settee", "loveseat"),
    ("tv", "television", "tv screen", "telly"),
    ("tv stand", "tv cabinet", "tv table", "tv bench", "television stand", "media console"),
    ("refrigerator", "fridge", "freezer"),
    ("trash can", "trash bin", "garbage can", "garbage bin", "waste bin", "wastebasket", "bin",
     "rubbish bin", "trash", "dustbin"),
    ("potted plant", "plant", "houseplant", "house plant", "flower pot"),
    ("picture", "painting", "portrait", "poster", "artwork", "photo frame", "picture frame"),
    ("nightstand", "night stand", "bedside table", "night table"),
    ("wardrobe", "closet", "armoire"),
    ("bookshelf", "bookcase", "book shelf"),
    ("shelf", "shelving", "shelves", "rack"),
    ("shoe rack", "shoe cabinet", "shoe shelf"),
    ("sink", "basin"),
    ("washbasin", "bathroom sink", "wash basin"),
    ("stove", "cooker", "hob", "cooktop"),
    ("range hood", "rangehood", "extractor hood", "cooker hood"),
    ("kitchen cabinet", "cupboard", "kitchen cupboard"),
    ("kitchen counter", "counter", "countertop", "worktop"),
    ("dresser", "chest of drawers", "drawers", "commode"),
    ("rug", "carpet", "mat"),
    ("pillow", "cushion"),
    ("curtain", "curtains", "drape", "drapes"),
    ("armchair", "easy chair", "lounge chair"),
    ("office chair", "desk chair", "swivel chair"),
    ("stool", "bar stool"),
    ("bathtub", "bath", "tub"),
    ("toilet", "wc", "lavatory"),
    ("washing machine", "washer", "laundry machine"),
    ("laptop", "notebook computer"),
    ("monitor", "computer screen", "computer monitor", "screen"),
    ("ceiling lamp", "chandelier", "ceiling light", "pendant lamp", "pendant light"),
    ("lamp", "light"),
    ("floor lamp", "standing lamp"),
    ("table lamp", "desk lamp", "bedside lamp"),
    ("treadmill", "fitness equipment", "exercise machine", "gym machine"),
    ("dumbbell", "dumbbells", "hand weight"),
    ("air conditioner", "ac unit", "aircon", "air conditioning"),
    ("cup", "mug"),
    ("teddy bear", "teddy", "stuffed animal"),
    ("coat stand", "coat rack", "hat stand", "coat hanger"),
    ("box", "carton", "cardboard box"),
    ("pallet jack", "pallet truck", "hand truck"),
    ("bucket", "pail"),
    ("quilt", "blanket", "duvet", "bedspread"),
)  # fmt: skip
"""Groups of words for one thing; the first is the canonical one."""

KINDS: dict[str, tuple[str, ...]] = {
    "chair": ("armchair", "office chair", "dining chair"),
    "table": ("coffee table", "dining table", "side table", "desk", "nightstand"),
    "lamp": ("floor lamp", "table lamp", "ceiling lamp", "wall lamp"),
    "cabinet": ("kitchen cabinet", "tv stand", "wardrobe", "dresser", "shoe rack"),
    "shelf": ("bookshelf", "shoe rack"),
    "sink": ("washbasin",),
    "picture": (),
    "seat": ("chair", "armchair", "office chair", "sofa", "stool", "bench"),
}
"""General word -> more special ones, besides compounds such as "office chair" for "chair"."""

OTHERS: tuple[str, ...] = (
    "backpack", "ball", "basket", "book", "bottle", "clock", "door", "guitar", "keyboard", "mirror",
    "radiator", "shoe", "suitcase", "umbrella", "vase", "window",
)  # fmt: skip
"""Things that have one name."""

ROOMS: dict[str, tuple[str, ...]] = {
    "bedroom": ("bedroom", "bed room", "guest room"),
    "kitchen": ("kitchen",),
    "living room": ("living room", "lounge", "sitting room", "livingroom"),
    "bathroom": ("bathroom", "restroom", "washroom"),
    "dining room": ("dining room", "dining area"),
    "office": ("office", "study", "home office", "reading room", "library"),
    "hallway": ("hallway", "hall", "corridor", "entrance", "foyer", "entry"),
    "gym": ("gym", "fitness room", "exercise room"),
    "laundry room": ("laundry room", "laundry", "utility room"),
    "balcony": ("balcony", "terrace"),
    "nursery": ("nursery", "children's room", "kids room", "childrens room", "playroom"),
    "storage": ("storage", "storage room", "warehouse"),
}
"""Room type -> words for it."""

ROOM_SIGNS: dict[str, dict[str, float]] = {
    "bedroom": {"bed": 4.0, "nightstand": 2.0, "wardrobe": 1.5, "dresser": 1.0, "quilt": 1.0},
    "kitchen": {"refrigerator": 4.0, "oven": 3.0, "stove": 3.0, "range hood": 3.0,
                "kitchen cabinet": 2.0, "kitchen counter": 2.0, "sink": 1.5, "microwave": 2.0},
    "living room": {"sofa": 3.0, "tv": 1.5, "tv stand": 2.0, "coffee table": 2.0,
                    "armchair": 1.0, "fireplace": 2.0, "bookshelf": 0.5},
    "bathroom": {"toilet": 4.0, "bathtub": 4.0, "washbasin": 2.0, "shower": 4.0, "towel": 1.0},
    "dining room": {"dining table": 3.0, "dining chair": 0.5, "sideboard": 1.0},
    "office": {"desk": 2.0, "office chair": 2.0, "monitor": 2.0, "bookshelf": 0.5, "printer": 2.0},
    "hallway": {"shoe rack": 2.0, "coat stand": 2.0, "umbrella stand": 2.0},
    "gym": {"treadmill": 4.0, "dumbbell": 2.0, "exercise bike": 4.0, "yoga mat": 2.0},
    "laundry room": {"washing machine": 3.0, "laundry basket": 1.5},
    "nursery": {"crib": 4.0, "teddy bear": 0.5, "toy": 1.0},
}  # fmt: skip
"""Room type -> category -> how strongly one speaks for it."""

COLORS: dict[str, tuple[str, ...]] = {
    "red": ("red", "crimson", "maroon"),
    "orange": ("orange",),
    "yellow": ("yellow", "golden", "gold"),
    "green": ("green", "olive"),
    "blue": ("blue", "navy", "teal", "turquoise"),
    "purple": ("purple", "violet"),
    "pink": ("pink",),
    "brown": ("brown", "tan"),
    "black": ("black",),
    "white": ("white",),
    "gray": ("gray", "grey", "silver"),
    "beige": ("beige", "cream", "ivory"),
}
"""Colour -> words for it."""

NEAR_COLORS: dict[str, tuple[str, ...]] = {
    "red": ("orange", "pink", "brown"),
    "orange": ("red", "yellow", "brown"),
    "yellow": ("orange", "beige"),
    "green": ("blue", "gray"),
    "blue": ("purple", "gray", "green"),
    "purple": ("blue", "pink"),
    "pink": ("red", "purple"),
    "brown": ("orange", "beige", "red"),
    "black": ("gray",),
    "white": ("gray", "beige"),
    "gray": ("white", "black"),
    "beige": ("white", "brown", "yellow"),
}
"""Colour -> colours that light turns it into."""

MATERIALS: dict[str, tuple[str, ...]] = {
    "wood": ("wood", "wooden", "timber", "oak"),
    "metal": ("metal", "metallic", "steel", "iron", "aluminium", "aluminum"),
    "fabric": ("fabric", "cloth", "upholstered", "textile"),
    "leather": ("leather",),
    "plastic": ("plastic",),
    "ceramic": ("ceramic", "porcelain"),
    "glass": ("glass",),
    "stone": ("stone", "marble", "granite"),
    "paper": ("paper", "cardboard"),
    "plant": (),
}
"""Material -> words for it."""

SIZES: dict[str, tuple[str, ...]] = {
    "largest": ("largest", "biggest"),
    "smallest": ("smallest",),
    "tallest": ("tallest", "highest"),
    "lowest": ("lowest", "shortest"),
    "large": ("large", "big", "huge"),
    "small": ("small", "little", "tiny"),
    "tall": ("tall", "high"),
    "low": ("low", "short"),
}
"""Size -> words for it."""

_CANONICAL = {word: group[0] for group in SYNONYMS for word in group}


def canonical(word: str) -> str:
    """Return the one word that stands for all synonyms of `word`, singular and lower case."""
    word = " ".join(word.lower().replace("_", " ").split())
    if word in _CANONICAL:
        return _CANONICAL[word]
    single = singular(word)
    return _CANONICAL.get(single, single)


def singular(word: str) -> str:
    """Return the singular of an English noun by the common rules."""
    if word.endswith("shelves"):
        return word[:-3] + "f"
    if word.endswith(("ches", "shes", "xes", "sses")):
        return word[:-2]
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


@lru_cache(maxsize=65536)
def accepts(asked: str, label: str) -> float:
    """Return how well a detector's `label` answers what was `asked`, in [0, 1].

    1 for the same thing, 0.9 for a kind of it ("office chair" for "chair"), 0.25 for something
    more general that might be it ("chair" for "office chair"), otherwise 0.
    """
    asked, label = canonical(asked), canonical(label)
    if asked == label:
        return 1.0
    if _is_kind(label, asked):
        return 0.9
    return 0.25 if _is_kind(asked, label) else 0.0


def compatible(a: str, b: str) -> bool:
    """Return whether two detector labels may name one object."""
    return accepts(a, b) > 0.0


def known_words(labels: Iterable[str]) -> frozenset[str]:
    """Return every word or phrase that names one of `labels` or something more general."""
    wanted = {canonical(label) for label in labels}
    words = set(wanted) | {label.lower() for label in labels}
    words |= {word for group in SYNONYMS if group[0] in wanted for word in group}
    words |= {general for general in KINDS if any(accepts(general, label) for label in wanted)}
    words |= {label.split()[-1] for label in wanted if " " in label}
    return frozenset(words)


def every_word() -> frozenset[str]:
    """Return every noun this module knows."""
    words = {word for group in SYNONYMS for word in group} | set(KINDS)
    words |= {kind for kinds in KINDS.values() for kind in kinds} | set(OTHERS)
    return frozenset(words | {name for signs in ROOM_SIGNS.values() for name in signs})


def household() -> tuple[str, ...]:
    """Return the names of everything this module knows, one for each thing, in order."""
    return tuple(sorted({canonical(word) for word in every_word()} - {"seat"}))


def _is_kind(special: str, general: str) -> bool:
    return special.endswith(" " + general) or special in KINDS.get(general, ())
