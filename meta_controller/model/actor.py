"""A policy in a loop: keeps the latest steps of each environment and encodes only the newest."""

from __future__ import annotations

from torch import Tensor

from meta_controller.model.data import ShapeError
from meta_controller.model.history import History
from meta_controller.model.inference import SupportCache, act_on, encode_steps


class Actor:
    """Decides for E environments that imitate the same demonstrations."""

    def __init__(self, cache: SupportCache, environments: int) -> None:
        """Start with no history.

        Args:
            cache: What to imitate.
            environments: E.
        """
        config = cache.model.config
        self.cache = cache
        self.history = History(
            cache.weights, environments, config.segment, (len(cache.moved), config.width)
        )
        """What the structure encoder made of the latest steps."""

    def act(self, tokens: Tensor) -> Tensor:
        """Return actions (E, J) in [-1, 1], 0 for joints that are not actuated.

        Args:
            tokens: (E, J, W) float32 features of the newest step.

        Raises:
            ShapeError: Shapes or types are wrong; the history stays as it was.
        """
        environments = len(self.history.steps)
        if len(tokens) != environments:
            raise ShapeError(f"tokens of {environments} environments wanted, got {len(tokens)}")
        self.history.add(encode_steps(self.cache, tokens[:, None])[:, 0])
        return act_on(self.cache, self.history.steps, self.history.valid)
