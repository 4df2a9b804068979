"""The page of a benchmark: tables, plots, what went worst, and how it was measured.

One self-contained HTML file without scripts; only videos lie beside it.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from importlib import resources
from typing import Any

from goat.bench import page_tables as tables
from goat.bench.failures import STUCK
from goat.bench.folder import Results
from goat.bench.metrics import AgentMetrics, EpisodeKey, MetricsConfig, by_agent, episode_key
from goat.bench.session import SessionConfig
from goat.bench.style import BOUNDS, look, ordered
from goat.bench.worst import Film, episode_card, worst_episodes

_WORST = 2  # episodes shown of every agent but the baseline
_WORST_OF_BASELINE = 5


@dataclass(frozen=True, slots=True)
class Page:
    """All that the page shows."""

    title: str
    """Headline."""
    results: Results
    """What was run."""
    metrics: Mapping[str, AgentMetrics]
    """Agent -> figures."""
    config: MetricsConfig
    """How the figures were made."""
    document: Mapping[str, Any]
    """Content of `results.json`."""
    plots: Mapping[str, bytes]
    """Name -> SVG; see `goat.bench.plots`."""
    notes: Sequence[str] = ()
    """What a reader must know before believing the figures."""
    films: Mapping[EpisodeKey, Film] = field(default_factory=dict)
    """Episode -> video of the main agent's run."""


def render(page: Page) -> str:
    """Return the page as HTML."""
    style = "".join(
        resources.files(package).joinpath("report.css").read_text(encoding="utf-8")
        for package in ("goat.view", "goat.bench")
    )
    body = "".join(
        section(page)
        for section in (
            _heading, _headline, _differences, _modalities, _learning, _visits, _categories,
            _failures, _costs, _worst, _methods, _details,
        )
    )  # fmt: skip
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(page.title)}</title><style>{style}</style></head>"
        f"<body><main>{body}</main></body></html>\n"
    )


def main_agent(page: Page) -> str:
    """Return the agent that the page is about."""
    return (
        page.config.baseline if page.config.baseline in page.metrics else ordered(page.metrics)[0]
    )


def _heading(page: Page) -> str:
    name = main_agent(page)
    figures = page.metrics[name]
    runs = by_agent(page.results.records)
    keys = {key for run in runs.values() for key in run}
    goals = sum(figures.strict.n for figures in page.metrics.values())
    lead = (
        f"{_count(len(runs), 'agent')}, {_count(len(keys), 'episode')} in "
        f"{_count(len({scene for scene, _, _ in keys}), 'scene')}, {_count(goals, 'judged goal')}; "
        f"noise: {page.results.config.noise}; detector: {page.results.config.detector}."
    )
    cost = sum(figures.cost_ms.values()) if figures.cost_ms else None
    tiles = (
        _tile(figures.strict.success, lambda v: f"{tables.percent(v)} %", "strict success"),
        _tile(figures.strict.spl, tables.decimal, "strict SPL"),
        _tile(figures.relaxed.success, lambda v: f"{tables.percent(v)} %", "relaxed success"),
        _tile(figures.matching.accuracy, lambda v: f"{tables.percent(v)} %", "right match"),
        _tile(
            figures.learning.ratio, "{:.1f} x".format, f"SPL, goals {page.config.late}+ over goal 1"
        ),
        _tile(cost, "{:.0f} ms".format, "CPU per step"),
    )
    return (
        f'<h1>{escape(page.title)}</h1><p class="lead">{escape(lead)}</p>'
        f'<p class="of">{escape(look(name).title)}, all goals:</p>'
        f'<div class="tiles">{"".join(tiles)}</div>{_notes(page.notes)}'
    )


def _notes(notes: Sequence[str]) -> str:
    items = "".join(f"<li>{escape(note)}</li>" for note in notes)
    return f'<ul class="notes">{items}</ul>' if items else ""


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"


def _tile(value: float | None, form: tables.Form, name: str) -> str:
    shown = tables.DASH if value is None else escape(form(value))
    return f'<div class="tile"><b>{shown}</b><span>{escape(name)}</span></div>'


def _headline(page: Page) -> str:
    sure = f"{100 * page.config.confidence:g}%"
    return (
        f"<h2>Results</h2>{tables.headline(page.metrics)}"
        f'<p class="legend">In brackets: {sure} bootstrap intervals over episodes. Bold: the best '
        "of a column, the bounds random and oracle apart. Matching: how often the likeliest object "
        "in memory is a wanted one, where one is in memory. "
        '<a href="table.tex">LaTeX</a>, <a href="results.json">JSON</a>.</p>'
    )


def _differences(page: Page) -> str:
    table = tables.differences(page.metrics)
    if not table:
        return ""
    base = look(page.config.baseline).title
    return (
        "<h2>What each part is worth</h2>"
        + _figure(
            page,
            "differences",
            f"Strict success and SPL of each agent minus those of {base} on the same episodes, "
            "with intervals. Filled: the interval excludes 0.",
        )
        + f'{table}<p class="legend">Percentage points and SPL, minus those of {escape(base)}. '
        "Bold: the interval excludes 0.</p>"
    )


def _modalities(page: Page) -> str:
    caption = "By what a goal was given as. Filled, with interval: strict; hollow: relaxed."
    return (
        "<h2>By modality</h2>"
        f"{_figure(page, 'modalities', caption)}{tables.modalities(page.metrics)}"
    )


def _learning(page: Page) -> str:
    caption = (
        "Strict success and SPL from the first goal of an episode to the last, with intervals: "
        "memory pays off where the lines rise."
    )
    return (
        "<h2>Learning curve</h2>"
        f"{_figure(page, 'learning_curve', caption)}"
        f'<div class="narrow">{tables.learning(page.metrics, page.config.late)}</div>'
    )


def _visits(page: Page) -> str:
    caption = (
        "Strict success and SPL on the first visit to an object and on later ones. A revisit is a "
        "goal of which a target was reached earlier in the episode by the agent itself."
    )
    figure = _figure(page, "visits", caption)
    if not figure:
        return ""
    return f"<h2>First visit and revisit</h2>{figure}{tables.visits(page.metrics)}"


def _categories(page: Page) -> str:
    title = look(main_agent(page)).title
    caption = f"{title} by category (number of goals), strict, with intervals."
    figure = _figure(page, "categories", caption)
    return f"<h2>By category</h2>{figure}" if figure else ""


def _failures(page: Page) -> str:
    caption = "Why goals were missed under the strict rule, in percent of all judged goals."
    return (
        "<h2>Why goals were missed</h2>"
        f"{_figure(page, 'failures', caption)}{tables.failures(page.metrics)}"
    )


def _costs(page: Page) -> str:
    caption = "What one step costs, by stage; the mean over all steps."
    return (
        "<h2>What a step costs</h2>"
        f"{_figure(page, 'step_cost', caption)}{tables.costs(page.metrics)}"
        '<p class="legend">Episodes per hour are those of one worker, without loading scenes.</p>'
    )


def _figure(page: Page, name: str, caption: str) -> str:
    svg = page.plots.get(name)
    if svg is None:
        return ""
    data = base64.b64encode(svg).decode()
    return (
        f'<figure><img alt="{escape(caption, quote=True)}" src="data:image/svg+xml;base64,{data}">'
        f'<figcaption>{escape(caption)} <a href="figures/{name}.pdf">PDF</a>, '
        f'<a href="figures/{name}.png">PNG</a></figcaption></figure>'
    )


def _worst(page: Page) -> str:
    runs, main = by_agent(page.results.records), main_agent(page)
    parts = []
    for name in ordered(runs):
        if name in BOUNDS and name != main:
            continue
        films = page.films if name == main else {}
        count = max(_WORST_OF_BASELINE, len(films)) if name == main else _WORST
        cards = "".join(
            episode_card(record, films.get(episode_key(record)))
            for record in worst_episodes(runs[name].values(), count)
        )
        if cards:
            parts.append(f'<h3>{escape(look(name).title)}</h3><div class="episodes">{cards}</div>')
    if not parts:
        return "<h2>Worst episodes</h2><p>No goal was missed.</p>"
    return (
        '<h2>Worst episodes</h2><p class="legend">Ways seen from above, from the black square on; '
        'each ends at the number of its goal: <b class="good">reached</b> or '
        '<b class="bad">missed</b> under the strict rule.</p>' + "".join(parts)
    )


def _methods(page: Page) -> str:
    config, run = page.config, page.results.config
    rules = SessionConfig()
    facts = (
        f"Strict success: the robot stops by itself, within {run.max_steps} steps, at most "
        f"{rules.strict_reach:g} m of driving from a viewpoint of a target. Relaxed success: it "
        f"stops by itself at most {rules.reach:g} m from a target, measured on the floor.",
        "SPL: success times shortest way / max(way driven, shortest way), from where the goal was "
        "given; a missed goal counts 0, a goal that was reached without driving where none was "
        "needed counts 1.",
        "An episode is one start and goal after goal with one memory. All agents see the same "
        f"episodes, photos, sentences, seeds and noise (noise: {run.noise}; seed: {run.seed}; "
        f"robot: {run.camera}; detector: {run.detector}).",
        f"Intervals: percentiles of {config.resamples} bootstrap samples of whole episodes, since "
        "the goals of one share a memory; episodes of one scene are taken as independent "
        f"(seed {config.seed}). A difference to "
        f"{look(config.baseline).title} resamples both agents together, over the episodes that "
        "both have finished. An interval of no width means that no episode differed from another, "
        "not that nothing else can happen.",
        "Matching accuracy: of the goals with a target in memory when they ended, the share where "
        "the likeliest candidate in memory is a target, wherever the robot drove.",
        "Why a goal was missed: what ended it, in this order: an error; out of steps (stuck, if "
        f"{100 * STUCK:.0f}% or more of the steps collided); given up as not found; settled on "
        "another object; no way to the right one; stopped short of a viewpoint of the right one.",
        "CPU time per step: of the thread that simulates and decides, by stage. Wall-clock times "
        "hold for the machine the benchmark ran on.",
        f"Begun {page.results.made}.",
    )
    return (
        '<h2>How it was measured</h2><ul class="methods">'
        + "".join(f"<li>{escape(fact)}</li>" for fact in facts)
        + "</ul>"
    )


def _details(page: Page) -> str:
    folded = (("Settings", "config"), ("Versions", "versions"))
    return "".join(_folded(title, page.document.get(key)) for title, key in folded)


def _folded(title: str, content: object) -> str:
    text = escape(json.dumps(content, indent=2, ensure_ascii=False))
    return f"<details><summary>{escape(title)}</summary><pre>{text}</pre></details>"
