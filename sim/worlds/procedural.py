"""Homes made up from a seed: rooms, furniture, small things, light. Same seed, same home."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from goat.errors import ConfigError
from goat.registry import unknown_name
from sim.worlds import fittings, prints, textures
from sim.worlds.interior import Interior
from sim.worlds.layout import FloorPlan, make_plan
from sim.worlds.lighting import MOODS, PRESETS, lights
from sim.worlds.meshes import pose
from sim.worlds.model import Finish, Placed
from sim.worlds.palette import COLORS, Color, Palette
from sim.worlds.placement import RoomSpace
from sim.worlds.rooms import furnish
from sim.worlds.shadows import shadow_object
from sim.worlds.shell import RoomFinish, outer_structure, room_structure
from sim.worlds.walkways import Covers
from sim.worlds.world import Part, Room, World, WorldObject

_FEWEST, _MOST = 4, 9


@dataclass(frozen=True)
class HomeGenConfig:
    """What a generated home is like."""

    rooms: int | None = None
    """Number of rooms, 4 to 9, the hall included; None draws it from the seed."""
    lighting: str = "day"
    """One of "day", "evening", "night lamp"."""
    furnished: bool = True
    """Whether to put anything into the rooms."""

    def __post_init__(self) -> None:
        """Check the values."""
        if self.rooms is not None and not _FEWEST <= self.rooms <= _MOST:
            raise ConfigError(
                f"a generated home has {_FEWEST} to {_MOST} rooms, not {self.rooms}; "
                "set rooms to one of these"
            )
        if self.lighting not in PRESETS:
            raise unknown_name("lighting", self.lighting, PRESETS)


def generate_home(seed: int, config: HomeGenConfig | None = None) -> World:
    """Make up a furnished home.

    Args:
        seed: Any non-negative integer; decides everything the configuration leaves open.
        config: What the home should be like.
    """
    config = config or HomeGenConfig()
    rng = np.random.default_rng([seed, 7])
    count = int(rng.integers(5, _MOST + 1))
    plan = make_plan(rng, config.rooms or count)
    mood = MOODS[config.lighting]
    palette = Palette(rng)
    home = Interior(rng, palette, mood.bulb, mood.ceiling)
    structure = [*_structure(plan, home), _outside(plan, home, mood.sky, mood.outside)]
    fixed = _openings(plan, home)
    placed = [*fixed.values(), *(_furniture(plan, home, fixed) if config.furnished else [])]
    return World(
        name=f"generated:{seed}",
        objects=(*structure, *_frames(plan, home), *_named(placed), *_shadows(plan, placed)),
        rooms=tuple(Room(room.name, _corners(room.inner)) for room in plan.rooms),
        lights=lights(config.lighting, _lamps(plan, placed, mood.ceiling > 0), _middle(plan)),
        headlight=mood.headlight,
        sky=mood.sky,
        start=_start(plan),
    )


def _corners(rect: tuple[float, float, float, float]) -> np.ndarray:
    x0, y0, x1, y1 = rect
    return np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])


def _middle(plan: FloorPlan) -> tuple[float, float]:
    x0, y0, x1, y1 = plan.outline
    return ((x0 + x1) / 2, (y0 + y1) / 2)


def _start(plan: FloorPlan) -> tuple[float, float, float]:
    """Start just inside the front door, looking in."""
    entrance = next(o for o in plan.openings if o.kind == "entrance")
    x0, y0, x1, y1 = plan.rooms[0].inner
    middle = (entrance.lo + entrance.hi) / 2
    if entrance.axis == 0:
        inward = 1.0 if entrance.line < (y0 + y1) / 2 else -1.0
        return (middle, entrance.line + inward * 0.6, inward * np.pi / 2)
    inward = 1.0 if entrance.line < (x0 + x1) / 2 else -1.0
    return (entrance.line + inward * 0.6, middle, 0.0 if inward > 0 else np.pi)


# The house


def _structure(plan: FloorPlan, home: Interior) -> list[WorldObject]:
    palette, rng = home.palette, home.rng
    ceiling = palette.painted((0.97, 0.97, 0.95), "ceiling")
    skirting = palette.plain("white", "wood", 0.2)
    facade = palette.image(
        "facade", lambda: textures.bricks(rng, (0.62, 0.33, 0.25)), "red", "stone", 1.0
    )
    caps = palette.plain("gray", "stone", 0.0)
    out = [outer_structure(plan, facade, caps)]
    for index, room in enumerate(plan.rooms):
        wet = room.name == "bathroom"
        finish = RoomFinish(
            _floor(home, room.name),
            _walls(home, room.name, index),
            ceiling,
            None if wet else skirting,
        )
        out += room_structure(plan, index, finish)
    return out


def _floor(home: Interior, name: str) -> Finish:
    """Return wood, tiles or carpet, shared between rooms of a kind."""
    palette, rng = home.palette, home.rng
    if name in ("kitchen", "bathroom"):
        light = COLORS[home.pick("white", "beige", "gray")][0]
        dark = COLORS[home.pick("black", "gray", "blue", "brown")][0] if home.chance(0.5) else None
        return palette.image(
            f"tiles {name}",
            lambda: textures.tiles(rng, light, 4, dark),
            "white",
            "ceramic",
            1.3,
            0.3,
        )
    if name == "bedroom" and home.shared_word("bedroom floor", "carpet", "wood") == "carpet":
        color = COLORS[home.pick("beige", "gray", "blue", "green")][0]
        return palette.image("carpet", lambda: textures.carpet(rng, color), "beige", "fabric", 1.2)
    tone = [(0.62, 0.43, 0.26), (0.72, 0.54, 0.35), (0.45, 0.29, 0.18), (0.78, 0.66, 0.48)][
        int(rng.integers(4))
    ]
    if home.shared_word("parquet", "planks", "planks", "herringbone") == "planks":
        return palette.image(
            "planks", lambda: textures.planks(rng, tone), "brown", "wood", 1.4, 0.15
        )
    return palette.image(
        "herringbone", lambda: textures.herringbone(rng, tone), "brown", "wood", 1.3, 0.15
    )


_PAINTS = (
    (0.93, 0.91, 0.86), (0.88, 0.90, 0.86), (0.86, 0.89, 0.93), (0.94, 0.88, 0.80),
    (0.80, 0.86, 0.82), (0.92, 0.85, 0.83), (0.95, 0.92, 0.78), (0.82, 0.82, 0.86),
)  # fmt: skip


_TILES = ((0.90, 0.92, 0.92), (0.70, 0.82, 0.86), (0.85, 0.80, 0.70), (0.72, 0.82, 0.74))
_BRICKS = ((0.62, 0.33, 0.25), (0.86, 0.84, 0.80), (0.55, 0.42, 0.36))
_PAPERS = ("wallpaper 0", "wallpaper 1", "wallpaper 2")


def _walls(home: Interior, name: str, index: int) -> tuple[Finish, Finish, Finish, Finish]:
    """Return paint for four walls, often with one of wallpaper or brick; tiles in the bathroom."""
    if name == "bathroom":
        tiled = _wall_tiles(home, index)
        return (tiled, tiled, tiled, tiled)
    tone = _PAINTS[int(home.rng.integers(len(_PAINTS)))]
    walls = [home.palette.painted(tone, f"paint {tone}")] * 4
    accent = int(home.rng.integers(4))
    if name == "living room" and home.chance(0.35):
        walls[accent] = _brick(home)
    elif name != "kitchen" and home.chance(0.65):
        walls[accent] = _wallpaper(home, tone) or walls[accent]
    return (walls[0], walls[1], walls[2], walls[3])


def _wall_tiles(home: Interior, index: int) -> Finish:
    color = _TILES[int(home.rng.integers(len(_TILES)))]

    def make() -> textures.Image:
        return textures.tiles(home.rng, color, 5, None, home.chance(0.5))

    return home.palette.image(f"wall tiles {index}", make, "white", "ceramic", 1.0, 0.4)


def _brick(home: Interior) -> Finish:
    color = _BRICKS[int(home.rng.integers(len(_BRICKS)))]
    return home.palette.image(
        "brick", lambda: textures.bricks(home.rng, color), "red", "stone", 1.0
    )


def _wallpaper(home: Interior, tone: Color) -> Finish | None:
    """Return a wallpaper that goes with a paint, or None once the home has three."""
    key = next((k for k in _PAPERS if home.palette.known(k) is None), None)
    if key is None:
        return None
    ink = tuple((np.array(COLORS[home.bright()][0]) + np.array(tone)) / 2)
    return home.palette.image(
        key, lambda: textures.wallpaper(home.rng, tone, ink), "white", "paper", 0.7
    )


def _outside(
    plan: FloorPlan, home: Interior, sky: tuple[float, float, float], bright: float
) -> WorldObject:
    palette, rng = home.palette, home.rng
    view = palette.image(
        "view", lambda: prints.outside(rng, sky, bright), "green", "plant", None, 0.0, 0.5 * bright
    )
    green = (0.27 * bright + 0.02, 0.42 * bright + 0.02, 0.15 * bright + 0.01)
    lawn = palette.image("lawn", lambda: textures.carpet(rng, green), "green", "plant", 2.0)
    return fittings.backdrop(plan, view, lawn)


# Doors and windows


def _openings(plan: FloorPlan, home: Interior) -> dict[int, Placed]:
    """Return door leaves and windows by their opening's index."""
    wood = home.palette.wood(home.pick("white", "oak", "walnut", "white"))
    white = home.palette.plain("white", "wood", 0.2)
    glazed = home.palette.glass() if home.chance(0.35) else None
    leaf = fittings.leaf_model(wood, home.dark_metal, 0.90, 2.0, None)
    glass_leaf = fittings.leaf_model(wood, home.dark_metal, 0.90, 2.0, glazed)
    front = fittings.leaf_model(
        home.palette.plain(home.bright(), "wood", 0.3), home.dark_metal, 0.92, 2.02, None
    )
    out: dict[int, Placed] = {}
    for index, opening in enumerate(plan.openings):
        if opening.kind == "window":
            model = fittings.window_model(white, home.palette.glass(0.12), opening)
            x, y, yaw = fittings.opening_pose(opening)
            out[index] = Placed(model, x, y, 0.0, yaw, ghost=True)
        elif opening.kind == "entrance":
            out[index] = fittings.entrance_place(opening, front)
        elif opening.kind == "door":
            private = plan.rooms[opening.rooms[-1]].name in ("bathroom", "bedroom")
            out[index] = fittings.leaf_place(plan, opening, leaf if private else glass_leaf)
    return out


def _frames(plan: FloorPlan, home: Interior) -> list[WorldObject]:
    """Return the frames of doors and arches, which are part of the house."""
    white = home.palette.plain("white", "wood", 0.2)
    out = []
    for index, opening in enumerate(plan.openings):
        if opening.kind == "window":
            continue
        x, y, yaw = fittings.opening_pose(opening)
        matrix = pose((x, y, 0), yaw=yaw)
        pieces = fittings.frame_model(white, opening).pieces()
        parts = tuple(Part(p.mesh, p.material, matrix) for p in pieces)
        out.append(WorldObject(f"door_frame_{index:02d}", None, parts))
    return out


# Furniture


def _furniture(plan: FloorPlan, home: Interior, fixed: dict[int, Placed]) -> list[Placed]:
    out: list[Placed] = []
    covers = Covers()
    for index, room in enumerate(plan.rooms):
        space = RoomSpace.of(plan, index, home.rng, covers)
        own = (key for key in fixed if plan.openings[key].rooms[-1] == index)
        space.fit_out([fixed[key] for key in own])
        furnish(room.name, space, home, plan.height)
        out += space.items
    return out


def _lamps(
    plan: FloorPlan, placed: list[Placed], ceiling_on: bool
) -> list[tuple[float, float, float]]:
    """Return where light comes from: ceiling lights where they are on, then other lamps."""
    ceiling = [(p.x, p.y, plan.height - 0.7) for p in placed if p.model.category == "ceiling light"]
    standing = [
        (p.x, p.y, p.z + p.model.size[2] + 0.15) for p in placed if p.model.category == "lamp"
    ]
    return [*(ceiling if ceiling_on else []), *standing] or ceiling


def _shadows(plan: FloorPlan, placed: list[Placed]) -> list[WorldObject]:
    """Return one object of shadows per room."""
    out = []
    for index, room in enumerate(plan.rooms):
        x0, y0, x1, y1 = room.rect
        inside = [p for p in placed if x0 <= p.x < x1 and y0 <= p.y < y1]
        shadow = shadow_object(f"shadows_{index:02d}", inside)
        out += [shadow] if shadow is not None else []
    return out


def _named(placed: list[Placed]) -> list[WorldObject]:
    counts: Counter[str] = Counter()
    out = []
    for item in placed:
        category = item.model.category or "fixture"
        counts[category] += 1
        out.append(item.object(f"{category.replace(' ', '_')}_{counts[category]:02d}"))
    return out
