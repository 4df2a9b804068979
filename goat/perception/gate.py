"""Key frames: perceive only where something new can be seen."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from goat.errors import ConfigError
from goat.types import Observation


@dataclass(frozen=True)
class GateConfig:
    """When an observation is worth perceiving; any one reason is enough."""

    translation: float = 0.2
    """The camera moved further than this since the last key frame, m."""
    rotation: float = math.radians(15.0)
    """The camera turned further than this since the last key frame, radians."""
    period: float = 2.0
    """This much time passed since the last key frame, s; infinity for never."""

    def __post_init__(self) -> None:
        """Check the signs.

        Raises:
            ConfigError: A value is negative or not a number.
        """
        for name in ("translation", "rotation", "period"):
            if not getattr(self, name) >= 0.0:
                raise ConfigError(f"{name} must be 0 or more, got {getattr(self, name)}")


class KeyframeGate:
    """Lets the first observation through, and then one per step of the camera."""

    def __init__(self, config: GateConfig | None = None) -> None:
        """Start without a key frame.

        Args:
            config: How far is far enough.
        """
        self._config = config or GateConfig()
        self._last: Observation | None = None

    def admit(self, observation: Observation) -> bool:
        """Return whether to perceive `observation`, and remember it as key frame if so."""
        if self._last is not None and not self._is_news(self._last, observation):
            return False
        self._last = observation
        return True

    def reset(self) -> None:
        """Forget the last key frame, so that the next observation is one."""
        self._last = None

    def _is_news(self, last: Observation, now: Observation) -> bool:
        step = last.odom_from_camera.inv() * now.odom_from_camera
        waited = now.stamp - last.stamp
        return bool(
            np.linalg.norm(step.translation) > self._config.translation
            or step.rotation.magnitude() > self._config.rotation
            or not 0.0 <= waited <= self._config.period  # a clock set back is a new recording
        )
