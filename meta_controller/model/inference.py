"""Deciding: demonstrations are encoded once, and many environments share them.

The adapters of the one body and task are merged into plain weights, and only what can reach an
action is computed: real tokens, from the motion encoder on only actuated joints, and at the end of
the decoder only the newest step. What is returned is the last step of `MetaController.forward`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from meta_controller.model.adapters import EMBODIMENT, TASK, merge
from meta_controller.model.blocks import causal_mask
from meta_controller.model.checks import check_fits
from meta_controller.model.data import Index, Segments, ShapeError, check
from meta_controller.model.embedding import embed

if TYPE_CHECKING:
    from meta_controller.model.policy import MetaController


@dataclass(frozen=True)
class SupportCache:
    """Encoded demonstrations, and a copy of the network for their body and task.

    Training the network later does not change it. K counts the real steps of all segments.
    """

    model: MetaController
    """With merged adapters, in evaluation mode."""
    weights: Tensor
    """(1, Jr, W, d) of the embedding, of the Jr real tokens."""
    offsets: Tensor
    """(1, Jr, d) of the embedding."""
    joint_mask: Tensor | None
    """(1, 1, heads, Jr, Jr) logits by tree distance; None without them."""
    real: Tensor
    """(Jr,) int64, which of the J tokens are real."""
    moved: Tensor
    """(Ja,) int64, which of the real tokens are actuated."""
    joints: int
    """J: tokens with padding."""
    keys: Tensor
    """(1, Ja, heads, K, d / heads)."""
    values: Tensor
    """(1, Ja, heads, K, d / heads)."""
    steps: Tensor
    """(K,) int64, segment * T + step of each key."""
    shown: int
    """N * T: steps with padding."""


@torch.no_grad()
def encode_support(model: MetaController, support: Segments, index: Index) -> SupportCache:
    """Return demonstrations ready to be imitated.

    Args:
        model: The network.
        support: All segments of all demonstrations of one task, with actions; B = 1.
        index: Rows of the adapters; B = 1.

    Raises:
        ShapeError: Shapes do not agree, or nothing in it is real or actuated.
    """
    check_fits(support, index, model.config, model.rows)
    if len(support.tokens) != 1:
        raise ShapeError(f"encode the support of one task at a time, got {len(support.tokens)}")
    real, moved, steps = _real(support)
    support = replace(support, lanes=real[moved][None])
    plain = merge(model, {EMBODIMENT: int(index.embodiment), TASK: int(index.task)})
    plain.eval().requires_grad_(False)
    weights, offsets = plain.embedding.of_body(
        support.kinds[:, real],
        support.actuated[:, real],
        None if support.depths is None else support.depths[:, real],
        index.embodiment,
    )
    keys = values = offsets.new_zeros(1, len(moved), 1, 0, 1)
    if plain.matching is not None:
        motion = plain.motions(support, index).flatten(2, 3)[:, :, steps]
        actions = plain.demonstrated(support)[:, :, steps]
        keys, values = plain.matching.keys(motion, actions)
    joint_mask = None
    if plain.tree is not None:
        joint_mask = plain.joint_mask(support)[..., real, :][..., real]
    return SupportCache(
        plain,
        weights,
        offsets,
        joint_mask,
        real,
        moved,
        support.tokens.shape[3],
        keys.contiguous(),
        values.contiguous(),
        steps,
        support.time_mask.numel(),
    )


def _real(support: Segments) -> tuple[Tensor, Tensor, Tensor]:
    real = support.token_mask[0].nonzero().flatten()
    moved = support.actuated[0, real].nonzero().flatten()
    steps = support.time_mask[0].flatten().nonzero().flatten()
    for what, found in {"real tokens": real, "actuated joints": moved, "real steps": steps}.items():
        if not len(found):
            raise ShapeError(f"the support has no {what}: check its masks")
    return real, moved, steps


@torch.inference_mode()
def act(cache: SupportCache, history: Tensor, time_mask: Tensor | None = None) -> Tensor:
    """Return actions (E, J) in [-1, 1], 0 for joints that are not actuated.

    Args:
        cache: What to imitate.
        history: (E, T, J, W) float32 features of the latest steps of E environments, newest last.
        time_mask: (E, T) bool, False for padding on the left; None if all steps are real.

    Raises:
        ShapeError: Shapes or types are wrong.
    """
    return act_on(cache, encode_steps(cache, history), time_mask)


@torch.inference_mode()
def encode_steps(cache: SupportCache, history: Tensor) -> Tensor:
    """Return what the structure encoder makes of steps: (E, S, Ja, d).

    Each step is encoded alone, so whoever keeps the result needs to encode only new steps.

    Args:
        cache: What to imitate.
        history: (E, S, J, W) float32 features of any number of steps.

    Raises:
        ShapeError: Shapes or types are wrong.
    """
    width = cache.weights.shape[2]
    check("history", history, (*history.shape[:2], cache.joints, width), torch.float32)
    if len(cache.real) < cache.joints:
        history = history[:, :, cache.real]
    tokens = embed(history.flatten(0, 1)[None], cache.weights, cache.offsets)
    if cache.model.structure is not None:
        tokens = cache.model.structure(tokens, None, cache.joint_mask)
    return tokens[0, :, cache.moved].unflatten(0, history.shape[:2])


@torch.inference_mode()
def act_on(cache: SupportCache, steps: Tensor, time_mask: Tensor | None = None) -> Tensor:
    """Return actions (E, J) like `act`, of steps (E, T, Ja, d) that `encode_steps` returned.

    Raises:
        ShapeError: Shapes or types are wrong.
    """
    model, count = cache.model, len(steps)
    motion, mask = _motion(cache, steps, time_mask)
    if model.matching is not None:
        matched = model.matching(motion[None].flatten(2, 3), cache.keys, cache.values, None)
        motion = matched[0].unflatten(1, (count, -1))
    newest = model.decoder(motion.transpose(0, 1), None, mask, tail=True)
    actions = newest.new_zeros(count, cache.joints)
    actions[:, cache.real[cache.moved]] = torch.tanh(model.head(newest)).flatten(1)
    return actions


@torch.inference_mode()
def explain(cache: SupportCache, history: Tensor, time_mask: Tensor | None = None) -> Tensor:
    """Return which steps of the demonstrations are imitated: (E, J, N * T), each row sums to 1.

    Weights are those of the newest step, averaged over heads; 0 for joints that are not actuated.

    Args:
        cache: What to imitate.
        history: (E, T, J, W) float32, as for `act`.
        time_mask: (E, T) bool, as for `act`.

    Raises:
        ShapeError: Shapes or types are wrong, or the network has no matching.
    """
    if cache.model.matching is None:
        raise ShapeError("this network has no matching: it imitates no particular step")
    motion, _ = _motion(cache, encode_steps(cache, history), time_mask)
    taken = cache.model.matching.weights(motion[None, :, :, -1], cache.keys, None)
    found = taken.new_zeros(len(history), cache.joints, cache.shown)
    rows = cache.real[cache.moved]
    found[:, rows[:, None], cache.steps] = taken[0].mean(dim=1).transpose(0, 1)
    return found


def _motion(cache: SupportCache, steps: Tensor, time_mask: Tensor | None) -> tuple[Tensor, Tensor]:
    """Return motion features (Ja, E, T, d), and the mask (E, 1, 1, T, T) over time."""
    config = cache.model.config
    wanted = (len(steps), config.segment, len(cache.moved), config.width)
    check("steps", steps, wanted, cache.weights.dtype)
    if time_mask is None:
        time_mask = torch.ones(wanted[:2], dtype=torch.bool, device=steps.device)
    check("time_mask", time_mask, wanted[:2], torch.bool)
    mask = causal_mask(time_mask)[:, None, None]
    return cache.model.motion(steps.transpose(1, 2), None, mask).transpose(0, 1), mask
