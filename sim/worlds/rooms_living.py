"""Living room and dining room."""

from __future__ import annotations

import math

from sim.worlds import catalog, screens, smallware
from sim.worlds import furniture_seating as seating
from sim.worlds import furniture_special as special
from sim.worlds import furniture_storage as storage
from sim.worlds.arranging import (
    dining_set,
    dress_windows,
    pictures,
    sofa,
    stand_around,
    topped,
    wall_clock,
)
from sim.worlds.interior import Interior
from sim.worlds.model import Model, Placed
from sim.worlds.pictures import painting
from sim.worlds.placement import GAP, Group, RoomSpace, against


def living_room(room: RoomSpace, home: Interior) -> None:
    """Sofa facing a television over a table and a rug; shelves, armchairs, plants around."""
    x0, y0, x1, y1 = room.room
    large = (x1 - x0) * (y1 - y0) > 26
    _lounge(room, home, large)
    if large:
        dining_set(room, home, "second")
    _show_piece(room, home)
    size = (0.3, float(home.rng.uniform(0.8, 1.2)), float(home.rng.uniform(1.6, 2.1)))
    shelf = storage.bookshelf(home.wood, home.books, home.rng, size)
    for _ in range(1 + large):
        room.put_wall(topped(home, shelf, ("vase", "potted plant")))
    board = catalog.chest(home, "dresser", (0.42, 1.3, 0.8), (3, 2))
    room.put_wall(topped(home, board, ("lamp", "vase", "book", "potted plant")))
    if large:
        second = home.shared("sofa second", lambda: sofa(home, 2))
        room.put_wall(against(second, reach=0.5))
    stand_around(
        room, catalog.plant(home, True), catalog.floor_lamp(home), catalog.plant(home, True)
    )
    stand_around(room, catalog.floor_lamp(home), *_extras(home))
    dress_windows(room, home)
    pictures(room, home, 4)
    wall_clock(room, home)


def _show_piece(room: RoomSpace, home: Interior) -> None:
    """Add a fireplace or a piano to some living rooms."""
    kind = home.pick("fireplace", "piano", "none")
    if kind == "fireplace":
        fire = home.palette.glowing("fire", (1.0, 0.55, 0.12), 1.0)
        stone = home.palette.image(
            "hearth", lambda: catalog.hearth_stone(home), "gray", "stone", 0.8
        )
        model = special.fireplace(stone, home.dark, home.wood, fire)
        room.put_wall(topped(home, model, ("clock", "vase")), "middle")
    elif kind == "piano":
        body = home.palette.wood(home.pick("ebony", "walnut", "cherry"))
        model = special.piano(body, home.dark, home.white, home.palette.metal("yellow"))
        room.put_wall(topped(home, model, ("vase", "lamp")))


def _extras(home: Interior) -> list[Model]:
    """Return a few small pieces that only some living rooms have."""
    cloth = home.palette.fabric(home.bright(), "plush")
    weave = home.palette.fabric("beige", "weave")
    models = (
        smallware.guitar(home.palette.wood("oak"), home.dark, home.palette.wood("walnut")),
        seating.pouf(home.palette.fabric(home.bright(), "corduroy")),
        smallware.basket(weave, cloth),
        catalog.trinket(home, "ball"),
    )
    return [model for model in models if home.chance(0.5)]


def _lounge(room: RoomSpace, home: Interior, large: bool) -> None:
    """Place the television wall and the seats before it, larger or smaller as the room allows."""
    for seats, gap in ((4, 1.75), (3, 1.75), (3, 1.5), (2, 1.5), (2, 1.3)):
        if seats == 4 and not (large and home.chance(0.5)):
            continue
        for armchair in (True, False) if seats < 4 else (False,):
            if room.put_wall(_lounge_group(home, seats, gap, armchair), "middle") is not None:
                return
    room.put_wall(_seat_group(home))
    room.put_wall(Group(tuple(_television(home)), 0.6, low=True))


def _seat_group(home: Interior) -> Group:
    """Return a sofa with its back to the wall and a coffee table before it."""
    couch = home.shared("sofa 2", lambda: sofa(home, 2))
    seat = Placed(couch, GAP + couch.size[0] / 2, 0.0)
    table = home.shared("coffee table", lambda: _coffee_table(home))
    front = Placed(table, GAP + couch.size[0] + 0.35 + table.size[0] / 2, 0.0)
    return Group((seat, front, *_throw_pillows(home, seat)), 0.6, low=True)


def _television(home: Interior) -> list[Placed]:
    """Return the stand at the wall with the television on it."""
    rng = home.rng

    def stand() -> Model:
        body, fronts = home.piece_of_wood()
        return storage.tv_stand(body, fronts, home.dark_metal, float(rng.uniform(1.4, 1.8)))

    board = home.shared("tv stand", stand)
    show = int(rng.choice([0, 4, 5]))
    screen = home.palette.image(
        "tv picture", lambda: painting(rng, 1.7, show), "black", "glass", None, 0.4, 0.6
    )
    tv = home.shared("tv", lambda: screens.tv(home.dark, screen, float(rng.uniform(0.95, 1.25))))
    placed = Placed(board, GAP + board.size[0] / 2, 0.0)
    return [placed, Placed(tv, placed.x - 0.03, 0.0, board.size[2], 0.0, True)]


def _lounge_group(home: Interior, seats: int, gap: float, armchair: bool) -> Group:
    items = _television(home)
    deep = items[0].model.size[0]
    couch = home.shared(f"sofa {seats}", lambda: sofa(home, seats))
    table = home.shared("coffee table", lambda: _coffee_table(home))
    table_x = deep + 0.95 + table.size[0] / 2
    back = couch.size[0] / 2
    sofa_x = max(table_x + table.size[0] / 2 + 0.35, deep + gap) + (0.45 if seats > 3 else back)
    if seats > 3:  # the long end of a corner sofa reaches past the table
        sofa_x = table_x + table.size[0] / 2 + 0.3 + 0.9 - back
        table_placed = Placed(table, table_x, 0.35)
    else:
        table_placed = Placed(table, table_x, 0.0)
    seat = Placed(couch, sofa_x, 0.0, 0.0, math.pi)
    items += [table_placed, seat, *_throw_pillows(home, seat)]
    things = [catalog.trinket(home, k) for k in ("book", "bowl", "cup")]
    items += home.dress(table_placed, things, facing=None)
    mat = home.shared("rug lounge", lambda: catalog.rug(home, 1.7, 2.4))
    items.append(Placed(mat, table_x + 0.2, 0.0, 0.0, math.pi, True))
    if armchair:
        chair = home.shared("armchair", lambda: sofa(home, 1))
        y = max(table.size[1] / 2, 0.6) + 0.4 + chair.size[0] / 2
        items.append(Placed(chair, table_x + 0.05, y, 0.0, -math.pi / 2))
    half = items[0].model.size[1] / 2
    before = (items[0].x + deep / 2 + 0.03, -half, table_x - table.size[0] / 2 - 0.03, half)
    return Group(tuple(items), 0.0, low=True, walks=(before,))


def _throw_pillows(home: Interior, couch: Placed) -> list[Placed]:
    out = []
    spots = couch.model.spots
    for index in (0, len(spots) - 1):
        pillow = home.one_of("pillow", 4, lambda: smallware.pillow(home.cloth()))
        spot = spots[index]
        side = 0.12 if index else -0.12
        turn = float(home.rng.normal(0, 0.12))
        local = Placed(pillow, spot.x - 0.06, spot.y + side, spot.z - 0.02, turn, True)
        out.append(local.moved(couch.x, couch.y, couch.yaw))
    return out


def _coffee_table(home: Interior) -> Model:
    top = home.wood if home.chance(0.7) else home.second_wood
    style = home.pick("legs", "box", "oval", "round")
    size = (0.85, 0.85, 0.42) if style == "round" else (0.6, 1.1, 0.42)
    return storage.table("coffee table", top, top, size, style)


def dining_room(room: RoomSpace, home: Interior) -> None:
    """A table with a set of chairs, a sideboard, plants and paintings."""
    dining_set(room, home, "dining")
    board = catalog.chest(home, "dresser", (0.45, 1.5, 0.85), (3, 2))
    room.put_wall(topped(home, board, ("vase", "lamp", "bowl", "bottle")), "middle")
    if home.chance(0.5):
        shelf = storage.bookshelf(home.second_wood, home.books, home.rng, (0.3, 0.9, 1.2))
        room.put_wall(topped(home, shelf, ("potted plant", "clock", "vase")))
    stand_around(
        room, catalog.plant(home, True), catalog.floor_lamp(home), catalog.plant(home, True)
    )
    dress_windows(room, home)
    pictures(room, home, 3)
    wall_clock(room, home)
