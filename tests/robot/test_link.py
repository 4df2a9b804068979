"""The link against the development bridge: nothing old is sent, and what is dead is noticed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from goat.errors import ConfigError
from goat.types import VelocityCommand
from robot.bridge import Bridge
from robot.link import Link, LinkConfig, LinkError
from robot.messages import Dialect, write_twist
from robot.slots import Slot

TWIST = "geometry_msgs/msg/Twist"
SLOW = write_twist(VelocityCommand(0.1, 0.0))


def until(true: Callable[[], object], seconds: float = 5.0) -> bool:
    end = time.monotonic() + seconds
    while not (found := bool(true())) and time.monotonic() < end:
        time.sleep(0.005)
    return found


@pytest.fixture
def bridge() -> Iterator[Bridge]:
    with Bridge() as running:
        yield running


@pytest.fixture
def links() -> Iterator[Callable[[str], Link]]:
    opened: list[Link] = []

    def open_link(url: str) -> Link:
        opened.append(Link(url, LinkConfig(first_delay=0.05, most_delay=0.2)))
        opened[-1].open()
        return opened[-1]

    yield open_link
    for link in opened:
        link.close()


def test_messages_services_and_status_cross(bridge: Bridge, links) -> None:
    robot, agent = links(bridge.url), links(bridge.url)
    commands: Slot[object] = Slot()
    robot.subscribe("/cmd_vel", TWIST, commands.put)
    agent.advertise("/cmd_vel", TWIST)
    assert until(lambda: "/cmd_vel" in agent.call("/rosapi/topics", {})["topics"])
    # On a busy machine one may come too late to be sent at all.
    assert until(lambda: agent.publish("/cmd_vel", SLOW) and commands.wait(-1, 0.2), 20.0)
    arrival = commands.wait(-1, 0.0)
    assert arrival is not None
    assert arrival.value == SLOW
    agent.publish("/nobody_knows", {})
    assert until(lambda: agent.counts["status messages"] == 1)
    assert "advertised" in agent.last_status
    with pytest.raises(LinkError, match="does not exist"):
        agent.call("/no_such_service", {})


def test_nothing_is_replayed_after_an_outage(links) -> None:
    with Bridge() as bridge:
        port = int(bridge.url.rpartition(":")[2])
        robot, agent = links(bridge.url), links(bridge.url)
        got: list[object] = []
        robot.subscribe("/cmd_vel", TWIST, lambda message, at: got.append(message))
        agent.advertise("/cmd_vel", TWIST)
    assert until(lambda: not agent.connected)
    sent = [agent.publish("/cmd_vel", SLOW) for _ in range(100)]
    assert not any(sent)
    with Bridge(port) as bridge:
        began = time.monotonic()
        assert until(lambda: agent.connected and robot.connected)
        assert time.monotonic() - began < 2.5
        time.sleep(0.2)
        assert got == []
        agent.publish("/cmd_vel", SLOW)
        assert until(lambda: got == [SLOW]), "subscriptions live again"


def test_damaged_frames_are_counted(bridge: Bridge, links) -> None:
    link = links(bridge.url)
    for payload in (b"{", b"[1", b"null", b"[" * 100_000, b'{"op":"publish"}', b'{"op":3}', b"\xff",
                    b'{"op":"publish","topic":["x"],"msg":1}', b"1" * 5000):  # fmt: skip
        link._received(payload, False)
    link._received(b"x", True)
    assert link.counts["damaged frames"] >= 4
    assert link.counts["binary frames"] == 1
    assert link.connected


def test_nobody_there_is_said_and_attempts_end() -> None:
    with Bridge() as bridge:
        url = bridge.url
    before = threading.active_count()
    with pytest.raises(LinkError, match="no bridge answers"):
        Link(url).open(0.5)
    assert until(lambda: threading.active_count() <= before)


@pytest.mark.parametrize("bad", ["localhost:9090", "http://x", "ws://", ""])
def test_addresses_are_checked(bad: str) -> None:
    with pytest.raises(ConfigError, match="ws://localhost:9090"):
        Link(bad)


def test_a_taken_port_is_said(bridge: Bridge) -> None:
    with pytest.raises(ConfigError, match="cannot listen"):
        Bridge(int(bridge.url.rpartition(":")[2])).start()


def test_the_bridge_drops_what_a_real_one_of_its_dialect_drops(links) -> None:
    with Bridge(dialect=Dialect.ROS2) as bridge:
        link = links(bridge.url)
        link.advertise("/info", "sensor_msgs/msg/CameraInfo")
        link.publish("/info", {"K": [0.0] * 9})
        assert until(lambda: link.counts["status messages"] == 1)
        assert "does not have a field K" in link.last_status


def test_a_subscription_that_the_bridge_lost_is_made_again(bridge: Bridge, links) -> None:
    robot = links(bridge.url)
    agent = Link(bridge.url, LinkConfig(ping=0.05, silent=0.3))
    agent.open()
    got: list[float] = []
    agent.subscribe("/odom", TWIST, lambda message, at: got.append(at))
    agent.subscribe("/tf_static", TWIST, lambda message, at: None, streams=False)
    robot.advertise("/odom", TWIST)

    def comes() -> bool:
        robot.publish("/odom", SLOW)
        return bool(got)

    assert until(comes)
    assert agent.counts["subscribed again"] == 0
    for client in bridge.board._clients:
        client.subscriptions.clear()
    time.sleep(0.05)
    got.clear()
    assert until(comes)
    assert agent.counts["subscribed again"] == 1, "and only what streams"
    agent.close()


def test_an_action_is_served_asked_and_called_back(bridge: Bridge, links) -> None:
    robot, goals, control = (links(bridge.url) for _ in range(3))
    asked: list[dict] = []
    answers: list[dict] = []
    robot.serve({"op": "advertise_action", "action": "/go", "type": "a/b/C"}, asked.append)
    assert until(lambda: "/go" in bridge.board._servers)
    number = goals.ask(
        {"op": "send_action_goal", "action": "/go", "action_type": "a/b/C"}, answers.append
    )
    assert until(lambda: asked)
    assert asked[0]["id"] == number
    robot.tell({"op": "action_feedback", "id": number, "action": "/go", "values": {}})
    control.tell({"op": "cancel_action_goal", "id": number, "action": "/go"})
    assert until(lambda: len(asked) == 2)
    robot.tell({"op": "action_result", "id": number, "action": "/go", "status": 5, "values": {}})
    assert until(lambda: [a["op"] for a in answers] == ["action_feedback", "action_result"])


def test_nothing_is_asked_without_a_connection(bridge: Bridge, links) -> None:
    link = links(bridge.url)
    bridge.stop()
    assert until(lambda: not link.connected)
    with pytest.raises(LinkError, match="not connected"):
        link.ask({"op": "send_action_goal", "action": "/go"}, print)
