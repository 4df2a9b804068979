"""Control steps as the contents of standard ROS 2 messages.

Types and units are those of common_interfaces (https://github.com/ros2/common_interfaces), axes
those of REP-103 and REP-105. Depth is packed as image_transport's compressedDepth does it: 12 bytes
of header, then a PNG of 16 bits that holds millimetres, 0 where there is no return.
"""

from __future__ import annotations

import colorsys
import json
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import RigidTransform

from goat.recording import topics
from goat.types import (
    AgentFrame,
    CameraIntrinsics,
    CategoryGoal,
    CellState,
    Float32Array,
    Goal,
    ImageGoal,
    Instance,
    InstanceGoal,
    Int32Array,
    LanguageGoal,
    OccupancyGrid,
    Path,
    PlaceGoal,
    UInt8Array,
)

Content = dict[str, Any]

_BILLION = 1_000_000_000
_NO_QUANTA = bytes(12)
_FAST_PNG = [
    cv2.IMWRITE_PNG_COMPRESSION, 1, cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_RLE
]  # fmt: skip
"""For depth, faster and smaller than what is usual."""
_OCCUPANCY = np.zeros(3, np.int8)
_OCCUPANCY[CellState.UNKNOWN], _OCCUPANCY[CellState.FREE] = -1, 0
_OCCUPANCY[CellState.OCCUPIED] = 100
_CUBE, _TEXT, _ADD, _DELETE_ALL = 1, 9, 0, 3
_THINNEST = 0.01  # m, of a box
_LETTERS = 0.15  # m
_MOST_CANDIDATES = 10


def nanoseconds(stamp: float) -> int:
    """Return a stamp, s, as whole nanoseconds; never negative."""
    return max(0, round(stamp * _BILLION))


def header(stamp: float, frame: str) -> Content:
    """Return std_msgs/Header."""
    seconds, rest = divmod(nanoseconds(stamp), _BILLION)
    return {"stamp": {"sec": seconds, "nanosec": rest}, "frame_id": frame}


def color_image(rgb: UInt8Array, stamp: float, quality: int) -> Content:
    """Return sensor_msgs/CompressedImage of (H, W, 3): JPEG of a quality up to 100."""
    _, data = cv2.imencode(".jpg", rgb[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    head = header(stamp, topics.FRAME_OPTICAL)
    return {"header": head, "format": "rgb8; jpeg compressed bgr8", "data": data}


def photo_image(rgb: UInt8Array, stamp: float) -> Content:
    """Return sensor_msgs/CompressedImage of a goal's photo (H, W, 3): PNG, nothing is lost."""
    _, data = cv2.imencode(".png", rgb[..., ::-1])
    return {"header": header(stamp, ""), "format": "rgb8; png compressed bgr8", "data": data}


def depth_image(depth: Float32Array, stamp: float) -> Content:
    """Return sensor_msgs/CompressedImage of (H, W) metres, to a millimetre, up to 65 m."""
    head = header(stamp, topics.FRAME_OPTICAL)
    packed = np.frombuffer(pack_depth(depth), np.uint8)
    return {"header": head, "format": "16UC1; compressedDepth png", "data": packed}


def pack_depth(depth: Float32Array) -> bytes:
    """Return (H, W) metres as compressedDepth: a header of zeros and a PNG of millimetres."""
    _, data = cv2.imencode(".png", millimetres(depth), _FAST_PNG)
    return _NO_QUANTA + data.tobytes()


def millimetres(depth: Float32Array) -> NDArray[np.uint16]:
    """Return (H, W) metres as whole millimetres, up to 65 m; 0 where there is no number."""
    metres = np.nan_to_num(depth, nan=0.0, posinf=0.0, neginf=0.0)
    return np.clip(metres * 1000.0, 0.0, 65534.0).round().astype(np.uint16)


def ids_image(ids: Int32Array, stamp: float) -> Content:
    """Return sensor_msgs/Image, 16UC1, of (H, W) object ids."""
    height, width = ids.shape
    return {
        "header": header(stamp, topics.FRAME_OPTICAL),
        "height": height,
        "width": width,
        "encoding": "16UC1",
        "step": 2 * width,
        "data": np.ascontiguousarray(ids, "<u2").view(np.uint8),
    }


def camera_info(camera: CameraIntrinsics, stamp: float) -> Content:
    """Return sensor_msgs/CameraInfo of a camera without distortion."""
    fx, fy, cx, cy = camera.fx, camera.fy, camera.cx, camera.cy
    return {
        "header": header(stamp, topics.FRAME_OPTICAL),
        "height": camera.height,
        "width": camera.width,
        "distortion_model": "plumb_bob",
        "d": [0.0] * 5,
        "k": [fx, 0.0, cx, 0.0, fy, cy, 0.0, 0.0, 1.0],
        "r": np.eye(3),
        "p": [fx, 0.0, cx, 0.0, 0.0, fy, cy, 0.0, 0.0, 0.0, 1.0, 0.0],
    }


def odometry(
    odom_from_base: RigidTransform, stamp: float, before: tuple[float, RigidTransform] | None
) -> Content:
    """Return nav_msgs/Odometry; the velocity is the mean since `before` (its stamp and pose)."""
    linear, angular = np.zeros(3), np.zeros(3)
    if before is not None and stamp > before[0]:
        step = before[1].inv() * odom_from_base
        linear = step.translation / (stamp - before[0])
        angular = step.rotation.as_rotvec() / (stamp - before[0])
    return {
        "header": header(stamp, topics.FRAME_ODOM),
        "child_frame_id": topics.FRAME_BASE,
        "pose": {"pose": _pose(odom_from_base)},
        "twist": {"twist": {"linear": _xyz(linear), "angular": _xyz(angular)}},
    }


def transforms(stamp: float, edges: Sequence[tuple[str, str, RigidTransform]]) -> Content:
    """Return tf2_msgs/TFMessage of (parent, child, parent_from_child)."""
    items = []
    for parent, child, parent_from_child in edges:
        pose = _pose(parent_from_child)
        items.append(
            {
                "header": header(stamp, parent),
                "child_frame_id": child,
                "transform": {"translation": pose["position"], "rotation": pose["orientation"]},
            }
        )
    return {"transforms": items}


def occupancy(grid: OccupancyGrid, stamp: float) -> Content:
    """Return nav_msgs/OccupancyGrid of the part of the map that is known."""
    known = grid.state != CellState.UNKNOWN
    rows, cols = np.flatnonzero(known.any(axis=1)), np.flatnonzero(known.any(axis=0))
    top, left = (int(rows[0]), int(cols[0])) if rows.size else (0, 0)
    state = grid.state[top : rows[-1] + 1, left : cols[-1] + 1] if rows.size else known[:0, :0]
    corner = np.array(grid.origin) + grid.resolution * np.array([left, top])
    origin = RigidTransform.from_translation([*corner, 0.0])
    height, width = state.shape
    return {
        "header": header(stamp, topics.FRAME_MAP),
        "info": {
            "map_load_time": header(stamp, "")["stamp"],
            "resolution": grid.resolution,
            "width": width,
            "height": height,
            "origin": _pose(origin),
        },
        "data": _OCCUPANCY[state.astype(np.uint8)],
    }


def path_poses(path: Path | None, stamp: float) -> Content:
    """Return nav_msgs/Path, each pose turned to the next; empty if there is none."""
    points = np.zeros((0, 2)) if path is None else path.points
    ahead = np.diff(points, axis=0, append=points[-1:])
    ahead[-1:] = ahead[-2:-1]
    half = 0.5 * np.arctan2(ahead[:, 1], ahead[:, 0])
    head = header(stamp, topics.FRAME_MAP)
    poses = [
        {
            "header": head,
            "pose": {
                "position": _xyz((x, y, 0.0)),
                "orientation": {"z": float(np.sin(turn)), "w": float(np.cos(turn))},
            },
        }
        for (x, y), turn in zip(points, half, strict=True)
    ]
    return {"header": head, "poses": poses}


def markers(instances: Sequence[Instance], target: int | None, stamp: float) -> Content:
    """Return visualization_msgs/MarkerArray: a box and a name for each confirmed instance."""
    found = [{"header": header(stamp, topics.FRAME_MAP), "action": _DELETE_ALL}]
    for instance in instances:
        if instance.confirmed:
            found += _marked(instance, target == instance.id, stamp)
    return {"markers": found}


def _marked(instance: Instance, sought: bool, stamp: float) -> list[Content]:
    size = np.maximum(np.ptp(instance.bounds, axis=0), _THINNEST)
    center = instance.center
    above = center + np.array([0.0, 0.0, 0.5 * size[2] + _LETTERS])
    shared = {"header": header(stamp, topics.FRAME_MAP), "id": instance.id, "action": _ADD}
    upright = {"w": 1.0}
    box = {
        "ns": "boxes",
        "type": _CUBE,
        "pose": {"position": _xyz(center), "orientation": upright},
        "scale": _xyz(size),
        "color": _color(instance.label, 0.7 if sought else 0.35),
    }
    name = {
        "ns": "names",
        "type": _TEXT,
        "pose": {"position": _xyz(above), "orientation": upright},
        "scale": {"z": _LETTERS},
        "color": dict.fromkeys("rgba", 1.0),
        "text": f"{instance.label} {instance.id}",
    }
    return [shared | box, shared | name]


def goal_text(goal: Goal) -> Content:
    """Return std_msgs/String with a goal as JSON: its kind, and what there is to say of it."""
    match goal:
        case CategoryGoal(category):
            said = {"kind": "category", "content": category}
        case LanguageGoal(text):
            said = {"kind": "text", "content": text}
        case ImageGoal(name=name, category=category):
            said = {"kind": "image", "content": name, "category": category}
        case InstanceGoal(id=number, name=name):
            said = {"kind": "instance", "content": name, "id": number}
        case PlaceGoal(xy):
            said = {"kind": "place", "content": list(xy)}
    return _json(said)


def note_text(frame: AgentFrame) -> Content:
    """Return std_msgs/String with what the robot is doing, as JSON."""
    return _json(
        {
            "step": frame.step,
            "note": frame.note,
            "target": frame.target,
            "probability": frame.probability,
            "candidates": [list(item) for item in frame.candidates[:_MOST_CANDIDATES]],
            "collided": frame.observation.collided,
        }
    )


def labels_text(labels: Mapping[int, str]) -> Content:
    """Return std_msgs/String with object id -> category, as JSON."""
    return _json({str(number): label for number, label in labels.items()})


def _json(content: object) -> Content:
    return {"data": json.dumps(content, ensure_ascii=False)}


def _pose(parent_from_child: RigidTransform) -> Content:
    translation, rotation = parent_from_child.as_components()
    turn = dict(zip("xyzw", map(float, rotation.as_quat()), strict=True))
    return {"position": _xyz(translation), "orientation": turn}


def _xyz(values: Sequence[float] | NDArray) -> dict[str, float]:
    return dict(zip("xyz", map(float, values), strict=True))


def _color(label: str, opacity: float) -> dict[str, float]:
    """Return std_msgs/ColorRGBA, the same for a label in every recording."""
    hue = zlib.crc32(label.encode()) % 360 / 360.0
    red, green, blue = colorsys.hsv_to_rgb(hue, 0.7, 0.95)
    return {"r": red, "g": green, "b": blue, "a": opacity}
