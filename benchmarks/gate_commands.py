"""Commands through the gate, each checked by brute force: limits, numbers, and what it sweeps over.

    python benchmarks/gate_commands.py --commands 100000

Random worlds, wishes (also wild and not finite ones), pauses, faults and emergency stops; the robot
drives what comes out, or is put elsewhere. The oracle knows the gate's promises and nothing of how
it keeps them: it drives on in steps of a millimetre until the robot has stopped, and measures the
distance to each occupied square. The last line is one JSON object.
"""

from __future__ import annotations

import json
import math
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

# This folder comes first on the path of its scripts, and sim.py would pass for the package.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import tyro
from rich.console import Console
from rich.progress import track
from scipy.spatial.transform import RigidTransform

from goat.frames import planar
from goat.types import CellState, OccupancyGrid, VelocityCommand
from robot.estop import EmergencyStop
from robot.safety import Gate, GateConfig, Surroundings

RADIUS = 0.2
CONFIG = GateConfig()
SIDE, CELL = 160, 0.05
PER_WORLD = 500
TINY = 1e-9


@dataclass(frozen=True)
class Config:
    """How much."""

    commands: int = 100_000
    """Commands in all."""
    seed: int = 0
    """Of everything that is random."""


class Rig:
    """One world, the gate in it, and a robot that does what it is told."""

    def __init__(self, rng: np.random.Generator, file: Path) -> None:
        """Begin at a random place."""
        self.rng, self.estop = rng, EmergencyStop(file)
        self.fault: str | None = None
        self.gate = Gate(RADIUS, self.estop, lambda now: self.fault, lambda: planar(*self.pose))
        self.gate.trusted = bool(rng.random() < 0.8)
        grid = cluttered(rng)
        self.cells = grid.points(np.argwhere(grid.state == CellState.OCCUPIED))
        self.gate.show(Surroundings(grid, RigidTransform.identity()))
        self.now, self.wished = 100.0, -math.inf
        self.wish, self.sent, self.rate = VelocityCommand(0.0, 0.0), (0.0, 0.0), (0.0, 0.0)
        self.jump()

    def jump(self) -> None:
        """Be elsewhere."""
        x, y = self.rng.uniform(-3.5, 3.5, 2)
        self.pose = (float(x), float(y), float(self.rng.uniform(-math.pi, math.pi)))

    def step(self, counts: Counter[str]) -> None:
        """Ask for one command, check it, and do it."""
        dt = float(self.rng.choice([0.02, 0.02, 0.02, 0.005, 0.05, 0.3]))
        self.now += dt
        self._happen()
        verdict = self.gate.decide(self.now)
        command = verdict.command
        sent = command.linear, command.angular
        counts["commands"] += 1
        counts["moving"] += sent != (0.0, 0.0)
        counts["not finite"] += not all(map(math.isfinite, sent))
        stopped = verdict.reason is not None
        counts["moving against a reason"] += stopped and sent != (0.0, 0.0)
        counts["outside limits"] += not stopped and not self._within(sent, min(dt, 0.1))
        counts["moving when it must not"] += self._forbidden() and sent != (0.0, 0.0)
        counts["hits"] += hit(self.cells, self.pose, sent)
        rate = ((sent[0] - self.sent[0]) / min(dt, 0.1), (sent[1] - self.sent[1]) / min(dt, 0.1))
        self.sent, self.rate = sent, (0.0, 0.0) if stopped else rate
        x, y, yaw = self.pose
        middle = yaw + 0.5 * dt * sent[1]
        along = dt * sent[0]
        self.pose = x + along * math.cos(middle), y + along * math.sin(middle), yaw + dt * sent[1]

    def _happen(self) -> None:
        """Wish for something else now and then, fall silent, break down, be put elsewhere."""
        rng, chance = self.rng, self.rng.random()
        if chance < 0.04:
            self.wish = wild(rng)
        if chance > 0.999:
            self.jump()
        if rng.random() < 0.005:
            self.fault = None if self.fault else "broken"
        if rng.random() < 0.002:
            self.estop.set("test")
        elif rng.random() < 0.05:
            self.estop.clear()
        if rng.random() < 0.95:
            self.gate.wish(self.wish, self.now)
            self.wished = self.now

    def _forbidden(self) -> bool:
        late = self.now - self.wished > CONFIG.ttl
        return bool(self.fault) or self.estop.reason is not None or late

    def _within(self, sent: tuple[float, float], dt: float) -> bool:
        top = CONFIG.linear.velocity if self.gate.trusted else CONFIG.creep
        axes = (CONFIG.linear, CONFIG.angular)
        for k, (limits, most) in enumerate(zip(axes, (top, axes[1].velocity), strict=True)):
            change = sent[k] - self.sent[k]
            jerk = abs(change / dt - self.rate[k]) / dt
            if abs(sent[k]) > most + TINY or abs(change) > limits.acceleration * dt + TINY:
                return False
            if jerk > limits.jerk * (1.0 + 1e-6) + 1e-6:
                return False
        return True


def cluttered(rng: np.random.Generator) -> OccupancyGrid:
    """Return a world of random blocks."""
    state = np.full((SIDE, SIDE), CellState.FREE, np.uint8)
    for _ in range(rng.integers(5, 60)):
        row, col = rng.integers(0, SIDE, 2)
        state[row : row + rng.integers(1, 12), col : col + rng.integers(1, 4)] = CellState.OCCUPIED
    return OccupancyGrid(state, (-0.5 * SIDE * CELL, -0.5 * SIDE * CELL), CELL)


def wild(rng: np.random.Generator) -> VelocityCommand:
    """Return a wish: mostly sensible, at times not."""
    linear, angular = rng.uniform(-0.7, 0.7), rng.uniform(-1.4, 1.4)
    if rng.random() < 0.05:
        linear = rng.choice([math.nan, math.inf, -math.inf, 1e300, -1e300])
    if rng.random() < 0.05:
        angular = rng.choice([math.nan, math.inf, -math.inf, 1e300, -1e300])
    return VelocityCommand(float(linear), float(angular))


def hit(cells: np.ndarray, pose: tuple[float, float, float], sent: tuple[float, float]) -> bool:
    """Return whether the disc comes upon a square that it did not touch before, until it stops."""
    linear, angular = sent
    if linear == 0.0:
        return False
    stopping = CONFIG.stopping
    length = abs(linear) * stopping.reaction + linear**2 / (2.0 * stopping.deceleration)
    steps = int(length / 0.001) + 1
    step = math.copysign(length / steps, linear)
    yaw = pose[2] + step * angular / linear * (np.arange(steps) + 0.5)
    x = pose[0] + np.concatenate([[0.0], np.cumsum(step * np.cos(yaw))])
    y = pose[1] + np.concatenate([[0.0], np.cumsum(step * np.sin(yaw))])
    near = np.abs(cells - np.array(pose[:2])).max(axis=1) < length + RADIUS + CELL
    cells = cells[near]
    dx = np.maximum(np.abs(x[:, None] - cells[:, 0]) - 0.5 * CELL, 0.0)
    dy = np.maximum(np.abs(y[:, None] - cells[:, 1]) - 0.5 * CELL, 0.0)
    touched = np.hypot(dx, dy) < RADIUS
    return bool((touched & ~touched[0]).any())


def main(config: Config) -> None:
    """Drive and check."""
    console, counts = Console(), Counter[str]()
    rng = np.random.default_rng(config.seed)
    worlds = -(-config.commands // PER_WORLD)
    began = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        for _ in track(range(worlds), "worlds", console=console):
            rig = Rig(rng, Path(folder) / "robot.estop")
            rig.estop.clear()
            for _ in range(PER_WORLD):
                rig.step(counts)
    wrong = ("outside limits", "not finite", "hits", "moving against a reason")
    result = {name: int(counts[name]) for name in ("commands", "moving", *wrong)}
    result["moving when it must not"] = int(counts["moving when it must not"])
    for name, count in result.items():
        console.print(f"{count:8d} {name}", highlight=False)
    console.print(json.dumps({**result, "cpu_s": round(time.process_time() - began, 1)}))


if __name__ == "__main__":
    main(tyro.cli(Config, description=__doc__))
