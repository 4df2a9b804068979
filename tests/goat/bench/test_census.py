from __future__ import annotations

import gzip
import json
from collections import Counter
from pathlib import Path

from goat.bench.census import Census, census
from goat.bench.format import episode_files, read_episodes


def counted(raw: dict) -> dict[str, int]:
    """Count the JSON itself."""
    found: Counter[str] = Counter(episodes=len(raw["episodes"]))
    found["objects"] = len({t[2] for e in raw["episodes"] for t in e["tasks"] if t[2]})
    found["categories"] = len({t[0] for e in raw["episodes"] for t in e["tasks"]})
    goals = [goal for items in raw["goals"].values() for goal in items]
    found["long"] = sum(len(goal.get("lang_desc", "").split()) > 55 for goal in goals)
    for episode in raw["episodes"]:
        for i, task in enumerate(episode["tasks"]):
            before = episode["tasks"][:i]
            found["subtasks"] += 1
            found[task[1]] += 1
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
                     "same_goal", "same_object", "same_category", "long"):  # fmt: skip
            assert getattr(count, name) == expected[name], name
        total += count
    assert (total.episodes, total.subtasks) == (30, 220)
    assert total.identical < total.same_goal < total.same_category


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
