"""CPU time of navigation on plans of many furnished rooms, on one thread.

Prints a table and, as the last line, one JSON object:
`{"<cells>": {"field": {"median_ms", "p99_ms"}, ...}, ...}`.
"""

from __future__ import annotations

import itertools
import json
import math
import time
from collections.abc import Callable

import cv2
import numpy as np
from rich.console import Console
from rich.table import Table

from goat.nav.approach import ApproachConfig, footprint, stop_pose
from goat.nav.fmm import travel_time
from goat.nav.frontier import FrontierExplorer
from goat.nav.grid import CostConfig, CostMap, Pose, cost_map, crop
from goat.nav.navigator import Navigator, Progress
from goat.types import Body, CellState, DiscreteAction, OccupancyGrid

REPEATS = 60
Figures = dict[str, dict[str, float]]


def plan(cells: int, seed: int) -> OccupancyGrid:
    """Return a square plan of rooms of 3.6 m with doors of 0.9 m and boxes of furniture."""
    rng = np.random.default_rng(seed)
    state = np.full((cells, cells), CellState.FREE, np.uint8)
    rooms = max(1, cells // 72)
    edges = np.linspace(0, cells - 2, rooms + 1).astype(int)
    for edge in edges:
        state[edge : edge + 2] = state[:, edge : edge + 2] = CellState.OCCUPIED
    for edge in edges[1:-1]:
        for low, high in itertools.pairwise(edges):
            at = rng.integers(low + 8, high - 26)
            state[edge : edge + 2, at : at + 18] = CellState.FREE
            at = rng.integers(low + 8, high - 26)
            state[at : at + 18, edge : edge + 2] = CellState.FREE
    for _ in range(3 * rooms * rooms):
        row, col = rng.integers(4, cells - 34, 2)
        height, width = rng.integers(6, 26, 2)
        near = state[row - 3 : row + height + 3, col - 3 : col + width + 3]
        if (near == CellState.FREE).all():
            state[row : row + height, col : col + width] = CellState.OCCUPIED
    return OccupancyGrid(state, (0.0, 0.0), 0.05)


def partly_seen(truth: OccupancyGrid, pose: Pose, share: float) -> OccupancyGrid:
    """Return the plan with the `share` of it that is nearest to the robot known."""
    away = np.abs(truth.points(np.indices(truth.shape).transpose(1, 2, 0)) - pose[:2]).max(axis=2)
    state = truth.state.copy()
    state[away > np.quantile(away, share)] = CellState.UNKNOWN
    return OccupancyGrid(state, truth.origin, truth.resolution)


def start(truth: OccupancyGrid, seed: int) -> Pose:
    """Return a roomy place near the middle."""
    away = cv2.distanceTransform((truth.state == CellState.FREE).astype(np.uint8), cv2.DIST_L2, 5)
    cells = np.argwhere(away > 8)
    middle = np.abs(cells - np.array(truth.shape) // 2).sum(axis=1)
    x, y = truth.points(cells[np.argsort(middle)[seed]])
    return float(x), float(y), 0.0


def milliseconds(work: Callable[[], object]) -> float:
    """Return the CPU time of one call."""
    before = time.thread_time()
    work()
    return 1e3 * (time.thread_time() - before)


def parts(truth: OccupancyGrid, body: Body) -> dict[str, list[float]]:
    """Return the times of the single parts, each on a few maps."""
    times: dict[str, list[float]] = {"costs": [], "field": [], "frontier": [], "stop pose": []}
    for k in range(REPEATS):
        pose = start(truth, k % 10)
        known, _ = crop(partly_seen(truth, pose, 0.7), np.array(pose[:2]), 8)
        costs = cost_map(known, pose, body, CostConfig())
        times["costs"].append(
            milliseconds(lambda c=known, p=pose: cost_map(c, p, body, CostConfig()))
        )
        full = cost_map(crop(truth, np.array(pose[:2]), 8)[0], pose, body, CostConfig())
        times["field"].append(milliseconds(lambda c=full, p=pose: travel_time(c, p)))
        times["frontier"].append(frontier_time(costs, pose))
        times["stop pose"].append(stop_time(full, pose, body))
    return times


def frontier_time(costs: CostMap, pose: Pose) -> float:
    """Return the CPU time of choosing a view, ms."""
    travel = travel_time(costs, pose)
    explorer = FrontierExplorer()
    return milliseconds(lambda: explorer.explore(travel, pose))


def stop_time(costs: CostMap, pose: Pose, body: Body) -> float:
    """Return the CPU time of finding where to stop in front of an object, ms."""
    travel, config = travel_time(costs, pose), ApproachConfig()
    xs = np.linspace(0.0, 0.5, 11)
    points = np.stack(np.meshgrid(xs + 2.0, xs + 2.0, [0.2]), axis=-1).reshape(-1, 3)
    return milliseconds(
        lambda: stop_pose(footprint(points, costs.grid, config), travel, body, config)
    )


def steps(truth: OccupancyGrid, body: Body, count: int = 150) -> list[float]:
    """Return the times of whole navigator steps while exploring with a wide, blind-free sensor."""
    x, y, yaw = start(truth, 0)
    navigator, times = Navigator(body), []
    state = partly_seen(truth, (x, y, yaw), 0.5).state
    for _ in range(count):
        row, col = truth.cells(np.array([x, y]))
        window = np.s_[max(row - 30, 0) : row + 30, max(col - 30, 0) : col + 30]
        state[window] = truth.state[window]
        grid, pose = OccupancyGrid(state.copy(), truth.origin, truth.resolution), (x, y, yaw)
        before = time.thread_time()
        navigator.update(grid, pose, False)
        step = navigator.explore()
        times.append(1e3 * (time.thread_time() - before))
        if step.outcome is not Progress.MOVING:
            break
        turn = {DiscreteAction.TURN_LEFT: 1, DiscreteAction.TURN_RIGHT: -1}.get(step.action, 0)  # type: ignore[call-overload]
        yaw += turn * body.turn_step
        if step.action is DiscreteAction.FORWARD:
            x, y = x + 0.25 * math.cos(yaw), y + 0.25 * math.sin(yaw)
    return times


def summarise(times: dict[str, list[float]]) -> Figures:
    """Return the median and the 99th percentile of each row."""
    return {
        name: {
            "median_ms": round(float(np.median(t)), 2),
            "p99_ms": round(float(np.percentile(t, 99)), 2),
        }
        for name, t in times.items()
    }


def main() -> None:
    """Measure and print."""
    cv2.setNumThreads(1)
    body, console, results = Body(), Console(), {}
    table = Table("cells", "part", "median ms", "p99 ms", title="navigation, CPU, one thread")
    for cells in (250, 500):
        truth = plan(cells, seed=1)
        figures = summarise({**parts(truth, body), "step": steps(truth, body)})
        results[str(cells)] = figures
        for name, row in figures.items():
            table.add_row(f"{cells}²", name, f"{row['median_ms']:.2f}", f"{row['p99_ms']:.2f}")
    console.print(table)
    print(json.dumps(results))


if __name__ == "__main__":
    main()
