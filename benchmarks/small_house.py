"""Twenty goals of three kinds in a furnished house: every object is sought twice.

Photos are taken and sentences written from ground truth; then everything goes through `goat run`,
as a user would run it. Chairs of both kinds and all trash cans are among the objects, so success
means that they are told apart. The second round visits the objects in the order of the first, so
both visits to an object start at the same place and their lengths can be compared.

    python benchmarks/small_house.py --world .../small_house.world --out runs/small_house
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # sim.py here hides the package sim

import cv2
import numpy as np
import tyro
import yaml
from rich.console import Console
from rich.table import Table

from goat.bench.goals import describe_object
from goat.cli import main as goat
from sim.home import HomeSim
from sim.truth import GroundTruth
from sim.worlds import load_world

# Object and the kinds of its first and second visit.
VISITS = (
    ("ChairD_01_001", "image", "image"),
    ("Trash_01_001", "image", "language"),
    ("Refrigerator_01_001", "category", "language"),
    ("ChairA_01_002", "image", "image"),
    ("Trash_01_002", "image", "language"),
    ("SofaC_01_001", "language", "category"),
    ("ChairD_01_002", "image", "image"),
    ("NightStand_01_002", "image", "language"),
    ("ChairA_01_005", "language", "image"),
    ("Bed_01_001", "category", "language"),
)


@dataclass(frozen=True)
class Options:
    """Settings."""

    world: str = "small_house.world"
    """World file with these objects; a bare name is looked for below $GOAT_DATA/worlds."""
    out: Path = Path("runs/small_house")
    """Folder for photos, goals and the run; must not exist yet."""
    seed: int = 0
    """Decides where photos are taken from and how sentences are phrased."""


def main(options: Options) -> int:
    """Write the goals, run them, print the table and the figures."""
    options.out.mkdir(parents=True)
    write_goals(options)
    goals, run = str(options.out / "goals.yaml"), str(options.out / "run")
    what = ["--world", options.world, "--goals", goals, "--seed", str(options.seed)]
    code = goat(["run", *what, "--out", run])
    if code != 0:
        return code
    results = json.loads((options.out / "run" / "results.json").read_text("utf-8"))
    print(json.dumps(figures(results["goals"])))
    return 0


def write_goals(options: Options) -> None:
    """Write goals.yaml and its photos."""
    rng = np.random.default_rng(options.seed)
    sim = HomeSim(load_world(options.world), rng=rng)
    truth = GroundTruth(sim)
    entries = [entry(truth, name, kind, options.out, rng) for name, kind in order()]
    sim.close()
    (options.out / "goals.yaml").write_text(yaml.safe_dump(entries), "utf-8")


def order() -> list[tuple[str, str]]:
    """Return object and kind of every goal: two rounds of the same objects."""
    return [(name, kinds[turn]) for turn in (0, 1) for name, *kinds in VISITS]


def entry(
    truth: GroundTruth, name: str, kind: str, folder: Path, rng: np.random.Generator
) -> dict[str, object]:
    """Return one goal as `goat run --goals` reads it."""
    item = next(o for o in truth.objects.values() if o.name == name)
    if kind == "category":
        alike = [o.name for o in truth.objects.values() if o.category == item.category]
        return {"category": item.category, "target": alike}
    text = describe_object(item, truth.objects, rng) if kind == "language" else None
    if text is not None:
        return {"text": text, "target": [name]}
    path = folder / f"{name}_{rng.integers(10**6):06d}.jpg"
    photo = truth.take_photo(truth.photo_view(item.id, rng))
    cv2.imwrite(str(path), photo[..., ::-1])
    return {"image": path.name, "target": [name]}


def figures(goals: list[dict]) -> dict[str, float]:
    """Print how each goal went and return what it comes to."""
    table = Table("goal", "kind", "object", "reached", "steps", "driven m", "shortest m")
    ways: dict[str, list[dict]] = {}
    for (name, _), goal in zip(order(), goals, strict=True):
        ways.setdefault(name, []).append(goal)
        length, shortest = f"{goal['path_length_m']:.1f}", f"{goal['shortest_m']:.1f}"
        table.add_row(
            goal["goal"], goal["modality"], name, str(goal["success"]), str(goal["steps"]),
            length, shortest,
        )  # fmt: skip
    Console().print(table)
    both = [visits for visits in ways.values() if all(v["success"] for v in visits)]
    first, second = (np.array([v[i]["path_length_m"] for v in both]) for i in (0, 1))
    least = [np.array([v[i]["shortest_m"] for v in both]) for i in (0, 1)]
    return {
        "goals": len(goals),
        "success": float(np.mean([bool(g["success"]) for g in goals])),
        "strict_success": float(np.mean([bool(g["strict_success"]) for g in goals])),
        "spl": float(np.mean([g["spl"] or 0.0 for g in goals])),
        "first_visit_m": float(first.mean()),
        "second_visit_m": float(second.mean()),
        "revisit_speedup": float(first.mean() / second.mean()),
        "first_over_shortest": float(first.sum() / least[0].sum()),
        "second_over_shortest": float(second.sum() / least[1].sum()),
    }


if __name__ == "__main__":
    sys.exit(main(tyro.cli(Options, description=__doc__)))
