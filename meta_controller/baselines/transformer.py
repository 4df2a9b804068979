"""Multi-task behaviour cloning with a transformer over time.

It is "Decision Transformer: Reinforcement Learning via Sequence Modeling", 2021
(https://arxiv.org/abs/2106.01345), for many tasks and without rewards. A state is one token,
whatever the body: for features s of all joints, padded to the same number of slots, what the
joints are m, the task k and the steps t of a short history,

    x[t] = W_s s[t] + W_m m + w_task[k],    action[t] = tanh(W_h f(x[1..T]))

with f causal over time and one output per slot. Neither returns nor past actions are inputs, as
they are none of the Meta-Controller; a task is told by a learned vector. Demonstrations are not
looked at: they are learned from by training all weights.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from meta_controller.baselines.network import Baseline, FlatStates, TaskRows, stretched
from meta_controller.model.blocks import Encoder, causal_mask
from meta_controller.model.config import ModelConfig
from meta_controller.model.data import Index, Segments
from meta_controller.model.policy import Rows


class TaskTransformer(Baseline):
    """One token per step, and a learned vector per task."""

    def __init__(self, config: ModelConfig, rows: Rows) -> None:
        """Draw the weights from torch's random state.

        Args:
            config: Sizes.
            rows: How many bodies and tasks to begin with.
        """
        super().__init__(config, rows)
        sizes = stretched(config)
        self.state = FlatStates(config, sizes.width)
        self.task = TaskRows(rows.tasks, sizes.width)
        self.encoder = Encoder(sizes, time=True)
        self.head = nn.Linear(sizes.width, config.joints)

    def predict(self, query: Segments, index: Index, tail: bool = False) -> Tensor:
        """Return actions (B, M, T, J), or (B, M, 1, J) of the newest step with `tail`."""
        tokens = self.state(query) + self.task(index)[:, None, None]
        mask = causal_mask(query.time_mask)[:, :, None]
        found = self.encoder(tokens, None, mask, tail)
        return torch.tanh(self.head(found))[..., : query.tokens.shape[3]]
