"""A page that a person reads at a glance: what was asked, what happened, what is remembered.

One self-contained HTML file; only the video lies beside it.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from importlib import resources
from pathlib import Path
from typing import Any

import cv2

from goat.types import Goal, ImageGoal, Instance, LanguageGoal, UInt8Array, describe, modality
from goat.view import theme
from goat.view.storyboard import Outcome

_MOST_INSTANCES = 240
_STRONG = 0.5  # attributes weaker than this are not shown


@dataclass(frozen=True, slots=True)
class GoalCard:
    """One goal as the report shows it."""

    goal: Goal
    """What was asked for."""
    outcome: Outcome
    """How it ended."""
    result: Mapping[str, Any]
    """Its entry in `results.json`."""
    camera: UInt8Array | None
    """What the robot saw last."""
    map: UInt8Array | None
    """The way it took."""


@dataclass(frozen=True, slots=True)
class Report:
    """All that the page shows."""

    title: str
    """Headline."""
    results: Mapping[str, Any]
    """Content of `results.json`."""
    cards: Sequence[GoalCard]
    """Goals in order."""
    instances: Sequence[Instance]
    """What is remembered in the end."""
    map: UInt8Array | None
    """The map in the end."""
    video: str | None
    """File name of the video beside the page."""
    poster: UInt8Array | None = None
    """What the video shows before it is played."""


def write_report(path: Path, report: Report) -> None:
    """Write the page to `path`."""
    style = resources.files("goat.view").joinpath("report.css").read_text(encoding="utf-8")
    sections = (
        _heading(report),
        _media(report),
        _table(report.cards),
        _cards(report.cards),
        _gallery(report.instances),
        _details(report.results),
    )
    page = (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(report.title)}</title><style>{style}</style></head>"
        f"<body><main>{''.join(sections)}</main></body></html>\n"
    )
    path.write_text(page, encoding="utf-8")


def _heading(report: Report) -> str:
    reached, total = sum(card.outcome.good for card in report.cards), len(report.cards)
    summary = report.results.get("summary", {})
    tiles = [
        _tile(f"{reached} / {total}", "goals reached", "good" if reached == total else "bad"),
        _tile(_number(summary.get("spl"), "{:.2f}"), "SPL (1 = shortest ways)"),
        _tile(_number(summary.get("path_length_m"), "{:.0f} m"), "driven"),
        _tile(_number(summary.get("steps"), "{:d}"), "steps"),
        _tile(_number(summary.get("collisions"), "{:d}"), "collisions"),
        _tile(_number(summary.get("agent_ms_median"), "{:.0f} ms"), "agent CPU per step"),
    ]
    if summary.get("revisit_speedup") is not None:
        tiles.append(_tile(f"{summary['revisit_speedup']:.1f} x", "shorter on revisits"))
    kinds = ", ".join(sorted({modality(card.goal) for card in report.cards})) or "none"
    lead = f"{total} goals ({kinds}), one memory, {len(report.instances)} objects remembered."
    return (
        f'<h1>{escape(report.title)}</h1><p class="lead">{escape(lead)}</p>'
        f'<div class="tiles">{"".join(tiles)}</div>'
    )


def _tile(value: str, name: str, kind: str = "") -> str:
    return f'<div class="tile {kind}"><b>{escape(value)}</b><span>{escape(name)}</span></div>'


def _number(value: float | None, form: str) -> str:
    return "-" if value is None else form.format(value)


def _media(report: Report) -> str:
    parts = []
    if report.video is not None:
        poster = "" if report.poster is None else f' poster="{_jpeg(report.poster)}"'
        source = escape(report.video, quote=True)
        parts.append(f'<video controls preload="metadata"{poster} src="{source}"></video>')
    if report.map is not None:
        parts.append(f'<img alt="map with all ways" src="{_jpeg(report.map)}">')
    panels = "".join(f'<div class="panel">{part}</div>' for part in parts)
    return f'<div class="pair">{panels}</div>' if parts else ""


def _table(cards: Sequence[GoalCard]) -> str:
    heads = (
        "<th>#</th><th>goal</th><th>kind</th><th>result</th>"
        '<th class="n">steps</th><th class="n">path</th><th class="n hide">shortest</th>'
        '<th class="n">SPL</th><th class="n hide">time</th>'
    )
    rows = "".join(_row(number, card) for number, card in enumerate(cards, 1))
    return f"<h2>Goals</h2><table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"


def _row(number: int, card: GoalCard) -> str:
    result = card.result
    figures = (
        (result["steps"], "{:d}", ""),
        (result["path_length_m"], "{:.1f} m", ""),
        (result["shortest_m"], "{:.1f} m", " hide"),
        (result["spl"], "{:.2f}", ""),
        (result["seconds"], "{:.0f} s", " hide"),
    )
    cells = "".join(
        f'<td class="n{css}">{_number(value, form)}</td>' for value, form, css in figures
    )
    return (
        f'<tr><td>{number}</td><td><a href="#goal-{number}">{escape(_title(card.goal))}</a></td>'
        f"<td>{modality(card.goal)}</td><td>{_badge(card.outcome)}</td>{cells}</tr>"
    )


def _badge(outcome: Outcome) -> str:
    kind, mark = ("good", "&#10003;") if outcome.good else ("bad", "&#10007;")
    return f'<span class="badge {kind}">{mark} {escape(outcome.words)}</span>'


def _title(goal: Goal) -> str:
    return f"“{goal.text}”" if isinstance(goal, LanguageGoal) else describe(goal)


def _cards(cards: Sequence[GoalCard]) -> str:
    body = "".join(_card(number, card) for number, card in enumerate(cards, 1))
    return f'<h2>Goal by goal</h2><div class="cards">{body}</div>' if cards else ""


def _card(number: int, card: GoalCard) -> str:
    result = card.result
    photo = ""
    if isinstance(card.goal, ImageGoal):
        scale = 224 / max(card.goal.rgb.shape[1], 1)
        small = theme.resize(card.goal.rgb, min(scale, 1.0))
        photo = f'<img class="photo" alt="goal photo" src="{_jpeg(small)}">'
    views = "".join(
        f'<img alt="{name}" src="{_jpeg(image)}">'
        for name, image in (("what the robot saw last", card.camera), ("its way", card.map))
        if image is not None
    )
    facts = f"<b>{result['steps']}</b> steps, <b>{result['path_length_m']:.1f} m</b>"
    if result["shortest_m"] is not None:
        facts += f" (shortest {result['shortest_m']:.1f} m)"
    revisit = "" if result["first_visit"] else ", seen before"
    return (
        f'<article class="card" id="goal-{number}"><header><div>'
        f'<span class="kind">{number} &middot; {modality(card.goal)}{revisit}</span>'
        f"<h3>{escape(_title(card.goal))}</h3>{_badge(card.outcome)}</div>{photo}</header>"
        f'<div class="views">{views}</div>'
        f"<footer>{facts}, {result['seconds']:.0f} s. {escape(str(result['reason']))}</footer>"
        "</article>"
    )


def _gallery(instances: Iterable[Instance]) -> str:
    shown = sorted((i for i in instances if i.confirmed), key=lambda i: (i.label, i.id))
    if not shown:
        return ""
    things = "".join(_thing(instance) for instance in shown[:_MOST_INSTANCES])
    rest = len(shown) - _MOST_INSTANCES
    more = f"<p>and {rest} more</p>" if rest > 0 else ""
    return f'<h2>What it remembers</h2><div class="gallery">{things}</div>{more}'


def _thing(instance: Instance) -> str:
    crop = ""
    if instance.views:
        data = base64.b64encode(instance.views[0].crop).decode()
        name = escape(instance.label, quote=True)
        crop = f'<img loading="lazy" alt="{name}" src="data:image/jpeg;base64,{data}">'
    strong = sorted(instance.attributes.items(), key=lambda item: -item[1])
    words = ", ".join(name.rpartition(":")[2] for name, value in strong if value >= _STRONG)
    count = f"{len(instance.views)} view{'s' * (len(instance.views) != 1)}"
    return (
        f'<div class="thing"><div class="crop">{crop}</div><div class="text">'
        f"<b>{escape(instance.label)}</b> {instance.id}"
        f"<span>{escape(words) or '&nbsp;'}</span><span>{count}</span></div></div>"
    )


def _details(results: Mapping[str, Any]) -> str:
    folded = (("Settings", "config"), ("Versions", "versions"), ("All figures", "summary"))
    return "<h2>How it was run</h2>" + "".join(
        f"<details><summary>{title}</summary><pre>"
        f"{escape(json.dumps(results.get(key), indent=2, ensure_ascii=False))}</pre></details>"
        for title, key in folded
    )


def _jpeg(image: UInt8Array, quality: int = 86) -> str:
    """Return an RGB image as a data URI."""
    bgr = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    _, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return "data:image/jpeg;base64," + base64.b64encode(data.tobytes()).decode()
