"""`goat list`: what can be named."""

from __future__ import annotations

import os
from collections import defaultdict
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from goat.bench.agents import AGENTS, SUMMARIES
from goat.commands.options import List
from goat.commands.parts import DEFAULT_MODELS
from goat.perception.catalog import DETECTORS, ENCODERS, MATCHERS
from goat.registry import Registry


def list_names(options: List, console: Console) -> int:
    """Print the names, or the objects of a world."""
    if options.world is not None:
        _list_world(options.world, console)
        return 0
    for registry in (DETECTORS, ENCODERS, MATCHERS):
        _list_registry(registry, console)
    _list_agents(console)
    _list_cameras(console)
    _list_worlds(console)
    return 0


def _list_registry(registry: Registry, console: Console) -> None:
    table = Table(title=f"{registry.kind}s", title_justify="left", box=None, pad_edge=False)
    table.add_column("name", style="bold", min_width=16)
    table.add_column("weights, unless NAME:MODEL says otherwise")
    for name in registry.names():
        table.add_row(name, DEFAULT_MODELS.get(name, "needs none"))
    console.print(table, end="\n\n")


def _list_agents(console: Console) -> None:
    table = Table(title="agents", title_justify="left", box=None, pad_edge=False)
    table.add_column("name", style="bold", min_width=16)
    table.add_column("what `goat bench run` compares")
    for name in AGENTS.names():
        table.add_row(name, SUMMARIES[name])
    console.print(table, end="\n\n")


def _list_cameras(console: Console) -> None:
    from sim.home import PRESETS

    table = Table(title="cameras", title_justify="left", box=None, pad_edge=False)
    table.add_column("name", style="bold", min_width=16)
    for heading in ("image px", "hfov deg", "height m", "robot radius m"):
        table.add_column(heading, justify="right")
    for name, preset in PRESETS.items():
        degrees = f"{preset.hfov * 57.29578:.0f}"
        size = f"{preset.width} x {preset.height}"
        table.add_row(name, size, degrees, f"{preset.mast:.2f}", f"{preset.radius:.2f}")
    console.print(table, end="\n\n")


def _list_worlds(console: Console) -> None:
    console.print("worlds", style="italic")
    console.print("generated:SEED   a furnished home; every seed is another", highlight=False)
    console.print("FILE.world|.sdf  a Gazebo world with its models beside it", highlight=False)
    console.print("FILE.glb|.gltf   a glTF scene", highlight=False)
    root = os.environ.get("GOAT_DATA")
    if root is None:
        console.print("Set GOAT_DATA to a folder with worlds/ to find files by bare name.")
        return
    for path in sorted(Path(root, "worlds").rglob("*.world")):
        console.print(f"{path.name}  {path}", highlight=False, soft_wrap=True)


def _list_world(spec: str, console: Console) -> None:
    from sim.worlds import load_world

    world = load_world(spec)
    names: dict[str, list[str]] = defaultdict(list)
    for item in world.objects:
        if item.category is not None:
            names[item.category].append(item.name)
    table = Table(box=None, pad_edge=False)
    table.add_column("category", style="bold")
    table.add_column("count", justify="right")
    table.add_column("objects (names for `target:` in a goals file)")
    for category in sorted(names):
        table.add_row(category, str(len(names[category])), Text(", ".join(names[category])))
    console.print(table)
    for warning in world.warnings:
        console.print(f"[yellow]note:[/] {warning}", highlight=False)
