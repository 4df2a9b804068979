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

from goat.geometry import project, transform_points
from goat.memory.grounding import noun_fit
from goat.memory.landmarks import LandmarkMap, PhotoLocaliser, PhotoPose
from goat.memory.views import crop_of, mask_of
from goat.memory.vocabulary import canonical
from goat.protocols import KeypointMatcher
from goat.types import (
    BoolArray,
    Float32Array,
    ImageGoal,
    Instance,
    KeypointMatches,
    Keypoints,
    UInt8Array,
    View,
)

_RASTER = 48
"""Photos are compared with the memory's geometry on a raster of this many cells a side."""
_THICKNESS = 0.15
"""Points this close behind the nearest one still count as visible, m."""

GoalDescriber = Callable[[UInt8Array], Float32Array]
"""Photo (H, W, 3) -> (M, D) appearance vectors of guesses at its object."""


@dataclass(frozen=True)
class PhotoConfig:
    """How matches become a probability."""

    center: float = 0.55
    """Distance from the photo's middle, as a share of its half diagonal, where a match on the
    object has lost most of its weight."""
    place: float = 0.3
    """Distance from the photo's middle, in the same share, of where the matches put the middle of
    the view's object, at which the matches have lost most of their weight."""
    place_matches: int = 6
    """Matches that must agree on that place."""
    context_weight: float = 0.4
    """Weight of a match on the surroundings."""
    context_half: float = 8.0
    """Matches on the surroundings at which it is as likely as not that they are the photo's."""
    context_width: float = 1.5
    """How sharply that certainty grows there."""
    half: float = 9.0
    """Weighted matches at which the probability is one half."""
    width: float = 2.5
    """How sharply it changes there."""
    appearance_half: float = 0.86
    """Cosine at which appearance alone gives half of `appearance_most`."""
    appearance_width: float = 0.03
    """How sharply it changes there."""
    appearance_most: float = 0.38
    """Appearance alone never gives more than this."""
    pairs: int = 8
    """Most views compared with the photo per call."""
    frames: int = 2
    """Most new key frames in which the photo is looked for per call."""
    pose_inliers: float = 24.0
    """Matches that make the place where the photo was taken certain."""
    own_margin: float = 0.08
    """Features this close to the object are its own, m."""
    own_weight: float = 0.2
    """What a match on the object itself counts for the place beside one on its surroundings."""
    category_least: float = 0.13
    """What the right category alone is worth, where a detector named it."""
    other_name: float = 0.1
    """What an object counts that a detector names otherwise, though the name might mean it."""
    around: float = 0.2
    """Cosine by which a rival's surroundings must be more like the photo's to lower an object's
    probability to 1/e."""
    pose_most: float = 0.95
    """A known place decides at most this much."""
    middle: float = 0.15
    """How near the photo's middle its object is, as a share of the half diagonal."""
    cache: int = 192
    """Views whose features are kept at hand."""


SurroundingsDescriber = Callable[[UInt8Array, BoolArray | None], Float32Array]
"""Image (H, W, 3) and the object's mask (H, W), or None to guess it -> (D,) appearance vector."""


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


@dataclass(frozen=True, slots=True)
class PhotoLook:
    """Appearance of photos and crops, comparable with the embeddings of views."""

    goal: GoalDescriber
    """Of a photo's object."""
    surroundings: SurroundingsDescriber
    """Of everything else."""


@dataclass(frozen=True, slots=True)
class PhotoTools:
    """What a photo is compared with, and how."""

    matcher: KeypointMatcher
    """Finds and matches local features."""
    features: FeatureCache
    """Features of stored views, shared between goals."""
    look: PhotoLook
    """How photos look."""
    landmarks: LandmarkMap
    """Where photos are localised."""


class PhotoMatcher:
    """Compares one photo with the memory, view by view, each pair once."""

    def __init__(
        self,
        goal: ImageGoal,
        tools: PhotoTools,
        config: PhotoConfig | None = None,
    ) -> None:
        """Describe the photo and look for the place where it was taken.

        Args:
            goal: The photo.
            tools: What it is compared with, and how.
            config: How matches become a probability.
        """
        self._config = config or PhotoConfig()
        self._category = goal.category
        self._matcher = tools.matcher
        self._features = tools.features
        self._photo = tools.matcher.extract(goal.rgb)
        self._guesses = tools.look.goal(goal.rgb)
        self._around = tools.look.surroundings(goal.rgb, None)
        self._describe_surroundings = tools.look.surroundings
        self._alike_around: dict[int, float] = {}
        self._localiser = PhotoLocaliser(goal.rgb, tools.landmarks, tools.matcher)
        self._localiser.update(len(tools.landmarks.frames))
        self._evidence: dict[int, float] = {}
        self._context: dict[int, int] = {}
        self._shown: dict[int, float] = {}
        self._scale: float = 0.5 * math.hypot(*goal.rgb.shape[:2])
        self._middle = np.array([goal.rgb.shape[1], goal.rgb.shape[0]], np.float32) / 2.0

    @property
    def named(self) -> bool:
        """Whether a detector has named the photo's object."""
        return self._category is not None

    def named_alike(self, instances: Sequence[Instance]) -> dict[int, float]:
        """Return instance id -> how well its name suits the photo's, in [0, 1]."""
        return {instance.id: self._category_fit(instance) for instance in instances}

    def score(self, instances: Sequence[Instance]) -> dict[int, float]:
        """Return instance id -> likeness to the photo's object; without it what cannot be it."""
        fit = self.named_alike(instances)
        meant = [instance for instance in instances if fit[instance.id] > 0.0]
        likeness = {instance.id: self._likeness(instance) for instance in meant}
        self._compare(meant, likeness)
        least = 0.0 if self._category is None else self._config.category_least
        looks = {i.id: fit[i.id] * max(least, self._probability(i, likeness[i.id])) for i in meant}
        self._break_ties(looks, meant)
        pose = self._localiser.update(self._config.frames)
        self._shown = {}
        if pose is None:
            return looks
        shown = in_the_middle(pose, instances, self._config.middle)
        sure = self._certainty(
            pose, max(meant, key=lambda i: shown[i.id] * fit[i.id], default=None)
        )
        self._shown = {number: sure * share for number, share in shown.items()}
        total = sum(shown[i.id] * fit[i.id] for i in meant) + 1e-3
        return {
            i.id: (1.0 - sure) * looks[i.id] + sure * shown[i.id] * fit[i.id] / total for i in meant
        }

    def _certainty(self, pose: PhotoPose, shown: Instance | None) -> float:
        """Return how certain a pose is; a twin elsewhere would show the object's own features."""
        cfg = self._config
        around = pose.inliers if shown is None else pose.around(shown.bounds, cfg.own_margin)
        count = around + cfg.own_weight * (pose.inliers - around)
        return cfg.pose_most * min(1.0, count / cfg.pose_inliers) ** 2

    def placed(self, instances: Sequence[Instance]) -> dict[int, float]:
        """Return instance id -> how far its surroundings are the photo's, in [0, 1].

        This alone tells an object from a twin elsewhere.
        """
        cfg = self._config

        def around(instance: Instance) -> float:
            count = max((self._context.get(view.id, 0) for view in instance.views), default=0)
            return _logistic((count - cfg.context_half) / cfg.context_width)

        return {i.id: max(around(i), min(1.0, self._shown.get(i.id, 0.0))) for i in instances}

    def evidence(self, instance: Instance) -> float:
        """Return the weighted number of matches of an instance's best view so far."""
        return max((self._evidence.get(view.id, 0.0) for view in instance.views), default=0.0)

    def _break_ties(self, looks: dict[int, float], meant: Sequence[Instance]) -> None:
        """Lower what stands in surroundings less like the photo's than a rival's are."""
        around = {i.id: self._likeness_around(i) for i in meant if looks[i.id] > 0.0}
        best = max(around.values(), default=0.0)
        for number, alike in around.items():
            looks[number] *= math.exp((alike - best) / self._config.around)

    def _likeness_around(self, instance: Instance) -> float:
        for view in instance.views:
            if view.id not in self._alike_around:
                vector = self._describe_surroundings(crop_of(view), mask_of(view))
                self._alike_around[view.id] = float(vector @ self._around)
        return max((self._alike_around[view.id] for view in instance.views), default=0.0)

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
        cfg = self._config
        mask = mask_of(view)
        pixels = np.clip(np.rint(matches.xy_b).astype(np.intp), 0, np.array(mask.shape)[::-1] - 1)
        near = cv2.dilate(mask.view(np.uint8), np.ones((5, 5), np.uint8))
        on_object = near[pixels[:, 1], pixels[:, 0]] > 0
        self._context[view.id] = int(np.count_nonzero(~on_object))
        place = self._place_of(mask, matches)
        if place is None:
            off_center = np.linalg.norm(matches.xy_a - self._middle, axis=1) / self._scale
            central = np.exp(-((off_center / cfg.center) ** 2))
            return float(central[on_object].sum())
        off = float(np.linalg.norm(place - self._middle)) / self._scale
        weights = np.where(on_object, 1.0, cfg.context_weight)
        return float(weights.sum()) * math.exp(-((off / cfg.place) ** 2))

    def _place_of(self, mask: BoolArray, matches: KeypointMatches) -> Float32Array | None:
        """Return where in the photo (2,) the middle of the view's object falls, if that is clear.

        The surroundings alone can tell, so an object without texture is placed as well.
        """
        if len(matches.xy_a) < self._config.place_matches or not mask.any():
            return None
        cv2.setRNGSeed(0)
        found, inside = cv2.estimateAffinePartial2D(
            matches.xy_b, matches.xy_a, ransacReprojThreshold=0.06 * self._scale
        )
        if found is None or np.count_nonzero(inside) < self._config.place_matches:
            return None
        rows, cols = np.nonzero(mask)
        middle = np.array([(cols.min() + cols.max()) / 2.0, (rows.min() + rows.max()) / 2.0])
        return found[:, :2] @ middle + found[:, 2]

    def _category_fit(self, instance: Instance) -> float:
        """Return how well an instance's name suits the photo's; one detector gives one name."""
        if self._category is None:
            return 1.0
        fit = noun_fit(self._category, instance.label_scores)
        same = canonical(instance.label) == canonical(self._category)
        return fit if same else fit * self._config.other_name

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


def in_the_middle(
    pose: PhotoPose, instances: Sequence[Instance], spread: float
) -> dict[int, float]:
    """Return instance id -> how much it is what a localised photo shows in its middle, in [0, 1].

    Args:
        pose: Where the photo was taken.
        instances: What it may show; they hide one another.
        spread: Accepted distance from the middle, as a share of the half diagonal.
    """
    camera, camera_from_map = pose.camera, pose.map_from_camera.inv()
    size = np.array([camera.width, camera.height])
    nearest = np.full((_RASTER, _RASTER), np.inf)
    seen = {}
    for instance in instances:
        xy, depth = project(transform_points(camera_from_map, instance.points), camera)
        with np.errstate(invalid="ignore"):
            inside = (depth > 0.1) & (xy >= 0.0).all(axis=1) & (xy < size).all(axis=1)
        cells = (xy[inside] / size * _RASTER).astype(np.intp)
        np.minimum.at(nearest, (cells[:, 1], cells[:, 0]), depth[inside])
        seen[instance.id] = cells, depth[inside], inside.mean()
    shown = {}
    for instance in instances:
        cells, depth, share = seen[instance.id]
        middle, _ = project(transform_points(camera_from_map, instance.center[None]), camera)
        off = np.linalg.norm(middle[0] - size / 2.0) / np.linalg.norm(size / 2.0)
        if len(depth) == 0 or not np.isfinite(off):
            shown[instance.id] = 0.0
            continue
        visible = np.mean(depth <= nearest[cells[:, 1], cells[:, 0]] + _THICKNESS)
        shown[instance.id] = float(np.exp(-((off / spread) ** 2)) * np.sqrt(visible * share))
    return shown


def _logistic(x: float) -> float:
    return 1.0 / (1.0 + math.exp(-max(-60.0, min(60.0, x))))
