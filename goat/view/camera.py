"""What the camera sees, with what was detected in it."""

from __future__ import annotations

import cv2
import numpy as np

from goat.geometry import project, transform_points
from goat.types import AgentFrame, Detection, Instance, UInt8Array
from goat.view import theme

_FILL = 0.22
_TEXT = 15


def draw_camera(frame: AgentFrame, size: tuple[int, int]) -> UInt8Array:
    """Return the camera image (height, width, 3) with outlines and labels of the detections.

    Args:
        frame: What to draw.
        size: Width and height of the result, px; the image is fitted into it.
    """
    rgb = frame.observation.rgb
    scale = min(size[0] / rgb.shape[1], size[1] / rgb.shape[0])
    picture = theme.resize(_tinted(rgb, frame.detections), scale)
    for detection in frame.detections:
        _outline(picture, detection, scale)
    _mark_target(picture, frame, scale)
    _draw_labels(picture, frame.detections, scale)
    return _centred(picture, size)


def _tinted(rgb: UInt8Array, detections: tuple[Detection, ...]) -> UInt8Array:
    out = rgb.copy()
    for detection in detections:
        rows, cols = _window(detection)
        mask = detection.mask[rows, cols]
        color = np.array(theme.label_color(detection.label), np.float32)
        region = out[rows, cols]
        region[mask] = (region[mask] * (1 - _FILL) + color * _FILL).astype(np.uint8)
    return out


def _window(detection: Detection) -> tuple[slice, slice]:
    x0, y0 = np.floor(detection.box[:2]).astype(int).clip(0)
    x1, y1 = np.ceil(detection.box[2:]).astype(int).clip(0)
    return slice(y0, y1), slice(x0, x1)


def _outline(picture: UInt8Array, detection: Detection, scale: float) -> None:
    rows, cols = _window(detection)
    mask = np.ascontiguousarray(detection.mask[rows, cols]).view(np.uint8)
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    shift = np.array([cols.start + 0.5, rows.start + 0.5])
    scaled = [np.round((c + shift) * scale * 8).astype(np.int32) for c in contours]
    color = theme.label_color(detection.label)
    cv2.polylines(picture, scaled, True, color, 2, cv2.LINE_AA, shift=3)


def _draw_labels(picture: UInt8Array, detections: tuple[Detection, ...], scale: float) -> None:
    """Name what is large enough, large things first, where no other name stands yet."""
    taken: list[tuple[int, int, int, int]] = []
    for detection in sorted(detections, key=_box_area, reverse=True):
        box = _label_box(picture, detection, scale, taken)
        if box is None:
            continue
        taken.append(box)
        x0, y0, x1, y1 = box
        cv2.rectangle(picture, (x0, y0), (x1, y1), theme.label_color(detection.label), -1)
        theme.put_text(
            picture, detection.label, (x0 + 5, y0 + 2), _TEXT, (255, 255, 255), bold=True
        )


def _box_area(detection: Detection) -> float:
    return float(np.prod(detection.box[2:] - detection.box[:2]))


def _label_box(
    picture: UInt8Array,
    detection: Detection,
    scale: float,
    taken: list[tuple[int, int, int, int]],
) -> tuple[int, int, int, int] | None:
    """Return a free place (x0, y0, x1, y1) px for a name, above the object's top or just below it.

    None where both are taken, or the object is too small to be named.
    """
    if (detection.box[2:] - detection.box[:2]).min() * scale < 14:
        return None
    width, height = theme.text_width(detection.label, _TEXT, bold=True) + 10, _TEXT + 7
    middle, top = _top(detection)
    x = int(np.clip(middle * scale - width / 2, 0, max(picture.shape[1] - width, 0)))
    top *= scale
    for y in (int(np.clip(y, 0, picture.shape[0] - height)) for y in (top - height, top)):
        place = (x, y, x + width, y + height)
        if not any(
            place[0] <= o[2] and o[0] <= place[2] and place[1] <= o[3] and o[1] <= place[3]
            for o in taken
        ):
            return place
    return None


def _top(detection: Detection) -> tuple[float, float]:
    """Return column and row, px, of the middle of the mask's uppermost row."""
    rows, cols = _window(detection)
    mask = detection.mask[rows, cols]
    if not mask.any():
        return float(cols.start), float(rows.start)
    first = int(mask.any(axis=1).argmax())
    return cols.start + float(np.flatnonzero(mask[first]).mean()), float(rows.start + first)


def _mark_target(picture: UInt8Array, frame: AgentFrame, scale: float) -> None:
    target = next((i for i in frame.instances if i.id == frame.target), None)
    box = None if target is None else _visible_box(target, frame)
    if box is None:
        return
    x0, y0, x1, y1 = (round(float(value) * scale) for value in box)
    x0, y0 = max(x0 - 8, 3), max(y0 - 8, 3)
    x1, y1 = min(x1 + 8, picture.shape[1] - 4), min(y1 + 8, picture.shape[0] - 4)
    arm = max(min(x1 - x0, y1 - y0) // 4, 8)
    for x, dx in ((x0, arm), (x1, -arm)):
        for y, dy in ((y0, arm), (y1, -arm)):
            corner = np.array([[x + dx, y], [x, y], [x, y + dy]])
            cv2.polylines(picture, [corner], False, theme.INK, 7, cv2.LINE_AA)
            cv2.polylines(picture, [corner], False, theme.TARGET, 4, cv2.LINE_AA)


def _visible_box(target: Instance, frame: AgentFrame) -> np.ndarray | None:
    """Return the box (4,) px of the target's points that the camera really sees, or None."""
    camera, depth = frame.observation.camera, frame.observation.depth
    map_from_camera = frame.map_from_base * frame.observation.base_from_camera
    xy, z = project(transform_points(map_from_camera.inv(), target.points[:2000]), camera)
    with np.errstate(invalid="ignore"):
        inside = (xy >= 0).all(1) & (xy[:, 0] < camera.width - 1) & (xy[:, 1] < camera.height - 1)
    xy, z = xy[inside], z[inside]
    seen = depth[xy[:, 1].astype(int), xy[:, 0].astype(int)]
    xy = xy[seen > z - 0.25]
    if len(xy) < max(5, 0.1 * min(len(target.points), 2000)):
        return None
    return np.concatenate([xy.min(axis=0), xy.max(axis=0)])


def _centred(picture: UInt8Array, size: tuple[int, int]) -> UInt8Array:
    if picture.shape[1::-1] == size:
        return picture
    out = np.full((size[1], size[0], 3), theme.PANEL, np.uint8)
    y, x = (size[1] - picture.shape[0]) // 2, (size[0] - picture.shape[1]) // 2
    out[y : y + picture.shape[0], x : x + picture.shape[1]] = picture
    return out
