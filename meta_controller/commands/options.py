"""The flags of every verb. Imports nothing heavy: `meta-controller --help` reads only this file."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from tyro import conf

from goat.shell import Verb

_CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "meta-controller"


@dataclass(frozen=True)
class DemosMake(Verb):
    """Make demonstration sets; what is there already is left as it is."""

    tasks: tuple[str, ...] = ("training", "held-out")
    """Tasks, or "training" and "held-out" for those of the benchmark."""
    data: Path = _CACHE / "demos"
    """Folder of the sets, one folder per task."""
    experts: int | None = None
    """Episodes of full skill; by default 40 for training and 20 for other tasks."""
    shaking: float = 0.1
    """Noise on what the expert does, which the set does not record."""
    seed: int = 0
    """Of starts and noise."""
    threads: int = 2
    """Of physics."""


@dataclass(frozen=True)
class DemosSearch(Verb):
    """Search for an expert of a task by augmented random search; stop and go on at any time."""

    task: conf.Positional[str]
    """What is to be learned."""
    out: Path = _CACHE / "experts"
    """Folder of the policies."""
    minutes: float = 10.0
    """CPU time."""
    noise: float = 0.05
    """Size of a nudge."""
    step: float = 0.05
    """Size of a step."""
    starts: int = 2
    """Episodes per nudge and way; tasks that begin anywhere need more."""
    seed: int = 0
    """Of everything that is random."""
    threads: int = 1
    """Of physics."""


@dataclass(frozen=True)
class DemosCards(Verb):
    """Print what the sets are worth: return, and what clones of 5 and of 20 episodes earn."""

    data: Path = _CACHE / "demos"
    """Folder of the sets."""


@dataclass(frozen=True)
class DemosExport(Verb):
    """Write a set for other tools."""

    task: conf.Positional[str]
    """Whose set."""
    to: Literal["lerobot", "minari"]
    """LeRobotDataset v3, or Minari."""
    out: str
    """Folder, or name of the Minari dataset such as "walker/walk-v0"."""
    data: Path = _CACHE / "demos"
    """Folder of the sets."""


@dataclass(frozen=True)
class DemosImport(Verb):
    """Read a set that another tool wrote."""

    task: conf.Positional[str]
    """What it shows; its states must be positions, velocities and what the task tells."""
    source: Annotated[str, conf.arg(name="from")]
    """Folder of a LeRobotDataset, or "minari:NAME"."""
    data: Path = _CACHE / "demos"
    """Folder of the sets."""


@dataclass(frozen=True)
class Train(Verb):
    """Meta-train a network on demonstration sets; it goes on where it was stopped."""

    out: Path
    """Folder of the network, its log and TensorBoard's events."""
    method: str = "meta-controller"
    """Whose network: a name that `meta-controller list` prints."""
    size: str = "nano"
    """"nano", "small" or "paper"."""
    tasks: tuple[str, ...] = ("training",)
    """Tasks, or "training"."""
    data: Path = _CACHE / "demos"
    """Folder of the sets."""
    steps: int = 6000
    """Of the optimiser."""
    batch: int = 8
    """Tasks per step."""
    rate: float | None = None
    """Learning rate; by default 2e-3 at "nano", 1e-3 at "small" and 2e-4 at "paper"."""
    tree_distance: bool | None = None
    """Tell joints apart by their distance in the kinematic tree in place of learned positions; by
    default as the size does."""
    morphology: bool | None = None
    """Tell joints' axes, lengths and own angles as well; by default as the size does."""
    passing: bool = False
    """Let the query's own motion pass by the matching."""
    top_k: int | None = None
    """Each joint attends to so many demonstration steps only."""
    seed: int = 0
    """Of everything that is random."""
    threads: int = 2
    """Of PyTorch."""
    device: str = "auto"
    """"auto", "cpu" or "cuda"."""
    bf16: bool = False
    """Multiply in bfloat16: faster from `small` on, where the processor or GPU can."""


@dataclass(frozen=True)
class Learning:
    """How demonstrations are learned from."""

    demos: int = 5
    """How many are shown."""
    steps: int = 1000
    """Of adaptation."""
    threads: int = 1
    """Of PyTorch and physics. Two are a third faster where nothing else runs, and slower than one
    where something does."""


@dataclass(frozen=True)
class Adapt(Verb):
    """Adapt a network to a task from a few demonstrations; writes a small file."""

    task: str
    """Whose demonstrations."""
    out: Path
    """A .safetensors file for the adapters."""
    model: str = "nano"
    """A network of the package, or a folder."""
    data: Path = _CACHE / "demos"
    """Folder of the sets; what is missing is made."""
    learning: conf.OmitArgPrefixes[Learning] = Learning()
    """How demonstrations are learned from."""
    seed: int = 0
    """Of what is drawn."""


@dataclass(frozen=True)
class Evaluate(Verb):
    """Let methods learn from demonstrations and act from stored starts; prints a table.

    What was evaluated is kept in scores.jsonl, and not done again.
    """

    task: tuple[str, ...] = ("held-out",)
    """Tasks, or "held-out"."""
    demos: tuple[int, ...] = (5,)
    """Numbers of demonstrations."""
    methods: tuple[str, ...] = ("meta-controller", "no-adaptation", "cloning", "nearest")
    """Names that `meta-controller list` prints, or "all"."""
    seeds: tuple[int, ...] = (0,)
    """Of trained networks (RUNS/METHOD-sSEED), adaptation and cloning."""
    model: str | None = "nano"
    """The Meta-Controller's network for all seeds: of the package, or a folder."""
    runs: Path | None = None
    """Folder of trained networks, one per method and seed, in place of `model`."""
    starts: int = 20
    """Episodes per method, task and seed."""
    data: Path = _CACHE / "demos"
    """Folder of the sets; what is missing is made."""
    out: Path = Path("runs/few-shot")
    """Folder of scores, table and plots."""
    steps: int = 1000
    """Of adaptation."""
    select: Literal["last", "return"] = "last"
    """Which of the adaptation's networks counts: the last, or the one with the best evaluation
    return, which is what the original does, and flatters."""
    threads: int = 1
    """Of PyTorch and physics. Two are a third faster where nothing else runs, and slower than one
    where something does."""


@dataclass(frozen=True)
class Play(Verb):
    """Film a network that imitates demonstrations, and draw which steps it imitates."""

    task: str
    """What is done."""
    out: Path = Path("runs/play")
    """Folder for rollout.mp4 and attention.png."""
    model: str = "nano"
    """A network of the package, or a folder."""
    adapter: Path | None = None
    """What `meta-controller adapt` wrote; by default it is adapted now."""
    data: Path = _CACHE / "demos"
    """Folder of the sets; what is missing is made."""
    learning: conf.OmitArgPrefixes[Learning] = Learning()
    """How demonstrations are learned from."""
    episodes: int = 4
    """Side by side."""
    seed: int = 0
    """Of what is drawn."""


@dataclass(frozen=True)
class List(Verb):
    """Print tasks, experts, methods, sizes and networks."""


@dataclass(frozen=True)
class Demos:
    """Make, search, judge and exchange demonstrations."""

    action: conf.OmitSubcommandPrefixes[
        Annotated[DemosMake, conf.subcommand("make")]
        | Annotated[DemosSearch, conf.subcommand("search")]
        | Annotated[DemosCards, conf.subcommand("cards")]
        | Annotated[DemosExport, conf.subcommand("export")]
        | Annotated[DemosImport, conf.subcommand("import")]
    ]


Command = (
    Annotated[Demos, conf.subcommand("demos")]
    | Annotated[Train, conf.subcommand("train")]
    | Annotated[Adapt, conf.subcommand("adapt")]
    | Annotated[Evaluate, conf.subcommand("evaluate")]
    | Annotated[Play, conf.subcommand("play")]
    | Annotated[List, conf.subcommand("list")]
)
