"""Augmented random search: finds linear policies by nudging them at random.

"Simple random search of static linear policies is competitive for reinforcement learning", Mania,
Guy and Recht, 2018 (https://arxiv.org/abs/1803.07055), algorithm V2-t: features are normalised by
what was seen, steps are scaled by the deviation of returns, and only the best directions count.
All directions are tried at once, both ways from the same starts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from meta_controller.arena import Signals
from meta_controller.environments import Environments
from meta_controller.learning.linear import Features, LinearPolicy, PolicyFileError
from meta_controller.task import Start, Task

Float64Array = NDArray[np.float64]


@dataclass(frozen=True)
class SearchConfig:
    """How it is searched."""

    directions: int = 16
    """Nudges that are tried per iteration."""
    best: int = 8
    """How many of them count."""
    starts: int = 2
    """Episodes per nudge and way."""
    noise: float = 0.03
    """Size of a nudge."""
    step: float = 0.02
    """Size of a step."""
    threads: int = 1
    """That physics runs on."""


@dataclass
class _Moments:
    """Running mean and variance of features."""

    count: float
    mean: Float64Array
    square: Float64Array

    def add(self, features: Float64Array) -> None:
        """Take in (N, F)."""
        total = self.count + len(features)
        self.mean = self.mean + (features.sum(axis=0) - len(features) * self.mean) / total
        squares = np.square(features).sum(axis=0)
        self.square = self.square + (squares - len(features) * self.square) / total
        self.count = total

    @property
    def deviation(self) -> Float64Array:
        """(F,)."""
        return np.sqrt(np.maximum(self.square - np.square(self.mean), 1e-8))


@dataclass(frozen=True, slots=True)
class Iteration:
    """What came of one iteration."""

    mean: float
    """Mean return of all nudged policies, of at most `Task.steps`."""
    best: float
    """Of the best of them."""


class RandomSearch:
    """One search; the same seed gives the same policies."""

    def __init__(
        self,
        task: Task,
        config: SearchConfig | None = None,
        seed: int = 0,
        shaped: Task | None = None,
    ) -> None:
        """Begin with a policy that does nothing.

        Args:
            task: What returns are reported of.
            config: How it is searched.
            seed: Of everything that is random.
            shaped: The same task with a reward that is easier to climb; None for its own.
        """
        self.config, self.task = config or SearchConfig(), task
        self._shaped = shaped or task
        self._rng = np.random.default_rng(seed)
        count = 2 * self.config.directions * self.config.starts
        self._environments = Environments(task, count, self.config.threads)
        signals = self._environments.reset(self._environments.draw(np.random.default_rng(seed)))
        self.features = Features(self._environments.embodiment, task.tell(signals).shape[1])
        self._weights = np.zeros((self._environments.arena.model.nu, self.features.size))
        self._moments = _Moments(1e-4, np.zeros(self.features.size), np.ones(self.features.size))

    @property
    def policy(self) -> LinearPolicy:
        """The policy so far."""
        return LinearPolicy(self._weights.copy(), self._moments.mean, self._moments.deviation)

    @property
    def digest(self) -> str:
        """Of the body."""
        return self._environments.embodiment.digest

    def state(self) -> dict[str, NDArray]:
        """Return everything that `restore` needs to go on as if nothing had happened."""
        drawn = json.dumps(self._rng.bit_generator.state).encode()
        moments = self._moments
        return {
            "weights": self._weights.copy(),
            "count": np.array([moments.count]),
            "mean": moments.mean,
            "square": moments.square,
            "random": np.frombuffer(drawn, np.uint8).copy(),
        }

    def restore(self, state: Mapping[str, NDArray]) -> None:
        """Go on from where another search of the same task and settings was.

        Raises:
            PolicyFileError: The state is of another body.
        """
        if state["weights"].shape != self._weights.shape:
            raise PolicyFileError(
                f"a search with weights of shape {state['weights'].shape} cannot be gone on with: "
                f"{self.task.name} needs {self._weights.shape}"
            )
        self._weights = state["weights"].copy()
        self._moments = _Moments(float(state["count"][0]), state["mean"], state["square"])
        self._rng.bit_generator.state = json.loads(state["random"].tobytes())

    def iterate(self) -> Iteration:
        """Try nudges and take a step."""
        cfg = self.config
        nudges = self._rng.standard_normal((cfg.directions, *self._weights.shape))
        tried = np.concatenate(
            [self._weights + cfg.noise * nudges, self._weights - cfg.noise * nudges]
        )
        worth, real = self._returns(np.repeat(tried, cfg.starts, axis=0))
        ahead, back = worth.reshape(2, cfg.directions, cfg.starts).mean(axis=2)
        best = np.argsort(-np.maximum(ahead, back), kind="stable")[: cfg.best]
        spread = np.concatenate([ahead[best], back[best]]).std() + 1e-6
        slope = np.einsum("k,kaf->af", ahead[best] - back[best], nudges[best])
        self._weights = self._weights + cfg.step * slope / (cfg.best * spread)
        means = real.reshape(2 * cfg.directions, cfg.starts).mean(axis=1)
        return Iteration(float(means.mean()), float(means.max()))

    def close(self) -> None:
        """End the threads."""
        self._environments.close()

    def _returns(self, weights: Float64Array) -> tuple[Float64Array, Float64Array]:
        """Return (N,) shaped and true returns of policies (N, A, F)."""
        environments = self._environments
        half = environments.draw(self._rng)
        signals = environments.reset(_mirrored(half))
        worth, real = np.zeros(environments.count), np.zeros(environments.count)
        base = self.policy
        while not environments.done:
            features = self._sensed(signals)
            actions = np.einsum("naf,nf->na", weights, base.normalised(features))
            signals, reward = environments.step(np.nan_to_num(np.clip(actions, -1.0, 1.0)))
            real += reward
            worth += self._shaped.repeat * self._shaped.reward(signals)
        return np.nan_to_num(worth), np.nan_to_num(real)

    def _sensed(self, signals: Signals) -> Float64Array:
        features = self.features.of(signals, self.task.tell(signals))
        self._moments.add(features)
        return features


def _mirrored(start: Start) -> Start:
    """Return starts of which the second half is the first half again."""
    half = len(start) // 2

    def twice(values: Float64Array) -> Float64Array:
        return np.concatenate([values[:half], values[:half]])

    extra = {name: twice(values) for name, values in start.extra.items()}
    return replace(start, qpos=twice(start.qpos), qvel=twice(start.qvel), extra=extra)
