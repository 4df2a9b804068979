"""Sizes of the network and what can be switched in it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from goat.errors import ConfigError
from goat.registry import unknown_name
from meta_controller.tokens import MORPHOLOGY


@dataclass(frozen=True)
class ModelConfig:
    """Everything that decides the shapes of the weights.

    Raises:
        ConfigError: A number is out of range.
    """

    width: int = 64
    """Features per token (d)."""
    heads: int = 4
    """Of every attention; divides `width`."""
    blocks: int = 2
    """Of each of the three encoders over time."""
    structure_blocks: int = 2
    """Of the structure encoder, over joints."""
    segment: int = 10
    """Time steps of a segment (T)."""
    rank: int = 4
    """Of the adapters (r)."""
    dropout: float = 0.1
    """Of attention, of what blocks add, and inside MLPs."""
    drop_path: float = 0.1
    """Probability to leave out the last block; 0 at the first and linear in between."""
    token_width: int = 6
    """Features of what a token senses; the widest global token decides."""
    morphology: bool = False
    """Tokens tell the build of their joint as well: `meta_controller.tokens.MORPHOLOGY`."""
    joints: int = 16
    """Greatest number of tokens of a body."""
    tree_distance: bool = False
    """Attention over joints is biased by how far up, down or another way the one is from the other
    in the kinematic tree, tokens tell how deep in it they are, and no positions of joints are
    learned before adaptation: a new body needs none."""
    top_k: int | None = None
    """Each query attends to so many support steps only; None for all."""
    passing: bool = False
    """The query's motion features reach the decoder besides what was matched."""
    structure: bool = True
    """False leaves out the structure encoder: joints know nothing of each other."""
    matching: bool = True
    """False leaves out demonstrations: the decoder is given the motion features."""

    @property
    def features(self) -> int:
        """Features of an input token (W)."""
        return self.token_width + (MORPHOLOGY if self.morphology else 0)

    def __post_init__(self) -> None:
        """Check the numbers."""
        counts = (
            "width",
            "heads",
            "blocks",
            "structure_blocks",
            "segment",
            "rank",
            "token_width",
            "joints",
        )
        for name in counts:
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} must be at least 1, got {getattr(self, name)}")
        if self.width % self.heads:
            raise ConfigError(f"heads must divide width {self.width}, got {self.heads}")
        for name in ("dropout", "drop_path"):
            if not 0.0 <= getattr(self, name) < 1.0:
                raise ConfigError(f"{name} must be in [0, 1), got {getattr(self, name)}")
        if self.top_k is not None and self.top_k < 1:
            raise ConfigError(f"top_k must be at least 1 or None, got {self.top_k}")


@dataclass(frozen=True)
class Rows:
    """How many indices a network knows."""

    embodiments: int
    """Bodies."""
    tasks: int
    """Tasks of bodies."""


_BUILD = {"tree_distance": True, "morphology": True}
SIZES = {
    "nano": ModelConfig(
        heads=2, blocks=1, structure_blocks=4, segment=5, rank=8, dropout=0.0, **_BUILD
    ),
    "small": ModelConfig(width=128, blocks=3, structure_blocks=3, rank=8, **_BUILD),
    "paper": ModelConfig(width=512, blocks=6, structure_blocks=6, rank=16),
}
"""Named sizes: `nano` trains on two cores, `paper` is what was published. The small ones are told
how bodies are built: they learn from too few to find out."""
RATES = {"nano": 2e-3, "small": 1e-3, "paper": 2e-4}
"""Learning rates of meta-training, by size; that of `paper` is as published."""


def sized(name: str, **changes: object) -> ModelConfig:
    """Return a named size with some settings changed.

    Raises:
        UnknownNameError: There is no such size.
        ConfigError: A number is out of range.
    """
    if name not in SIZES:
        raise unknown_name("size", name, SIZES)
    return replace(SIZES[name], **changes)  # type: ignore[arg-type]
