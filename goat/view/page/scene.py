"""The live map in three dimensions: floor, objects, robot, its way and what it looks for."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from goat.types import AgentFrame, Instance, UInt8Array
from goat.view import theme
from goat.view.footprints import Outlines
from goat.view.map import Window, paint_ground, paint_instances
from goat.view.page.names import HEIGHT, Name, choose_names
from goat.view.page.sight import known_bounds, touchable

_NORTH_UP = (0.0, 1.0, 0.0, 0.0)  # viser's pictures have y down
_PIXELS = 40.0  # per metre, at most
_LARGEST = 1400  # px, side of the floor's picture
_BODY = 0.24  # m, radius drawn
_BLUE, _WHITE = (20, 96, 214), (255, 255, 255)
_ROOM = 0.04  # m around what is framed
_WAY_Z, _TRAIL_Z = 0.06, 0.04  # m above the floor
_EDGES = np.array([
    [0, 1], [1, 3], [3, 2], [2, 0], [4, 5], [5, 7], [7, 6], [6, 4], [0, 4], [1, 5], [2, 6], [3, 7],
])  # fmt: skip


class MapScene:
    """Draws into the scene of a viser server; whatever did not change is not sent again."""

    def __init__(self, server: Any) -> None:
        """Begin with an empty map."""
        self._server, self._scene = server, server.scene
        self._outlines = Outlines()
        self._ground: Any = None
        self._painted: tuple[Any, ...] | None = None
        self._boxes: Any = None
        self._boxed: tuple[Any, ...] | None = None
        self._names: dict[int, tuple[Name, Any]] = {}
        self._robot: Any = None
        self._lines: dict[str, tuple[NDArray, Any]] = {}

    def move(self, frame: AgentFrame) -> None:
        """Put the robot where it is."""
        if self._robot is None:
            self._robot = _add_robot(self._scene, frame)
        pose = frame.map_from_base
        with self._server.atomic():
            self._robot.position = pose.translation
            self._robot.wxyz = pose.rotation.as_quat(scalar_first=True)

    def draw(self, frame: AgentFrame, trail: NDArray, pursued: bool) -> None:
        """Draw all but the robot.

        Args:
            frame: What is known.
            trail: (N, 2) where the robot was, m.
            pursued: Whether the frame's goal is pursued still.
        """
        with self._server.atomic():
            self._draw_ground(frame)
            self._draw_boxes(frame)
            self._draw_names(choose_names(frame, pursued))
            way = frame.path.points if pursued and frame.path is not None else np.zeros((0, 2))
            self._draw_line("/map/trail", _segments(trail, _TRAIL_Z), theme.TRAIL, 3.0)
            self._draw_line("/map/way", _segments(way, _WAY_Z), theme.ACCENT, 5.0)
            target = next((i for i in frame.instances if i.id == frame.target), None)
            frame_ = _frame_of(target.bounds) if pursued and target is not None else _NOTHING
            self._draw_line("/map/target", frame_, theme.TARGET, 4.0)

    def _draw_ground(self, frame: AgentFrame) -> None:
        shown = _shown(frame)
        key = (frame.grid.origin, frame.grid.state.tobytes(), _key(shown))
        bounds = known_bounds(frame.grid)
        if key == self._painted or bounds is None:
            return
        self._painted = key
        picture = _paint(frame, bounds, self._outlines)
        (x0, y0), (x1, y1) = bounds
        place = {"position": (0.5 * (x0 + x1), 0.5 * (y0 + y1), 0.0)}
        if self._ground is None:
            self._ground = self._scene.add_image(
                "/map/floor", picture, x1 - x0, y1 - y0, format="png", wxyz=_NORTH_UP,
                cast_shadow=False, receive_shadow=False, **place,
            )  # fmt: skip
            return
        self._ground.image = picture
        self._ground.render_width, self._ground.render_height = x1 - x0, y1 - y0
        self._ground.position = place["position"]

    def _draw_boxes(self, frame: AgentFrame) -> None:
        shown = [i for i in _shown(frame) if touchable(i)]
        key = _key(shown)
        if key == self._boxed:
            return
        self._boxed = key
        _remove(self._boxes)
        self._boxes = None
        if not shown:
            return
        self._boxes = self._scene.add_batched_meshes_simple(
            "/map/objects",
            _CUBE,
            _FACES,
            np.tile([1.0, 0.0, 0.0, 0.0], (len(shown), 1)),
            np.array([i.center for i in shown]),
            batched_scales=np.array([np.ptp(i.bounds, axis=0) + 0.01 for i in shown]),
            batched_colors=np.array([theme.label_color(i.label) for i in shown], np.uint8),
            opacity=0.4,
            flat_shading=True,
            lod="off",
            cast_shadow=False,
            receive_shadow=False,
        )
        self._boxes.on_click(_nothing)  # the pointer shows that they can be clicked

    def _draw_names(self, names: list[Name]) -> None:
        wanted = {name.id: name for name in names}
        for number in self._names.keys() - wanted.keys():
            self._names.pop(number)[1].remove()
        for number, name in wanted.items():
            old = self._names.get(number)
            if old is None:
                label = self._scene.add_label(
                    f"/map/names/{number}", name.text, position=name.position,
                    font_size_mode="scene", font_scene_height=HEIGHT, anchor="center-center",
                )  # fmt: skip
                self._names[number] = (name, label)
            elif old[0] != name:
                old[1].text, old[1].position = name.text, name.position
                self._names[number] = (name, old[1])

    def _draw_line(self, name: str, segments: NDArray, color: theme.Color, width: float) -> None:
        old, handle = self._lines.get(name, (_NOTHING, None))
        if np.array_equal(segments, old):
            return
        _remove(handle)
        handle = None
        if len(segments):
            handle = self._scene.add_line_segments(
                name, segments, colors=color, thickness=width, thickness_units="screen"
            )
        self._lines[name] = (segments, handle)


_NOTHING = np.zeros((0, 2, 3))
_CUBE = np.array([[x, y, z] for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (-0.5, 0.5)])
_FACES = np.array([
    [0, 1, 3], [0, 3, 2], [4, 6, 7], [4, 7, 5], [0, 4, 5], [0, 5, 1],
    [2, 3, 7], [2, 7, 6], [0, 2, 6], [0, 6, 4], [1, 5, 7], [1, 7, 3],
])  # fmt: skip


def _remove(handle: Any) -> None:
    if handle is not None:
        handle.remove()


def _nothing(_: Any) -> None:
    """The scene's own click says what is meant."""


def _shown(frame: AgentFrame) -> list[Instance]:
    return [i for i in frame.instances if i.confirmed and len(i.points)]


def _key(instances: list[Instance]) -> tuple[Any, ...]:
    return tuple((i.id, i.label, len(i.points), i.bounds.tobytes()) for i in instances)


def _paint(frame: AgentFrame, bounds: NDArray, outlines: Outlines) -> UInt8Array:
    """Return the floor's picture, north up, that fills the rectangle `bounds` (2, 2)."""
    span = bounds[1] - bounds[0]
    scale = min(_PIXELS, _LARGEST / float(span.max()))
    size = (max(round(float(span[0]) * scale), 1), max(round(float(span[1]) * scale), 1))
    middle = bounds.mean(axis=0)
    window = Window((float(middle[0]), float(middle[1])), scale, size)
    picture = paint_ground(frame.grid, window)
    paint_instances(picture, frame, window, outlines)
    return picture


def _segments(points: NDArray, z: float) -> NDArray:
    """Return a polyline (N, 2) as segments (N - 1, 2, 3) at a height."""
    if len(points) < 2:
        return _NOTHING
    line = np.column_stack([points, np.full(len(points), z)])
    return np.stack([line[:-1], line[1:]], axis=1)


def _frame_of(bounds: NDArray) -> NDArray:
    """Return the edges (12, 2, 3) of a box (2, 3), a little larger than it."""
    low, high = bounds[0] - _ROOM, bounds[1] + _ROOM
    corners = np.where(_CUBE > 0, high, low)
    return corners[_EDGES]


def _add_robot(scene: Any, frame: AgentFrame) -> Any:
    """Add a body with a nose, a mast and the camera's view; return the frame they hang on."""
    robot = scene.add_frame("/robot", show_axes=False)
    quiet = {"cast_shadow": False, "receive_shadow": False}
    seen = frame.observation
    eye = seen.base_from_camera
    height = max(float(eye.translation[2]), 0.1)
    scene.add_cylinder(
        "/robot/rim", 1.5 * _BODY, 0.02, color=_WHITE, position=(0, 0, 0.07), **quiet
    )
    scene.add_cylinder("/robot/body", _BODY, 0.3, color=_BLUE, position=(0, 0, 0.2), **quiet)
    scene.add_cylinder(
        "/robot/mast", 0.02, height, color=_BLUE, position=(0, 0, height / 2), **quiet
    )
    nose = np.array([[1.0, 0.0], [-0.6, 0.65], [-0.3, 0.0], [-0.6, -0.65]]) * _BODY
    scene.add_mesh_simple(
        "/robot/nose",
        np.column_stack([nose, np.full(4, 0.36)]),
        np.array([[0, 1, 2], [0, 2, 3]]),
        color=_WHITE,
        side="double",
        **quiet,
    )
    scene.add_camera_frustum(
        "/robot/camera",
        seen.camera.vfov,
        seen.camera.width / seen.camera.height,
        scale=0.22,
        color=theme.ACCENT,
        wxyz=eye.rotation.as_quat(scalar_first=True),
        position=eye.translation,
        variant="filled",
        **quiet,
    )
    return robot
