from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from sim_worlds import box_object, one_room_world, two_room_world
from textured_world import BOXES, gallery, photo_from

from goat.agent import AgentConfig
from goat.build import BuildConfig, build_agent
from goat.errors import GoalError
from goat.frames import planar_of
from goat.memory.matcher import Match
from goat.memory.store import check
from goat.perception.detectors.simulator import SimulatorDetector, SimulatorDetectorConfig
from goat.perception.worker import SynchronousPerceiver
from goat.protocols import Detector
from goat.types import (
    CategoryGoal,
    Detection,
    DiscreteAction,
    Goal,
    ImageGoal,
    Instance,
    InstanceGoal,
    LanguageGoal,
    Observation,
    PlaceGoal,
    Status,
)
from sim.home import HomeSim
from sim.truth import GroundTruth
from sim.worlds.world import World

Pose = tuple[float, float, float]


class Run:
    """A robot with an agent in a world, and what they did."""

    def __init__(
        self,
        world: World,
        detector: Detector | None = None,
        memory: Path | None = None,
        config: BuildConfig | None = None,
    ) -> None:
        self.sim = HomeSim(world)
        self.truth = GroundTruth(self.sim)
        self.detector = detector or SimulatorDetector(self.sim.labels)
        words = tuple(sorted(set(self.sim.labels.values())))
        self.agent = build_agent(self.sim.body, self.detector, memory, config, words)
        self.trace: list[Pose] = []
        self.notes: list[str] = []

    def pursue(self, goal: Goal, most: int = 150) -> int:
        """Pursue a goal to its end; return the number of actions."""
        self.agent.set_goal(goal)
        self.notes = []
        for steps in range(most):
            self.trace.append(self.sim.pose)
            action = self.agent.step(self.sim.observe())
            self.notes.append(self.agent.frame().note)
            if self.agent.status is not None:
                assert action is DiscreteAction.STOP
                return steps
            self.sim.act(action)
        return most

    def gap(self, name: str) -> float:
        """Distance to the surface of an object, m."""
        (number,) = [n for n, o in self.truth.objects.items() if o.name == name]
        return self.truth.gap(self.sim.pose[:2], number)

    def close(self) -> None:
        self.agent.close()
        self.sim.close()


@pytest.fixture
def start() -> Iterator:
    """Makes runs and closes them."""
    runs: list[Run] = []

    def make(*args: object, **options: object) -> Run:
        runs.append(Run(*args, **options))  # type: ignore[arg-type]
        return runs[-1]

    yield make
    for run in runs:
        run.close()


@pytest.mark.parametrize(
    ("goal", "name"),
    [
        (CategoryGoal("tables"), "table_01"),
        (LanguageGoal("go to the red chair"), "chair_red"),
        (LanguageGoal("the chair in the bedroom"), "chair_blue"),
    ],
)
def test_what_is_asked_for_is_driven_to(start, goal: Goal, name: str) -> None:
    run = start(two_room_world())
    steps = run.pursue(goal)
    assert run.agent.status is Status.REACHED, run.agent.reason
    assert run.gap(name) <= 1.0
    assert 0 < steps < 100
    bearing = facing(run, name)
    assert bearing < 0.6, "it looks at what it stopped at"


def facing(run: Run, name: str) -> float:
    (item,) = [o for o in run.truth.objects.values() if o.name == name]
    x, y, yaw = run.sim.pose
    dx, dy = item.bounds.mean(axis=0)[:2] - [x, y]
    return abs(float(np.angle(np.exp(1j * (np.arctan2(dy, dx) - yaw)))))


def test_a_photo_of_one_of_two_identical_boxes_leads_to_that_one(start) -> None:
    run = start(gallery())
    for number, eye in ((0, (2.6, 1.6, 1.3)), (1, (3.4, 2.2, 1.3))):
        photo = photo_from(run.sim, eye, (*BOXES[number], 0.4))
        run.pursue(ImageGoal(photo))
        assert run.agent.status is Status.REACHED
        assert run.gap(f"box_{number}") <= 1.0
        assert run.gap(f"box_{1 - number}") > 1.0


def test_what_was_seen_on_the_way_to_one_goal_is_driven_to_at_once_for_the_next(start) -> None:
    run = start(two_room_world())
    unknown = run.pursue(CategoryGoal("bed"))
    assert "looking around" in run.notes
    run.pursue(LanguageGoal("the red chair"))
    known = run.pursue(CategoryGoal("bed"))
    assert run.agent.status is Status.REACHED
    assert run.gap("bed_01") <= 1.0
    assert known < unknown
    assert set(run.notes) == {"driving to bed", "stands before the bed"}, "nothing is explored"


def test_a_later_run_drives_to_what_an_earlier_one_saw(start, tmp_path: Path) -> None:
    path = tmp_path / "home.db"
    earlier = start(two_room_world(), memory=path)
    unknown = earlier.pursue(CategoryGoal("bed"))
    earlier.agent.close()
    assert check(path)["instances"] >= 3
    later = start(two_room_world(), memory=path)
    known = later.pursue(CategoryGoal("bed"))
    assert later.agent.status is Status.REACHED
    assert later.gap("bed_01") <= 1.0
    assert known < 0.8 * unknown
    assert set(later.notes) == {"driving to bed", "stands before the bed"}, "it does not scan"


def test_what_is_not_there_is_not_found(start) -> None:
    run = start(one_room_world(box_object("bed_01", "bed", (4, 1, 0), (5.5, 3, 0.5))))
    steps = run.pursue(CategoryGoal("piano"))
    assert run.agent.status is Status.NOT_FOUND
    assert "nothing fits" in run.agent.reason
    assert steps < 100
    run.pursue(LanguageGoal("the bed"))
    assert run.agent.status is Status.REACHED


def test_what_is_seen_over_a_wall_without_a_door_is_unreachable(start) -> None:
    wall = box_object("low_wall", None, (4, 0, 0), (4.1, 4, 1.0))
    lamp = box_object("lamp_01", "lamp", (5.2, 1.8, 0), (5.6, 2.2, 1.25))
    run = start(one_room_world(wall, lamp))
    run.pursue(CategoryGoal("lamp"))
    assert run.agent.status is Status.UNREACHABLE
    assert "cannot be reached" in run.agent.reason


class Breaking:
    """Works for a while, then raises."""

    def __init__(self, inner: Detector, after: int) -> None:
        self.inner, self.left = inner, after

    def detect(self, observation: Observation) -> list[Detection]:
        self.left -= 1
        if self.left < 0:
            raise RuntimeError("the detector broke")
        return self.inner.detect(observation)


@pytest.mark.parametrize("after", [0, 13])
def test_an_exception_of_the_detector_comes_out_and_is_no_success(start, after: int) -> None:
    run = start(two_room_world())
    broken = Breaking(run.detector, after)
    run.agent.watcher.perceiver = SynchronousPerceiver(broken)
    with pytest.raises(RuntimeError, match="the detector broke"):
        run.pursue(CategoryGoal("bed"))
    assert run.agent.status is not Status.REACHED
    broken.left = 1000
    run.pursue(CategoryGoal("bed"))
    assert run.agent.status is Status.REACHED, "the next goal is pursued as if nothing had been"


class SecondThoughts:
    """A matcher that takes the red chair for the goal until the robot stands near it."""

    def __init__(self, run: Run) -> None:
        self.run = run

    def set_goal(self, goal: Goal, labels: Sequence[str] = ()) -> None:
        pass

    def prepare(self, instances: Sequence[Instance], budget: int) -> None:
        pass

    def match(self, instances: Sequence[Instance], grid: object, explored: bool) -> list[Match]:
        near = self.run.gap("chair_red") < 1.2
        worth = {"red": 0.35 if near else 0.9, "blue": 0.85}
        chairs = [i for i in instances if i.label == "chair"]
        return [Match(i, worth["red" if i.center[0] < 4 else "blue"]) for i in chairs]


def test_a_candidate_that_turns_out_to_be_another_thing_is_not_stopped_at(start) -> None:
    run = start(two_room_world())
    run.agent._matcher = SecondThoughts(run)
    run.pursue(CategoryGoal("whatever"))
    assert run.agent.status is Status.REACHED
    assert run.gap("chair_blue") <= 1.0
    nearest_to_red = min(np.hypot(x - 0.65, y - 3.45) for x, y, _ in run.trace)
    assert nearest_to_red < 1.5, "it went to the red one first"


def test_the_same_seed_gives_the_same_trajectory(start) -> None:
    traces = []
    for _ in range(2):
        run = start(two_room_world())
        run.pursue(LanguageGoal("the blue chair"))
        traces.append(run.trace)
    assert traces[0] == traces[1]


def test_a_detector_that_misses_and_confuses_does_not_stop_the_agent(start) -> None:
    run = start(two_room_world())
    faults = SimulatorDetectorConfig(miss_rate=0.3, confusion_rate=0.15)
    poor = SimulatorDetector(run.sim.labels, faults, np.random.default_rng(0))
    run.agent.watcher.perceiver = SynchronousPerceiver(poor)
    run.pursue(CategoryGoal("bed"), most=120)
    assert run.agent.status is Status.REACHED


def test_observers_are_told_what_happened(start) -> None:
    run = start(two_room_world())
    with pytest.raises(RuntimeError, match="before the first step"):
        run.agent.frame()
    goal = LanguageGoal("the blue chair")
    run.agent.set_goal(goal)
    frames = []
    for _ in range(60):
        action = run.agent.step(run.sim.observe())
        frames.append(run.agent.frame())
        if run.agent.status is not None:
            break
        run.sim.act(action)
    assert [frame.step for frame in frames] == list(range(1, len(frames) + 1))
    assert all(frame.goal is goal for frame in frames)
    first, last = frames[0], frames[-1]
    assert first.target is None
    assert first.note == "looking around"
    assert [d.label for d in first.detections]
    assert planar_of(last.map_from_base) == pytest.approx(run.sim.pose, abs=0.05)
    (target,) = [i for i in last.instances if i.id == last.target]
    assert target.center[0] > 6.5
    assert last.probability > 0.4
    assert "stands before the chair" in last.note
    driving = [frame for frame in frames if frame.note == "driving to chair"]
    assert driving
    assert all(frame.path is not None and frame.target is not None for frame in driving[:-1])
    assert any(not frame.detections for frame in frames) or len(frames) < 60
    assert last.candidates[0] == (last.target, last.probability)
    assert set(run.agent.timings) == {"locate", "perceive", "remember", "match", "plan"}
    assert all(seconds >= 0.0 for seconds in run.agent.timings.values())


def test_the_robot_turns_around_first_where_nothing_is_known(start) -> None:
    run = start(two_room_world())
    run.agent.set_goal(CategoryGoal("piano"))
    actions = []
    for _ in range(14):
        actions.append(run.agent.step(run.sim.observe()))
        run.sim.act(actions[-1])
    assert actions[:11] == [DiscreteAction.TURN_LEFT] * 11
    assert DiscreteAction.FORWARD in actions[11:]


def test_the_scan_can_be_left_out(start) -> None:
    config = BuildConfig(agent=AgentConfig(opening_scan=False))
    run = start(two_room_world(), config=config)
    run.agent.set_goal(CategoryGoal("table"))
    notes = []
    for _ in range(3):
        run.sim.act(run.agent.step(run.sim.observe()))
        notes.append(run.agent.frame().note)
    assert "looking around" not in notes


def test_a_goal_that_says_nothing_is_refused_and_the_old_one_goes_on(start) -> None:
    run = start(two_room_world())
    run.agent.set_goal(CategoryGoal("bed"))
    run.agent.step(run.sim.observe())
    with pytest.raises(GoalError):
        run.agent.set_goal(LanguageGoal("!"))
    run.agent.step(run.sim.observe())
    assert run.agent.frame().goal == CategoryGoal("bed")
    assert run.agent.status is None


def test_the_memory_is_written_when_a_goal_ends(start, tmp_path: Path) -> None:
    path = tmp_path / "home.db"
    run = start(one_room_world(box_object("bed_01", "bed", (3, 1, 0), (5, 3, 0.5))), memory=path)
    run.pursue(CategoryGoal("bed"))
    ids = [instance.id for instance in run.agent.memory.instances()]
    with closing(sqlite3.connect(path)) as db:
        assert [row[0] for row in db.execute("SELECT id FROM instances")] == ids


def test_goals_may_follow_one_another_without_end(start) -> None:
    """The same goal again, where the robot stands before it already, is soon reached."""
    run = start(two_room_world())
    run.pursue(CategoryGoal("table"))
    assert run.pursue(CategoryGoal("table")) <= 8
    assert run.agent.status is Status.REACHED


def test_a_place_is_driven_to_through_what_is_unknown(start) -> None:
    run = start(two_room_world())
    run.pursue(PlaceGoal((7.2, 2.0)))
    assert run.agent.status is Status.REACHED
    assert run.agent.reason == "stands at the place"
    assert np.hypot(run.trace[-1][0] - 7.2, run.trace[-1][1] - 2.0) < 0.4


def test_a_place_that_no_way_leads_to_is_given_up(start) -> None:
    run = start(two_room_world())
    run.pursue(PlaceGoal((-5.0, -5.0)))
    assert run.agent.status is Status.UNREACHABLE
    assert "no way leads to the place" in run.agent.reason


def test_a_remembered_object_is_driven_to_by_its_number(start) -> None:
    run = start(two_room_world())
    run.pursue(CategoryGoal("bed"))
    (blue,) = [i for i in run.agent.memory.instances() if i.label == "chair" and i.center[0] > 6.5]
    run.pursue(InstanceGoal(blue.id, "the blue chair"))
    assert run.agent.status is Status.REACHED
    assert run.gap("chair_blue") <= 1.0


def test_an_object_that_is_not_in_memory_is_refused(start) -> None:
    run = start(two_room_world())
    with pytest.raises(GoalError, match="not in memory"):
        run.agent.set_goal(InstanceGoal(4711, "mug"))
