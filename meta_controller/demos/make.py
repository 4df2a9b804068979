"""Making demonstration sets: expert episodes, lesser ones for meta-training, a card, and starts.

FOLDER/TASK/  episodes.parquet, embodiment.json, card.json, starts.npz
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from meta_controller.demos.cards import Card, CardConfig, judge
from meta_controller.demos.episodes import Demonstrations, Shaking, joined, record
from meta_controller.demos.starts import Stream, drawn_starts, save_starts, seeds_of
from meta_controller.demos.store import load_demonstrations, save_demonstrations
from meta_controller.environments import Environments, embodiment_of
from meta_controller.experts.names import expert_of
from meta_controller.task import Start, Task

_CARD, _RECIPE = "card.json", "recipe"


@dataclass(frozen=True)
class Recipe:
    """How many episodes of which skill."""

    experts: int = 20
    """Episodes of full skill; the first ones are those that few-shot learners are shown."""
    lesser: tuple[tuple[float, int], ...] = ()
    """Skill and number of further episodes, for meta-training."""
    shaking: float = 0.1
    """Noise on what the experts do, as `Shaking.size`."""
    seed: int = 0
    """Of starts and noise."""
    threads: int = 1
    """Of physics and PyTorch."""

    def of(self, experts: int) -> Recipe:
        """Return the recipe with another number of expert episodes."""
        return replace(self, experts=experts)

    def document(self) -> dict[str, object]:
        """Return what decides what is made."""
        found = asdict(self)
        del found["threads"]
        return json.loads(json.dumps(found))


TRAINING = Recipe(experts=40, lesser=((0.6, 12), (0.3, 12)))
"""What meta-training learns from."""
HELD_OUT = Recipe(experts=20)
"""What a few-shot learner may be shown."""


def make_set(task: Task, folder: Path, recipe: Recipe, config: CardConfig | None = None) -> Card:
    """Make the set of a task in FOLDER/TASK, unless the same is there already; return its card.

    Raises:
        UnknownNameError: The task has no expert.
    """
    here = folder / task.name
    found = read_card(here, recipe)
    if found is not None:
        return found
    return keep_set(task, recorded(task, recipe), folder, recipe, config)


def keep_set(
    task: Task,
    demos: Demonstrations,
    folder: Path,
    recipe: Recipe | None = None,
    config: CardConfig | None = None,
) -> Card:
    """Write demonstrations, starts and a card to FOLDER/TASK, in place of what is there.

    Args:
        task: What is shown.
        demos: Of whatever origin, those to be shown to few-shot learners first.
        folder: Of the sets.
        recipe: How they were made; None for those of somebody else. Scores of theirs are shares
            of what they earn themselves.
        config: How the set is judged.

    Raises:
        DemonstrationError: They are of another body, or fewer than the card looks at.
    """
    here, starts = folder / task.name, drawn_starts(task)
    (here / _CARD).unlink(missing_ok=True)  # a set without one is made anew
    save_demonstrations(here, demos, embodiment_of(task))
    save_starts(here, starts)
    card = judge(task, demos, 0 if recipe is None else recipe.seed, config)
    reference = card.expert if recipe is None else _reference(task, starts)
    card = replace(card, reference=reference)
    document = card.document() | {_RECIPE: recipe and recipe.document()}
    part = here / f"{_CARD}.part"
    part.write_text(json.dumps(document, indent=1), encoding="utf-8")
    part.replace(here / _CARD)
    return card


def _reference(task: Task, starts: Start) -> float:
    """Return what the expert earns from the evaluation's starts when nothing shakes it."""
    environments = Environments(task, len(starts))
    found = record(environments, expert_of(task.name).act, starts)
    environments.close()
    return float(found.returns.mean())


def recorded(task: Task, recipe: Recipe) -> Demonstrations:
    """Return the episodes of a recipe, those of full skill first."""
    parts = []
    for number, (skill, count) in enumerate(((1.0, recipe.experts), *recipe.lesser)):
        environments = Environments(task, count, recipe.threads)
        seeds = [*seeds_of(task.name, Stream.DEMONSTRATIONS, recipe.seed), number]
        start = environments.draw(np.random.default_rng(seeds))
        shaking = Shaking(recipe.shaking, (*seeds, 1)) if recipe.shaking else None
        law = expert_of(task.name, skill).act
        parts.append(record(environments, law, start, skill, shaking))
        environments.close()
    return joined(parts)


def read_card(folder: Path, recipe: Recipe | None = None) -> Card | None:
    """Return the card of a set; None if there is none, or it is of another recipe."""
    try:
        document = json.loads((folder / _CARD).read_text(encoding="utf-8"))
        wanted = document.pop(_RECIPE)
        document["cloned"] = {int(count): share for count, share in document["cloned"].items()}
        card = Card(**document)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return card if recipe is None or wanted == recipe.document() else None


def load_set(folder: Path, task: str) -> Demonstrations:
    """Return the demonstrations of FOLDER/TASK.

    Raises:
        DemonstrationError: There are none, or they are damaged.
    """
    return load_demonstrations(folder / task)
