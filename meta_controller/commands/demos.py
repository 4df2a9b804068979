"""`meta-controller demos make|search|cards`."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.table import Table

from meta_controller.benchmark import tasks_of
from meta_controller.commands.options import DemosCards, DemosMake, DemosSearch
from meta_controller.commands.sets import line_of, recipe_of
from meta_controller.demos.cards import Card
from meta_controller.demos.episodes import DemonstrationError
from meta_controller.demos.make import make_set, read_card
from meta_controller.learning.ars import SearchConfig
from meta_controller.learning.search import Report, Search
from meta_controller.names import TASKS


def make(options: DemosMake, console: Console) -> int:
    """Make sets.

    Raises:
        UnknownNameError: A task does not exist or has no expert.
    """
    names, cards = tasks_of(options.tasks), []
    for number, name in enumerate(names, 1):
        recipe = recipe_of(name, options.shaking, options.seed, options.threads)
        if options.experts is not None:
            recipe = recipe.of(options.experts)
        cards.append(make_set(TASKS.load(name)(), options.data, recipe))
        console.print(f"{number}/{len(names)} {line_of(cards[-1])}", highlight=False)
    console.print(_table(cards))
    console.print(f"sets: {options.data}", highlight=False, soft_wrap=True)
    return 0


def search(options: DemosSearch, console: Console) -> int:
    """Search for an expert.

    Raises:
        UnknownNameError: There is no such task.
        PolicyFileError: What is in the folder cannot be gone on with.
    """
    config = SearchConfig(
        starts=options.starts, noise=options.noise, step=options.step, threads=options.threads
    )
    found = Search(TASKS.load(options.task)(), options.out, config, options.seed)
    with console.status("searching") as status:

        def say(report: Report) -> None:
            status.update(
                f"{options.task}: iteration {report.iterations}, {report.minutes:.1f} of "
                f"{options.minutes:g} min, mean return {report.last.mean:.0f}, "
                f"best {report.last.best:.0f}"
            )

        ladder = found.run(options.minutes, say)
    file = options.out / f"{options.task}.safetensors"
    best = f"{ladder.returns[-1]:.0f}" if len(ladder) else "none"
    console.print(f"{len(ladder)} policies, best {best}: {file}", highlight=False, soft_wrap=True)
    return 0


def cards(options: DemosCards, console: Console) -> int:
    """Print cards.

    Raises:
        DemonstrationError: There are no sets.
    """
    found = [read_card(folder) for folder in _folders(options.data)]
    known = [card for card in found if card is not None]
    if not known:
        raise DemonstrationError(
            f"there are no demonstration sets in {options.data}; make them: meta-controller demos "
            "make"
        )
    console.print(_table(known))
    return 0


def _folders(data: Path) -> list[Path]:
    return sorted(path.parent for path in data.glob("*/card.json"))


def _table(cards: list[Card]) -> Table:
    table = Table(title="demonstration sets", title_justify="left", box=None, pad_edge=False)
    table.add_column("task", style="bold")
    for heading in ("episodes", "expert", "± s.e.", "clone of 5", "of 20", "unshaken", "usable"):
        table.add_column(heading, justify="right")
    for card in cards:
        few, many = (card.cloned.get(count) for count in (5, 20))
        table.add_row(
            card.task,
            str(card.episodes),
            f"{card.expert:.0f}",
            f"{card.expert_error:.0f}",
            "" if few is None else f"{few:.0%}",
            "" if many is None else f"{many:.0%}",
            "" if card.reference is None else f"{card.reference:.0f}",
            "yes" if card.usable else "no",
        )
    return table
