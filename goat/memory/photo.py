"""Which remembered object a photo shows.

The photo's middle shows the object. Local features tie the photo to stored views: a match counts
by how near the photo's middle it lies and whether it falls on the object in the view; matches on
the surroundings tell identical objects apart. Where texture is poor, appearance stands in.
GOAT (2023, https://arxiv.org/abs/2311.06430, Table 2) found crops with context and the best view
of each instance to match best; both are used here.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from goat.memory.views import crop_of, mask_of
from goat.protocols import KeypointMatcher
from goat.types import (
    Float32Array,
    ImageGoal,
    Instance,
    KeypointMatches,
    Keypoints,
    UInt8Array,
    View,
)

GoalDescriber = Callable[[UInt8Array], Float32Array]
"""Photo (H, W, 3) -> (M, D) appearance vectors of guesses at its object."""


@dataclass(frozen=True)
class PhotoConfig:
    """How matches become a probability."""

    center: float = 0.55
    """Distance from the photo's middle, as a share of its half diagonal, where a match on the
    object has lost most of its weight."""
    context_weight: float = 0.25
    """Weight of a match on the surroundings."""
    half: float = 9.0
    """Weighted matches at which the probability is one half."""
    width: float = 2.5
    """How sharply it changes there."""
    appearance_half: float = 0.86
    """Cosine at which appearance alone gives half of `appearance_most`."""
    appearance_width: float = 0.03
    """How sharply it changes there."""
    appearance_most: float = 0.45
    """Appearance alone never gives more than this."""
    pairs: int = 64
    """Most views compared with the photo per call."""
    cache: int = 768
    """Views whose features are kept at hand."""


class FeatureCache:
    """Local features of stored views, computed once, the least used dropped."""

    def __init__(self, matcher: KeypointMatcher, size: int) -> None:
        """Keep the features of up to `size` views."""
        self._matcher = matcher
        self._size = size
        self._features: OrderedDict[int, Keypoints] = OrderedDict()

    def __contains__(self, view_id: object) -> bool:
        """Whether a view's features are at hand."""
        return view_id in self._features

    def get(self, view: View) -> Keypoints:
        """Return the features of a view's crop."""
        if view.id not in self._features:
            self._features[view.id] = self._matcher.extract(crop_of(view))
            while len(self._features) > self._size:
                self._features.popitem(last=False)
        self._features.move_to_end(view.id)
        return self._features[view.id]


class PhotoMatcher:
    """Compares one photo with the memory, view by view, each pair once."""

    def __init__(
        self,
        goal: ImageGoal,
        matcher: KeypointMatcher,
        features: FeatureCache,
        describe_goal: GoalDescriber,
        config: PhotoConfig | None = None,
    ) -> None:
        """Describe the photo.

        Args:
            goal: The photo.
            matcher: Finds and matches local features.
            features: Shared between goals.
            describe_goal: Appearance of the photo's object.
            config: How matches become a probability.
        """
        self._config = config or PhotoConfig()
        self._matcher = matcher
        self._features = features
        self._photo = matcher.extract(goal.rgb)
        self._guesses = describe_goal(goal.rgb)
        self._evidence: dict[int, float] = {}
        self._scale: float = 0.5 * math.hypot(*goal.rgb.shape[:2])
        self._middle = np.array([goal.rgb.shape[1], goal.rgb.shape[0]], np.float32) / 2.0

    def score(self, instances: Sequence[Instance]) -> dict[int, float]:
        """Return instance id -> probability of being the photo's object."""
        likeness = {instance.id: self._likeness(instance) for instance in instances}
        self._compare(instances, likeness)
        return {
            instance.id: self._probability(instance, likeness[instance.id])
            for instance in instances
        }

    def evidence(self, instance: Instance) -> float:
        """Return the weighted number of matches of an instance's best view so far."""
        return max((self._evidence.get(view.id, 0.0) for view in instance.views), default=0.0)

    def _compare(self, instances: Iterable[Instance], likeness: Mapping[int, float]) -> None:
        """Match views not compared yet, the likeliest objects first."""
        waiting = [
            (likeness[instance.id] + 0.1 * view.quality, view.id, view)
            for instance in instances
            for view in instance.views
            if view.id not in self._evidence
        ]
        waiting.sort(key=lambda item: (-item[0], item[1]))
        for _, _, view in waiting[: self._config.pairs]:
            matches = self._matcher.match(self._photo, self._features.get(view))
            self._evidence[view.id] = self._weigh(matches, view)

    def _weigh(self, matches: KeypointMatches, view: View) -> float:
        if len(matches.xy_a) == 0:
            return 0.0
        mask = cv2.dilate(mask_of(view).view(np.uint8), np.ones((5, 5), np.uint8))
        pixels = np.clip(np.rint(matches.xy_b).astype(np.intp), 0, np.array(mask.shape)[::-1] - 1)
        on_object = mask[pixels[:, 1], pixels[:, 0]] > 0
        off_center = np.linalg.norm(matches.xy_a - self._middle, axis=1) / self._scale
        central = np.exp(-((off_center / self._config.center) ** 2))
        # Without a single match on the object the view shows the place, not the object.
        if not on_object.any():
            return 0.0
        return float(
            central[on_object].sum() + self._config.context_weight * np.count_nonzero(~on_object)
        )

    def _likeness(self, instance: Instance) -> float:
        vectors = [view.embedding for view in instance.views if view.embedding is not None]
        if not vectors or self._guesses.shape[1] != len(vectors[0]):
            return 0.0
        return float((np.stack(vectors) @ self._guesses.T).max())

    def _probability(self, instance: Instance, likeness: float) -> float:
        cfg = self._config
        matched = _logistic((self.evidence(instance) - cfg.half) / cfg.width)
        matched -= _logistic(-cfg.half / cfg.width)
        alike = cfg.appearance_most * _logistic(
            (likeness - cfg.appearance_half) / cfg.appearance_width
        )
        return 1.0 - (1.0 - matched) * (1.0 - alike)


def _logistic(x: float) -> float:
    return 1.0 / (1.0 + math.exp(-max(-60.0, min(60.0, x))))
