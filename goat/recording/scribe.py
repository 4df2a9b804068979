"""What of a control step goes into a recording, and when."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.spatial.transform import RigidTransform

from goat.recording import messages, topics
from goat.recording.container import McapFile
from goat.types import AgentFrame, Goal, ImageGoal, Path


class Scribe:
    """Writes steps as messages; knows what was written already."""

    def __init__(
        self, file: McapFile, labels: Mapping[int, str], quality: int, period: float
    ) -> None:
        """Start with nothing written.

        Args:
            file: Where to.
            labels: Categories of the objects in `Observation.semantic`.
            quality: Of the colour JPEG, 1 to 100.
            period: Of what changes slowly, s.
        """
        self._file, self._labels = file, labels
        self._quality, self._period = quality, period
        self._before: tuple[float, RigidTransform] | None = None
        self._fixed: tuple[float, RigidTransform] | None = None
        self._mapped = -float("inf")
        self._goal: tuple[int, Goal | None] = 0, None
        self._path: Path | None = None

    def write(self, frame: AgentFrame) -> None:
        """Write one control step, so that it survives a crash.

        Raises:
            RecordingError: The disk is full or gone.
        """
        self._write_fixed(frame)
        self._write_pose(frame)
        self._write_images(frame)
        self._write_intent(frame)
        if not 0.0 <= frame.observation.stamp - self._mapped < self._period:
            self.write_map(frame)
        self._file.flush()

    def write_map(self, frame: AgentFrame) -> None:
        """Write the map and what is remembered.

        Raises:
            RecordingError: The disk is full or gone.
        """
        self._mapped = stamp = frame.observation.stamp
        self._file.write(topics.MAP, stamp, messages.occupancy(frame.grid, stamp))
        found = messages.markers(frame.instances, frame.target, stamp)
        self._file.write(topics.INSTANCES, stamp, found)

    def _write_fixed(self, frame: AgentFrame) -> None:
        """Write what does not change now and then, for those who begin in the middle."""
        seen, stamp = frame.observation, frame.observation.stamp
        pose = seen.base_from_camera
        if self._fixed is not None and self._is_known(*self._fixed, pose, stamp):
            return
        self._fixed = stamp, pose
        edge = topics.FRAME_BASE, topics.FRAME_OPTICAL, pose
        self._file.write(topics.TF_STATIC, stamp, messages.transforms(stamp, [edge]))
        info = messages.camera_info(seen.camera, stamp)
        self._file.write(topics.CAMERA_INFO, stamp, info)
        if self._labels:
            self._file.write(topics.LABELS, stamp, messages.labels_text(self._labels))

    def _is_known(
        self, at: float, before: RigidTransform, pose: RigidTransform, stamp: float
    ) -> bool:
        same = np.array_equal(before.as_matrix(), pose.as_matrix())
        return same and 0.0 <= stamp - at < self._period

    def _write_pose(self, frame: AgentFrame) -> None:
        stamp, odom_from_base = frame.observation.stamp, frame.observation.odom_from_base
        map_from_odom = frame.map_from_base * odom_from_base.inv()
        edges = [
            (topics.FRAME_MAP, topics.FRAME_ODOM, map_from_odom),
            (topics.FRAME_ODOM, topics.FRAME_BASE, odom_from_base),
        ]
        self._file.write(topics.TF, stamp, messages.transforms(stamp, edges))
        moved = messages.odometry(odom_from_base, stamp, self._before)
        self._file.write(topics.ODOMETRY, stamp, moved)
        self._before = stamp, odom_from_base

    def _write_images(self, frame: AgentFrame) -> None:
        seen, stamp = frame.observation, frame.observation.stamp
        if seen.semantic is not None:
            self._file.write(topics.SEMANTIC, stamp, messages.ids_image(seen.semantic, stamp))
        color = messages.color_image(seen.rgb, stamp, self._quality)
        self._file.write(topics.COLOR, stamp, color)
        self._file.write(topics.DEPTH, stamp, messages.depth_image(seen.depth, stamp))

    def _write_intent(self, frame: AgentFrame) -> None:
        stamp, goal = frame.observation.stamp, frame.goal
        steps, before = self._goal
        if goal is not None and (goal is not before or frame.step < steps):
            if isinstance(goal, ImageGoal):
                self._file.write(topics.PHOTO, stamp, messages.photo_image(goal.rgb, stamp))
            self._file.write(topics.GOAL, stamp, messages.goal_text(goal))
        self._goal = frame.step, goal
        if frame.path is not self._path:
            self._path = frame.path
            self._file.write(topics.PATH, stamp, messages.path_poses(frame.path, stamp))
        self._file.write(topics.NOTE, stamp, messages.note_text(frame))
