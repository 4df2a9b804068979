"""From what an episode asks for to tasks in a scene that is loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from goat.bench.episodes import Episode, GoalObject, SceneEpisodes, Subtask
from goat.errors import EpisodeError
from goat.perception.detectors.simulator import SimulatorDetector
from goat.protocols import Evaluator
from goat.registry import suggest
from goat.types import CategoryGoal, Detection, ImageGoal, LanguageGoal, PhotoView, Task


def tasks_of(
    scene_episodes: SceneEpisodes, episode: Episode, evaluator: Evaluator, photo_labels: bool
) -> list[Task]:
    """Return the tasks of an episode, photos taken.

    A category goal accepts every object of the category and of its narrower ones.

    Args:
        scene_episodes: The content of the file that the episode is from.
        episode: What is asked for.
        evaluator: Ground truth of the scene.
        photo_labels: Tell what a perfect detector would say of each photo: what it shows, and the
            category of what it is about.

    Raises:
        EpisodeError: The scene lacks an object that is asked for.
    """
    numbers = {item.name: number for number, item in evaluator.objects.items()}
    return [
        resolve(subtask, scene_episodes, evaluator, numbers, photo_labels)
        for subtask in episode.subtasks
    ]


def resolve(
    subtask: Subtask,
    content: SceneEpisodes,
    evaluator: Evaluator,
    numbers: Mapping[str, int],
    photo_labels: bool,
) -> Task:
    """Return the task of one subtask; see `tasks_of`.

    Args:
        subtask: What is asked for.
        content: Defines the objects.
        evaluator: Ground truth of the scene.
        numbers: Id of each of the scene's objects by name.
        photo_labels: Tell what a perfect detector would say of the photo.

    Raises:
        EpisodeError: The scene lacks an object that is asked for.
    """
    accepted = _accepted(subtask, content)
    targets = tuple(_number(item.id, content.scene, numbers) for item in accepted)
    if subtask.modality == "category":
        return Task(CategoryGoal(subtask.category), targets)
    item = accepted[0]
    if subtask.modality == "language":
        return Task(LanguageGoal(item.descriptions[subtask.index]), targets)
    view = item.photos[subtask.index]
    goal = ImageGoal(evaluator.take_photo(view), f"photo of {item.id}")
    if not photo_labels:
        return Task(goal, targets)
    seen = _perfect_detections(evaluator, view)
    return Task(replace(goal, category=subtask.category, detections=seen), targets)


def _perfect_detections(evaluator: Evaluator, view: PhotoView) -> tuple[Detection, ...]:
    labels = {number: item.category for number, item in evaluator.objects.items()}
    return tuple(SimulatorDetector(labels).detections_of(evaluator.photo_ids(view)))


def _accepted(subtask: Subtask, content: SceneEpisodes) -> list[GoalObject]:
    own = content.objects[subtask.category]
    if subtask.modality != "category":
        return [item for item in own if item.id == subtask.object][:1]
    children = sorted({child for item in own for child in item.children})
    narrower = [item for child in children for item in content.objects.get(child, ())]
    return [*own, *narrower]


def _number(name: str, scene: str, numbers: Mapping[str, int]) -> int:
    if name not in numbers:
        raise EpisodeError(
            f"scene {scene!r} has no object {name!r}, which an episode asks for."
            f"{suggest(name, numbers)} The episodes were made for another version of the scene: "
            "get that version, or make them anew with goat bench make --overwrite"
        )
    return numbers[name]
