"""Putting arrangements of furniture into a room without collisions or blocked ways."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from sim.worlds.layout import WALL, FloorPlan, Opening, Rect
from sim.worlds.model import Model, Placed
from sim.worlds.walkways import Covers, RoomFloor

GAP = 0.03
"""Space between furniture and the wall behind it, m."""
_DOOR_DEPTH = 0.95  # m kept free in front of a door


@dataclass(frozen=True, slots=True)
class Group:
    """Furniture that belongs together, in a frame on the wall: +x into the room, y along it."""

    items: tuple[Placed, ...]
    reach: float = 0.6
    """Free depth needed in front of it, m."""
    low: bool = False
    """May stand under a window."""
    walks: tuple[Rect, ...] = ()
    """More floor that must stay free, in the group's frame."""


def against(
    model: Model, *, reach: float = 0.6, x: float = 0.0, extra: Sequence[Placed] = ()
) -> Group:
    """Return a group of one model with its back to the wall, and what hangs or stands on it."""
    item = Placed(model, GAP + x + model.size[0] / 2, 0.0)
    return Group((item, *extra), reach, low=model.size[2] < 0.95)


def footprint(item: Placed) -> Rect:
    """Return the floor rectangle under a placed model."""
    c, s = abs(math.cos(item.yaw)), abs(math.sin(item.yaw))
    hx = (c * item.model.size[0] + s * item.model.size[1]) / 2
    hy = (s * item.model.size[0] + c * item.model.size[1]) / 2
    return (item.x - hx, item.y - hy, item.x + hx, item.y + hy)


def overlap(a: Rect, b: Rect, margin: float = 0.0) -> bool:
    """Return whether two rectangles come closer than `margin`."""
    return (
        a[0] < b[2] + margin
        and b[0] < a[2] + margin
        and a[1] < b[3] + margin
        and b[1] < a[3] + margin
    )


def inside(inner: Rect, outer: Rect) -> bool:
    """Return whether a rectangle lies in another."""
    return (
        inner[0] >= outer[0]
        and inner[1] >= outer[1]
        and inner[2] <= outer[2]
        and inner[3] <= outer[3]
    )


def union(rects: Sequence[Rect]) -> Rect:
    """Return the smallest rectangle around others."""
    array = np.array(rects)
    low, high = array[:, :2].min(axis=0), array[:, 2:].max(axis=0)
    return (float(low[0]), float(low[1]), float(high[0]), float(high[1]))


def _turned(rect: Rect, x: float, y: float, yaw: float) -> Rect:
    """Return a rectangle of a frame at x, y, yaw (a multiple of 90 degrees) in the outer frame."""
    c, s = round(math.cos(yaw)), round(math.sin(yaw))
    corners = [(x + c * px - s * py, y + s * px + c * py) for px in rect[::2] for py in rect[1::2]]
    xs, ys = [p[0] for p in corners], [p[1] for p in corners]
    return (min(xs), min(ys), max(xs), max(ys))


def _inward(opening: Opening, room: Rect) -> float:
    """Return +1 if the room lies on the upper side of the opening's wall."""
    middle = (room[0] + room[2]) / 2 if opening.axis == 1 else (room[1] + room[3]) / 2
    return 1.0 if middle > opening.line else -1.0


def zone(opening: Opening, room: Rect, depth: float, margin: float) -> Rect:
    """Return the floor in front of an opening on the room's side."""
    side = _inward(opening, room)
    near, far = sorted((opening.line, opening.line + side * (depth + WALL / 2)))
    lo, hi = opening.lo - margin, opening.hi + margin
    return (lo, near, hi, far) if opening.axis == 0 else (near, lo, far, hi)


@dataclass(slots=True)
class RoomSpace:
    """What is where in one room while it is being furnished."""

    room: Rect
    """Free floor between the walls."""
    openings: list[Opening]
    rng: np.random.Generator
    floor: RoomFloor
    solids: list[Rect] = field(default_factory=list)
    access: list[Rect] = field(default_factory=list)
    """Floor that must stay free and reachable in front of what was placed."""
    items: list[Placed] = field(default_factory=list)
    hung: list[tuple[int, float, float, float, float]] = field(default_factory=list)
    """What hangs on walls: side, lo, hi, bottom, top."""

    @classmethod
    def of(cls, plan: FloorPlan, index: int, rng: np.random.Generator, covers: Covers) -> RoomSpace:
        """Start with an empty room of a plan."""
        room = plan.rooms[index].inner
        return cls(room, plan.of(index), rng, RoomFloor(room, covers))

    def fit_out(self, fixtures: Sequence[Placed]) -> None:
        """Add door leaves and windows, which come with the house."""
        self.solids += [footprint(item) for item in fixtures if not item.ghost]
        self.floor.put(fixtures)

    @property
    def ways(self) -> list[Opening]:
        """Openings a robot can drive through, and the front door."""
        return [o for o in self.openings if o.kind != "window"]

    @property
    def doorways(self) -> list[Rect]:
        """Floor to keep free in front of doors."""
        return [zone(o, self.room, _DOOR_DEPTH, 0.08) for o in self.ways]

    def sides(self) -> Iterator[tuple[int, float, float, float, float, float]]:
        """Yield (side, x, y, yaw, length, middle) with x, y the middle of each wall."""
        x0, y0, x1, y1 = self.room
        mx, my = (x0 + x1) / 2, (y0 + y1) / 2
        yield 0, x0, my, 0.0, y1 - y0, my
        yield 1, x1, my, math.pi, y1 - y0, my
        yield 2, mx, y0, math.pi / 2, x1 - x0, mx
        yield 3, mx, y1, -math.pi / 2, x1 - x0, mx

    def on_side(self, side: int, opening: Opening) -> bool:
        """Return whether an opening is in a wall of the room."""
        axis = 1 if side < 2 else 0
        line = self.room[(0, 2, 1, 3)[side]]
        return opening.axis == axis and abs(opening.line - line) < WALL

    def put_wall(
        self, group: Group, where: str = "any", sides: Sequence[int] = (0, 1, 2, 3)
    ) -> int | None:
        """Stand a group at a wall; `where` is "any", "corner" or "middle".

        Returns:
            The side it stands at, or None if it does not fit.
        """
        rects = [footprint(item) for item in group.items if not item.ghost]
        box = union(rects)
        half = (box[3] - box[1]) / 2
        shift = (box[1] + box[3]) / 2
        walls = [wall for wall in self.sides() if wall[0] in sides and wall[4] >= 2 * half]
        self.rng.shuffle(walls)  # pyright: ignore[reportArgumentType]
        spots = [(wall, along) for wall in walls for along in self._along(wall[4], half, where)]
        if where != "any":
            spots.sort(key=lambda spot: abs(spot[1]) * (-1 if where == "corner" else 1))
        for (side, x, y, yaw, _, _), along in spots:
            offset = along - shift
            px, py = x - math.sin(yaw) * offset, y + math.cos(yaw) * offset
            if self._under_window(side, px, py, yaw, box) and not group.low:
                continue
            if self._commit(group, rects, box, (px, py, yaw)):
                return side
        return None

    def _along(self, length: float, half: float, where: str) -> list[float]:
        slack = max(length / 2 - half - 0.02, 0.0)
        if where == "middle":
            return [s * f * slack for f in (0, 0.2, 0.4, 0.6, 0.8, 1.0) for s in (1, -1)]
        if where == "corner":
            return [slack, -slack, 0.85 * slack, -0.85 * slack, 0.6 * slack, -0.6 * slack]
        return [float(v) for v in self.rng.permutation(np.linspace(-slack, slack, 9))]

    def _under_window(self, side: int, x: float, y: float, yaw: float, box: Rect) -> bool:
        rect = _turned(box, x, y, yaw)
        lo, hi = (rect[1], rect[3]) if side < 2 else (rect[0], rect[2])
        return any(
            self.on_side(side, o) and o.kind == "window" and lo < o.hi + 0.1 and hi > o.lo - 0.1
            for o in self.openings
        )

    def put_under(self, group: Group, opening: Opening) -> bool:
        """Stand a group at the wall under a window, if nothing is there."""
        side = next(side for side in range(4) if self.on_side(side, opening))
        _, x, y, yaw, _, _ = list(self.sides())[side]
        middle = (opening.lo + opening.hi) / 2
        return self.put_free(group, *((x, middle) if side < 2 else (middle, y)), yaw)

    def put_free(self, group: Group, x: float, y: float, yaw: float) -> bool:
        """Stand a group in the room with its frame at x, y, yaw, if it fits."""
        rects = [footprint(item) for item in group.items if not item.ghost]
        return self._commit(group, rects, union(rects), (x, y, yaw))

    def _commit(
        self, group: Group, rects: list[Rect], box: Rect, at: tuple[float, float, float]
    ) -> bool:
        solid = [_turned(rect, *at) for rect in rects]
        fronts = [_turned(rect, *at) for rect in group.walks]
        reach = _turned((box[2], box[1], box[2] + group.reach, box[3]), *at)
        if not all(inside(rect, self.room) for rect in (*solid, *fronts)):
            return False
        fronts += [reach] if group.reach > 0 else []
        if not self._fits(solid, fronts):
            return False
        return self._add([item.moved(*at) for item in group.items], solid, fronts)

    def _fits(self, solid: list[Rect], fronts: list[Rect]) -> bool:
        blocked = [*self.solids, *self.doorways]
        if any(overlap(rect, other, 0.02) for rect in solid for other in blocked):
            return False
        if any(overlap(rect, other) for rect in solid for other in self.access):
            return False
        return not any(overlap(rect, other, -0.02) for rect in fronts for other in self.solids)

    def _add(
        self, items: list[Placed], solid: Sequence[Rect] = (), fronts: Sequence[Rect] = ()
    ) -> bool:
        """Add things unless one could no longer walk through the room and up to all in it."""
        gates = np.array([self._gate(opening) for opening in self.ways])
        if not self.floor.allows(items, gates, [*self.access, *fronts]):
            return False
        self.floor.put(items)
        self.solids += solid
        self.access += fronts
        self.items += items
        return True

    def _gate(self, opening: Opening) -> tuple[float, float]:
        """Return the place where one stands after coming in."""
        middle = (opening.lo + opening.hi) / 2
        inside = opening.line + _inward(opening, self.room) * (0.38 + WALL / 2)
        return (middle, inside) if opening.axis == 0 else (inside, middle)

    def hang(
        self, model: Model, z: float, sides: Sequence[int] = (0, 1, 2, 3), tries: int = 20
    ) -> bool:
        """Hang a flat thing on a wall with its middle at height z, clear of all else."""
        half, tall = model.size[1] / 2, model.size[2]
        walls = [wall for wall in self.sides() if wall[0] in sides and wall[4] > 2 * half + 0.2]
        for _ in range(tries if walls else 0):
            side, x, y, yaw, length, middle = walls[int(self.rng.integers(len(walls)))]
            slack = length / 2 - half - 0.1
            along = float(self.rng.choice([0.0, *self.rng.uniform(-slack, slack, 2)]))
            if self.hang_at(model, z, side, (x, y, yaw, middle), along, tall):
                return True
        return False

    def hang_at(
        self,
        model: Model,
        z: float,
        side: int,
        wall: tuple[float, float, float, float],
        along: float,
        tall: float,
    ) -> bool:
        """Hang a thing at a place on a wall if nothing is in its way."""
        x, y, yaw, _ = wall
        px, py = x - math.sin(yaw) * along, y + math.cos(yaw) * along
        at = py if side < 2 else px
        span = (at - model.size[1] / 2, at + model.size[1] / 2, z - tall / 2, z + tall / 2)
        if self._wall_taken(side, span) or not self._fix(model, px, py, yaw, z):
            return False
        self.hung.append((side, *span))
        return True

    def hang_standing(self, model: Model) -> bool:
        """Fix a model whose height is built in (a towel rail) to a wall."""
        low = min(float(piece.mesh.vertices[:, 2].min()) for piece in model.pieces)
        for side, x, y, yaw, length, _ in self.sides():
            slack = length / 2 - model.size[1] / 2 - 0.1
            for along in self.rng.uniform(-slack, slack, 4) if slack > 0 else ():
                px, py = x - math.sin(yaw) * along, y + math.cos(yaw) * along
                at = py if side < 2 else px
                span = (at - model.size[1] / 2, at + model.size[1] / 2, low, model.size[2])
                if not self._wall_taken(side, span) and self._fix(model, px, py, yaw, 0.0):
                    self.hung.append((side, *span))
                    return True
        return False

    def drape(self, model: Model, opening: Opening) -> bool:
        """Hang curtains at a window unless something tall stands there."""
        side = next(side for side in range(4) if self.on_side(side, opening))
        _, x, y, yaw, _, _ = list(self.sides())[side]
        middle = (opening.lo + opening.hi) / 2
        lo, hi = middle - model.size[1] / 2, middle + model.size[1] / 2
        low = min(float(piece.mesh.vertices[:, 2].min()) for piece in model.pieces)
        wall = (self.room[1], self.room[3]) if side < 2 else (self.room[0], self.room[2])
        strip = self._strip(side, lo, hi)
        taken = any(
            item.z + item.model.size[2] > low and overlap(footprint(item), strip)
            for item in self.items
            if item.model.category not in ("rug", "ceiling light")
        )
        if taken or lo < wall[0] or hi > wall[1]:
            return False
        px, py = (x, middle) if side < 2 else (middle, y)
        if not self._fix(model, px, py, yaw, 0.0, gap=0.03):
            return False
        self.hung.append((side, lo, hi, low, model.size[2]))
        return True

    def _fix(
        self, model: Model, x: float, y: float, yaw: float, z: float, gap: float = 0.004
    ) -> bool:
        depth = model.size[0] / 2 + gap
        at = (x + math.cos(yaw) * depth, y + math.sin(yaw) * depth)
        return self._add([Placed(model, *at, z, yaw, ghost=True)])

    def _wall_taken(self, side: int, span: tuple[float, float, float, float]) -> bool:
        lo, hi, bottom, top = span
        for other, a, b, low, high in self.hung:
            if (
                other == side
                and lo < b + 0.12
                and hi > a - 0.12
                and bottom < high + 0.08
                and top > low - 0.08
            ):
                return True
        for o in self.openings:
            if self.on_side(side, o) and lo < o.hi + 0.15 and hi > o.lo - 0.15 and top > o.bottom:
                return True
        strip = self._strip(side, lo, hi)
        return any(
            item.z + item.model.size[2] > bottom - 0.04 and overlap(footprint(item), strip)
            for item in self.items
            if not (item.ghost and item.model.category in ("rug", "ceiling light"))
        )

    def _strip(self, side: int, lo: float, hi: float) -> Rect:
        x0, y0, x1, y1 = self.room
        deep = 0.12
        return (
            (x0, lo, x0 + deep, hi),
            (x1 - deep, lo, x1, hi),
            (lo, y0, hi, y0 + deep),
            (lo, y1 - deep, hi, y1),
        )[side]
