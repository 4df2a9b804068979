"""`meta-controller train`."""

from __future__ import annotations

import time

import torch
from rich.console import Console

from meta_controller.benchmark import tasks_of
from meta_controller.commands.options import Train
from meta_controller.commands.sets import ensure_sets
from meta_controller.demos.make import load_set
from meta_controller.environments import embodiment_of
from meta_controller.evaluation.methods import Method, method_of
from meta_controller.model.config import RATES, ModelConfig
from meta_controller.names import TASKS
from meta_controller.training.episodes import Source, sources_of
from meta_controller.training.meta import MetaTraining, TrainingConfig
from meta_controller.training.pretrained import CheckpointError, Pretrained, fresh_network

_SAY_EVERY = 2.0  # s


def train(options: Train, console: Console) -> int:
    """Meta-train a network.

    Raises:
        UnknownNameError: There is no such method, size or task.
        CheckpointError: The folder holds another training.
    """
    method = method_of(options.method)
    if method.kind is None:
        raise CheckpointError(f"{method.name!r} needs no training: it learns when it is evaluated")
    names = tasks_of(options.tasks)
    ensure_sets(names, options.data, console, options.threads)
    config = method.config(options.size, **changes(options))
    sources = [source for name in names for source in _sources(name, options, config)]
    training = MetaTraining(
        _fresh(method, config, sources, options.seed), sources, _config(options), options.out
    )
    weights = sum(parameter.numel() for parameter in training.pretrained.module.parameters())
    console.print(
        f"{method.title}, {options.size}: {weights:,} weights, {len(names)} tasks, "
        f"from step {training.step} to {options.steps}",
        highlight=False,
    )
    _run(training, options.steps, console)
    console.print(f"network: {options.out}", highlight=False, soft_wrap=True)
    return 0


def changes(options: Train) -> dict[str, object]:
    """Return what differs from the size."""
    wanted = {name: getattr(options, name) for name in ("tree_distance", "morphology", "top_k")}
    given = {name: value for name, value in wanted.items() if value is not None}
    return {**given, "passing": options.passing}


def _run(training: MetaTraining, steps: int, console: Console) -> None:
    began, first, smooth, said = time.monotonic(), training.step, 0.0, 0.0
    with console.status("training") as status:

        def say(step: int, loss: float) -> None:
            nonlocal smooth, said
            smooth = loss if smooth == 0.0 else 0.98 * smooth + 0.02 * loss
            now = time.monotonic()
            if now - said > _SAY_EVERY:
                left = (now - began) / (step - first) * (steps - step) / 60.0
                status.update(f"step {step} of {steps}, loss {smooth:.4f}, {left:.0f} min left")
                said = now

        training.run(say)
    console.print(f"step {training.step}, loss {smooth:.4f}", highlight=False)


def _sources(name: str, options: Train, config: ModelConfig) -> tuple[Source, ...]:
    embodiment = embodiment_of(TASKS.load(name)())
    return sources_of(embodiment, load_set(options.data, name), config)


def _fresh(method: Method, config: ModelConfig, sources: list[Source], seed: int) -> Pretrained:
    torch.manual_seed(seed)
    bodies = list(dict.fromkeys(source.body for source in sources))
    tasks = list(dict.fromkeys(source.task for source in sources))
    assert method.kind is not None
    return fresh_network(method.kind, config, bodies, tasks)


def _config(options: Train) -> TrainingConfig:
    return TrainingConfig(
        steps=options.steps,
        batch=options.batch,
        rate=RATES[options.size] if options.rate is None else options.rate,
        seed=options.seed,
        threads=options.threads,
        device=options.device,
        bf16=options.bf16,
    )
