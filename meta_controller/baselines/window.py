"""A network in a loop that is shown the latest steps of each environment anew at every decision."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from meta_controller.model.data import Segments, ShapeError, check


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
        self._steps = body.tokens.new_zeros(environments, *body.tokens.shape[2:])
        self._valid = torch.zeros(
            self._steps.shape[:2], dtype=torch.bool, device=self._steps.device
        )

    @torch.no_grad()
    def act(self, tokens: Tensor) -> Tensor:
        """Return actions (E, J) in [-1, 1], 0 for joints that are not actuated.

        Args:
            tokens: (E, J, W) float32 features of the newest step.

        Raises:
            ShapeError: Its shape or type is wrong; the history stays as it was.
        """
        check("tokens", tokens, (len(self._steps), *self._steps.shape[2:]), torch.float32)
        self._steps = torch.cat([self._steps[:, 1:], tokens[:, None]], dim=1)
        self._valid = torch.cat([self._valid[:, 1:], self._valid.new_ones(len(tokens), 1)], dim=1)
        body = self._body
        query = Segments(
            self._steps[None],
            body.kinds,
            body.token_mask,
            body.actuated,
            self._valid[None],
            distances=body.distances,
        )
        return self._law(query)[0, :, -1].masked_fill(~self._moved, 0.0)

    def reset(self, which: Tensor | None = None) -> None:
        """Forget the history of some environments.

        Args:
            which: (E,) bool; None for all.

        Raises:
            ShapeError: Its shape or type is wrong.
        """
        if which is None:
            self._valid = torch.zeros_like(self._valid)
            return
        check("which", which, (len(self._steps),), torch.bool)
        self._valid = self._valid & ~which[:, None]
