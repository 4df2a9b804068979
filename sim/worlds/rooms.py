"""What stands in which room: dispatches a room's name to its recipe."""

from __future__ import annotations

import math
from collections.abc import Callable

from sim.worlds import catalog, decor, smallware
from sim.worlds import furniture_seating as seating
from sim.worlds import furniture_storage as storage
from sim.worlds.arranging import dress_windows, pictures, stand_around, topped
from sim.worlds.interior import Interior
from sim.worlds.model import Model, Placed
from sim.worlds.placement import RoomSpace, against
from sim.worlds.rooms_living import dining_room, living_room
from sim.worlds.rooms_quiet import bedroom, office
from sim.worlds.rooms_wet import bathroom, kitchen


def furnish(name: str, room: RoomSpace, home: Interior, height: float) -> None:
    """Fill a room according to its name ("kitchen").

    Args:
        name: Type of the room.
        room: The empty room.
        home: Whose taste.
        height: Of the ceiling, m.
    """
    _RECIPES[name](room, home)
    _hang_lamps(room, home, height)


def _hang_lamps(room: RoomSpace, home: Interior, height: float) -> None:
    style = home.shared_word("ceiling", "pendant", "globe", "flush")

    def make() -> Model:
        shade = home.shade(home.pick("white", "beige", "yellow"))
        return decor.ceiling_lamp(shade, home.ceiling_bulb, home.dark_metal, style, height)

    model = home.shared("ceiling light", make)
    x0, y0, x1, y1 = room.room
    wide, deep = x1 - x0, y1 - y0
    count = 2 if max(wide, deep) > 6.0 else 1
    for k in range(count):
        share = (k + 0.5) / count
        x = x0 + wide * (share if wide >= deep else 0.5)
        y = y0 + deep * (share if wide < deep else 0.5)
        room.items.append(Placed(model, x, y, ghost=True))


def hallway(room: RoomSpace, home: Interior) -> None:
    """Shoes, coats, a bench, a mirror and pictures along a corridor."""
    shoes = home.palette.leather("brown"), home.finish(home.bright(), "plastic")
    rack = storage.shoe_rack(home.wood, *shoes, home.rng)
    room.put_wall(topped(home, rack, ("vase",)))
    coats = home.palette.fabric(home.bright()), home.palette.fabric(home.bright())
    room.put_wall(against(decor.coat_stand(home.second_wood, *coats), reach=0.0), "corner")
    console = catalog.chest(home, "dresser", (0.34, 0.9, 0.8), (3, 2))
    room.put_wall(topped(home, console, ("lamp", "bowl")))
    seat = seating.bench(home.wood, home.palette.leather(home.calm()), 0.9)
    room.put_wall(against(seat, reach=0.4))
    case = smallware.suitcase(home.finish(home.bright(), "plastic"), home.dark, home.metal)
    stand_around(room, catalog.backpack(home), case, catalog.plant(home, True))
    stand_around(room, catalog.umbrella_stand(home))
    room.hang(catalog.mirror(home), 1.4)
    pictures(room, home, 5)
    dress_windows(room, home, curtains_too=False)
    x0, y0, x1, y1 = room.room
    yaw = math.pi / 2 if x1 - x0 > y1 - y0 else 0.0
    runner = catalog.rug(home, 0.8, min(2.8, max(x1 - x0, y1 - y0) - 1.5))
    room.items.append(Placed(runner, (x0 + x1) / 2, (y0 + y1) / 2, 0.0, yaw, ghost=True))


_RECIPES: dict[str, Callable[[RoomSpace, Interior], None]] = {
    "living room": living_room,
    "dining room": dining_room,
    "kitchen": kitchen,
    "bedroom": bedroom,
    "office": office,
    "bathroom": bathroom,
    "hallway": hallway,
}
