"""Random search climbs, and gives the same policy for the same seed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from meta_controller.learning.ars import RandomSearch, SearchConfig
from meta_controller.learning.linear import (
    LinearPolicy,
    PolicyFileError,
    empty_ladder,
    load_ladder,
)
from meta_controller.learning.search import Search
from meta_controller.names import TASKS

SMALL = SearchConfig(directions=6, best=3, starts=1)


@pytest.mark.slow
def test_a_search_learns_to_balance_a_pole() -> None:
    search = RandomSearch(TASKS.load("cartpole-balance")(), SMALL, seed=1)
    first = search.iterate().mean
    for _ in range(30):
        last = search.iterate()
    assert last.mean > first + 150.0
    assert last.best <= 1000.0
    search.close()


def test_the_same_seed_gives_the_same_policy() -> None:
    found = []
    for _ in range(2):
        search = RandomSearch(TASKS.load("pendulum-spin")(), SMALL, seed=3)
        search.iterate()
        found.append(search.policy)
        search.close()
    np.testing.assert_array_equal(found[0].weights, found[1].weights)
    assert np.abs(found[0].weights).max() > 0.0


def test_a_search_goes_on_as_if_it_had_not_been_stopped() -> None:
    whole = RandomSearch(TASKS.load("pendulum-spin")(), SMALL, seed=3)
    whole.iterate()
    state = whole.state()
    whole.iterate()
    later = RandomSearch(TASKS.load("pendulum-spin")(), SMALL, seed=8)
    later.restore(state)
    later.iterate()
    np.testing.assert_array_equal(later.policy.weights, whole.policy.weights)
    other = RandomSearch(TASKS.load("cartpole-balance")(), SMALL)
    with pytest.raises(PolicyFileError, match="cartpole-balance needs"):
        other.restore(state)
    for search in (whole, later, other):
        search.close()


def test_a_search_in_a_folder_is_gone_on_with(tmp_path: Path) -> None:
    task, said = TASKS.load("pendulum-spin")(), []
    first = Search(task, tmp_path, SMALL).run(0.005, said.append)
    assert [report.iterations for report in said] == list(range(1, len(said) + 1))
    again = Search(task, tmp_path, SMALL)
    np.testing.assert_allclose(again.ladder.returns, first.returns, rtol=1e-6)
    more = again.run(0.005, said.append)
    assert said[-1].iterations > len(first)
    assert more.returns[-1] >= first.returns[-1] - 1e-3
    (tmp_path / "pendulum-spin.search.safetensors").write_bytes(b"nonsense")
    with pytest.raises(PolicyFileError, match="delete it to begin anew"):
        Search(task, tmp_path, SMALL)


def test_policies_are_kept_and_belong_to_one_body(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    ladder = empty_ladder(5, 2)
    for value in (30.0, 60.0, 100.0):
        policy = LinearPolicy(rng.normal(size=(2, 5)), rng.normal(size=5), np.ones(5))
        ladder = ladder.above(policy, value)
    ladder.save(tmp_path / "p.safetensors", "some-task", "digest")
    again = load_ladder(tmp_path / "p.safetensors", 5, 2)
    features = rng.normal(size=(4, 5))
    np.testing.assert_allclose(again.policy().act(features), policy.act(features), atol=1e-5)
    assert np.abs(policy.act(100.0 * features)).max() <= 1.0
    np.testing.assert_array_equal(again.policy(0.5).weights, again.weights[1])
    with pytest.raises(PolicyFileError, match=r"needs \(K, 3, 5\)"):
        load_ladder(tmp_path / "p.safetensors", 5, 3)
    (tmp_path / "bad.safetensors").write_bytes(b"nonsense")
    with pytest.raises(PolicyFileError, match="no policies"):
        load_ladder(tmp_path / "bad.safetensors", 5, 2)
