"""Kitchen and bathroom models in the taste of one home."""

from __future__ import annotations

from sim.worlds import furniture_bath as bath
from sim.worlds import furniture_kitchen as kitchen
from sim.worlds import textures
from sim.worlds.interior import Interior
from sim.worlds.model import Finish, Model
from sim.worlds.palette import COLORS, Color


def shower(home: Interior) -> Model:
    """Build a shower cabin."""
    return home.shared(
        "shower", lambda: bath.shower(home.palette.glass(), home.metal, home.white, 0.85)
    )


def washer(home: Interior) -> Model:
    """Build a washing machine."""
    clear = home.palette.plain("blue", "plastic", 0.5)
    return home.shared(
        "washer", lambda: kitchen.washing_machine(home.white, home.dark, home.metal, clear)
    )


def fridge(home: Interior) -> Model:
    """Build the home's fridge."""
    color = home.pick("white", "gray", "red", "black", "blue")
    shell = home.metal if color == "gray" else home.palette.plain(color, "metal", 0.5)
    return home.shared(
        "fridge",
        lambda: kitchen.fridge(shell, home.metal, home.dark, home.pick("tall", "retro")),
    )


def appliance(home: Interior) -> Model:
    """Build a kitchen machine: microwave, kettle or toaster."""
    kind = home.pick("microwave", "kettle", "toaster")
    shell = home.palette.plain(home.pick("white", "red", "black"), "metal", 0.5)
    if kind == "microwave":
        return kitchen.microwave(shell, home.dark, home.metal)
    return (kitchen.kettle if kind == "kettle" else kitchen.toaster)(shell, home.dark)


def kitchen_run(home: Interior) -> dict[str, Model]:
    """Build the home's kitchen units by name."""
    body = home.palette.wood("white")
    fronts = home.palette.wood(home.pick("white", "oak", "gray", "birch", "walnut"))
    if home.chance(0.35):
        fronts = home.palette.plain(home.pick("blue", "green", "red"), "wood", 0.3)
    base = COLORS[home.pick("black", "beige", "white", "gray")][0]
    granite = home.chance(0.6)
    stone = home.palette.image(
        "worktop",
        lambda: _stone(home, base, granite),
        "gray",
        "stone",
        0.4 if granite else 1.5,
        0.4,
    )
    units = {
        "base": kitchen.base_cabinet(body, fronts, stone, home.metal, 0.6, 0),
        "drawers": kitchen.base_cabinet(body, fronts, stone, home.metal, 0.5, 3),
        "sink": kitchen.sink_cabinet(body, fronts, stone, home.metal, 0.8),
        "oven": kitchen.oven(pick_shell(home), home.dark, home.metal, stone, home.dark),
        "wall base": kitchen.wall_cabinet(body, fronts, home.metal, 0.6),
        "wall sink": kitchen.wall_cabinet(body, fronts, home.metal, 0.8),
        "wall drawers": kitchen.wall_cabinet(body, fronts, home.metal, 0.5),
        "hood": kitchen.hood(home.metal),
    }
    return {
        name: home.shared(f"kitchen {name}", lambda m=model: m) for name, model in units.items()
    }


def _stone(home: Interior, base: Color, granite: bool) -> textures.Image:
    """Return polished granite or marble for worktops."""
    if granite:
        return textures.granite(home.rng, base, (0.5, 0.48, 0.45))
    dark = sum(base) < 1.0
    return textures.marble(home.rng, base, (0.75, 0.72, 0.65) if dark else (0.35, 0.35, 0.38))


def backsplash(home: Interior, width: float) -> Model:
    """Build the tiles between worktop and wall cabinets."""
    color = COLORS[home.shared_word("splash", "white", "blue", "green", "beige", "gray")][0]
    soft = tuple(0.5 * c + 0.45 for c in color)
    finish = home.palette.image(
        "backsplash",
        lambda: textures.tiles(home.rng, soft, 6, None, True),
        "white",
        "ceramic",
        0.8,
        0.4,
    )
    return kitchen.backsplash(finish, width)


def pick_shell(home: Interior) -> Finish:
    """Return white enamel or steel."""
    return home.white if home.chance(0.5) else home.metal
