"""`goat doctor --data`: what of Habitat's scenes and episodes is here and how to get the rest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from goat.bench.episode_sets import BENCHMARKS, EpisodeSplit, count_split, split_files
from goat.bench.hm3d import (
    ANNOTATED_VAL,
    CONFIG,
    MESH,
    PARTS,
    SEMANTIC_MESH,
    SEMANTIC_TEXT,
    Hm3d,
    Scan,
    find_hm3d,
    read_hm3d,
)
from goat.errors import ConfigError

_SHOWN = 12
_GET_EPISODES = (
    "Episodes of GOAT-Bench: the link in the README of https://github.com/Ram81/goat-bench, "
    "unpacked to {datasets}/goat_bench/hm3d/v1/SPLIT. Of ObjectNav and InstanceImageNav: "
    "https://github.com/facebookresearch/habitat-lab/blob/main/DATASETS.md"
)
_GET_SCANS = (
    "HM3D is given to who applies to Matterport: https://aihabitat.org/datasets/hm3d/ says how. "
    "Then, in the environment that has habitat_sim:\n"
    "python -m habitat_sim.utils.datasets_download --username ID --password SECRET "
    "--uids {uids} --data-path {data}"
)
_SEMANTIC = frozenset({SEMANTIC_MESH, SEMANTIC_TEXT})
_SPLITS = ("train", "val", "minival")


@dataclass(frozen=True)
class Finding:
    """Something that is missing or damaged."""

    what: str
    """In words."""
    splits: frozenset[str] | None = None
    """Splits of HM3D to fetch; None for episodes."""


def check_data(data: Path, console: Console) -> int:
    """Print what is in Habitat's data folder; fail with code 2 if a part is missing or damaged.

    Args:
        data: The folder with `scene_datasets` and `datasets`, or `scene_datasets` or `hm3d` itself.
        console: Where to print.

    Raises:
        ConfigError: There is no such folder.
    """
    if not data.is_dir():
        raise ConfigError(
            f"{data}: no such folder; --data takes Habitat's data folder, with scene_datasets and "
            "datasets in it"
        )
    copies = [read_hm3d(folder) for folder in find_hm3d(data)]
    splits = _read_episodes(data / "datasets", console)
    for copy in copies:
        _print_copy(copy, console)
    _print_episodes(data, splits, copies, console)
    found = [*_scan_findings(data, copies), *_episode_findings(data, splits, copies)]
    _print_findings(data, found, console)
    return 2 if found else 0


def _read_episodes(datasets: Path, console: Console) -> list[EpisodeSplit]:
    found = {k: v for name in BENCHMARKS for k, v in split_files(datasets, name).items()}
    if not found:
        return []
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("episodes", total=sum(map(len, found.values())))

        def counted(files: Sequence[Path]) -> Iterator[Path]:
            for file in files:
                yield file
                progress.advance(task)

        return [count_split(name, counted(files)) for name, files in found.items()]


def _print_copy(copy: Hm3d, console: Console) -> None:
    parts = (part.removeprefix("basis.") for part in PARTS)
    table = Table("split", "scenes", *parts, "annotated")
    table.title, table.title_justify = f"HM3D in {copy.folder}", "left"
    for split in copy.splits:
        counts = (split.count(part) for part in PARTS)
        table.add_row(split.name, *map(str, (len(split.scans), *counts, split.annotated)))
    console.print(table)
    if copy.config is None:
        console.print(f"[green]ok[/]  {CONFIG} names semantic assets", highlight=False)
    for split in copy.splits:
        if split.name == "val":
            versions = ", ".join(f"{name}: {n}" for name, n in ANNOTATED_VAL.items())
            console.print(
                f"val: {split.annotated} of {len(split.scans)} scenes are annotated "
                f"(HM3D-Semantics {versions}; GOAT-Bench needs v0.2)",
                highlight=False,
                soft_wrap=True,
            )


def _print_episodes(
    data: Path, splits: Sequence[EpisodeSplit], copies: Sequence[Hm3d], console: Console
) -> None:
    if not _is_home(data):
        console.print(
            f"episodes: not looked for; {data} has neither scene_datasets nor datasets in it",
            style="dim",
            soft_wrap=True,
        )
    if not splits:
        return
    here, known = _here(copies), _annotated(copies)
    table = Table("split", "files", "episodes", "scenes", "not here", "not annotated")
    table.title, table.title_justify = f"Episodes in {data / 'datasets'}", "left"
    for split in splits:
        asked = split.scans.keys()
        numbers = (split.files, split.episodes, len(split.scenes))
        absent = (len(asked - here), len((asked & here) - known)) if asked else ("", "")
        table.add_row(split.name, *map(str, (*numbers, *absent)))
    console.print(table)


def _scan_findings(data: Path, copies: Sequence[Hm3d]) -> Iterator[Finding]:
    if not copies:
        places = f"{data}, {data / 'hm3d*'} or {data / 'scene_datasets/hm3d*'}"
        what = f"no scene of HM3D (NNNNN-HASH/HASH.{MESH} in a split) in {places}"
        yield Finding(what, frozenset({"val"}))
    for copy in copies:
        if copy.config is not None:
            what = f"{copy.folder / CONFIG}: {copy.config}; without it no object has a name"
            yield Finding(what, frozenset(split.name for split in copy.splits))
        for split in copy.splits:
            yield from _split_findings(copy.folder / split.name, split.scans)


def _split_findings(folder: Path, scans: Sequence[Scan]) -> Iterator[Finding]:
    name = frozenset({folder.name})
    damages = [damage for scan in scans for damage in scan.damages]
    yield from (Finding(damage, name) for damage in damages[:_SHOWN])
    if len(damages) > _SHOWN:
        yield Finding(f"{folder}: {len(damages) - _SHOWN} more damaged files", name)
    whole = [scan for scan in scans if not scan.damages]
    bare = [scan.name for scan in whole if MESH not in scan.whole]
    if bare:
        yield Finding(f"{folder}: without {MESH}: {_listed(bare)}", name)
    half = [scan.name for scan in whole if not scan.annotated and _SEMANTIC & scan.whole]
    if half:
        yield Finding(f"{folder}: one semantic file without the other: {_listed(half)}", name)


def _episode_findings(
    data: Path, splits: Sequence[EpisodeSplit], copies: Sequence[Hm3d]
) -> Iterator[Finding]:
    if _is_home(data) and not splits:
        yield Finding(f"no episodes of {', '.join(BENCHMARKS)} below {data / 'datasets'}")
    here, known = _here(copies), _annotated(copies)
    for split in splits:
        yield from (Finding(damage) for damage in split.damages)
        scans = split.scans
        for words, names in (
            ("not here or damaged", scans.keys() - here),
            ("not annotated", (scans.keys() & here) - known),
        ):
            if names:
                what = f"{split.name} asks for scenes that are {words}: {_listed(sorted(names))}"
                yield Finding(what, frozenset(_split_of(scans[name]) for name in names))


def _print_findings(data: Path, found: Sequence[Finding], console: Console) -> None:
    if not found:
        console.print("[green]ok[/]  nothing is missing or damaged")
        return
    console.print("missing or damaged", style="bold")
    for finding in found:
        console.print("  [red]--[/] ", end="")
        console.print(finding.what, markup=False, highlight=False, soft_wrap=True)
    for cure in _cures(data, found):
        console.print(cure, markup=False, highlight=False, soft_wrap=True)


def _cures(data: Path, found: Sequence[Finding]) -> Iterator[str]:
    scans = [finding.splits for finding in found if finding.splits is not None]
    if scans:
        splits = sorted(frozenset().union(*scans).intersection(_SPLITS)) or ["val"]
        uids = " ".join(f"hm3d_{split}_v0.2" for split in splits)
        yield _GET_SCANS.format(uids=uids, data=_home_of(data))
    if len(scans) < len(found):
        yield _GET_EPISODES.format(datasets=data / "datasets")


def _split_of(scene: str) -> str:
    """Return "val" of "hm3d/val/00800-TEEsavR23oF/TEEsavR23oF.basis.glb"."""
    return ["", "", *scene.split("/")][-3]


def _here(copies: Sequence[Hm3d]) -> set[str]:
    return {scan.name for copy in copies for scan in copy.scans if MESH in scan.whole}


def _annotated(copies: Sequence[Hm3d]) -> set[str]:
    return {scan.name for copy in copies for scan in copy.scans if scan.annotated}


def _home_of(data: Path) -> Path:
    """Return the folder that has `scene_datasets` in it, where `data` may be inside."""
    for folder in (data, *data.parents[:1]):
        if folder.name == "scene_datasets":
            return folder.parent
    return data


def _is_home(data: Path) -> bool:
    return any((data / name).is_dir() for name in ("scene_datasets", "datasets"))


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
