"""What the page says, as HTML. Every text from outside is escaped here."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from goat.types import AgentFrame, Instance, Status
from goat.view import theme
from goat.view.operator import Ended, OperatorState
from goat.view.page.names import LIKELY

LATE = 1.0
"""Age, s, from which a picture is called late."""
STALE = 2.0
"""Age, s, from which a picture must not be trusted."""
_MOST_ENDED = 30
_MOST_CANDIDATES = 4
_STRONG = 0.5  # attributes weaker than this are not shown


def css(color: theme.Color) -> str:
    """Return a colour as style sheets write it."""
    return "rgb({}, {}, {})".format(*color)


def ago(seconds: float) -> str:
    """Return "0.4 s", "12 s" or "3 min"."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def state_html(state: OperatorState, note: str) -> str:
    """Return whether the robot may move, and why not.

    Args:
        state: What goes on.
        note: What the robot is doing while it pursues a goal.
    """
    mood, title, detail = _mood(state, note)
    return (
        f'<div class="goat-state goat-{mood}" role="status">'
        f"<b>{escape(title)}</b><span>{escape(detail)}</span></div>"
    )


def _mood(state: OperatorState, note: str) -> tuple[str, str, str]:
    if state.stopped is not None:
        return "stopped", "Emergency stop is set", state.stopped
    if state.paused:
        return "paused", "Paused", "A person holds the robot; resume to go on."
    if state.goal is None:
        return "idle", "Waiting for a goal", state.holding or "The robot stands still."
    if state.holding is not None:
        return "held", "Not allowed to move", state.holding
    return "driving", "Under way", note


def goal_html(state: OperatorState, frame: AgentFrame | None, seconds: float) -> str:
    """Return the goal that is pursued, how it goes and what comes next.

    Args:
        state: What goes on.
        frame: The newest of the pursuit; None before the first.
        seconds: How long the goal has been pursued.
    """
    if state.goal is None:
        now = '<p class="goat-none">No goal. Type one, give a photo, or click on the map.</p>'
    else:
        now = (
            f'<div class="goat-goal">{escape(state.goal)}</div>'
            f"{_progress_html(frame)}"
            f'<div class="goat-small">for {ago(seconds)}'
            f"{'' if frame is None else f', {frame.step} steps'}</div>"
        )
    return f'<div class="goat-block"><h3>Now</h3>{now}{_waiting_html(state.waiting)}</div>'


def _progress_html(frame: AgentFrame | None) -> str:
    if frame is None:
        return '<div class="goat-note">starting</div>'
    rows = tuple(row for row in frame.candidates if row[1] >= LIKELY)[:_MOST_CANDIDATES]
    if not rows and frame.target is not None:
        rows = ((frame.target, frame.probability),)
    labels = {instance.id: instance.label for instance in frame.instances}
    bars = "".join(
        _bar_html(f"{labels.get(number, 'object')} {number}", p, number == frame.target)
        for number, p in rows
    )
    return f'<div class="goat-note">{escape(frame.note)}</div>{bars}'


def _bar_html(name: str, probability: float, target: bool) -> str:
    share = min(max(probability if math.isfinite(probability) else 0.0, 0.0), 1.0)
    return (
        f'<div class="goat-bar{" goat-target" if target else ""}"><span>{escape(name)}</span>'
        f'<i><u style="width:{100 * share:.0f}%"></u></i><em>{100 * share:.0f} %</em></div>'
    )


def _waiting_html(waiting: Sequence[str]) -> str:
    if not waiting:
        return ""
    rows = "".join(f"<li>{escape(goal)}</li>" for goal in waiting)
    return f"<h3>Next</h3><ol>{rows}</ol>"


def ended_html(ended: Sequence[Ended]) -> str:
    """Return how the goals ended, newest first."""
    if not ended:
        return '<div class="goat-block"><h3>Done</h3><p class="goat-none">Nothing yet.</p></div>'
    rows = "".join(_ended_row(one) for one in reversed(ended[-_MOST_ENDED:]))
    return f'<div class="goat-block"><h3>Done</h3>{rows}</div>'


def _ended_row(one: Ended) -> str:
    return (
        f'<div class="goat-ended"><div><b>{escape(one.goal)}</b>'
        f'<em style="color:{css(_status_color(one.status))}">{escape(_status_words(one.status))}'
        f"</em></div><span>{escape(one.reason)}</span>"
        f'<span class="goat-small">{ago(one.seconds)}, {one.metres:.1f} m</span></div>'
    )


def _status_color(status: str) -> theme.Color:
    try:
        return theme.STATUS_COLOR[Status(status)]
    except ValueError:
        return theme.MUTED


def _status_words(status: str) -> str:
    mark = "\u2713 " if status == Status.REACHED.value else ""
    return mark + status.replace("_", " ")


def freshness_html(age: float | None) -> str:
    """Return how old the camera picture is; None if there was none."""
    if age is None:
        return '<div class="goat-age goat-stale">no picture from the robot yet</div>'
    if age < LATE:
        return '<div class="goat-age goat-live"><i></i>live</div>'
    kind = "late" if age < STALE else "stale"
    return f'<div class="goat-age goat-{kind}"><i></i>last picture {ago(age)} ago</div>'


def heartbeat_html(beat: int) -> str:
    """Return a banner that shows itself when no newer one comes: the style sheet counts."""
    return (
        f'<div class="goat-lost" data-beat="{beat}"><b>This page has lost the robot.</b> '
        "Nothing here is current and nothing you press arrives. "
        "Use the stop button on the robot.</div>"
    )


def instance_html(instance: Instance, pictures: Sequence[str], now: float) -> str:
    """Return what is known of an object.

    Args:
        instance: The object.
        pictures: Data URLs of its best views, best first.
        now: Stamp of the newest observation, s.
    """
    views = "".join(f'<img src="{url}" alt="">' for url in pictures)
    looks = [name.split(":")[-1] for name, v in instance.attributes.items() if v > _STRONG]
    x, y, z = (float(side) for side in instance.bounds[1] - instance.bounds[0])
    rows = (
        (
            "seen",
            f"{instance.observations} times, last {ago(max(now - instance.last_seen, 0))} ago",
        ),
        ("looks", ", ".join(looks) or "nothing measured"),
        ("size", f"{x:.2f} x {y:.2f} m, {z:.2f} m high"),
    )
    table = "".join(f"<dt>{name}</dt><dd>{escape(text)}</dd>" for name, text in rows)
    return (
        f'<div class="goat-picked"><div class="goat-views">{views}</div>'
        f"<h2>{escape(instance.label)} <small>{instance.id}</small></h2><dl>{table}</dl></div>"
    )


def place_html(xy: tuple[float, float], known: str) -> str:
    """Return what is known of a place.

    Args:
        xy: In the map, m.
        known: What the map says of it.
    """
    return (
        f'<div class="goat-picked"><h2>Place <small>({xy[0]:.2f}, {xy[1]:.2f}) m</small></h2>'
        f"<p>{escape(known)}</p></div>"
    )
