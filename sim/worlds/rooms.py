"""Recipes: what stands in which room, and how it is arranged."""

from __future__ import annotations

import math
from collections.abc import Callable

from sim.worlds import decor, prints, smallware
from sim.worlds import furniture_bath as bath
from sim.worlds import furniture_seating as seating
from sim.worlds import furniture_storage as storage
from sim.worlds.interior import Interior
from sim.worlds.model import Model, Placed
from sim.worlds.pictures import painting
from sim.worlds.placement import GAP, Group, RoomSpace, against


def furnish(name: str, room: RoomSpace, home: Interior, height: float) -> None:
    """Fill a room according to its name ("kitchen")."""
    _RECIPES[name](room, home)
    _hang_lamp(room, home, height)


def _hang_lamp(room: RoomSpace, home: Interior, height: float) -> None:
    style = home.shared_word("ceiling", "pendant", "globe", "flush")
    make = lambda: decor.ceiling_lamp(
        home.shade(home.pick("white", "beige", "yellow")), home.bulb, home.dark_metal, style, height
    )
    model = home.shared(f"ceiling light {style}", make)
    x0, y0, x1, y1 = room.room
    wide, deep = x1 - x0, y1 - y0
    count = 2 if max(wide, deep) > 6.0 else 1
    for k in range(count):
        share = (k + 0.5) / count
        x = x0 + wide * (share if wide >= deep else 0.5)
        y = y0 + deep * (share if wide < deep else 0.5)
        room.items.append(Placed(model, x, y, ghost=True))


def _on(group: Group, things: list[Placed]) -> Group:
    """Return the group with things added that stand on it."""
    return Group((*group.items, *things), group.reach, group.low)


def _pictures(room: RoomSpace, home: Interior, count: int) -> None:
    for _ in range(count):
        room.hang(
            home.picture(float(home.rng.uniform(0.45, 0.95))), float(home.rng.uniform(1.45, 1.65))
        )


def _corner_things(room: RoomSpace, home: Interior, *models: Model) -> None:
    """Stand single things where they fit, best in corners."""
    for model in models:
        group = against(model, reach=0.0, x=0.03)
        if room.put_wall(group, "corner") is None:
            room.put_wall(group)


def _curtains(room: RoomSpace, home: Interior) -> None:
    """Hang curtains beside windows where the floor below is free."""
    color = home.pick("beige", "white", "green", "blue", "red", "gray", "yellow")
    for opening in room.openings:
        if opening.kind != "window":
            continue
        width = opening.hi - opening.lo
        bottom = 0.03 if opening.bottom < 0.6 else opening.bottom - 0.15
        cloth = home.palette.fabric(color, "weave")
        key = f"curtain {color} {width:.2f} {bottom:.2f}"
        model = home.shared(
            key, lambda c=cloth, w=width, o=opening, b=bottom: _curtain(home, c, w, o.top + 0.1, b)
        )
        room.drape(model, opening)


def _curtain(home: Interior, cloth, width: float, top: float, bottom: float) -> Model:  # noqa: ANN001
    from sim.worlds.fittings import curtains

    return curtains(cloth, home.dark_metal, width, top, bottom)


# Living room


def living_room(room: RoomSpace, home: Interior) -> None:
    """Sofa facing a television over a table and a rug; shelves, armchairs, plants around."""
    _lounge(room, home)
    x0, y0, x1, y1 = room.room
    if (x1 - x0) * (y1 - y0) > 30 and not _dining_set(room, home, "second"):
        _dining_set(room, home, "second", 2)
    size = (0.3, float(home.rng.uniform(0.8, 1.2)), float(home.rng.uniform(1.6, 2.1)))
    shelf = storage.bookshelf(home.wood, home.books, home.rng, size)
    for _ in range(1 + home.chance(0.5)):
        room.put_wall(against(shelf, reach=0.5))
    board = home.chest("dresser", (0.42, 1.3, 0.8), (3, 2))
    things = [home.trinket(kind) for kind in ("lamp", "vase", "book")]
    room.put_wall(_on(against(board, reach=0.5), home.dress(against(board).items[0], things)))
    _corner_things(
        room, home, home.plant(True), home.floor_lamp(), home.plant(True), home.floor_lamp()
    )
    if home.chance(0.5):
        guitar = smallware.guitar(home.wood, home.dark, home.palette.wood("walnut"))
        _corner_things(room, home, guitar)
    _curtains(room, home)
    _pictures(room, home, 4)
    _wall_clock(room, home)


def _lounge(room: RoomSpace, home: Interior) -> None:
    """Place the television wall and the seats before it, larger or smaller as the room allows."""
    for seats, gap in ((3, 1.75), (3, 1.5), (2, 1.5), (2, 1.3)):
        group = _lounge_group(home, seats, gap, seats == 3)
        if room.put_wall(group, "middle") is not None:
            return
        if room.put_wall(_lounge_group(home, seats, gap, False), "middle") is not None:
            return
    room.put_wall(against(home.shared("sofa 2", lambda: _sofa(home, 2))))


def _sofa(home: Interior, seats: int) -> Model:
    color = home.calm() if home.chance(0.6) else home.bright()
    leather = color in ("brown", "black", "white", "red") and home.chance(0.6)
    cover = (
        home.palette.leather(color)
        if leather
        else home.palette.fabric(color, home.pick("weave", "corduroy"))
    )
    return seating.sofa(cover, home.wood, seats, home.pick("round", "square", "thin"))


def _lounge_group(home: Interior, seats: int, gap: float, armchair: bool) -> Group:
    rng = home.rng
    stand = home.shared(
        "tv stand",
        lambda: storage.tv_stand(
            home.wood,
            home.second_wood if home.chance(0.5) else home.wood,
            home.dark_metal,
            float(rng.uniform(1.4, 1.8)),
        ),
    )
    screen = home.palette.image(
        "tv picture",
        lambda: painting(rng, 1.7, int(rng.choice([0, 4, 5]))),
        "black",
        "glass",
        None,
        0.4,
        0.6,
    )
    tv = home.shared("tv", lambda: smallware.tv(home.dark, screen, float(rng.uniform(0.95, 1.25))))
    board = Placed(stand, GAP + stand.size[0] / 2, 0.0)
    items = [board, Placed(tv, board.x - 0.03, 0.0, stand.size[2], 0.0, True)]
    sofa = home.shared(f"sofa {seats}", lambda: _sofa(home, seats))
    table = home.shared("coffee table", lambda: _coffee_table(home))
    table_x = stand.size[0] + 0.95 + table.size[0] / 2
    sofa_x = max(table_x + table.size[0] / 2 + 0.35, stand.size[0] + gap) + sofa.size[0] / 2
    table_placed = Placed(table, table_x, 0.0)
    sofa_placed = Placed(sofa, sofa_x, 0.0, 0.0, math.pi)
    items += [table_placed, sofa_placed]
    items += home.dress(
        table_placed, [home.trinket(k) for k in ("book", "bowl", "cup")], facing=None
    )
    items += _throw_pillows(home, sofa_placed)
    rug = home.shared("rug lounge", lambda: home.rug(1.7, 2.4))
    items.append(Placed(rug, table_x + 0.2, 0.0, 0.0, math.pi, True))
    if armchair:
        chair = home.shared("armchair", lambda: _sofa(home, 1))
        y = max(table.size[1] / 2, 0.6) + 0.4 + chair.size[0] / 2
        items.append(Placed(chair, table_x + 0.05, y, 0.0, -math.pi / 2))
    return Group(tuple(items), 0.0, low=True)


def _throw_pillows(home: Interior, sofa: Placed) -> list[Placed]:
    out = []
    spots = sofa.model.spots
    for index in (0, len(spots) - 1):
        pillow = home.one_of("pillow", 4, lambda: smallware.pillow(home.cloth()))
        spot = spots[index]
        side = 0.12 if index else -0.12
        local = Placed(
            pillow,
            spot.x - 0.06,
            spot.y + side,
            spot.z - 0.02,
            float(home.rng.normal(0, 0.12)),
            True,
        )
        out.append(local.moved(sofa.x, sofa.y, sofa.yaw))
    return out


def _coffee_table(home: Interior) -> Model:
    top = home.wood if home.chance(0.7) else home.second_wood
    style = home.pick("legs", "box", "oval", "round")
    size = (0.85, 0.85, 0.42) if style == "round" else (0.6, 1.1, 0.42)
    return storage.table("coffee table", top, top, size, style)


def _wall_clock(room: RoomSpace, home: Interior) -> None:
    face = home.palette.image(
        "dial", lambda: prints.dial((0.96, 0.95, 0.9), (0.12, 0.12, 0.14)), "white", "paper"
    )
    rim = home.pick("black", "red", "blue", "wood")
    finish = home.wood if rim == "wood" else home.palette.plain(rim, "plastic", 0.3)
    room.hang(home.one_of("wall clock", 2, lambda: smallware.clock(finish, face, 0.16)), 1.9)


# Dining


def _dining_set(room: RoomSpace, home: Interior, key: str, most: int = 6) -> bool:
    """Stand a table with chairs in the free middle of a room; fewer chairs where it is tight."""
    x0, y0, x1, y1 = room.room
    chair = home.chair_set(key)
    for count in (c for c in (6, 4, 2) if c <= most):
        group = _table_group(home, chair, count, key)
        for _ in range(14):
            x = float(home.rng.uniform(x0 + 1.0, x1 - 1.0))
            y = float(home.rng.uniform(y0 + 1.0, y1 - 1.0))
            if home.chance(0.35):
                x, y = (x0 + x1) / 2, (y0 + y1) / 2
            if room.put_free(group, x, y, float(home.rng.integers(2)) * math.pi / 2):
                return True
    return False


def _table_group(home: Interior, chair: Model, count: int, key: str) -> Group:
    rng = home.rng
    style = (
        home.shared_word(f"table {key}", "legs", "round", "oval", "trestle")
        if count != 6
        else "legs"
    )
    width = {6: 1.75, 4: 1.15, 2: 0.8}[count]
    depth = 1.1 if style == "round" else 0.9 if count > 2 else 0.75
    size = (depth, depth if style == "round" else width, 0.75)
    table = home.shared(
        f"dining table {count} {key}",
        lambda: storage.table("dining table", home.wood, home.wood, size, style),
    )
    table_placed = Placed(table, 0.0, 0.0)
    items = [table_placed]
    reach = chair.size[0] / 2 - 0.16
    seats = {
        6: [(1, -0.58), (1, 0), (1, 0.58), (-1, -0.58), (-1, 0), (-1, 0.58)],
        4: [(1, -0.28), (1, 0.28), (-1, -0.28), (-1, 0.28)],
        2: [(1, 0), (-1, 0)],
    }[count]
    if style == "round":
        seats = [(1, 0.0), (-1, 0.0)]
        for side in (1, -1) if count > 2 else ():
            items.append(Placed(chair, 0.0, side * (depth / 2 + reach), 0.0, -side * math.pi / 2))
    for side, y in seats:
        yaw = (math.pi if side > 0 else 0.0) + float(rng.normal(0, 0.05))
        items.append(Placed(chair, side * (depth / 2 + reach), y, 0.0, yaw))
    items += home.dress(
        table_placed,
        [home.trinket(k) for k in ("vase", "bowl", "cup", "plate")][: 2 + count // 3],
        facing=None,
    )
    if home.chance(0.4):
        items.append(Placed(home.rug(depth + 1.3, size[1] + 1.0), 0.0, 0.0, 0.0, 0.0, True))
    return Group(tuple(items), 0.0)


def dining_room(room: RoomSpace, home: Interior) -> None:
    """A table with a set of chairs, a sideboard, plants and paintings."""
    _dining_set(room, home, "dining")
    board = home.chest("dresser", (0.45, 1.5, 0.85), (3, 2))
    things = [home.trinket(kind) for kind in ("vase", "lamp", "bowl", "bottle")]
    room.put_wall(
        _on(against(board, reach=0.5), home.dress(against(board).items[0], things)), "middle"
    )
    _corner_things(room, home, home.plant(True), home.floor_lamp())
    _curtains(room, home)
    _pictures(room, home, 4)
    _wall_clock(room, home)


# Kitchen


def cooking(room: RoomSpace, home: Interior) -> None:
    """A run of cabinets with sink and oven, a fridge, wall cabinets, and a small table."""
    run = home.kitchen_run()
    for count in (6, 5, 4, 3):
        group = _run_group(home, run, count)
        if room.put_wall(group, "corner") is not None:
            break
    room.put_wall(against(home.fridge(), reach=0.7), "corner")
    _dining_set(room, home, "kitchen", 4)
    _corner_things(room, home, home.trash_can(), home.plant(True))
    stool = home.shared(
        "stool", lambda: seating.stool(home.second_wood, home.palette.leather(home.bright()), 0.62)
    )
    _corner_things(room, home, stool, stool)
    if home.chance(0.5):
        _corner_things(room, home, home.trash_can())
    _wall_clock(room, home)
    _pictures(room, home, 2)


def _run_group(home: Interior, run: dict[str, Model], count: int) -> Group:
    """Line up floor cabinets with things on them and cupboards above."""
    order = {
        6: ["base", "sink", "drawers", "oven", "base", "drawers"],
        5: ["base", "sink", "drawers", "oven", "base"],
        4: ["sink", "drawers", "oven", "base"],
        3: ["sink", "drawers", "oven"],
    }[count]
    items: list[Placed] = []
    y = 0.0
    for name in order:
        model = run[name]
        placed = Placed(model, GAP + model.size[0] / 2, y + model.size[1] / 2)
        items.append(placed)
        above = run["hood"] if name == "oven" else run.get(f"wall {name}")
        if above is not None:
            items.append(Placed(above, 0.015 + above.size[0] / 2, placed.y, 0.0, 0.0, True))
        items += _on_counter(home, placed, name)
        y += model.size[1] + 0.002
    splash = home.backsplash(y)
    items.append(Placed(splash, 0.004 + splash.size[0] / 2, y / 2, 0.0, 0.0, True))
    shift = -y / 2
    return Group(tuple(item.moved(0.0, shift, 0.0) for item in items), 0.75, low=False)


def _on_counter(home: Interior, placed: Placed, name: str) -> list[Placed]:
    if not placed.model.spots:
        return []
    if name == "base":
        appliance = home.one_of("appliance", 3, home.appliance)
        return home.dress(placed, [appliance])
    return home.dress(
        placed,
        [home.trinket(k) for k in ("bottle", "cup", "bowl")[: int(home.rng.integers(1, 4))]],
        facing=None,
    )


# Bedroom


def bedroom(room: RoomSpace, home: Interior) -> None:
    """A bed between nightstands, a wardrobe, a dresser, a desk where there is space."""
    wide = float(home.rng.choice([1.0, 1.5, 1.7]))
    for width in (wide, 1.4, 1.0, 0.9):
        if room.put_wall(_bed_group(home, width), "middle") is not None:
            break
    body = home.wood if home.chance(0.5) else home.second_wood
    for doors in (3, 2):
        if (
            room.put_wall(
                against(
                    storage.wardrobe(
                        body,
                        body if home.chance(0.5) else home.second_wood,
                        home.dark_metal,
                        0.55 * doors + 0.05,
                        doors,
                    ),
                    reach=0.6,
                ),
                "corner",
            )
            is not None
        ):
            break
    chest = home.chest("dresser", (0.45, 0.95, 0.85), (2, 4))
    things = [home.trinket(kind) for kind in ("teddy bear", "book", "vase")]
    room.put_wall(_on(against(chest, reach=0.5), home.dress(against(chest).items[0], things)))
    if home.chance(0.5):
        _workplace(room, home, 1.1, home.chair_set("desk"))
    toys = (home.backpack(), home.trinket("ball"), home.plant(True), home.trinket("teddy bear"))
    _corner_things(room, home, *[toy for toy in toys if home.chance(0.7)])
    if home.chance(0.5):
        _corner_things(room, home, home.floor_lamp())
    room.hang(home.mirror(), 1.45)
    _curtains(room, home)
    _pictures(room, home, 3)


def _bed_group(home: Interior, width: float) -> Group:
    linen = home.palette.fabric("white", "weave")
    blanket = home.blanket()
    frame = home.wood if home.chance(0.6) else home.second_wood
    model = seating.bed(
        frame,
        linen,
        blanket,
        home.palette.fabric(home.pick("white", "beige", "gray"), "weave"),
        width,
        home.pick("panel", "padded", "slats"),
    )
    bed = Placed(model, GAP + model.size[0] / 2, 0.0)
    items = [bed]
    stand = home.shared("nightstand", lambda: home.chest("nightstand", (0.4, 0.45, 0.52), (1, 2)))
    lamp = home.table_lamp()
    for side in (1, -1) if width > 1.2 else (1,):
        placed = Placed(
            stand, GAP + stand.size[0] / 2, side * (model.size[1] / 2 + 0.06 + stand.size[1] / 2)
        )
        items.append(placed)
        extra = home.trinket(home.pick("book", "clock", "cup"))
        items += home.dress(placed, [lamp, extra] if side > 0 else [extra, lamp])
    pillow = home.one_of("pillow", 4, lambda: smallware.pillow(home.cloth()))
    items.append(Placed(pillow, bed.x - 0.45, 0.08, 0.53, 0.15, True))
    items.append(Placed(home.rug(1.5, width + 1.2), bed.x + 0.35, 0.0, 0.0, 0.0, True))
    return Group(tuple(items), 0.55, low=True)


# Office


def office(room: RoomSpace, home: Interior) -> None:
    """A desk with a computer, shelves full of books, a comfortable chair."""
    chair = seating.office_chair(
        home.dark,
        home.finish(home.pick("black", "gray", "blue", "red", "green"), "fabric"),
        home.chance(0.6),
    )
    _workplace(room, home, 1.5, chair)
    size = (0.3, 0.9, float(home.rng.uniform(1.8, 2.1)))
    shelf = storage.bookshelf(home.second_wood, home.books, home.rng, size)
    for _ in range(2):
        room.put_wall(against(shelf, reach=0.5))
    couch = home.shared("sofa office", lambda: _sofa(home, 2))
    if not home.chance(0.6) or room.put_wall(against(couch, reach=0.5), "corner") is None:
        seat = home.one_of("armchair", 2, lambda: _sofa(home, 1))
        room.put_wall(against(seat, reach=0.5), "corner")
    _corner_things(
        room, home, home.trash_can(), home.plant(True), home.floor_lamp(), home.backpack()
    )
    _curtains(room, home)
    _pictures(room, home, 3)
    _wall_clock(room, home)


def _workplace(room: RoomSpace, home: Interior, width: float, chair: Model) -> None:
    desk = home.one_of(
        f"desk {width}", 2, lambda: storage.desk(home.wood, home.second_wood, home.metal, width)
    )
    placed = Placed(desk, GAP + desk.size[0] / 2, 0.0)
    monitor = home.shared("monitor", lambda: smallware.monitor(home.dark, home.screen(1)))
    keys = home.shared("keyboard", lambda: smallware.keyboard(home.dark, home.keys()))
    top = desk.size[2]
    items = [placed]
    if width > 1.3 or home.chance(0.5):
        items.append(Placed(monitor, placed.x - 0.12, 0.1, top, 0.0, True))
        items.append(Placed(keys, placed.x + 0.14, 0.1, top, 0.0, True))
    else:
        items.append(Placed(home.trinket("laptop"), placed.x, 0.1, top, 0.0, True))
    items.append(Placed(home.table_lamp(), placed.x - 0.15, -width / 2 + 0.17, top, 0.0, True))
    items.append(
        Placed(
            home.trinket("cup"),
            placed.x + 0.12,
            -width / 2 + 0.42 if width > 1.3 else -width / 2 + 0.12,
            top,
            0.0,
            True,
        )
    )
    items.append(Placed(home.trinket("book"), placed.x - 0.02, width / 2 - 0.14, top, 0.0, True))
    items.append(
        Placed(
            chair,
            desk.size[0] + GAP + chair.size[0] / 2 - 0.12,
            0.2 if width > 1.3 else 0.18,
            0.0,
            math.pi + float(home.rng.normal(0, 0.1)),
        )
    )
    room.put_wall(Group(tuple(items), 0.0, low=True), "middle")


# Bathroom and the rest


def bathroom(room: RoomSpace, home: Interior) -> None:
    """Toilet, washbasin under a mirror, bathtub or shower, washing machine."""
    tub = bath.bathtub(home.white, home.metal, float(home.rng.choice([1.6, 1.7])))
    if room.put_wall(against(tub, reach=0.5), "corner") is None:
        room.put_wall(against(home.shower(), reach=0.5), "corner")
    fronts = home.second_wood if home.chance(0.5) else home.wood
    basin = bath.washbasin(home.white, fronts, home.metal, float(home.rng.choice([0.65, 0.9])))
    glass = home.mirror(float(home.rng.uniform(0.55, 0.75)))
    above = Placed(glass, 0.02, 0.0, 1.5, 0.0, True)
    if room.put_wall(against(basin, reach=0.6, extra=(above,)), "middle") is None:
        room.put_wall(Group(against(basin, reach=0.5).items, 0.5, low=True))
    toilet = bath.toilet(home.white, home.white, home.metal)
    room.put_wall(against(toilet, reach=0.5))
    if home.chance(0.6):
        room.put_wall(against(home.washer(), reach=0.6), "corner")
    if home.chance(0.5):
        room.put_wall(against(home.shower(), reach=0.5), "corner")
    basket = bath.laundry_basket(
        home.palette.fabric("beige", "weave"), home.palette.fabric(home.bright())
    )
    _corner_things(room, home, basket, home.trash_can())
    towel = bath.towel_rail(home.metal, home.palette.fabric(home.bright(), "plush"), 0.6)
    room.hang_standing(towel)
    _bath_mat(room, home)


def _bath_mat(room: RoomSpace, home: Interior) -> None:
    x0, y0, x1, y1 = room.room
    room.items.append(Placed(home.rug(0.6, 0.9), (x0 + x1) / 2, (y0 + y1) / 2, ghost=True))


def hallway(room: RoomSpace, home: Interior) -> None:
    """Shoes, coats, a bench, a mirror and pictures along a corridor."""
    rack = storage.shoe_rack(
        home.wood, home.palette.leather("brown"), home.finish(home.bright(), "plastic"), home.rng
    )
    things = [home.trinket("vase")]
    room.put_wall(_on(against(rack, reach=0.5), home.dress(against(rack).items[0], things)))
    stand = decor.coat_stand(
        home.second_wood, home.palette.fabric(home.bright()), home.palette.fabric(home.bright())
    )
    room.put_wall(against(stand, reach=0.0), "corner")
    seat = seating.bench(home.wood, home.palette.leather(home.calm()), 0.9)
    room.put_wall(against(seat, reach=0.4))
    case = smallware.suitcase(home.finish(home.bright(), "plastic"), home.dark, home.metal)
    _corner_things(room, home, home.backpack(), case, home.plant(True))
    room.hang(home.mirror(), 1.4)
    _pictures(room, home, 5)
    x0, y0, x1, y1 = room.room
    along = x1 - x0 > y1 - y0
    runner = home.rug(0.8, min(2.6, max(x1 - x0, y1 - y0) - 1.5))
    room.items.append(
        Placed(runner, (x0 + x1) / 2, (y0 + y1) / 2, 0.0, math.pi / 2 if along else 0.0, ghost=True)
    )


_RECIPES: dict[str, Callable[[RoomSpace, Interior], None]] = {
    "living room": living_room,
    "dining room": dining_room,
    "kitchen": cooking,
    "bedroom": bedroom,
    "office": office,
    "bathroom": bathroom,
    "hallway": hallway,
}
