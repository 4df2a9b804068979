"""Everything that perceives, by name; imported when used."""

from __future__ import annotations

from goat.registry import Registry

DETECTORS = Registry(
    "detector",
    {
        "simulator": "goat.perception.detectors.simulator:SimulatorDetector",
        "grounding-dino": "goat.perception.detectors.open_vocabulary:grounding_dino",
        "owlv2": "goat.perception.detectors.open_vocabulary:owlv2",
        "mask2former": "goat.perception.detectors.segmenter:Mask2FormerDetector",
    },
)
"""Callables that build a `goat.protocols.Detector` from their configuration."""

ENCODERS = Registry(
    "encoder",
    {
        "clip": "goat.perception.encoders:ClipEncoder",
        "siglip": "goat.perception.encoders:SiglipEncoder",
    },
)
"""Classes that are a `goat.protocols.ImageEncoder` and a `TextEncoder`."""

MATCHERS = Registry(
    "keypoint matcher",
    {
        "sift": "goat.perception.keypoints:SiftMatcher",
        "lightglue": "goat.perception.pair_matchers:LightGlueMatcher",
        "efficient-loftr": "goat.perception.pair_matchers:EfficientLoftrMatcher",
    },
)
"""Classes that are a `goat.protocols.KeypointMatcher`."""
