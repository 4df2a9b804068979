"""Workers on a Ray cluster: the same jobs as tasks, the same results."""

from __future__ import annotations

import functools
import logging
import os
import socket
from collections.abc import Iterator
from typing import Any

from goat.bench.jobs import (
    WORKER_ENVIRONMENT,
    Failure,
    JobQueue,
    MakeWorker,
    Outcome,
    Worker,
    attempt,
)
from goat.bench.records import Job
from goat.errors import ConfigError
from goat.registry import require

LOCAL = "local"
"""Address that starts a cluster of this machine alone."""
_STORE = 128 * 2**20  # bytes of shared memory of a local cluster; records are small
_PATIENCE = 10.0  # s for a cluster to answer
_AHEAD = 2  # tasks in flight per core of the cluster, so that none waits for this process


def run_on_ray(make: MakeWorker, queue: JobQueue, address: str, workers: int) -> Iterator[Outcome]:
    """Run all jobs of a queue as Ray tasks; yield how each ended.

    A task whose process dies is tried once more. Episode files, worlds and this package must be
    there, at the same paths, on every node.

    Args:
        make: Called once in each Ray worker process, if it is a function of a module: any other
            callable arrives as a new one with each task.
        queue: May be emptied meanwhile, to stop after the tasks in flight.
        address: Of a cluster, as `ray.init` takes it, or `LOCAL`.
        workers: Cores of a local cluster.

    Raises:
        MissingExtraError: Ray is not installed.
        ConfigError: There is no cluster at the address.
    """
    ray = connect(address, workers)
    task = ray.remote(num_cpus=1, max_retries=1)(_run)
    flying: dict[Any, Job] = {}
    try:
        while True:
            _launch(ray, task, make, queue, flying)
            if not flying:
                return
            done, _ = ray.wait(list(flying), num_returns=1)
            for ref in done:
                yield _result(ray, ref, flying.pop(ref))
    finally:
        for ref in flying:
            ray.cancel(ref, force=True)
        ray.shutdown()


def connect(address: str, workers: int) -> Any:
    """Connect to a cluster, quietly; return the `ray` package.

    Raises:
        MissingExtraError: Ray is not installed.
        ConfigError: There is no cluster at the address.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    ray = require("ray")
    _check_address(address)
    options: dict[str, Any] = {
        "address": address,
        "log_to_driver": False,
        "logging_level": logging.ERROR,
        "runtime_env": {"env_vars": WORKER_ENVIRONMENT},
    }
    if address == LOCAL:
        options |= {
            "num_cpus": workers,
            "include_dashboard": False,
            "object_store_memory": _STORE,
        }
    try:
        ray.init(**options)
    except (ConnectionError, ValueError, RuntimeError, OSError) as error:
        raise _no_cluster(address, error) from error
    return ray


def _check_address(address: str) -> None:
    """Check that something listens there: Ray itself would try for minutes."""
    host, _, port = address.rpartition("://")[2].rpartition(":")
    if not (host and port.isdecimal()):
        return
    try:
        socket.create_connection((host, int(port)), _PATIENCE).close()
    except (OSError, OverflowError) as error:
        raise _no_cluster(address, error) from error


def _no_cluster(address: str, error: Exception) -> ConfigError:
    return ConfigError(
        f"no Ray cluster answers at {address!r}: {error}; start one with 'ray start --head', "
        "give its address, or --ray local"
    )


def _launch(ray: Any, task: Any, make: MakeWorker, queue: JobQueue, flying: dict[Any, Job]) -> None:
    """Keep every core of the cluster, which may have grown, supplied."""
    room = _AHEAD * max(1, int(ray.cluster_resources().get("CPU", 1))) - len(flying)
    while room > 0 and (job := queue.take()) is not None:
        flying[task.remote(make, job)] = job
        room -= 1


def _result(ray: Any, ref: Any, job: Job) -> Outcome:
    try:
        return ray.get(ref)
    except ray.exceptions.RayError as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        if isinstance(error, ray.exceptions.RayTaskError):
            return Failure(job, f"Ray could not run it: {lines[-1]}", trace=str(error))
        return Failure(job, f"its worker died a second time ({lines[0]})", trace=str(error))


def _run(make: MakeWorker, job: Job) -> Outcome:
    return attempt(_worker(make), job)


@functools.cache
def _worker(make: MakeWorker) -> Worker:
    """Return this process's worker, which keeps its scene from task to task."""
    return make()
