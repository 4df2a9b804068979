"""The taste of one home: which woods, colours and patterns it uses, and the models made of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from sim.worlds import decor, prints, smallware, textures
from sim.worlds import furniture_bath as bath
from sim.worlds import furniture_kitchen as kitchen
from sim.worlds import furniture_seating as seating
from sim.worlds import furniture_storage as storage
from sim.worlds.model import Finish, Model, Placed, Spot
from sim.worlds.palette import COLORS, Palette
from sim.worlds.pictures import MOTIFS, painting

_BRIGHT = ("red", "orange", "yellow", "green", "blue", "purple", "pink")
_CALM = ("gray", "beige", "brown", "white", "black", "blue", "green")


class Interior:
    """Chooses finishes for a home and builds its models; identical things share one model."""

    def __init__(self, rng: np.random.Generator, palette: Palette, bulb: float) -> None:
        """Draw the home's taste.

        Args:
            rng: Source of all randomness.
            palette: Makes the finishes.
            bulb: How strongly lamps glow, in [0, 1].
        """
        self.rng = rng
        self.palette = palette
        self.bulb = palette.glowing("bulb", (1.0, 0.93, 0.78), bulb)
        self.wood = palette.wood(palette.pick("oak", "walnut", "birch", "cherry", "oak"))
        self.second_wood = palette.wood(
            palette.pick("white", "walnut", "birch", "ebony", "oak", "gray")
        )
        self.metal = palette.metal()
        self.dark_metal = palette.metal(palette.pick("black", "gray", "yellow"))
        self.dark = palette.plain("black", "plastic", 0.3)
        self.white = palette.plain("white", "ceramic", 0.6)
        self.paper = palette.plain("white", "paper", 0.0)
        self.soil = palette.image(
            "soil",
            lambda: textures.granite(rng, (0.2, 0.13, 0.08), (0.3, 0.22, 0.15)),
            "brown",
            "stone",
            0.2,
        )
        self.leaves = palette.image("leaves", lambda: _foliage(rng), "green", "plant", 0.25)
        self.books = palette.image("books", lambda: prints.spines(rng), "brown", "paper")
        self._colors = _Deck(rng, _BRIGHT)
        self._calm = _Deck(rng, _CALM)
        self._motifs = _Deck(rng, tuple(range(len(MOTIFS))))
        self._shared: dict[str, Model] = {}
        self._counts: dict[str, int] = {}
        self._words: dict[str, str] = {}

    def pick(self, *names: str) -> str:
        """Return one of the names at random."""
        return self.palette.pick(*names)

    def chance(self, probability: float) -> bool:
        """Return True with the given probability."""
        return bool(self.rng.uniform() < probability)

    def shared(self, key: str, make: Callable[[], Model]) -> Model:
        """Return a model built once per home."""
        if key not in self._shared:
            self._shared[key] = make()
        return self._shared[key]

    def one_of(self, key: str, kinds: int, make: Callable[[], Model]) -> Model:
        """Return one of at most `kinds` different models of a sort, each built when first needed."""
        return self.shared(f"{key} {self._turn(key, kinds)}", make)

    def bright(self) -> str:
        """Return the next strong colour; all come round before one repeats."""
        return str(self._colors.draw())

    def calm(self) -> str:
        """Return the next colour for large furniture."""
        return str(self._calm.draw())

    def finish(self, color: str, kind: str) -> Finish:
        """Return a finish by colour and kind: fabric, leather, metal, or an even surface."""
        if kind == "fabric":
            return self.palette.fabric(color, self.pick("weave", "corduroy", "plush"))
        if kind == "leather":
            return self.palette.leather(color)
        if kind == "metal":
            return self.palette.metal(color)
        return self.palette.plain(
            color, kind, {"ceramic": 0.6, "plastic": 0.3, "paper": 0.0}.get(kind, 0.3)
        )

    def cloth(self) -> Finish:
        """Return a printed cloth for cushions, one of four per home."""
        index = int(self.rng.integers(4))

        def make() -> Finish:
            base, ink = self.bright(), self.pick("white", "beige", "black")
            image = prints.motif_cloth(self.rng, COLORS[base][0], COLORS[ink][0])
            return self.palette.image(f"cloth {index}", lambda: image, base, "fabric", 0.3)

        return self.palette.known(f"cloth {index}") or make()

    def blanket(self) -> Finish:
        """Return a bed cover: plain, quilted, striped, tartan or printed; one of three per home."""
        index = self._turn("blanket", 3)
        known = self.palette.known(f"blanket {index}")
        if known is not None:
            return known
        color = self.bright()
        base, other = COLORS[color][0], COLORS[self.pick("white", "beige", "gray", "black")][0]
        kind = int(self.rng.integers(4))
        makers = (
            lambda: textures.quilt(self.rng, base),
            lambda: textures.stripes(self.rng, (base, base, other), 9),
            lambda: textures.plaid(self.rng, base, other),
            lambda: prints.motif_cloth(self.rng, base, other),
        )
        return self.palette.image(f"blanket {index}", makers[kind], color, "fabric", (0.5, 0.9, 0.45, 0.6)[kind])

    def _turn(self, key: str, kinds: int) -> int:
        """Count up from 0 to kinds - 1 and start again."""
        count = self._counts.get(key, 0)
        self._counts[key] = count + 1
        return count % kinds

    # Models that many rooms use.

    def plant(self, tall: bool) -> Model:
        """Build a potted plant; each is its own."""
        style = (
            self.pick("broad", "tree", "snake", "grass")
            if tall
            else self.pick("cactus", "broad", "snake", "grass")
        )
        height = float(self.rng.uniform(0.85, 1.45) if tall else self.rng.uniform(0.25, 0.4))
        pot = self.finish(self.pick("white", "orange", "gray", "blue", "black", "beige"), "ceramic")
        return decor.plant(pot, self.leaves, self.soil, self.rng, style, height)

    def floor_lamp(self) -> Model:
        """Build a standing lamp, of two kinds per home."""

        def make() -> Model:
            shade = self.shade(self.pick("white", "beige", "yellow", "red", "green", "blue"))
            style = self.pick("classic", "arc", "tripod")
            metal = self.wood if style == "tripod" else self.dark_metal
            return decor.floor_lamp(metal, shade, self.bulb, style)

        return self.one_of("floor lamp", 2, make)

    def table_lamp(self) -> Model:
        """Build a table lamp, of three kinds per home."""

        def make() -> Model:
            base = self.finish(
                self.pick("white", "blue", "green", "black", "yellow"),
                self.pick("ceramic", "metal"),
            )
            return decor.table_lamp(
                base, self.shade(self.pick("white", "beige", "orange", "pink")), self.bulb, self.rng
            )

        return self.one_of("table lamp", 3, make)

    def shade(self, color: str) -> Finish:
        """Return cloth that lets some of the lamp's light through."""
        glow = 0.15 + 0.4 * self.bulb.material.emission
        return self.palette.lampshade(color, glow)

    def trash_can(self) -> Model:
        """Build a trash can, of three kinds per home."""

        def make() -> Model:
            style = self.pick("pedal", "basket", "swing")
            color = self.pick("gray", "red", "green", "white", "black", "blue", "yellow")
            kind = "metal" if style == "pedal" else "plastic"
            return decor.trash_can(self.finish(color, kind), self.dark, style)

        return self.one_of("trash can", 3, make)

    def picture(self, wide: float) -> Model:
        """Build a framed painting; each is its own."""
        aspect = float(self.rng.choice([0.72, 1.0, 1.4, 1.6]))
        image = painting(self.rng, aspect, int(self._motifs.draw()))
        finish = self.palette.image(
            f"painting {len(self._counts)} {id(image)}", lambda: image, color_name(image), "paper"
        )
        width, height = (wide, wide / aspect) if aspect >= 1 else (wide * aspect, wide)
        frame = self.pick("black", "wood", "white", "gold")
        frames = {
            "black": self.dark,
            "wood": self.wood,
            "white": self.palette.wood("white"),
            "gold": self.palette.metal("yellow"),
        }
        mount = self.paper if self.chance(0.4) else None
        return decor.picture(frames[frame], finish, width, height, mount)

    def rug(self, depth: float, width: float, round_: bool = False) -> Model:
        """Build a rug; each is its own."""
        base, accent = self.bright(), self.pick("beige", "blue", "orange", "yellow", "red", "gray")
        style = self.pick("oriental", "striped", "geometric", "oriental")
        image = prints.rug(self.rng, COLORS[base][0], COLORS[accent][0], style, width / depth)
        finish = self.palette.image(f"rug {id(image)}", lambda: image, color_name(image), "fabric")
        return seating.rug(finish, depth, width, round_)

    def chair_set(self, key: str) -> Model:
        """Return the model of a set of dining chairs."""

        def make() -> Model:
            style = self.pick("slat", "padded", "shell")
            if style == "shell":
                return seating.chair(
                    self.palette,
                    style,
                    self.wood,
                    self.palette.plain(self.bright(), "plastic", 0.4),
                )
            frame = self.wood if self.chance(0.6) else self.second_wood
            return seating.chair(self.palette, style, frame, self.palette.fabric(self.bright()))

        return self.shared(f"chairs {key}", make)

    def chest(
        self, category: str, size: tuple[float, float, float], grid: tuple[int, int]
    ) -> Model:
        """Build a chest of drawers in one of the home's woods."""
        body = self.wood if self.chance(0.6) else self.second_wood
        fronts = body if self.chance(0.6) else self.second_wood
        return storage.chest(category, body, fronts, self.dark_metal, size, grid, self.chance(0.5))

    def trinket(self, kind: str) -> Model:
        """Build a small thing by its category."""
        makers: dict[str, Callable[[], Model]] = {
            "vase": self._vase, "book": self._books, "cup": lambda: smallware.cup(self.finish(self.bright(), "ceramic")),
            "bowl": self._bowl, "bottle": self._bottle, "laptop": self._laptop, "potted plant": lambda: self.plant(False),
            "lamp": self.table_lamp, "clock": self._alarm, "teddy bear": self._teddy,
            "plate": lambda: smallware.plate(self.white), "ball": self._ball,
        }  # fmt: skip
        return makers[kind]()

    def _vase(self) -> Model:
        flowers = self.chance(0.6)
        petals = self.palette.plain(self.bright(), "plant", 0.05) if flowers else None
        stems = self.leaves if flowers else None
        finish = self.finish(self.bright(), self.pick("ceramic", "ceramic", "plastic"))
        return smallware.vase(finish, stems, petals, self.rng, float(self.rng.uniform(0.2, 0.32)))

    def _books(self) -> Model:
        covers = [self.cover() for _ in range(int(self.rng.integers(1, 4)))]
        return smallware.book_stack(covers, self.paper, self.rng)

    def cover(self) -> Finish:
        """Return a book cover, one of five per home."""
        index = int(self.rng.integers(5))
        key = f"cover {index}"
        known = self.palette.known(key)
        if known is not None:
            return known
        color = self.bright()
        image = prints.cover(self.rng, COLORS[color][0])
        return self.palette.image(key, lambda: image, color, "paper")

    def _bowl(self) -> Model:
        fruit = tuple(
            self.palette.plain(c, "plant", 0.2) for c in ("orange", "red", "yellow", "green")
        )
        count = int(self.rng.integers(3, 8))
        chosen = (
            tuple(fruit[int(self.rng.integers(4))] for _ in range(count))
            if self.chance(0.7)
            else ()
        )
        return smallware.bowl(
            self.finish(self.pick("white", "blue", "green", "yellow"), "ceramic"), chosen
        )

    def _bottle(self) -> Model:
        color = self.pick("green", "brown", "white", "blue")
        tag = self.palette.image(
            "tag", lambda: prints.label(self.rng, (0.85, 0.8, 0.6)), "beige", "paper", 0.12
        )
        return smallware.bottle(self.palette.plain(color, "glass", 0.8), tag, self.dark)

    def _laptop(self) -> Model:
        return self.one_of(
            "laptop",
            2,
            lambda: smallware.laptop(
                self.palette.metal(self.pick("gray", "black")), self.screen(0), self.keys()
            ),
        )

    def screen(self, index: int) -> Finish:
        """Return a lit computer screen, one of three per home."""
        return self.palette.image(
            f"screen {index % 3}",
            lambda: prints.desktop(self.rng),
            "blue",
            "glass",
            None,
            0.3,
            0.75,
        )

    def keys(self) -> Finish:
        """Return the print of a keyboard."""
        return self.palette.image("keys", prints.keys, "black", "plastic")

    def _alarm(self) -> Model:
        face = self.palette.image(
            "dial small", lambda: prints.dial((0.95, 0.94, 0.9), (0.1, 0.1, 0.1)), "white", "paper"
        )
        return self.one_of(
            "alarm",
            2,
            lambda: smallware.alarm_clock(
                self.palette.metal(self.pick("red", "black", "green", "blue")), face
            ),
        )

    def _teddy(self) -> Model:
        fur = self.palette.fabric(self.pick("brown", "beige", "white", "pink"), "plush")
        return smallware.teddy(
            fur,
            self.palette.fabric("beige", "plush"),
            self.dark,
            float(self.rng.uniform(0.26, 0.4)),
        )

    def _ball(self) -> Model:
        return smallware.ball(
            self.palette.plain(self.bright(), "plastic", 0.3),
            self.palette.plain("white", "plastic", 0.3),
            float(self.rng.uniform(0.09, 0.13)),
        )

    def shared_word(self, key: str, *words: str) -> str:
        """Return a word chosen once per home."""
        if key not in self._words:
            self._words[key] = self.pick(*words)
        return self._words[key]

    def backpack(self) -> Model:
        """Build a backpack; two kinds per home."""
        return self.one_of(
            "backpack", 2, lambda: smallware.backpack(self.palette.fabric(self.bright()), self.dark)
        )

    def mirror(self, width: float | None = None) -> Model:
        """Build a wall mirror."""
        glass = self.palette.image(
            "mirror", lambda: _reflection(self.rng), "white", "glass", None, 0.9
        )
        wide = float(self.rng.uniform(0.5, 0.7)) if width is None else width
        tall = wide if self.chance(0.3) else min(wide * 1.5, 0.9)
        return decor.mirror(
            self.wood if self.chance(0.5) else self.dark_metal, glass, wide, tall, self.chance(0.5)
        )

    def shower(self) -> Model:
        """Build a shower cabin."""
        return self.shared(
            "shower", lambda: bath.shower(self.palette.glass(), self.metal, self.white, 0.85)
        )

    def washer(self) -> Model:
        """Build a washing machine."""
        clear = self.palette.plain("blue", "plastic", 0.5)
        return self.shared(
            "washer", lambda: kitchen.washing_machine(self.white, self.dark, self.metal, clear)
        )

    def fridge(self) -> Model:
        """Build the home's fridge."""
        color = self.pick("white", "gray", "red", "black", "blue")
        shell = self.metal if color == "gray" else self.palette.plain(color, "metal", 0.5)
        return self.shared(
            "fridge",
            lambda: kitchen.fridge(shell, self.metal, self.dark, self.pick("tall", "retro")),
        )

    def appliance(self) -> Model:
        """Build a kitchen machine: microwave, kettle or toaster."""
        kind = self.pick("microwave", "kettle", "toaster")
        shell = self.palette.plain(self.pick("white", "red", "black"), "metal", 0.5)
        if kind == "microwave":
            return kitchen.microwave(shell, self.dark, self.metal)
        return (kitchen.kettle if kind == "kettle" else kitchen.toaster)(shell, self.dark)

    def kitchen_run(self) -> dict[str, Model]:
        """Build the home's kitchen units by name."""
        body = self.palette.wood("white")
        fronts = self.palette.wood(self.pick("white", "oak", "gray", "birch", "walnut"))
        if self.chance(0.35):
            fronts = self.palette.plain(self.pick("blue", "green", "red"), "wood", 0.3)
        base = COLORS[self.pick("black", "beige", "white", "gray")][0]
        stone = self.palette.image(
            "worktop",
            lambda: textures.granite(self.rng, base, (0.5, 0.48, 0.45)),
            "gray",
            "stone",
            0.4,
            0.4,
        )
        units = {
            "base": kitchen.base_cabinet(body, fronts, stone, self.metal, 0.6, 0),
            "drawers": kitchen.base_cabinet(body, fronts, stone, self.metal, 0.5, 3),
            "sink": kitchen.sink_cabinet(body, fronts, stone, self.metal, 0.8),
            "oven": kitchen.oven(self.pick_shell(), self.dark, self.metal, stone, self.dark),
            "wall base": kitchen.wall_cabinet(body, fronts, self.metal, 0.6),
            "wall drawers": kitchen.wall_cabinet(body, fronts, self.metal, 0.5),
            "hood": kitchen.hood(self.metal),
        }
        return {
            name: self.shared(f"kitchen {name}", lambda m=model: m) for name, model in units.items()
        }

    def backsplash(self, width: float) -> Model:
        """Build the tiles between worktop and wall cabinets."""
        color = COLORS[self.shared_word("splash", "white", "blue", "green", "beige", "gray")][0]
        soft = tuple(0.5 * c + 0.45 for c in color)
        finish = self.palette.image("backsplash", lambda: textures.tiles(self.rng, soft, 6, None, True), "white", "ceramic", 0.8, 0.4)
        return kitchen.backsplash(finish, width)

    def pick_shell(self) -> Finish:
        """Return white enamel or steel."""
        return self.white if self.chance(0.5) else self.metal

    def dress(
        self, under: Placed, models: Sequence[Model], spot: int = 0, facing: float | None = 0.0
    ) -> list[Placed]:
        """Stand small things in a row on a spot of a placed model, as many as fit.

        Args:
            under: What they stand on.
            models: What to place, from one end to the other.
            spot: Index of the model's spot.
            facing: Yaw relative to the model; None turns each at random.
        """
        place = under.model.spots[spot]
        room = place.width - sum(model.size[1] for model in models)
        kept = list(models)
        while kept and (room < 0.02 * len(kept)):
            room += kept.pop().size[1]
        kept = [m for m in kept if m.size[0] <= place.depth + 0.1 and m.size[2] <= place.headroom]
        gaps = self.rng.dirichlet(np.ones(len(kept) + 1)) * max(room, 0.0) if kept else []
        out, y = [], -place.width / 2
        for model, gap in zip(kept, gaps, strict=False):
            y += float(gap) + model.size[1] / 2
            out.append(self._stand(under, place, model, y, facing))
            y += model.size[1] / 2
        return out

    def _stand(
        self, under: Placed, place: Spot, model: Model, y: float, facing: float | None
    ) -> Placed:
        slack = max(place.depth - model.size[0], 0.0) / 2 * 0.6
        yaw = (
            float(self.rng.uniform(-3, 3))
            if facing is None
            else facing + float(self.rng.normal(0, 0.06))
        )
        local = Placed(
            model,
            place.x + float(self.rng.uniform(-slack, slack)),
            place.y + y,
            under.z + place.z,
            yaw,
            True,
        )
        return local.moved(under.x, under.y, under.yaw)


class _Deck:
    """Deals values like cards: all of them before any comes again."""

    def __init__(self, rng: np.random.Generator, cards: Sequence[object]) -> None:
        self._rng, self._cards, self._left = rng, cards, []

    def draw(self) -> object:
        if not self._left:
            self._left = [self._cards[i] for i in self._rng.permutation(len(self._cards))]
        return self._left.pop()

    _left: list[object]


def _foliage(rng: np.random.Generator) -> textures.Image:
    """Return leaf green with fine veins."""
    tone = textures.noise(rng, (64, 64), (8, 8), 3)
    return textures.to_image(textures.mix((0.10, 0.30, 0.08), (0.30, 0.52, 0.16), 0.5 + 0.5 * tone))


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


def color_name(image: textures.Image) -> str:
    """Return the named colour that most of an image's pixels are nearest to."""
    pixels = image[::4, ::4].reshape(-1, 3).astype(np.float32) / 255
    names = [(name, shade) for name, shades in COLORS.items() for shade in shades]
    table = np.array([shade for _, shade in names])
    nearest = ((pixels[:, None] - table[None]) ** 2).sum(axis=2).argmin(axis=1)
    votes: dict[str, int] = {}
    for index, count in zip(*np.unique(nearest, return_counts=True), strict=True):
        votes[names[index][0]] = votes.get(names[index][0], 0) + int(count)
    return max(votes, key=lambda name: votes[name])
