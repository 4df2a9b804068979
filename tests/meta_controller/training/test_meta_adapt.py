"""Adaptation trains one body and task and nothing else, and its file belongs to one network."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from made_sources import SMALL, body_of, network, shown, sources, trained

from goat.errors import ConfigError
from meta_controller.environments import Environments
from meta_controller.evaluation.law import NetworkLaw
from meta_controller.model.data import Index
from meta_controller.model.loss import masked_mse
from meta_controller.model.rows import AdapterError
from meta_controller.names import TASKS
from meta_controller.training.adapt import AdaptationConfig, adapt, stages
from meta_controller.training.adapters import load_adapters, save_adapters
from meta_controller.training.episodes import Source, collate, draw
from meta_controller.training.imitator import Imitator
from meta_controller.training.meta import MetaTraining, TrainingConfig

NEW = "point_mass-easy"
CONFIG = AdaptationConfig(steps=90, support=4, query=4, rate=1e-2, warmup=2)


def loss(network: Imitator, source: Source, embodiment: int, task: int) -> float:
    """Return how wrong a network is on some segments, always the same."""
    rng = np.random.default_rng(5)
    support, query = collate([draw(source, rng, 8, 8, SMALL.segment) for _ in range(8)], 4)
    index = Index(torch.full((8,), embodiment), torch.full((8,), task))
    with torch.inference_mode():
        return float(masked_mse(network(support, query, index), query))


def test_only_the_new_rows_are_trained_and_the_loss_falls(tmp_path: Path) -> None:
    found = sources()
    base = network(found)
    config = TrainingConfig(steps=150, batch=4, support=4, query=4, warmup=5)
    MetaTraining(base, found, config, tmp_path).run(lambda *_: None)
    base.module.eval()
    before = {name: w.clone() for name, w in base.module.state_dict().items()}
    adapted = adapt(base, body_of(NEW), shown(NEW), CONFIG)
    assert (adapted.embodiment, adapted.task) == (3, 3)
    assert len(adapted.losses) == CONFIG.steps
    fresh = loss(base.network, adapted.source, 0, 0)
    assert loss(adapted.network, adapted.source, adapted.embodiment, adapted.task) < 0.97 * fresh
    for name, weights in base.module.state_dict().items():
        assert torch.equal(weights, before[name]), "the network that was given stays as it was"
    after = adapted.network.state_dict()  # type: ignore[attr-defined]
    free = {name for name, _ in base.network.adaptation_parameters()}
    for name, weights in before.items():
        old = after[name][: len(weights)] if name in free else after[name]
        assert torch.equal(old, weights), name
    assert any(not torch.equal(after[name][-1], before[name][0]) for name in free)


def test_a_known_body_is_gone_on_with_in_a_copy() -> None:
    base = network(sources())
    known = base.module.get_parameter("embedding.position").detach()
    demos, embodiment = shown("cartpole-swingup", 2), body_of("cartpole-swingup")
    for steps in (0, CONFIG.steps):
        adapted = adapt(base, embodiment, demos, replace(CONFIG, steps=steps))
        assert (adapted.embodiment, adapted.task) == (3, 3)
        position = adapted.network.get_parameter("embedding.position")  # type: ignore[attr-defined]
        assert torch.equal(position[:3], known)
        assert torch.equal(position[3], known[2]) == (steps == 0)


def test_stages_come_on_the_way_and_none_means_no_training() -> None:
    base = network(sources())
    found = [len(a.losses) for a in stages(base, body_of(NEW), shown(NEW), CONFIG, count=3)]
    assert found == [30, 60, 90]
    as_it_is = adapt(base, body_of(NEW), shown(NEW), replace(CONFIG, steps=0))
    assert as_it_is.losses == ()
    with pytest.raises(ConfigError, match="steps"):
        AdaptationConfig(steps=-1)


def test_an_adapter_file_gives_the_same_law(tmp_path: Path) -> None:
    base, demos, embodiment = trained(tmp_path), shown(NEW), body_of(NEW)
    adapted = adapt(base, embodiment, demos, CONFIG)
    file = tmp_path / "some" / "a.safetensors"
    save_adapters(file, adapted, base, embodiment.digest)
    again = load_adapters(file, base, embodiment, demos)
    task = TASKS.load(NEW)()
    environments = Environments(task, 3)
    signals = environments.reset(environments.draw(np.random.default_rng(0)))
    acts = [NetworkLaw(task, embodiment, a, 3)(signals) for a in (adapted, again)]
    environments.close()
    assert acts[0].shape == (3, 2)
    np.testing.assert_allclose(acts[0], acts[1], atol=1e-6)
    assert np.abs(acts[0]).max() > 0.0


class Insists:
    """Always says the same of the two tokens of three cartpoles."""

    def __init__(self, value: float) -> None:
        self.said = torch.tensor([[value, 0.0]] * 3)

    def act(self, tokens: torch.Tensor) -> torch.Tensor:
        return self.said


@pytest.mark.parametrize(("said", "done"), [(0.98, 1.0), (-0.975, -1.0), (0.485, 0.5), (0.0, 0.0)])
def test_nearly_at_the_limit_is_meant_to_be_at_it(said: float, done: float) -> None:
    name = "cartpole-balance"
    adapted = adapt(network(sources()), body_of(name), shown(name), replace(CONFIG, steps=0))
    environments = Environments(TASKS.load(name)(), 3)
    signals = environments.reset(environments.draw(np.random.default_rng(0)))
    environments.close()
    law = NetworkLaw(TASKS.load(name)(), body_of(name), adapted, 3)
    law.decider = Insists(said)  # type: ignore[assignment]
    np.testing.assert_allclose(law(signals), done * adapted.scales.action[0], atol=1e-6)


def test_adapters_of_another_network_body_or_task_are_refused(tmp_path: Path) -> None:
    base, demos, embodiment = network(sources()), shown(NEW), body_of(NEW)
    file = tmp_path / "a.safetensors"
    save_adapters(file, adapt(base, embodiment, demos, CONFIG), base, embodiment.digest)
    with pytest.raises(AdapterError, match="another network"):
        load_adapters(file, network(sources(), seed=4), embodiment, demos)
    with pytest.raises(AdapterError, match="another task and embodiment"):
        load_adapters(file, base, body_of("pendulum-spin"), shown("pendulum-spin"))
    file.write_bytes(b"nonsense")
    with pytest.raises(AdapterError, match="no adapters"):
        load_adapters(file, base, embodiment, demos)
