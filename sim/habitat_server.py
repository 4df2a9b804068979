"""habitat_sim, as the rest of the program sees it: in this process, or behind a socket.

This one file is all that has to run where habitat_sim is installed; it needs Python 3.9, numpy and
habitat_sim, and to serve others pyzmq and msgpack: `python -m sim.habitat_server`, or the file
itself. Every assumption about habitat_sim is made in `Engine` and tested in
`tests/sim/test_habitat_contract.py`.

Positions are (x, y, z) in Habitat's world (x right, y up, -z forward), m; rotations x, y, z, w.
"""

from __future__ import annotations

import argparse
import atexit
import contextlib
import json
import os
import platform
import sys
import threading
import traceback
from pathlib import Path
from typing import Any

import numpy as np

PROTOCOL = 1
"""Version of what is said over the socket; both sides must be of the same."""
METHODS = (
    "open", "place", "observe", "act", "navigable", "snap", "distance", "random_point", "free",
    "photo",
)  # fmt: skip
"""What an engine does for others."""
_RGB, _DEPTH, _IDS = "rgb", "depth", "ids"
_KEYS = {"forward": "move_forward", "turn_left": "turn_left", "turn_right": "turn_right"}
_PROBE = {"width": 32, "height": 32, "rgb": False, "semantic": False}
_GPUS = ("/dev/nvidia0", "/dev/dxg", "/proc/driver/nvidia/gpus")  # any of them: there is a GPU
_STEPS = 0.5  # m; how far from the floor a start may be and still be meant
_TRIES = 100
_HEARTBEAT, _PATIENCE = 1000, 10000  # ms
_DOUBTS = 5  # looks at whether the client is still there, once somebody has gone
_NOTHING = -2  # number of a message that says nothing
_LARGE = 4096  # bytes; arrays beyond it travel in shared memory


class EngineError(Exception):
    """Something that a user can mend; `kind` names it for the other side."""

    def __init__(self, kind: str, message: str) -> None:
        """Say what went wrong.

        Args:
            kind: "missing", "scene", "navmesh", "semantics", "gpu", "start", "thread", "call".
            message: For people.
        """
        super().__init__(message)
        self.kind = kind


class Engine:
    """One scene with one robot in habitat_sim; to be used in the thread that made it."""

    def __init__(self) -> None:
        """Import habitat_sim.

        Raises:
            EngineError: It is not installed.
        """
        for name in ("HABITAT_SIM_LOG", "MAGNUM_LOG"):
            os.environ.setdefault(name, "quiet")
        os.environ.setdefault("GLOG_minloglevel", "2")
        try:
            import habitat_sim  # pyright: ignore[reportMissingImports]
        except ImportError as error:
            raise EngineError(
                "missing", f"habitat_sim cannot be imported by {sys.executable}: {error}"
            ) from error
        self._habitat: Any = habitat_sim
        self._thread = threading.get_ident()
        self._sim: Any = None
        self._settings: dict[str, Any] = {}
        self._island = -1
        self._collided = False
        atexit.register(self.close)  # simulators that are left open abort the process at its end

    def about(self) -> dict[str, Any]:
        """Return versions; habitat_sim's own is not to be relied on (0.3.4 says 0.3.3)."""
        return {
            "protocol": PROTOCOL,
            "habitat_sim": str(getattr(self._habitat, "__version__", "unknown")),
            "python": platform.python_version(),
            "numpy": np.__version__,
            "host": platform.node(),
        }

    def call(self, method: str, *args: Any) -> Any:
        """Do one of `METHODS`.

        Raises:
            EngineError: It is none, cannot be done, or comes from another thread than the first.
        """
        if method not in METHODS:
            raise EngineError("call", f"no method {method!r}; there are {', '.join(METHODS)}")
        if threading.get_ident() != self._thread:
            raise EngineError(
                "thread", "habitat_sim ends the process when another thread than the one that made "
                "it renders; make the embodiment in the thread that uses it"
            )  # fmt: skip
        if self._sim is None and method != "open":
            raise EngineError("call", f"{method} needs a scene; open one first")
        return getattr(self, method)(*args)

    # A scene

    def open(self, settings: dict[str, Any]) -> dict[str, Any]:
        """Load a scene in place of the one before.

        Args:
            settings: scene, dataset (paths; dataset may be None), width, height (px), hfov (deg),
                mast, tilt (m, rad), radius, robot_height, step_height (m), forward (m), turn (deg),
                slide, rgb, semantic (bool), gpu (index, -1 for none, None to choose), seed.

        Returns:
            objects: [semantic id, name, category, box centre (3), half its size (3), its rotation
            (4)] of each, and the navmesh's bounds.

        Raises:
            EngineError: It cannot be loaded, has no floor to stand on, or nothing is annotated.
        """
        settings = {**settings, "gpu": _gpu(settings.get("gpu"))}
        _check_files(settings)
        self._settings = settings
        configuration = self._configuration(settings)
        try:
            if self._sim is None:
                self._sim = self._habitat.Simulator(configuration)
            else:
                self._sim.reconfigure(configuration)
        except (AssertionError, RuntimeError, ValueError, KeyError) as error:
            self.close()
            raise EngineError(
                "scene", f"habitat_sim cannot load {settings['scene']}: {error}; check the scene "
                "and its dataset configuration"
            ) from error  # fmt: skip
        self._sim.seed(int(settings["seed"]))
        self._island, self._collided = -1, False
        try:
            self._check_navmesh()
            objects = self._objects()
        except EngineError:
            self.close()
            raise
        low, high = (_point(corner) for corner in self._sim.pathfinder.get_bounds())
        return {"objects": objects, "low": low, "high": high}

    def close(self) -> None:
        """Free the simulator."""
        sim, self._sim = self._sim, None
        if sim is not None:
            sim.close()

    def _configuration(self, settings: dict[str, Any]) -> Any:
        habitat = self._habitat
        sim = habitat.SimulatorConfiguration()
        sim.scene_id = str(settings["scene"])
        if settings.get("dataset"):
            sim.scene_dataset_config_file = str(settings["dataset"])
        sim.gpu_device_id = settings["gpu"]
        sim.random_seed = int(settings["seed"])
        sim.allow_sliding = bool(settings["slide"])
        sim.enable_physics = False
        sim.load_semantic_mesh = bool(settings["semantic"])
        sim.navmesh_settings = self._navmesh_settings(settings)
        agent = habitat.agent.AgentConfiguration()
        agent.height, agent.radius = float(settings["robot_height"]), float(settings["radius"])
        agent.sensor_specifications = self._sensors(settings)
        agent.action_space = {
            "move_forward": _action(habitat, "move_forward", settings["forward"]),
            "turn_left": _action(habitat, "turn_left", settings["turn"]),
            "turn_right": _action(habitat, "turn_right", settings["turn"]),
        }
        return habitat.Configuration(sim, [agent])

    def _navmesh_settings(self, settings: dict[str, Any]) -> Any:
        """Return settings with which habitat_sim computes the navmesh for this robot."""
        found = self._habitat.NavMeshSettings()
        found.set_defaults()
        found.agent_height, found.agent_radius = settings["robot_height"], settings["radius"]
        found.agent_max_climb = settings["step_height"]
        found.cell_height = min(found.cell_height, 0.05)
        return found

    def _sensors(self, settings: dict[str, Any]) -> list[Any]:
        kinds = self._habitat.SensorType
        wanted = [(_RGB, kinds.COLOR, settings["rgb"]), (_DEPTH, kinds.DEPTH, True),
                  (_IDS, kinds.SEMANTIC, settings["semantic"])]  # fmt: skip
        size = settings["height"], settings["width"]
        position = np.array([0.0, settings["mast"], 0.0], np.float32)
        turned = np.array([-settings["tilt"], 0.0, 0.0], np.float32)
        return [
            self._camera(name, kind, size, settings["hfov"], position, turned)
            for name, kind, on in wanted
            if on
        ]

    def _camera(
        self, name: str, kind: Any, size: Any, hfov: float, position: Any, turned: Any
    ) -> Any:
        spec = self._habitat.CameraSensorSpec()
        spec.uuid, spec.sensor_type = name, kind
        spec.sensor_subtype = self._habitat.SensorSubType.PINHOLE
        spec.resolution = [int(size[0]), int(size[1])]
        spec.hfov = float(hfov)
        spec.position, spec.orientation = position, turned
        return spec

    def _check_navmesh(self) -> None:
        """Make sure that there is one: nearly every call of the pathfinder crashes without it."""
        if not self._sim.pathfinder.is_loaded:
            settings = self._navmesh_settings(self._settings)
            self._sim.recompute_navmesh(self._sim.pathfinder, settings)
        if not self._sim.pathfinder.is_loaded:
            raise EngineError(
                "navmesh", f"{self._settings['scene']} has no navmesh and none can be computed for "
                f"a robot of radius {self._settings['radius']} m: a scene that lies on its side "
                "has none (a bare .glb is taken as Z-up), nor one that is too narrow"
            )  # fmt: skip

    def _objects(self) -> list[list[Any]]:
        """Return what is annotated; boxes are `obb`, since `aabb` is wrong in 0.3.3 and 0.3.4."""
        if not self._settings["semantic"]:
            return []
        found = [_object(item) for item in self._sim.semantic_scene.objects if _is_named(item)]
        if not found:
            raise EngineError(
                "semantics", f"{self._settings['scene']} has no semantic objects with dataset "
                f"configuration {self._settings.get('dataset')}: for HM3D it must be the annotated "
                "one, hm3d_annotated_basis.scene_dataset_config.json of HM3D-Semantics v0.2, and "
                "<scene>.semantic.glb and .semantic.txt must lie beside the scene"
            )  # fmt: skip
        return found

    # The robot

    def place(self, position: Any, rotation: Any) -> list[Any]:
        """Put the robot somewhere; return position and rotation.

        A position off the floor is moved to it, at most half a metre.

        Raises:
            EngineError: There is no floor near.
        """
        point = _in(position)
        floor = self._floor_near(point)
        if floor is None:
            raise EngineError(
                "start", f"the robot (radius {self._settings['radius']} m) cannot stand at "
                f"{_words(point)} in {self._settings['scene']}, nor within {_STEPS} m of it"
            )  # fmt: skip
        state = self._habitat.AgentState(floor, _point(rotation))
        self._sim.get_agent(0).set_state(state)
        self._island, self._collided = self._island_of(floor), False
        return self._pose()

    def observe(self) -> dict[str, Any]:
        """Return what is sensed.

        Returns:
            rgb (H, W, 3) uint8, depth (H, W) float32 m, 0 for nothing, ids (H, W) int32, position,
            rotation, and collided: the last action was cut short.
        """
        return self._sensed(self._sim.get_sensor_observations())

    def act(self, action: str) -> dict[str, Any]:
        """Do "forward", "turn_left" or "turn_right", or nothing for "stop"; return `observe`.

        Raises:
            EngineError: It is none of these.
        """
        if action == "stop":  # habitat_sim has no such action, and fails on it
            self._collided = False
            return self.observe()
        if action not in _KEYS:
            raise EngineError("call", f"no action {action!r}; there are {', '.join(_KEYS)}, stop")
        found = self._sim.step(_KEYS[action])
        self._collided = bool(found.get("collided", False))
        return self._sensed(found)

    def _sensed(self, found: Any) -> dict[str, Any]:
        position, rotation = self._pose()
        sensed = {"position": position, "rotation": rotation, "collided": self._collided}
        if _RGB in found:
            sensed[_RGB] = np.ascontiguousarray(found[_RGB][..., :3], np.uint8)
        sensed[_DEPTH] = np.ascontiguousarray(found[_DEPTH], np.float32)
        if _IDS in found:
            sensed[_IDS] = np.ascontiguousarray(found[_IDS]).astype(np.int32)
        return sensed

    def _pose(self) -> list[Any]:
        state = self._sim.get_agent(0).get_state()
        return [_point(state.position), _rotation(state.rotation)]

    # Where it can go

    def navigable(self, points: Any) -> list[bool]:
        """Return of each point (N, 3) whether the robot can stand there, where it can drive to."""
        return [self._stands(point) for point in _many(points)]

    def snap(self, points: Any) -> list[Any]:
        """Return the nearest place to each point (N, 3) that can be driven to; None for none."""
        return [self._snapped(point) for point in _many(points)]

    def distance(self, start: Any, ends: Any) -> float:
        """Return the driving distance from a point to the nearest of others (N, 3); may be inf."""
        snap = self._sim.pathfinder.snap_point  # an end off the navmesh may spoil the others
        goals = [end for end in _many(ends) if np.isfinite(_point(snap(end))).all()]
        if not goals:
            return float("inf")
        path = self._habitat.MultiGoalShortestPath()
        path.requested_start, path.requested_ends = _in(start), goals
        found = self._sim.pathfinder.find_path(path)
        return float(path.geodesic_distance) if found else float("inf")

    def random_point(self) -> Any:
        """Return a random place on the island of the robot.

        Raises:
            EngineError: None was found.
        """
        finder = self._sim.pathfinder
        for _ in range(_TRIES):
            if self._has_islands() and self._island >= 0:
                point = finder.get_random_navigable_point(_TRIES, self._island)
            else:
                point = finder.get_random_navigable_point()
            point = _in(_point(point))
            if np.isfinite(point).all() and self._stands(point):
                return _point(point)
        raise EngineError("navmesh", f"no free place found in {self._settings['scene']}")

    def free(self, cell: float) -> dict[str, Any]:
        """Return where the robot can stand on its floor.

        Args:
            cell: Side of a cell, m.

        Returns:
            free: (rows along z, columns along x) bool; low: the corner (x, z) of the first cell.
        """
        low, high = (np.asarray(_point(c)) for c in self._sim.pathfinder.get_bounds())
        height = self._pose()[0][1]
        columns, rows = (int(np.ceil((high[k] - low[k]) / cell)) for k in (0, 2))
        found = np.zeros((max(rows, 1), max(columns, 1)), bool)
        for row, column in np.ndindex(*found.shape):
            x, z = low[0] + (column + 0.5) * cell, low[2] + (row + 0.5) * cell
            found[row, column] = self._stands(np.array([x, height, z], np.float32))
        return {"free": found, "low": [float(low[0]), float(low[2])]}

    def _floor_near(self, point: Any) -> Any:
        """Return a point on the navmesh near another; None for none."""
        if self._sim.pathfinder.is_navigable(point):
            return point
        snapped = _in(_point(self._sim.pathfinder.snap_point(point)))
        if not np.isfinite(snapped).all() or np.linalg.norm(snapped - point) > _STEPS:
            return None
        return snapped

    def _stands(self, point: Any) -> bool:
        if not self._sim.pathfinder.is_navigable(point):
            return False
        return self._island < 0 or self._island_of(point) == self._island

    def _snapped(self, point: Any) -> Any:
        finder = self._sim.pathfinder
        if self._has_islands() and self._island >= 0:
            found = _point(finder.snap_point(point, self._island))
        else:
            found = _point(finder.snap_point(point))
        return found if np.isfinite(found).all() else None

    def _has_islands(self) -> bool:
        return hasattr(self._sim.pathfinder, "get_island")

    def _island_of(self, point: Any) -> int:
        return int(self._sim.pathfinder.get_island(point)) if self._has_islands() else -1

    # Photos

    def photo(self, position: Any, rotation: Any, size: Any, hfov: float, ids: bool) -> Any:
        """Return what a camera sees that is put anywhere for once.

        Args:
            position: Of the camera.
            rotation: Of the camera, which looks along its -z axis.
            size: Height and width, px.
            hfov: Degrees.
            ids: Return (H, W) int32 semantic ids in place of (H, W, 3) uint8 colours.
        """
        name = f"photo_{'ids' if ids else 'rgb'}"
        kind = self._habitat.SensorType.SEMANTIC if ids else self._habitat.SensorType.COLOR
        origin = np.zeros(3, np.float32)
        agent = self._sim.get_agent(0)
        before = agent.get_state()
        self._sim.add_sensor(self._camera(name, kind, size, hfov, origin, origin))
        try:
            state = agent.get_state()
            pose = self._habitat.SixDOFPose(_in(position), _point(rotation))  # a list: no array
            state.sensor_states = {**state.sensor_states, name: pose}
            agent.set_state(state, infer_sensor_states=False)
            sensor = self._sensor(name)
            sensor.draw_observation()
            image = np.asarray(sensor.get_observation())
        finally:
            self._forget(agent, name)
            agent.set_state(before)
        if ids:
            return np.ascontiguousarray(image).astype(np.int32)
        return np.ascontiguousarray(image[..., :3], np.uint8)

    def _sensor(self, name: str) -> Any:
        if hasattr(self._sim, "get_sensor"):
            return self._sim.get_sensor(name)
        return self._sim._sensors[name]

    def _forget(self, agent: Any, name: str) -> None:
        """Remove a camera; before 0.3.4 it is kept in four places."""
        if hasattr(self._sim, "remove_sensor"):
            self._sim.remove_sensor(name)
            return
        del self._sim._sensors[name]
        self._habitat.bindings.SensorFactory.delete_subtree_sensor(agent.scene_node, name)
        del agent._sensors[name]
        agent.agent_config.sensor_specifications = [
            spec for spec in agent.agent_config.sensor_specifications if spec.uuid != name
        ]


def _gpu(wanted: int | None) -> int:
    """Return the index of the GPU; without one habitat_sim ends the process unless told -1.

    Raises:
        EngineError: One was asked for and there is none.
    """
    there = any(Path(place).exists() for place in _GPUS)
    if wanted is None:
        return 0 if there else -1
    if wanted >= 0 and not there:
        raise EngineError(
            "gpu", f"GPU {wanted} was asked for and this machine shows none "
            f"({', '.join(_GPUS)}); leave it out, or give -1 to render without"
        )  # fmt: skip
    return int(wanted)


def _check_files(settings: dict[str, Any]) -> None:
    scene, dataset = Path(settings["scene"]), settings.get("dataset")
    if not scene.is_file():
        raise EngineError("scene", f"{scene}: there is no such scene file")
    if dataset is None:
        raise EngineError(
            "scene", f"{scene} has no dataset configuration: habitat_sim would take it as Z-up, "
            "and a glTF file is Y-up by its standard; name a *.scene_dataset_config.json"
        )  # fmt: skip
    if dataset is not None and not Path(dataset).is_file():
        raise EngineError("scene", f"{dataset}: there is no such dataset configuration")


def _action(habitat: Any, name: str, amount: float) -> Any:
    return habitat.agent.ActionSpec(name, habitat.agent.ActuationSpec(amount=float(amount)))


def _is_named(item: Any) -> bool:
    return item is not None and item.category is not None and int(item.semantic_id) > 0


def _object(item: Any) -> list[Any]:
    box = item.obb
    center, half = _point(box.center), _point(box.half_extents)
    turned = [float(value) for value in np.asarray(box.rotation, np.float64).ravel()]
    return [int(item.semantic_id), str(item.id), item.category.name(), center, half, turned]


def _point(vector: Any) -> list[float]:
    """Return plain numbers of a vector, which is magnum's since 0.3.3 and numpy's before."""
    return [float(value) for value in np.asarray(vector, np.float64).ravel()]


def _rotation(turned: Any) -> list[float]:
    """Return x, y, z, w of numpy-quaternion's or magnum's."""
    if hasattr(turned, "scalar"):
        return [*_point(turned.vector), float(turned.scalar)]
    return [float(turned.x), float(turned.y), float(turned.z), float(turned.w)]


def _in(values: Any) -> Any:
    """Return an array that every version takes: lists of whole numbers are refused."""
    return np.asarray(values, np.float32)


def _many(points: Any) -> list[Any]:
    return list(np.asarray(points, np.float32).reshape(-1, 3))


def _words(point: Any) -> str:
    return "(" + ", ".join(f"{float(value):.2f}" for value in point) + ")"


# Over a socket


def pack(value: Any, room: Any = None) -> bytes:
    """Return a message; large arrays are put into `room`, a writable buffer, as long as they fit.

    Args:
        value: None, numbers, texts, bytes, lists, dictionaries and arrays of them.
        room: Memory that both sides see; None to send everything.
    """
    import msgpack

    used = 0

    def plain(array: Any) -> Any:
        nonlocal used
        if isinstance(array, np.generic):
            return array.item()
        if not isinstance(array, np.ndarray):
            raise TypeError(f"{type(array).__name__} cannot be sent")
        array = np.ascontiguousarray(array)
        found = {"dtype": array.dtype.str, "shape": list(array.shape)}
        if room is None or array.nbytes < _LARGE or used + array.nbytes > len(room):
            return {**found, "bytes": array.tobytes()}
        there = np.frombuffer(room, np.uint8, array.nbytes, used)
        there[:] = array.reshape(-1).view(np.uint8)
        found["at"] = used
        used += -(-array.nbytes // 64) * 64
        return found

    return bytes(msgpack.packb(value, default=plain))  # pyright: ignore[reportArgumentType]


def unpack(message: bytes, room: Any = None) -> Any:
    """Return what `pack` was given; arrays are copies.

    Raises:
        EngineError: The message is damaged.
    """
    import msgpack

    def array(found: dict[str, Any]) -> Any:
        if "dtype" not in found or "shape" not in found:
            return found
        kind, shape = np.dtype(found["dtype"]), tuple(found["shape"])
        if "bytes" in found:
            return np.frombuffer(found["bytes"], kind).reshape(shape).copy()
        count = int(np.prod(shape))
        return np.frombuffer(room, kind, count, found["at"]).reshape(shape).copy()

    try:
        return msgpack.unpackb(message, object_hook=array, strict_map_key=False)
    except Exception as error:
        raise EngineError("call", f"a message cannot be read: {error}") from error


class Server:
    """Does what one client after another asks for."""

    def __init__(self, engine: Engine, address: str) -> None:
        """Listen.

        Args:
            engine: Made in this thread.
            address: "tcp://127.0.0.1:*" takes a free port.
        """
        import zmq

        self._zmq, self._engine = zmq, engine
        self._socket = zmq.Context.instance().socket(zmq.ROUTER)
        for option, value in (
            (zmq.HEARTBEAT_IVL, _HEARTBEAT), (zmq.HEARTBEAT_TIMEOUT, _PATIENCE), (zmq.LINGER, 0),
            (zmq.ROUTER_MANDATORY, 1),
        ):  # fmt: skip
            self._socket.setsockopt(option, value)
        self._monitor = self._socket.get_monitor_socket(zmq.EVENT_DISCONNECTED)
        self._socket.bind(address)
        self.address = self._socket.getsockopt_string(zmq.LAST_ENDPOINT)
        self._client: Any = None
        self._room: Any = None

    def run(self, once: bool) -> None:
        """Serve until interrupted, or with `once` until the client or the parent has gone."""
        zmq, poller = self._zmq, self._zmq.Poller()
        poller.register(self._socket, zmq.POLLIN)
        poller.register(self._monitor, zmq.POLLIN)
        parent, doubts = os.getppid(), 0
        while not (once and os.getppid() != parent):
            ready = dict(poller.poll(_HEARTBEAT))
            if self._socket in ready:
                self._answer(*self._socket.recv_multipart())
            if self._monitor in ready:  # somebody has gone; who, is seen a little later
                self._monitor.recv_multipart()
                doubts = _DOUBTS
            if doubts and self._has_gone():
                self._engine.close()
                self._client = self._room = None
                if once:
                    return
            doubts = max(doubts - 1, 0)

    def _has_gone(self) -> bool:
        """Return whether the client cannot be reached any more."""
        if self._client is None:
            return False
        try:
            self._socket.send_multipart(
                [self._client, pack([_NOTHING, None, None])], self._zmq.NOBLOCK
            )
        except self._zmq.Again:
            return False
        except self._zmq.ZMQError:
            return True
        return False

    def _answer(self, client: bytes, message: bytes) -> None:
        with contextlib.suppress(self._zmq.ZMQError):  # it may have gone meanwhile
            self._socket.send_multipart([client, self._reply(client, message)])

    def _reply(self, client: bytes, message: bytes) -> bytes:
        try:
            number, method, arguments = unpack(message)
        except (EngineError, ValueError, TypeError) as error:
            return pack([-1, "call", str(error)])
        try:
            return pack([number, None, self._do(client, method, arguments)], self._room)
        except EngineError as error:
            return pack([number, error.kind, str(error)])
        except Exception as error:  # noqa: BLE001  the other side must hear of everything
            traceback.print_exc()
            return pack([number, "failed", f"{type(error).__name__}: {error}"])

    def _do(self, client: bytes, method: str, arguments: list[Any]) -> Any:
        if method == "hello":
            return self._greet(client, *arguments)
        if client != self._client:
            raise EngineError("busy", "the server is used by somebody else, or was not greeted")
        return self._engine.call(method, *arguments)

    def _greet(self, client: bytes, protocol: int, room: str | None, secret: bytes) -> Any:
        """Take a client: check its version, and see whether memory can be shared with it."""
        if protocol != PROTOCOL:
            raise EngineError(
                "version", f"the server speaks protocol {PROTOCOL}, its client {protocol}: run "
                "both from the same version of this project"
            )  # fmt: skip
        if self._client not in (None, client):
            raise EngineError("busy", "the server is used by somebody else; start another one")
        self._client, self._room = client, _shared(room, secret)
        return {**self._engine.about(), "shared": self._room is not None, "pid": os.getpid()}


def _shared(name: str | None, secret: bytes) -> Any:
    """Return the memory that a client offers, if this process sees the same."""
    if name is None or not Path(name).is_file():
        return None
    import mmap

    with Path(name).open("r+b") as file:
        room = mmap.mmap(file.fileno(), 0)
    return room if room[: len(secret)] == secret else None


def check(settings: dict[str, Any]) -> None:
    """Load a scene and render one small depth image, for the sake of what may kill the process.

    Raises:
        EngineError: It cannot be loaded.
    """
    engine = Engine()
    engine.call("open", {**settings, **_PROBE})
    engine.call("observe")
    engine.close()


def main(arguments: list[str] | None = None) -> int:
    """Serve, or check a scene."""
    parser = argparse.ArgumentParser(description="habitat_sim for a program that cannot import it")
    parser.add_argument("--bind", default="tcp://127.0.0.1:*", help="address to listen on")
    parser.add_argument("--once", action="store_true", help="end when the client has gone")
    parser.add_argument("--check", metavar="JSON", help="only load and render a scene")
    options = parser.parse_args(arguments)
    try:
        if options.check is not None:
            check(json.loads(options.check))
            return 0
        engine = Engine()
        server = Server(engine, options.bind)
    except (EngineError, ImportError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(f"listening {server.address}\n")
    sys.stdout.flush()
    try:
        server.run(options.once)
    except KeyboardInterrupt:
        pass
    finally:
        engine.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
