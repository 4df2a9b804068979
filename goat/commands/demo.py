"""`goat demo`: the main job, with nothing to choose."""

from __future__ import annotations

from rich.console import Console

from goat.commands.options import Demo, Run
from goat.commands.run import run


def demo(options: Demo, console: Console) -> int:
    """Run five goals of three kinds in a generated home."""
    return run(
        Run(
            world=f"generated:{options.seed}",
            sample_goals=5,
            repeat=0.2,
            out=options.out,
            seed=options.seed,
            recording=options.recording,
            debug=options.debug,
        ),
        console,
    )
