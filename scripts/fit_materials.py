"""Fits the material model of `goat.perception.attributes` on generated homes.

Renders homes of training seeds in every lighting, measures the features of each visible object
and fits a multinomial logistic regression with an L2 penalty. Homes of other seeds tell how well
it does, per look and per object (the mean over its looks), against always naming the commonest
material; the colour names, which are not fitted, are judged on the same homes.

    python scripts/fit_materials.py --out goat/data/materials.json
"""

from __future__ import annotations

import json
import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tyro
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from scipy.optimize import minimize

from goat.perception import attributes, colour_names
from goat.perception.detectors.simulator import SimulatorDetector, SimulatorDetectorConfig
from goat.perception.patches import cut
from goat.types import Float32Array, Observation

MATERIALS = (
    "wood",
    "metal",
    "fabric",
    "leather",
    "plastic",
    "ceramic",
    "glass",
    "stone",
    "paper",
    "plant",
)
LIGHTINGS = ("day", "evening", "night lamp")
SEE_THROUGH = ("window", "picture", "mirror", "tv")
"""Categories whose pixels show something else than their named colour."""


@dataclass(frozen=True)
class FitConfig:
    """What is rendered and how the model is fitted."""

    out: Path = Path("goat/data/materials.json")
    """Where the weights go."""
    train: int = 24
    """Homes to fit on (seeds 1000, 1001, ...)."""
    test: int = 9
    """Homes to judge on (seeds 2000, 2001, ...)."""
    poses: int = 50
    """Random places per home."""
    penalty: float = 15.0
    """Strength of the L2 penalty."""


@dataclass(frozen=True)
class Look:
    """One object in one image."""

    thing: tuple[int, int]
    """Seed and object id."""
    category: str
    """Its category."""
    material: str
    """True material."""
    colour: str
    """True colour name."""
    features: Float32Array
    """What the material model sees."""
    colours: Float32Array
    """Measured shares of the colour names."""


def main(config: FitConfig) -> None:
    """Render, fit, judge and save."""
    os.environ.setdefault("MUJOCO_GL", "egl")
    console = Console()
    train = list(_looks(range(1000, 1000 + config.train), config.poses))
    test = list(_looks(range(2000, 2000 + config.test), config.poses))
    model = _fit(train, config.penalty)
    config.out.write_text(json.dumps(_as_json(model), separators=(",", ":")) + "\n", "utf-8")
    console.print(f"{len(train)} looks in {config.train} homes -> {config.out}")
    for name, looks in (("training homes", train), ("held-out homes", test)):
        console.print(f"{name}: {json.dumps(_report(model, looks))}")
    console.print(f"held-out materials as taken (rows true): {_confusions(model, test)}")


def _looks(seeds: Iterable[int], poses: int) -> Iterator[Look]:
    """Yield every look at every object with a named material and colour."""
    from sim.home import HomeSim
    from sim.worlds.procedural import HomeGenConfig, generate_home

    for seed in track(list(seeds), "rendering homes"):
        lighting = LIGHTINGS[seed % len(LIGHTINGS)]
        world = generate_home(seed, HomeGenConfig(lighting=lighting))
        rng = np.random.default_rng(seed)
        sim = HomeSim(world, rng=rng)
        truth = {index: item for index, item in enumerate(world.objects, start=1) if item.category}
        for _ in range(poses):
            observation = sim.reset(sim.random_pose(rng), rng)
            for index, features, colours in _measured(observation, sorted(truth)):
                item = truth[index]
                material, colour = item.attributes.get("material"), item.attributes.get("color")
                if material in MATERIALS and colour in colour_names.NAMES:
                    yield Look(
                        (seed, index), item.category or "", material, colour, features, colours
                    )
        sim.close()


def _measured(
    observation: Observation, ids: Sequence[int]
) -> Iterator[tuple[int, Float32Array, Float32Array]]:
    """Yield id, material features and colour shares of each visible object."""
    detector = SimulatorDetector(
        {index: str(index) for index in ids}, SimulatorDetectorConfig(min_pixels=300)
    )
    gains = attributes.light_of(observation.rgb)
    for detection in detector.detect(observation):
        patch = cut(observation.rgb, detection.mask, detection.box, attributes.PIXELS)
        if patch is not None:
            pixels = attributes.corrected(patch, gains)
            colours = attributes.colour_shares(pixels)
            features = attributes.material_features(patch, pixels, colours)
            yield int(detection.label), features, colours


def _fit(looks: Sequence[Look], penalty: float) -> attributes.MaterialModel:
    """Fit the regression; every object counts once, however often it was seen."""
    features = np.stack([look.features for look in looks]).astype(np.float64)
    zero = np.zeros(0, np.float32)
    blank = attributes.MaterialModel(
        MATERIALS, features.mean(axis=0), features.std(axis=0) + 1e-6, zero, zero
    )
    features = np.hstack([blank.terms(features), np.ones((len(looks), 1))])
    labels = np.array([MATERIALS.index(look.material) for look in looks])
    seen = Counter(look.thing for look in looks)
    weight = np.array([1.0 / seen[look.thing] ** 0.5 for look in looks])
    shape = (features.shape[1], len(MATERIALS))

    rows = np.arange(len(labels))

    def loss(flat: NDArray) -> tuple[float, NDArray]:
        weights = flat.reshape(shape)
        logits = features @ weights
        logits -= logits.max(axis=1, keepdims=True)
        chances = np.exp(logits)
        chances /= chances.sum(axis=1, keepdims=True)
        value = -(weight * np.log(chances[rows, labels] + 1e-12)).sum()
        chances[rows, labels] -= 1.0
        gradient = features.T @ (chances * weight[:, None])
        shrunk = weights.copy()
        shrunk[-1] = 0.0
        value += 0.5 * penalty * (shrunk**2).sum()
        return float(value), (gradient + penalty * shrunk).ravel()

    best = minimize(loss, np.zeros(shape).ravel(), jac=True, method="L-BFGS-B").x.reshape(shape)
    parts = (blank.mean, blank.scale, best[:-1], best[-1])
    return attributes.MaterialModel(MATERIALS, *(part.astype(np.float32) for part in parts))


def _as_json(model: attributes.MaterialModel) -> dict[str, object]:
    """Return the model with its weights as whole numbers of a step per material."""
    step = np.abs(model.weights).max(axis=0) / 127.0
    small = {"mean": model.mean, "scale": model.scale, "bias": model.bias, "step": step}
    return {
        "names": list(model.names),
        **{key: [float(f"{v:.5g}") for v in value] for key, value in small.items()},
        "weights": np.rint(model.weights / step).astype(int).tolist(),
    }


def _report(model: attributes.MaterialModel, looks: Sequence[Look]) -> dict[str, float]:
    """Return shares of right answers."""
    materials = [model.probabilities(look.features) for look in looks]
    plain = [(look, look.colours) for look in looks if look.category not in SEE_THROUGH]
    true_materials = [look.material for look in looks]
    scored = {
        "material_look": _right(true_materials, materials, MATERIALS),
        "material_object": _right_objects(looks, materials, "material", MATERIALS),
        "material_base": max(Counter({k.thing: k.material for k in looks}.values()).values())
        / len({look.thing for look in looks}),
        "colour_look": _right(
            [look.colour for look, _ in plain], [c for _, c in plain], colour_names.NAMES
        ),
        "colour_object": _right_objects(
            [look for look, _ in plain], [c for _, c in plain], "colour", colour_names.NAMES
        ),
    }
    return {name: round(value, 3) for name, value in scored.items()}


def _right(truth: Sequence[str], scores: Sequence[NDArray], names: Sequence[str]) -> float:
    return float(np.mean([names[int(s.argmax())] == t for t, s in zip(truth, scores, strict=True)]))


def _right_objects(
    looks: Sequence[Look], scores: Sequence[NDArray], field: str, names: Sequence[str]
) -> float:
    """Return the share of objects whose mean scores over all looks name the truth."""
    sums: dict[tuple[int, int], NDArray] = defaultdict(lambda: np.zeros(len(names)))
    truth = {}
    for look, score in zip(looks, scores, strict=True):
        sums[look.thing] = sums[look.thing] + score
        truth[look.thing] = getattr(look, field)
    return _right(list(truth.values()), [sums[thing] for thing in truth], names)


def _confusions(model: attributes.MaterialModel, looks: Sequence[Look]) -> dict[str, str]:
    """Return, for each true material, its share of right answers and what else it is taken for."""
    taken: dict[str, Counter[str]] = defaultdict(Counter)
    for look in looks:
        taken[look.material][MATERIALS[int(model.probabilities(look.features).argmax())]] += 1
    return {
        name: ", ".join(f"{k} {v / counts.total():.2f}" for k, v in counts.most_common(3))
        for name, counts in sorted(taken.items())
    }


if __name__ == "__main__":
    main(tyro.cli(FitConfig))
