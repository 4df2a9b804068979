"""What a step costs in habitat_sim here and in another process, at 480 x 640 RGB-D.

Run: python benchmarks/habitat_step.py --scene FILE.glb --dataset FILE.json [--steps 300]
With tests/fake_habitat and tests on PYTHONPATH the imitation is measured: what it renders costs
something else, what the other process costs besides does not.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from pathlib import Path
from typing import Any

from sim.habitat import HabitatEngine, LocalEngine
from sim.habitat_client import RemoteEngine, ServerProcess

_ROOM = 8 * 2**20


def settings(scene: str, dataset: str) -> dict[str, Any]:
    """Return what an engine opens."""
    return {
        "scene": scene, "dataset": dataset, "width": 640, "height": 480, "hfov": 79.0,
        "mast": 1.31, "tilt": 0.0, "radius": 0.17, "robot_height": 1.41, "step_height": 0.2,
        "forward": 0.25, "turn": 30.0, "slide": False, "rgb": True, "semantic": False, "gpu": None,
        "seed": 0,
    }  # fmt: skip


def rounds(engines: dict[str, HabitatEngine], steps: int) -> dict[str, list[float]]:
    """Return milliseconds of each turn; the engines take turns, so that both meet the same load."""
    found: dict[str, list[float]] = {name: [] for name in engines}
    for _ in range(steps):
        for name, engine in engines.items():
            began = time.perf_counter()
            engine.call("act", "turn_left")
            found[name].append(1e3 * (time.perf_counter() - began))
    return found


def cpu_of(pid: int | None) -> float:
    """Return the CPU time of a process, s; 0 for none. Linux only."""
    if pid is None:
        return 0.0
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def cpu(engine: HabitatEngine, pid: int | None, steps: int) -> float:
    """Return the CPU time of a step on both sides, ms: other programs hardly change it."""
    began = time.process_time() + cpu_of(pid)
    for _ in range(steps):
        engine.call("act", "turn_left")
    return 1e3 * (time.process_time() + cpu_of(pid) - began) / steps


def main() -> None:
    """Measure both ways."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scene", required=True)
    parser.add_argument("--dataset", required=True)
    parser.add_argument("--python", default=sys.executable, help="where habitat_sim is")
    parser.add_argument("--steps", type=int, default=300)
    options = parser.parse_args()
    server = ServerProcess(options.python)
    shared = RemoteEngine(server.address, server, _ROOM)
    other = ServerProcess(options.python)
    engines = {
        "in this process": LocalEngine(),
        "in another, shared memory": shared,
        "in another, by message": RemoteEngine(other.address, other, 0),
    }
    for engine in engines.values():
        engine.call("open", settings(options.scene, options.dataset))
        engine.call("place", engine.call("random_point"), [0.0, 0.0, 0.0, 1.0])
    pids = dict(zip(engines, (None, server.pid, other.pid), strict=True))
    found = rounds(engines, options.steps)
    spent = {name: cpu(engine, pids[name], options.steps) for name, engine in engines.items()}
    base = found["in this process"]
    for name, times in found.items():
        more = statistics.median(b - a for a, b in zip(base, times, strict=True))
        print(
            f"{name:26} median {statistics.median(times):6.2f} ms, "
            f"p95 {sorted(times)[int(0.95 * len(times))]:6.2f} ms, {more:+.2f} ms; CPU of both "
            f"sides {spent[name]:6.2f} ms, {spent[name] - spent['in this process']:+.2f} ms"
        )
    for engine in engines.values():
        engine.close()


if __name__ == "__main__":
    main()
