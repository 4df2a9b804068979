"""Detectors, encoders and matchers from what was typed: "NAME" or "NAME:MODEL"."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from goat.errors import ConfigError, UnknownNameError
from goat.memory.language import parse
from goat.memory.vocabulary import accepts, canonical, known_words
from goat.perception.catalog import DETECTORS, ENCODERS, MATCHERS
from goat.protocols import Detector, KeypointMatcher
from goat.registry import suggest
from goat.types import CategoryGoal, Goal, LanguageGoal, Task

if TYPE_CHECKING:
    from goat.memory.matcher import Encoders

DEFAULT_MODELS = {
    "grounding-dino": "IDEA-Research/grounding-dino-tiny",
    "owlv2": "google/owlv2-base-patch16-ensemble",
    "mask2former": "facebook/mask2former-swin-tiny-coco-instance",
    "clip": "openai/clip-vit-base-patch32",
    "siglip": "google/siglip2-base-patch16-224",
    "lightglue": "ETH-CVG/lightglue_superpoint",
    "efficient-loftr": "zju-community/efficientloftr",
}
"""Weights taken where a name comes without a model: hub names, used from the local cache."""


_MOST_NAMED = 60


def split_spec(spec: str) -> tuple[str, str]:
    """Return name and model of "NAME" or "NAME:MODEL"; the model may be a folder or a hub name."""
    name, _, model = spec.partition(":")
    return name, model or DEFAULT_MODELS.get(name, "")


def make_detector(
    spec: str, labels: Mapping[int, str], vocabulary: Sequence[str], segmenter: str
) -> Detector:
    """Build the detector that was asked for.

    Args:
        spec: "NAME" or "NAME:MODEL".
        labels: The simulator's object ids and categories.
        vocabulary: Categories an open-vocabulary detector looks for.
        segmenter: SAM 2 model for masks, or "none" to take whole boxes.

    Raises:
        UnknownNameError: No detector has that name.
        MissingExtraError: Its packages are not installed.
        ModelError: Its weights cannot be loaded.
    """
    name, model = split_spec(spec)
    build = DETECTORS.load(name)
    if name == "simulator":
        return build(labels)
    if name == "mask2former":
        from goat.perception.detectors.segmenter import SegmenterConfig

        return build(SegmenterConfig(model))
    from goat.perception.detectors.open_vocabulary import OpenVocabularyConfig

    masks = None if segmenter == "none" else segmenter
    return build(OpenVocabularyConfig(tuple(vocabulary), model, masks, fill_boxes=masks is None))


def make_matcher(spec: str) -> KeypointMatcher:
    """Build the keypoint matcher that was asked for; raises as `make_detector`."""
    name, model = split_spec(spec)
    build = MATCHERS.load(name)
    if name == "sift":
        return build()
    from goat.perception.pair_matchers import PairMatcherConfig

    return build(PairMatcherConfig(model))


def make_encoders(spec: str) -> Encoders | None:
    """Build the image and text encoder that was asked for, None for "none"."""
    if spec == "none":
        return None
    name, model = split_spec(spec)
    build = ENCODERS.load(name)
    from goat.memory.matcher import Encoders
    from goat.perception.encoders import EncoderConfig

    encoder = build(EncoderConfig(model))
    return Encoders(encoder, encoder)


def check_categories(tasks: Sequence[Task], vocabulary: Collection[str]) -> None:
    """Check that a detector with a closed vocabulary can see every category asked for.

    Raises:
        UnknownNameError: A category is neither in the vocabulary nor a synonym of one in it.
    """
    for task in tasks:
        if isinstance(task.goal, CategoryGoal):
            _check_category(task.goal.category, vocabulary)


def _check_category(category: str, vocabulary: Collection[str]) -> None:
    if any(accepts(category, label) > 0.0 for label in vocabulary):
        return
    labels = sorted({canonical(label) for label in vocabulary})
    rest = f" and {len(labels) - _MOST_NAMED} more" if len(labels) > _MOST_NAMED else ""
    raise UnknownNameError(
        f"nothing here is called {category!r}.{suggest(canonical(category), known_words(labels))} "
        f"The detector knows: {', '.join(labels[:_MOST_NAMED])}{rest}"
    )


def _named(goal: Goal) -> tuple[str, ...]:
    """Return the categories that a goal names."""
    match goal:
        case CategoryGoal(category):
            return (category,)
        case LanguageGoal(text):
            return parse(text).nouns
    return ()


def merged_vocabulary(tasks: Sequence[Task], vocabulary: Sequence[str]) -> tuple[str, ...]:
    """Return the vocabulary with what the goals name added, in order, each once.

    Raises:
        ConfigError: There is nothing to look for.
    """
    asked = [word for task in tasks for word in _named(task.goal)]
    merged = tuple(dict.fromkeys(word.strip().lower() for word in [*vocabulary, *asked]))
    if not any(merged):
        raise ConfigError("nothing to look for; name categories with --vocabulary")
    return merged
