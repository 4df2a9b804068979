"""Nearest-segment replay: does what was done where a demonstration was most like this.

Without parameters: the distance of two histories is that of the standardised features of all joints
over their last k steps. It is the least that matching with demonstrations must be better than.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from goat.errors import ConfigError
from meta_controller.arena import Signals
from meta_controller.demos.episodes import Demonstrations
from meta_controller.embodiment import Embodiment
from meta_controller.environments import EpisodeError
from meta_controller.task import Task
from meta_controller.tokens import Tokenizer, scales_of

Float64Array = NDArray[np.float64]
_FLOOR = 1e-3
"""Least deviation of a feature: what never changes is not made to count without end."""


@dataclass(frozen=True)
class NearestConfig:
    """What is compared."""

    history: int = 5
    """Steps (k); 1 compares states alone."""

    def __post_init__(self) -> None:
        """Check the number."""
        if self.history < 1:
            raise ConfigError(f"history must be at least 1, got {self.history}")


class NearestSegment:
    """Acts in the episodes of one batch, all of which begin together.

    While fewer than k steps are known, those are compared, with steps of demonstrations that have
    at least as many before them.
    """

    def __init__(
        self, task: Task, embodiment: Embodiment, demos: Demonstrations, config: NearestConfig
    ) -> None:
        """Prepare, and begin episodes; see `nearest_segment`."""
        demos.check(embodiment)
        self._task = task
        self._tokenizer = Tokenizer(embodiment, scales_of(embodiment, *demos.decisions))
        shown = self._features(demos.qpos, demos.qvel, demos.told)
        self._mean = shown.mean(axis=(0, 1))
        self._deviation = np.maximum(shown.std(axis=(0, 1)), _FLOOR)
        self._history = min(config.history, shown.shape[1])
        shown = (shown - self._mean) / self._deviation
        self._candidates = [
            _candidates(shown, demos.actions, steps) for steps in range(1, self._history + 1)
        ]
        self.reset()

    def reset(self) -> None:
        """Begin new episodes, of any number."""
        self._seen: list[Float64Array] = []

    def act(self, signals: Signals) -> Float64Array:
        """Return actions (N, A) in [-1, 1].

        Args:
            signals: Of N episodes, the next step at every call.

        Raises:
            EpisodeError: They are not as many as at the call before.
            TokenError: They are of another body.
        """
        told = self._task.tell(signals)
        now = self._features(signals.qpos, signals.qvel, told)
        if self._seen and len(now) != len(self._seen[0]):
            raise EpisodeError(
                f"{len(self._seen[0])} episodes of {self._task.name} are under way, got "
                f"{len(now)}: call reset first"
            )
        now = (now - self._mean) / self._deviation
        self._seen = [*self._seen, now][-self._history :]
        histories = np.concatenate(self._seen, axis=1)
        shown, squares, actions = self._candidates[len(self._seen) - 1]
        # The square of the history itself is the same for all candidates.
        nearest = np.argmin(squares - 2.0 * histories @ shown.T, axis=1)
        return actions[nearest]

    def _features(self, qpos: Float64Array, qvel: Float64Array, told: Float64Array) -> Float64Array:
        tokens = self._tokenizer.tokens(qpos, qvel, told)
        return tokens.reshape(*tokens.shape[:-2], -1).astype(np.float64)


def nearest_segment(
    task: Task,
    embodiment: Embodiment,
    demos: Demonstrations,
    config: NearestConfig | None = None,
) -> NearestSegment:
    """Return what replays demonstrations; its `act` is a law for one batch of episodes.

    Args:
        task: What is shown.
        embodiment: The body.
        demos: All of them are used; scales come from them as well.
        config: What is compared.

    Raises:
        DemonstrationError: They are of another body.
    """
    return NearestSegment(task, embodiment, demos, config or NearestConfig())


def _candidates(
    shown: Float64Array, actions: NDArray[np.float32], steps: int
) -> tuple[Float64Array, Float64Array, Float64Array]:
    """Return histories (C, steps * F) of demonstrations (E, D, F), their squares, what was done."""
    windows = sliding_window_view(shown, steps, axis=1)
    histories = np.moveaxis(windows, -1, 2).reshape(-1, steps * shown.shape[2])
    done = actions[:, steps - 1 :].reshape(len(histories), -1).astype(np.float64)
    return histories, np.square(histories).sum(axis=1), done
