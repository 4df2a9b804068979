"""Kills habitat_sim's server at random moments of a benchmark run; nothing finished may be lost.

Run: python benchmarks/habitat_kill.py EPISODES --scenes DIR --python PYTHON [--times 20]
The run is started again until it is complete, as a person would; then every record must be that of
a run that nobody disturbed. With the imitation: PYTHONPATH=.:tests/fake_habitat:tests.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from goat.bench.folder import read_results, timeless
from goat.bench.records import EpisodeRecord


def command(options: argparse.Namespace, out: Path) -> list[str]:
    """Return the run."""
    return [
        str(Path(sys.executable).with_name("goat")), "bench", "run", str(options.episodes),
        "--env", "habitat", "--scenes", str(options.scenes), "--habitat", options.python,
        "--agents", options.agent, "--max-steps", str(options.max_steps), "--limit",
        str(options.limit), "--workers", "1", "--out", str(out),
    ]  # fmt: skip


def servers() -> list[int]:
    """Return the servers that run on this machine."""
    found = subprocess.run(
        ["pgrep", "-f", "habitat_server.py --once"], capture_output=True, text=True, check=False
    )
    return [int(line) for line in found.stdout.split()]


def records(folder: Path) -> dict[str, EpisodeRecord]:
    """Return what is finished."""
    if not (folder / "run.json").exists():
        return {}
    found = read_results(folder).records
    return {f"{r.job.scene} {r.job.episode}": timeless(r) for r in found}


def disturbed(options: argparse.Namespace, out: Path, rng: random.Random) -> tuple[int, int, int]:
    """Run until complete and kill meanwhile; return kills, runs and records that were lost."""
    kills = runs = lost = 0
    while True:
        runs += 1
        run = subprocess.Popen(
            command(options, out), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        while run.poll() is None:
            time.sleep(rng.uniform(0.2, options.longest))
            before, there = records(out), servers()
            if kills < options.times and there and run.poll() is None:
                os.kill(rng.choice(there), signal.SIGKILL)
                kills += 1
                after = records(out)
                lost += sum(after.get(name) != record for name, record in before.items())
        if run.returncode == 0:
            return kills, runs, lost


def main() -> None:
    """Run twice and compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("episodes", type=Path)
    parser.add_argument("--scenes", type=Path, required=True)
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--agent", default="random")
    parser.add_argument("--max-steps", type=int, default=20)
    parser.add_argument("--limit", type=int, default=10)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--longest", type=float, default=6.0, help="s between two kills, at most")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        quiet, loud = Path(folder) / "quiet", Path(folder) / "loud"
        subprocess.run(command(options, quiet), check=True, stdout=subprocess.DEVNULL)
        kills, runs, lost = disturbed(options, loud, random.Random(options.seed))
        expected, found = records(quiet), records(loud)
    same = sum(found.get(name) == record for name, record in expected.items())
    print(
        f"{kills} kills in {runs} runs: {lost} finished episodes lost, "
        f"{same} of {len(expected)} records as in the run that nobody disturbed"
    )


if __name__ == "__main__":
    main()
