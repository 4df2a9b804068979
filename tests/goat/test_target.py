from __future__ import annotations

import dataclasses
import math

import pytest
from fakes import make_instance

from goat.memory.matcher import Match
from goat.target import Effort, OpeningScan, TargetConfig, TargetSelector

CONFIG = TargetConfig()
FAR = CONFIG.glance_reach
"""Too far away for a glance at anything that is not certain."""


def match(number: int, probability: float, *, confirmed: bool = True) -> Match:
    instance = dataclasses.replace(
        make_instance(number, "chair", (float(number), 0.0)), confirmed=confirmed
    )
    return Match(instance, probability)


def chosen(
    selector: TargetSelector, *matches: Match, distances: tuple[float, ...] = ()
) -> int | None:
    found = selector.choose(matches, distances or (FAR,) * len(matches))
    assert selector.current == (None if found is None else found.instance.id)
    return None if found is None else found.instance.id


def try_until(selector: TargetSelector, effort: Effort) -> TargetSelector:
    while selector.effort < effort:
        assert selector.try_harder()
    return selector


def test_nothing_likely_enough_means_exploring() -> None:
    selector = TargetSelector()
    assert chosen(selector) is None
    assert chosen(selector, match(1, CONFIG.act - 0.01)) is None
    assert chosen(selector, match(1, CONFIG.act)) == 1


def test_the_likeliest_is_driven_to() -> None:
    assert chosen(TargetSelector(), match(1, 0.6), match(2, 0.9)) == 2


def test_of_equals_the_nearer_one_is_driven_to() -> None:
    selector = TargetSelector()
    assert chosen(selector, match(1, 0.9), match(2, 0.9), distances=(8.0, 2.0)) == 2


def test_probability_counts_more_than_a_few_metres() -> None:
    selector = TargetSelector()
    assert chosen(selector, match(1, 0.9), match(2, 0.5), distances=(8.0, 1.0)) == 1


def test_what_cannot_be_driven_to_comes_last_but_is_not_left_out() -> None:
    both = (match(1, 0.9), match(2, 0.65))
    assert chosen(TargetSelector(), *both, distances=(math.inf, 30.0)) == 2
    assert chosen(TargetSelector(), both[0], distances=(math.inf,)) == 1


def test_something_seen_once_is_worth_less() -> None:
    selector = TargetSelector()
    assert chosen(selector, match(1, CONFIG.act, confirmed=False)) is None
    assert chosen(selector, match(1, 0.8, confirmed=False), match(2, 0.75)) == 2


def test_the_choice_is_kept_while_a_rival_is_only_a_little_better() -> None:
    selector = TargetSelector()
    assert chosen(selector, match(1, 0.6)) == 1
    assert chosen(selector, match(1, 0.6), match(2, 0.6 + CONFIG.better - 0.01)) == 1
    assert chosen(selector, match(1, 0.6), match(2, 0.6 + CONFIG.better + 0.01)) == 2
    assert chosen(selector, match(1, 0.65), match(2, 0.77)) == 2, "and not given back at once"


def test_the_choice_does_not_flip_with_the_distance_on_the_way() -> None:
    selector, equals = TargetSelector(), (match(1, 0.7), match(2, 0.7))
    assert chosen(selector, *equals, distances=(3.0, 3.1)) == 1
    assert chosen(selector, *equals, distances=(3.0, 0.5)) == 1


def test_the_choice_survives_a_weaker_look_but_not_a_refutation() -> None:
    selector = TargetSelector()
    assert chosen(selector, match(1, CONFIG.act)) == 1
    assert chosen(selector, match(1, CONFIG.keep)) == 1
    assert chosen(selector, match(1, CONFIG.keep - 0.01)) is None
    assert chosen(selector, match(1, CONFIG.keep)) is None, "it must win anew"


def test_a_choice_that_is_forgotten_by_the_memory_is_dropped() -> None:
    selector = TargetSelector()
    assert chosen(selector, match(1, 0.9), match(2, 0.65)) == 1
    assert chosen(selector, match(2, 0.65)) == 2


def test_what_was_rejected_on_approach_is_not_driven_to_again() -> None:
    selector = TargetSelector()
    both = (match(1, 0.9), match(2, 0.65))
    assert chosen(selector, *both) == 1
    selector.reject(both[0])
    assert chosen(selector, *both) == 2
    selector.reject(both[1])
    assert chosen(selector, *both) is None
    assert not selector.unreachable


def test_what_was_rejected_is_driven_to_again_once_it_is_worth_much_more() -> None:
    selector = TargetSelector()
    selector.reject(match(1, 0.45))
    assert chosen(selector, match(1, 0.45 + CONFIG.better)) is None
    assert chosen(selector, match(1, 0.45 + CONFIG.better + 0.01)) == 1


def test_the_less_likely_the_shorter_the_way_to_a_glance() -> None:
    for worth in (CONFIG.glance, 0.3):
        reach = worth * CONFIG.glance_reach
        assert chosen(TargetSelector(), match(1, worth), distances=(reach - 0.1,)) == 1
        assert chosen(TargetSelector(), match(1, worth), distances=(reach + 0.1,)) is None
    assert chosen(TargetSelector(), match(1, CONFIG.glance - 0.01), distances=(0.5,)) is None


def test_what_was_rejected_is_taken_in_the_end_if_nothing_else_is_left() -> None:
    selector, alike = TargetSelector(), (match(1, 0.65), match(2, 0.6))
    for each in alike:
        selector.reject(each)
    assert chosen(try_until(selector, Effort.INSPECT), *alike) is None
    assert chosen(try_until(selector, Effort.SETTLE), *alike) == 1


def test_what_was_rejected_too_early_leads_when_it_is_time_to_judge() -> None:
    selector, ahead = TargetSelector(), (match(1, 0.5), match(2, 0.5 / CONFIG.lead))
    for each in ahead:
        selector.reject(each)
    assert chosen(selector, *ahead) is None
    assert chosen(try_until(selector, Effort.INSPECT), *ahead) == 1
    assert selector.satisfied(ahead[0])


def judged(probability: float, unseen: float, steps: int = 0) -> int | None:
    selector = TargetSelector()
    selector.steps = steps
    candidate = dataclasses.replace(match(1, probability), unseen=unseen)
    return chosen(selector, candidate)


def test_exploring_ends_when_nothing_better_is_to_be_hoped_for() -> None:
    assert judged(0.4, 0.6) is None
    assert judged(0.4, 0.4 / CONFIG.hope) == 1


def test_patience_ends() -> None:
    assert judged(0.3, 0.7, CONFIG.patience - 1) is None
    assert judged(0.3, 0.7, CONFIG.patience) == 1


def test_of_all_that_are_sure_the_nearest_is_as_good_as_any() -> None:
    both = (match(1, 1.0), match(2, 0.9))
    assert chosen(TargetSelector(), *both, distances=(6.0, 1.0)) == 2


def test_what_cannot_be_reached_stays_barred_for_this_goal_only() -> None:
    selector = TargetSelector()
    selector.give_up(1)
    assert selector.unreachable
    for effort in Effort:
        assert chosen(try_until(selector, effort), match(1, 0.9)) is None
    selector.reset()
    assert not selector.unreachable
    assert selector.effort is Effort.EXPLORE
    assert chosen(selector, match(1, 0.9)) == 1


def test_less_is_asked_for_the_more_has_been_looked_at() -> None:
    thresholds = (CONFIG.act, CONFIG.act_explored, CONFIG.settle)
    assert list(thresholds) == sorted(thresholds, reverse=True)
    for effort, threshold in zip(Effort, thresholds, strict=True):
        selector = try_until(TargetSelector(), effort)
        assert chosen(selector, match(1, threshold - 0.01)) is None
        assert chosen(selector, match(1, threshold + 0.01)) == 1


def test_efforts_end() -> None:
    selector = TargetSelector()
    assert [selector.try_harder() for _ in range(4)] == [True, True, False, False]
    assert selector.effort is Effort.SETTLE


def test_the_robot_stops_only_before_what_is_likely_or_when_nothing_is_left() -> None:
    selector = TargetSelector()
    assert selector.satisfied(match(1, CONFIG.verify))
    assert not selector.satisfied(match(1, CONFIG.verify - 0.01))
    assert not selector.satisfied(match(1, CONFIG.verify, confirmed=False))
    try_until(selector, Effort.SETTLE)
    assert selector.satisfied(match(1, 0.01))


def test_each_match_needs_a_distance() -> None:
    with pytest.raises(ValueError, match=r"shorter|longer"):
        TargetSelector().choose([match(1, 0.9)], [])


@pytest.mark.parametrize("turn", [math.radians(30), -math.radians(30), math.radians(7)])
def test_the_opening_scan_turns_once_around(turn: float) -> None:
    scan, yaw, steps = OpeningScan(True), 2.0, 0
    while scan.going(yaw):
        yaw += turn
        steps += 1
        assert steps < 100
    assert abs(steps * turn) == pytest.approx(math.tau, abs=abs(turn) + 0.11)


def test_a_robot_that_is_held_goes_on_scanning() -> None:
    scan = OpeningScan(True)
    assert all(scan.going(1.0) for _ in range(50))


def test_no_scan_where_something_is_known() -> None:
    assert not OpeningScan(False).going(0.3)
