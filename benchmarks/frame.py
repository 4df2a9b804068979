"""What a frame of the simulator costs, pass by pass, in CPU time over random poses.

    python benchmarks/frame.py --world small_house.world --preset default

The naive figure is MuJoCo's own renderer asked for colour, depth and segmentation in turn. The
last line is one JSON object; `cpu_ms_per_frame` is RGB + depth + ids.
"""

from __future__ import annotations

import json
import math
import os
import platform
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

# This folder comes first on the path of its scripts, and this file would pass for the package.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("MUJOCO_GL", "egl")
os.environ.setdefault("LP_NUM_THREADS", "0")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import mujoco
import numpy as np
import tyro
from scipy.spatial.transform import RigidTransform

from goat.frames import mast_camera, planar
from goat.types import DiscreteAction
from sim.home import HomeConfig, HomeSim
from sim.worlds import load_world


@dataclass(frozen=True)
class Config:
    """What is measured."""

    world: str = "generated:0"
    """See `sim.worlds.load_world`."""
    preset: str = "default"
    """Camera: default, stretch or spot."""
    poses: int = 100
    """Random navigable poses."""
    repeats: int = 3
    """Each figure is the best of this many rounds, since others use the machine too."""
    seed: int = 0
    """Of the poses."""
    naive: bool = True
    """Measure MuJoCo's own renderer too."""


def main(config: Config) -> None:
    """Measure and print."""
    started = time.process_time()
    world = load_world(config.world)
    loaded = time.process_time()
    sim = HomeSim(world, HomeConfig(preset=config.preset))
    built = time.process_time()
    rng = np.random.default_rng(config.seed)
    poses = [sim.random_pose(rng) for _ in range(config.poses)]
    views = [planar(*pose) * mast_camera(sim.camera_height) for pose in poses]
    rows = measure(sim, poses, views, config)
    model = sim.compiled.model
    print(
        f"{config.world}: {model.nmeshface} triangles, {model.ngeom} geoms, {model.nlight} lights"
    )
    print(
        f"{sim.camera.width}x{sim.camera.height}, {config.poses} poses, GL {sim.renderer.backend}"
    )
    for name, value in rows.items():
        print(f"  {name:44s} {value:9.3f} ms")
    drawn = [sim.renderer.drawn(sim.camera, view) for view in views]
    in_frustum, seen = np.mean(drawn, axis=0)
    print(f"  {'geoms in the frustum':44s} {in_frustum:9.1f} of {model.ngeom}")
    print(f"  {'geoms seen':44s} {seen:9.1f} of {model.ngeom}")
    result = {
        "cpu_ms_per_frame": round(rows["rgb + depth + ids"], 3),
        "cpu_ms": {name: round(value, 4) for name, value in rows.items()},
        "geoms": int(model.ngeom),
        "geoms_in_frustum": round(float(in_frustum), 1),
        "geoms_seen": round(float(seen), 1),
        "triangles": int(model.nmeshface),
        "load_s": round(loaded - started, 3),
        "build_s": round(built - loaded, 3),
        "world": config.world,
        "preset": config.preset,
        "poses": config.poses,
        "seed": config.seed,
        "backend": sim.renderer.backend,
        "mujoco": mujoco.__version__,
        "machine": platform.machine(),
    }
    sim.close()
    print(json.dumps(result))


def measure(
    sim: HomeSim,
    poses: Sequence[tuple[float, float, float]],
    views: Sequence[RigidTransform],
    config: Config,
) -> dict[str, float]:
    """Return name -> CPU ms per frame or call."""
    camera, renderer, space = sim.camera, sim.renderer, sim.space

    def step(turn: DiscreteAction) -> None:
        sim.act(turn)
        sim.observe()

    def sweep(pose: tuple[float, float, float]) -> None:
        x, y, yaw = pose
        space.sweep(x, y, 0.25 * math.cos(yaw), 0.25 * math.sin(yaw))

    def best(function: Callable, inputs: Sequence) -> float:
        return min(cpu_ms(function, inputs) for _ in range(config.repeats))

    kinds = (DiscreteAction.FORWARD, DiscreteAction.FORWARD, DiscreteAction.TURN_LEFT)
    walk = kinds * math.ceil(len(poses) / len(kinds))
    rows = {
        "rgb + depth": best(lambda view: renderer.render(camera, view), views),
        "ids": best(lambda view: renderer.ids(camera, view), views),
        "rgb + depth + ids": best(lambda view: renderer.render(camera, view, True), views),
        "choosing what to draw": best(lambda view: renderer.choose(camera, view), views),
        "swept collision check of one step": best(sweep, poses),
        "step: act and observe": best(step, walk),
    }
    if config.naive:
        rows["naive: MuJoCo's renderer, three passes"] = best(naive(sim), views)
    return rows


def cpu_ms(function: Callable, inputs: Sequence) -> float:
    """Return the mean CPU time of a call, ms."""
    function(inputs[0])
    start = time.process_time()
    for item in inputs:
        function(item)
    return 1e3 * (time.process_time() - start) / len(inputs)


def naive(sim: HomeSim) -> Callable[[RigidTransform], None]:
    """Return a function that renders a view with MuJoCo's renderer, one pass per image."""
    model, camera = sim.compiled.model, sim.camera
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    model.vis.global_.fovy = math.degrees(camera.vfov)
    renderer = mujoco.Renderer(model, camera.height, camera.width)
    renderer.scene.flags[mujoco.mjtRndFlag.mjRND_SHADOW] = False
    renderer.scene.flags[mujoco.mjtRndFlag.mjRND_REFLECTION] = False

    def draw(view: RigidTransform) -> None:
        renderer.update_scene(data)
        matrix = view.as_matrix()
        for eye in renderer.scene.camera:
            eye.pos, eye.forward, eye.up = matrix[:3, 3], matrix[:3, 2], -matrix[:3, 1]
        renderer.render()
        renderer.enable_depth_rendering()
        renderer.render()
        renderer.disable_depth_rendering()
        renderer.enable_segmentation_rendering()
        renderer.render()
        renderer.disable_segmentation_rendering()

    return draw


if __name__ == "__main__":
    main(tyro.cli(Config))
