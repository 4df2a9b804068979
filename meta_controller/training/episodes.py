"""What meta-training draws its episodes from: demonstrations as tokens, and segments of them.

A few segments of one task support some others, whose actions are to be predicted. All of them come
from episodes of like skill, as in "Meta-Controller", 2024 (https://arxiv.org/abs/2412.12147).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from meta_controller.demos.episodes import DemonstrationError, Demonstrations
from meta_controller.embodiment import Embodiment
from meta_controller.model.config import ModelConfig
from meta_controller.model.data import Segments
from meta_controller.model.lanes import moved_lanes
from meta_controller.tokens import Scales, Tokenizer, scales_of, spread_actions

_HEAVIEST = 100.0


@dataclass(frozen=True)
class Frame:
    """What the network must know of a body, whatever it does."""

    kinds: Tensor
    """(J,) int64."""
    actuated: Tensor
    """(J,) bool."""
    distances: Tensor
    """(J, J) int64 in the kinematic tree."""
    depths: Tensor
    """(J,) int64 in the kinematic tree."""


def frame_of(embodiment: Embodiment, tokenizer: Tokenizer) -> Frame:
    """Return the frame of a body; the task's own token, if there is one, is last and unmoved."""
    joints, tokens = len(embodiment.joints), len(tokenizer.kinds)
    actuated = np.zeros(tokens, bool)
    actuated[:joints] = embodiment.actuated
    distances = np.full((tokens, tokens), joints)
    distances[:joints, :joints] = embodiment.distances
    np.fill_diagonal(distances, 0)
    depths = np.zeros(tokens, np.int64)
    depths[:joints] = embodiment.depths
    return Frame(
        torch.from_numpy(tokenizer.kinds.astype(np.int64)),
        torch.from_numpy(actuated),
        torch.from_numpy(distances.astype(np.int64)),
        torch.from_numpy(depths),
    )


@dataclass(frozen=True)
class Source:
    """Episodes of one task of one body and of like skill, as the network sees them."""

    task: str
    """Its name."""
    body: str
    """Name of the body."""
    frame: Frame
    """What the body is."""
    scales: Scales
    """What counts as 1 in the tokens."""
    tokens: Tensor
    """(E, D, J, W) float32."""
    actions: Tensor
    """(E, D, J) float32 in [-1, 1], of what counts as 1."""
    weight: float
    """Of errors in actions: they count as shares of what is usually done."""


def sources_of(
    embodiment: Embodiment, demos: Demonstrations, config: ModelConfig
) -> tuple[Source, ...]:
    """Return the episodes of each skill, as `source_of` does.

    What counts as 1 is of each skill alone, as it is when a few of them are all there is.

    Raises:
        DemonstrationError: They are of another body, or too large for the network.
    """
    return tuple(
        source_of(embodiment, demos.take(np.flatnonzero(demos.skill == skill)), config)
        for skill in np.unique(demos.skill)
    )


def source_of(
    embodiment: Embodiment,
    demos: Demonstrations,
    config: ModelConfig,
    scales: Scales | None = None,
) -> Source:
    """Return demonstrations as the network sees them.

    Args:
        embodiment: The body.
        demos: Of it.
        config: How wide tokens are, and how many a body may have.
        scales: What counts as 1; None takes it from the demonstrations.

    Raises:
        DemonstrationError: They are of another body, or too large for the network.
    """
    demos.check(embodiment)
    scales = scales or scales_of(embodiment, *demos.decisions)
    tokenizer = Tokenizer(embodiment, scales, config.morphology)
    found = tokenizer.tokens(demos.qpos, demos.qvel, demos.told)
    count, width = found.shape[2:]
    if count > config.joints or width > config.features:
        raise DemonstrationError(
            f"{demos.task} has {count} tokens of width {width}; this network takes at most "
            f"{config.joints} of width {config.features}"
        )
    actions = spread_actions(embodiment, demos.actions) / scales.action.astype(np.float32)
    actions = np.clip(actions, -1.0, 1.0)
    power = float(np.square(actions[..., embodiment.actuated]).mean())
    return Source(
        task=demos.task,
        body=embodiment.name,
        frame=frame_of(embodiment, tokenizer),
        scales=scales,
        tokens=torch.from_numpy(_padded(found, config.features, axis=3)),
        actions=torch.from_numpy(_padded(actions, count, axis=2)),
        weight=min(1.0 / max(power, 1e-6), _HEAVIEST),
    )


def _padded(values: NDArray[np.float32], size: int, axis: int) -> NDArray[np.float32]:
    """Return values with zeros up to a size along an axis."""
    more = [(0, 0)] * values.ndim
    more[axis] = (0, size - values.shape[axis])
    return np.pad(values, more)


@dataclass(frozen=True)
class Drawn:
    """Segments of one source; support and query."""

    source: Source
    """Where they come from."""
    support: NDArray[np.intp]
    """(N, 2) episode and last decision of each segment."""
    query: NDArray[np.intp]
    """(M, 2) the same."""


def draw(source: Source, rng: np.random.Generator, support: int, query: int, segment: int) -> Drawn:
    """Draw segments of some episodes; support and query share no episode if they can.

    Args:
        source: Where from.
        rng: Draws.
        support: N, of which all steps are real.
        query: M, which may end before so many steps have been made.
        segment: Steps of a segment.
    """
    group = rng.permutation(len(source.tokens))
    asked = group[: max(1, len(group) // 4)]
    shown = group[len(asked) :] if len(group) > len(asked) else group
    decisions = source.tokens.shape[1]
    return Drawn(
        source,
        np.stack([rng.choice(shown, support), rng.integers(segment - 1, decisions, support)], 1),
        np.stack([rng.choice(asked, query), rng.integers(0, decisions, query)], 1),
    )


def collate(drawn: Sequence[Drawn], segment: int) -> tuple[Segments, Segments]:
    """Return support and query of a batch, padded to its widest body."""
    support = _segments([d.source for d in drawn], [d.support for d in drawn], segment)
    return support, _segments([d.source for d in drawn], [d.query for d in drawn], segment)


def whole(source: Source, episodes: int, segment: int) -> Segments:
    """Return the first episodes as segments one after the other, of a batch of one."""
    ends = ends_of(source.tokens.shape[1], segment)
    pairs = np.stack(np.meshgrid(np.arange(episodes), ends, indexing="ij"), axis=-1)
    return _segments([source], [pairs.reshape(-1, 2)], segment)


def ends_of(decisions: int, segment: int) -> NDArray[np.intp]:
    """Return the last decisions of segments that hold each decision of an episode.

    They follow each other; only the last may share decisions with the one before.
    """
    ends = np.arange(segment - 1, decisions, segment)
    return ends if len(ends) and ends[-1] == decisions - 1 else np.append(ends, decisions - 1)


def _segments(
    sources: Sequence[Source], taken: Sequence[NDArray[np.intp]], segment: int
) -> Segments:
    batch, count = len(sources), len(taken[0])
    joints = max(source.tokens.shape[2] for source in sources)
    width = sources[0].tokens.shape[3]
    tokens = torch.zeros(batch, count, segment, joints, width)
    actions = torch.zeros(batch, count, segment, joints)
    kinds = torch.zeros(batch, joints, dtype=torch.int64)
    token_mask = torch.zeros(batch, joints, dtype=torch.bool)
    actuated = torch.zeros(batch, joints, dtype=torch.bool)
    distances = torch.full((batch, joints, joints), joints, dtype=torch.int64)
    depths = torch.zeros(batch, joints, dtype=torch.int64)
    time_mask = torch.zeros(batch, count, segment, dtype=torch.bool)
    back = torch.arange(1 - segment, 1)
    for row, (source, pairs) in enumerate(zip(sources, taken, strict=True)):
        have = source.tokens.shape[2]
        steps = torch.from_numpy(pairs[:, 1])[:, None] + back
        episodes = torch.from_numpy(pairs[:, 0])[:, None]
        real = steps >= 0
        steps = steps.clamp(min=0)
        shown = real[..., None]
        tokens[row, :, :, :have] = source.tokens[episodes, steps] * shown[..., None]
        actions[row, :, :, :have] = source.actions[episodes, steps] * shown
        kinds[row, :have], actuated[row, :have] = source.frame.kinds, source.frame.actuated
        token_mask[row, :have], time_mask[row] = True, real
        distances[row, :have, :have] = source.frame.distances
        depths[row, :have] = source.frame.depths
    lanes = moved_lanes(actuated)
    return Segments(
        tokens, kinds, token_mask, actuated, time_mask, actions, distances, depths, lanes
    )
