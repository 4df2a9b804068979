from __future__ import annotations

import math
import time

import numpy as np
import pytest
from bench_records import AGENTS, make_goal, make_missed, make_record, make_records

from goat.bench.bootstrap import enough, intervals, ratios, resample
from goat.bench.metrics import MetricsConfig, measure
from goat.bench.session import GoalResult
from goat.types import Status

CONFIG = MetricsConfig(resamples=500)


def goat_of(*episodes: list[GoalResult]):
    records = [make_record(goals, episode=str(k)) for k, goals in enumerate(episodes)]
    return measure(records, CONFIG)["goat"]


def test_success_and_spl_are_means_over_goals_of_both_rules() -> None:
    near = make_goal(strict_success=False, strict_spl=0.0, spl=0.5)
    found = goat_of([make_goal(), near], [make_missed()])
    assert (found.strict.success, found.relaxed.success) == pytest.approx((1 / 3, 2 / 3))
    assert (found.strict.spl, found.relaxed.spl) == pytest.approx((0.25, 1.25 / 3))
    assert (found.strict.n, found.episodes) == (3, 2)


def test_a_miss_counts_as_spl_0_even_where_no_way_leads_there() -> None:
    lost = make_missed(shortest_m=None, spl=None, strict_spl=None)
    assert goat_of([make_goal(), lost]).strict.spl == pytest.approx(0.375)


def test_goals_that_nobody_can_judge_do_not_count() -> None:
    unknown = make_goal(success=None, strict_success=None, spl=None, strict_spl=None)
    found = goat_of([make_goal(), unknown])
    assert (found.strict.success, found.strict.n) == (1.0, 1)
    nothing = goat_of([unknown])
    assert (nothing.strict.success, nothing.strict.spl, nothing.strict.n) == (None, None, 0)


def test_numbers_that_are_not_finite_count_as_missing() -> None:
    found = goat_of([make_goal(path_length_m=math.nan), make_goal(path_length_m=6.0)])
    assert found.effort["path_length_m"].mean == 6.0


def test_goals_fall_into_modality_index_visit_and_category() -> None:
    found = goat_of(
        [make_goal(), make_missed(modality="image", first_visit=False, category="bed")],
        [make_missed(modality="language"), make_goal(modality="image", category=None)],
    )
    strict = {kind: scores["strict"] for kind, scores in found.by_modality.items()}
    assert {kind: (s.success, s.n) for kind, s in strict.items()} == {
        "category": (1.0, 1), "image": (0.5, 2), "language": (0.0, 1)
    }  # fmt: skip
    assert [scores["strict"].success for scores in found.by_index] == [0.5, 0.5]
    assert found.by_visit["revisit"]["strict"].success == 0.0
    assert found.by_visit["first"]["strict"].n == 3
    assert list(found.by_category) == ["bed", "chair"]


def test_matching_is_judged_only_where_a_target_was_known() -> None:
    found = goat_of(
        [
            make_goal(),
            make_goal(best="bed_01", modality="image"),
            make_goal(best=None),
            make_goal(known=False, best="bed_01"),
            make_goal(known=None, best=None),
        ]
    ).matching
    assert (found.accuracy, found.n) == (pytest.approx(1 / 3), 3)
    assert found.by_modality["image"].mean == 0.0
    assert found.by_modality["language"].mean is None


def test_step_cost_is_weighted_by_steps() -> None:
    cheap = make_goal(steps=30, cost_ms={"render": 10.0})
    dear = make_goal(steps=10, cost_ms={"render": 50.0, "plan": 4.0})
    cost = goat_of([cheap, dear, make_goal(steps=0, cost_ms={"render": 1e9})]).cost_ms
    assert cost == {"render": pytest.approx(20.0), "plan": pytest.approx(4.0)}


def test_throughput_is_episodes_per_hour_of_one_worker() -> None:
    assert goat_of([make_goal()], [make_goal()]).episodes_per_hour == pytest.approx(60.0)


def test_late_goals_are_compared_with_the_first() -> None:
    episode = [make_goal(strict_spl=0.2), *[make_goal(strict_spl=v) for v in (0, 0, 0, 0.6, 1.0)]]
    found = goat_of(episode, episode).learning
    assert (found.first_spl, found.late_spl) == pytest.approx((0.2, 0.8))
    assert found.ratio == pytest.approx(4.0)
    assert found.ci == pytest.approx((4.0, 4.0))
    never = goat_of([make_missed(), *episode[1:]]).learning
    assert (never.first_spl, never.ratio, never.ci) == (0.0, None, None)


def test_one_episode_has_no_interval() -> None:
    found = goat_of([make_goal(), make_missed()])
    assert found.strict.ci == {"success": None, "spl": None}


def test_intervals_widen_when_goals_of_an_episode_fall_together() -> None:
    together = [[make_goal()] * 10 if k % 2 else [make_missed()] * 10 for k in range(20)]
    mixed = [[make_goal(), make_missed()] * 5 for _ in range(20)]
    wide, narrow = goat_of(*together).strict, goat_of(*mixed).strict
    assert wide.success == narrow.success == 0.5
    assert narrow.ci["success"] == (0.5, 0.5)
    low, high = wide.ci["success"] or (0.0, 0.0)
    # the standard error of 20 coins is 0.112, that of 200 only 0.035
    assert high - low == pytest.approx(2 * 1.96 * 0.112, rel=0.15)


def test_bootstrap_intervals_cover_the_truth() -> None:
    rng, covered = np.random.default_rng(1), 0
    for _ in range(200):
        sums = rng.binomial(10, rng.beta(8, 2, 40)).astype(float)
        weights = resample(rng, 40, 400)
        low, high = intervals(ratios(weights, sums, np.full(40, 10.0)), 0.95)
        covered += low <= 0.8 <= high
    assert 0.88 <= covered / 200 <= 0.99


def test_intervals_leave_out_samples_without_goals() -> None:
    samples = np.array([[1.0, np.nan], [3.0, np.nan], [np.nan, np.nan], [2.0, np.nan]])
    low, high = intervals(samples, 0.5)
    assert (low[0], high[0]) == (1.5, 2.5)
    assert np.isnan(low[1])
    assert np.isnan(high[1])
    assert not enough(np.array([[3.0], [0.0]]))[0]


def test_differences_are_paired_by_episode() -> None:
    """Episodes differ much from each other, agents by one goal in each: a sure difference."""
    records = []
    for k in range(12):
        good = 1 + k % 8
        records.append(make_record([make_goal()] * (good + 1) + [make_missed()] * (9 - good),
                                   "goat", str(k)))  # fmt: skip
        records.append(make_record([make_goal()] * good + [make_missed()] * (10 - good),
                                   "no-verify", str(k)))  # fmt: skip
    found = measure(records, CONFIG)
    difference = found["no-verify"].differences
    assert difference is not None
    one = difference.strict["success"]
    assert one is not None
    assert one.difference == pytest.approx(-0.1)
    assert one.ci == pytest.approx((-0.1, -0.1))
    assert one.excludes_0
    wide = found["goat"].strict.ci["success"] or (0.0, 0.0)
    assert wide[1] - wide[0] > 0.2
    assert found["goat"].differences is None


def test_differences_use_common_episodes_only() -> None:
    records = [
        make_record([make_goal()], "goat", "0"),
        make_record([make_missed()], "goat", "1"),
        make_record([make_goal()], "random", "0"),
        make_record([make_goal()], "random", "2"),
        make_record([make_goal()], "random", "0", digest="another"),
    ]
    found = measure(records, CONFIG)["random"]
    assert found.strict.n == 3
    assert found.differences is not None
    assert found.differences.episodes == 1
    one = found.differences.strict["success"]
    assert one is not None
    assert (one.difference, one.ci, one.excludes_0) == (0.0, None, False)


def test_nothing_in_common_gives_no_difference() -> None:
    records = [make_record([make_goal()], "goat", "0"), make_record([make_goal()], "random", "1")]
    found = measure(records, CONFIG)["random"].differences
    assert found is not None
    assert (found.episodes, found.strict["success"]) == (0, None)
    alone = measure(records[1:], CONFIG)["random"]
    assert alone.differences is None


def test_an_episode_without_goals_is_counted_but_says_nothing() -> None:
    found = goat_of([], [make_goal()])
    assert (found.episodes, found.strict.n) == (2, 1)
    empty = goat_of([])
    assert (empty.strict.success, empty.by_index) == (None, ())


def test_the_same_records_give_the_same_figures_in_any_order() -> None:
    records = make_records(("goat", "no-memory"), episodes=6, goals=4)
    assert measure(records, CONFIG) == measure(records, CONFIG)
    again = measure(records[::-1], CONFIG)
    assert again["goat"] == measure(records, CONFIG)["goat"]


def test_a_full_benchmark_is_measured_in_seconds() -> None:
    records = make_records(AGENTS, episodes=100, goals=10)
    began = time.process_time()
    found = measure(records)
    assert time.process_time() - began < 20.0
    assert found["goat"].strict.success > found["no-instances"].strict.success  # type: ignore[operator]
    ended = [record.goals for record in records if record.job.agent == "goat"]
    missed = sum(goal.strict_success is False for goals in ended for goal in goals)
    assert sum(found["goat"].failures.values()) == missed
    assert Status.REACHED in {goal.status for goals in ended for goal in goals}
