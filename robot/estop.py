"""An emergency stop that stays: across reconnections, restarts and crashes."""

from __future__ import annotations

import json
import os
import threading
import time
from pathlib import Path

from goat.errors import GoatError


class EmergencyStopError(GoatError):
    """The emergency stop is set, or cannot be cleared."""


class EmergencyStop:
    """Latched from the first call of `set` until `clear`; a file says so to the next process."""

    def __init__(self, file: Path) -> None:
        """Read the state that was left behind; a file that cannot be read counts as set.

        Args:
            file: Exists while the stop is set.
        """
        self.file = file
        self._lock = threading.Lock()
        self._reason = self._left_behind()

    @property
    def reason(self) -> str | None:
        """Why it is set; None if it is not."""
        return self._reason

    def check(self) -> None:
        """Make sure that it is not set.

        Raises:
            EmergencyStopError: It is.
        """
        if self._reason is not None:
            raise EmergencyStopError(
                f"the emergency stop is set: {self._reason}. When the robot may drive again, clear "
                "it: goat robot clear"
            )

    def set(self, reason: str) -> None:
        """Latch; the first reason stays. The state counts at once, even if no file can be written.

        Args:
            reason: Who or what stopped the robot, for people.
        """
        with self._lock:
            if self._reason is not None:
                return
            self._reason = reason
            self._write({"reason": reason, "time": time.time()})

    def clear(self) -> None:
        """Allow driving again; only ever called because a person asked for it.

        Raises:
            EmergencyStopError: The file cannot be removed: the next start would find it.
        """
        with self._lock:
            try:
                self.file.unlink(missing_ok=True)
            except OSError as error:
                raise EmergencyStopError(
                    f"the emergency stop stays set: {self.file} cannot be removed ({error})"
                ) from error
            self._reason = None

    def _left_behind(self) -> str | None:
        try:
            content = json.loads(self.file.read_text(encoding="utf-8"))
            return str(content["reason"])
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError):
            return f"set by an earlier run ({self.file} cannot be read)"

    def _write(self, content: dict[str, object]) -> None:
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            part = self.file.with_name(f"{self.file.name}.part")
            with part.open("w", encoding="utf-8") as out:
                json.dump(content, out)
                out.flush()
                os.fsync(out.fileno())
            part.replace(self.file)
        except OSError:
            # The robot stands in any case; what is lost is the memory of it after a restart.
            self._reason = f"{self._reason} (and {self.file} could not be written)"
