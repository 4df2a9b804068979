"""Everything that is compared: the Meta-Controller, what is left of it without its parts, others.

All are given the same demonstrations and evaluated from the same starts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from goat.registry import unknown_name
from meta_controller.baselines.cloning import CloningConfig, clone
from meta_controller.baselines.nearest import NearestConfig, nearest_segment
from meta_controller.demos.episodes import Demonstrations, Law
from meta_controller.embodiment import Embodiment
from meta_controller.evaluation.law import NetworkLaw
from meta_controller.model.config import ModelConfig, sized
from meta_controller.task import Task
from meta_controller.training.adapt import AdaptationConfig, stages
from meta_controller.training.pretrained import CheckpointError, from_pretrained, weights_of


@dataclass(frozen=True)
class Method:
    """One row of the table."""

    name: str
    """Of the row."""
    title: str
    """For people."""
    kind: str | None = None
    """Which network (`NETWORKS`); None for those that need no training before."""
    run: str = ""
    """Folder of the trained network, without the seed."""
    changes: Mapping[str, object] = field(default_factory=dict)
    """What differs in its `ModelConfig`."""
    adapts: bool = True
    """Whether it is trained on the demonstrations."""

    def config(self, size: str, **more: object) -> ModelConfig:
        """Return the network's settings at a named size."""
        return sized(size, **{**more, **self.changes})


METHODS = {
    method.name: method
    for method in (
        Method("meta-controller", "Meta-Controller", "meta-controller", "meta-controller"),
        Method(
            "no-structure",
            "without structure encoder",
            "meta-controller",
            "no-structure",
            {"structure": False},
        ),
        Method(
            "no-matching", "without matching", "meta-controller", "no-matching", {"matching": False}
        ),
        Method(
            "no-adaptation",
            "without adaptation",
            "meta-controller",
            "meta-controller",
            adapts=False,
        ),
        Method("transformer", "multi-task transformer, fine-tuned", "transformer", "transformer"),
        Method("prompt", "prompt decision transformer, fine-tuned", "prompt", "prompt"),
        Method("modular", "modular transformer (MetaMorph)", "modular", "modular"),
        Method("cloning", "behaviour cloning from scratch"),
        Method("nearest", "nearest-segment replay"),
        Method("nearest-state", "nearest-state replay"),
    )
}
"""By name; ablations after what they are of, baselines last."""


_HISTORY = {"nearest": 5, "nearest-state": 1}
"""Decisions that replay compares."""


def method_of(name: str) -> Method:
    """Return a method.

    Raises:
        UnknownNameError: There is none of that name.
    """
    if name not in METHODS:
        raise unknown_name("method", name, METHODS)
    return METHODS[name]


@dataclass(frozen=True)
class Learner:
    """What methods make of demonstrations."""

    runs: Path | None = None
    """Folder of the trained networks, RUN-sSEED each."""
    model: str | None = None
    """The Meta-Controller's network for all seeds, in place of `runs`: see `from_pretrained`."""
    adaptation: AdaptationConfig = field(default_factory=AdaptationConfig)
    """How networks are adapted."""
    stages: int = 1
    """Networks on the way of an adaptation that are tried, the last one included."""
    cloning: CloningConfig = field(default_factory=CloningConfig)
    """How behaviour is cloned."""

    def laws(
        self,
        method: Method,
        task: Task,
        embodiment: Embodiment,
        demos: Demonstrations,
        seed: int,
        environments: int,
    ) -> Iterator[Law]:
        """Yield what acts in so many environments; use each before the next.

        Args:
            method: Which.
            task: What is shown.
            embodiment: The body.
            demos: All of them are used.
            seed: Of the trained network and of the adaptation.
            environments: E.

        Raises:
            CheckpointError: Its network has not been trained.
            DemonstrationError: The demonstrations cannot be used.
        """
        if method.name == "cloning":
            yield clone(task, embodiment, demos, seed, self.cloning)
        elif method.name in _HISTORY:
            nearest = NearestConfig(history=_HISTORY[method.name])
            yield nearest_segment(task, embodiment, demos, nearest).act
        else:
            trained = from_pretrained(self._trained(method, seed))
            steps = self.adaptation.steps if method.adapts else 0
            config = replace(self.adaptation, seed=seed, steps=steps)
            count = self.stages if steps else 1
            for adapted in stages(trained, embodiment, demos, config, count=count):
                yield NetworkLaw(task, embodiment, adapted, environments)

    def made_of(self, method: Method, seed: int) -> str:
        """Return what decides a law besides the demonstrations: weights and settings.

        Raises:
            CheckpointError: Its network has not been trained.
        """
        if method.kind is None:
            return repr(replace(self.cloning, threads=1))
        weights = weights_of(self._trained(method, seed)).read_bytes()
        steps = self.adaptation.steps if method.adapts else 0
        adaptation = replace(self.adaptation, seed=seed, steps=steps, threads=1)
        return f"{hashlib.sha256(weights).hexdigest()} {adaptation} {self.stages if steps else 1}"

    def _trained(self, method: Method, seed: int) -> str | Path:
        if self.runs is not None:
            return self.runs / f"{method.run}-s{seed}"
        if self.model is None or method.run != "meta-controller":
            raise CheckpointError(
                f"{method.name!r} needs a trained network: meta-controller train --method "
                f"{method.run} --out RUNS/{method.run}-s{seed}, then give --runs RUNS"
            )
        return self.model
