"""The benchmark as a LaTeX table (booktabs)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from string import Template

from goat.bench.metrics import AgentMetrics, Score
from goat.bench.style import BOUNDS, look, ordered
from goat.bench.tally import MODALITIES

RULE_WORDS: Mapping[str, str] = {
    "strict": "Strict: stopped within 0.25 m driving distance of a viewpoint",
    "relaxed": "Relaxed: stopped within 1 m of the object",
}
_ESCAPES = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
}  # fmt: skip
_COLUMNS = (*MODALITIES, "average")
_HEAD = Template(r"""% Needs \usepackage{booktabs}. To see it alone:
% pdflatex '\documentclass{article}\usepackage{booktabs}\begin{document}\input{table}\end{document}'
\begin{table*}[t]
  \centering
  \caption{${caption}}
  \label{tab:goat-bench}
  \footnotesize
  \setlength{\tabcolsep}{3pt}
  \begin{tabular}{l*{8}{c}}
    \toprule
    & \multicolumn{4}{c}{Success (\%)} & \multicolumn{4}{c}{SPL} \\
    \cmidrule(lr){2-5} \cmidrule(lr){6-9}
    Agent & ${columns} & ${columns} \\
""")
_FOOT = r"""    \bottomrule
  \end{tabular}
\end{table*}
"""


def tex_escape(text: str) -> str:
    """Return text that LaTeX prints as it is."""
    return "".join(_ESCAPES.get(letter, letter) for letter in text)


def latex_table(metrics: Mapping[str, AgentMetrics], confidence: float = 0.95) -> str:
    """Return a table: a block per success rule, a row per agent, modalities as columns.

    Every figure stands with half the width of its interval; the best of each column, bounds apart,
    is bold.

    Args:
        metrics: Agent -> figures.
        confidence: Of the intervals, for the caption.
    """
    episodes = sorted({figures.episodes for figures in metrics.values()})
    span = str(episodes[0]) if len(episodes) == 1 else f"{episodes[0]} to {episodes[-1]}"
    caption = (
        f"Lifelong multimodal navigation over {span} episodes per agent. Success in percent and "
        f"SPL, each with half the width of its {100 * confidence:g}\\% bootstrap interval over "
        "episodes."
    )
    names = " & ".join(column.capitalize() for column in _COLUMNS)
    blocks = "".join(_block(metrics, rule) for rule in RULE_WORDS)
    return _HEAD.substitute(caption=caption, columns=names) + blocks + _FOOT


def _block(metrics: Mapping[str, AgentMetrics], rule: str) -> str:
    best = {figure: _best(metrics, rule, figure) for figure in ("success", "spl")}
    lines = [r"    \midrule", rf"    \multicolumn{{9}}{{l}}{{\emph{{{RULE_WORDS[rule]}}}}} \\"]
    for agent in ordered(metrics):
        cells = []
        for figure in ("success", "spl"):
            for column in _COLUMNS:
                score = _score(metrics[agent], rule, column)
                bold = agent not in BOUNDS and _shown(score, figure) == best[figure][column]
                cells.append(_cell(score, figure, bold))
        lines.append(f"    {tex_escape(look(agent).title)} & {' & '.join(cells)} \\\\")
    return "\n".join(lines) + "\n"


def _best(metrics: Mapping[str, AgentMetrics], rule: str, figure: str) -> dict[str, str | None]:
    """Return column -> the highest figure as it is printed, so that equal ones share the honour."""
    best = {}
    for column in _COLUMNS:
        scores = [_score(metrics[agent], rule, column) for agent in metrics if agent not in BOUNDS]
        known = [score for score in scores if _value(score, figure) is not None]
        top = max(known, key=lambda score: _value(score, figure) or 0.0, default=None)
        best[column] = None if top is None else _shown(top, figure)
    return best


def _score(figures: AgentMetrics, rule: str, column: str) -> Score:
    if column == "average":
        return figures.strict if rule == "strict" else figures.relaxed
    return figures.by_modality[column][rule]


def _value(score: Score, figure: str) -> float | None:
    return score.success if figure == "success" else score.spl


def _shown(score: Score, figure: str) -> str | None:
    value = _value(score, figure)
    return None if value is None else _form(figure)(value)


def _form(figure: str) -> Callable[[float], str]:
    """Return how a figure is printed: 93.0 percent, SPL .642."""
    if figure == "success":
        return lambda value: f"{100.0 * value:.1f}"
    return lambda value: f"{value:.3f}".removeprefix("0")


def _cell(score: Score, figure: str, bold: bool) -> str:
    text = _shown(score, figure)
    if text is None:
        return "--"
    text = rf"\mathbf{{{text}}}" if bold else text
    ci = score.ci[figure]
    if ci is None:
        return f"${text}$"
    return rf"${text}_{{\pm {_form(figure)(0.5 * (ci[1] - ci[0]))}}}$"
