"""Why a goal was missed, judged by the strict rule.

What happened last decides, in this order:

1. `error`: the agent failed with an exception.
2. `collision`: the budget ran out and every fourth action or more was cut short by a collision.
3. `timeout`: the budget ran out otherwise.
4. `not_found`: the agent says that what is asked for is not there.
5. `wrong_instance`: it settled on another object, whether it then stopped there or found no way.
6. `unreachable`: it knew the right object, or none in particular, and found no way.
7. `stopped_short`: it stopped for the right object, too far from its viewpoints.

An agent that does not say what it took for the goal is taken at its place: within the relaxed
reach of a target it `stopped_short`, elsewhere it is at a `wrong_instance`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from goat.bench.session import GoalResult
from goat.types import Status

STUCK = 0.25
"""Share of actions cut short from which a timeout counts as being stuck."""

CAUSES: Mapping[str, str] = MappingProxyType(
    {
        "not_found": "not found",
        "wrong_instance": "wrong instance",
        "unreachable": "no way to it",
        "timeout": "out of steps",
        "collision": "stuck in collisions",
        "stopped_short": "stopped short",
        "error": "error",
    }
)
"""Every cause in the order of tables and plots, in words."""


def cause_of(result: GoalResult) -> str | None:
    """Return the key in `CAUSES` of why a goal was missed.

    None where it was reached under the strict rule, or where nobody can tell.
    """
    if result.status is Status.ERROR:
        return "error"
    if result.strict_success is None or result.strict_success:
        return None
    match result.status:
        case Status.TIMEOUT:
            return "collision" if _stuck(result) else "timeout"
        case Status.NOT_FOUND:
            return "not_found"
    if _settled_on_another(result):
        return "wrong_instance"
    return "unreachable" if result.status is Status.UNREACHABLE else "stopped_short"


def _stuck(result: GoalResult) -> bool:
    return result.steps > 0 and result.collisions >= STUCK * result.steps


def _settled_on_another(result: GoalResult) -> bool:
    if result.chosen is not None:
        return result.chosen not in result.targets
    return result.status is Status.REACHED and not result.success


def count_causes(results: Iterable[GoalResult]) -> dict[str, int]:
    """Return cause -> number of goals, every cause in the order of `CAUSES`."""
    found = Counter(cause_of(result) for result in results)
    return {cause: found[cause] for cause in CAUSES}
