"""Goals for what drives by itself: given, renewed, and taken back."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sim_worlds import two_room_world
from test_drive import gap, pursue
from test_faults import ready, until

from goat.errors import ConfigError
from goat.types import CategoryGoal, Status, VelocityCommand
from robot.goal_driver import GoalDriver
from robot.link import LinkError
from robot.messages import Dialect
from robot.navigation import NavigationConfig, News, aim

WAY = np.array([[0.0, 0.0], [4.0, 0.0], [4.0, 4.0]])


class Client:
    """Keeps what it is asked for."""

    def __init__(self) -> None:
        self.sent: list[tuple[float, float, float]] = []
        self.cancelled: list[str] = []
        self.up = True

    def send(self, pose: tuple[float, float, float], frame: str) -> str:
        if not self.up:
            raise LinkError("not connected")
        self.sent.append(pose)
        return str(len(self.sent))

    def cancel(self, number: str) -> bool:
        if self.up:
            self.cancelled.append(number)
        return self.up


@pytest.fixture
def client() -> Client:
    return Client()


@pytest.fixture
def driver(client: Client) -> GoalDriver:
    driver = GoalDriver("odom", NavigationConfig(ahead=3.0, renew=1.5, ttl=2.0, silent=5.0))
    driver.client = client
    return driver


@pytest.mark.parametrize(
    ("ahead", "pose"),
    [(3.0, (3.0, 0.0, 0.0)), (5.0, (4.0, 1.0, math.pi / 2)), (99.0, (4.0, 4.0, math.pi / 2))],
)
def test_the_goal_lies_ahead_on_the_path(ahead: float, pose: tuple[float, float, float]) -> None:
    assert aim(WAY, ahead) == pytest.approx(pose)


def test_a_path_of_one_point_is_its_own_goal() -> None:
    assert aim(np.array([[1.0, 2.0]]), 3.0)[:2] == (1.0, 2.0)


def test_a_goal_is_renewed_as_the_robot_comes_near_it(driver: GoalDriver, client: Client) -> None:
    fine = np.array([[x, 0.0] for x in np.arange(0.0, 6.01, 0.1)])
    for start in range(0, 60, 5):
        driver.follow(fine[start:], 0.1 * start)
    ends = [pose[0] for pose in client.sent]
    assert ends == pytest.approx([3.0, 4.5, 6.0], abs=0.11)


def test_another_path_is_another_goal(driver: GoalDriver, client: Client) -> None:
    driver.follow(WAY, 0.0)
    driver.follow(np.array([[0.0, 0.0], [0.0, 4.0]]), 0.1)
    assert [round(p[1], 1) for p in client.sent] == [0.0, 3.0]


def test_a_planner_that_falls_silent_loses_the_goal(driver: GoalDriver, client: Client) -> None:
    driver.follow(WAY, 0.0)
    driver.tend(1.9)
    assert driver.active
    driver.tend(2.1)
    assert client.cancelled == ["1"]
    assert not driver.active


def test_silence_of_the_navigation_counts_as_failure(driver: GoalDriver, client: Client) -> None:
    driver.follow(WAY, 1e9)
    heard = driver._sent.heard
    driver._sent.wished = heard + 6.0
    driver.tend(heard + 5.1)
    assert client.cancelled == ["1"]
    assert driver.counts["cancelled: the robot's navigation is silent"] == 1


def test_news_of_an_earlier_goal_do_not_matter(driver: GoalDriver, client: Client) -> None:
    driver.follow(WAY, 0.0)
    driver.follow(np.array([[0.0, 0.0], [0.0, 4.0]]), 0.1)
    driver.told("1", News.FAILED, "another goal came")
    assert driver.active
    driver.told("2", News.FAILED, "no way")
    assert not driver.active
    assert driver.last_failure == "no way"


def test_a_robot_that_could_not_be_called_back_is_called_back_later(
    driver: GoalDriver, client: Client
) -> None:
    driver.follow(WAY, 0.0)
    client.up = False
    driver.lost()
    driver.tend(0.1)
    driver.follow(WAY, 0.2)
    assert not driver.active
    assert driver.counts["not sent"] == 1
    client.up = True
    driver.tend(0.3)
    driver.tend(0.4)
    assert client.cancelled == ["1"]


KINDS = [("nav2", Dialect.ROS2), ("move_base", Dialect.ROS1)]


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "dialect"), KINDS)
def test_a_goal_is_reached_by_the_robots_own_navigation(live, kind: str, dialect: Dialect) -> None:
    _, robot, ours = live(two_room_world(), dialect, drive=kind)
    assert pursue(ours, CategoryGoal("bed")) == [Status.REACHED]
    assert gap(robot, "bed_01") <= 1.0
    assert ours.driver.counts["goals"] >= 2
    assert ours.driver.counts["failed"] == 0


@pytest.mark.parametrize(("kind", "dialect"), KINDS)
def test_an_emergency_stop_calls_the_robot_back(live, kind: str, dialect: Dialect) -> None:
    _, robot, ours = live(two_room_world(), dialect, drive=kind)
    ready(ours)
    here = np.array(robot.pose[:2])
    path = np.stack([here, here + np.array([1.0, 0.6])])

    def drive() -> bool:
        ours.observe()
        ours.show_path(path)
        ours.act(VelocityCommand(0.1, 0.0))
        return robot.moving[0] > 0.1

    assert until(drive)
    ours.emergency_stop("test")
    assert until(lambda: robot.moving == (0.0, 0.0))
    assert not ours.driver.active
    given = ours.driver.counts["goals"]
    for _ in range(10):
        drive()
    assert robot.moving == (0.0, 0.0)
    assert ours.driver.counts["goals"] == given, "none is even sent"
    ours.estop.clear()
    assert until(drive)


def test_a_bridge_of_the_other_ros_is_refused(live) -> None:
    with pytest.raises(ConfigError, match="needs a bridge of ros1, got ros2"):
        live(two_room_world(), Dialect.ROS2, drive="move_base")
