"""habitat_sim in another process: this side of `sim.habitat_server`.

The server may run in any environment, on this machine or another. On this one images come through
shared memory. Both sides notice within seconds when the other has died.
"""

from __future__ import annotations

import itertools
import mmap
import os
import secrets
import subprocess
import tempfile
import threading
import time
from collections import deque
from pathlib import Path
from typing import IO, Any

from goat.errors import SimulatorDiedError, SimulatorError, StartPoseError
from goat.registry import require
from sim.habitat_server import PROTOCOL, EngineError, pack, unpack

SERVER = Path(__file__).with_name("habitat_server.py")
"""What runs elsewhere."""
RUN = "import runpy, sys; sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], {}, '__main__')"
"""Runs a file, with its folder not among those that modules are imported from."""
_MEMORY = Path("/dev/shm")
_SECRET = 32  # bytes
_HEARTBEAT, _PATIENCE = 1000, 10000  # ms
_READY = 120.0  # s until a server that was started listens; habitat_sim is slow to import
_LONGEST = {"open": 900.0, "hello": 20.0}  # s; anything else:
_LONG = 120.0
_DYING = 1.0  # s that a process may need to end once its connection is gone
_KEPT = 20  # last lines of what a server prints


class ServerProcess:
    """A server that was started here, in another Python."""

    def __init__(self, python: str) -> None:
        """Start it and wait until it listens.

        Args:
            python: Interpreter of an environment with habitat_sim, pyzmq and msgpack.

        Raises:
            SimulatorError: It cannot be started.
        """
        command = [python, "-c", RUN, str(SERVER), "--once"]
        try:
            self._process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
            )
        except OSError as error:
            raise SimulatorError(
                f"{python} cannot be run: {error}; name the Python of the environment that has "
                "habitat_sim"
            ) from error
        self._said: deque[str] = deque(maxlen=_KEPT)
        self._listening = threading.Event()
        self.address = ""
        """Where it listens."""
        self._readers = [
            threading.Thread(target=self._read, args=(stream,), daemon=True)
            for stream in (self._process.stdout, self._process.stderr)
        ]
        for reader in self._readers:
            reader.start()
        self._await()

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    def ended(self, within: float = 0.0) -> str | None:
        """Return how the process ended, with its last words; None while it runs.

        Args:
            within: How long to wait for that, s.
        """
        try:
            self._process.wait(within)
        except subprocess.TimeoutExpired:
            return None
        for reader in self._readers:
            reader.join(1.0)
        words = "\n  ".join(self._said)
        return f"exit code {self._process.returncode}" + (f"\n  {words}" if words else "")

    def close(self) -> None:
        """End it."""
        self._process.terminate()
        try:
            self._process.wait(5.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _await(self) -> None:
        until = time.monotonic() + _READY
        while not self._listening.wait(0.05):
            if (how := self.ended()) is not None:
                raise SimulatorError(
                    f"the server of habitat_sim did not start ({how})\nit needs habitat_sim, "
                    "pyzmq and msgpack in the environment of the Python that was named"
                )
            if time.monotonic() > until:
                self.close()
                raise SimulatorError(f"the server does not listen after {_READY:.0f} s")

    def _read(self, stream: IO[str] | None) -> None:
        for line in stream or ():
            if line.startswith("listening "):
                self.address = line.split(maxsplit=1)[1].strip()
                self._listening.set()
            else:
                self._said.append(line.rstrip())


class RemoteEngine:
    """Does what `sim.habitat_server.Engine` does, elsewhere."""

    def __init__(self, address: str, process: ServerProcess | None = None, room: int = 0) -> None:
        """Connect.

        Args:
            address: Of the server: "tcp://host:port".
            process: The server, if it was started for this; it ends with it.
            room: Bytes of the largest reply that shared memory must hold.

        Raises:
            SimulatorError: Nobody answers, or it is of another version or in use.
            MissingExtraError: pyzmq or msgpack is not installed.
        """
        self._process = process
        self._numbers = itertools.count()
        self._room = None
        zmq = self._zmq = _zmq()
        self._socket = zmq.Context.instance().socket(zmq.DEALER)
        for option, value in (
            (zmq.HEARTBEAT_IVL, _HEARTBEAT),
            (zmq.HEARTBEAT_TIMEOUT, _PATIENCE),
            (zmq.LINGER, 0),
        ):
            self._socket.setsockopt(option, value)
        self._monitor = self._socket.get_monitor_socket(zmq.EVENT_DISCONNECTED)
        self._dead: str | None = None
        self.address = address
        """Of the server."""
        try:
            self._socket.connect(address)
        except zmq.ZMQError as error:
            self.close()
            raise SimulatorError(
                f"{address!r} is no address of a server ({error}); expected tcp://host:port"
            ) from error
        try:
            self.server = self._greet(room)
            """What the server says of itself."""
        except BaseException:
            self.close()
            raise

    def call(self, method: str, *arguments: Any) -> Any:
        """Have something done; see `sim.habitat_server.Engine`.

        Raises:
            SimulatorError: It cannot be done.
            SimulatorDiedError: The server has died or does not answer.
        """
        if self._dead is not None:
            raise SimulatorDiedError(self._dead)
        number = next(self._numbers)
        self._socket.send(pack([number, method, list(arguments)]))
        until = time.monotonic() + _LONGEST.get(method, _LONG)
        while True:
            self._wait(method, until)
            try:
                answered, kind, found = unpack(self._socket.recv(), self._room)
            except EngineError as error:
                raise SimulatorError(str(error)) from error
            if answered not in (number, -1):
                continue
            if kind is not None:
                raise error_of(kind, found)
            return found

    def close(self) -> None:
        """Let the server go, and end it if it was started for this."""
        self._dead = self._dead or "the connection to the simulator was closed"
        self._socket.disable_monitor()
        self._monitor.close(0)
        self._socket.close(0)
        if self._process is not None:
            self._process.close()

    def _greet(self, room: int) -> dict[str, Any]:
        """Tell the version and offer shared memory, which is forgotten where it is not shared."""
        secret = secrets.token_bytes(_SECRET)
        folder = _MEMORY if _MEMORY.is_dir() else Path(tempfile.gettempdir())
        handle, name = tempfile.mkstemp(prefix="goat-", dir=folder)
        try:
            os.ftruncate(handle, max(room, len(secret)))
            memory = mmap.mmap(handle, 0)
            memory[: len(secret)] = secret
            found = self.call("hello", PROTOCOL, name if room else None, secret)
        finally:
            os.close(handle)
            Path(name).unlink(missing_ok=True)
        if found["shared"]:
            self._room = memory
        return found

    def _wait(self, method: str, until: float) -> None:
        """Return when there is an answer.

        Raises:
            SimulatorDiedError: The server has died or takes too long.
        """
        zmq, poller = self._zmq, self._zmq.Poller()
        poller.register(self._socket, zmq.POLLIN)
        poller.register(self._monitor, zmq.POLLIN)
        while True:
            ready = dict(poller.poll(_HEARTBEAT))
            if self._socket in ready:
                return
            if self._monitor in ready or (self._process and self._process.ended()):
                raise self._died(f"died while it was asked to {method}")
            if time.monotonic() > until:
                raise self._died(f"has not answered {method} in time")

    def _died(self, what: str) -> SimulatorDiedError:
        how = self._process.ended(_DYING) if self._process is not None else None
        self._dead = f"the simulator at {self.address} {what}" + (f" ({how})" if how else "")
        return SimulatorDiedError(self._dead)


def error_of(kind: str, message: str) -> SimulatorError | StartPoseError:
    """Return the error that an engine's error is here."""
    return StartPoseError(message) if kind == "start" else SimulatorError(message)


def _zmq() -> Any:
    require("msgpack")
    return require("zmq")
