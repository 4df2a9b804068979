"""A tiny flat world for closed-loop tests of navigation, and maps drawn with characters."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import cv2
import numpy as np

from goat.types import Body, CellState, DiscreteAction, OccupancyGrid, VelocityCommand

_STATES = {"?": CellState.UNKNOWN, ".": CellState.FREE, "#": CellState.OCCUPIED}


def draw(text: str, cell: float = 0.25, resolution: float = 0.05) -> OccupancyGrid:
    """Return the map drawn in `text`: one character per `cell` metres, the top line is +y."""
    lines = [line.strip() for line in text.strip().splitlines()]
    state = np.array([[_STATES[c] for c in line] for line in lines[::-1]], np.uint8)
    k = round(cell / resolution)
    return OccupancyGrid(np.kron(state, np.ones((k, k), np.uint8)), (0.0, 0.0), resolution)


def home(
    rooms: tuple[int, int], seed: int, room: float = 3.6, clutter: int = 4, door: float = 0.9
) -> OccupancyGrid:
    """Return a ground-truth plan: a grid of rooms joined by doors, with boxes of furniture."""
    rng = np.random.default_rng(seed)
    size, wall = round(room / 0.05), 2
    rows, cols = rooms
    state = np.full((rows * size + wall, cols * size + wall), CellState.FREE, np.uint8)
    for r in range(rows + 1):
        state[r * size : r * size + wall] = CellState.OCCUPIED
    for c in range(cols + 1):
        state[:, c * size : c * size + wall] = CellState.OCCUPIED
    keep_clear = np.zeros(state.shape, bool)
    for (r, c), (dr, dc) in _tree_of_doors(rooms, rng):
        gap = round(door / 0.05)
        at = int(rng.integers(6, size - gap - 6))
        if dr:
            spot = np.s_[
                (r + 1) * size : (r + 1) * size + wall, c * size + at : c * size + at + gap
            ]
        else:
            spot = np.s_[
                r * size + at : r * size + at + gap, (c + 1) * size : (c + 1) * size + wall
            ]
        state[spot] = CellState.FREE
        keep_clear[spot] = True
        assert dr + dc == 1
    keep_clear = cv2.dilate(keep_clear.astype(np.uint8), np.ones((29, 29), np.uint8)) > 0
    for r in range(rows):
        for c in range(cols):
            for _ in range(clutter):
                h, w = rng.integers(6, 28, 2)
                y = r * size + int(rng.integers(wall, size - h))
                x = c * size + int(rng.integers(wall, size - w))
                if not keep_clear[y : y + h, x : x + w].any():
                    state[y : y + h, x : x + w] = CellState.OCCUPIED
    return OccupancyGrid(state, (0.0, 0.0), 0.05)


def _tree_of_doors(rooms, rng):
    """Yield room and direction of doors that connect every room, and a few more."""
    rows, cols = rooms
    doors = [((r, c), (1, 0)) for r in range(rows - 1) for c in range(cols)]
    doors += [((r, c), (0, 1)) for r in range(rows) for c in range(cols - 1)]
    group = {(r, c): (r, c) for r in range(rows) for c in range(cols)}

    def root(a):
        while group[a] != a:
            a = group[a]
        return a

    for k in rng.permutation(len(doors)):
        (r, c), (dr, dc) = doors[k]
        a, b = root((r, c)), root((r + dr, c + dc))
        if a != b or rng.random() < 0.25:
            group[a] = b
            yield doors[k]


@dataclass
class FlatWorld:
    """A disc robot with a range sensor in a ground-truth plan, mapping as it goes."""

    truth: OccupancyGrid
    pose: tuple[float, float, float]
    body: Body = field(default_factory=Body)
    hfov: float = math.radians(79.0)
    reach: float = 5.0
    near: float = 0.0
    ghosts: np.ndarray | None = None
    """Cells (rows, cols) that stop the robot but that the sensor does not see."""
    collided: bool = False
    steps: int = 0
    driven: float = 0.0

    def __post_init__(self) -> None:
        solid = self.truth.state == CellState.OCCUPIED
        if self.ghosts is not None:
            solid = solid | self.ghosts
        fine = cv2.resize((~solid).astype(np.uint8), None, fx=4, fy=4, interpolation=0)
        fine = np.pad(fine, 1)
        self._room = cv2.distanceTransform(fine, cv2.DIST_L2, 5)[1:-1, 1:-1] * 0.0125 - 0.006
        self.map = np.zeros(self.truth.shape, np.uint8)
        self.floor = self._reachable()
        self.trace = [self.pose[:2]]
        assert self.room(*self.pose[:2]) >= self.body.radius, "the start is not free"
        self.sense()

    def room(self, x: float, y: float) -> float:
        """Return the distance to the nearest solid thing, m."""
        r, c = int(y / 0.0125), int(x / 0.0125)
        inside = 0 <= r < self._room.shape[0] and 0 <= c < self._room.shape[1]
        return float(self._room[r, c]) if inside else 0.0

    @property
    def grid(self) -> OccupancyGrid:
        return OccupancyGrid(self.map.copy(), self.truth.origin, self.truth.resolution)

    def act(self, action: DiscreteAction | VelocityCommand, period: float = 0.2) -> None:
        self.steps += 1
        x, y, yaw = self.pose
        if isinstance(action, VelocityCommand):
            end, distance = yaw + action.angular * period, action.linear * period
            yaw = yaw + 0.5 * action.angular * period  # the direction of the arc's chord
        else:
            turn = {DiscreteAction.TURN_LEFT: 1, DiscreteAction.TURN_RIGHT: -1}.get(action, 0)
            yaw = yaw + turn * self.body.turn_step
            distance = self.body.forward_step if action is DiscreteAction.FORWARD else 0.0
            end = yaw
        self.collided = False
        for _ in range(math.ceil(distance / 0.01 - 1e-9)):
            nx, ny = x + 0.01 * math.cos(yaw), y + 0.01 * math.sin(yaw)
            if self.room(nx, ny) < self.body.radius:
                self.collided = True
                break
            x, y = nx, ny
            self.driven += 0.01
        self.pose = (x, y, math.remainder(end, 2 * math.pi))
        self.trace.append((x, y))
        self.sense()

    def sense(self) -> None:
        x, y, yaw = self.pose
        angle = yaw + np.linspace(-0.5 * self.hfov, 0.5 * self.hfov, 160)
        radius = np.arange(self.near, self.reach, 0.025)
        xs = x + np.outer(np.cos(angle), radius)
        ys = y + np.outer(np.sin(angle), radius)
        rows, cols = self.truth.shape
        r, c = (ys / 0.05).astype(np.int32), (xs / 0.05).astype(np.int32)
        inside = (ys >= 0) & (xs >= 0) & (r < rows) & (c < cols)
        flat = np.where(inside, r * cols + c, 0)
        solid = (self.truth.state.ravel()[flat] == CellState.OCCUPIED) | ~inside
        clear = np.logical_and.accumulate(~solid, axis=1)
        hit = solid & np.pad(clear, ((0, 0), (1, 0)), constant_values=True)[:, :-1] & inside
        self.map.ravel()[flat[clear]] = CellState.FREE
        self.map.ravel()[flat[hit]] = CellState.OCCUPIED
        window = self.truth.cells(np.array([x, y]))
        cv2.circle(self.map, (int(window[1]), int(window[0])), 3, int(CellState.FREE), -1)

    def _reachable(self) -> np.ndarray:
        """Return (rows, cols) cells where the robot's centre can stand, connected to it."""
        rows, cols = self.truth.shape
        room = self._room[2::4, 2::4][:rows, :cols]
        _, labels = cv2.connectedComponents((room >= self.body.radius).astype(np.uint8))
        return labels == labels[tuple(self.truth.cells(np.array(self.pose[:2])))]

    def floor_seen(self) -> float:
        """Return the share of the reachable floor that is mapped as free."""
        return float((self.map[self.floor] == CellState.FREE).mean())
