"""The Meta-Controller network.

"Meta-Controller: Few-Shot Imitation of Unseen Embodiments and Tasks in Continuous Control", 2024,
https://arxiv.org/abs/2412.12147. For tokens x0 of joints j and steps t, of N support segments with
actions a and M query segments without:

    z[t]   = f_s(x0[t, 1..J])        structure encoder: attention over joints; adapters per body
    u[., j] = f_m(z[1..T, j])        motion encoder: causal over time; adapters per task of a body
    y[., j] = g(W_a a[1..T, j])      action encoder: causal over time; support only
    o[., j] = sigma(u_query[., j], u_support[., j], y[., j])        matching, joint by joint
    action = tanh(w_h . h(o[., j]))  action decoder: causal over time

It differs from what was published in four ways: biases, norm biases and gains of an index are
added to shared ones, so that a new index starts as the shared network; segments of a batch are
padded instead of packed; joints may be told apart by their places in the kinematic tree instead of
learned positions; and they have input weights of their own, which only adaptation trains
(`Embedding`).
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor, nn

from meta_controller.model import inference
from meta_controller.model.actor import Actor
from meta_controller.model.adapters import EMBODIMENT, TASK, BankSpec
from meta_controller.model.blocks import Encoder, causal_mask
from meta_controller.model.checks import check_fits, kinds_of
from meta_controller.model.config import ModelConfig, Rows
from meta_controller.model.data import Index, Segments, ShapeError, joined
from meta_controller.model.embedding import Embedding, embed
from meta_controller.model.lanes import spread, taken
from meta_controller.model.matching import Matching
from meta_controller.model.rows import add_row, load_row_state, row_parameters, row_state

_STILL = 0.02
_WAYS = 3
"""From joint to joint in the kinematic tree: up, down (0 to itself), or another way."""


class MetaController(nn.Module):
    """Few-shot imitation policy for any body."""

    adaptation_rate = 3e-3

    def __init__(self, config: ModelConfig, rows: Rows) -> None:
        """Draw the weights from torch's random state.

        Args:
            config: Sizes and switches.
            rows: How many bodies and tasks to begin with.
        """
        super().__init__()
        self.config = config
        body = BankSpec(EMBODIMENT, rows.embodiments, config.rank)
        self.embedding = Embedding(config, rows.embodiments)
        self.structure = Encoder(config, body) if config.structure else None
        self.tree = None
        if config.structure and config.tree_distance:
            self.tree = nn.Parameter(torch.zeros(config.heads, _WAYS, config.joints + 1))
        self.motion = Encoder(config, BankSpec(TASK, rows.tasks, config.rank), time=True)
        self.matching = self.action_in = self.action = None
        if config.matching:
            self.action_in = nn.Linear(1, config.width)
            self.action = Encoder(config, time=True)
            self.matching = Matching(config)
        self.decoder = Encoder(config, time=True)
        self.head, self.foretell = _still(config.width), _still(config.width)
        self.rows = rows

    def forward(self, support: Segments, query: Segments, index: Index) -> Tensor:
        """Return actions (B, M, T, J) of the query, which say nothing for what is masked.

        Args:
            support: N segments with actions. Without matching it is not looked at.
            query: M segments of the same bodies, whose actions are not looked at.
            index: Rows of the adapters.

        Raises:
            ShapeError: Shapes do not agree with each other or the configuration.
        """
        return self.predictions(support, query, index)[0]

    def predictions(
        self, support: Segments, query: Segments, index: Index
    ) -> tuple[Tensor, Tensor | None]:
        """Return what `forward` does, and for training what motion alone foretells.

        Matching learns nothing as long as like motion says nothing about actions. So motion
        features are trained to foretell the actions of support and query, (B, N + M, T, J), too.

        Raises:
            ShapeError: As `forward`.
        """
        check_fits(query, index, self.config, self.rows)
        lanes, joints = query.lanes, query.tokens.shape[3]
        if self.matching is None:
            actions = self.decode(self.motions(query, index), query.time_mask)
            return spread(actions, lanes, joints), None
        check_fits(support, index, self.config, self.rows)
        _check_pair(support, query)
        count, steps = support.tokens.shape[1:3]
        motion = self.motions(joined(support, query), index)
        keys, values = self.matching.keys(
            motion[:, :, :count].flatten(2, 3),
            self.demonstrated(replace(support, lanes=query.lanes)),
        )
        wanted = motion[:, :, count:].flatten(2, 3)
        found = self.matching(wanted, keys, values, support.time_mask.flatten(1))
        actions = self.decode(found.unflatten(2, (-1, steps)), query.time_mask)
        foretold = torch.tanh(self.foretell(motion)).squeeze(-1).permute(0, 2, 3, 1)
        return spread(actions, lanes, joints), spread(foretold, lanes, joints)

    def motions(self, segments: Segments, index: Index) -> Tensor:
        """Return motion features (B, A, N, T, d) of the lanes."""
        weights, offsets = self.embedding.of_body(
            kinds_of(segments), segments.actuated, segments.depths, index.embodiment
        )
        tokens = embed(segments.tokens.flatten(1, 2), weights, offsets)
        if self.structure is not None:
            tokens = self.structure(tokens, index.embodiment, self.joint_mask(segments))
        count, steps = segments.tokens.shape[1:3]
        moved = taken(tokens.transpose(1, 2), segments.lanes)
        lanes = moved.unflatten(2, (count, steps)).flatten(1, 2)
        mask = _lane_mask(segments.time_mask, moved.shape[1])
        return self.motion(lanes, index.task, mask).unflatten(1, (-1, count))

    def demonstrated(self, support: Segments) -> Tensor:
        """Return action features (B, A, N * T, d) of the lanes.

        Raises:
            ShapeError: The support has no actions.
        """
        if support.actions is None:
            raise ShapeError("the support has no actions: demonstrations must say what was done")
        assert self.action is not None
        assert self.action_in is not None
        moved = taken(support.actions.permute(0, 3, 1, 2), support.lanes)
        joints = moved.shape[1]
        lanes = self.action_in(moved.flatten(1, 2)[..., None])
        lanes = self.action(lanes, None, _lane_mask(support.time_mask, joints))
        return lanes.unflatten(1, (joints, -1)).flatten(2, 3)

    def decode(self, features: Tensor, time_mask: Tensor) -> Tensor:
        """Return actions (B, M, T, A) of features (B, A, M, T, d) and steps (B, M, T)."""
        joints = features.shape[1]
        lanes = self.decoder(features.flatten(1, 2), None, _lane_mask(time_mask, joints))
        actions = torch.tanh(self.head(lanes)).squeeze(-1)
        return actions.unflatten(1, (joints, -1)).permute(0, 2, 3, 1)

    def joint_mask(self, segments: Segments) -> Tensor:
        """Return which joints attend to which: (B, 1, 1 or heads, 1 or J, J), bool or logits.

        Raises:
            ShapeError: Tree distances are needed and not given.
        """
        mask = segments.token_mask[:, None, None, None]
        if self.tree is None:
            return mask
        if segments.distances is None or segments.depths is None:
            raise ShapeError("this network needs the distances of joints in the kinematic tree")
        far, lower = segments.distances, segments.depths[:, None] - segments.depths[..., None]
        way = torch.where(lower == far, 1, torch.where(lower == -far, 0, 2))
        bias = self.tree[:, way, far.clamp(0, self.config.joints)].transpose(0, 1)[:, None]
        return bias.masked_fill(~mask, -torch.inf)

    def encode_support(self, support: Segments, index: Index) -> inference.SupportCache:
        """Return demonstrations of one body and task (B = 1), encoded; see `inference`."""
        return inference.encode_support(self, support, index)

    def act(
        self, cache: inference.SupportCache, history: Tensor, time_mask: Tensor | None = None
    ) -> Tensor:
        """Return actions (E, J) after histories (E, T, J, W); see `inference.act`."""
        return inference.act(cache, history, time_mask)

    def decider(self, support: Segments, index: Index, environments: int) -> Actor:
        """Return what imitates demonstrations (B = 1) in so many environments."""
        return Actor(self.encode_support(support, index), environments)

    def add_embodiment(self, like: int = 0) -> int:
        """Append a copy of a body to the adapters and return its index.

        Raises:
            AdapterError: There is no such body.
        """
        add_row(self, EMBODIMENT, like)
        self.rows = Rows(self.rows.embodiments + 1, self.rows.tasks)
        return self.rows.embodiments - 1

    def add_task(self, like: int = 0) -> int:
        """Append a copy of a task of a body to the adapters and return its index.

        Raises:
            AdapterError: There is no such task.
        """
        add_row(self, TASK, like)
        self.rows = Rows(self.rows.embodiments, self.rows.tasks + 1)
        return self.rows.tasks - 1

    def adaptation_parameters(self) -> list[tuple[str, nn.Parameter]]:
        """Return names and parameters that a few demonstrations may train; all else is frozen.

        They hold the rows of all indices; those that are not in a batch get zero gradients. Train
        them without weight decay.
        """
        return [*row_parameters(self, TASK), *row_parameters(self, EMBODIMENT)]

    def adapter_state(
        self, embodiment: int | None = None, task: int | None = None
    ) -> dict[str, Tensor]:
        """Return the adapters of one body, one task or both, for a small file.

        Raises:
            AdapterError: There is no such index.
        """
        found = {} if embodiment is None else row_state(self, EMBODIMENT, embodiment)
        return found if task is None else found | row_state(self, TASK, task)

    def load_adapter_state(
        self, state: dict[str, Tensor], embodiment: int | None = None, task: int | None = None
    ) -> None:
        """Write what `adapter_state` returned to the same kinds of indices, or to neither.

        Raises:
            AdapterError: There is no such index, or the state is of another network.
        """
        load_row_state(self, {EMBODIMENT: embodiment, TASK: task}, state)


def _still(width: int) -> nn.Linear:
    """Return a layer to one number that is nearly 0 at first, as most actions are."""
    layer = nn.Linear(width, 1)
    nn.init.normal_(layer.weight, std=_STILL)
    nn.init.zeros_(layer.bias)
    return layer


def _check_pair(support: Segments, query: Segments) -> None:
    if support.kinds.shape != query.kinds.shape:
        raise ShapeError(
            f"support and query are of different bodies: {tuple(support.kinds.shape)} and "
            f"{tuple(query.kinds.shape)} tokens"
        )


def _lane_mask(time_mask: Tensor, joints: int) -> Tensor:
    """Return (B, J * N, 1, T, T) bool of steps (B, N, T)."""
    mask = causal_mask(time_mask)[:, None].expand(-1, joints, -1, -1, -1)
    return mask.flatten(1, 2)[:, :, None]
