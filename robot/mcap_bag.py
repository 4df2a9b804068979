"""An MCAP file read message by message, also one whose writer was killed.

A whole file ends with an index (https://mcap.dev/spec) and is read by it, in the order of log time.
A file without one is read from its beginning to where it breaks off, chunk by chunk.
"""

from __future__ import annotations

import struct
import zlib
from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from goat.registry import require
from robot.bag_types import BagError, BagTopic, Packed
from robot.messages import Dialect, plain_type

_ENCODINGS = {"cdr": Dialect.ROS2, "ros1": Dialect.ROS1}
_MAGIC = b"\x89MCAP0\r\n"
_Item = tuple[Any, Any, Any]
"""Schema, channel and message, as the mcap package has them."""


class McapBag:
    """One MCAP file, whole or cut off."""

    def __init__(self, path: Path) -> None:
        """Open `path`.

        Raises:
            BagError: It is no MCAP file, or nothing in it can be read.
            MissingExtraError: The mcap package is not installed.
        """
        self.damage: str | None = None
        self._path = path
        self._stream = require("mcap.stream_reader")
        # What damaged files make the reader raise besides its own errors.
        self._errors = (
            require("mcap.exceptions").McapError, require("zstandard").ZstdError, OSError, EOFError,
            ValueError, KeyError, IndexError, RuntimeError, OverflowError, MemoryError,
            struct.error, zlib.error,
        )  # fmt: skip
        try:
            self._file = path.open("rb")
        except OSError as error:
            raise BagError(f"{path} cannot be read: {error.strerror}") from error
        self._check_begin()
        listed = self._from_index()
        self._indexed = listed is not None
        self.topics = self._from_scan() if listed is None else listed

    def messages(self, names: Collection[str]) -> Iterator[Packed]:
        """Return the messages of some topics; what is damaged is left out and told."""
        last = -1
        for items in (self._by_index, self._walk) if self._indexed else (self._walk,):
            after = last  # where the index led into what is damaged, the rest is walked through
            try:
                for schema, channel, message in items(names):
                    dialect = _ENCODINGS.get(channel.message_encoding)
                    if dialect is not None and channel.topic in names and message.log_time > after:
                        last = message.log_time
                        yield Packed(
                            channel.topic, _kind(schema), last / 1e9, message.data, dialect
                        )
                return
            except self._errors as error:
                self._break_off(error)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _check_begin(self) -> None:
        begin = self._file.read(len(_MAGIC))
        if begin == _MAGIC:
            return
        self._file.close()
        what = "is empty" if not begin else "is no MCAP file"
        raise BagError(f"{self._path} {what}; give a recording made with --record, or any MCAP")

    def _by_index(self, names: Collection[str]) -> Iterator[_Item]:
        self._file.seek(0)
        reader = require("mcap.reader").SeekingReader(self._file, validate_crcs=True)
        return reader.iter_messages(topics=list(names), log_time_order=True)

    def _from_index(self) -> tuple[BagTopic, ...] | None:
        """Return the topics that the index at the end tells of; None if there is no index."""
        self._file.seek(0)
        try:
            summary = require("mcap.reader").SeekingReader(self._file).get_summary()
        except self._errors:
            return None
        if summary is None or summary.statistics is None or not summary.chunk_indexes:
            return None
        if len(summary.channels) < summary.statistics.channel_count:
            return None
        counts: Counter[tuple[str, str]] = Counter()
        for number, channel in summary.channels.items():
            key = channel.topic, _kind(summary.schemas.get(channel.schema_id))
            counts[key] += summary.statistics.channel_message_counts.get(number, 0)
        return _listed(counts)

    def _from_scan(self) -> tuple[BagTopic, ...]:
        counts: Counter[tuple[str, str]] = Counter()
        try:
            for schema, channel, _ in self._walk(()):
                counts[channel.topic, _kind(schema)] += 1
        except self._errors as error:
            self._break_off(error)
        if not counts:
            self._file.close()
            raise BagError(self.damage or f"{self._path} holds no messages")
        return _listed(counts)

    def _break_off(self, error: BaseException) -> None:
        what = str(error) or "it ends in the middle of a record"
        self.damage = f"{self._path} is not whole ({what}); it was read up to there"

    def _walk(self, names: Collection[str]) -> Iterator[_Item]:
        """Return all, whatever the names, from the beginning on; each chunk by log time."""
        self._file.seek(0)
        size = self._path.stat().st_size
        reader = self._stream.StreamReader(self._file, emit_chunks=True, record_size_limit=size)
        schemas: dict[int, Any] = {}
        channels: dict[int, Any] = {}
        for record in reader.records:
            batch = []
            for item in self._inside(record):
                match type(item).__name__:
                    case "Schema":
                        schemas[item.id] = item
                    case "Channel":
                        channels[item.id] = item
                    case "Message" if item.channel_id in channels:
                        channel = channels[item.channel_id]
                        batch.append((schemas.get(channel.schema_id), channel, item))
            yield from sorted(batch, key=_log_time)

    def _inside(self, record: Any) -> list[Any]:
        """Return the records of a chunk, none if it is damaged; of anything else, itself."""
        if type(record).__name__ != "Chunk":
            return [record]
        try:
            return self._stream.breakup_chunk(record, validate_crc=True)
        except self._errors as error:
            self.damage = f"a part of {self._path} is damaged ({error}); it was left out"
            return []


def _kind(schema: Any) -> str:
    return "" if schema is None else plain_type(schema.name)


def _listed(counts: Counter[tuple[str, str]]) -> tuple[BagTopic, ...]:
    return tuple(BagTopic(*key, count) for key, count in sorted(counts.items()))


def _log_time(item: _Item) -> int:
    return item[2].log_time
