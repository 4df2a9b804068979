"""What a person asks for reaches the session, and what the session does reaches the person."""

from __future__ import annotations

import io

import numpy as np
import pytest
from fakes import make_observation
from PIL import Image
from sim_worlds import two_room_world

from goat.bench.session import SessionConfig, run_tasks
from goat.build import build_agent
from goat.commands.desk import Desk, HeldRobot, Safety, SkippableAgent
from goat.errors import GoalError
from goat.perception.detectors.simulator import SimulatorDetector
from goat.types import (
    AgentFrame,
    CategoryGoal,
    DiscreteAction,
    ImageGoal,
    InstanceGoal,
    LanguageGoal,
    PlaceGoal,
    Status,
    Task,
    VelocityCommand,
)
from sim.home import HomeSim


class Switches:
    """An emergency stop without a robot."""

    def __init__(self) -> None:
        self.stopped: str | None = None
        self.holding: str | None = None

    def stop(self, reason: str) -> None:
        self.stopped = reason

    def release(self) -> None:
        self.stopped = None


@pytest.fixture
def switches() -> Switches:
    return Switches()


@pytest.fixture
def desk(switches: Switches) -> Desk:
    def no_pianos(task: Task) -> None:
        if task.goal == CategoryGoal("piano"):
            raise GoalError("there are no pianos")

    safety = Safety(
        switches.stop, switches.release, lambda: switches.stopped, lambda _: switches.holding
    )
    return Desk(safety, no_pianos)


def photo_file() -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.full((48, 64, 3), 90, np.uint8)).save(file, "PNG")
    return file.getvalue()


def test_wishes_come_in_order_as_goals(desk: Desk) -> None:
    desk.ask_text("the blue chair by the window")
    desk.ask_text("Category: Sofa")
    desk.ask_photo(photo_file(), "mug.png")
    desk.ask_instance(7, "chair")
    desk.ask_place((1.0, -2.0))
    assert desk.state().waiting == (
        "the blue chair by the window", "sofa", "mug.png", "chair 7", "(1.0, -2.0) m"
    )  # fmt: skip
    goals = [desk.next().goal for _ in range(5)]
    kinds = [LanguageGoal, CategoryGoal, ImageGoal, InstanceGoal, PlaceGoal]
    assert [type(goal) for goal in goals] == kinds
    assert desk.next() is None


@pytest.mark.parametrize("text", ["", "   ", "???", "category:", "category:piano", "x" * 600])
def test_what_says_nothing_is_refused(desk: Desk, text: str) -> None:
    with pytest.raises(GoalError):
        desk.ask_text(text)
    assert desk.state().waiting == ()


@pytest.mark.parametrize("content", [b"", b"no image", photo_file()[:40]])
def test_what_is_no_photo_is_refused(desk: Desk, content: bytes) -> None:
    with pytest.raises(GoalError, match=r"holiday\.jpg"):
        desk.ask_photo(content, "holiday.jpg")


def test_no_more_wait_than_a_person_can_mean(desk: Desk) -> None:
    for _ in range(50):
        desk.ask_text("a chair")
    with pytest.raises(GoalError, match="50 goals wait already"):
        desk.ask_text("a chair")


def test_the_emergency_stop_goes_past_everything(desk: Desk, switches: Switches) -> None:
    switches.holding = "depth is 0.7 s old"
    assert desk.state().holding == "depth is 0.7 s old"
    desk.stop()
    assert desk.state().stopped == "the operator pressed it"
    assert desk.state().holding is None, "one reason is enough"
    assert desk.held
    desk.release()
    assert not desk.held


def test_nothing_begins_while_paused(desk: Desk) -> None:
    desk.ask_text("a chair")
    desk.pause(True)
    assert desk.next() is None
    desk.pause(False)
    assert desk.next() is not None


class Recorder:
    """A robot that counts."""

    def __init__(self) -> None:
        self.acts: list[object] = []

    def observe(self):
        return make_observation(stamp=float(len(self.acts)))

    def act(self, action: object) -> None:
        self.acts.append(action)


def test_a_held_robot_stands_and_is_still_seen(desk: Desk) -> None:
    robot, looks = Recorder(), []

    def look(observation: object) -> None:
        looks.append(observation)
        if len(looks) == 3:
            desk.pause(False)

    held = HeldRobot(robot, desk, look)
    held.act(VelocityCommand(0.3, 0.0))
    desk.pause(True)
    held.act(VelocityCommand(0.3, 0.0))
    seen = held.observe()
    assert robot.acts == [VelocityCommand(0.3, 0.0)] + [DiscreteAction.STOP] * 4
    assert len(looks) == 3
    assert seen.stamp > looks[-1].stamp, "what is acted on is new"


def test_a_goal_is_given_up_and_the_next_one_pursued(desk: Desk) -> None:
    sim = HomeSim(two_room_world())
    agent = build_agent(sim.body, SimulatorDetector(sim.labels))

    class Skipping:
        """Gives up at the tenth step of the first goal."""

        def goal_started(self, index: int, total: int, task: Task) -> None:
            pass

        def stepped(self, frame: AgentFrame) -> None:
            if frame.step == 10 and not desk.state().ended:
                desk.skip()

        def goal_ended(self, result: object) -> None:
            pass

    desk.ask_text("the blue chair")
    desk.ask_text("category:table")
    robot, skippable = HeldRobot(sim, desk, print), SkippableAgent(agent, desk)
    while (task := desk.next()) is not None:
        assert desk.state().goal is not None
        run_tasks(skippable, robot, None, [task], SessionConfig(), [Skipping(), desk])
    first, second = desk.state().ended
    assert (first.status, first.reason) == ("cancelled", "the operator gave it up")
    assert second.status == Status.REACHED.value
    assert second.metres > 0.0
    assert "stands before the table" in second.reason
    assert desk.state().goal is None
    sim.close()


def test_a_skip_without_a_goal_does_not_hit_the_next(desk: Desk) -> None:
    desk.skip()
    desk.ask_text("a chair")
    desk.next()
    assert not desk.skipped


def test_a_robot_that_cannot_be_driven_ends_the_goal(desk: Desk) -> None:
    desk.ask_text("a chair")
    desk.next()
    desk.failed("no observation within 30 s")
    (ended,) = desk.state().ended
    assert (ended.status, ended.reason) == ("error", "no observation within 30 s")


def test_an_agent_without_a_goal_looks_and_remembers() -> None:
    sim = HomeSim(two_room_world())
    agent = build_agent(sim.body, SimulatorDetector(sim.labels))
    agent.watch(sim.observe())
    frame = agent.frame()
    assert frame.note == "waiting for a goal"
    assert frame.goal is None
    assert frame.instances
    sim.close()
