"""What `goat bench run` shows while it runs."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence

from rich.console import Console, RenderableType
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from goat.bench.jobs import Failure, Scope
from goat.bench.records import EpisodeRecord, Job
from goat.types import Status

_HORIZON = 24 * 3600.0  # s over which the speed is averaged: episodes are long and uneven


class _Bar(Progress):
    """A bar with a line of scores below it."""

    scores = ""

    def get_renderables(self) -> Iterable[RenderableType]:
        yield from super().get_renderables()
        yield Text(self.scores)


class BenchProgress:
    """A bar over episodes and a line for each; implements `goat.bench.runner.RunObserver`."""

    def __init__(
        self,
        console: Console,
        jobs: Sequence[Job],
        finished: Sequence[EpisodeRecord],
        debug: bool = False,
    ) -> None:
        """Prepare.

        Args:
            console: Where to show it.
            jobs: Everything that is wanted.
            finished: What is there already.
            debug: Show tracebacks.
        """
        self._console, self._debug = console, debug
        self._began, self._count = time.monotonic(), 0
        self._goals: dict[str, list[bool]] = {job.agent: [] for job in jobs}
        for record in finished:
            self._score(record)
        self._bar = _Bar(
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("episodes, {task.fields[rate]} per hour, left"),
            TimeRemainingColumn(),
            console=console,
            speed_estimate_period=_HORIZON,
        )
        self._task = self._bar.add_task("", total=len(jobs) - len(finished), rate="-")

    def __enter__(self) -> BenchProgress:
        """Show the bar."""
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the bar as it is."""
        self._bar.stop()

    def finished(self, record: EpisodeRecord) -> None:
        """Print a line."""
        self._score(record)
        good = sum(bool(goal.strict_success) for goal in record.goals)
        steps = sum(goal.steps for goal in record.goals)
        errors = sum(goal.status is Status.ERROR for goal in record.goals)
        broken = f", [red]{errors} ended with an error[/]" if errors else ""
        self._print(
            f"{_name(record.job)}: {good} of {len(record.goals)} goals, {steps} steps, "
            f"{record.seconds:.0f} s{broken}"
        )
        self._advance(1)

    def failed(self, failure: Failure, dropped: int) -> None:
        """Print why."""
        again = failure.scope is Scope.AGAIN
        what = "[yellow]once more[/]" if again else "[red]failed[/]"
        others = f"; {dropped} others are left out for it" if dropped else ""
        self._print(f"{_name(failure.job)}: {what}: {escape(failure.reason)}{others}")
        if self._debug and failure.trace:
            self._console.print(failure.trace, markup=False, highlight=False)
        if not again:
            self._advance(1 + dropped)

    def unwritten(self, record: EpisodeRecord, error: OSError) -> None:
        """Print why."""
        self._print(f"{_name(record.job)}: [red]cannot be written[/]: {escape(str(error))}")
        self._advance(1)

    def _score(self, record: EpisodeRecord) -> None:
        goals = [bool(goal.strict_success) for goal in record.goals]
        self._goals.setdefault(record.job.agent, []).extend(goals)

    def _advance(self, episodes: int) -> None:
        self._count += episodes
        rate = 3600.0 * self._count / (time.monotonic() - self._began)
        scores = [f"{agent} {sum(g) / len(g):.0%}" for agent, g in self._goals.items() if g]
        self._bar.scores = f"goals reached: {', '.join(scores)}" if scores else ""
        self._bar.update(self._task, advance=episodes, rate=f"{rate:.0f}")

    def _print(self, line: str) -> None:
        self._bar.console.print(line, highlight=False, soft_wrap=True)


def _name(job: Job) -> str:
    return f"{escape(job.agent)}, {escape(job.scene)}, episode {escape(job.episode)}"
