"""Messages out of recordings: MCAP files, rosbag2 folders and databases, ROS 1 bags."""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Protocol

from goat.registry import require
from robot.bag_types import BagError, BagTopic, Packed
from robot.mcap_bag import McapBag
from robot.messages import Dialect, plain_type


class Bag(Protocol):
    """An open recording."""

    @property
    def topics(self) -> tuple[BagTopic, ...]:
        """What is in it, by name."""
        ...

    @property
    def damage(self) -> str | None:
        """What of it cannot be read, and why; None if nothing is known to be damaged."""
        ...

    def messages(self, names: Collection[str]) -> Iterator[Packed]:
        """Return the messages of some topics in the order in which they were recorded."""
        ...

    def close(self) -> None:
        """Close the files."""
        ...


def open_bag(path: Path) -> Bag:
    """Open a recording: .mcap, .db3 or .bag, or a folder that rosbag2 wrote.

    Raises:
        BagError: It is none, or damaged from the beginning.
        MissingExtraError: The packages for it are not installed.
    """
    if not path.exists():
        raise BagError(f"there is no recording at {path}")
    if path.is_dir() and not (path / "metadata.yaml").is_file():
        return _open_unfinished(path)
    if path.suffix == ".mcap" and path.is_file():
        return McapBag(path)
    if path.is_dir() or path.suffix in (".db3", ".bag"):
        return RosbagsBag(path)
    raise BagError(
        f"{path} is no recording; .mcap, .db3 and .bag files are read, and folders of rosbag2"
    )


def _open_unfinished(folder: Path) -> Bag:
    """Open the one file of a folder whose recorder did not live to write metadata.yaml."""
    files = sorted(file for kind in ("mcap", "db3") for file in folder.glob(f"*.{kind}"))
    if len(files) == 1:
        return open_bag(files[0])
    found = ", ".join(file.name for file in files) or "no .mcap or .db3 file either"
    raise BagError(
        f"{folder} has no metadata.yaml, so it is no finished recording of rosbag2; "
        f"there is {found}. Give one file, or mend it with: ros2 bag reindex {folder}"
    )


class RosbagsBag:
    """What the rosbags package reads."""

    def __init__(self, path: Path) -> None:
        """Open `path`.

        Raises:
            BagError: It is damaged, or of a kind that is not known.
        """
        self.damage: str | None = None
        self._path = path
        self._dialect = Dialect.ROS1 if path.suffix == ".bag" else Dialect.ROS2
        package = "rosbags.rosbag1" if self._dialect is Dialect.ROS1 else "rosbags.rosbag2"
        module = require(package)
        # What damaged files make the readers raise besides their own errors.
        self._errors = (
            module.ReaderError, OSError, EOFError, ValueError, KeyError, IndexError, TypeError,
            AssertionError, OverflowError, struct.error, require("apsw").Error,
        )  # fmt: skip
        try:
            self._reader = module.Reader(path)
            self._reader.open()
        except self._errors as error:
            raise BagError(
                f"{path} cannot be read: {error or type(error).__name__}"
                f"{'; give one of its files by name' if path.is_dir() else ''}"
            ) from error
        counts: Counter[tuple[str, str]] = Counter()
        for item in self._reader.connections:
            counts[item.topic, plain_type(item.msgtype)] += item.msgcount
        self.topics = tuple(BagTopic(*key, count) for key, count in sorted(counts.items()))

    def messages(self, names: Collection[str]) -> Iterator[Packed]:
        """Return the messages of some topics; stops where it is damaged."""
        wanted = [item for item in self._reader.connections if item.topic in names]
        if not wanted:
            return
        try:
            for item, at, data in self._reader.messages(connections=wanted):
                kind = plain_type(item.msgtype)
                yield Packed(item.topic, kind, at / 1e9, bytes(data), self._dialect)
        except self._errors as error:
            self.damage = f"{self._path} is damaged ({error}); it was read up to there"

    def close(self) -> None:
        """Close the files."""
        self._reader.close()
