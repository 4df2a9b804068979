"""Rows of adapters: new ones start as the shared network, and each is its own."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from made_segments import CONFIG, index, network, query_of, segments
from torch.testing import assert_close

from meta_controller.model.adapters import EMBODIMENT, TASK, merge
from meta_controller.model.data import ShapeError
from meta_controller.model.loss import masked_mse
from meta_controller.model.policy import MetaController, Rows
from meta_controller.model.rows import AdapterError, row_parameters


def task_data(seed: int = 0):
    generator = torch.Generator().manual_seed(seed)
    support = segments(generator, (2, 2, 4))
    return support, query_of(support, generator, 2)


def test_new_rows_start_as_copies_and_leave_the_others_alone() -> None:
    model, (support, query) = network(), task_data()
    with pytest.raises(ShapeError, match="task"):
        model(support, query, index((0, 4), (1, 4)))
    before = model(support, query, index((0, 2), (1, 1)))
    assert model.add_task(like=2) == 4
    assert model.add_embodiment(like=1) == 3
    assert_close(model(support, query, index((0, 4), (3, 1))), before)
    assert_close(model(support, query, index((0, 2), (1, 1))), before)
    with pytest.raises(AdapterError, match="there is no task 9"):
        model.add_task(like=9)


def test_training_one_task_leaves_the_others_and_the_network_alone() -> None:
    model, (support, query) = network(), task_data(2)
    whole = {name: p.detach().clone() for name, p in model.named_parameters()}
    before = [model.adapter_state(task=k) for k in range(4)]
    trained = dict(row_parameters(model, TASK))
    optimiser = torch.optim.AdamW(trained.values(), lr=1e-2, weight_decay=0.0)
    for _ in range(3):
        optimiser.zero_grad()
        masked_mse(model(support, query, index((0, 2), (1, 2))), query).backward()
        optimiser.step()
    for k, old in enumerate(before):
        new = model.adapter_state(task=k)
        assert all(torch.equal(new[name], old[name]) != (k == 2) for name in old)
    for name, parameter in model.named_parameters():
        assert torch.equal(parameter, whole[name]) != (name in trained)


def test_gradients_reach_exactly_what_adaptation_may_train() -> None:
    model, (support, query) = network(), task_data(3)
    support, query = (
        replace(found, kinds=torch.tensor([[0, 1, 2, 1]] * 2)) for found in (support, query)
    )
    allowed = dict(model.adaptation_parameters())
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    for parameter in allowed.values():
        parameter.requires_grad_(True)
    masked_mse(model(support, query, index((1, 2), (1, 2))), query).backward()
    for name, parameter in model.named_parameters():
        if name not in allowed:
            assert parameter.grad is None, name
            continue
        row = 2 if name.startswith("motion.") else 1
        assert parameter.grad is not None, name
        reached = parameter.grad.flatten(1).abs().sum(dim=1) > 0.0
        assert reached.tolist() == [k == row for k in range(len(parameter))], name
    prefixes = {name.split(".", maxsplit=1)[0] for name in allowed}
    assert prefixes == {"motion", "embedding", "structure"}


def test_rows_go_from_one_network_to_another() -> None:
    model, (support, query) = network(), task_data(4)
    row, first = index((1, 3), (1, 3)), index((0, 0), (0, 0))
    before = model(support, query, row)
    state = model.adapter_state(embodiment=1, task=3)
    other = network(rows=Rows(1, 1), seed=9)
    other.load_state_dict(
        {k: v for k, v in model.state_dict().items() if k in _shared(model)}, strict=False
    )
    assert (other(support, query, first) - before).abs().max() > 1e-3
    other.load_adapter_state(state, embodiment=0, task=0)
    assert_close(other(support, query, first), before)


def _shared(model: MetaController) -> set[str]:
    own = {name for name, _ in model.adaptation_parameters()}
    return {name for name, _ in model.named_parameters()} - own


def test_rows_that_do_not_fit_are_named_and_change_nothing() -> None:
    model = network()
    before = model.adapter_state(embodiment=0, task=0)
    wide = network(replace(CONFIG, rank=3)).adapter_state(embodiment=0, task=0)
    with pytest.raises(AdapterError, match="same width and rank"):
        model.load_adapter_state(wide, embodiment=0, task=0)
    with pytest.raises(AdapterError, match="names do not agree"):
        model.load_adapter_state(before, task=0)
    with pytest.raises(AdapterError, match="there is no task 4"):
        model.adapter_state(task=4)
    with pytest.raises(AdapterError, match="there is no embodiment -1"):
        model.load_adapter_state(before, embodiment=-1, task=0)
    after = model.adapter_state(embodiment=0, task=0)
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_merged_layers_do_what_adapters_do() -> None:
    model = network()
    plain = merge(model, {EMBODIMENT: 2, TASK: 1})
    x = torch.randn(3, 5, 4, CONFIG.width, generator=torch.Generator().manual_seed(6))
    rows = torch.tensor([2, 2, 2])
    assert model.structure is not None
    assert plain.structure is not None
    assert_close(plain.structure(x), model.structure(x, rows), atol=1e-5, rtol=1e-5)
    assert_close(plain.motion(x), model.motion(x, rows - 1), atol=1e-5, rtol=1e-5)
    assert not any(name.endswith("up") for name, _ in plain.structure.named_parameters())
