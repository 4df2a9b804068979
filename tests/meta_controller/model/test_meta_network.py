"""The network is blind to padding, to later steps and to the order of demonstrations."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from made_segments import CONFIG, VARIANTS, index, network, padded, query_of, segments
from torch.testing import assert_close

from goat.errors import ConfigError, UnknownNameError
from meta_controller.model.config import ModelConfig, sized
from meta_controller.model.data import Index, Segments, ShapeError
from meta_controller.model.lanes import moved_lanes
from meta_controller.model.loss import masked_mse
from meta_controller.model.policy import MetaController, Rows


@settings(max_examples=25)
@given(
    joints=st.integers(1, 9),
    batch=st.integers(1, 3),
    support=st.lists(st.integers(0, 3), min_size=1, max_size=3),
    queries=st.integers(1, 3),
    variant=st.sampled_from(sorted(VARIANTS)),
    seed=st.integers(0, 1000),
)
def test_any_body_gives_finite_actions_of_its_shape(
    joints: int, batch: int, support: list[int], queries: int, variant: str, seed: int
) -> None:
    generator = torch.Generator().manual_seed(seed)
    model = network(VARIANTS[variant])
    shown = segments(generator, (batch, len(support), joints), first=tuple(support))
    query = query_of(shown, generator, queries)
    actions = model(shown, query, index(*[(k, k + 1) for k in range(batch)]))
    assert actions.shape == (batch, queries, CONFIG.segment, joints)
    assert torch.isfinite(actions).all()
    assert (actions.abs() <= 1.0).all()


@pytest.mark.parametrize("name", VARIANTS)
def test_padding_a_body_changes_nothing(name: str) -> None:
    generator = torch.Generator().manual_seed(1)
    model, rows = network(VARIANTS[name]), index((0, 1), (2, 3))
    support = segments(generator, (2, 3, 3), first=(0, 2, 3))
    query = query_of(support, generator, 2)
    actions = model(support, query, rows)
    wide = padded(support, 9, generator), padded(query, 9, generator)
    assert_close(model(*wide, rows)[..., :3], actions, atol=1e-5, rtol=0.0)
    assert_close(masked_mse(model(*wide, rows), wide[1]), masked_mse(actions, query))


@pytest.mark.parametrize("name", VARIANTS)
def test_what_nothing_moves_need_not_go_through_time(name: str) -> None:
    generator = torch.Generator().manual_seed(7)
    model, rows = network(VARIANTS[name]), index((0, 1), (2, 3))
    support = segments(generator, (2, 3, 5))
    support.actuated[1] = torch.tensor([False, True, True, False, False])
    query = query_of(support, generator, 2)
    lanes = moved_lanes(query.actuated)
    assert lanes.tolist() == [[0, 2, 3], [1, 2, 0]]
    whole = model(support, query, rows)
    few = model(replace(support, lanes=lanes), replace(query, lanes=lanes), rows)
    moved = query.actuated[:, None, None].expand_as(whole)
    assert_close(few[moved], whole[moved])


def test_steps_that_are_not_real_change_nothing() -> None:
    generator = torch.Generator().manual_seed(2)
    model = network()
    support = segments(generator, (1, 3, 4), first=(0, 2, 4))
    query = replace(query_of(support, generator, 1), time_mask=support.time_mask[:, 1:2])
    actions = model(support, query, index((1, 1)))
    hidden = ~support.time_mask[..., None]
    assert support.actions is not None
    other = replace(
        support,
        tokens=support.tokens + 5.0 * hidden[..., None],
        actions=support.actions + 5.0 * hidden,
    )
    changed = replace(query, tokens=query.tokens + 5.0 * ~query.time_mask[..., None, None])
    assert_close(model(other, changed, index((1, 1)))[:, :, 2:], actions[:, :, 2:])


@pytest.mark.parametrize("name", VARIANTS)
def test_later_steps_change_nothing_before_them(name: str) -> None:
    generator = torch.Generator().manual_seed(3)
    model = network(VARIANTS[name])
    support = segments(generator, (1, 2, 4))
    query = query_of(support, generator, 2)
    later = query.tokens.clone()
    later[:, :, 3] += 1.0
    before = model(support, query, index((0, 0)))
    after = model(support, replace(query, tokens=later), index((0, 0)))
    assert_close(after[:, :, :3], before[:, :, :3])
    assert (after[:, :, 3] - before[:, :, 3]).abs().max() > 1e-4


def test_the_order_of_demonstrations_changes_nothing_and_what_they_did_does() -> None:
    generator = torch.Generator().manual_seed(4)
    model = network()
    support = segments(generator, (1, 3, 4), first=(0, 1, 2))
    query = query_of(support, generator, 2)
    order = torch.tensor([2, 0, 1])
    assert support.actions is not None
    turned = replace(
        support,
        tokens=support.tokens[:, order],
        actions=support.actions[:, order],
        time_mask=support.time_mask[:, order],
    )
    actions = model(support, query, index((0, 0)))
    assert_close(model(turned, query, index((0, 0))), actions)
    opposite = model(replace(support, actions=-support.actions), query, index((0, 0)))
    assert (opposite - actions).abs().max() > 1e-3


def test_samples_of_a_batch_know_nothing_of_each_other() -> None:
    generator = torch.Generator().manual_seed(5)
    model = network()
    support = segments(generator, (3, 2, 5))
    query = query_of(support, generator, 2)
    together = model(support, query, index((0, 3), (1, 1), (2, 0)))

    def one(found: Segments) -> Segments:
        return Segments(
            *(x[1:2] for x in (found.tokens, found.kinds, found.token_mask, found.actuated)),
            found.time_mask[1:2],
            None if found.actions is None else found.actions[1:2],
        )

    assert_close(model(one(support), one(query), index((1, 1)))[0], together[1])


def test_joints_know_of_each_other_only_through_the_structure_encoder() -> None:
    generator = torch.Generator().manual_seed(6)
    support = segments(generator, (1, 2, 4))
    query = query_of(support, generator, 1)
    moved = query.tokens.clone()
    moved[..., 3, :] += 1.0
    for structure in (True, False):
        model = network(replace(CONFIG, structure=structure))
        before = model(support, query, index((0, 0)))
        after = model(support, replace(query, tokens=moved), index((0, 0)))
        assert (((after - before)[..., 0]).abs().max() > 1e-5) == structure


def test_tree_distances_tell_joints_apart() -> None:
    generator = torch.Generator().manual_seed(7)
    model = network(VARIANTS["tree"])
    support = segments(generator, (1, 2, 4))
    query = query_of(support, generator, 1)
    assert query.distances is not None
    actions = model(support, query, index((0, 0)))
    far = replace(query, distances=query.distances * 2)
    assert (model(support, far, index((0, 0))) - actions).abs().max() > 1e-4
    for lacking in ({"distances": None}, {"depths": None}):
        with pytest.raises(ShapeError, match="kinematic tree"):
            model(support, replace(query, **lacking), index((0, 0)))


def test_attention_tells_up_from_down_and_from_another_way() -> None:
    model = network(VARIANTS["tree"])
    assert model.tree is not None
    # A root with two arms of one and of two joints: 0 carries 1 and 2, and 2 carries 3.
    distances = torch.tensor([[[0, 1, 1, 2], [1, 0, 2, 3], [1, 2, 0, 1], [2, 3, 1, 0]]])
    found = segments(torch.Generator().manual_seed(7), (1, 1, 4))
    found = replace(found, distances=distances, depths=torch.tensor([[0, 1, 1, 2]]))
    bias = model.joint_mask(found)[0, 0]
    up, down, other = model.tree.unbind(1)
    assert_close(bias[:, 3, 2], up[:, 1])
    assert_close(bias[:, 3, 0], up[:, 2])
    assert_close(bias[:, 0, 3], down[:, 2])
    assert_close(bias[:, 1, 1], down[:, 0])
    assert_close(bias[:, 1, 2], other[:, 2])
    assert_close(bias[:, 3, 1], other[:, 3])
    assert len({float(x) for x in (up[0, 2], down[0, 2], other[0, 2])}) == 3


def test_a_token_tells_how_deep_its_joint_is() -> None:
    generator = torch.Generator().manual_seed(7)
    model = network(replace(VARIANTS["tree"], structure=False))
    support = segments(generator, (1, 2, 4))
    query = query_of(support, generator, 1)
    assert query.depths is not None
    deeper = replace(query, depths=query.depths + 1)
    moved = model(support, deeper, index((0, 0))) - model(support, query, index((0, 0)))
    assert moved.abs().max() > 1e-4


def test_without_matching_demonstrations_are_not_looked_at() -> None:
    generator = torch.Generator().manual_seed(8)
    model = network(VARIANTS["no matching"])
    query = segments(generator, (1, 2, 4))
    one, two = (segments(generator, (1, 3, 4)) for _ in range(2))
    assert_close(model(one, query, index((0, 0))), model(two, query, index((0, 0))))


def test_the_loss_is_of_actuated_joints_and_real_steps() -> None:
    generator = torch.Generator().manual_seed(9)
    query = segments(generator, (2, 3, 5), first=(0, 2, 3))
    assert query.actions is not None
    mask = query.time_mask[..., None] & query.actuated[:, None, None]
    predicted = torch.where(mask, query.actions + 0.5, torch.full_like(query.actions, 9.0))
    assert masked_mse(predicted, query).item() == pytest.approx(0.25)
    with pytest.raises(ShapeError, match="no actions"):
        masked_mse(predicted, replace(query, actions=None))
    with pytest.raises(ShapeError, match="predicted"):
        masked_mse(predicted[..., :2], query)


def test_wrong_shapes_are_named() -> None:
    generator = torch.Generator().manual_seed(10)
    model = network()
    good = segments(generator, (1, 2, 4))
    with pytest.raises(ShapeError, match="tokens must have the shape"):
        replace(good, tokens=good.tokens[0])
    with pytest.raises(ShapeError, match="kinds must be"):
        replace(good, kinds=good.kinds.int())
    with pytest.raises(ShapeError, match="time_mask"):
        replace(good, time_mask=good.time_mask[:, :1])
    wide = segments(generator, (1, 2, 10))
    with pytest.raises(ShapeError, match="at most 9 tokens"):
        model(wide, wide, index((0, 0)))
    with pytest.raises(ShapeError, match="different bodies"):
        model(segments(generator, (1, 2, 3)), good, index((0, 0)))
    with pytest.raises(ShapeError, match="no actions"):
        model(replace(good, actions=None), good, index((0, 0)))
    with pytest.raises(ShapeError, match=r"task must be in 0\.\.3, got 4\.\.4"):
        model(good, good, index((0, 4)))
    with pytest.raises(ShapeError, match="as many indices"):
        model(good, good, index((0, 0), (1, 1)))
    with pytest.raises(ShapeError, match="task"):
        Index(torch.tensor([0, 1]), torch.tensor([0]))


def test_sizes_have_names_and_bad_ones_are_named_errors() -> None:
    assert sized("nano").width == 64
    assert sized("paper", dropout=0.0).blocks == 6
    with pytest.raises(UnknownNameError, match="nano"):
        sized("nona")
    for wrong in ({"heads": 3}, {"rank": 0}, {"dropout": 1.0}, {"top_k": 0}):
        with pytest.raises(ConfigError):
            replace(CONFIG, **wrong)


def test_it_learns_linear_feedback_from_demonstrations() -> None:
    config = ModelConfig(
        width=32, heads=2, blocks=1, structure_blocks=1, segment=4, rank=2, joints=3, dropout=0.0
    )
    generator = torch.Generator().manual_seed(11)
    torch.manual_seed(11)
    model = MetaController(config, Rows(1, 1)).train()
    optimiser = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.0)
    losses, variance = [], 0.0
    for _ in range(80):
        support = feedback(segments(generator, (8, 4, 2), config))
        query = feedback(query_of(support, generator, 4))
        assert query.actions is not None
        variance = float(query.actions[..., query.actuated[0]].var())
        loss = masked_mse(model(support, query, index(*[(0, 0)] * 8)), query)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[0] > variance
    assert sum(losses[-10:]) / 10 < 0.2 * variance


def feedback(found: Segments) -> Segments:
    """Return segments of slides in which each joint is pulled back to zero."""
    actions = (-0.6 * found.tokens[..., 0]).clamp(-1.0, 1.0)
    return replace(found, kinds=torch.zeros_like(found.kinds), actions=actions)


def test_it_can_be_compiled_as_one_graph() -> None:
    generator = torch.Generator().manual_seed(12)
    model = network()
    support = segments(generator, (2, 2, 4))
    query = query_of(support, generator, 2)
    rows = index((0, 1), (2, 3))
    compiled = torch.compile(model, backend="eager", fullgraph=True)
    assert_close(compiled(support, query, rows), model(support, query, rows))


def test_like_motion_attends_to_like_before_any_training() -> None:
    torch.manual_seed(0)
    matching = MetaController(CONFIG, Rows(1, 1)).matching
    assert matching is not None
    motion = torch.randn(1, 2, 30, CONFIG.width)
    keys, _ = matching.keys(motion, torch.randn_like(motion))
    taken = matching.weights(motion, keys, None).mean(dim=2)
    assert (taken.argmax(dim=-1) == torch.arange(30)).float().mean() > 0.95
