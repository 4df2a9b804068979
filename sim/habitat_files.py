"""Where scenes and their dataset configurations lie on this machine."""

from __future__ import annotations

from pathlib import Path

from goat.errors import SimulatorError
from goat.registry import suggest

_ANNOTATED = "*annotated*.scene_dataset_config.json"
_SCENE = "*.glb"


def scene_file(scenes: Path, name: str) -> Path:
    """Return the file of a scene.

    Args:
        scenes: Folder with `hm3d`, or `hm3d` itself, or a folder of scenes.
        name: As in episode files, "hm3d/val/00800-TEEsavR23oF/TEEsavR23oF.basis.glb": prefixes,
            double slashes and folders that differ on this machine do not matter.

    Raises:
        SimulatorError: There is no such folder or scene.
    """
    if not scenes.is_dir():
        raise SimulatorError(
            f"{scenes}: there is no such folder; give the one with hm3d in it with --scenes. "
            "goat doctor --data DIR says what is there and how to get the rest"
        )
    asked = Path(name)
    for start in range(len(asked.parts)):
        if (found := scenes.joinpath(*asked.parts[start:])).is_file():
            return found.resolve()
    for found in sorted(scenes.rglob(asked.name)):
        return found.resolve()
    there = sorted({path.name for path in scenes.rglob(_SCENE) if ".semantic." not in path.name})
    raise SimulatorError(
        f"{scenes} has no scene {asked.name!r}.{suggest(asked.name, there)} There are {len(there)} "
        "scenes; goat doctor --data DIR says what is missing and how to get it"
    )


def dataset_file(scenes: Path, scene: Path, name: str, given: Path | None) -> Path | None:
    """Return the dataset configuration of a scene; None if there is none.

    Args:
        scenes: As in `scene_file`.
        scene: The scene's file.
        name: "scene_dataset_config" of the episode file; "default" says nothing.
        given: What the user names; it has precedence.

    Raises:
        SimulatorError: What the user names does not exist.
    """
    if given is not None:
        if not given.is_file():
            raise SimulatorError(f"{given}: there is no such dataset configuration")
        return given.resolve()
    wanted = Path(name)
    folders = [folder for folder in scene.parents if folder.is_relative_to(scenes.resolve())]
    for folder in [*folders, scenes.resolve()]:
        beside = folder / wanted.name
        if name != "default" and beside.is_file():
            return beside
        if annotated := sorted(folder.glob(_ANNOTATED)):
            return annotated[0]
    return None
