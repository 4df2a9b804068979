"""Floor plans: rooms as rectangles along a hall, with doors and windows between and around them."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

WALL = 0.14
"""Thickness of walls, m."""
DOOR_WIDTH = 0.98
"""Opening in the wall for a door, m; the frame takes 2 x 2.5 cm of it."""
DOOR_HEIGHT = 2.06
_SWING = 1.2  # m; along a wall, taken by doors that open from the hub

_MIN_WIDTH = {"bathroom": 2.3, "laundry room": 2.0}
_WIDTH = {
    "living room": 5.2, "kitchen": 3.7, "dining room": 3.8, "bedroom": 3.9,
    "bathroom": 2.6, "office": 3.3, "laundry room": 2.2,
}  # fmt: skip

_PROGRAMS: dict[int, tuple[str, ...]] = {
    4: ("living room", "kitchen", "bedroom", "bathroom"),
    5: ("living room", "kitchen", "bedroom", "bathroom"),
    6: ("living room", "kitchen", "bedroom", "bathroom", "office|bedroom|dining room"),
    7: ("living room", "kitchen", "bedroom", "bathroom", "bedroom", "office|dining room"),
    8: ("living room", "kitchen", "bedroom", "bathroom", "bedroom", "office", "dining room"),
    9: (
        "living room", "kitchen", "bedroom", "bathroom", "bedroom", "office", "dining room",
        "bathroom|bedroom",
    ),
}  # fmt: skip

Rect = tuple[float, float, float, float]
"""x0, y0, x1, y1 in metres."""


@dataclass(frozen=True, slots=True)
class PlanRoom:
    """A room between the middle lines of its walls."""

    name: str
    rect: Rect

    @property
    def inner(self) -> Rect:
        """The free floor inside the walls."""
        x0, y0, x1, y1 = self.rect
        h = WALL / 2
        return (x0 + h, y0 + h, x1 - h, y1 - h)


@dataclass(frozen=True, slots=True)
class Opening:
    """A hole in the wall that runs along an axis."""

    kind: str
    """"door" (with a leaf), "arch" (without), "entrance" (a closed front door) or "window"."""
    axis: int
    """0: the wall runs along x at y = `line`; 1: along y at x = `line`."""
    line: float
    lo: float
    hi: float
    """Extent along the wall, m."""
    bottom: float
    top: float
    """Extent in height, m."""
    rooms: tuple[int, ...]
    """Indices of the rooms it belongs to."""


@dataclass(slots=True)
class FloorPlan:
    """Rooms and the openings between them."""

    rooms: list[PlanRoom]
    openings: list[Opening] = field(default_factory=list)
    height: float = 2.6

    @property
    def outline(self) -> Rect:
        """The house between the middle lines of its outer walls."""
        rects = np.array([room.rect for room in self.rooms])
        x0, y0 = rects[:, :2].min(axis=0)
        x1, y1 = rects[:, 2:].max(axis=0)
        return (float(x0), float(y0), float(x1), float(y1))

    def of(self, room: int) -> list[Opening]:
        """Return the openings of a room."""
        return [opening for opening in self.openings if room in opening.rooms]


def make_plan(rng: np.random.Generator, count: int) -> FloorPlan:
    """Draw a plan with `count` rooms (4 to 9), all connected by doors."""
    names = [str(rng.choice(name.split("|"))) for name in _PROGRAMS[count]]
    hub = 4.4 if count == 4 else float(rng.uniform(1.55, 1.85))
    rooms = _rooms(rng, names, hub, count)
    rooms = _mirrored(rng, rooms)
    plan = FloorPlan(rooms, height=float(rng.choice([2.5, 2.6, 2.7])))
    _add_doors(rng, plan)
    _add_windows(rng, plan)
    return plan


def _rooms(rng: np.random.Generator, names: list[str], hub: float, count: int) -> list[PlanRoom]:
    """Lay out the hub (hall, or living room in the smallest homes) first, then the rest."""
    if count == 4:
        row = [name for name in names if name != "living room"]
        rng.shuffle(row)
        row_rooms, length = _row(row, 0.0, 0.0, None)
        placed = _lift(row_rooms, hub / 2, float(rng.uniform(3.5, 4.0)))
        return [PlanRoom("living room", (0.0, -hub / 2, length, hub / 2)), *placed]
    end = "living room" if count >= 6 and rng.uniform() < 0.55 else None
    rest = [name for name in names if name != end]
    top, bottom = _split(rng, rest)
    length = (sum(_WIDTH[n] for n in top) + sum(_WIDTH[n] for n in bottom)) / 2
    length = max(length, *(sum(_MIN_WIDTH.get(n, 3.1) for n in row) for row in (top, bottom)))
    deep_top, deep_bottom = (float(rng.uniform(3.6, 4.3)) for _ in range(2))
    out = [PlanRoom("hallway", (0.0, -hub / 2, length, hub / 2))]
    out += _lift(_row(top, 0.0, 0.0, length)[0], hub / 2, deep_top)
    out += _lift(_row(bottom, 0.0, 0.0, length)[0], -hub / 2 - deep_bottom, deep_bottom)
    if end is not None:
        width = float(rng.uniform(4.5, 5.3))
        out.append(PlanRoom(end, (-width, -hub / 2 - deep_bottom, 0.0, hub / 2 + deep_top)))
    return out


def _row(
    names: list[str], x: float, y: float, length: float | None
) -> tuple[list[PlanRoom], float]:
    """Put rooms side by side, stretched to `length` but none below its least width."""
    widths = np.array([_WIDTH[name] for name in names])
    if length is not None:
        least = np.array([_MIN_WIDTH.get(name, 3.1) for name in names])
        widths = widths * (length / widths.sum())
        for _ in range(4):
            short = widths <= least
            free = length - least[short].sum()
            widths = np.where(short, least, widths * (free / max(widths[~short].sum(), 1e-9)))
    edges = x + np.concatenate([[0.0], np.cumsum(widths)])
    rooms = [
        PlanRoom(name, (float(a), y, float(b), y))
        for name, a, b in zip(names, edges, edges[1:], strict=False)
    ]
    return rooms, float(edges[-1] - x)


def _lift(rooms: list[PlanRoom], low: float, deep: float) -> list[PlanRoom]:
    return [PlanRoom(r.name, (r.rect[0], low, r.rect[2], low + deep)) for r in rooms]


def _split(rng: np.random.Generator, names: list[str]) -> tuple[list[str], list[str]]:
    """Share rooms between the two sides of the hall so that both are about as long."""
    best: tuple[float, list[str], list[str]] | None = None
    for _ in range(40):
        order = [str(name) for name in rng.permutation(names)]
        cut = int(rng.integers(1, len(order))) if len(order) > 2 else 1
        top, bottom = order[:cut], order[cut:]
        gap = abs(sum(_WIDTH[n] for n in top) - sum(_WIDTH[n] for n in bottom))
        cost = gap + 0.8 * _apart(top, bottom)
        if best is None or cost < best[0]:
            best = (cost, top, bottom)
    assert best is not None
    return best[1], best[2]


def _apart(*rows: list[str]) -> float:
    """Count food rooms without a neighbour of their kind."""
    food = {"kitchen", "dining room", "living room"}
    beside = sum(a in food and b in food for row in rows for a, b in pairwise(row))
    return 1.0 if beside == 0 else 0.0


def _mirrored(rng: np.random.Generator, rooms: list[PlanRoom]) -> list[PlanRoom]:
    """Mirror and turn the plan, and move its corner to the origin."""
    flip_x, flip_y, turn = rng.uniform(size=3) < 0.5
    rects = np.array([room.rect for room in rooms])
    if flip_x:
        rects = np.column_stack([-rects[:, 2], rects[:, 1], -rects[:, 0], rects[:, 3]])
    if flip_y:
        rects = np.column_stack([rects[:, 0], -rects[:, 3], rects[:, 2], -rects[:, 1]])
    if turn:
        rects = rects[:, [1, 0, 3, 2]]
    rects = rects - np.tile(rects[:, :2].min(axis=0), 2)
    return [
        PlanRoom(room.name, (float(a), float(b), float(c), float(d)))
        for room, (a, b, c, d) in zip(rooms, rects, strict=True)
    ]


def shared_wall(a: Rect, b: Rect) -> tuple[int, float, float, float] | None:
    """Return (axis, line, lo, hi) of the wall between two rooms, or None."""
    for axis in (0, 1):
        other = 1 - axis
        lo, hi = max(a[axis], b[axis]), min(a[axis + 2], b[axis + 2])
        if hi - lo < 0.5:
            continue
        for line in (a[other], a[other + 2]):
            if min(abs(line - b[other]), abs(line - b[other + 2])) < 1e-6:
                return axis, line, lo, hi
    return None


def _add_doors(rng: np.random.Generator, plan: FloorPlan) -> None:
    hub = plan.rooms[0]
    for index, room in enumerate(plan.rooms[1:], start=1):
        wall = shared_wall(hub.rect, room.rect)
        if wall is None:
            raise AssertionError("every room of a plan touches its hub")
        _cut(
            rng,
            plan,
            wall,
            (0, index),
            arch=room.name == "living room" or rng.uniform() < _OPEN.get(room.name, 0),
        )
    _add_shortcuts(rng, plan)
    _add_entrance(rng, plan)


_OPEN = {"kitchen": 0.35, "dining room": 0.6}
_MEETING = {
    frozenset(("kitchen", "dining room")): 0.9,
    frozenset(("living room", "dining room")): 0.8,
    frozenset(("living room", "kitchen")): 0.6,
    frozenset(("bedroom", "bathroom")): 0.3,
}
"""How likely neighbours of two kinds have an opening between them."""


def _add_shortcuts(rng: np.random.Generator, plan: FloorPlan) -> None:
    """Join neighbours that people like to walk between."""
    for i in range(1, len(plan.rooms)):
        for j in range(i + 1, len(plan.rooms)):
            names = frozenset((plan.rooms[i].name, plan.rooms[j].name))
            wall = shared_wall(plan.rooms[i].rect, plan.rooms[j].rect)
            if wall is not None and rng.uniform() < _MEETING.get(names, 0.0):
                arch = "bathroom" not in names
                _cut(rng, plan, _away_from_hub(plan, wall), (i, j), arch, far=not arch)


def _away_from_hub(
    plan: FloorPlan, wall: tuple[int, float, float, float]
) -> tuple[int, float, float, float]:
    """Leave out the end of a wall where the doors to the hub swing."""
    axis, line, lo, hi = wall
    hub = plan.rooms[0].rect
    if abs(lo - hub[axis + 2]) < 1e-6:
        return axis, line, lo + _SWING, hi
    if abs(hi - hub[axis]) < 1e-6:
        return axis, line, lo, hi - _SWING
    return wall


def _cut(
    rng: np.random.Generator,
    plan: FloorPlan,
    wall: tuple[int, float, float, float],
    rooms: tuple[int, int],
    arch: bool,
    far: bool = False,
) -> None:
    """Cut a door near an end of a wall (`far`: the one away from the hub), or a wider arch."""
    axis, line, lo, hi = wall
    lo, hi = lo + WALL / 2, hi - WALL / 2
    width = min(float(rng.uniform(1.25, 1.7)), hi - lo - 0.2) if arch else DOOR_WIDTH
    slack = hi - lo - width
    edge = min(0.22, slack / 2)
    if arch:
        start = lo + edge + float(rng.uniform(0, max(slack - 2 * edge, 0.0)))
    else:
        low = rng.uniform() < 0.5
        if far:
            low = hi <= plan.rooms[0].rect[axis]
        start = lo + edge if low else hi - edge - width
    top = 2.25 if arch else DOOR_HEIGHT
    kind = "arch" if arch else "door"
    plan.openings.append(Opening(kind, axis, line, start, start + width, 0.0, top, rooms))


def _outer_walls(plan: FloorPlan, index: int) -> list[tuple[int, float, float, float]]:
    """Return (axis, line, lo, hi) of the room's sides on the house's outline."""
    x0, y0, x1, y1 = plan.rooms[index].rect
    ox0, oy0, ox1, oy1 = plan.outline
    sides = [
        (0, y0, x0, x1, oy0),
        (0, y1, x0, x1, oy1),
        (1, x0, y0, y1, ox0),
        (1, x1, y0, y1, ox1),
    ]
    return [side[:4] for side in sides if abs(side[1] - side[4]) < 1e-6]


def _add_entrance(rng: np.random.Generator, plan: FloorPlan) -> None:
    """Put the closed front door into an outer wall of the hub, at its narrow end if it has one."""
    walls = _outer_walls(plan, 0)
    axis, line, lo, hi = min(walls, key=lambda wall: wall[3] - wall[2])
    middle = (lo + hi) / 2
    half = DOOR_WIDTH / 2
    plan.openings.append(
        Opening("entrance", axis, line, middle - half, middle + half, 0.0, DOOR_HEIGHT, (0,))
    )


_WINDOW = {
    "bathroom": (0.8, 1.25, 2.05),
    "laundry room": (0.7, 1.3, 2.0),
    "kitchen": (1.4, 1.1, 2.1),
    "hallway": (0.7, 1.0, 2.1),
    "living room": (2.1, 0.45, 2.2),
}


def _add_windows(rng: np.random.Generator, plan: FloorPlan) -> None:
    for index, room in enumerate(plan.rooms):
        width, sill, top = _WINDOW.get(room.name, (1.6, 0.85, 2.15))
        for axis, line, lo, hi in _outer_walls(plan, index):
            taken = any(
                o.axis == axis and o.line == line and index in o.rooms for o in plan.openings
            )
            if taken or hi - lo < width + 0.8:
                continue
            count = 2 if hi - lo > 2 * width + 2.0 and room.name != "hallway" else 1
            for k in range(count):
                middle = lo + (hi - lo) * (k + 0.5) / count + float(rng.uniform(-0.15, 0.15))
                plan.openings.append(
                    Opening(
                        "window",
                        axis,
                        line,
                        middle - width / 2,
                        middle + width / 2,
                        sill,
                        min(top, plan.height - 0.25),
                        (index,),
                    )
                )
