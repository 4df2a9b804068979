from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Iterator
from types import ModuleType

import numpy as np
import pytest
from habitat_fixtures import SCENE, Hm3d, scene_name, settings

from goat.errors import SimulatorDiedError, SimulatorError, StartPoseError
from goat.types import DiscreteAction
from sim import habitat_client
from sim.habitat import HabitatConfig, HabitatSim, open_engine
from sim.habitat_client import RemoteEngine, ServerProcess
from sim.habitat_server import PROTOCOL, pack, unpack

WAY = [DiscreteAction.FORWARD, DiscreteAction.TURN_LEFT, DiscreteAction.FORWARD] * 3


@pytest.fixture
def server(imitation: ModuleType) -> Iterator[ServerProcess]:
    process = ServerProcess(sys.executable)
    yield process
    process.close()


@contextlib.contextmanager
def connected(server: ServerProcess, room: int = 2**22) -> Iterator[RemoteEngine]:
    engine = RemoteEngine(server.address, None, room)
    try:
        yield engine
    finally:
        engine.close()


def driven(rooms: Hm3d, **changes: object) -> list:
    """Return everything that a robot sees on a way, and what the truth says."""
    from sim.habitat_truth import HabitatTruth
    from sim.photo import PhotoConfig

    config = HabitatConfig(scenes=rooms.folder.parent, gpu=-1, **changes)  # type: ignore[arg-type]
    sim = HabitatSim(scene_name(SCENE), config)
    found: list = [sim.reset((1.0, 2.0, 0.3), 0.0)]
    for action in WAY:
        sim.act(action)
        found.append(sim.observe())
    truth = HabitatTruth(sim, {}, PhotoConfig(tries=4))
    number = sim.objects[0].id
    found += [truth.navigable().state, truth.viewpoints(number), sim.labels]
    found += [truth.geodesic(sim.pose[:2], [number]), truth.gap(sim.pose[:2], number)]
    found += [truth.take_photo(truth.photo_view(number, np.random.default_rng(0)))]
    sim.close()
    return found


def same(a: object, b: object) -> None:
    fields = ("rgb", "depth", "semantic", "collided", "stamp")
    if hasattr(a, "rgb"):
        for name in fields:
            np.testing.assert_array_equal(getattr(a, name), getattr(b, name))
        np.testing.assert_array_equal(a.odom_from_base.as_matrix(), b.odom_from_base.as_matrix())  # type: ignore[attr-defined]
    else:
        np.testing.assert_equal(a, b)


def test_both_ways_give_the_same_to_the_bit(imitation: ModuleType, rooms: Hm3d) -> None:
    for here, there in zip(driven(rooms), driven(rooms, habitat=sys.executable), strict=True):
        same(here, there)


def test_without_shared_memory_images_come_by_message(imitation: ModuleType, rooms: Hm3d) -> None:
    seen = []
    for room in (0, 2**22, 5000):
        server = ServerProcess(sys.executable)
        with connected(server, room) as engine:
            assert engine.server["shared"] == (room > 0)
            engine.call("open", settings(rooms))
            engine.call("place", [1.0, 0.0, -2.0], [0.0, 0.0, 0.0, 1.0])
            seen.append(engine.call("observe"))
        server.close()
    for other in seen[1:]:
        np.testing.assert_array_equal(seen[0]["rgb"], other["rgb"])
        np.testing.assert_array_equal(seen[0]["depth"], other["depth"])


def test_errors_come_over_with_their_names(server: ServerProcess, rooms: Hm3d) -> None:
    with connected(server) as engine:
        with pytest.raises(SimulatorError, match="open one first"):
            engine.call("observe")
        with pytest.raises(SimulatorError, match="no such scene file"):
            engine.call("open", settings(rooms, scene="/no/such.glb"))
        engine.call("open", settings(rooms))
        with pytest.raises(StartPoseError, match="cannot stand"):
            engine.call("place", [100.0, 0.0, 100.0], [0.0, 0.0, 0.0, 1.0])
        with pytest.raises(SimulatorError, match="TypeError"):
            engine.call("photo", 1)
        assert engine.call("place", [1.0, 0.0, -2.0], [0.0, 0.0, 0.0, 1.0])


def test_a_server_that_is_killed_is_reported_at_once(server: ServerProcess, rooms: Hm3d) -> None:
    engine = RemoteEngine(server.address, server, 2**22)
    engine.call("open", settings(rooms))
    os.kill(server.pid, signal.SIGKILL)
    began = time.monotonic()
    with pytest.raises(SimulatorDiedError, match=r"died while it was asked to observe.*-9"):
        engine.call("observe")
    assert time.monotonic() - began < 5.0
    with pytest.raises(SimulatorDiedError):  # and ever after
        engine.call("observe")
    engine.close()


def test_a_server_that_hangs_is_reported(
    server: ServerProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(habitat_client, "_LONG", 1.0)
    engine = RemoteEngine(server.address, server)
    os.kill(server.pid, signal.SIGSTOP)
    with pytest.raises(SimulatorDiedError, match="has not answered"):
        engine.call("observe")
    os.kill(server.pid, signal.SIGCONT)
    engine.close()


def test_a_server_ends_with_its_client(server: ServerProcess) -> None:
    with connected(server):
        pass
    until = time.monotonic() + 20.0
    while server.ended() is None and time.monotonic() < until:
        time.sleep(0.05)
    assert (server.ended() or "").startswith("exit code 0")


def test_somebody_else_is_turned_away_and_costs_nothing(server: ServerProcess, rooms: Hm3d) -> None:
    with connected(server) as engine:
        engine.call("open", settings(rooms))
        for _ in range(3):
            with pytest.raises(SimulatorError, match="used by somebody else"):
                RemoteEngine(server.address)
            assert engine.call("place", [1.0, 0.0, -2.0], [0.0, 0.0, 0.0, 1.0])
        time.sleep(2.5)
        assert engine.call("observe")["depth"].shape == (48, 64)


def test_another_version_is_refused(server: ServerProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(habitat_client, "PROTOCOL", PROTOCOL + 1)
    with pytest.raises(SimulatorError, match=f"speaks protocol {PROTOCOL}, its client"):
        RemoteEngine(server.address)


def test_nonsense_does_not_end_a_server(server: ServerProcess) -> None:
    import zmq

    socket = zmq.Context.instance().socket(zmq.DEALER)
    socket.connect(server.address)
    for message in (b"nonsense", b"", pack([1, 2]), pack([1, "hello", []]), pack({"a": 1})):
        socket.send(message)
        assert socket.poll(10000), "no answer"
        assert unpack(socket.recv())[1] in ("call", "failed")
    socket.close(0)


def test_nobody_there_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(habitat_client._LONGEST, "hello", 0.5)
    with pytest.raises(SimulatorDiedError, match="has not answered hello"):
        RemoteEngine("tcp://127.0.0.1:9")
    with pytest.raises(SimulatorError, match="no address of a server"):
        RemoteEngine("here")


def test_an_environment_without_habitat_sim_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SimulatorError, match="cannot be run"):
        ServerProcess("/no/such/python")
    monkeypatch.delenv("PYTHONPATH", raising=False)
    with pytest.raises(SimulatorError, match="habitat_sim cannot be imported"):
        open_engine(HabitatConfig(habitat=sys.executable))
