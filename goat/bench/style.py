"""How agents, causes and stages are called, ordered and coloured in tables, plots and pages.

The colours are those of Okabe and Ito, "Color Universal Design", 2008: told apart by everybody.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Look:
    """How an agent is shown."""

    title: str
    """Its name in a paper."""
    color: str
    """"#rrggbb"."""
    line: str = "-"
    """Line style of matplotlib."""
    marker: str = "o"
    """Marker of matplotlib."""


LOOKS: Mapping[str, Look] = MappingProxyType(
    {
        "goat": Look("GOAT", "#0072B2"),
        "no-verify": Look("GOAT w/o verification", "#009E73", marker="v"),
        "no-instances": Look("GOAT w/o instances", "#E69F00", marker="s"),
        "no-memory": Look("GOAT w/o memory", "#D55E00", marker="D"),
        "clip-on-wheels": Look("CLIP on Wheels", "#CC79A7", marker="^"),
        "random": Look("Random", "#8A8A8A", ":", "x"),
        "oracle": Look("Oracle (shortest path)", "#222222", "--", "P"),
    }
)
"""Known agents in the order of tables."""

_SPARE = ("#56B4E9", "#B09A00", "#6A3D9A", "#7A4B2A")

BOUNDS = ("random", "oracle")
"""Agents that are no methods but bounds: never marked as best, never looked into."""

CAUSE_COLORS: Mapping[str, str] = MappingProxyType(
    {
        "not_found": "#56B4E9",
        "wrong_instance": "#D55E00",
        "unreachable": "#CC79A7",
        "timeout": "#E69F00",
        "collision": "#F0E442",
        "stopped_short": "#009E73",
        "error": "#222222",
    }
)
STAGE_COLORS: Mapping[str, str] = MappingProxyType(
    {
        "render": "#C3CAD4",
        "locate": "#CC79A7",
        "perceive": "#56B4E9",
        "remember": "#0072B2",
        "match": "#E69F00",
        "plan": "#009E73",
    }
)


def look(agent: str) -> Look:
    """Return how an agent is shown; an unknown one keeps its name."""
    known = LOOKS.get(agent)
    if known is not None:
        return known
    return Look(agent, _SPARE[sum(agent.encode()) % len(_SPARE)], "-.", "*")


def ordered(agents: Iterable[str]) -> list[str]:
    """Return agents in the order of tables: known ones first, bounds last."""
    places = {name: place for place, name in enumerate(LOOKS)}
    unknown = places["random"] - 0.5
    return sorted(agents, key=lambda name: (places.get(name, unknown), name))
