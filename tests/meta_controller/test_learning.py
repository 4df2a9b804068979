"""Random search climbs, and gives the same policy for the same seed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from meta_controller.learning.ars import RandomSearch, SearchConfig
from meta_controller.learning.linear import LinearPolicy, PolicyFileError, load_policy
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


def test_a_policy_is_kept_and_belongs_to_one_body(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    policy = LinearPolicy(rng.normal(size=(2, 5)), rng.normal(size=5), np.ones(5))
    policy.save(tmp_path / "p.safetensors", "some-task", "digest")
    again = load_policy(tmp_path / "p.safetensors", 5, 2)
    features = rng.normal(size=(4, 5))
    np.testing.assert_array_equal(again.act(features), policy.act(features))
    assert np.abs(policy.act(100.0 * features)).max() <= 1.0
    with pytest.raises(PolicyFileError, match=r"needs \(3, 5\)"):
        load_policy(tmp_path / "p.safetensors", 5, 3)
    (tmp_path / "bad.safetensors").write_bytes(b"nonsense")
    with pytest.raises(PolicyFileError, match="no policy"):
        load_policy(tmp_path / "bad.safetensors", 5, 2)
