from __future__ import annotations

import os
import sys
from functools import partial
from pathlib import Path

import pytest
from bench_workers import FakeWorker, log_of, make_job, make_jobs

import goat
from goat.bench.cluster import LOCAL, run_on_ray
from goat.bench.folder import timeless
from goat.bench.jobs import Failure, JobQueue, Outcome, Scope
from goat.bench.pool import run_in_pool
from goat.bench.records import EpisodeRecord
from goat.errors import ConfigError, MissingExtraError

ROOT = Path(goat.__file__).parents[1]


def records(found: list[Outcome]) -> dict:
    return {r.job: timeless(r) for r in found if isinstance(r, EpisodeRecord)}


@pytest.mark.slow
def test_a_cluster_gives_what_processes_give(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("ray")
    monkeypatch.setenv("PYTHONPATH", f"{ROOT}{os.pathsep}{ROOT / 'tests'}")
    jobs = [*make_jobs(), make_job("bug"), make_job("dies"), make_job("dies_once")]
    there, here = tmp_path / "ray", tmp_path / "pool"
    for folder in (there, here):
        folder.mkdir()
    on_ray = list(run_on_ray(partial(FakeWorker, there), JobQueue(jobs), LOCAL, 2))
    printed = capfd.readouterr()
    in_pool = list(run_in_pool(partial(FakeWorker, here), JobQueue(jobs), 2))

    assert records(on_ray) == records(in_pool)
    assert set(jobs) - set(records(on_ray)) == {make_job("bug"), make_job("dies")}
    failed = {f.job.episode: f for f in on_ray if isinstance(f, Failure)}
    assert set(failed) == {"bug", "dies"}
    assert failed["bug"].reason == "KeyError: 'sofa'"
    assert "died a second time" in failed["dies"].reason
    assert all(failure.scope is Scope.EPISODE for failure in failed.values())
    assert [row[2] for row in log_of(there)].count("dies") == 2
    assert "Traceback" not in printed.out + printed.err


def test_an_address_without_a_cluster_is_named() -> None:
    pytest.importorskip("ray")
    with pytest.raises(ConfigError, match=r"'127\.0\.0\.1:1'.*ray start"):
        list(run_on_ray(FakeWorker, JobQueue([make_job()]), "127.0.0.1:1", 1))


def test_ray_is_an_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtraError, match="cluster"):
        list(run_on_ray(FakeWorker, JobQueue([make_job()]), LOCAL, 1))
