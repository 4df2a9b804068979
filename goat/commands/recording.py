"""`--record`: hands every step of a run to an MCAP file."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console

from goat.commands.recorders import ViewerRecorder
from goat.recording.container import check_target
from goat.recording.recorder import McapRecorder, RecorderConfig


def check_record(path: Path | None, quality: int) -> None:
    """Check before anything is loaded that what was asked for can be recorded.

    Raises:
        RecordingError: The file cannot be written there.
        ConfigError: The quality is out of bounds.
        MissingExtraError: The packages for it are not installed.
    """
    RecorderConfig(quality)
    if path is not None:
        check_target(path)


def open_recorders(
    path: Path | None, quality: int, labels: Mapping[int, str], stack: ExitStack, console: Console
) -> list[ViewerRecorder]:
    """Begin a recording if one was asked for; `stack` ends it.

    Args:
        path: Where to; None records nothing.
        quality: Of the colour JPEG, 1 to 100.
        labels: Categories of the objects that a simulator shows.
        stack: Closes the file.
        console: Told the name of the file when it is finished.

    Raises:
        RecordingError: It cannot be written.
    """
    if path is None:
        return []
    recorder = McapRecorder(path, labels, RecorderConfig(quality))
    stack.callback(console.print, f"recording: {recorder.path}", highlight=False, soft_wrap=True)
    stack.callback(recorder.close)
    return [ViewerRecorder(recorder)]
