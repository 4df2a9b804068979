"""Records a run as MCAP, beside the loop that drives."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from goat.errors import ConfigError
from goat.recording.container import McapFile
from goat.recording.scribe import Scribe
from goat.types import AgentFrame

_log = logging.getLogger(__name__)
_WAITING = 16
"""Steps that may wait to be written; with more, the run waits."""


@dataclass(frozen=True)
class RecorderConfig:
    """How a run is recorded."""

    quality: int = 95
    """Of the colour JPEG, 1 to 100."""
    period: float = 1.0
    """The map, what is remembered and what does not change are written so often, s."""

    def __post_init__(self) -> None:
        """Check the bounds.

        Raises:
            ConfigError: A value is out of bounds.
        """
        if not (1 <= self.quality <= 100 and self.period >= 0.0):
            raise ConfigError(f"the quality must be 1 to 100 and the period 0 or more, got {self}")


class McapRecorder:
    """Implements `goat.protocols.Viewer`; a thread of its own packs and writes."""

    def __init__(
        self,
        path: Path,
        labels: Mapping[int, str] | None = None,
        config: RecorderConfig | None = None,
    ) -> None:
        """Begin the file; one that exists is left alone, and a number is put behind the name.

        Args:
            path: Where to, ending in .mcap.
            labels: Categories of the objects in `Observation.semantic`, where there are any.
            config: How it is recorded.

        Raises:
            RecordingError: It cannot be written.
            MissingExtraError: The packages for it are not installed.
        """
        config = config or RecorderConfig()
        self._file = McapFile(path)
        self._scribe = Scribe(self._file, dict(labels or {}), config.quality, config.period)
        self._failure: Exception | None = None
        self._steps: queue.Queue[AgentFrame | None] = queue.Queue(_WAITING)
        self._thread = threading.Thread(target=self._work, name="recorder", daemon=True)
        self._thread.start()

    @property
    def path(self) -> Path:
        """The file that is written."""
        return self._file.path

    def show(self, frame: AgentFrame) -> None:
        """Take one control step; after a failure nothing more is written, and `close` tells it."""
        if self._failure is None:
            self._steps.put(frame)

    def close(self) -> None:
        """Write what waits, the newest map and the index.

        Raises:
            RecordingError: The disk became full or went away; what was written before can be read.
        """
        self._steps.put(None)
        self._thread.join()
        if self._failure is not None:
            raise self._failure
        self._file.close()

    # The recorder's thread

    def _work(self) -> None:
        last = None
        while (frame := self._steps.get()) is not None:
            self._try(self._scribe.write, frame)
            last = frame
        if last is not None:
            self._try(self._scribe.write_map, last)

    def _try(self, write: Callable[[AgentFrame], None], frame: AgentFrame) -> None:
        """Write, unless that has failed before: the queue must be emptied all the same."""
        if self._failure is not None:
            return
        try:
            write(frame)
        except Exception as error:  # noqa: BLE001  whatever it is, `close` raises it
            _log.error("the recording ends here: %s", error)
            self._failure = error
            self._file.abandon()
