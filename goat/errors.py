"""Named errors: each says what was got, what is allowed and what to do next.

The command line turns every `GoatError` into one message and exit code 2; anything else is a bug.
"""

from __future__ import annotations


class GoatError(Exception):
    """Base of every error that a user can cause and mend."""


class ConfigError(GoatError):
    """A setting, flag or configuration file that cannot be used."""


class GoalError(GoatError):
    """A goal that cannot be understood: empty text, unreadable image, unknown category."""


class WorldError(GoatError):
    """A world that cannot be loaded or has no room for the robot."""


class StartPoseError(WorldError):
    """A start pose outside free space."""


class UnsafePathError(WorldError):
    """A file reference that leaves the folder it must stay in."""


class MapError(GoatError):
    """A map file that cannot be read or written."""


class MemoryFileError(GoatError):
    """A memory file that is damaged, foreign or of another schema version."""


class RenderError(GoatError):
    """No GL backend could render."""


class SimulatorError(GoatError):
    """A simulator that cannot be started, or a scene that it cannot load or use."""


class SimulatorDiedError(SimulatorError):
    """A simulator in another process that has died or does not answer."""


class ModelError(GoatError):
    """Weights or a model folder that cannot be loaded."""


class MissingExtraError(GoatError):
    """An optional package is not installed."""

    def __init__(self, package: str, extra: str) -> None:
        """Name the missing package and the extra that brings it.

        Args:
            package: Import name of the missing package.
            extra: Name of the extra in `pyproject.toml`.
        """
        super().__init__(
            f"the optional package {package!r} is not installed; "
            f"install it with: pip install 'goat-stack[{extra}]'"
        )
        self.package = package
        self.extra = extra


class EpisodeError(GoatError):
    """An episode file that is damaged, foreign, or asks for what its scene does not have."""


class ResultsError(GoatError):
    """A folder of results that is damaged, of another run, or cannot be written."""


class UnknownNameError(GoatError):
    """A name that is not in a registry, a world or a vocabulary."""
