"""The data that crosses the walls between packages.

SI units; angles in radians, counter-clockwise positive; time in seconds from one clock.
Frames follow REP-103 and REP-105: the body has x forward, y left, z up; the optical frame has
z forward, x right, y down. A transform `a_from_b` maps coordinates in b to coordinates in a.
Memory and grids live in `map`; the follower acts in `odom`; `map -> odom -> base -> camera`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, IntEnum

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import RigidTransform

Float32Array = NDArray[np.float32]
Float64Array = NDArray[np.float64]
UInt8Array = NDArray[np.uint8]
Int32Array = NDArray[np.int32]
BoolArray = NDArray[np.bool_]


def _check(array: NDArray, name: str, shape: tuple[int | None, ...], dtype: type) -> None:
    fits = array.ndim == len(shape) and all(
        want is None or got == want for got, want in zip(array.shape, shape, strict=True)
    )
    if not fits or array.dtype != dtype:
        wanted = tuple("any" if s is None else s for s in shape)
        raise ValueError(
            f"{name} must have shape {wanted} and dtype {np.dtype(dtype)}, "
            f"got shape {array.shape} and dtype {array.dtype}"
        )


@dataclass(frozen=True, slots=True)
class CameraIntrinsics:
    """A pinhole camera; integer pixel coordinates are pixel centres."""

    width: int
    """Image width, px."""
    height: int
    """Image height, px."""
    fx: float
    """Focal length along x, px."""
    fy: float
    """Focal length along y, px."""
    cx: float
    """Principal point x, px."""
    cy: float
    """Principal point y, px."""

    def __post_init__(self) -> None:
        """Check that the image is not empty and the focal lengths are positive."""
        if self.width < 1 or self.height < 1 or self.fx <= 0 or self.fy <= 0:
            raise ValueError(f"a camera needs a positive size and focal length, got {self}")

    @classmethod
    def from_hfov(cls, width: int, height: int, hfov: float) -> CameraIntrinsics:
        """Build a camera with square pixels and a centred principal point.

        Args:
            width: Image width, px.
            height: Image height, px.
            hfov: Horizontal field of view, radians.
        """
        f = 0.5 * width / math.tan(0.5 * hfov)
        return cls(width, height, f, f, 0.5 * (width - 1), 0.5 * (height - 1))

    @property
    def hfov(self) -> float:
        """Horizontal field of view, radians (for a centred principal point)."""
        return 2.0 * math.atan(0.5 * self.width / self.fx)

    @property
    def vfov(self) -> float:
        """Vertical field of view, radians (for a centred principal point)."""
        return 2.0 * math.atan(0.5 * self.height / self.fy)


@dataclass(frozen=True, slots=True)
class Observation:
    """What an embodiment senses at one instant."""

    stamp: float
    """Time of capture, seconds."""
    rgb: UInt8Array
    """Colour image (H, W, 3)."""
    depth: Float32Array
    """Metres along the optical axis (H, W); NaN = no return."""
    camera: CameraIntrinsics
    """Intrinsics of both images."""
    base_from_camera: RigidTransform
    """Pose of the optical frame in the base frame."""
    odom_from_base: RigidTransform
    """Pose of the base in the odometry frame."""
    collided: bool = False
    """The last action was cut short by a collision."""
    semantic: Int32Array | None = None
    """Simulator object ids (H, W), 0 = none; only where a simulator offers them."""

    def __post_init__(self) -> None:
        """Check that the images fit the camera."""
        size = (self.camera.height, self.camera.width)
        _check(self.rgb, "rgb", (*size, 3), np.uint8)
        _check(self.depth, "depth", size, np.float32)
        if self.semantic is not None:
            _check(self.semantic, "semantic", size, np.int32)

    @property
    def odom_from_camera(self) -> RigidTransform:
        """Pose of the optical frame in the odometry frame."""
        return self.odom_from_base * self.base_from_camera


@dataclass(frozen=True, slots=True)
class Detection:
    """One object seen in one image."""

    label: str
    """Category name."""
    score: float
    """Confidence in [0, 1]."""
    box: Float32Array
    """(4,) x0, y0, x1, y1 in px; x1 and y1 are exclusive."""
    mask: BoolArray
    """(H, W) pixels that belong to the object."""
    embedding: Float32Array | None = None
    """(D,) appearance vector of unit norm."""

    def __post_init__(self) -> None:
        """Check shapes."""
        _check(self.box, "box", (4,), np.float32)
        _check(self.mask, "mask", (None, None), np.bool_)
        if self.embedding is not None:
            _check(self.embedding, "embedding", (None,), np.float32)


@dataclass(frozen=True, slots=True)
class Keypoints:
    """Local features of one image."""

    xy: Float32Array
    """(N, 2) pixel coordinates."""
    descriptors: NDArray
    """(N, D) descriptors, in the dtype of the matcher that made them."""
    width: int
    """Width of the image they were found in, px."""
    height: int
    """Height of that image, px."""


@dataclass(frozen=True, slots=True)
class KeypointMatches:
    """Geometrically consistent matches between two images."""

    xy_a: Float32Array
    """(M, 2) inlier positions in the first image, px."""
    xy_b: Float32Array
    """(M, 2) inlier positions in the second image, px."""
    tentative: int
    """Number of matches before the geometric check."""


@dataclass(frozen=True, slots=True)
class View:
    """One look at an instance, kept for matching."""

    id: int
    """Unique among all views of a memory."""
    stamp: float
    """Time of capture, seconds."""
    map_from_camera: RigidTransform
    """Pose of the optical frame in the map."""
    camera: CameraIntrinsics
    """Intrinsics of the full image the crop was taken from."""
    box: Float32Array
    """(4,) box of the object in the full image, px."""
    crop_box: Float32Array
    """(4,) box of the padded crop in the full image, px."""
    crop: bytes
    """JPEG of the padded crop, possibly scaled down."""
    mask: bytes
    """PNG of the object's mask inside the crop, at the crop's stored size."""
    quality: float
    """How good a look this is: larger is better."""
    embedding: Float32Array | None = None
    """(D,) appearance vector of unit norm."""


@dataclass(frozen=True, slots=True)
class Instance:
    """One remembered object (a snapshot; the memory owns the live one)."""

    id: int
    """Unique in the memory, never used twice."""
    label_scores: Mapping[str, float]
    """Category -> accumulated share, sums to 1."""
    points: Float32Array
    """(N, 3) voxel centres in the map frame."""
    bounds: Float32Array
    """(2, 3) lower and upper corner in the map frame."""
    views: tuple[View, ...]
    """Best looks at it, best first."""
    first_seen: float
    """Stamp of the first detection, seconds."""
    last_seen: float
    """Stamp of the last detection, seconds."""
    observations: int = 1
    """Number of frames it was seen in."""
    confirmed: bool = True
    """Seen often enough to be acted on."""
    attributes: Mapping[str, float] = field(default_factory=dict)
    """Measured attribute -> strength in [0, 1], for example "color:blue"."""

    @property
    def label(self) -> str:
        """The most likely category."""
        return max(self.label_scores, key=lambda name: self.label_scores[name])

    @property
    def center(self) -> Float32Array:
        """(3,) middle of the bounds."""
        return self.bounds.mean(axis=0)


@dataclass(frozen=True, slots=True)
class CategoryGoal:
    """Any object of a category."""

    category: str


@dataclass(frozen=True, slots=True)
class ImageGoal:
    """The very object a photo shows in its middle."""

    rgb: UInt8Array
    """(H, W, 3) photo."""
    name: str = "photo"
    """What to call it in reports."""
    category: str | None = None
    """What a detector calls the object, where one has looked at the photo."""
    detections: tuple[Detection, ...] = ()
    """What that detector found in the photo, the object itself included."""

    def __post_init__(self) -> None:
        """Check the photo's shape."""
        _check(self.rgb, "rgb", (None, None, 3), np.uint8)


@dataclass(frozen=True, slots=True)
class LanguageGoal:
    """The very object a sentence describes."""

    text: str


@dataclass(frozen=True, slots=True)
class InstanceGoal:
    """An object that is remembered already."""

    id: int
    """Of the instance."""
    name: str = "object"
    """What to call it in reports."""


@dataclass(frozen=True, slots=True)
class PlaceGoal:
    """A place on the floor."""

    xy: tuple[float, float]
    """In the map, m."""


Goal = CategoryGoal | ImageGoal | LanguageGoal | InstanceGoal | PlaceGoal


def modality(goal: Goal) -> str:
    """Return "category", "image", "language", "instance" or "place"."""
    return type(goal).__name__.removesuffix("Goal").lower()


def describe(goal: Goal) -> str:
    """Return the goal as a person would read it."""
    match goal:
        case CategoryGoal(category):
            return category
        case ImageGoal(name=name):
            return name
        case LanguageGoal(text):
            return text
        case InstanceGoal(id=number, name=name):
            return f"{name} {number}"
        case PlaceGoal((x, y)):
            return f"({x:.1f}, {y:.1f}) m"


class DiscreteAction(Enum):
    """A step of fixed size; the sizes live in the embodiment's `Body`."""

    STOP = "stop"
    FORWARD = "forward"
    TURN_LEFT = "turn_left"
    TURN_RIGHT = "turn_right"


@dataclass(frozen=True, slots=True)
class VelocityCommand:
    """A velocity of the base, held until the next command."""

    linear: float
    """Forward speed, m/s."""
    angular: float
    """Turning speed, rad/s, counter-clockwise positive."""


Action = DiscreteAction | VelocityCommand


@dataclass(frozen=True, slots=True)
class Body:
    """What a planner must know of a robot: a vertical cylinder that turns on the spot."""

    radius: float = 0.17
    """Footprint radius, m."""
    height: float = 1.41
    """Height, m; anything lower than this and higher than `step_height` is an obstacle."""
    step_height: float = 0.05
    """Highest thing the wheels roll over, m."""
    forward_step: float = 0.25
    """Length of `DiscreteAction.FORWARD`, m."""
    turn_step: float = math.radians(30.0)
    """Angle of one discrete turn, rad."""
    max_linear: float = 0.5
    """Greatest forward speed, m/s."""
    max_angular: float = 1.0
    """Greatest turning speed, rad/s."""
    discrete: bool = True
    """Whether it is driven by discrete actions; otherwise by velocity commands."""


class Status(Enum):
    """How the pursuit of a goal ended."""

    REACHED = "reached"
    NOT_FOUND = "not_found"
    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    ERROR = "error"
    CANCELLED = "cancelled"
    """A person wanted something else."""


class CellState(IntEnum):
    """State of a grid cell."""

    UNKNOWN = 0
    FREE = 1
    OCCUPIED = 2


@dataclass(frozen=True, slots=True)
class OccupancyGrid:
    """A snapshot of the map: row = y, column = x."""

    state: UInt8Array
    """(rows, cols) of `CellState`."""
    origin: tuple[float, float]
    """Map coordinates of the outer corner of cell [0, 0], m."""
    resolution: float
    """Side of a cell, m."""
    height: UInt8Array | None = None
    """(rows, cols) how high what stands in each cell was seen to reach, cm; 0 = unknown."""

    def __post_init__(self) -> None:
        """Check the shapes."""
        _check(self.state, "state", (None, None), np.uint8)
        if self.height is not None:
            _check(self.height, "height", self.state.shape, np.uint8)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.state.shape[0], self.state.shape[1]

    def cells(self, xy: NDArray) -> NDArray[np.intp]:
        """Return (..., 2) row, column of the cells that hold map points `xy` (..., 2).

        Points outside the grid give indices outside the array: check with `inside`.
        """
        offset = (np.asarray(xy, dtype=np.float64) - self.origin) / self.resolution
        return np.floor(offset).astype(np.intp)[..., ::-1]

    def points(self, cells: NDArray) -> Float64Array:
        """Return (..., 2) map coordinates of the centres of `cells` (..., 2) row, column."""
        xy = np.asarray(cells, dtype=np.float64)[..., ::-1] + 0.5
        return xy * self.resolution + self.origin

    def inside(self, cells: NDArray) -> BoolArray:
        """Return (...) whether each of `cells` (..., 2) lies in the grid."""
        cells = np.asarray(cells)
        return np.asarray(((cells >= 0) & (cells < self.shape)).all(axis=-1))


@dataclass(frozen=True, slots=True)
class Path:
    """A polyline to follow in the map frame."""

    points: Float64Array
    """(N, 2) from the robot to the end, m."""

    def __post_init__(self) -> None:
        """Check the shape."""
        _check(self.points, "points", (None, 2), np.float64)

    @property
    def length(self) -> float:
        """Length in metres."""
        return float(np.linalg.norm(np.diff(self.points, axis=0), axis=1).sum())


@dataclass(frozen=True, slots=True)
class AgentFrame:
    """Everything an observer may want to draw after one control step."""

    step: int
    """Steps taken since the goal was set."""
    observation: Observation
    """What was sensed."""
    map_from_base: RigidTransform
    """Where the robot believes it is."""
    detections: tuple[Detection, ...]
    """What was detected in this frame; empty when perception was skipped."""
    grid: OccupancyGrid
    """The map."""
    instances: tuple[Instance, ...]
    """What is remembered."""
    goal: Goal | None
    """What is sought."""
    target: int | None
    """Id of the instance driven to; None while exploring."""
    probability: float
    """Probability that the target is what is sought; 0 while exploring."""
    path: Path | None
    """Where it is about to drive."""
    note: str
    """What it is doing, for people ("exploring", "driving to chair 7")."""
    candidates: tuple[tuple[int, float], ...] = ()
    """Ids of the instances that may be what is sought, with probabilities, likeliest first."""


@dataclass(frozen=True, slots=True)
class PhotoView:
    """Where a goal photo is taken from, and how well it shows its object."""

    map_from_camera: RigidTransform
    """Pose of the optical frame."""
    camera: CameraIntrinsics
    """Intrinsics of the photo."""
    frame_coverage: float
    """Share of the photo that the object fills, in [0, 1]."""
    object_coverage: float
    """Share of the object, as seen from there, that nothing hides, in [0, 1]."""


@dataclass(frozen=True, slots=True)
class ObjectTruth:
    """Ground truth about one object, for evaluation and for writing goals; agents never see it."""

    id: int
    """The simulator's object id, as in `Observation.semantic`."""
    name: str
    """Unique in the world ("ChairA_01_001")."""
    category: str
    """Category name."""
    bounds: Float64Array
    """(2, 3) lower and upper corner, m, world frame."""
    attributes: Mapping[str, str] = field(default_factory=dict)
    """For describing it: "color", "material", ..."""
    room: str | None = None
    """Type of the room it stands in, where known."""


@dataclass(frozen=True, slots=True)
class Task:
    """A goal together with what counts as reaching it."""

    goal: Goal
    """What the agent is given."""
    targets: tuple[int, ...]
    """Ids of the objects that count as reached; empty if nobody knows."""
