"""Bedroom and office."""

from __future__ import annotations

from sim.worlds import catalog, smallware
from sim.worlds import furniture_seating as seating
from sim.worlds import furniture_special as special
from sim.worlds import furniture_storage as storage
from sim.worlds.arranging import (
    dress_windows,
    pictures,
    sofa,
    stand_around,
    topped,
    wall_clock,
    workplace,
)
from sim.worlds.interior import Interior
from sim.worlds.model import Model, Placed
from sim.worlds.placement import GAP, Group, RoomSpace, against

_BESIDE = 0.65  # m; walkway beside a bed


def bedroom(room: RoomSpace, home: Interior) -> None:
    """A bed between nightstands, a wardrobe, a dresser, a desk where there is space."""
    _put_bed(room, home, float(home.rng.choice([1.0, 1.5, 1.7])))
    _wardrobe(room, home)
    chest = catalog.chest(home, "dresser", (0.45, 0.95, 0.85), (2, 4))
    room.put_wall(topped(home, chest, ("teddy bear", "book", "vase")))
    if home.chance(0.5):
        workplace(room, home, 1.1, catalog.chair_set(home, "desk"))
    toys = (
        catalog.backpack(home),
        catalog.trinket(home, "ball"),
        catalog.plant(home, True),
        catalog.trinket(home, "teddy bear"),
        smallware.basket(home.palette.fabric("beige"), home.palette.fabric(home.bright(), "plush")),
        catalog.trash_can(home),
        catalog.floor_lamp(home),
    )
    stand_around(room, *[toy for toy in toys if home.chance(0.6)])
    room.hang(catalog.mirror(home), 1.45)
    dress_windows(room, home)
    pictures(room, home, 2)


def _wardrobe(room: RoomSpace, home: Interior) -> None:
    body, fronts = home.piece_of_wood()
    for doors in (3, 2, 1):
        model = storage.wardrobe(body, fronts, home.dark_metal, 0.55 * doors + 0.05, doors)
        if room.put_wall(against(model, reach=0.6), "corner") is not None:
            return


def _put_bed(room: RoomSpace, home: Interior, wide: float) -> None:
    """Stand a bed that can be walked around, else one by a wall, narrower as the room asks."""
    wishes = [(width, (1, -1)) for width in (wide, 1.4) if width > 1.2]
    wishes += [(width, (side,)) for width in (wide, 1.4, 1.0, 0.9) for side in (1, -1)]
    beds: dict[float, Model] = {}
    for width, sides in wishes:
        bed = beds.get(width) or beds.setdefault(width, _bed(home, width))
        if room.put_wall(_bed_group(home, bed, width, sides), "middle") is not None:
            return


def _bed(home: Interior, width: float) -> Model:
    linen = home.palette.fabric("white", "weave")
    frame = home.wood if home.chance(0.6) else home.second_wood
    cases = home.palette.fabric(home.pick("white", "beige", "gray"), "weave")
    style = home.pick("panel", "padded", "slats")
    return seating.bed(frame, linen, home.blanket(), cases, width, style)


def _bed_group(home: Interior, model: Model, width: float, sides: tuple[int, ...]) -> Group:
    """Return a bed with a nightstand and a walkway on each of its open sides."""
    bed = Placed(model, GAP + model.size[0] / 2, 0.0)
    stand = home.shared(
        "nightstand", lambda: catalog.chest(home, "nightstand", (0.4, 0.45, 0.52), (1, 2))
    )
    lamp = catalog.table_lamp(home)
    items, walks = [bed], []
    edge = model.size[1] / 2
    for side in sides:
        placed = Placed(stand, GAP + stand.size[0] / 2, side * (edge + 0.06 + stand.size[1] / 2))
        extra = catalog.trinket(home, home.pick("book", "clock", "cup"))
        items += [placed, *home.dress(placed, [lamp, extra] if side > 0 else [extra, lamp])]
        low, high = sorted((side * (edge + 0.03), side * (edge + _BESIDE)))
        walks.append((GAP + stand.size[0] + 0.03, low, bed.x + model.size[0] / 2, high))
    pillow = home.one_of("pillow", 4, lambda: smallware.pillow(home.cloth()))
    items.append(Placed(pillow, bed.x - 0.45, 0.08, 0.53, 0.15, True))
    mat = home.one_of(f"bed rug {width}", 2, lambda: catalog.rug(home, 1.5, width + 1.2))
    items.append(Placed(mat, bed.x + 0.35, 0.0, 0.0, 0.0, True))
    return Group(tuple(items), 0.55, low=True, walks=tuple(walks))


def office(room: RoomSpace, home: Interior) -> None:
    """A desk with a computer, shelves full of books, a comfortable chair."""
    cover = home.finish(home.pick("black", "gray", "blue", "red", "green"), "fabric")
    workplace(room, home, 1.5, seating.office_chair(home.dark, cover, home.chance(0.6)))
    size = (0.3, 0.9, float(home.rng.uniform(1.8, 2.1)))
    shelf = storage.bookshelf(home.second_wood, home.books, home.rng, size)
    for kinds in (("globe", "vase"), ("potted plant", "clock")):
        room.put_wall(topped(home, shelf, kinds))
    couch = home.shared("sofa office", lambda: sofa(home, 2))
    if not home.chance(0.6) or room.put_wall(against(couch, reach=0.5), "corner") is None:
        seat = home.one_of("armchair", 2, lambda: sofa(home, 1))
        room.put_wall(against(seat, reach=0.5), "corner")
    stand_around(room, catalog.trash_can(home), catalog.plant(home, True), catalog.floor_lamp(home))
    stand_around(room, catalog.backpack(home))
    if home.chance(0.5):
        room.hang(special.whiteboard(home.metal, catalog.notes(home)), 1.5)
    dress_windows(room, home)
    pictures(room, home, 2)
    wall_clock(room, home)
