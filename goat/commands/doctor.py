"""`goat doctor`: what works on this machine and how to get the rest."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table
from rich.text import Text

from goat.bench.results import versions
from goat.commands.options import Doctor

_BACKENDS = ("egl", "osmesa")
_TIMEOUT = 60.0  # s; a software renderer's first frame compiles its shaders
_EXTRAS = {
    "perception": ("torch", "transformers", "safetensors"),
    "policy": ("torch", "dm_control", "safetensors"),
    "mesh": ("open3d",),
    "viz": ("rerun", "viser"),
    "record": ("mcap", "rosbags"),
    "ros": ("roslibpy",),
    "habitat": ("zmq", "msgpack"),
}
_PROBE = """
import sys, time
import mujoco, numpy as np
model = mujoco.MjModel.from_xml_string(
    '<mujoco><worldbody><light pos="0 0 3"/><geom type="box" size="1 1 1" rgba="1 0 0 1"/>'
    '<camera name="eye" pos="0 -4 0" xyaxes="1 0 0 0 0 1"/></worldbody></mujoco>')
data = mujoco.MjData(model)
mujoco.mj_forward(model, data)
began = time.perf_counter()
with mujoco.Renderer(model, 120, 160) as renderer:
    renderer.update_scene(data, camera="eye")
    image = renderer.render()
if image[60, 80].max() < 20:
    sys.exit("the picture is black")
from OpenGL import GL
print(f"{1e3 * (time.perf_counter() - began):.0f} ms for the first frame")
"""
_HABITAT = """
import habitat_sim
print(f"can be imported, says it is {habitat_sim.__version__}")
"""


@dataclass(frozen=True)
class Probe:
    """How one GL backend or simulator did."""

    name: str
    """What it is called."""
    works: bool
    """It rendered a picture that is not black, or could be imported."""
    message: str
    """How it went, or what went wrong."""


def doctor(options: Doctor, console: Console) -> int:
    """Print what works.

    Fail with code 2 where nothing renders, or where the memory file or data to check is damaged.
    """
    probes = [probe(backend) for backend in _BACKENDS]
    _print_probes(probes, console)
    _print_extras(console)
    _print_habitat(console)
    console.print("versions: " + ", ".join(f"{k} {v}" for k, v in versions().items()), style="dim")
    if options.memory is not None:
        from goat.memory.store import check

        held = check(options.memory)
        words = ", ".join(f"{count} {name}" for name, count in held.items())
        console.print(f"[green]ok[/]  memory file {options.memory}: {words}", highlight=False)
    code = 0 if any(p.works for p in probes) else 2
    if options.data is not None:
        from goat.commands.doctor_data import check_data

        code = max(code, check_data(options.data, console))
    return code


def probe(backend: str) -> Probe:
    """Render one frame in a process of its own, so that a crash of a driver is only reported."""
    environment = {k: v for k, v in os.environ.items() if k != "PYOPENGL_PLATFORM"}
    return _run(backend, _PROBE, {**environment, "MUJOCO_GL": backend}, "picture")


def _run(name: str, code: str, environment: Mapping[str, str], what: str) -> Probe:
    """Run code in a process of its own; `what` it should give in time."""
    try:
        done = subprocess.run(
            [sys.executable, "-c", code],
            env=environment,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Probe(name, False, f"no {what} within {_TIMEOUT:.0f} s")
    if done.returncode == 0:
        return Probe(name, True, done.stdout.strip().rpartition("\n")[2])
    if done.returncode < 0:
        return Probe(name, False, f"killed by signal {-done.returncode}")
    errors = [line for line in done.stderr.splitlines() if line and not line.startswith(" ")]
    return Probe(name, False, errors[-1] if errors else f"exit code {done.returncode}")


def _print_habitat(console: Console) -> None:
    """Say whether Habitat's simulator can be imported; it need not be."""
    if importlib.util.find_spec("habitat_sim") is None:
        message = "not in this Python; only Habitat's scenes need it"
        found = Probe("habitat_sim", False, message)
    else:
        found = _run("habitat_sim", _HABITAT, os.environ, "answer")
    mark = "[green]ok[/]" if found.works else "[yellow]--[/]"
    console.print(f"  {mark} habitat_sim", Text(found.message), highlight=False)


def _print_probes(probes: list[Probe], console: Console) -> None:
    chosen = os.environ.get("MUJOCO_GL")
    console.print("GL backends" + (f" (MUJOCO_GL={chosen})" if chosen else ""), style="bold")
    for item in probes:
        mark = "[green]ok[/] " if item.works else "[red]no[/] "
        console.print(f"  {mark} {item.name:<8}", Text(item.message), highlight=False)
    if not any(item.works for item in probes):
        console.print(
            "  Nothing renders. Install software renderers, on Debian or Ubuntu:\n"
            "  apt-get install libegl1 libgl1-mesa-dri libosmesa6",
            highlight=False,
        )


def _print_extras(console: Console) -> None:
    console.print("extras", style="bold")
    table = Table(box=None, show_header=False, pad_edge=False)
    for extra, packages in _EXTRAS.items():
        missing = [name for name in packages if importlib.util.find_spec(name) is None]
        if missing:
            hint = f"lacks {', '.join(missing)}: pip install 'goat-stack[{extra}]'"
            table.add_row("  [yellow]--[/]", extra, Text(hint))
        else:
            table.add_row("  [green]ok[/]", extra, ", ".join(packages))
    console.print(table)
