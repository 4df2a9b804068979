"""Which remembered object is the goal, with a probability.

Category goals are answered by words, image goals by local features and appearance, language goals
by grounding the parsed sentence in what was measured and, with an encoder for images and text, by
their cosine as well. Probabilities of different modalities mean the same: act above one threshold.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from goat.memory.grounding import Grounder, GroundingConfig, Scene, noun_fit
from goat.memory.landmarks import LandmarkMap
from goat.memory.language import Description, parse
from goat.memory.layout import LayoutConfig, PhotoLayout
from goat.memory.photo import FeatureCache, PhotoConfig, PhotoLook, PhotoMatcher, PhotoTools
from goat.memory.posterior import Calibration, posterior
from goat.memory.rooms import RoomConfig, RoomFinder
from goat.memory.views import crop_of
from goat.memory.vocabulary import canonical
from goat.protocols import ImageEncoder, KeypointMatcher, TextEncoder
from goat.types import (
    CategoryGoal,
    Float32Array,
    Goal,
    ImageGoal,
    Instance,
    InstanceGoal,
    LanguageGoal,
    OccupancyGrid,
    PlaceGoal,
)


@dataclass(frozen=True)
class MatcherConfig:
    """How goals are matched."""

    grounding: GroundingConfig = field(default_factory=GroundingConfig)
    """How hard each part of a sentence counts."""
    photo: PhotoConfig = field(default_factory=PhotoConfig)
    """How photo matches become a probability."""
    layout: LayoutConfig = field(default_factory=LayoutConfig)
    """How what stands around candidates is compared with a photo."""
    rooms: RoomConfig = field(default_factory=RoomConfig)
    """What is one room, and what it is called."""
    unexplored_comparison: float = 0.2
    """What "the largest" is worth while nothing else has been seen."""
    seen: tuple[float, float] = (0.1, 0.97)
    """Least and greatest probability that what is sought has been seen, however little or much of
    the place has."""
    photo_scores: Calibration = field(default_factory=lambda: Calibration(0.2, 1.6))
    """What likeness to a photo says, measured in generated homes."""
    description_fits: Calibration = field(default_factory=lambda: Calibration(0.2, 1.7))
    """What the fit to a description says."""
    clip_temperature: float = 0.02
    """Softmax temperature of image-text cosines among the candidates."""
    clip_weight: float = 0.5
    """Weight of the image-text softmax beside the grounded fit, as a power."""


@dataclass(frozen=True, slots=True)
class Match:
    """One candidate for a goal."""

    instance: Instance
    """The remembered object."""
    probability: float
    """Probability in [0, 1] that it is what is sought."""
    unseen: float = 1.0
    """Probability in [0, 1] that what is sought is none of the candidates; the same for all."""


@dataclass(frozen=True, slots=True)
class Encoders:
    """Optional weights that see and read in one space."""

    image: ImageEncoder
    """Embeds crops."""
    text: TextEncoder
    """Embeds sentences."""


class GoalMatcher:
    """Answers one goal after another from the memory."""

    def __init__(
        self,
        keypoints: KeypointMatcher,
        look: PhotoLook,
        landmarks: LandmarkMap,
        config: MatcherConfig | None = None,
        encoders: Encoders | None = None,
    ) -> None:
        """Start without a goal.

        Args:
            keypoints: Finds and matches local features.
            look: Appearance of goal photos.
            landmarks: Where goal photos are localised.
            config: How goals are matched.
            encoders: Image and text encoder of one space, if there are weights.
        """
        self.config = config or MatcherConfig()
        self._keypoints = keypoints
        self._look = look
        self._landmarks = landmarks
        self._encoders = encoders
        self._features = FeatureCache(keypoints, self.config.photo.cache)
        self._crops: dict[int, Float32Array] = {}
        self._labels: frozenset[str] = frozenset()
        self._single = False
        self._rooms = RoomFinder(self.config.rooms)
        self._answer: Callable[[Sequence[Instance], OccupancyGrid, float], dict[int, float]]
        self._answer = lambda instances, grid, explored: {}

    def set_goal(self, goal: Goal, labels: Sequence[str] = ()) -> None:
        """Prepare a goal.

        Args:
            goal: What is sought.
            labels: Categories the detector may report.

        Raises:
            GoalError: A sentence without words.
        """
        self._labels = frozenset(canonical(label) for label in labels)
        self._single = False
        self._rooms.forget()
        match goal:
            case CategoryGoal(category):
                self._answer = lambda instances, grid, explored: {
                    i.id: noun_fit(category, i.label_scores) for i in instances
                }
            case ImageGoal():
                tools = PhotoTools(self._keypoints, self._features, self._look, self._landmarks)
                photo = PhotoMatcher(goal, tools, self.config.photo)
                self._single = photo.named
                layout = PhotoLayout(
                    goal.detections, goal.category or "", goal.rgb.shape[1::-1], self.config.layout
                )
                self._answer = lambda instances, grid, explored: self._shown(
                    photo, layout, instances, explored
                )
            case LanguageGoal(text):
                description = parse(text, labels)
                self._single = description.discriminates
                self._answer = lambda instances, grid, explored: self._ground(
                    text, description, instances, grid, explored
                )
            case InstanceGoal(number):
                self._single = True
                self._answer = lambda instances, grid, explored: {number: 1.0}
            case PlaceGoal():
                self._answer = lambda instances, grid, explored: {}

    def match(
        self, instances: Sequence[Instance], grid: OccupancyGrid, explored: float
    ) -> list[Match]:
        """Return the candidates for the current goal, likeliest first.

        Args:
            instances: What is remembered.
            grid: The map, for rooms.
            explored: Share of everything that has been seen, in [0, 1].
        """
        scores = self._answer(instances, grid, explored)
        taken = sum(scores.values()) if self._single else max(scores.values(), default=0.0)
        unseen = max(0.0, 1.0 - taken)
        found = (i for i in instances if scores.get(i.id, 0.0) > 0.0)
        matches = [Match(i, scores[i.id], unseen) for i in found]
        return sorted(matches, key=lambda match: (-match.probability, match.instance.id))

    def prepare(self, instances: Sequence[Instance], budget: int) -> None:
        """Compute features of up to `budget` views ahead of the next image goal."""
        for instance in instances:
            for view in instance.views:
                if budget <= 0:
                    return
                if view.id not in self._features:
                    self._features.get(view)
                    budget -= 1

    def _shown(
        self,
        photo: PhotoMatcher,
        layout: PhotoLayout,
        instances: Sequence[Instance],
        explored: float,
    ) -> dict[int, float]:
        scores = photo.score(instances)
        if not photo.named:
            return scores
        named, placed = photo.named_alike(instances), photo.placed(instances)
        around = layout.evidence([i for i in instances if i.id in scores], instances)
        return self._among(scores, explored, named, self.config.photo_scores, placed, around)

    def _among(
        self,
        scores: dict[int, float],
        explored: float,
        prior: Mapping[int, float],
        calibration: Calibration,
        placed: Mapping[int, float] | None = None,
        around: Mapping[int, float] | None = None,
    ) -> dict[int, float]:
        """Return the scores in the light of their rivals and of what is unseen."""
        least, most = self.config.seen
        seen = min(max(explored, least), most)
        return posterior(scores, seen, prior, calibration, placed, around)

    def _ground(
        self,
        text: str,
        description: Description,
        instances: Sequence[Instance],
        grid: OccupancyGrid,
        explored: float,
    ) -> dict[int, float]:
        cfg = self.config
        scene = Scene(instances, grid, self._rooms, self._labels)
        fits = Grounder(scene, cfg.grounding).fits(description)
        if self._encoders is not None and fits:
            fits = self._with_encoders(self._encoders, text, fits, instances)
        if description.compares:
            worth = explored + (1.0 - explored) * cfg.unexplored_comparison
            fits = {i: fit * worth for i, fit in fits.items()}
        if not description.discriminates:
            return fits
        alike = dict.fromkeys(fits, 1.0)
        return self._among(fits, explored, alike, cfg.description_fits)

    def _with_encoders(
        self,
        encoders: Encoders,
        text: str,
        fits: dict[int, float],
        instances: Sequence[Instance],
    ) -> dict[int, float]:
        """Sharpen fits by the softmax of image-text cosines among the candidates."""
        candidates = [i for i in instances if i.id in fits and i.views]
        if not candidates:
            return fits
        sentence = encoders.text.encode_texts([text])[0]
        cosines = np.array([(self._embed(encoders, i) @ sentence).max() for i in candidates])
        weights = np.exp((cosines - cosines.max()) / self.config.clip_temperature)
        return fits | {
            i.id: fits[i.id] * float(weight) ** self.config.clip_weight
            for i, weight in zip(candidates, weights, strict=True)
        }

    def _embed(self, encoders: Encoders, instance: Instance) -> Float32Array:
        missing = [view for view in instance.views if view.id not in self._crops]
        if missing:
            vectors = encoders.image.encode_images([crop_of(view) for view in missing])
            self._crops.update(zip((view.id for view in missing), vectors, strict=True))
        return np.stack([self._crops[view.id] for view in instance.views])
