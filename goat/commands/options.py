"""The flags of every verb. Imports nothing heavy: `goat --help` reads only this file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from tyro import conf

from goat.shell import Verb


@dataclass(frozen=True)
class Seeing:
    """What looks at images, besides the detector."""

    segmenter: str = "facebook/sam2.1-hiera-tiny"
    """SAM 2 model for the masks of open-vocabulary detectors; "none" takes whole boxes."""
    vocabulary: tuple[str, ...] = ()
    """Categories an open-vocabulary detector looks for besides what goals name; by default
    those of the world, or of a household."""
    encoder: str = "none"
    """Image and text encoder for sentences: "none", NAME or NAME:MODEL."""
    matcher: str = "sift"
    """Keypoint matcher for photos: NAME or NAME:MODEL."""


@dataclass(frozen=True)
class Recorded:
    """What is recorded of every step."""

    record: Path | None = None
    """Also record it as MCAP with standard ROS 2 messages; an existing file gets a numbered one
    beside it."""
    record_quality: int = 95
    """Of the recording's colour JPEG, 1 to 100."""


@dataclass(frozen=True)
class Recording(Recorded):
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
    seeing: conf.OmitArgPrefixes[Seeing] = Seeing()
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
class BenchMake(Verb):
    """Draw episodes from the ground truth of worlds and save them as files, one per world."""

    world: conf.UseAppendAction[tuple[str, ...]] = ()
    """"generated:SEED", "generated:FIRST..LAST", or a world file; repeat the flag for more. By
    default generated:0..19."""
    episodes_per_world: int = 5
    """Episodes in each file."""
    goals: str = "10"
    """Goals per episode: a number, or "5..10" for a random number."""
    repeat: float = 0.29
    """Share of goals that ask again as before: same category, modality and object."""
    seed: int = 0
    """Of everything that is random."""
    camera: Literal["default", "stretch", "spot"] = "default"
    """Robot that must be able to reach and see what is asked for."""
    out: Path = Path("episodes")
    """Folder for the files; a file that exists is left as it is, unless --overwrite."""
    overwrite: bool = False
    """Make existing files anew."""


@dataclass(frozen=True)
class InHabitat:
    """Where habitat_sim and its scenes are; only runs with --env habitat need it."""

    scenes: Path = Path("data/scene_datasets")
    """Folder of Habitat's scenes, such as one with hm3d in it."""
    dataset: Path | None = None
    """Habitat's *.scene_dataset_config.json; by default the one beside the scenes."""
    habitat: str | None = None
    """Python of an environment with habitat_sim, or tcp://host:port of a server there; by default
    it runs in this process."""
    gpu: int | None = None
    """Index of the GPU that Habitat renders on, -1 for none; by default the first if there is
    one."""


@dataclass(frozen=True)
class BenchRun(Verb):
    """Run agents over episodes; what is finished is never run again."""

    episodes: conf.Positional[Path]
    """An episode file (*.json.gz), or a folder of them."""
    agents: str = "goat"
    """Names separated by commas, or "all"; `goat list` prints them."""
    out: Path = Path("results")
    """Folder for the results; one that exists is continued."""
    workers: int = 2
    """Processes on this machine."""
    ray: str | None = None
    """Address of a Ray cluster to run on in place of processes here ("local" starts one here)."""
    env: Literal["home", "habitat"] = "home"
    """What simulates: our own homes, or habitat_sim."""
    noise: Literal["none", "default"] = "none"
    """Noise of depth, odometry and actuation."""
    camera: Literal["default", "stretch", "spot"] | None = None
    """Camera and body of the robot; "default", or "stretch" in Habitat."""
    detector: str = "simulator"
    """A name that `goat list` prints, or NAME:MODEL with a folder or hub name of its weights."""
    max_steps: int = 500
    """Actions per goal."""
    drop_long: bool = False
    """Leave out goals whose description has more than 55 words, as GOAT-Bench's loader does."""
    limit: int | None = None
    """Run at most this many episodes of each file."""
    seed: int = 0
    """Of everything that is random."""
    where: conf.OmitArgPrefixes[InHabitat] = InHabitat()


@dataclass(frozen=True)
class BenchReport(Verb):
    """Write report.html, results.json and table.tex from the results of a run."""

    results: conf.Positional[Path]
    """Folder that `goat bench run` wrote to."""
    out: Path | None = None
    """Folder for the report; by default that of the results."""
    videos: int = 3
    """Film this many of the worst episodes anew."""
    title: str = "GOAT benchmark"
    """Heading of the report."""
    where: conf.OmitArgPrefixes[InHabitat] = InHabitat()


@dataclass(frozen=True)
class BenchInspect(Verb):
    """Validate episode files and count what is in them."""

    files: conf.Positional[tuple[Path, ...]]
    """Episode files (*.json.gz) or folders of them."""


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
    data: Path | None = None
    """Also check Habitat's data folder (with scene_datasets and datasets); nothing is fetched."""


@dataclass(frozen=True)
class Bench:
    """Make, run and report the lifelong benchmark."""

    action: conf.OmitSubcommandPrefixes[
        Annotated[BenchMake, conf.subcommand("make")]
        | Annotated[BenchRun, conf.subcommand("run")]
        | Annotated[BenchReport, conf.subcommand("report")]
        | Annotated[BenchInspect, conf.subcommand("inspect")]
    ]


@dataclass(frozen=True)
class RobotDrive(Verb):
    """Send a robot behind rosbridge to goal after goal."""

    config: Path | None = None
    """YAML file that describes the robot, such as launch/stretch.yaml."""
    bridge: str | None = None
    """Address of its rosbridge server, in place of the file's."""
    goal: conf.UseAppendAction[tuple[str, ...]] = ()
    """"category:sofa", "text:the blue chair" or "image:photo.jpg"; repeat the flag for more."""
    detector: str = "grounding-dino"
    """A name that `goat list` prints, or NAME:MODEL; "simulator" for a simulated robot."""
    memory: Path | None = None
    """SQLite file to remember in; an existing one is continued."""
    out: Path = Path("runs/robot")
    """Folder for the results; if it exists, a numbered one beside it is used."""
    viewer: str = "none"
    """"none", "viser" (the operator's page), "rerun" (a live window) or the path of a .rrd file."""
    viewer_host: str = "127.0.0.1"
    """Address the operator's page listens on; whoever reaches it drives the robot."""
    viewer_port: int = 8080
    """Its port."""
    minutes: float = 10.0
    """Time allowed per goal."""
    preflight: bool = True
    """Prove that the base stops by itself; without it the robot creeps."""
    seeing: conf.OmitArgPrefixes[Seeing] = Seeing()
    recorded: conf.OmitArgPrefixes[Recorded] = Recorded()


@dataclass(frozen=True)
class RobotSim(Verb):
    """Be a ROS robot in a simulated world, behind any rosbridge server."""

    bridge: str = "ws://localhost:9090"
    """Address of the rosbridge server."""
    world: str = "small_house.world"
    """"generated:SEED", a .world or .sdf file, or a .glb or .gltf file."""
    dialect: Literal["ros1", "ros2"] = "ros2"
    """Which ROS it is a part of."""
    raw: bool = False
    """Send images as they are, not as JPEG and PNG."""
    stamped: bool = False
    """Listen to TwistStamped in place of Twist."""
    navigation: Literal["none", "nav2", "move_base"] = "none"
    """Drive to goals by itself, as with Nav2 or move_base."""
    camera: Literal["default", "stretch", "spot"] = "default"
    """Camera and body of the robot."""
    camera_hz: float = 15.0
    """Rate of images, Hz."""
    noise: Literal["none", "default"] = "none"
    """Noise of depth, odometry and actuation."""
    seed: int = 0
    """Of everything that is random."""
    start: str | None = None
    """Start pose "x,y,yaw" in metres and radians; by default the world suggests one."""


@dataclass(frozen=True)
class RobotBridge(Verb):
    """Run a small rosbridge server on this machine, for trying things without ROS."""

    port: int = 9090
    """Where it listens, on loopback."""
    dialect: Literal["ros1", "ros2"] = "ros2"
    """Which bridge to be like."""


@dataclass(frozen=True)
class RobotClear(Verb):
    """Clear a robot's emergency stop."""

    config: Path | None = None
    """YAML file that describes the robot."""


@dataclass(frozen=True)
class Robot:
    """Drive a robot through ROS, or simulate one; without a subcommand it drives."""

    action: conf.OmitSubcommandPrefixes[
        Annotated[RobotDrive, conf.subcommand("drive")]
        | Annotated[RobotSim, conf.subcommand("sim")]
        | Annotated[RobotBridge, conf.subcommand("bridge")]
        | Annotated[RobotClear, conf.subcommand("clear")]
    ]


@dataclass(frozen=True)
class TopicNames:
    """Names in a recording's ROS graph, in place of those of the robot's file."""

    color: str | None = None
    """Colour, Image or CompressedImage."""
    depth: str | None = None
    """Depth registered to colour, Image or CompressedImage."""
    camera_info: str | None = None
    """CameraInfo of colour."""
    odometry: str | None = None
    """Odometry of the base, or tf that has it."""
    tf: str | None = None
    """Frames that move."""
    tf_static: str | None = None
    """Frames that do not."""
    semantic: str | None = None
    """Object ids of a simulator."""
    labels: str | None = None
    """Their categories."""


@dataclass(frozen=True)
class FrameNames:
    """Names of frames in a recording, in place of those of the robot's file."""

    base: str | None = None
    """On the floor, x forward."""
    odom: str | None = None
    """Odometry's; it counts where odometry is read from tf."""
    camera: str | None = None
    """Optical frame of the images; by default what they say."""


@dataclass(frozen=True)
class Replay(Verb):
    """See, remember and match over a recording, without driving; the same result every time."""

    file: conf.Positional[Path]
    """MCAP, .db3 or ROS 1 .bag, or a folder that rosbag2 wrote."""
    config: Path | None = None
    """YAML file that describes the robot, such as launch/stretch.yaml."""
    topics: TopicNames = TopicNames()
    frames: FrameNames = FrameNames()
    goal: conf.UseAppendAction[tuple[str, ...]] = ()
    """A goal; repeat the flag for more. By default those that were recorded."""
    detector: str | None = None
    """A name that `goat list` prints, or NAME:MODEL; by default "simulator" if the recording has
    object ids and labels, else "grounding-dino"."""
    memory: Path | None = None
    """SQLite file to remember in; an existing one is continued."""
    out: Path = Path("runs/replay")
    """Folder for the results; if it exists, a numbered one beside it is used."""
    hz: float | None = None
    """Use at most so many observations per second of the recording; by default all."""
    seeing: conf.OmitArgPrefixes[Seeing] = Seeing()


Command = (
    Annotated[Demo, conf.subcommand("demo")]
    | Annotated[Run, conf.subcommand("run")]
    | Annotated[Bench, conf.subcommand("bench")]
    | Annotated[Robot, conf.subcommand("robot")]
    | Annotated[Replay, conf.subcommand("replay")]
    | Annotated[Map, conf.subcommand("map")]
    | Annotated[List, conf.subcommand("list")]
    | Annotated[Doctor, conf.subcommand("doctor")]
)
