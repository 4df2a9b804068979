from __future__ import annotations

import gzip
import json
from collections import Counter
from io import StringIO
from pathlib import Path

from rich.console import Console

from goat.bench.census import Census, census
from goat.bench.format import episode_files, read_episodes
from goat.commands.bench_inspect import inspect
from goat.commands.options import BenchInspect


def counted(raw: dict) -> Counter[str]:
    """Count the JSON itself."""
    found: Counter[str] = Counter(episodes=len(raw["episodes"]))
    found["objects"] = len({t[2] for e in raw["episodes"] for t in e["tasks"] if t[2]})
    found["categories"] = len({t[0] for e in raw["episodes"] for t in e["tasks"]})
    goals = [goal for items in raw["goals"].values() for goal in items]
    found["long"] = sum(len(goal.get("lang_desc", "").split()) > 55 for goal in goals)
    long = {goal["object_id"] for goal in goals if len(goal.get("lang_desc", "").split()) > 55}
    for episode in raw["episodes"]:
        for i, task in enumerate(episode["tasks"]):
            before = episode["tasks"][:i]
            found["subtasks"] += 1
            found[task[1]] += 1
            found["dropped"] += task[1] == "description" and task[2] in long
            found["identical"] += task in before
            found["same_goal"] += task[:3] in [t[:3] for t in before]
            found["same_object"] += task[2] is not None and task[2] in [t[2] for t in before]
            found["same_category"] += task[0] in [t[0] for t in before]
    return found


def test_real_files_are_counted_right(data_dir: Path) -> None:
    files = episode_files(data_dir / "goat_bench")
    total = Census()
    for file in files:
        expected = counted(json.loads(gzip.decompress(file.read_bytes())))
        count = census(read_episodes(file))
        assert (count.category, count.language) == (expected["object"], expected["description"])
        for name in ("episodes", "subtasks", "image", "categories", "objects", "identical",
                     "same_goal", "same_object", "same_category", "long", "dropped"):  # fmt: skip
            assert getattr(count, name) == expected[name], name
        total += count
    assert (total.episodes, total.subtasks) == (30, 220)
    assert total.identical < total.same_goal < total.same_category


def test_inspect_prints_what_the_raw_files_hold(data_dir: Path) -> None:
    console = Console(width=200, record=True, file=StringIO())
    assert inspect(BenchInspect(files=(data_dir / "goat_bench/val_unseen",)), console) == 0
    tables = console.export_text().split("share of goals")[1:]
    rows = [
        {cells[1].strip(): cells[2].strip() for line in table.splitlines()
         if len(cells := line.split("│")) > 3}
        for table in tables
    ]  # fmt: skip
    files = sorted((data_dir / "goat_bench/val_unseen/content").iterdir())
    raw = [counted(json.loads(gzip.decompress(file.read_bytes()))) for file in files]
    assert len(rows) == len(raw) + 1
    names = {"episodes": "episodes", "subtasks": "goals", "object": "by category",
             "image": "by photo", "description": "by sentence", "identical": "repeats: identical",
             "same_object": "repeats: object", "same_category": "repeats: category",
             "long": "descriptions of more than 55 words"}  # fmt: skip
    for row, expected in zip(rows, [*raw, sum(raw, Counter())], strict=True):
        printed = {name: int(row[words]) for name, words in names.items()}
        assert printed == {name: expected[name] for name in names}


def test_dropped_goals_are_those_the_reader_drops(data_dir: Path, tmp_path: Path) -> None:
    (file, *_) = episode_files(data_dir / "goat_bench")
    raw = json.loads(gzip.decompress(file.read_bytes()))
    goal = next(g for items in raw["goals"].values() for g in items if g.get("lang_desc"))
    goal["lang_desc"] = "very " * 60
    path = tmp_path / "a.json.gz"
    path.write_bytes(gzip.compress(json.dumps(raw).encode()))
    whole, kept = census(read_episodes(path)), census(read_episodes(path, drop_long=True))
    assert whole.long == 1
    assert whole.dropped == whole.subtasks - kept.subtasks > 0
