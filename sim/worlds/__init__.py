"""Worlds for the simulator: loaders and generators that produce `World`."""

from __future__ import annotations

import os
from pathlib import Path

from goat.errors import WorldError
from sim.worlds.world import World

_ALLOWED = (
    "'generated:SEED' (for example generated:7), a Gazebo world (*.world, *.sdf) "
    "or a glTF scene (*.glb, *.gltf)"
)


def load_world(spec: str) -> World:
    """Load or generate the world that `spec` names.

    Args:
        spec: "generated:SEED", optionally with ",rooms=4..9" and ",lighting=day|evening|night
            lamp", or the path of a *.world, *.sdf, *.glb or *.gltf file; a bare file name is also
            searched below `$GOAT_DATA/worlds`.

    Raises:
        WorldError: `spec` names nothing that can be loaded.
        ConfigError: A generated home cannot be like that.
    """
    if spec.startswith("generated:"):
        return _generate(spec)
    path = _find(spec)
    match path.suffix.lower():
        case ".world" | ".sdf":
            from sim.worlds.sdf import load_sdf

            return load_sdf(path)
        case ".glb" | ".gltf":
            from sim.worlds.gltf import load_gltf

            return load_gltf(path)
        case _:
            raise WorldError(f"cannot tell what kind of world {spec!r} is; allowed: {_ALLOWED}")


def _generate(spec: str) -> World:
    seed, *settings = spec.removeprefix("generated:").split(",")
    if not seed.isascii() or not seed.isdecimal():
        raise WorldError(
            f"the seed of {spec!r} must be a whole number of 0 or more, for example generated:7"
        )
    from sim.worlds.procedural import HomeGenConfig, generate_home

    values: dict[str, str] = {}
    for setting in settings:
        name, _, value = setting.partition("=")
        values[name] = value
    rooms, lighting = values.pop("rooms", None), values.pop("lighting", "day")
    if values or (rooms is not None and not rooms.isdecimal()):
        raise WorldError(
            f"cannot generate {spec!r}: after the seed only rooms=4..9 and lighting=... may "
            "follow, for example generated:7,rooms=5,lighting=evening"
        )
    config = HomeGenConfig(rooms=None if rooms is None else int(rooms), lighting=lighting)
    return generate_home(int(seed), config)


def _find(spec: str) -> Path:
    path = Path(spec).expanduser()
    if path.is_file():
        return path
    data = os.environ.get("GOAT_DATA")
    if data and path.name == spec and path.suffix:
        root = Path(data).expanduser() / "worlds"
        found = sorted(p for p in root.rglob(path.name) if p.is_file())
        if found:
            return found[0]
    where = f"{data}/worlds" if data else "$GOAT_DATA/worlds (GOAT_DATA is not set)"
    raise WorldError(
        f"no world {spec!r}: there is no such file here or below {where}; allowed: {_ALLOWED}"
    )
