"""CPU time of one decision of the Meta-Controller with five demonstrations, on one thread.

Prints a table and, as the last line, one JSON object:
`{"<size>": {"<environments>": {"whole_ms", "kept_ms", "decisions_per_s"}}}`. `whole` encodes the
history anew, `kept` only its newest step. The body has 9 tokens, 6 of them actuated, and each joint
2,500 keys.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import torch
from rich.console import Console
from rich.table import Table

from meta_controller.model.actor import Actor
from meta_controller.model.config import SIZES, ModelConfig
from meta_controller.model.data import Index, Segments
from meta_controller.model.inference import SupportCache
from meta_controller.model.policy import MetaController, Rows
from meta_controller.tokens import HINGE, SLIDE

STEPS = 5 * 500
JOINTS, ROOT, SLIDES = 9, 3, 2
MEASURED = {"nano": (1, 64), "small": (1, 64), "paper": (1,)}
LEAST_S = 1.0


def demonstrations(config: ModelConfig, generator: torch.Generator) -> Segments:
    """Return five demonstrations of 500 decisions of a walker, made up."""
    shape = 1, STEPS // config.segment, config.segment, JOINTS
    joint = torch.arange(JOINTS)[None]
    return Segments(
        torch.randn(*shape, config.features, generator=generator),
        torch.where(joint < SLIDES, SLIDE, HINGE),
        torch.ones(1, JOINTS, dtype=torch.bool),
        joint >= ROOT,
        torch.ones(shape[:3], dtype=torch.bool),
        torch.rand(shape, generator=generator) * 2.0 - 1.0,
        (joint[:, :, None] - joint[:, None]).abs(),
        joint,
    )


def milliseconds(work: Callable[[], object]) -> float:
    """Return the CPU time of one call, over at least a second of calls."""
    work()
    calls, start = 0, time.process_time()
    while time.process_time() - start < LEAST_S:
        work()
        calls += 1
    return 1e3 * (time.process_time() - start) / calls


def measure(
    model: MetaController, cache: SupportCache, environments: int, generator: torch.Generator
) -> dict[str, float]:
    """Return the figures of so many environments."""
    config = model.config
    shape = environments, config.segment, JOINTS, config.features
    history = torch.randn(shape, generator=generator)
    actor = Actor(cache, environments)
    whole = milliseconds(lambda: model.act(cache, history))
    kept = milliseconds(lambda: actor.act(history[:, -1]))
    return {
        "whole_ms": round(whole, 2),
        "kept_ms": round(kept, 2),
        "decisions_per_s": round(1e3 * environments / kept),
    }


def main() -> None:
    """Measure and print."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(0)
    columns = ("size", "parameters", "environments", "whole ms", "kept ms", "decisions/s")
    table = Table(*columns, title="a decision with 5 demonstrations, CPU, one thread")
    results: dict[str, dict[str, dict[str, float]]] = {}
    for size, numbers in MEASURED.items():
        model = MetaController(SIZES[size], Rows(1, 1))
        weights = sum(parameter.numel() for parameter in model.parameters())
        index = Index(torch.zeros(1, dtype=torch.int64), torch.zeros(1, dtype=torch.int64))
        cache = model.encode_support(demonstrations(model.config, generator), index)
        results[size] = {str(n): measure(model, cache, n, generator) for n in numbers}
        for n, row in results[size].items():
            table.add_row(size, f"{weights:,}", n, *(f"{value:g}" for value in row.values()))
    Console().print(table)
    print(json.dumps(results))


if __name__ == "__main__":
    main()
