"""`goat bench report`: the results of a benchmark run as a page, figures, tables and videos."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from goat.bench.folder import Results, read_results
from goat.bench.metrics import MetricsConfig, by_agent, measure
from goat.bench.plots import draw_figures, save_figures, svg_of
from goat.bench.records import EpisodeRecord
from goat.bench.report import Page, main_agent, render
from goat.bench.results import write_json
from goat.bench.summary import document, notes_on
from goat.bench.tables import latex_table
from goat.bench.worst import worst_episodes
from goat.commands.bench_films import Studio, film
from goat.commands.options import BenchReport
from goat.errors import ConfigError, ResultsError


def report(options: BenchReport, console: Console) -> int:
    """Write report.html, results.json, table.tex, figures/ and videos/; return 0.

    Raises:
        ResultsError: There is nothing to report, or nowhere to write to.
        ConfigError: The number of videos makes no sense.
    """
    if options.videos < 0:
        raise ConfigError(f"--videos must be 0 or more, got {options.videos}")
    results = _finished(options.results)
    out = options.out or options.results
    try:
        out.mkdir(parents=True, exist_ok=True)
        page = _write_figures(options.title, results, out)
        made = film(_to_film(page, options.videos), out, console, lambda: _studio(options))
        page = replace(page, films=made.films, notes=[*page.notes, *made.notes])
        (out / "report.html").write_text(render(page), encoding="utf-8")
    except OSError as error:
        raise ResultsError(
            f"the report cannot be written to {out}: {error}; choose another --out"
        ) from error
    for note in page.notes:
        console.print(f"[yellow]note:[/] {escape(note)}", highlight=False, soft_wrap=True)
    console.print(f"report: {out / 'report.html'}", highlight=False, markup=False, soft_wrap=True)
    return 0


def _studio(options: BenchReport) -> Studio:
    from goat.commands.bench_job import EpisodeWorker
    from goat.commands.bench_scene import habitat_config

    return EpisodeWorker(habitat_config(options.where))


def _to_film(page: Page, count: int) -> list[EpisodeRecord]:
    runs = by_agent(page.results.records)
    return worst_episodes(runs[main_agent(page)].values(), count)


def _finished(folder: Path) -> Results:
    """Return what a folder holds.

    Raises:
        ResultsError: It holds no finished episode.
    """
    results = read_results(folder)
    if not results.records:
        damaged = "".join(f"\n{line}" for line in results.damaged)
        raise ResultsError(
            f"{folder} holds no finished episode; run goat bench run with --out {folder}{damaged}"
        )
    return results


def _write_figures(title: str, results: Results, out: Path) -> Page:
    """Write everything but the page and its videos."""
    config = MetricsConfig()
    metrics = measure(results.records, config)
    notes = notes_on(results, metrics)
    content = document(results, metrics, config, notes)
    write_json(out / "results.json", content)
    (out / "table.tex").write_text(latex_table(metrics, config.confidence), encoding="utf-8")
    figures = draw_figures(metrics, config.baseline)
    save_figures(figures, out / "figures")
    plots = {name: svg_of(figure) for name, figure in figures.items()}
    return Page(title, results, metrics, config, content, plots, notes)
