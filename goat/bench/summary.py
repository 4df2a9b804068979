"""The content of a benchmark's `results.json`, and what a reader must be told about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from goat.bench.folder import Results
from goat.bench.metrics import AgentMetrics, MetricsConfig, by_agent
from goat.bench.results import plain
from goat.bench.session import SessionConfig
from goat.bench.style import look, ordered

SCHEMA = 1
"""Version of the layout."""
_MOST_DAMAGED = 20
_FEW = 10  # episodes from which percentiles of the bootstrap can be trusted


def document(
    results: Results,
    metrics: Mapping[str, AgentMetrics],
    config: MetricsConfig,
    notes: Sequence[str] = (),
) -> dict[str, Any]:
    """Return the content of `results.json` as JSON knows it; see docs/results.md.

    Args:
        results: What was run.
        metrics: Agent -> figures.
        config: How the figures were made.
        notes: What a reader must know.
    """
    session = SessionConfig(max_steps=results.config.max_steps)
    return plain(
        {
            "schema": SCHEMA,
            "config": {
                "run": results.config,
                "made": results.made,
                "rules": session,
                "metrics": config,
            },
            "versions": results.versions,
            "agents": {name: metrics[name] for name in ordered(metrics)},
            "notes": list(notes),
        }
    )


def notes_on(results: Results, metrics: Mapping[str, AgentMetrics]) -> list[str]:
    """Return what a reader must know before believing the figures, a sentence each."""
    return [
        *_damaged(results.damaged),
        *_uneven(results, metrics),
        *_few(metrics),
        *_unjudged(results, metrics),
        *_mixed_versions(results),
    ]


def _damaged(lines: Sequence[str]) -> list[str]:
    said = [f"Left out: {line}." for line in lines[:_MOST_DAMAGED]]
    rest = len(lines) - _MOST_DAMAGED
    return [*said, f"And {rest} more files were left out."] if rest > 0 else said


def _uneven(results: Results, metrics: Mapping[str, AgentMetrics]) -> list[str]:
    sets = {name: frozenset(run) for name, run in by_agent(results.records).items()}
    if len(set(sets.values())) > 1:
        counts = ", ".join(f"{look(name).title} {len(sets[name])}" for name in ordered(metrics))
        return [
            f"The agents have finished different sets of episodes ({counts}). Differences are "
            "over the episodes that both have finished, all else over each agent's own."
        ]
    return []


def _few(metrics: Mapping[str, AgentMetrics]) -> list[str]:
    fewest = min(figures.episodes for figures in metrics.values())
    if fewest == 1:
        return ["From one episode alone, nothing can be said about intervals."]
    if fewest < _FEW:
        return [f"Intervals from as few as {fewest} episodes are too narrow."]
    return []


def _unjudged(results: Results, metrics: Mapping[str, AgentMetrics]) -> list[str]:
    lines = []
    for name, run in by_agent(results.records).items():
        total = sum(len(record.goals) for record in run.values())
        if metrics[name].strict.n < total:
            lines.append(
                f"{look(name).title}: {total - metrics[name].strict.n} of {total} goals have no "
                "known target and are not judged."
            )
    return lines


def _mixed_versions(results: Results) -> list[str]:
    seen: dict[str, set[str]] = {}
    for record in results.records:
        for package, version in record.versions.items():
            seen.setdefault(package, set()).add(version)
    mixed = [f"{name} {', '.join(sorted(found))}" for name, found in seen.items() if len(found) > 1]
    return [f"The episodes were run with different versions: {'; '.join(mixed)}."] if mixed else []
