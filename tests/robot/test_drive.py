"""The same agent and the same loop as in simulation, over a websocket."""

from __future__ import annotations

import math
import threading
import time

import numpy as np
import pytest
from sim_worlds import two_room_world
from textured_world import BOXES, gallery, photo_from

from goat.bench.session import SessionConfig, run_tasks
from goat.build import build_agent
from goat.commands.robot_session import MapFeeder
from goat.frames import planar_of
from goat.perception.detectors.simulator import SimulatorDetector
from goat.types import (
    CategoryGoal,
    Goal,
    ImageGoal,
    LanguageGoal,
    Status,
    Task,
)
from robot.messages import Dialect
from robot.preflight import other_drivers, proves_watchdog
from robot.ros import RosRobot
from sim.home import HomeSim
from sim.truth import GroundTruth


def pursue(ours: RosRobot, *goals: Goal) -> list[Status]:
    ours.observe()
    agent = build_agent(ours.body, SimulatorDetector(ours.sensors.labels))
    ours.gate.trusted = True
    tasks = [Task(goal, ()) for goal in goals]
    results = run_tasks(agent, ours, None, tasks, SessionConfig(max_steps=900), [MapFeeder(ours)])
    return [result.status for result in results.goals]


def gap(robot, name: str) -> float:
    """How far the robot truly is from an object's surface, m."""
    truth = GroundTruth(robot.sim)
    (number,) = [number for number, item in truth.objects.items() if item.name == name]
    return truth.gap(robot.pose[:2], number)


@pytest.mark.slow
@pytest.mark.parametrize(("dialect", "packed"), [(Dialect.ROS2, True), (Dialect.ROS1, False)])
def test_categories_and_sentences_are_reached(live, dialect: Dialect, packed: bool) -> None:
    _, robot, ours = live(two_room_world(), dialect, packed)
    assert pursue(ours, CategoryGoal("table")) == [Status.REACHED]
    assert gap(robot, "table_01") <= 1.0
    assert pursue(ours, LanguageGoal("the blue chair")) == [Status.REACHED]
    assert gap(robot, "chair_blue") <= 1.0
    assert ours.sensors.counts["bad color"] == ours.sensors.counts["bad depth"] == 0


@pytest.mark.slow
def test_photos_are_reached(live) -> None:
    sim = HomeSim(gallery())
    photo = ImageGoal(photo_from(sim, (3.4, 2.2, 1.3), (*BOXES[1], 0.4)))
    sim.close()
    _, robot, ours = live(gallery())
    assert pursue(ours, photo) == [Status.REACHED]
    assert gap(robot, "box_1") <= 1.0


@pytest.mark.slow
def test_a_spoiled_network_stops_the_robot_at_most_and_it_arrives_afterwards(live) -> None:
    proxy, robot, ours = live(two_room_world(), proxied=True)
    ours.observe()
    came = dict.fromkeys(("depth", "odometry"), 0.0)
    blind: list[dict[str, float]] = []
    health, publish = ours.health, ours.control.publish

    def depth_came(depth, stamp, at, inner=health.depth_came):
        came["depth"] = max(came["depth"], at)
        inner(depth, stamp, at)

    def odometry_came(odometry, at, inner=health.odometry_came):
        came["odometry"] = max(came["odometry"], at)
        return inner(odometry, at)

    def spied(topic, message):
        """Whatever moves the robot follows from what has just come."""
        age = {name: time.monotonic() - at for name, at in came.items()}
        moving = message["linear"]["x"] != 0.0 or message["angular"]["z"] != 0.0
        if moving and (age["depth"] > 0.55 or age["odometry"] > 0.35):
            blind.append(age)
        return publish(topic, message)

    health.depth_came, health.odometry_came = depth_came, odometry_came
    ours.control.publish = spied
    end = threading.Timer(15.0, proxy.faults.clear)

    proxy.faults.set()
    end.start()
    agent = build_agent(ours.body, SimulatorDetector(ours.sensors.labels))
    ours.gate.trusted = True
    tasks, config = [Task(LanguageGoal("the blue chair"), ())], SessionConfig(max_steps=1200)
    (result,) = run_tasks(agent, ours, None, tasks, config, [MapFeeder(ours)]).goals
    end.join()
    assert blind == []
    assert sum(proxy.counts[kind] for kind in ("drop", "cut", "garble", "swap", "repeat")) > 50
    assert ours.images.counts["damaged frames"] + ours.control.counts["damaged frames"] > 5
    assert result.status is Status.REACHED
    assert gap(robot, "chair_blue") <= 1.0


def test_an_observation_is_of_one_instant(live) -> None:
    _, robot, ours = live(two_room_world())
    seen = ours.observe()
    np.testing.assert_allclose(planar_of(seen.odom_from_base), robot.pose, atol=1e-6)
    assert seen.base_from_camera.translation[2] == pytest.approx(1.31, abs=0.01)
    assert np.isfinite(seen.depth).mean() > 0.5
    assert seen.semantic is not None
    again = ours.observe()
    assert again.stamp > seen.stamp
    assert ours.body.discrete is False


def tried(robot, ours) -> tuple[bool, list[str], float]:
    """Return what a trial found and how far it moved the base; some are broken off when busy."""
    for _ in range(10):
        ours.observe()
        before, said = robot.pose, []
        proved = proves_watchdog(ours, said.append)
        if proved or "broken off" not in said[0]:
            return proved, said, math.dist(before[:2], robot.pose[:2])
    pytest.fail("ten trials were broken off")


def test_a_base_without_a_watchdog_is_found_out(live) -> None:
    _, robot, ours = live(two_room_world(), watchdog=1e9)
    proved, said, _ = tried(robot, ours)
    assert not proved
    assert "has no watchdog" in said[0]


def test_without_odometry_the_watchdog_is_not_proved(live) -> None:
    _, robot, ours = live(two_room_world())
    ours.observe()
    said: list[str] = []
    trial = threading.Thread(target=lambda: said.append(str(proves_watchdog(ours, said.append))))
    trial.start()
    time.sleep(0.6)
    robot.close()
    trial.join()
    assert "broken off" in said[0]
    assert said[-1] == "False"


def test_a_base_with_a_watchdog_proves_it(live) -> None:
    _, robot, ours = live(two_room_world())
    proved, said, moved = tried(robot, ours)
    assert proved
    assert said == []
    assert 0.005 < moved < 0.06


def test_who_else_publishes_velocities_is_told(live, monkeypatch: pytest.MonkeyPatch) -> None:
    _, _, ours = live(two_room_world())
    ours.observe()
    assert other_drivers(ours) == []
    answer = {"publishers": ["/rosbridge_websocket", "/teleop_twist_joy", "/velocity_smoother"]}
    monkeypatch.setattr(ours.control, "call", lambda service, args: answer)
    assert other_drivers(ours) == ["/teleop_twist_joy", "/velocity_smoother"]
