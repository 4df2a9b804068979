"""roslibpy's asyncio connection, hardened; the only file that knows its insides.

Verified with roslibpy 2.1: `AsyncioRosBridgeClientFactory` (its `protocol`, `_manager`,
`_stop`, `initialDelay`, `maxDelay`, `factor`, `ready`, `connection_lost`, `_open_connection`),
`AsyncioRosBridgeProtocol` (its `onOpen`, `onMessage`, `onPong`, `sendMessage`, `sendPing`,
`dropConnection`, `state`, `transport`) and `AsyncioEventLoopManager`.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from roslibpy.comm.comm_asyncio import (
    AsyncioEventLoopManager,
    AsyncioRosBridgeClientFactory,
    AsyncioRosBridgeProtocol,
)

if TYPE_CHECKING:
    from robot.link import LinkConfig


@dataclass(frozen=True, slots=True)
class Calls:
    """Whom a connection tells what happens, on its own thread."""

    received: Callable[[bytes, bool], None]
    """A frame came, and whether it is binary."""
    up: Callable[[], None]
    """There is a connection."""
    down: Callable[[], None]
    """It was lost."""
    tend: Callable[[], None]
    """A moment has passed with a connection."""


class _Protocol(AsyncioRosBridgeProtocol):
    """One connection, which pings by itself: autobahn's pings lose count below a second."""

    factory: Any
    transport: Any
    _asked: float | None = None
    """When the ping that waits for its answer went out, by `time.monotonic`."""

    def onOpen(self) -> None:  # noqa: N802
        """Begin to ping."""
        super().onOpen()
        self._watch()

    def onPong(self, payload: bytes) -> None:  # noqa: N802
        """Take the answer to a ping."""
        self._asked = None

    def onMessage(self, payload: bytes, isBinary: bool) -> None:  # noqa: N802, N803
        """Hand a frame over as it is."""
        self.factory.calls.received(payload, isBinary)

    def send_fresh(self, payload: bytes, until: float, backlog: int) -> None:
        """Write on the loop's thread, unless it is too late or the peer does not read."""
        transport = self.transport
        if time.monotonic() > until or transport is None:
            return
        if until == math.inf or transport.get_write_buffer_size() <= backlog:
            self.sendMessage(payload, isBinary=False)

    def _watch(self) -> None:
        """Ping, and drop the connection if the ping before was not answered in time."""
        if self.state != self.STATE_OPEN:
            return
        config, now = self.factory.config, time.monotonic()
        if self._asked is None:
            self._asked = now
            self.sendPing(b"goat")
        elif now - self._asked > config.ping_timeout:
            self.dropConnection(abort=True)
            return
        self.factory.calls.tend()
        self.factory.manager.loop.call_later(config.ping, self._watch)


class Connection(AsyncioRosBridgeClientFactory):
    """Keeps one connection alive on a thread of its own."""

    compression = "none"
    factor = 1.7

    def __init__(self, url: str, config: LinkConfig, calls: Calls) -> None:
        """Prepare; see `start`."""
        manager = AsyncioEventLoopManager()
        manager.run()
        super().__init__(url, loop=manager.loop)
        self._manager = manager
        self.protocol = _Protocol
        self.config, self.calls = config, calls
        self.initialDelay, self.maxDelay = config.first_delay, config.most_delay
        self.setProtocolOptions(
            maxMessagePayloadSize=config.largest,
            openHandshakeTimeout=config.handshake,
            closeHandshakeTimeout=1,
        )

    def ready(self, proto: Any) -> None:
        """Tell that a connection is open."""
        super().ready(proto)
        self.calls.up()

    def connection_lost(self, proto: Any) -> None:
        """Tell that a connection was lost, and reconnect; a handshake that failed counts too."""
        was_open = self._proto is proto
        super().connection_lost(proto)
        if was_open:
            self.calls.down()

    def send(self, payload: bytes, until: float) -> bool:
        """Write a frame if there is a connection; return whether it was tried."""
        proto: Any = self._proto
        loop = self.manager.loop
        if proto is None or loop is None or loop.is_closed():
            return False
        loop.call_soon_threadsafe(proto.send_fresh, payload, until, self.config.backlog)
        return True

    def stop(self) -> None:
        """Disconnect for good and end the thread."""
        self._stop = True
        proto = self._proto
        if proto is not None:
            proto.send_close()
            time.sleep(0.05)
        self.manager.terminate()


def start(url: str, config: LinkConfig, calls: Calls) -> Connection:
    """Connect and keep connected.

    Args:
        url: Of the bridge.
        config: Pings, waits and limits.
        calls: Told what happens.
    """
    connection = Connection(url, config, calls)
    connection.connect()
    return connection
