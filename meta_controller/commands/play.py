"""`meta-controller play`."""

from __future__ import annotations

import torch
from rich.console import Console

from meta_controller.benchmark import tasks_of
from meta_controller.commands.options import Play
from meta_controller.commands.sets import ensure_sets
from meta_controller.demos.episodes import Demonstrations, record
from meta_controller.demos.make import load_set
from meta_controller.demos.starts import load_starts
from meta_controller.embodiment import Embodiment
from meta_controller.environments import Environments
from meta_controller.evaluation.imitated import imitated
from meta_controller.evaluation.law import NetworkLaw
from meta_controller.names import TASKS
from meta_controller.training.adapt import AdaptationConfig, Adapted, adapt
from meta_controller.training.adapters import load_adapters
from meta_controller.training.pretrained import from_pretrained
from meta_controller.view.attention import attention
from meta_controller.view.film import MOST_BESIDE, compare


def play(options: Play, console: Console) -> int:
    """Film a policy beside its demonstrations, and draw what it imitates.

    Raises:
        UnknownNameError: There is no such task.
        CheckpointError: There is no such network.
        AdapterError: The adapters are of another network, body or task.
        DemonstrationError: There are fewer demonstrations than asked for.
        RenderError: No GL backend works.
    """
    (name,) = tasks_of((options.task,))
    ensure_sets((name,), options.data, console, options.learning.threads)
    task = TASKS.load(name)()
    demos = load_set(options.data, name).first(options.learning.demos)
    count = min(options.episodes, MOST_BESIDE)
    starts = load_starts(options.data / name, count)
    environments = Environments(task, count, options.learning.threads)
    embodiment = environments.embodiment
    with console.status("adapting"):
        adapted = _adapted(options, embodiment, demos)
    law = NetworkLaw(task, embodiment, adapted, count)
    with console.status("acting"):
        done = record(environments, law, starts)
    environments.close()
    options.out.mkdir(parents=True, exist_ok=True)
    with console.status("filming"):
        compare(options.out / "rollout.mp4", task, demos.take(slice(0, count)), done)
        picture = attention(task, done.take(slice(0, 1)), demos, imitated(law, adapted, done))
        (options.out / "attention.png").write_bytes(picture)
    returns = ", ".join(f"{value:.0f}" for value in done.returns)
    console.print(f"{name}: returns {returns}", highlight=False)
    console.print(f"rollout.mp4 and attention.png in {options.out}", highlight=False)
    return 0


def _adapted(options: Play, embodiment: Embodiment, demos: Demonstrations) -> Adapted:
    base = from_pretrained(options.model)
    torch.set_num_threads(options.learning.threads)
    if options.adapter is not None:
        return load_adapters(options.adapter, base, embodiment, demos)
    config = AdaptationConfig(
        steps=options.learning.steps, seed=options.seed, threads=options.learning.threads
    )
    return adapt(base, embodiment, demos, config)
