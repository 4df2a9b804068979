"""The `meta-controller` command: parses, calls one function, prints."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Sequence

import tyro
from rich.console import Console

from goat.shell import guarded
from meta_controller.commands import options

_HANDLERS = {
    options.DemosMake: "meta_controller.commands.demos:make",
    options.DemosSearch: "meta_controller.commands.demos:search",
    options.DemosCards: "meta_controller.commands.demos:cards",
    options.DemosExport: "meta_controller.commands.exchange:export",
    options.DemosImport: "meta_controller.commands.exchange:bring",
    options.Train: "meta_controller.commands.train:train",
    options.Adapt: "meta_controller.commands.adapt:adapt_to",
    options.Evaluate: "meta_controller.commands.evaluate:evaluate_all",
    options.Play: "meta_controller.commands.play:play",
    options.List: "meta_controller.commands.listing:list_names",
}
_DESCRIPTION = "A new body or a new task from five demonstrations, in dm_control."


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code."""
    command: options.Command = tyro.cli(
        options.Command,  # pyright: ignore[reportArgumentType]
        prog="meta-controller",
        description=_DESCRIPTION,
        args=list(sys.argv[1:] if argv is None else argv),
        config=(tyro.conf.OmitSubcommandPrefixes,),
    )
    verb = command.action if isinstance(command, options.Demos) else command
    os.environ.setdefault("MUJOCO_GL", "egl")
    if not verb.debug:
        warnings.filterwarnings("ignore")
    return guarded(_HANDLERS, verb, Console())


if __name__ == "__main__":
    sys.exit(main())
