"""Kitchen and bathroom."""

from __future__ import annotations

from sim.worlds import catalog, catalog_kitchen
from sim.worlds import furniture_bath as bath
from sim.worlds import furniture_seating as seating
from sim.worlds.arranging import dining_set, dress_windows, pictures, stand_around, wall_clock
from sim.worlds.interior import Interior
from sim.worlds.model import Model, Placed
from sim.worlds.placement import GAP, Group, RoomSpace, against

_RUNS = (
    ("base", "sink", "drawers", "oven", "base", "drawers"),
    ("base", "sink", "drawers", "oven", "base"),
    ("sink", "drawers", "oven", "base"),
    ("sink", "drawers", "oven"),
    ("sink", "oven"),
)
"""Kitchen units from the fridge on, longest run first."""


def kitchen(room: RoomSpace, home: Interior) -> None:
    """A fridge and a run of cabinets with sink and oven, and a small table."""
    units = catalog_kitchen.kitchen_run(home)
    for names in _RUNS:
        if room.put_wall(_run_group(home, units, names), "corner") is not None:
            break
    else:
        for model in (catalog_kitchen.fridge(home), units["sink"], units["oven"]):
            group = against(model, reach=0.5)
            if room.put_wall(group, "corner") is None:
                room.put_wall(group)
    dining_set(room, home, "kitchen", 4)
    stand_around(room, catalog.trash_can(home), catalog.plant(home, True))
    stool = home.shared("stool", lambda: _stool(home))
    stand_around(room, stool, stool)
    if home.chance(0.5):
        stand_around(room, catalog.trash_can(home))
    wall_clock(room, home)
    pictures(room, home, 1)


def _stool(home: Interior) -> Model:
    color = home.bright()
    return seating.stool(home.palette.metal(color), home.palette.leather(color), 0.62)


def _run_group(home: Interior, units: dict[str, Model], names: tuple[str, ...]) -> Group:
    """Line up the fridge and floor cabinets with things on them and cupboards above."""
    fridge = catalog_kitchen.fridge(home)
    start = fridge.size[1] + 0.03
    items = [Placed(fridge, GAP + fridge.size[0] / 2, fridge.size[1] / 2)]
    y = start
    for name in names:
        model = units[name]
        placed = Placed(model, GAP + model.size[0] / 2, y + model.size[1] / 2)
        items += [placed, *_on_counter(home, placed, name)]
        above = units["hood"] if name == "oven" else units.get(f"wall {name}")
        if above is not None:
            items.append(Placed(above, 0.015 + above.size[0] / 2, placed.y, 0.0, 0.0, True))
        y += model.size[1] + 0.002
    splash = catalog_kitchen.backsplash(home, y - start)
    items.append(Placed(splash, 0.004 + splash.size[0] / 2, (start + y) / 2, 0.0, 0.0, True))
    if home.chance(0.5):
        items = [Placed(i.model, i.x, y - i.y, i.z, -i.yaw, i.ghost) for i in items]
    return Group(tuple(item.moved(0.0, -y / 2, 0.0) for item in items), 0.75)


def _on_counter(home: Interior, placed: Placed, name: str) -> list[Placed]:
    if not placed.model.spots:
        return []
    if name == "base":
        machine = home.one_of("appliance", 3, lambda: catalog_kitchen.appliance(home))
        return home.dress(placed, [machine])
    count = int(home.rng.integers(1, 4))
    kinds = [str(k) for k in home.rng.permutation(["bottle", "cup", "bowl", "potted plant"])]
    return home.dress(placed, [catalog.trinket(home, k) for k in kinds[:count]], facing=None)


def bathroom(room: RoomSpace, home: Interior) -> None:
    """Toilet, washbasin under a mirror, bathtub or shower, washing machine."""
    toilet = bath.toilet(home.white, home.white, home.metal)
    tub = bath.bathtub(home.white, home.metal, float(home.rng.choice([1.6, 1.7])))
    if home.chance(0.3) or room.put_wall(against(tub, reach=0.5), "corner") is None:
        room.put_wall(against(catalog_kitchen.shower(home), reach=0.5), "corner")
    _washbasin(room, home)
    if room.put_wall(against(toilet, reach=0.5)) is None:
        room.put_wall(against(toilet, reach=0.3))
    if home.chance(0.6):
        room.put_wall(against(catalog_kitchen.washer(home), reach=0.6), "corner")
    woven = home.palette.fabric("beige", "weave")
    basket = bath.laundry_basket(woven, home.palette.fabric(home.bright()))
    stand_around(room, basket, catalog.trash_can(home))
    towel = home.palette.fabric(home.bright(), "plush")
    for _ in range(2):
        room.hang_standing(bath.towel_rail(home.metal, towel, 0.6))
    dress_windows(room, home, curtains_too=False)
    x0, y0, x1, y1 = room.room
    mat = home.shared("bath mat", lambda: catalog.rug(home, 0.6, 0.9))
    room.items.append(Placed(mat, (x0 + x1) / 2, (y0 + y1) / 2, ghost=True))


def _washbasin(room: RoomSpace, home: Interior) -> None:
    fronts = home.second_wood if home.chance(0.5) else home.wood
    basin = bath.washbasin(home.white, fronts, home.metal, float(home.rng.choice([0.65, 0.9])))
    glass = catalog.mirror(home, float(home.rng.uniform(0.55, 0.75)))
    above = Placed(glass, 0.02, 0.0, 1.5, 0.0, True)
    cup = Placed(catalog.trinket(home, "cup"), GAP + 0.08, basin.size[1] / 2 - 0.1, 0.85, 0.0, True)
    group = against(basin, reach=0.6, extra=(above, cup))
    if room.put_wall(Group(group.items, 0.6), "middle") is None:
        room.put_wall(Group((*group.items[:1], cup), 0.5, low=True))
