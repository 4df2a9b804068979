"""Models in the taste of one home: lamps, plants, pictures, small things."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sim.worlds import decor, plants, prints, screens, smallware, textures
from sim.worlds import furniture_seating as seating
from sim.worlds import furniture_special as special
from sim.worlds import furniture_storage as storage
from sim.worlds.interior import Interior, color_name
from sim.worlds.model import Finish, Model
from sim.worlds.palette import COLORS
from sim.worlds.pictures import painting


def plant(home: Interior, tall: bool) -> Model:
    """Build a potted plant; each is its own."""
    style = (
        home.pick("broad", "tree", "snake", "grass")
        if tall
        else home.pick("cactus", "broad", "snake", "grass")
    )
    height = float(home.rng.uniform(0.85, 1.45) if tall else home.rng.uniform(0.25, 0.4))
    pot = home.finish(home.pick("white", "orange", "gray", "blue", "black", "beige"), "ceramic")
    return plants.plant(pot, home.leaves, home.soil, home.rng, style, height)


def floor_lamp(home: Interior) -> Model:
    """Build a standing lamp, of two kinds per home."""

    def make() -> Model:
        shade = home.shade(home.pick("white", "beige", "yellow", "red", "green", "blue"))
        style = home.pick("classic", "arc", "tripod")
        metal = home.wood if style == "tripod" else home.dark_metal
        return decor.floor_lamp(metal, shade, home.bulb, style)

    return home.one_of("floor lamp", 2, make)


def table_lamp(home: Interior) -> Model:
    """Build a table lamp, of three kinds per home."""

    def make() -> Model:
        base = home.finish(
            home.pick("white", "blue", "green", "black", "yellow"),
            home.pick("ceramic", "metal"),
        )
        return decor.table_lamp(
            base, home.shade(home.pick("white", "beige", "orange", "pink")), home.bulb, home.rng
        )

    return home.one_of("table lamp", 3, make)


def trash_can(home: Interior) -> Model:
    """Build a trash can, of three kinds per home."""

    def make() -> Model:
        style = home.pick("pedal", "basket", "swing")
        color = home.pick("gray", "red", "green", "white", "black", "blue", "yellow")
        kind = "metal" if style == "pedal" else "plastic"
        return decor.trash_can(home.finish(color, kind), home.dark, style)

    return home.one_of("trash can", 3, make)


def picture(home: Interior, wide: float) -> Model:
    """Build a framed painting; each is its own."""
    aspect = float(home.rng.choice([0.72, 1.0, 1.4, 1.6]))
    image = painting(home.rng, aspect, home.motif())
    finish = home.palette.unique(image, color_name(image), "paper")
    width, height = (wide, wide / aspect) if aspect >= 1 else (wide * aspect, wide)
    frame = home.pick("black", "wood", "white", "gold")
    frames = {
        "black": home.dark,
        "wood": home.wood,
        "white": home.palette.wood("white"),
        "gold": home.palette.metal("yellow"),
    }
    mount = home.paper if home.chance(0.4) else None
    return decor.picture(frames[frame], finish, width, height, mount)


def rug(home: Interior, depth: float, width: float, round_: bool = False) -> Model:
    """Build a rug; each is its own."""
    base, accent = home.bright(), home.pick("beige", "blue", "orange", "yellow", "red", "gray")
    style = home.pick("oriental", "striped", "geometric", "oriental")
    image = prints.rug(home.rng, COLORS[base][0], COLORS[accent][0], style, width / depth)
    finish = home.palette.unique(image, color_name(image), "fabric")
    return seating.rug(finish, depth, width, round_)


def chair_set(home: Interior, key: str) -> Model:
    """Return the model of a set of dining chairs."""

    def make() -> Model:
        style = home.pick("slat", "padded", "shell")
        if style == "shell":
            return seating.chair(
                home.palette,
                style,
                home.wood,
                home.palette.plain(home.bright(), "plastic", 0.4),
            )
        frame = home.wood if home.chance(0.6) else home.second_wood
        return seating.chair(home.palette, style, frame, home.palette.fabric(home.bright()))

    return home.shared(f"chairs {key}", make)


def chest(
    home: Interior, category: str, size: tuple[float, float, float], grid: tuple[int, int]
) -> Model:
    """Build a chest of drawers in one of the home's woods."""
    body, fronts = home.piece_of_wood()
    return storage.chest(category, body, fronts, home.dark_metal, size, grid, home.chance(0.5))


def trinket(home: Interior, kind: str) -> Model:
    """Build a small thing by its category."""
    makers: dict[str, Callable[[Interior], Model]] = {
        "ball": _ball,
        "book": _books,
        "bottle": _bottle,
        "bowl": _bowl,
        "clock": _alarm,
        "cup": _cup,
        "globe": _globe,
        "lamp": table_lamp,
        "laptop": _laptop,
        "plate": lambda home: smallware.plate(home.white),
        "potted plant": lambda home: plant(home, False),
        "teddy bear": _teddy,
        "vase": _vase,
    }
    return makers[kind](home)


def _cup(home: Interior) -> Model:
    return smallware.cup(home.finish(home.bright(), "ceramic"))


def _globe(home: Interior) -> Model:
    sphere = home.palette.image(
        "earth", lambda: prints.earth(home.rng), "blue", "plastic", None, 0.3
    )
    return home.shared("globe", lambda: special.globe(sphere, home.wood))


def umbrella_stand(home: Interior) -> Model:
    """Build a stand with umbrellas."""
    colors = [home.palette.fabric(home.bright()) for _ in range(2)]
    return decor.umbrella_stand(home.dark_metal, colors, home.wood)


def dial(home: Interior) -> Finish:
    """Return the face of the home's clocks."""
    face, ink = (0.96, 0.95, 0.9), (0.12, 0.12, 0.14)
    return home.palette.image("dial", lambda: prints.dial(face, ink), "white", "paper")


def notes(home: Interior) -> Finish:
    """Return the face of a whiteboard."""
    return home.palette.image(
        "notes", lambda: prints.notes(home.rng), "white", "plastic", None, 0.4
    )


def hearth_stone(home: Interior) -> textures.Image:
    """Return the stone of a fireplace."""
    return textures.bricks(
        home.rng, [(0.62, 0.60, 0.57), (0.75, 0.72, 0.68)][int(home.chance(0.5))]
    )


def _vase(home: Interior) -> Model:
    flowers = home.chance(0.6)
    petals = home.palette.plain(home.bright(), "plant", 0.05) if flowers else None
    stems = home.leaves if flowers else None
    finish = home.finish(home.bright(), home.pick("ceramic", "ceramic", "plastic"))
    return smallware.vase(finish, stems, petals, home.rng, float(home.rng.uniform(0.2, 0.32)))


def _books(home: Interior) -> Model:
    covers = [home.cover() for _ in range(int(home.rng.integers(1, 4)))]
    return smallware.book_stack(covers, home.paper, home.rng)


def _bowl(home: Interior) -> Model:
    fruit = tuple(home.palette.plain(c, "plant", 0.2) for c in ("orange", "red", "yellow", "green"))
    count = int(home.rng.integers(3, 8))
    chosen = (
        tuple(fruit[int(home.rng.integers(4))] for _ in range(count)) if home.chance(0.7) else ()
    )
    return smallware.bowl(
        home.finish(home.pick("white", "blue", "green", "yellow"), "ceramic"), chosen
    )


def _bottle(home: Interior) -> Model:
    color = home.pick("green", "brown", "white", "blue")
    tag = home.palette.image(
        "tag", lambda: prints.label(home.rng, (0.85, 0.8, 0.6)), "beige", "paper", 0.12
    )
    return smallware.bottle(home.palette.plain(color, "glass", 0.8), tag, home.dark)


def _laptop(home: Interior) -> Model:
    return home.one_of(
        "laptop",
        2,
        lambda: screens.laptop(
            home.palette.metal(home.pick("gray", "black")), home.screen(0), home.keys()
        ),
    )


def _alarm(home: Interior) -> Model:
    def make() -> Model:
        metal = home.palette.metal(home.pick("red", "black", "green", "blue"))
        return screens.alarm_clock(metal, dial(home))

    return home.one_of("alarm", 2, make)


def _teddy(home: Interior) -> Model:
    fur = home.palette.fabric(home.pick("brown", "beige", "white", "pink"), "plush")
    return smallware.teddy(
        fur,
        home.palette.fabric("beige", "plush"),
        home.dark,
        float(home.rng.uniform(0.26, 0.4)),
    )


def _ball(home: Interior) -> Model:
    return smallware.ball(
        home.palette.plain(home.bright(), "plastic", 0.3),
        home.palette.plain("white", "plastic", 0.3),
        float(home.rng.uniform(0.09, 0.13)),
    )


def backpack(home: Interior) -> Model:
    """Build a backpack; two kinds per home."""
    return home.one_of(
        "backpack", 2, lambda: smallware.backpack(home.palette.fabric(home.bright()), home.dark)
    )


def mirror(home: Interior, width: float | None = None) -> Model:
    """Build a wall mirror."""
    glass = home.palette.image("mirror", lambda: _reflection(home.rng), "white", "glass", None, 0.9)
    wide = float(home.rng.uniform(0.5, 0.7)) if width is None else width
    tall = wide if home.chance(0.3) else min(wide * 1.5, 0.9)
    return decor.mirror(
        home.wood if home.chance(0.5) else home.dark_metal, glass, wide, tall, home.chance(0.5)
    )


def _reflection(rng: np.random.Generator) -> textures.Image:
    """Return a pale, cloudy room as a mirror shows it."""
    y, x = np.mgrid[0:128, 0:96] / 128
    streak = (
        np.exp(-(((x - y * 0.6 - 0.2) / 0.08) ** 2)) * 0.12
        + np.exp(-(((x - y * 0.6 + 0.05) / 0.03) ** 2)) * 0.08
    )
    return textures.to_image(
        textures.mix(
            (0.62, 0.70, 0.74),
            (0.84, 0.88, 0.9),
            y + 0.2 * textures.noise(rng, (128, 96), (3, 3), 2),
        )
        + streak[..., None]
    )
