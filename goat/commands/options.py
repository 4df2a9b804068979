"""The flags of every verb. Imports nothing heavy: `goat --help` reads only this file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from tyro import conf


@dataclass(frozen=True, kw_only=True)
class Verb:
    """What every verb understands."""

    debug: bool = False
    """Show the traceback of an error, and what the libraries log."""


@dataclass(frozen=True)
class Recording:
    """What is left behind besides results.json and report.html."""

    video: bool = True
    """Write video.mp4."""
    viewer: str = "none"
    """"none", "rerun" (a live window) or the path of a .rrd file to write."""
    mesh: bool = False
    """Write a textured reconstruction and every instance's cloud and box (needs the mesh extra)."""


@dataclass(frozen=True)
class Run(Verb):
    """Send the robot to goal after goal in one world.

    Goals are "category:sofa", "text:the blue chair next to the window" or "image:photo.jpg".
    """

    world: str = "generated:0"
    """"generated:SEED", a .world or .sdf file, or a .glb or .gltf file."""
    goal: conf.UseAppendAction[tuple[str, ...]] = ()
    """A goal; repeat the flag for more."""
    goals: Path | None = None
    """A YAML list of goals: {category|text|image: ..., target: object name or list of them}."""
    sample_goals: int = 0
    """Also draw this many goals of all three kinds from the world's ground truth."""
    repeat: float = 0.0
    """Share of the sampled goals that ask again for an object that was asked for before."""
    detector: str = "simulator"
    """A name that `goat list` prints, or NAME:MODEL with a folder or hub name of its weights."""
    segmenter: str = "facebook/sam2.1-hiera-tiny"
    """SAM 2 model for the masks of open-vocabulary detectors; "none" takes whole boxes."""
    vocabulary: tuple[str, ...] = ()
    """Categories an open-vocabulary detector looks for; by default those of the world."""
    encoder: str = "none"
    """Image and text encoder for sentences: "none", NAME or NAME:MODEL."""
    matcher: str = "sift"
    """Keypoint matcher for photos: NAME or NAME:MODEL."""
    memory: Path | None = None
    """SQLite file to remember in; an existing one is continued."""
    out: Path = Path("runs/run")
    """Folder for the results; if it exists, a numbered one beside it is used."""
    camera: Literal["default", "stretch", "spot"] = "default"
    """Camera and body of the robot."""
    noise: Literal["none", "default"] = "none"
    """Noise of depth, odometry and actuation."""
    seed: int = 0
    """Of everything that is random."""
    max_steps: int = 500
    """Actions per goal."""
    start: str | None = None
    """Start pose "x,y,yaw" in metres and radians; by default the world suggests one."""
    recording: conf.OmitArgPrefixes[Recording] = Recording()


@dataclass(frozen=True)
class Demo(Verb):
    """Five goals, given as categories, photos and sentences, in a generated home."""

    out: Path = Path("runs/demo")
    """Folder for the results; if it exists, a numbered one beside it is used."""
    seed: int = 3
    """Of the home and of everything else that is random."""
    recording: conf.OmitArgPrefixes[Recording] = Recording()


@dataclass(frozen=True)
class MapExport(Verb):
    """Write the remembered map as nav2 map_server files (PGM + YAML)."""

    memory: Path
    """SQLite file of a run."""
    out: Path
    """Folder to write to; nothing in it is overwritten."""
    name: str = "map"
    """Stem of the files."""
    mesh: bool = False
    """Also write each instance's point cloud and oriented box (needs the mesh extra)."""


@dataclass(frozen=True)
class MapImport(Verb):
    """Start a memory file from a nav2 map_server map."""

    map: conf.Positional[Path]
    """The map's YAML file."""
    memory: Path
    """SQLite file to create; an existing one is refused."""


@dataclass(frozen=True)
class Map:
    """Exchange maps with nav2."""

    action: conf.OmitSubcommandPrefixes[
        Annotated[MapExport, conf.subcommand("export")]
        | Annotated[MapImport, conf.subcommand("import")]
    ]


@dataclass(frozen=True)
class List(Verb):
    """Print what can be named: detectors, encoders, matchers, cameras, worlds."""

    world: str | None = None
    """Print this world's objects per category instead."""


@dataclass(frozen=True)
class Doctor(Verb):
    """Check what works here: GL backends, optional packages, versions."""

    memory: Path | None = None
    """Also check this memory file."""


Command = (
    Annotated[Demo, conf.subcommand("demo")]
    | Annotated[Run, conf.subcommand("run")]
    | Annotated[Map, conf.subcommand("map")]
    | Annotated[List, conf.subcommand("list")]
    | Annotated[Doctor, conf.subcommand("doctor")]
)
