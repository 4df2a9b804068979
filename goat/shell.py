"""What both commands share: the flags of every verb, and what becomes of errors.

Exit codes: 0 done, 1 a bug, 2 something the user can mend, 130 interrupted.
"""

from __future__ import annotations

import importlib
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass

from rich.console import Console

from goat.errors import GoatError


@dataclass(frozen=True, kw_only=True)
class Verb:
    """What every verb understands."""

    debug: bool = False
    """Show the traceback of an error, and what the libraries log."""


def guarded(handlers: dict[type, str], verb: Verb, console: Console) -> int:
    """Do what a verb says, tell of errors that the user can mend, and return the exit code.

    Args:
        handlers: Kind of verb -> "module:function", which is imported now and returns an exit
            code or None.
        verb: What was asked for.
        console: That results are printed to.
    """
    # Mesa's own threads cost more than they bring on small machines; read when GL starts.
    os.environ.setdefault("LP_NUM_THREADS", "0")
    logging.basicConfig(level=logging.INFO if verb.debug else logging.ERROR)
    errors = Console(stderr=True)
    try:
        return handler_of(handlers, verb)(verb, console) or 0
    except GoatError as error:
        if verb.debug:
            errors.print_exception()
        errors.print(f"[bold red]{type(error).__name__}[/]: ", end="")
        errors.print(str(error), markup=False, highlight=False)
        return 2
    except KeyboardInterrupt:
        errors.print("interrupted; what was finished is kept")
        return 130


def handler_of(handlers: dict[type, str], verb: Verb) -> Callable[[Verb, Console], int | None]:
    """Return the function that does what a verb says."""
    module, _, function = handlers[type(verb)].partition(":")
    return getattr(importlib.import_module(module), function)
