"""`goat bench inspect`: validate episode files and count what is in them."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.table import Table

from goat.bench.census import Census, census
from goat.bench.format import episode_files, read_episodes
from goat.commands.options import BenchInspect
from goat.errors import EpisodeError

_ROWS = {
    "episodes": "episodes",
    "subtasks": "goals",
    "category": "by category",
    "image": "by photo",
    "language": "by sentence",
    "categories": "categories asked for",
    "objects": "objects asked for",
    "identical": "repeats: identical",
    "same_goal": "repeats: category, modality and object",
    "same_object": "repeats: object",
    "same_category": "repeats: category",
    "long": "descriptions of more than 55 words",
    "dropped": "goals that GOAT-Bench drops for them",
}


def inspect(options: BenchInspect, console: Console) -> int:
    """Print a table of every file and of all; 2 if any is damaged."""
    files, errors = _gather(options.files)
    counts: dict[Path, Census] = {}
    for file in files:
        try:
            content = read_episodes(file)
        except EpisodeError as error:
            errors.append(error)
            continue
        counts[file] = census(content)
        console.print(_table(f"{file.name}: {content.scene}", counts[file]))
        for warning in counts[file].warnings:
            console.print(f"[yellow]note:[/] {file.name}: {warning}", highlight=False)
    if len(counts) > 1:
        console.print(_table(f"all {len(counts)} files", sum(counts.values(), Census())))
    for error in errors:
        console.print("[bold red]EpisodeError[/]: ", end="")
        console.print(str(error), markup=False, highlight=False)
    return 2 if errors else 0


def _gather(paths: tuple[Path, ...]) -> tuple[list[Path], list[EpisodeError]]:
    files: list[Path] = []
    errors: list[EpisodeError] = []
    for path in paths:
        try:
            files += episode_files(path)
        except EpisodeError as error:
            errors.append(error)
    return list(dict.fromkeys(files)), errors


def _table(title: str, count: Census) -> Table:
    table = Table("", "count", "share of goals", title=title, title_justify="left")
    for name, words in _ROWS.items():
        number = getattr(count, name)
        shared = name in ("category", "image", "language", "dropped") or "same" in name
        shared = (shared or name == "identical") and count.subtasks
        table.add_row(words, str(number), f"{number / count.subtasks:.0%}" if shared else "")
    return table
