"""Shows a run in the Rerun viewer, live or through a .rrd file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from goat.errors import ConfigError
from goat.protocols import Viewer
from goat.registry import require
from goat.types import AgentFrame, CellState, Instance, describe, modality
from goat.view import theme

_CAMERA = "map/robot/camera"
_MAP_EVERY = 4  # steps
_COLORS = np.zeros((3, 3), np.uint8)
_COLORS[CellState.UNKNOWN] = theme.UNKNOWN
_COLORS[CellState.FREE] = theme.FREE
_COLORS[CellState.OCCUPIED] = theme.OCCUPIED


def open_viewer(target: str) -> Viewer:
    """Return a viewer: "rerun" opens a window, a path ending in .rrd writes a file.

    Raises:
        ConfigError: `target` is neither.
        MissingExtraError: rerun is not installed.
    """
    check_viewer(target)
    return RerunViewer() if target == "rerun" else RerunViewer(Path(target))


def check_viewer(target: str) -> None:
    """Check the name of a viewer without opening it; raises as `open_viewer`."""
    if target != "rerun" and Path(target).suffix != ".rrd":
        raise ConfigError(
            f"unknown viewer {target!r}; allowed: none, rerun, or a path ending in .rrd"
        )
    require("rerun")


class RerunViewer:
    """Logs every control step; implements `goat.protocols.Viewer`."""

    def __init__(self, path: Path | None = None) -> None:
        """Write to `path`, or open the viewer's window.

        Raises:
            ConfigError: The file cannot be written.
            MissingExtraError: rerun is not installed.
        """
        self._rr: Any = require("rerun")
        self._stream = self._rr.RecordingStream(
            "goat", make_default=False, make_thread_default=False
        )
        if path is None:
            self._stream.spawn()
        else:
            self._save(path)
        self._ids: dict[str, int] = {}
        self._steps = 0
        self._log("map", self._rr.ViewCoordinates.RIGHT_HAND_Z_UP, static=True)
        self._stream.send_blueprint(_layout(require("rerun.blueprint")))

    def show(self, frame: AgentFrame) -> None:
        """Log one control step."""
        self._stream.set_time("step", sequence=self._steps)
        self._stream.set_time("time", duration=frame.observation.stamp)
        self._steps += 1
        self._show_robot(frame)
        self._show_detections(frame)
        self._show_map(frame)
        self._show_instances(frame)
        self._show_intent(frame)

    def close(self) -> None:
        """Finish the file."""
        self._stream.flush()
        self._stream.disconnect()

    def _save(self, path: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._stream.save(str(path))
        except (OSError, RuntimeError) as error:
            raise ConfigError(f"cannot write the recording {path}: {error}") from error

    def _log(self, entity: str, *what: Any, static: bool = False) -> None:
        self._stream.log(entity, *what, static=static)

    def _show_robot(self, frame: AgentFrame) -> None:
        rr, seen = self._rr, frame.observation
        camera = seen.camera
        self._log("map/robot", _transform(rr, frame.map_from_base))
        self._log("map/robot", rr.TransformAxes3D(0.3))
        self._log(_CAMERA, _transform(rr, seen.base_from_camera))
        self._log(
            _CAMERA,
            rr.Pinhole(
                image_from_camera=[
                    [camera.fx, 0.0, camera.cx],
                    [0.0, camera.fy, camera.cy],
                    [0.0, 0.0, 1.0],
                ],
                resolution=[camera.width, camera.height],
                camera_xyz=rr.ViewCoordinates.RDF,
                image_plane_distance=0.6,
            ),
        )
        self._log(f"{_CAMERA}/rgb", rr.Image(seen.rgb).compress(jpeg_quality=85))
        depth = np.nan_to_num(1000.0 * seen.depth).clip(0, 65535).astype(np.uint16)
        self._log(f"{_CAMERA}/depth", rr.DepthImage(depth, meter=1000.0))

    def _show_detections(self, frame: AgentFrame) -> None:
        rr, found = self._rr, frame.detections
        numbers = [self._class_of(detection.label) for detection in found]
        kind = np.uint8 if max(numbers, default=0) < 256 else np.uint16
        classes = np.zeros(frame.observation.depth.shape, kind)
        for detection, number in zip(found, numbers, strict=True):
            classes[detection.mask] = number
        self._log(f"{_CAMERA}/segmentation", rr.SegmentationImage(classes, opacity=0.4))
        self._log(
            f"{_CAMERA}/detections",
            rr.Boxes2D(
                array=np.array([d.box for d in found]).reshape(-1, 4),
                array_format=rr.Box2DFormat.XYXY,
                labels=[f"{d.label} {d.score:.2f}" for d in found],
                class_ids=numbers,
            ),
        )

    def _class_of(self, label: str) -> int:
        """Return the number of a category; a new one gets the next and tells the viewer."""
        if label not in self._ids:
            self._ids[label] = len(self._ids) + 1
            classes = [(0, "none", (0, 0, 0, 0))]
            classes += [
                (number, name, theme.label_color(name)) for name, number in self._ids.items()
            ]
            self._log("/", self._rr.AnnotationContext(classes), static=True)
        return self._ids[label]

    def _show_map(self, frame: AgentFrame) -> None:
        """Log the known part of the grid as a textured rectangle on the floor, now and then."""
        if self._steps % _MAP_EVERY != 1:
            return
        known = frame.grid.state != CellState.UNKNOWN
        rows, cols = np.flatnonzero(known.any(axis=1)), np.flatnonzero(known.any(axis=0))
        if not rows.size:
            return
        low, high = np.array([rows[0], cols[0]]), np.array([rows[-1], cols[-1]]) + 1
        (x0, y0), (x1, y1) = frame.grid.points(np.stack([low, high]) - 0.5)
        state = frame.grid.state[low[0] : high[0], low[1] : high[1]]
        self._log(
            "map/grid",
            self._rr.Mesh3D(
                vertex_positions=[[x0, y0, 0], [x1, y0, 0], [x1, y1, 0], [x0, y1, 0]],
                vertex_texcoords=[[0, 0], [1, 0], [1, 1], [0, 1]],
                triangle_indices=[[0, 1, 2], [0, 2, 3]],
                albedo_texture=_COLORS[state],
            ),
        )

    def _show_instances(self, frame: AgentFrame) -> None:
        rr = self._rr
        shown = [i for i in frame.instances if i.confirmed]
        colors = [
            theme.TARGET if i.id == frame.target else theme.label_color(i.label) for i in shown
        ]
        self._log(
            "map/instances",
            rr.Boxes3D(
                centers=np.array([i.center for i in shown]).reshape(-1, 3),
                sizes=np.array([np.ptp(i.bounds, axis=0) for i in shown]).reshape(-1, 3),
                labels=[f"{i.label} {i.id}" for i in shown],
                colors=colors,
                show_labels=True,
            ),
        )

    def _show_intent(self, frame: AgentFrame) -> None:
        rr = self._rr
        path = np.zeros((0, 2)) if frame.path is None else frame.path.points
        strip = [np.pad(path, ((0, 0), (0, 1)), constant_values=0.05)] if len(path) > 1 else []
        self._log("map/path", rr.LineStrips3D(strip, colors=[theme.ACCENT], radii=0.03))
        target = next((i for i in frame.instances if i.id == frame.target), None)
        self._log("map/target", self._target_points(target))
        if frame.goal is not None:
            text = f"**{modality(frame.goal)}**: {describe(frame.goal)}\n\n{frame.note}"
            self._log("goal", rr.TextDocument(text, media_type=rr.MediaType.MARKDOWN))
        self._log("probability", rr.Scalars(frame.probability))

    def _target_points(self, target: Instance | None) -> Any:
        points = np.zeros((0, 3), np.float32) if target is None else target.points
        return self._rr.Points3D(points, colors=[theme.TARGET], radii=0.02)


def _layout(rrb: Any) -> Any:
    """Return where things are shown: the map large, beside it the camera, depth and the goal."""
    camera = rrb.Spatial2DView(
        origin=_CAMERA, contents=["$origin/**", f"- {_CAMERA}/depth"], name="camera"
    )
    depth = rrb.Spatial2DView(origin=f"{_CAMERA}/depth", name="depth")
    goal = rrb.TextDocumentView(origin="goal", name="goal")
    sure = rrb.TimeSeriesView(origin="probability", name="sure of the target")
    world = rrb.Spatial3DView(
        origin="map",
        contents=[
            "$origin/**",
            f"- {_CAMERA}/depth",
            f"- {_CAMERA}/detections",
            f"- {_CAMERA}/segmentation",
        ],
        name="map",
    )
    side = rrb.Vertical(goal, camera, depth, sure, row_shares=[1, 3, 3, 1.4])
    return rrb.Blueprint(
        rrb.Horizontal(world, side, column_shares=[2, 1]),
        rrb.SelectionPanel(state="collapsed"),
        rrb.BlueprintPanel(state="collapsed"),
        rrb.TimePanel(state="collapsed", timeline="step"),
    )


def _transform(rr: Any, parent_from_child: Any) -> Any:
    matrix = parent_from_child.as_matrix()
    return rr.Transform3D(translation=matrix[:3, 3], mat3x3=matrix[:3, :3])
