"""Made-up records of a benchmark that look like real ones."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from goat.bench.records import EpisodeRecord, Job, RunConfig
from goat.bench.session import GoalResult
from goat.types import Status

CATEGORIES = ("chair", "sofa", "bed", "table", "lamp", "plant", "sink", "television", "toilet")
AGENTS = (
    "goat", "no-verify", "no-instances", "no-memory", "clip-on-wheels", "random", "oracle",
)  # fmt: skip
_SUCCESS = {
    "goat": (0.96, 0.93, 0.90),
    "no-verify": (0.95, 0.80, 0.78),
    "no-instances": (0.94, 0.34, 0.36),
    "no-memory": (0.80, 0.66, 0.60),
    "clip-on-wheels": (0.70, 0.45, 0.40),
    "random": (0.06, 0.02, 0.02),
    "oracle": (1.0, 1.0, 1.0),
}
_REMEMBERS = ("goat", "no-verify", "no-instances")
_MODALITIES = ("category", "image", "language")


def make_goal(**changes: object) -> GoalResult:
    """A goal reached under both rules; `changes` replace fields."""
    values: dict[str, object] = {
        "modality": "category",
        "goal": "chair",
        "status": Status.REACHED,
        "success": True,
        "strict_success": True,
        "steps": 20,
        "path_length_m": 4.0,
        "shortest_m": 3.0,
        "spl": 0.75,
        "seconds": 2.0,
        "collisions": 0,
        "first_visit": True,
        "reason": "at chair 3",
        "agent_ms_median": 30.0,
        "agent_ms_p99": 60.0,
        "targets": ("chair_03",),
        "reached": "chair_03",
        "strict_spl": 0.75,
        "category": "chair",
        "chosen": "chair_03",
        "known": True,
        "best": "chair_03",
        "trajectory": ((0.0, 0.0), (0.25, 0.0), (0.5, 0.1)),
        "cost_ms": {"render": 20.0, "perceive": 4.0, "remember": 8.0, "match": 3.0, "plan": 5.0},
    }
    return GoalResult(**(values | changes))  # type: ignore[arg-type]


def make_missed(**changes: object) -> GoalResult:
    """A goal that was missed under both rules."""
    missed = {"success": False, "strict_success": False, "spl": 0.0, "strict_spl": 0.0}
    return make_goal(**(missed | {"reached": None} | changes))


def make_record(
    goals: Sequence[GoalResult], agent: str = "goat", episode: str = "0", **job: object
) -> EpisodeRecord:
    """An episode with these goals."""
    values = {"file": "episodes/0.json.gz", "digest": "d" * 64, "scene": "generated:0"}
    made = Job(agent=agent, episode=episode, config=RunConfig(), **(values | job))  # type: ignore[arg-type]
    return EpisodeRecord(made, tuple(goals), 60.0, {"goat": "0.1.0", "python": "3.11"})


def make_records(
    agents: Sequence[str] = AGENTS, episodes: int = 20, goals: int = 10, seed: int = 0
) -> list[EpisodeRecord]:
    """A whole benchmark: memory shortens later ways, ablations fail where one expects it."""
    records = []
    for number in range(episodes):
        for agent in agents:
            rng = np.random.default_rng([seed, number, AGENTS.index(agent)])
            asked = np.random.default_rng([seed, number])
            records.append(_episode(agent, number, goals, asked, rng))
    return records


def _episode(
    agent: str, number: int, goals: int, asked: np.random.Generator, rng: np.random.Generator
) -> EpisodeRecord:
    place, results, seen = (1.0 + number % 3, 1.0), [], set()
    hard = asked.random() < 0.25
    for index in range(goals):
        result = _goal(agent, index, place, hard, asked, rng)
        results.append(replace(result, first_visit=result.targets[0] not in seen))
        seen.add(result.reached)
        place = result.trajectory[-1]
    record = make_record(
        results, agent, str(number % 5), scene=f"generated:{100 + number // 5}", digest="a" * 64
    )
    return replace(record, seconds=sum(result.seconds for result in results))


def _goal(
    agent: str,
    index: int,
    place: tuple[float, float],
    hard: bool,
    asked: np.random.Generator,
    rng: np.random.Generator,
) -> GoalResult:
    kind = int(asked.integers(3))
    category = str(asked.choice(CATEGORIES))
    target = f"{category}_{asked.integers(4):02d}"
    shortest = float(asked.uniform(1.0, 9.0))
    chance = _SUCCESS[agent][kind] * (0.8 if hard else 1.0)
    reached = bool(rng.random() < chance) or agent == "oracle"
    relaxed = reached or (agent != "random" and bool(rng.random() < 0.15))
    detour = 1.05 + (0.0 if agent == "oracle" else _detour(agent, index, rng))
    status, chosen, steps, collisions = _ending(agent, reached or relaxed, target, detour, rng)
    length = min(detour * shortest, 60.0)
    value = min(shortest / length, 1.0)
    costs = np.array([24.0, 5.0, 9.0, 4.0, 7.0]) * rng.uniform(0.8, 1.2, 5)
    return make_goal(
        modality=_MODALITIES[kind],
        goal=(category, f"{target} from the left", f"the small {category} next to the <door>")[
            kind
        ],
        status=status,
        success=relaxed,
        strict_success=reached,
        spl=value if relaxed else 0.0,
        strict_spl=value if reached else 0.0,
        steps=steps,
        path_length_m=length,
        shortest_m=shortest,
        seconds=0.06 * steps,
        collisions=collisions,
        reason="as it happened",
        targets=(target,),
        reached=target if relaxed else None,
        category=category,
        chosen=chosen,
        known=bool(rng.random() < 0.9) if agent in _REMEMBERS else None,
        best=(target if rng.random() < chance else "lamp_99") if agent in _REMEMBERS else None,
        trajectory=_walk(place, steps, rng),
        cost_ms=dict(
            zip(("render", "perceive", "remember", "match", "plan"), costs.tolist(), strict=True)
        ),
    )


def _detour(agent: str, index: int, rng: np.random.Generator) -> float:
    unknown = math.exp(-index / 2.0) if agent in _REMEMBERS else 1.0
    return float(rng.gamma(2.0, 0.1 + 1.2 * unknown))


def _ending(
    agent: str, good: bool, target: str, detour: float, rng: np.random.Generator
) -> tuple[Status, str | None, int, int]:
    steps = int(min(20 + 30 * detour, 480))
    if good:
        return Status.REACHED, target, steps, int(rng.poisson(1))
    kind = rng.choice(
        5, p=[0.2, 0.4, 0.1, 0.2, 0.1] if agent != "random" else [0, 0.3, 0, 0.6, 0.1]
    )
    other = f"{target.partition('_')[0]}_07"
    return (
        (Status.NOT_FOUND, None, 300, 2),
        (Status.REACHED, other, steps, 1),
        (Status.UNREACHABLE, target, steps, 4),
        (Status.TIMEOUT, None, 500, 8),
        (Status.TIMEOUT, target, 500, 220),
    )[kind]


def _walk(
    place: tuple[float, float], steps: int, rng: np.random.Generator
) -> tuple[tuple[float, float], ...]:
    heading = np.cumsum(rng.normal(0.0, 0.35, steps // 2))
    moves = 0.25 * np.stack([np.cos(heading), np.sin(heading)], axis=1)
    points = np.concatenate([[place], np.asarray(place) + np.cumsum(moves, axis=0)])
    points = 6.0 - np.abs(np.mod(points, 12.0) - 6.0)  # folded into a room of 6 m
    return tuple((float(x), float(y)) for x, y in points)
