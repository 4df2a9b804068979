"""`meta-controller adapt`."""

from __future__ import annotations

import numpy as np
from rich.console import Console

from meta_controller.benchmark import tasks_of
from meta_controller.commands.options import Adapt
from meta_controller.commands.sets import ensure_sets
from meta_controller.demos.make import load_set
from meta_controller.environments import embodiment_of
from meta_controller.names import TASKS
from meta_controller.training.adapt import AdaptationConfig, adapt
from meta_controller.training.adapters import save_adapters
from meta_controller.training.pretrained import from_pretrained


def adapt_to(options: Adapt, console: Console) -> int:
    """Adapt a network and write its adapters.

    Raises:
        UnknownNameError: There is no such task.
        CheckpointError: There is no such network.
        DemonstrationError: There are fewer demonstrations than asked for.
    """
    (name,) = tasks_of((options.task,))
    base = from_pretrained(options.model)
    ensure_sets((name,), options.data, console, options.learning.threads)
    demos = load_set(options.data, name).first(options.learning.demos)
    embodiment = embodiment_of(TASKS.load(name)())
    config = AdaptationConfig(
        steps=options.learning.steps, seed=options.seed, threads=options.learning.threads
    )
    with console.status("adapting") as status:

        def say(step: int, loss: float) -> None:
            status.update(f"step {step} of {config.steps}, loss {loss:.4f}")

        adapted = adapt(base, embodiment, demos, config, say)
    save_adapters(options.out, adapted, base, embodiment.digest)
    first, last = (float(np.mean(part)) for part in (adapted.losses[:20], adapted.losses[-20:]))
    console.print(
        f"{name}: loss {first:.4f} -> {last:.4f} in {adapted.seconds:.0f} s of CPU time\n"
        f"adapters: {options.out} ({options.out.stat().st_size / 1024:.0f} KiB)",
        highlight=False,
        soft_wrap=True,
    )
    return 0
