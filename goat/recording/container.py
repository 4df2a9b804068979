"""An MCAP file that grows while the robot drives."""

from __future__ import annotations

import contextlib
import shutil
from itertools import count
from pathlib import Path
from typing import Any, BinaryIO

from goat.errors import GoatError
from goat.recording.codec import Ros2Codec
from goat.recording.messages import Content, nanoseconds
from goat.recording.topics import KINDS
from goat.registry import require

_LEAST_ROOM = 100_000_000
"""A recording does not begin with less room on the disk, bytes."""


class RecordingError(GoatError):
    """A recording that cannot be written."""


def check_target(path: Path) -> None:
    """Check, before anything moves, that a recording can be written.

    Raises:
        RecordingError: Its name does not end in .mcap, its folder cannot be made, or the disk is
            nearly full.
        MissingExtraError: The packages for it are not installed.
    """
    require("mcap.writer")
    require("rosbags.typesys")
    if path.suffix != ".mcap":
        raise RecordingError(f"a recording is an MCAP file, got {path}; give a name like run.mcap")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        room = shutil.disk_usage(path.parent).free
    except OSError as error:
        raise _unwritable(path, error) from error
    if room < _LEAST_ROOM:
        raise RecordingError(
            f"{path.parent} has {room / 1e6:.0f} MB left, a recording needs "
            f"{_LEAST_ROOM / 1e6:.0f} MB at least; make room or choose another disk"
        )


class McapFile:
    """Takes messages by topic; what was flushed survives a crash."""

    def __init__(self, path: Path) -> None:
        """Begin a file, or the first of NAME-2, NAME-3, ... that is not there yet.

        Args:
            path: Where to, ending in .mcap; its folder is made.

        Raises:
            RecordingError: It cannot be written.
            MissingExtraError: The packages for it are not installed.
        """
        check_target(path)
        self._codec = Ros2Codec()
        self.path, self._file = _fresh_file(path)
        self._channels: dict[str, int] = {}
        self._schemas: dict[str, int] = {}
        self._writer: Any = require("mcap.writer").Writer(self._file)
        with self._named():
            self._writer.start(profile="ros2")
            self._file.flush()

    def write(self, topic: str, stamp: float, content: Content) -> None:
        """Add a message to one of `goat.recording.topics`.

        Args:
            topic: Decides the type.
            stamp: When it was measured, s.
            content: Fields of the message.

        Raises:
            RecordingError: The disk is full or gone.
        """
        data, at = self._codec.pack(KINDS[topic], content), nanoseconds(stamp)
        with self._named():
            self._writer.add_message(self._channel(topic), at, data, at)

    def flush(self) -> None:
        """Hand all that was written to the operating system.

        Raises:
            RecordingError: The disk is full or gone.
        """
        with self._named():
            self._writer.flush()

    def close(self) -> None:
        """Write the index and close.

        Raises:
            RecordingError: The disk is full or gone.
        """
        with self._named():
            self._writer.finish()
            self._file.close()

    def abandon(self) -> None:
        """Close without an index: a write has failed. What was flushed can be replayed."""
        with contextlib.suppress(OSError):
            self._file.close()

    @contextlib.contextmanager
    def _named(self):
        try:
            yield
        except OSError as error:
            raise _unwritable(self.path, error) from error

    def _channel(self, topic: str) -> int:
        if topic not in self._channels:
            kind = KINDS[topic]
            if kind not in self._schemas:
                text = self._codec.definition(kind).encode()
                self._schemas[kind] = self._writer.register_schema(kind, "ros2msg", text)
            channel = self._writer.register_channel(topic, "cdr", self._schemas[kind])
            self._channels[topic] = channel
        return self._channels[topic]


def _fresh_file(wanted: Path) -> tuple[Path, BinaryIO]:
    for number in count(1):
        name = wanted.name if number == 1 else f"{wanted.stem}-{number}{wanted.suffix}"
        path = wanted.with_name(name)
        try:
            return path, path.open("xb")
        except FileExistsError:
            continue
        except OSError as error:
            raise _unwritable(path, error) from error
    raise AssertionError("unreachable")


def _unwritable(path: Path, error: OSError) -> RecordingError:
    return RecordingError(
        f"cannot write the recording {path}: {error.strerror or error}; "
        "make room, or choose another place with --record"
    )
