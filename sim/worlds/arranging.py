"""What several rooms use: dining sets, desks, pictures, curtains, things in corners."""

from __future__ import annotations

import math

from sim.worlds import catalog, screens
from sim.worlds import furniture_seating as seating
from sim.worlds import furniture_special as special
from sim.worlds import furniture_storage as storage
from sim.worlds.fittings import curtains
from sim.worlds.interior import Interior
from sim.worlds.layout import Opening, Rect
from sim.worlds.model import Finish, Model, Placed
from sim.worlds.placement import GAP, Group, RoomSpace, against, footprint, union

_BEHIND = 0.62  # m; walkway behind chairs

_SEATS: dict[int, tuple[tuple[int, float], ...]] = {
    6: ((1, -0.58), (1, 0.0), (1, 0.58), (-1, -0.58), (-1, 0.0), (-1, 0.58)),
    4: ((1, -0.28), (1, 0.28), (-1, -0.28), (-1, 0.28)),
    2: ((1, 0.0), (-1, 0.0)),
}
"""Side of the table and place along it, m, for a number of chairs."""


def topped(home: Interior, model: Model, kinds: tuple[str, ...], reach: float = 0.5) -> Group:
    """Return a group of a model at a wall with small things of the given kinds on top of it."""
    group = against(model, reach=reach)
    things = home.dress(group.items[0], [catalog.trinket(home, kind) for kind in kinds])
    return Group((*group.items, *things), group.reach, group.low)


def pictures(room: RoomSpace, home: Interior, count: int) -> None:
    """Hang paintings where walls are free."""
    for _ in range(min(count, home.pictures_left)):
        wide = float(home.rng.uniform(0.45, 0.95))
        if room.hang(catalog.picture(home, wide), float(home.rng.uniform(1.45, 1.65))):
            home.pictures_left -= 1


def stand_around(room: RoomSpace, *models: Model) -> None:
    """Stand single things where they fit, best in corners."""
    for model in models:
        group = against(model, reach=0.0, x=0.03)
        if room.put_wall(group, "corner") is None:
            room.put_wall(group)


def dress_windows(room: RoomSpace, home: Interior, curtains_too: bool = True) -> None:
    """Put radiators under windows and curtains beside them, where the floor is free."""
    color = home.pick("beige", "white", "green", "blue", "red", "gray", "yellow")
    cloth = home.palette.fabric(color, "weave")
    for opening in room.openings:
        if opening.kind == "window":
            if opening.bottom > 0.75:
                _radiator(room, home, opening)
            if curtains_too:
                _curtain(room, home, opening, cloth)


def _curtain(room: RoomSpace, home: Interior, opening: Opening, cloth: Finish) -> None:
    width = opening.hi - opening.lo
    bottom = 0.03 if opening.bottom < 0.6 else opening.bottom - 0.15
    key = f"curtain {cloth.color} {width:.2f} {opening.top:.2f} {bottom:.2f}"
    top = opening.top + 0.1
    room.drape(
        home.shared(key, lambda: curtains(cloth, home.dark_metal, width, top, bottom)), opening
    )


def _radiator(room: RoomSpace, home: Interior, opening: Opening) -> None:
    width = 0.6 if opening.hi - opening.lo < 1.2 else 0.95
    white = home.palette.plain("white", "metal", 0.4)
    model = home.shared(f"radiator {width}", lambda: special.radiator(white, width))
    room.put_under(Group(against(model, reach=0.0).items, 0.0, low=True), opening)


def wall_clock(room: RoomSpace, home: Interior) -> None:
    """Hang a clock."""
    rim = home.pick("black", "red", "blue", "wood")
    finish = home.wood if rim == "wood" else home.palette.plain(rim, "plastic", 0.3)
    model = home.one_of("wall clock", 2, lambda: screens.clock(finish, catalog.dial(home), 0.16))
    room.hang(model, 1.9)


# Dining


def dining_set(room: RoomSpace, home: Interior, key: str, most: int = 6) -> bool:
    """Stand a table with chairs in the free middle of a room; fewer chairs where it is tight.

    Args:
        room: Where.
        home: Whose taste.
        key: Sets with the same key share their chairs.
        most: Greatest number of chairs.
    """
    x0, y0, x1, y1 = room.room
    chair = catalog.chair_set(home, key)
    wishes = [(count, sides) for count in (6, 4, 2) if count <= most for sides in (4, 2)]
    for count, sides in (*wishes, (2, 0)):
        group = _table_group(home, chair, count, key, sides)
        for _ in range(24):
            x = float(home.rng.uniform(x0 + 1.0, x1 - 1.0))
            y = float(home.rng.uniform(y0 + 1.0, y1 - 1.0))
            if home.chance(0.3):
                x, y = (x0 + x1) / 2, (y0 + y1) / 2
            if room.put_free(group, x, y, float(home.rng.integers(2)) * math.pi / 2):
                return True
    return False


def _table_group(home: Interior, chair: Model, count: int, key: str, sides: int) -> Group:
    """Return a table with chairs and walkways on so many sides, first behind the chairs."""
    style = home.shared_word(f"table {key}", "legs", "round", "oval", "trestle")
    style = "legs" if count == 6 else style
    width = {6: 1.75, 4: 1.15, 2: 0.8}[count]
    depth = 1.1 if style == "round" else 0.9 if count > 2 else 0.75
    size = (depth, depth if style == "round" else width, 0.75)
    table = home.shared(
        f"dining table {count} {key}",
        lambda: storage.table("dining table", home.wood, home.wood, size, style),
    )
    placed = Placed(table, 0.0, 0.0)
    items = [placed, *_around(home, chair, count, size, style == "round")]
    kinds = ("vase", "bowl", "cup", "plate")[: 2 + count // 3]
    items += home.dress(placed, [catalog.trinket(home, k) for k in kinds], facing=None)
    if home.chance(0.4):
        mat = home.shared(
            f"rug {key} {count}", lambda: catalog.rug(home, depth + 1.3, size[1] + 1.0)
        )
        items.append(Placed(mat, 0.0, 0.0, ghost=True))
    solid = union([footprint(item) for item in items if not item.ghost])
    return Group(tuple(items), 0.0, walks=_walks(solid)[:sides])


def _walks(box: Rect) -> tuple[Rect, ...]:
    """Return the floor on the four sides of a box, first at its ends along x."""
    x0, y0, x1, y1 = box
    return (
        (x0 - _BEHIND, y0, x0, y1),
        (x1, y0, x1 + _BEHIND, y1),
        (x0, y0 - _BEHIND, x1, y0),
        (x0, y1, x1, y1 + _BEHIND),
    )


def _around(
    home: Interior, chair: Model, count: int, size: tuple[float, float, float], round_: bool
) -> list[Placed]:
    """Return chairs around a table, pushed a little under it."""
    reach = size[0] / 2 + chair.size[0] / 2 - 0.16
    out = []
    for side, y in _SEATS[2] if round_ else _SEATS[count]:
        yaw = (math.pi if side > 0 else 0.0) + float(home.rng.normal(0, 0.05))
        out.append(Placed(chair, side * reach, y, 0.0, yaw))
    if round_ and count > 2:
        out += [Placed(chair, 0.0, s * reach, 0.0, -s * math.pi / 2) for s in (1, -1)]
    return out


# Working


def workplace(room: RoomSpace, home: Interior, width: float, chair: Model) -> None:
    """Stand a desk with a computer, a lamp and a chair at a wall."""
    desk = home.one_of(
        f"desk {width}", 2, lambda: storage.desk(home.wood, home.second_wood, home.metal, width)
    )
    placed = Placed(desk, GAP + desk.size[0] / 2, 0.0)
    x = desk.size[0] + GAP + chair.size[0] / 2 - 0.12
    turn = math.pi + float(home.rng.normal(0, 0.1))
    items = [placed, *_on_desk(home, placed, width), Placed(chair, x, 0.19, 0.0, turn)]
    room.put_wall(Group(tuple(items), 0.0, low=True), "middle")


def _on_desk(home: Interior, desk: Placed, width: float) -> list[Placed]:
    top, x, left = desk.model.size[2], desk.x, -width / 2
    monitor = home.shared("monitor", lambda: screens.monitor(home.dark, home.screen(1)))
    keys = home.shared("keyboard", lambda: screens.keyboard(home.dark, home.keys()))
    items = [Placed(catalog.table_lamp(home), x - 0.15, left + 0.17, top, 0.0, True)]
    if width > 1.3 or home.chance(0.5):
        items.append(Placed(monitor, x - 0.12, 0.1, top, 0.0, True))
        items.append(Placed(keys, x + 0.14, 0.1, top, 0.0, True))
    else:
        items.append(Placed(catalog.trinket(home, "laptop"), x, 0.1, top, 0.0, True))
    cup_y = left + 0.42 if width > 1.3 else left + 0.12
    items.append(Placed(catalog.trinket(home, "cup"), x + 0.12, cup_y, top, 0.0, True))
    items.append(Placed(catalog.trinket(home, "book"), x - 0.02, width / 2 - 0.14, top, 0.0, True))
    return items


def sofa(home: Interior, seats: int) -> Model:
    """Build a sofa or armchair in a colour of its own."""
    color = home.calm() if home.chance(0.6) else home.bright()
    leather = color in ("brown", "black", "white", "red") and home.chance(0.6)
    cloth = home.pick("weave", "corduroy")
    cover = home.palette.leather(color) if leather else home.palette.fabric(color, cloth)
    if seats > 3:
        return seating.corner_sofa(cover, home.wood)
    return seating.sofa(cover, home.wood, seats, home.pick("round", "square", "thin"))
