"""The taste of one home: its woods, colours and patterns; what is built once is shared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np

from sim.worlds import prints, textures
from sim.worlds.model import Finish, Model, Placed, Spot
from sim.worlds.palette import COLORS, Palette, name_of
from sim.worlds.pictures import MOTIFS

_BRIGHT = ("red", "orange", "yellow", "green", "blue", "purple", "pink")
_CALM = ("gray", "beige", "brown", "white", "black", "blue", "green")


class Interior:
    """Chooses finishes for a home and builds its models; identical things share one model."""

    def __init__(
        self, rng: np.random.Generator, palette: Palette, bulb: float, ceiling: float
    ) -> None:
        """Draw the home's taste.

        Args:
            rng: Source of all randomness.
            palette: Makes the finishes.
            bulb: How strongly standing lamps glow, in [0, 1].
            ceiling: How strongly ceiling lights glow, in [0, 1].
        """
        self.rng = rng
        self.palette = palette
        self.bulb = palette.glowing("bulb", (1.0, 0.93, 0.78), bulb)
        self.ceiling_bulb = palette.glowing("ceiling", (1.0, 0.97, 0.90), ceiling)
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
        self.pictures_left = 12
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
        """Return one of at most `kinds` models of a sort in turn, each built when first needed."""
        return self.shared(f"{key} {self._turn(key, kinds)}", make)

    def piece_of_wood(self) -> tuple[Finish, Finish]:
        """Return the woods of a piece's body and fronts: two kinds only if of one colour."""
        body = self.wood if self.chance(0.6) else self.second_wood
        other = self.second_wood if body is self.wood else self.wood
        return body, other if other.color == body.color else body

    def bright(self) -> str:
        """Return the next strong colour; all come round before one repeats."""
        return str(self._colors.draw())

    def motif(self) -> int:
        """Return the next motif for a painting."""
        return int(str(self._motifs.draw()))

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
        return self.palette.image(
            f"blanket {index}", makers[kind], color, "fabric", (0.5, 0.9, 0.45, 0.6)[kind]
        )

    def _turn(self, key: str, kinds: int) -> int:
        """Count up from 0 to kinds - 1 and start again."""
        count = self._counts.get(key, 0)
        self._counts[key] = count + 1
        return count % kinds

    def shade(self, color: str) -> Finish:
        """Return cloth that lets some of the lamp's light through."""
        glow = 0.15 + 0.4 * self.bulb.material.emission
        return self.palette.lampshade(color, glow)

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

    def shared_word(self, key: str, *words: str) -> str:
        """Return a word chosen once per home."""
        if key not in self._words:
            self._words[key] = self.pick(*words)
        return self._words[key]

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
    return textures.to_image(textures.mix((0.16, 0.42, 0.12), (0.42, 0.68, 0.24), 0.5 + 0.5 * tone))


def color_name(image: textures.Image) -> str:
    """Return the colour a person would name for most of an image's pixels."""
    votes = Counter(name_of(pixel) for pixel in image[::6, ::6].reshape(-1, 3) / 255.0)
    return votes.most_common(1)[0][0]
