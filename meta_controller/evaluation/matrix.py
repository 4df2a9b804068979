"""Every method on every task, with every number of demonstrations and every seed.

Each cell is one line of a file; what is there already is not done again.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from goat.errors import GoatError
from meta_controller.demos.episodes import DemonstrationError, record
from meta_controller.demos.make import load_set, read_card
from meta_controller.demos.starts import load_starts
from meta_controller.demos.store import digest_of
from meta_controller.environments import Environments
from meta_controller.evaluation.methods import Learner, Method
from meta_controller.task import Task


class ScoresError(GoatError):
    """A file of scores that cannot be read."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What is evaluated once."""

    method: str
    """A name in `METHODS`."""
    task: str
    """Its name."""
    demonstrations: int
    """How many are shown."""
    seed: int
    """Of training, adaptation and cloning."""
    of: str = ""
    """Of which weights, settings, demonstrations and starts; see `named`."""


@dataclass(frozen=True)
class Score:
    """How it went."""

    cell: Cell
    """What was evaluated."""
    returns: tuple[float, ...]
    """One per start."""
    reference: float
    """What the expert earns from the same starts."""
    learning_s: float
    """CPU time to learn from the demonstrations."""
    acting_s: float
    """CPU time of all episodes."""

    @property
    def normalised(self) -> float:
        """Mean return as a share of the expert's."""
        return float(np.mean(self.returns)) / self.reference

    @property
    def error(self) -> float:
        """Standard error of it over the starts."""
        if len(self.returns) < 2:
            return 0.0
        return float(np.std(self.returns, ddof=1)) / np.sqrt(len(self.returns)) / self.reference


def named(cell: Cell, method: Method, sets: Path, learner: Learner, starts: int = 20) -> Cell:
    """Return a cell that differs from those of other weights, settings, demonstrations or starts.

    Raises:
        DemonstrationError: There is no set.
        CheckpointError: The method's network has not been trained.
    """
    parts = learner.made_of(method, cell.seed), digest_of(sets / cell.task), str(starts)
    return replace(cell, of=hashlib.sha256(" ".join(parts).encode()).hexdigest()[:16])


def evaluate(
    cell: Cell, method: Method, task: Task, sets: Path, learner: Learner, starts: int = 20
) -> Score:
    """Learn from the first demonstrations of a set, and act from its stored starts.

    Args:
        cell: What is evaluated.
        method: The cell's.
        task: The cell's.
        sets: Folder of the demonstration sets.
        learner: Makes laws.
        starts: How many of the stored starts.

    Raises:
        DemonstrationError: There is no set or card, or fewer demonstrations or starts.
        CheckpointError: The method's network has not been trained.
    """
    card = read_card(sets / task.name)
    if card is None or card.reference is None:
        raise DemonstrationError(
            f"{sets / task.name} has no card with what the expert earns; make the set: "
            f"meta-controller demos make --tasks {task.name}"
        )
    demos = load_set(sets, task.name).first(cell.demonstrations)
    begin = load_starts(sets / task.name, starts)
    environments = Environments(task, len(begin), learner.adaptation.threads)
    returns, spent = np.full(len(begin), -np.inf), 0.0
    began = time.process_time()
    laws = learner.laws(method, task, environments.embodiment, demos, cell.seed, len(begin))
    for law in laws:
        acting = time.process_time()
        found = record(environments, law, begin).returns
        spent = time.process_time() - acting
        began += spent
        returns = found if found.mean() > returns.mean() else returns
    learning = time.process_time() - began
    environments.close()
    rounded = tuple(round(float(value), 3) for value in returns)
    return Score(cell, rounded, card.reference, learning, spent)


def read_scores(file: Path) -> list[Score]:
    """Return the scores of a file; none if it does not exist. A line cut short is left out.

    Raises:
        ScoresError: It is damaged elsewhere than in its last line.
    """
    if not file.exists():
        return []
    lines, found = file.read_text(encoding="utf-8").splitlines(), []
    for number, line in enumerate(lines):
        try:
            document = json.loads(line)
            cell = Cell(**document.pop("cell"))
            returns = tuple(document.pop("returns"))
            found.append(Score(cell=cell, returns=returns, **document))
        except (ValueError, KeyError, TypeError) as error:
            if number < len(lines) - 1:
                raise ScoresError(f"line {number + 1} of {file} is damaged: {error}") from error
    return found


def fill(
    cells: Sequence[Cell],
    file: Path,
    score: Callable[[Cell], Score],
    failed: Callable[[Cell, GoatError], None],
) -> Iterator[Score]:
    """Evaluate the cells that a file lacks, and append each as it is done.

    Args:
        cells: What is wanted.
        file: Where scores are kept.
        score: Evaluates one.
        failed: Told of each that cannot be evaluated; the others are done all the same.
    """
    have = {score.cell for score in read_scores(file)}
    file.parent.mkdir(parents=True, exist_ok=True)
    _mend(file)
    for cell in cells:
        if cell in have:
            continue
        try:
            found = score(cell)
        except GoatError as error:
            failed(cell, error)
            continue
        with file.open("a", encoding="utf-8") as out:
            out.write(json.dumps(asdict(found)) + "\n")
        yield found


def _mend(file: Path) -> None:
    """Drop a last line that was cut short."""
    if not file.exists():
        return
    text = file.read_text(encoding="utf-8")
    if text and not text.endswith("\n"):
        file.write_text(text[: text.rfind("\n") + 1], encoding="utf-8")
