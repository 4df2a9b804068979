"""H.264 in MP4: what every browser plays."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import av
import numpy as np
from av.video.stream import VideoStream

from goat.errors import ConfigError
from goat.types import UInt8Array


class VideoWriter:
    """Encodes pictures as they come; memory does not grow with their number."""

    def __init__(self, path: Path, fps: int = 10, quality: int = 23) -> None:
        """Open `path` for writing.

        Args:
            path: An .mp4 file; an existing one is replaced.
            fps: Pictures per second.
            quality: Constant rate factor of x264: less is better, 18 to 28 make sense.

        Raises:
            ConfigError: The file cannot be opened.
        """
        try:
            path.touch()  # the encoder itself would complain only with the first picture
            self._container = av.open(str(path), "w", options={"movflags": "+faststart"})
        except (OSError, ValueError) as error:
            raise ConfigError(f"cannot write the video {path}: {error}") from error
        self._fps = fps
        self._options = {"crf": str(quality), "preset": "veryfast", "threads": "1"}
        self._stream: VideoStream | None = None
        self._pictures = 0

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        """Finish the file, also after an error: what was written can be played."""
        self.close()

    def add(self, picture: UInt8Array, repeat: int = 1) -> None:
        """Append a picture (H, W, 3), `repeat` times; the first one sets the size.

        Odd sizes lose their last row or column: H.264 stores colours of 2 x 2 pixels.

        Raises:
            ValueError: The picture's size is not the first one's.
        """
        height, width = picture.shape[0] // 2 * 2, picture.shape[1] // 2 * 2
        stream = self._stream or self._open(width, height)
        if (stream.width, stream.height) != (width, height):
            raise ValueError(
                f"the video is {stream.width} x {stream.height}, got a picture {width} x {height}"
            )
        even = np.ascontiguousarray(picture[:height, :width])
        for _ in range(repeat):
            frame = av.VideoFrame.from_ndarray(even, format="rgb24")
            frame.pts = self._pictures
            frame.time_base = Fraction(1, self._fps)
            self._pictures += 1
            self._container.mux(stream.encode(frame))

    def close(self) -> None:
        """Write what the encoder still holds and finish the file; may be called twice."""
        if self._stream is not None:
            self._container.mux(self._stream.encode(None))
            self._stream = None
        self._container.close()

    def _open(self, width: int, height: int) -> VideoStream:
        codec = "libx264" if "libx264" in av.codecs_available else "h264"
        stream = self._container.add_stream(codec, rate=self._fps, options=self._options)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        self._stream = stream
        return stream
