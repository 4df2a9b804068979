"""All baseline networks are used alike, and are blind to what they must not see."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from made_segments import CONFIG, batched, index, padded, query_of, segments
from torch.testing import assert_close

from goat.errors import GoatError
from meta_controller.baselines.network import Baseline
from meta_controller.model.adapters import TASK
from meta_controller.model.config import ModelConfig, sized
from meta_controller.model.data import Segments, ShapeError
from meta_controller.model.loss import masked_mse
from meta_controller.model.policy import MetaController, Rows
from meta_controller.model.rows import AdapterError, row_parameters
from meta_controller.training.imitator import NETWORKS

NAMES = ("transformer", "prompt", "modular")
ROWS = index((2, 1))
CALM = replace(CONFIG, dropout=0.0, drop_path=0.0)


def baseline(name: str, config: ModelConfig = CONFIG, seed: int = 0) -> Baseline:
    """Return a network in evaluation mode of which all weights do something."""
    torch.manual_seed(seed)
    model = NETWORKS.load(name)(config, Rows(3, 4))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return model.eval()


@settings(max_examples=15)
@given(
    joints=st.integers(1, 9),
    batch=st.integers(1, 3),
    support=st.lists(st.integers(0, 3), min_size=1, max_size=6),
    queries=st.integers(1, 3),
    name=st.sampled_from(NAMES),
    seed=st.integers(0, 1000),
)
def test_any_body_gives_finite_actions_of_its_shape(
    joints: int, batch: int, support: list[int], queries: int, name: str, seed: int
) -> None:
    generator = torch.Generator().manual_seed(seed)
    shown = segments(generator, (batch, len(support), joints), first=tuple(support))
    query = query_of(shown, generator, queries)
    actions = baseline(name)(shown, query, index(*[(k, k + 1) for k in range(batch)]))
    assert actions.shape == (batch, queries, CONFIG.segment, joints)
    assert torch.isfinite(actions).all()
    assert (actions.abs() <= 1.0).all()


@pytest.mark.parametrize("name", NAMES)
def test_bodies_of_different_sizes_share_a_batch(name: str) -> None:
    generator = torch.Generator().manual_seed(1)
    model = baseline(name)
    small = segments(generator, (1, 3, 3), first=(0, 2, 3))
    large = segments(generator, (1, 3, 9), first=(0, 0, 1))
    pairs = [(s, query_of(s, generator, 2)) for s in (small, large)]
    wide = [tuple(padded(s, 9, generator) for s in pairs[0]), pairs[1]]
    support, query = (batched(part) for part in zip(*wide, strict=True))
    actions = model(support, query, index((0, 1), (2, 3)))
    assert_close(actions[:1, ..., :3], model(*pairs[0], index((0, 1))), atol=1e-5, rtol=0.0)
    assert_close(actions[1:], model(*pairs[1], index((2, 3))), atol=1e-5, rtol=0.0)
    moved = replace(wide[0][1], actuated=pairs[0][1].actuated.new_zeros(1, 9))
    moved.actuated[:, :3] = pairs[0][1].actuated
    assert_close(masked_mse(actions[:1], moved), masked_mse(actions[:1, ..., :3], pairs[0][1]))


@pytest.mark.parametrize("name", NAMES)
def test_steps_that_are_not_real_change_nothing(name: str) -> None:
    generator = torch.Generator().manual_seed(2)
    model = baseline(name)
    support = segments(generator, (1, 3, 4), first=(0, 2, 4))
    query = replace(query_of(support, generator, 1), time_mask=support.time_mask[:, 1:2])
    actions = model(support, query, ROWS)
    hidden = ~support.time_mask[..., None]
    assert support.actions is not None
    other = replace(
        support,
        tokens=support.tokens + 5.0 * hidden[..., None],
        actions=support.actions + 5.0 * hidden,
    )
    changed = replace(query, tokens=query.tokens + 5.0 * ~query.time_mask[..., None, None])
    assert_close(model(other, changed, ROWS)[:, :, 2:], actions[:, :, 2:])


@pytest.mark.parametrize("name", NAMES)
def test_a_step_is_told_by_itself_and_what_was_before_it(name: str) -> None:
    generator = torch.Generator().manual_seed(3)
    model = baseline(name)
    support = segments(generator, (1, 2, 4))
    query = query_of(support, generator, 2)
    other = query.tokens.clone()
    other[:, 0, 2] += 1.0
    change = (
        model(support, replace(query, tokens=other), ROWS) - model(support, query, ROWS)
    ).abs()
    assert change[:, 0, :2].max() < 1e-6
    assert change[:, 1].max() < 1e-6
    assert change[:, 0, 2].max() > 1e-3
    assert change[:, 0, 3].max() > 1e-4


@pytest.mark.parametrize("name", ["transformer", "modular"])
def test_demonstrations_are_not_looked_at_and_the_task_is_told(name: str) -> None:
    generator = torch.Generator().manual_seed(4)
    model = baseline(name)
    one, two = (segments(generator, (1, 3, 4)) for _ in range(2))
    query = query_of(one, generator, 2)
    actions = model(one, query, index((0, 1)))
    assert torch.equal(model(two, query, index((0, 1))), actions)
    assert torch.equal(model(one, query, index((2, 1))), actions)
    assert (model(one, query, index((0, 2))) - actions).abs().max() > 1e-3


def test_joints_are_told_apart_by_what_they_are_and_where_they_hang() -> None:
    generator = torch.Generator().manual_seed(5)
    model = baseline("modular")
    query = segments(generator, (1, 2, 4))
    assert query.distances is not None
    actions = model(query, query, ROWS)
    for other in (
        replace(query, distances=query.distances * 2),
        replace(query, actuated=~query.actuated),
        replace(query, kinds=(query.kinds + 1) % 3),
    ):
        assert (model(other, other, ROWS) - actions).abs().max() > 1e-4
    with pytest.raises(ShapeError, match="kinematic tree"):
        model(query, replace(query, distances=None), ROWS)


@pytest.mark.parametrize("name", NAMES)
def test_a_new_row_begins_as_another_and_then_goes_its_own_way(name: str) -> None:
    generator = torch.Generator().manual_seed(6)
    model = baseline(name)
    support = segments(generator, (1, 2, 5))
    query = query_of(support, generator, 2)
    like = model(support, query, index((1, 3)))
    body, task = model.add_embodiment(like=1), model.add_task(like=3)
    assert (body, task, model.rows) == (3, 4, Rows(4, 5))
    assert torch.equal(model(support, query, index((body, task))), like)
    model.load_state_dict(NETWORKS.load(name)(CONFIG, Rows(4, 5)).state_dict())
    for _, parameter in row_parameters(model, TASK):
        assert len(parameter) == 5
        with torch.no_grad():
            parameter[task] += 1.0
    assert torch.equal(
        model(support, query, index((body, 3))), model(support, query, index((0, 3)))
    )
    for add, count in ((model.add_embodiment, 4), (model.add_task, 5)):
        with pytest.raises(AdapterError, match=f"the network has {count}"):
            add(like=count)
    assert model.rows == Rows(4, 5)


@pytest.mark.parametrize("name", NAMES)
def test_all_weights_are_free_to_be_adapted_and_are_of_use(name: str) -> None:
    generator = torch.Generator().manual_seed(7)
    model = baseline(name, CALM)
    free = dict(model.adaptation_parameters())
    assert free.keys() == {key for key, _ in model.named_parameters()}
    support = segments(generator, (3, 2, 9))
    query = query_of(support, generator, 2)
    masked_mse(model(support, query, index((0, 1), (1, 2), (2, 3))), query).backward()
    idle = {key for key, p in free.items() if p.grad is None or not p.grad.abs().max() > 0.0}
    assert not idle


@pytest.mark.parametrize("name", NAMES)
def test_a_network_as_small_as_this_learns_a_few_segments(name: str) -> None:
    generator = torch.Generator().manual_seed(8)
    torch.manual_seed(8)
    model = NETWORKS.load(name)(CALM, Rows(2, 3)).train()
    support = segments(generator, (2, 2, 4))
    assert support.actions is not None
    # The same states are answered in opposite ways: only task and demonstrations tell which.
    sign = torch.tensor([1.0, -1.0])[:, None, None, None]
    done = 0.8 * torch.sin(3.0 * support.tokens[:1, ..., 1]) * sign
    both = Segments(
        support.tokens[:1].expand(2, -1, -1, -1, -1),
        *(x[:1].expand(2, -1) for x in (support.kinds, support.token_mask, support.actuated)),
        support.time_mask,
        done,
        support.distances,
        support.depths,
    )
    rows = index((1, 1), (1, 2))
    least = masked_mse(torch.zeros_like(done), both)
    optimizer = torch.optim.Adam(model.parameters(), 3e-3)
    for _ in range(150):
        loss = masked_mse(model(both, both, rows), both)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert masked_mse(model(both, both, rows), both) < 0.05 * least


@pytest.mark.parametrize("name", NAMES)
def test_wrong_shapes_are_named(name: str) -> None:
    generator = torch.Generator().manual_seed(9)
    model = baseline(name)
    good = segments(generator, (2, 2, 4))
    rows = index((0, 0), (1, 1))
    wide = segments(generator, (2, 2, 10))
    long = segments(generator, (2, 2, 4), replace(CONFIG, segment=5))
    calls: list[tuple[Callable[[], object], str]] = [
        (lambda: model(wide, wide, rows), "at most 9 tokens"),
        (lambda: model(long, long, rows), "takes 4 steps"),
        (lambda: model(good, good, ROWS), "as many indices"),
        (lambda: model(good, good, index((0, 0), (3, 1))), r"embodiment must be in 0\.\.2"),
        (lambda: model(good, good, index((0, 0), (1, 4))), r"task must be in 0\.\.3"),
        (lambda: model(good, replace(good, kinds=good.kinds + 3), rows), "kinds must be in"),
        (lambda: model.decider(good, rows, 3), "one body acts at a time"),
    ]
    for call, told in calls:
        with pytest.raises(GoatError, match=told):
            call()


@pytest.mark.parametrize("name", NAMES)
def test_they_have_no_fewer_weights_than_act_in_the_meta_controller(name: str) -> None:
    rows = Rows(1, 1)
    wanted = sum(p.numel() for p in MetaController(sized("nano"), rows).parameters())
    have = sum(p.numel() for p in NETWORKS.load(name)(sized("nano"), rows).parameters())
    assert 1.0 < have / wanted < 1.7
