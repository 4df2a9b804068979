"""What the records of a benchmark say, with intervals. Pure: records in, figures out.

Success weighted by path length (SPL) is that of Anderson et al., "On Evaluation of Embodied
Navigation Agents", 2018, https://arxiv.org/abs/1807.06757: success times shortest / max(driven,
shortest). A missed goal counts as 0 even if no way leads there; a goal that is reached without
driving where none was needed (0/0) as 1; one that was at hand (shortest 0) but drove all the same
as 0. Both rules are scored side by side: `strict` and `relaxed`, see `goat.bench.session`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from goat.bench.bootstrap import Interval
from goat.bench.failures import count_causes
from goat.bench.records import EpisodeRecord
from goat.bench.session import GoalResult
from goat.bench.tally import (
    ALL,
    EFFORTS,
    MODALITIES,
    RULES,
    Difference,
    EpisodeKey,
    Estimate,
    Gaps,
    Group,
    Run,
    Spread,
    Tally,
)

SCORES = ("success", "spl")
STAGES = ("render", "locate", "perceive", "remember", "match", "plan")


@dataclass(frozen=True, slots=True)
class MetricsConfig:
    """How figures are made."""

    baseline: str = "goat"
    """Agent that the others are compared with."""
    confidence: float = 0.95
    """Of every interval."""
    resamples: int = 2000
    """Bootstrap samples."""
    seed: int = 0
    """Of the bootstrap."""
    late: int = 5
    """Goals from this index on are compared with the first one."""


@dataclass(frozen=True, slots=True)
class Score:
    """How often and how directly goals were reached, under one rule."""

    success: float | None
    """Share of judged goals that were reached."""
    spl: float | None
    """Mean success weighted by path length."""
    ci: Mapping[str, Interval | None]
    """Interval of "success" and of "spl"."""
    n: int
    """Judged goals."""


Scores = Mapping[str, Score]
"""One score per rule."""


@dataclass(frozen=True, slots=True)
class Differences:
    """An agent compared with the baseline."""

    against: str
    """The baseline."""
    episodes: int
    """Episodes that both have finished; only these count."""
    strict: Mapping[str, Difference | None]
    """Of "success" and "spl"."""
    relaxed: Mapping[str, Difference | None]
    """Of "success" and "spl"."""
    by_modality: Mapping[str, Mapping[str, Difference | None]]
    """Of strict "success" and "spl"."""


@dataclass(frozen=True, slots=True)
class Matching:
    """How often the likeliest candidate in memory is a target, apart from navigation."""

    accuracy: float | None
    """Share of the goals whose target was in memory when they ended."""
    ci: Interval | None
    """Its interval."""
    n: int
    """Those goals."""
    by_modality: Mapping[str, Estimate]
    """The same for one modality."""


@dataclass(frozen=True, slots=True)
class Learning:
    """Whether later goals are reached on shorter ways, under the strict rule."""

    first_spl: float | None
    """SPL of the first goal."""
    late_spl: float | None
    """SPL of the goals from `MetricsConfig.late` on."""
    ratio: float | None
    """Late over first; None where the first is 0."""
    ci: Interval | None
    """Interval of the ratio."""


@dataclass(frozen=True, slots=True)
class AgentMetrics:
    """All figures of one agent over all episodes that it has finished."""

    episodes: int
    """Finished episodes."""
    strict: Score
    """It stopped at a viewpoint of a target."""
    relaxed: Score
    """It stopped near a target."""
    by_modality: Mapping[str, Scores]
    """"category", "image", "language"."""
    by_index: Sequence[Scores]
    """The first goals of all episodes, the second ones, ..."""
    by_visit: Mapping[str, Scores]
    """"first": no target had been reached before; "revisit": one had."""
    by_category: Mapping[str, Scores]
    """By category of the targets, sorted."""
    learning: Learning
    """First goal against late ones."""
    matching: Matching
    """Which instance was chosen, apart from navigation."""
    failures: Mapping[str, int]
    """Cause -> goals, under the strict rule; see `goat.bench.failures`."""
    effort: Mapping[str, Estimate]
    """Mean "steps", "path_length_m", "seconds" and "collisions" per goal."""
    cost_ms: Mapping[str, float]
    """Mean CPU time per step by stage, ms; empty where nobody measured."""
    episodes_per_hour: float | None
    """Of one worker."""
    differences: Differences | None
    """Against the baseline; None for itself and where it has not run."""


def measure(
    records: Sequence[EpisodeRecord], config: MetricsConfig = MetricsConfig()
) -> dict[str, AgentMetrics]:
    """Return the figures of every agent, in the order in which they first occur.

    Where an agent has two records of one episode, the later one counts.
    """
    runs = by_agent(records)
    tallies = {name: Tally(run, config.late) for name, run in runs.items()}
    base = tallies.get(config.baseline)
    found = {}
    for name, run in runs.items():
        differences = None
        if base is not None and name != config.baseline:
            differences = _differences(tallies[name], base, config)
        found[name] = _agent(run, tallies[name], config, differences)
    return found


def by_agent(records: Sequence[EpisodeRecord]) -> dict[str, Run]:
    """Return agent -> episode -> record, the episodes in one order for all agents."""
    runs: dict[str, dict[EpisodeKey, EpisodeRecord]] = {}
    for record in records:
        runs.setdefault(record.job.agent, {})[episode_key(record)] = record
    return {name: dict(sorted(run.items())) for name, run in runs.items()}


def episode_key(record: EpisodeRecord) -> EpisodeKey:
    """Return what makes an episode the same for all agents: scene, id and digest of its file."""
    return record.job.scene, record.job.episode, record.job.digest


def _agent(
    run: Run, tally: Tally, config: MetricsConfig, differences: Differences | None
) -> AgentMetrics:
    goals = [goal for record in run.values() for goal in record.goals]
    spread = Spread(tally, config.resamples, config.confidence, config.seed)
    total = _scores(spread, ALL)
    seconds = sum(record.seconds for record in run.values())
    return AgentMetrics(
        episodes=len(run),
        strict=total["strict"],
        relaxed=total["relaxed"],
        by_modality=_by(spread, "modality"),
        by_index=tuple(_by(spread, "index").values()),
        by_visit=_by(spread, "visit"),
        by_category=_by(spread, "category"),
        learning=_learning(spread),
        matching=_matching(spread),
        failures=count_causes(goals),
        effort={name: spread.estimate(ALL, name) for name in EFFORTS},
        cost_ms=_cost(goals),
        episodes_per_hour=3600.0 * len(run) / seconds if seconds > 0 else None,
        differences=differences,
    )


def _by(spread: Spread, kind: str) -> dict[str, Scores]:
    return {group[1]: _scores(spread, group) for group in spread.groups(kind)}


def _scores(spread: Spread, group: Group) -> dict[str, Score]:
    return {rule: _score(spread, group, rule) for rule in RULES}


def _score(spread: Spread, group: Group, rule: str) -> Score:
    success = spread.estimate(group, f"{rule}_success")
    spl = spread.estimate(group, f"{rule}_spl")
    return Score(success.mean, spl.mean, {"success": success.ci, "spl": spl.ci}, success.n)


def _learning(spread: Spread) -> Learning:
    first = spread.estimate(("part", "first"), "strict_spl").mean
    late = spread.estimate(("part", "late"), "strict_spl").mean
    if not first or late is None:
        return Learning(first, late, None, None)
    ci = spread.ratio(("part", "late"), ("part", "first"), "strict_spl")
    return Learning(first, late, late / first, ci)


def _matching(spread: Spread) -> Matching:
    total = spread.estimate(ALL, "matching")
    kinds = {name: spread.estimate(("modality", name), "matching") for name in MODALITIES}
    return Matching(total.mean, total.ci, total.n, kinds)


def _cost(goals: Sequence[GoalResult]) -> dict[str, float]:
    """Return the mean of `cost_ms` per step by stage, known stages first."""
    names = dict.fromkeys((*STAGES, *(stage for goal in goals for stage in goal.cost_ms)))
    cost = {}
    for name in names:
        measured = [goal for goal in goals if name in goal.cost_ms and goal.steps > 0]
        steps = sum(goal.steps for goal in measured)
        if steps:
            cost[name] = sum(goal.cost_ms[name] * goal.steps for goal in measured) / steps
    return cost


def _differences(tally: Tally, base: Tally, config: MetricsConfig) -> Differences:
    gaps = Gaps(tally, base, config.resamples, config.confidence, config.seed)

    def pair(group: Group, rule: str) -> dict[str, Difference | None]:
        return {name: gaps.difference(group, f"{rule}_{name}") for name in SCORES}

    return Differences(
        against=config.baseline,
        episodes=len(gaps.episodes),
        strict=pair(ALL, "strict"),
        relaxed=pair(ALL, "relaxed"),
        by_modality={name: pair(("modality", name), "strict") for name in MODALITIES},
    )
