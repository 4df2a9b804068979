"""A small rosbridge server, for development and for trying the robot path with no ROS at all.

It carries messages and nothing more: no ROS graph, no checks of types, no authentication and no
encryption. A robot needs the real one (`rosbridge_suite`). It binds to loopback unless told
otherwise.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
import math
import threading
import time
from typing import Any, Self

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from goat.errors import ConfigError
from robot.board import Board, Client
from robot.messages import Dialect

_LARGEST = 10 * 1024 * 1024
_log = logging.getLogger(f"{__name__}.websockets")
_log.setLevel(logging.CRITICAL)  # a port that was only looked at is no error


class Bridge:
    """Serves on a thread of its own; use it as a context manager."""

    def __init__(
        self, port: int = 0, dialect: Dialect = Dialect.ROS2, host: str = "127.0.0.1"
    ) -> None:
        """Prepare.

        Args:
            port: Where to listen; 0 takes a free one.
            dialect: Which bridge to be like.
            host: Address to bind to; anything but loopback lets everybody drive the robot.
        """
        self.board = Board(dialect)
        self._address = host, port
        self._names = (f"client {n}" for n in itertools.count(1))
        self._loop = asyncio.new_event_loop()
        self._server: Server | None = None
        self._thread = threading.Thread(target=self._loop.run_forever, name="bridge", daemon=True)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"ws://{self._address[0]}:{self._address[1]}"

    def start(self) -> Self:
        """Begin to listen.

        Raises:
            ConfigError: The address is taken.
        """
        self._thread.start()
        try:
            server: Server = self._run(self._listen())
        except OSError as error:
            self.stop()
            raise ConfigError(
                f"cannot listen on {self.url}: {error}; choose another port, or stop what is there"
            ) from error
        self._server = server
        self._address = self._address[0], next(iter(server.sockets)).getsockname()[1]
        return self

    def stop(self) -> None:
        """Close all connections and end the thread; a second time does nothing."""
        if self._loop.is_closed():
            return
        if self._server is not None:
            self._run(self._shut(self._server))
            self._server = None
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def __enter__(self) -> Self:
        """Start."""
        return self.start()

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.stop()

    def _run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10.0)

    async def _listen(self) -> Server:
        host, port = self._address
        return await serve(
            self._serve,
            host,
            port,
            max_size=_LARGEST,
            compression=None,
            ping_interval=None,
            logger=_log,
        )

    @staticmethod
    async def _shut(server: Server) -> None:
        server.close()
        await server.wait_closed()

    async def _serve(self, connection: ServerConnection) -> None:
        woken = asyncio.Event()
        client = Client(next(self._names), woken.set)
        self.board.join(client)
        sender = asyncio.create_task(_send(connection, client, woken))
        try:
            async for frame in connection:
                self.board.handle(client, _parsed(frame))
        except ConnectionClosed:
            pass
        finally:
            sender.cancel()
            self.board.leave(client)


async def _send(connection: ServerConnection, client: Client, woken: asyncio.Event) -> None:
    """Send what waits for a client, no faster than it reads."""
    while True:
        messages, again = client.take(time.monotonic())
        for message in messages:
            await connection.send(_dumped(message))
        if messages:
            continue
        try:
            await asyncio.wait_for(woken.wait(), again)
        except TimeoutError:
            continue
        woken.clear()


def _parsed(frame: str | bytes) -> object:
    try:
        return json.loads(frame)
    except (ValueError, RecursionError):
        return None


def _dumped(message: object) -> str:
    """Return JSON; as in a real bridge, what is not finite becomes null."""
    try:
        return json.dumps(message, allow_nan=False, separators=(",", ":"))
    except ValueError:
        return json.dumps(_finite(message), separators=(",", ":"))


def _finite(value: object) -> object:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
