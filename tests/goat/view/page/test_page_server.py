"""The page without a browser: ports, foreign pages, threads."""

from __future__ import annotations

import logging
import socket
import threading
import time

import pytest
from fakes import make_frame, make_observation
from operator_desk import Desk

from goat.errors import ConfigError
from goat.protocols import Viewer

viser = pytest.importorskip("viser")

from goat.view.page import OperatorPage  # noqa: E402
from goat.view.page.feed import Feed, Stopwatch, Trail  # noqa: E402
from goat.view.page.server import is_loopback, speaks_for_itself  # noqa: E402


def connect(page: OperatorPage, origin: str | None) -> str | None:
    """Connect as a browser on a page of `origin` would; return what was sent first, if any."""
    from websockets.exceptions import ConnectionClosed
    from websockets.sync.client import connect as dial

    url = page.url.replace("http", "ws")
    with dial(url, origin=origin, subprotocols=[f"viser-v{viser.__version__}"]) as link:  # type: ignore[arg-type]
        try:
            return "served" if link.recv(timeout=10) else None
        except ConnectionClosed:
            return None


def test_it_is_a_viewer(page: OperatorPage) -> None:
    viewer: Viewer = page
    viewer.show(make_frame())


def test_a_taken_port_is_named(page: OperatorPage, desk: Desk) -> None:
    with pytest.raises(ConfigError, match=rf"127\.0\.0\.1:{page.port}.*--viewer-port"):
        OperatorPage(desk, port=page.port)


@pytest.mark.parametrize(
    ("host", "port"), [("203.0.113.7", 8080), ("no such host", 8080), ("127.0.0.1", 70000)]
)
def test_an_impossible_address_is_named(desk: Desk, host: str, port: int) -> None:
    with pytest.raises(ConfigError, match=str(port)):
        OperatorPage(desk, host, port)


def test_close_frees_the_port_and_ends_its_thread(desk: Desk) -> None:
    page = OperatorPage(desk, port=0)
    port = page.port
    page.show(make_frame())
    page.close()
    page.close()
    assert not any(thread.name == "operator-page" for thread in threading.enumerate())
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))


def test_nothing_is_printed(desk: Desk, capfd: pytest.CaptureFixture[str]) -> None:
    OperatorPage(desk, port=0).close()
    assert capfd.readouterr().out == ""


def test_other_hosts_are_warned_about(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        page = OperatorPage(desk, "0.0.0.0", port=0)
    page.close()
    assert "whoever reaches" in caplog.text
    assert page.url.startswith("http://localhost:")


@pytest.mark.parametrize(
    ("host", "expected"),
    [("127.0.0.1", True), ("localhost", True), ("::1", True), ("0.0.0.0", False), ("x", False)],
)
def test_loopback(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


@pytest.mark.parametrize(
    ("origin", "asked", "expected"),
    [
        (None, "127.0.0.1:8080", True),
        ("http://127.0.0.1:8080", "127.0.0.1:8080", True),
        ("http://localhost:9000", "localhost:9000", True),
        ("https://evil.example", "127.0.0.1:8080", False),
        ("http://127.0.0.1:3000", "127.0.0.1:8080", False),
        ("http://evil.example:8080", "evil.example:8080", False),
        ("null", "127.0.0.1:8080", False),
    ],
    ids=["no page", "own", "tunnel", "foreign", "other port", "rebound name", "file"],
)
def test_only_the_own_page_may_connect(origin: str | None, asked: str, expected: bool) -> None:
    headers = {"Host": asked} | ({} if origin is None else {"Origin": origin})
    assert speaks_for_itself(headers, "127.0.0.1") is expected


def test_a_foreign_page_gets_nothing(page: OperatorPage) -> None:
    assert connect(page, page.url) == "served"
    assert connect(page, None) == "served"
    assert connect(page, "https://evil.example") is None


def test_it_is_never_shared(page: OperatorPage, caplog: pytest.LogCaptureFixture) -> None:
    assert page._server.request_share_url() is None
    assert "refused" in caplog.text


def test_showing_costs_the_control_loop_nothing(page: OperatorPage) -> None:
    frame, observation = make_frame(), make_observation()
    before = time.thread_time()
    for _ in range(1000):
        page.show(frame)
        page.look(observation)
    assert time.thread_time() - before < 0.5  # 0.25 ms each, of this thread's own time


def test_the_newest_picture_is_as_old_as_its_stamp(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [10.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    feed = Feed()
    feed.look(make_observation(stamp=1.0))
    clock[0] = 13.0
    feed.show(make_frame(observation=make_observation(stamp=1.0)))
    assert feed.picture is not None
    assert feed.picture.age == 3.0
    feed.look(make_observation(stamp=1.1))
    assert feed.picture.age == 0.0


def test_the_trail_keeps_where_the_robot_moved() -> None:
    trail = Trail()
    for step in (0, 0, 1, 1, 2):
        trail.add(make_frame(None, step))
    assert trail.points[:, 0].tolist() == pytest.approx([0.0, 0.1, 0.2])


def test_the_time_of_a_goal_begins_with_it(monkeypatch: pytest.MonkeyPatch, desk: Desk) -> None:
    clock = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    watch = Stopwatch()
    desk.pursue("sofa")
    assert watch.read(desk.state()) == 0.0
    clock[0] = 104.0
    assert watch.read(desk.state()) == 4.0
    desk.end("reached", "stands before it")
    desk.pursue("sofa")
    assert watch.read(desk.state()) == 0.0
