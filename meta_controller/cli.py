"""The `meta-controller` command: parses, calls one function, prints.

Exit codes: 0 done, 1 a bug, 2 something the user can mend, 130 interrupted.
"""

from __future__ import annotations

import importlib
import logging
import os
import sys
import warnings
from collections.abc import Sequence

import tyro
from rich.console import Console

from goat.errors import GoatError
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
    return _guarded(verb, Console())


def _guarded(verb: options.Verb, console: Console) -> int:
    os.environ.setdefault("LP_NUM_THREADS", "0")
    os.environ.setdefault("MUJOCO_GL", "egl")
    logging.basicConfig(level=logging.INFO if verb.debug else logging.ERROR)
    if not verb.debug:
        warnings.filterwarnings("ignore")
    errors = Console(stderr=True)
    try:
        module, _, function = _HANDLERS[type(verb)].partition(":")
        return getattr(importlib.import_module(module), function)(verb, console) or 0
    except GoatError as error:
        if verb.debug:
            errors.print_exception()
        errors.print(f"[bold red]{type(error).__name__}[/]: ", end="")
        errors.print(str(error), markup=False, highlight=False)
        return 2
    except KeyboardInterrupt:
        errors.print("interrupted; what was finished is kept")
        return 130


if __name__ == "__main__":
    sys.exit(main())
