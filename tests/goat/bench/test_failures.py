from __future__ import annotations

import pytest
from bench_records import make_goal, make_missed

from goat.bench.failures import CAUSES, cause_of, count_causes
from goat.types import Status

STOPPED, TIMEOUT = Status.REACHED, Status.TIMEOUT


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"status": Status.NOT_FOUND, "chosen": None}, "not_found"),
        ({"status": Status.NOT_FOUND, "chosen": "bed_01"}, "not_found"),
        ({"status": STOPPED, "chosen": "bed_01"}, "wrong_instance"),
        ({"status": STOPPED, "chosen": "bed_01", "success": True}, "wrong_instance"),
        ({"status": STOPPED, "chosen": None}, "wrong_instance"),
        ({"status": STOPPED, "chosen": None, "success": True}, "stopped_short"),
        ({"status": STOPPED, "chosen": "chair_03"}, "stopped_short"),
        ({"status": STOPPED, "chosen": "chair_03", "success": True}, "stopped_short"),
        ({"status": Status.UNREACHABLE, "chosen": "chair_03"}, "unreachable"),
        ({"status": Status.UNREACHABLE, "chosen": None}, "unreachable"),
        ({"status": Status.UNREACHABLE, "chosen": "bed_01"}, "wrong_instance"),
        ({"status": TIMEOUT, "steps": 500, "collisions": 124}, "timeout"),
        ({"status": TIMEOUT, "steps": 500, "collisions": 125}, "collision"),
        ({"status": TIMEOUT, "steps": 500, "collisions": 0, "chosen": "bed_01"}, "timeout"),
        ({"status": TIMEOUT, "steps": 0, "collisions": 0}, "timeout"),
        ({"status": Status.ERROR}, "error"),
        ({"status": Status.ERROR, "success": None, "strict_success": None}, "error"),
        ({"status": TIMEOUT, "success": None, "strict_success": None}, None),
    ],
)
def test_what_ended_a_goal_is_its_cause(changes: dict[str, object], cause: str | None) -> None:
    assert cause_of(make_missed(**changes)) == cause


def test_a_goal_that_was_reached_has_no_cause() -> None:
    assert cause_of(make_goal()) is None
    assert cause_of(make_goal(chosen="bed_01")) is None


def test_every_cause_is_counted_in_one_order() -> None:
    counts = count_causes([make_goal(), make_missed(status=Status.ERROR), make_missed()])
    assert list(counts) == list(CAUSES)
    assert (counts["error"], counts["stopped_short"], sum(counts.values())) == (1, 1, 2)
