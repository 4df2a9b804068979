from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goat.memory import posterior as module
from goat.memory.posterior import Calibration


def posterior(scores, seen, neutral):
    return module.posterior(scores, seen, dict.fromkeys(scores, 1.0), Calibration(neutral, 1.0))


CALIBRATION = Calibration(0.25, 1.0)
SCORES = st.dictionaries(st.integers(0, 9), st.floats(0.0, 1.0), max_size=8)
SHARES = st.floats(0.05, 0.97)


@given(SCORES, SHARES, st.floats(0.1, 0.9))
def test_candidates_and_the_unseen_share_what_there_is(scores, seen, neutral) -> None:
    found = posterior(scores, seen, neutral)
    assert set(found) == set(scores)
    assert all(0.0 <= p <= 1.0 for p in found.values())
    assert sum(found.values()) < 1.0
    order = sorted(scores, key=scores.__getitem__)
    assert [found[i] for i in order] == sorted(found.values())


@given(SHARES, st.floats(0.1, 0.9), st.integers(1, 9))
def test_neutral_scores_leave_the_prior(seen, neutral, count) -> None:
    found = posterior(dict.fromkeys(range(count), neutral), seen, neutral)
    assert sum(found.values()) == pytest.approx(seen)


def test_the_more_was_seen_the_likelier_the_only_candidate() -> None:
    rising = [posterior({1: 0.3}, seen, 0.25)[1] for seen in (0.1, 0.5, 0.9)]
    assert rising == sorted(rising)
    assert rising[0] < 0.2
    assert rising[-1] > 0.85


def test_a_clear_match_needs_no_exploration() -> None:
    assert posterior({1: 0.95, 2: 0.13}, 0.3, 0.25)[1] > 0.85


def test_what_is_unlikely_by_its_name_takes_little_from_the_others() -> None:
    alone = module.posterior({1: 0.3}, 0.6, {1: 1.0}, CALIBRATION)[1]
    beside = module.posterior({1: 0.3, 2: 0.3}, 0.6, {1: 1.0, 2: 0.01}, CALIBRATION)
    assert beside[1] == pytest.approx(alone, abs=0.01)
    assert beside[2] < 0.01


def test_the_calibration_turns_at_the_neutral_score_and_has_an_end() -> None:
    calibration = Calibration(0.2, 2.0, most=50.0)
    low, even, high, sure = calibration.ratios(np.array([0.1, 0.2, 0.4, 1.0]))
    assert low < 1.0 < high < sure == 50.0
    assert even == pytest.approx(1.0)
    assert high == pytest.approx(((0.4 / 0.6) / (0.2 / 0.8)) ** 2)


def test_a_twin_may_be_unseen_unless_the_surroundings_agree() -> None:
    scores, prior = {1: 0.98, 2: 0.5}, {1: 1.0, 2: 1.0}
    found = [
        module.posterior(scores, 0.4, prior, CALIBRATION, {1: placed, 2: 0.0})
        for placed in (0.0, 0.5, 1.0)
    ]
    assert [f[1] for f in found] == sorted(f[1] for f in found)
    assert found[0][1] < 0.6
    assert found[-1][1] > 0.9
    assert all(f[1] > 5.0 * f[2] for f in found), "among the seen it is the better one all the same"


def test_other_evidence_tells_candidates_that_look_alike_apart() -> None:
    alike, even = {1: 0.4, 2: 0.4}, {1: 1.0, 2: 1.0}
    without = module.posterior(alike, 0.6, even, CALIBRATION)
    found = module.posterior(alike, 0.6, even, CALIBRATION, evidence={1: 2.0, 2: -2.0})
    assert without[1] == without[2]
    assert found[1] / found[2] == pytest.approx(np.exp(4.0))
    doubted = module.posterior(alike, 0.6, even, CALIBRATION, evidence={1: -3.0, 2: -3.0})
    assert sum(doubted.values()) < 0.2 < sum(without.values())
