"""The folder of a benchmark run: one file per finished episode, never half of one.

results/run.json                      what all agents share, versions, when it was made
results/<agent>/<scene>-<episode>.json
"""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

from goat.bench.decode import decode
from goat.bench.records import EpisodeRecord, Job, RunConfig
from goat.bench.results import plain, versions, write_json
from goat.errors import EpisodeError, ResultsError

SCHEMA = 1
"""Version of the layout of `run.json` and of the records."""
RUN = "run.json"
"""Name of the file that says what the run is."""
_LOCK = ".lock"
_LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class Results:
    """What a folder holds."""

    config: RunConfig
    """What every agent shares."""
    records: tuple[EpisodeRecord, ...]
    """By agent, then by name of the file."""
    made: str
    """When the run was begun, ISO 8601."""
    versions: Mapping[str, str]
    """Of Python, of GOAT and of what it computes with, when the run was begun."""
    damaged: tuple[str, ...]
    """Files that are no records of this run, and why; one line each."""


@dataclass(frozen=True, slots=True)
class Inventory:
    """Which of the wanted episodes are there already."""

    finished: tuple[EpisodeRecord, ...]
    """Records of wanted episodes."""
    missing: tuple[Job, ...]
    """Jobs without a record, in order."""
    set_aside: tuple[str, ...]
    """Files that were renamed, since they are damaged or outdated; one line each."""


class ResultsFolder:
    """Holds the records of one run; use it in a `with` block: one process at a time writes."""

    def __init__(self, path: Path, config: RunConfig) -> None:
        """Name a folder; nothing happens before it is entered.

        Args:
            path: Where; a folder of the same configuration is continued.
            config: What every agent of the run shares.
        """
        self.path, self.config = path, config

    def __enter__(self) -> ResultsFolder:
        """Make the folder, or continue it.

        Raises:
            ResultsError: It is of another run, not a folder of results, in use or not writable.
        """
        with ExitStack() as stack:
            try:
                self.path.mkdir(parents=True, exist_ok=True)
                stack.callback(os.close, _lock(self.path / _LOCK))
                self.run = _open(self.path, self.config)
            except OSError as error:
                raise ResultsError(
                    f"cannot keep results in {self.path}: {error}; choose another --out"
                ) from error
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        """Let others write."""
        self._stack.close()

    def file_of(self, job: Job) -> Path:
        """Return where the record of a job belongs."""
        return _file_of(self.path, job)

    def take_stock(self, jobs: Sequence[Job]) -> Inventory:
        """Tell which jobs are done; records that are damaged or outdated are renamed.

        A record is outdated if the episode file of its scene has changed since.

        Raises:
            EpisodeError: Two jobs would share one file.
            ResultsError: A file cannot be renamed.
        """
        wanted = self._by_file(jobs)
        digests: dict[str, set[str]] = {}
        for job in jobs:
            digests.setdefault(job.scene, set()).add(job.digest)
        finished: dict[Path, EpisodeRecord] = {}
        aside: list[str] = []
        for path, found in _records(self.path):
            if isinstance(found, str):
                aside.append(_set_aside(path, "damaged", found))
            elif why := self._outdated(found.job, wanted.get(path), digests):
                aside.append(_set_aside(path, "stale", why))
            elif path in wanted:
                finished[path] = found
        missing = tuple(job for path, job in wanted.items() if path not in finished)
        return Inventory(tuple(finished.values()), missing, tuple(aside))

    def _outdated(
        self, there: Job, wanted: Job | None, digests: Mapping[str, set[str]]
    ) -> str | None:
        """Return why a record does not count any more, None if it does."""
        if there.config != self.config:
            return "it was run with other settings"
        if there.digest not in digests.get(there.scene, {there.digest}):
            return "its episode file has changed since"
        if wanted is not None and not _same(there, wanted):
            return "it is of another episode"
        return None

    def write(self, record: EpisodeRecord) -> None:
        """Write a record, all of it or nothing.

        Raises:
            OSError: It cannot be written, for example because the disk is full.
        """
        path = self.file_of(record.job)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, {"schema": SCHEMA, **plain(record)})

    def _by_file(self, jobs: Sequence[Job]) -> dict[Path, Job]:
        wanted: dict[Path, Job] = {}
        for job in jobs:
            other = wanted.setdefault(self.file_of(job), job)
            if other is not job:
                raise EpisodeError(
                    f"{job.file} and {other.file} both have an episode {job.episode!r} of scene "
                    f"{job.scene!r}; run them into different folders, or remove one"
                )
        return wanted


def read_results(folder: Path) -> Results:
    """Return what a folder holds; single damaged files are named, never fatal.

    Raises:
        ResultsError: It is no folder of results, or its `run.json` is damaged.
    """
    if not (folder / RUN).is_file():
        raise ResultsError(
            f"{folder} has no {RUN}: it is no folder of results; make one with goat bench run"
        )
    run = read_run(folder)
    records: list[EpisodeRecord] = []
    damaged: list[str] = []
    for path, found in _records(folder):
        if isinstance(found, str):
            damaged.append(f"{path}: {found}")
        elif found.job.config != run.config:
            damaged.append(f"{path}: it was run with other settings")
        else:
            records.append(found)
    return replace(run, records=tuple(records), damaged=tuple(damaged))


def read_run(folder: Path) -> Results:
    """Return what `run.json` says, without any records.

    Raises:
        ResultsError: It is damaged or of another version.
    """
    path = folder / RUN
    try:
        content = _load(path)
        config = decode(RunConfig, content["config"])
        return Results(config, (), str(content["made"]), dict(content["versions"]), ())
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ResultsError(
            f"{path} cannot be used: {error}; choose another folder, or restore the file"
        ) from error


def read_record(path: Path) -> EpisodeRecord:
    """Read one record.

    Raises:
        ResultsError: It is damaged or of another version.
    """
    try:
        content = _load(path)
        del content["schema"]
        return decode(EpisodeRecord, content)
    except (OSError, ValueError) as error:
        raise ResultsError(f"{path} is no record: {error}") from error


def timeless(record: EpisodeRecord) -> EpisodeRecord:
    """Return a record without times and versions: equal wherever and whenever it is run."""
    goals = tuple(
        replace(goal, seconds=0.0, agent_ms_median=None, agent_ms_p99=None, cost_ms={})
        for goal in record.goals
    )
    return replace(record, goals=goals, seconds=0.0, versions={})


def _load(path: Path) -> dict[str, Any]:
    content = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(content, dict) or content.get("schema") != SCHEMA:
        raise ValueError(f"it is not of schema {SCHEMA}")
    return content


def _file_of(folder: Path, job: Job) -> Path:
    return folder / job.agent / f"{_slug(job.scene)}-{_slug(job.episode)}.json"


def _records(folder: Path) -> Iterator[tuple[Path, EpisodeRecord | str]]:
    """Yield every file of a record with the record, or with what is wrong with it."""
    for path in sorted(folder.glob("*/*.json")):
        try:
            record = read_record(path)
        except ResultsError as error:
            yield path, str(error.__cause__)
            continue
        home = _file_of(folder, record.job)
        yield path, record if path == home else f"it is the record that belongs at {home}"


def _same(a: Job, b: Job) -> bool:
    """Return whether two jobs are the same, wherever the episode file lies."""
    return replace(a, file="") == replace(b, file="")


def _open(path: Path, config: RunConfig) -> Results:
    if not (path / RUN).exists():
        return _begin(path, config)
    run = read_run(path)
    _check_config(path, run.config, config)
    return run


def _begin(path: Path, config: RunConfig) -> Results:
    strangers = [p.name for p in path.iterdir() if not p.name.startswith((RUN, _LOCK))]
    if strangers:
        raise ResultsError(
            f"{path} holds {strangers[0]!r} but no {RUN}: it is no folder of results; "
            "choose another --out"
        )
    made = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    run = Results(config, (), made, versions(), ())
    document = {"config": config, "made": made, "versions": run.versions}
    write_json(path / RUN, {"schema": SCHEMA, **plain(document)})
    return run


def _check_config(path: Path, there: RunConfig, here: RunConfig) -> None:
    differing = [
        f"{field.name.replace('_', ' ')} {old!r}, now {new!r}"
        for field in dataclasses.fields(RunConfig)
        if (old := getattr(there, field.name)) != (new := getattr(here, field.name))
    ]
    if differing:
        raise ResultsError(
            f"{path} was made with other settings: {'; '.join(differing)}; "
            "run with the same ones, or choose another --out"
        )


def _slug(name: str) -> str:
    """Return a name as part of a file's name."""
    slug = re.sub(r"[^A-Za-z0-9.,=_-]", "_", name)
    if len(slug) <= _LONGEST_NAME:
        return slug
    return f"{slug[-_LONGEST_NAME:]}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def _set_aside(path: Path, suffix: str, why: str) -> str:
    """Rename a file out of the way; return a line that says so."""
    for number in count(1):
        ending = suffix if number == 1 else f"{suffix}-{number}"
        target = path.with_name(f"{path.name}.{ending}")
        if not target.exists():
            try:
                path.rename(target)
            except OSError as error:
                raise ResultsError(f"{path} is no record and cannot be renamed: {error}") from error
            return f"{path} is set aside as {target.name}: {why}"
    raise AssertionError("unreachable")


def _lock(path: Path) -> int:
    """Return an open file that no other process has locked; the lock ends with the process."""
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except ImportError:
        return file
    except BlockingIOError as error:
        os.close(file)
        raise ResultsError(
            f"another run is writing to {path.parent}; wait for it, or choose another --out"
        ) from error
    return file
