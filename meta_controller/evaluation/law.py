"""From an adapted network to a law that acts in environments."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from meta_controller.arena import Signals
from meta_controller.embodiment import Embodiment
from meta_controller.task import Task
from meta_controller.tokens import Tokenizer, gather_actions
from meta_controller.training.adapt import Adapted
from meta_controller.training.episodes import whole

_LIMIT = 0.97
"""What networks say counts as 1: their last layer is a tanh, which never gets there, and laws that
push as hard as they can are worth a tenth less if they do not quite."""


class NetworkLaw:
    """Imitates demonstrations in E environments; it has a memory, so each rollout needs its own."""

    def __init__(
        self, task: Task, embodiment: Embodiment, adapted: Adapted, environments: int
    ) -> None:
        """Encode the demonstrations.

        Args:
            task: What is done; of the task of the demonstrations.
            embodiment: The body.
            adapted: The network and the demonstrations.
            environments: E.
        """
        self._task, self.embodiment = task, embodiment
        network = adapted.network
        self._tokenizer = Tokenizer(embodiment, adapted.scales, network.config.morphology)
        self._width = network.config.features
        support = whole(adapted.source, len(adapted.source.tokens), network.config.segment)
        self.decider = network.decider(support, adapted.index, environments)
        """What acts."""

    def tokens(self, signals: Signals) -> torch.Tensor:
        """Return (E, J, W) what the network is given."""
        told = self._task.tell(signals)
        found = self._tokenizer.tokens(signals.qpos, signals.qvel, told)
        more = self._width - found.shape[2]
        return torch.from_numpy(np.pad(found, ((0, 0), (0, 0), (0, more))))

    def __call__(self, signals: Signals) -> NDArray[np.float64]:
        """Return actions (E, A) in [-1, 1]."""
        with torch.inference_mode():
            actions = self.decider.act(self.tokens(signals)).numpy()
        joints = len(self.embodiment.joints)
        wanted = np.clip(actions[:, :joints] / _LIMIT, -1.0, 1.0)
        return gather_actions(self.embodiment, wanted * self._tokenizer.scales.action)
