from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from fakes import FakeAgent, FakeRobot, FakeTruth, make_instance, make_truth

from goat.bench.measure import spl
from goat.bench.results import document, plain, write_json
from goat.bench.session import GoalResult, SessionConfig, TruthSeeker, run_tasks, summarize
from goat.frames import planar_of
from goat.types import AgentFrame, CategoryGoal, DiscreteAction, LanguageGoal, Status, Task

CHAIR = Task(CategoryGoal("chair"), (1,))


def setup(distance: int = 2, **agent: object) -> tuple[FakeAgent, FakeRobot, FakeTruth]:
    """A chair 1 m ahead whose viewpoint is 0.5 m ahead: two steps."""
    robot = FakeRobot()
    truth = FakeTruth(
        robot, {1: make_truth(1, "chair", (1.0, 0.0)), 2: make_truth(2, "bed", (9, 9))}
    )
    return FakeAgent(distance, **agent), robot, truth  # type: ignore[arg-type]


class Recorder:
    def __init__(self) -> None:
        self.events: list[object] = []

    def goal_started(self, index: int, total: int, task: Task) -> None:
        self.events.append((index, total))

    def stepped(self, frame: object) -> None:
        self.events.append("step")

    def goal_ended(self, result: GoalResult) -> None:
        self.events.append(result.status)


def test_reaching_the_target_is_measured() -> None:
    result = run_tasks(*setup(), [CHAIR]).goals[0]
    assert (result.status, result.success, result.strict_success) == (Status.REACHED, True, True)
    assert result.steps == 2
    assert result.path_length_m == pytest.approx(0.5)
    assert result.shortest_m == pytest.approx(0.5)
    assert result.spl == 1.0
    assert result.reached == "chair_01"
    assert result.first_visit
    assert result.agent_ms_median is not None


def test_stopping_within_a_metre_is_relaxed_but_not_strict_success() -> None:
    result = run_tasks(*setup(distance=0), [CHAIR]).goals[0]
    assert (result.success, result.strict_success) == (True, False)


def test_stopping_at_the_wrong_place_is_no_success() -> None:
    result = run_tasks(*setup(), [Task(CategoryGoal("bed"), (2,))]).goals[0]
    assert (result.status, result.success, result.spl) == (Status.REACHED, False, 0.0)


def test_passing_by_without_stopping_is_no_success() -> None:
    agent, robot, truth = setup(distance=99)
    result = run_tasks(agent, robot, truth, [CHAIR], SessionConfig(max_steps=2)).goals[0]
    assert (result.status, result.success, result.steps) == (Status.TIMEOUT, False, 2)
    assert robot.actions[-1] is DiscreteAction.STOP


def test_an_exception_is_never_a_success_and_later_goals_go_on() -> None:
    agent, robot, truth = setup(fails_on=(0,))
    first, second = run_tasks(agent, robot, truth, [CHAIR, CHAIR]).goals
    assert (first.status, first.success) == (Status.ERROR, False)
    assert "boom" in first.reason
    assert (second.status, second.success) == (Status.REACHED, True)


def test_without_ground_truth_nobody_knows() -> None:
    agent, robot, _ = setup()
    result = run_tasks(agent, robot, None, [Task(LanguageGoal("a chair"), ())]).goals[0]
    assert (result.success, result.shortest_m, result.spl) == (None, None, None)
    assert result.path_length_m == pytest.approx(0.5)


def test_a_second_visit_is_told_from_the_first() -> None:
    agent, robot, truth = setup()
    agent.distance = 1
    results = run_tasks(agent, robot, truth, [CHAIR, CHAIR]).goals
    assert [r.first_visit for r in results] == [True, False]
    summary = summarize(results)
    assert summary["revisited_objects"] == 1
    assert summary["revisit_speedup"] == pytest.approx(1.0)


def test_observers_see_every_step() -> None:
    recorder = Recorder()
    run_tasks(*setup(), [CHAIR], observers=[recorder])
    assert recorder.events == [(0, 1), "step", "step", "step", Status.REACHED]


def test_an_embodiment_that_breaks_ends_the_session_after_a_stop() -> None:
    agent, robot, truth = setup()
    robot.observe = lambda: (_ for _ in ()).throw(ConnectionError("gone"))  # type: ignore
    with pytest.raises(ConnectionError):
        run_tasks(agent, robot, truth, [CHAIR])


def test_results_are_json_with_versions_and_seed(tmp_path: Path) -> None:
    result = run_tasks(*setup(), [CHAIR])
    write_json(tmp_path / "results.json", document(result.goals, SessionConfig(), 7))
    content = json.loads((tmp_path / "results.json").read_text())
    assert content["schema"] == 1
    assert content["seed"] == 7
    assert content["goals"][0]["status"] == "reached"
    assert content["summary"]["success_rate"] == 1.0
    assert content["config"]["max_steps"] == 500
    assert content["versions"]["goat"]
    assert [p.name for p in tmp_path.iterdir()] == ["results.json"]


def test_numbers_that_json_lacks_become_null() -> None:
    assert plain({"a": math.inf, "b": (math.nan, 1.5), "c": Path("x")}) == {
        "a": None,
        "b": [None, 1.5],
        "c": "x",
    }
    assert plain(np.float64(2.0)) == 2.0


class Believer(FakeAgent):
    """Takes what stands at `(x, y)` for the goal."""

    def __init__(self, xy: tuple[float, float], **options: object) -> None:
        super().__init__(2, **options)  # type: ignore[arg-type]
        self.xy = xy
        self.timings = {"perceive": 0.25, "plan": 0.5}

    def frame(self) -> AgentFrame:
        remembered = (make_instance(7, "chair", self.xy, 0.5), make_instance(8, "bed", (9, 9)))
        return dataclasses.replace(
            super().frame(), target=7, instances=remembered, candidates=((8, 0.6), (7, 0.5))
        )


def test_what_was_taken_for_the_goal_is_told_apart_from_where_it_stopped() -> None:
    _, robot, truth = setup()
    result = run_tasks(Believer((1.0, 0.0)), robot, truth, [CHAIR]).goals[0]
    assert (result.chosen, result.best, result.known) == ("chair_01", "bed_02", True)
    robot = FakeRobot()
    truth = dataclasses.replace(truth, robot=robot)
    result = run_tasks(Believer((5.0, 0.0)), robot, truth, [CHAIR]).goals[0]
    assert result.success, "it stopped at the right place"
    assert (result.chosen, result.known) == (None, False), "but took nothing true for the goal"


class Lost(Believer):
    """Believes to be 5 m to the right of where it is."""

    @property
    def pose(self) -> tuple[float, float, float]:
        x, y, yaw = planar_of(self._observation.odom_from_base)
        return x, y - 5.0, yaw


def test_what_is_believed_is_compared_in_the_agents_own_map() -> None:
    _, robot, truth = setup()
    result = run_tasks(Lost((1.0, -5.0)), robot, truth, [CHAIR]).goals[0]
    assert (result.chosen, result.known) == ("chair_01", True)


def test_strict_success_has_its_own_spl() -> None:
    exact = run_tasks(*setup(), [CHAIR]).goals[0]
    near = run_tasks(*setup(distance=0), [CHAIR]).goals[0]
    assert (exact.strict_spl, near.spl, near.strict_spl) == (1.0, 1.0, 0.0)


def test_the_way_and_what_it_cost_are_kept() -> None:
    _, robot, truth = setup()
    result = run_tasks(Believer((1.0, 0.0)), robot, truth, [CHAIR]).goals[0]
    assert result.trajectory == ((0.0, 0.0), (0.25, 0.0), (0.5, 0.0))
    assert result.category == "chair"
    assert set(result.cost_ms) == {"render", "perceive", "plan"}
    assert (result.cost_ms["perceive"], result.cost_ms["plan"]) == (250.0, 500.0)


def test_an_agent_that_never_steps_believes_nothing() -> None:
    agent, robot, truth = setup(fails_on=(1,))
    _, result = run_tasks(agent, robot, truth, [CHAIR, CHAIR]).goals
    assert result.status is Status.ERROR
    assert (result.chosen, result.best, result.known) == (None, None, None)
    assert result.trajectory == ((0.5, 0.0),)
    assert set(result.cost_ms) == {"render"}


def test_a_frame_that_cannot_be_had_costs_no_result() -> None:
    agent, robot, truth = setup()
    agent.frame = lambda: 1 / 0  # type: ignore[assignment, return-value]
    result = run_tasks(agent, robot, truth, [CHAIR]).goals[0]
    assert (result.success, result.chosen) == (True, None)


class Told(FakeAgent):
    def set_targets(self, targets: Sequence[int]) -> None:
        self.told = tuple(targets)


def test_only_who_asks_is_told_the_truth() -> None:
    _, robot, truth = setup()
    agent = Told(0)
    run_tasks(agent, robot, truth, [CHAIR])
    assert agent.told == (1,)
    assert not isinstance(FakeAgent(), TruthSeeker)


@pytest.mark.parametrize(
    ("success", "length", "shortest", "expected"),
    [
        (True, 0.0, 0.0, 1.0),
        (True, 0.5, 0.0, 0.0),
        (True, 4.0, 2.0, 0.5),
        (True, 1.0, 2.0, 1.0),
        (False, 1.0, 2.0, 0.0),
        (None, 1.0, 2.0, None),
        (True, 1.0, None, None),
    ],
)
def test_spl_is_defined_everywhere(
    success: bool | None, length: float, shortest: float | None, expected: float | None
) -> None:
    assert spl(success, length, shortest) == expected
