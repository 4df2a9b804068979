"""A network in a loop that is shown the latest steps of each environment anew at every decision."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from meta_controller.model.data import Segments, ShapeError, check
from meta_controller.model.history import History


class Window:
    """Decides for E environments by asking for the actions of E segments."""

    def __init__(
        self, law: Callable[[Segments], Tensor], body: Segments, environments: int
    ) -> None:
        """Start with no history.

        Args:
            law: Returns actions (1, E, S, J) of E segments (B = 1); the newest step is last.
            body: Any segments of the one body (B = 1); its steps are not looked at.
            environments: E.

        Raises:
            ShapeError: There is not one body.
        """
        if len(body.tokens) != 1:
            raise ShapeError(f"one body acts at a time, got segments of {len(body.tokens)}")
        self._law, self._body = law, body
        self._moved = (body.actuated & body.token_mask)[0]
        segment, *shape = body.tokens.shape[2:]
        self.history = History(body.tokens, environments, segment, shape)
        """The latest steps."""

    @torch.no_grad()
    def act(self, tokens: Tensor) -> Tensor:
        """Return actions (E, J) in [-1, 1], 0 for joints that are not actuated.

        Args:
            tokens: (E, J, W) float32 features of the newest step.

        Raises:
            ShapeError: Its shape or type is wrong; the history stays as it was.
        """
        steps = self.history.steps
        check("tokens", tokens, (len(steps), *steps.shape[2:]), torch.float32)
        self.history.add(tokens)
        body = self._body
        query = Segments(
            self.history.steps[None],
            body.kinds,
            body.token_mask,
            body.actuated,
            self.history.valid[None],
            distances=body.distances,
        )
        return self._law(query)[0, :, -1].masked_fill(~self._moved, 0.0)
