"""The tables of a benchmark's page, as HTML."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape

from goat.bench.bootstrap import Interval
from goat.bench.failures import CAUSES
from goat.bench.metrics import STAGES, AgentMetrics, Score
from goat.bench.style import BOUNDS, look, ordered
from goat.bench.tally import MODALITIES, RULES, Difference

DASH = "&ndash;"
Metrics = Mapping[str, AgentMetrics]
Form = Callable[[float], str]


def percent(value: float) -> str:
    """Return a share as a person reads it in a table: "93.0"."""
    return f"{100.0 * value:.1f}"


def decimal(value: float) -> str:
    """Return an SPL as a person reads it in a table: "0.642"."""
    return f"{value:.3f}"


def fixed(digits: int) -> Form:
    """Return a form with so many digits after the point."""
    return lambda value: f"{value:.{digits}f}"


def signed(form: Form) -> Form:
    """Return a form that always carries its sign."""

    def write(value: float) -> str:
        text = form(abs(value))
        zero = not text.strip("0.")
        return text if zero else f"{'&minus;' if value < 0 else '+'}{text}"

    return write


def interval(ci: Interval | None, form: Form) -> str:
    """Return an interval in brackets; nothing where there is none."""
    return "" if ci is None else f"<small>[{form(ci[0])}, {form(ci[1])}]</small>"


def cell(
    value: float | None, form: Form, ci: Interval | None = None, *, strong: bool = False
) -> str:
    """Return a number with its interval below; a dash where there is none."""
    if value is None:
        return f'<td class="n">{DASH}</td>'
    text = f"<b>{form(value)}</b>" if strong else form(value)
    return f'<td class="n">{text}{interval(ci, form)}</td>'


def agent_cell(agent: str) -> str:
    """Return the first cell of an agent's row: colour, title and name."""
    shown = look(agent)
    name = "" if shown.title == agent else f'<span class="sub">{escape(agent)}</span>'
    swatch = f'<i style="background:{shown.color}"></i>'
    return f'<td class="agent">{swatch}{escape(shown.title)}{name}</td>'


def table(groups: Sequence[tuple[str, Sequence[str]]], rows: Iterable[str]) -> str:
    """Return a table of agents under a head of two lines.

    Args:
        groups: Title over some columns ("" for none) and the titles of these.
        rows: `<tr>` elements that begin with an agent's cell.
    """
    top = "".join(
        f'<th class="group" colspan="{len(names)}">{escape(title)}</th>' for title, names in groups
    )
    names = "".join(f'<th class="n">{escape(name)}</th>' for _, titles in groups for name in titles)
    upper = f"<tr><th></th>{top}</tr>" if any(title for title, _ in groups) else ""
    return (
        f'<div class="wide"><table class="figures"><thead>{upper}<tr><th>agent</th>{names}</tr>'
        f"</thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def headline(metrics: Metrics) -> str:
    """Return success and SPL under both rules, matching and effort."""
    best = _best({name: _totals(figures) for name, figures in metrics.items()})
    rows = []
    for name in ordered(metrics):
        figures = metrics[name]
        scores = _score_cells(_totals(figures), best, marked=name not in BOUNDS)
        matching = cell(figures.matching.accuracy, percent, figures.matching.ci)
        effort = "".join(
            cell(figures.effort[what].mean, fixed(digits), figures.effort[what].ci)
            for what, digits in (("steps", 0), ("path_length_m", 1), ("collisions", 1))
        )
        count = f'<td class="n">{figures.strict.n}<small>{_episodes(figures.episodes)}</small></td>'
        rows.append(f"<tr>{agent_cell(name)}{scores}{matching}{effort}{count}</tr>")
    groups = [
        ("strict", ("success %", "SPL")),
        ("relaxed", ("success %", "SPL")),
        ("memory", ("matching %",)),
        ("per goal", ("steps", "path m", "collisions")),
        ("", ("goals",)),
    ]
    return table(groups, rows)


def _episodes(count: int) -> str:
    return f"{count} episode{'s' * (count != 1)}"


def _totals(figures: AgentMetrics) -> list[Score]:
    return [figures.strict, figures.relaxed]


def _score_cells(scores: Sequence[Score], best: Sequence[str | None], *, marked: bool) -> str:
    """Return success and SPL of each score; those as good as `best` are bold."""
    cells, honours = "", iter(best)
    for score in scores:
        pairs = (
            (score.success, percent, score.ci["success"]),
            (score.spl, decimal, score.ci["spl"]),
        )
        for value, form, ci in pairs:
            honour = next(honours)
            strong = marked and value is not None and form(value) == honour
            cells += cell(value, form, ci, strong=strong)
    return cells


def _best(scores: Mapping[str, Sequence[Score]]) -> list[str | None]:
    """Return the highest printed success and SPL of each column of scores, bounds apart."""
    columns = zip(*(row for name, row in scores.items() if name not in BOUNDS), strict=True)
    best: list[str | None] = []
    for column in columns:
        for form, values in (
            (percent, [score.success for score in column]),
            (decimal, [score.spl for score in column]),
        ):
            known = [value for value in values if value is not None]
            best.append(form(max(known)) if known else None)
    width = 2 * max((len(row) for row in scores.values()), default=0)
    return best + [None] * (width - len(best))


def differences(metrics: Metrics) -> str:
    """Return every agent minus the baseline; empty where nothing can be compared."""
    rows = []
    for name in ordered(metrics):
        found = metrics[name].differences
        if found is not None and found.episodes:
            total = [getattr(found, rule)[what] for rule in RULES for what in ("success", "spl")]
            kinds = [found.by_modality[kind]["success"] for kind in MODALITIES]
            forms = [percent, decimal, percent, decimal, percent, percent, percent]
            cells = "".join(map(_difference_cell, [*total, *kinds], forms))
            count = f'<td class="n">{found.episodes}</td>'
            rows.append(f"<tr>{agent_cell(name)}{cells}{count}</tr>")
    groups = [
        ("strict", ("success", "SPL")),
        ("relaxed", ("success", "SPL")),
        ("strict success by modality", MODALITIES),
        ("", ("episodes",)),
    ]
    return table(groups, rows) if rows else ""


def _difference_cell(found: Difference | None, form: Form) -> str:
    if found is None:
        return cell(None, form)
    return cell(found.difference, signed(form), found.ci, strong=found.excludes_0)


def modalities(metrics: Metrics) -> str:
    """Return strict success, SPL and matching accuracy by modality."""
    kinds = {name: [f.by_modality[kind]["strict"] for kind in MODALITIES]
             for name, f in metrics.items()}  # fmt: skip
    best, rows = _best(kinds), []
    for name in ordered(metrics):
        scores = _score_cells(kinds[name], best, marked=name not in BOUNDS)
        found = [metrics[name].matching.by_modality[kind] for kind in MODALITIES]
        matching = "".join(cell(one.mean, percent, one.ci) for one in found)
        rows.append(f"<tr>{agent_cell(name)}{scores}{matching}</tr>")
    groups = [(f"{kind}, strict", ("success %", "SPL")) for kind in MODALITIES]
    return table([*groups, ("matching %", MODALITIES)], rows)


def visits(metrics: Metrics) -> str:
    """Return strict success and SPL on first visits and on revisits, with how many there were."""
    rows = []
    for name in ordered(metrics):
        cells = ""
        for visit in ("first", "revisit"):
            score = metrics[name].by_visit[visit]["strict"]
            cells += _score_cells([score], [None, None], marked=False)
            cells += f'<td class="n">{score.n}</td>'
        rows.append(f"<tr>{agent_cell(name)}{cells}</tr>")
    names = ("success %", "SPL", "goals")
    return table([("first visit, strict", names), ("revisit, strict", names)], rows)


def learning(metrics: Metrics, late: int) -> str:
    """Return the SPL of the first goal against that of later ones."""
    rows = []
    for name in ordered(metrics):
        found = metrics[name].learning
        cells = cell(found.first_spl, decimal) + cell(found.late_spl, decimal)
        ratio = cell(found.ratio, fixed(2), found.ci)
        rows.append(f"<tr>{agent_cell(name)}{cells}{ratio}</tr>")
    return table([("", ("SPL of goal 1", f"SPL of goals {late} and later", "ratio"))], rows)


def failures(metrics: Metrics) -> str:
    """Return how many goals were missed for which cause."""
    rows = []
    for name in ordered(metrics):
        counts = metrics[name].failures
        cells = "".join(f'<td class="n">{counts[cause] or DASH}</td>' for cause in CAUSES)
        total = f'<td class="n">{sum(counts.values())} of {metrics[name].strict.n}</td>'
        rows.append(f"<tr>{agent_cell(name)}{cells}{total}</tr>")
    return table([("", (*CAUSES.values(), "missed"))], rows)


def costs(metrics: Metrics) -> str:
    """Return what a step costs by stage, and how fast episodes go by."""
    stages = [stage for stage in STAGES if any(stage in m.cost_ms for m in metrics.values())]
    rows = []
    for name in ordered(metrics):
        figures = metrics[name]
        parts = "".join(cell(figures.cost_ms.get(stage), fixed(1)) for stage in stages)
        total = sum(figures.cost_ms.values()) if figures.cost_ms else None
        seconds = cell(figures.effort["seconds"].mean, fixed(1), figures.effort["seconds"].ci)
        speed = cell(figures.episodes_per_hour, fixed(0))
        rows.append(f"<tr>{agent_cell(name)}{parts}{cell(total, fixed(1))}{seconds}{speed}</tr>")
    groups = [
        ("CPU per step, ms", (*stages, "sum")),
        ("wall clock", ("s per goal", "episodes per hour")),
    ]
    return table(groups, rows)
