from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator

import numpy as np
import pytest
from fakes import FakeRobot, FakeTruth, make_observation, make_truth
from sim_worlds import two_room_world
from textured_world import BOXES, gallery, photo_from

from goat.bench.agents import AgentParts, make_agent
from goat.bench.baselines.clip_on_wheels import ClipOnWheels, as_unseen
from goat.bench.baselines.oracle import Oracle
from goat.bench.baselines.random_walk import RandomWalk
from goat.bench.baselines.rollout import Rollout, RolloutConfig, WayHome
from goat.bench.session import Localised, SessionConfig, run_tasks
from goat.errors import ConfigError
from goat.frames import planar, planar_of
from goat.perception.detectors.simulator import SimulatorDetector
from goat.types import (
    Body,
    CategoryGoal,
    CellState,
    DiscreteAction,
    ImageGoal,
    LanguageGoal,
    OccupancyGrid,
    Status,
    Task,
)
from sim.home import HomeConfig, HomeSim
from sim.sensors import NoiseConfig
from sim.truth import GroundTruth
from sim.worlds.world import World

FORWARD = DiscreteAction.FORWARD


def parts_of(sim: HomeSim) -> AgentParts:
    words = tuple(sorted(set(sim.labels.values())))
    rng = np.random.default_rng(0)
    return AgentParts(sim.body, SimulatorDetector(sim.labels), words, rng, GroundTruth(sim))


@pytest.fixture
def robot() -> Iterator:
    """Puts robots in worlds, and frees them."""
    sims: list[HomeSim] = []

    def make(world: World) -> tuple[HomeSim, AgentParts]:
        sims.append(HomeSim(world))
        return sims[-1], parts_of(sims[-1])

    yield make
    for sim in sims:
        sim.close()


def fake_parts(seed: int = 0) -> AgentParts:
    robot = FakeRobot()
    truth = FakeTruth(robot, {1: make_truth(1, "chair", (3.0, 1.0))})
    nothing = SimulatorDetector({})
    return AgentParts(robot.body, nothing, (), np.random.default_rng(seed), truth)


# At random


def walk(seed: int, collided: bool = False, most: int = 2000) -> list[DiscreteAction]:
    agent = RandomWalk(fake_parts(seed))
    agent.set_goal(CategoryGoal("chair"))
    actions, seen = [], make_observation(collided=collided)
    while agent.status is None and len(actions) < most:
        actions.append(agent.step(seen))
    return actions


def test_a_random_walk_takes_a_hundred_steps_on_average_mostly_forward() -> None:
    walks = [walk(seed) for seed in range(200)]
    assert np.mean([len(actions) for actions in walks]) == pytest.approx(100, rel=0.2)
    steps = [action for actions in walks for action in actions[:-1]]
    assert np.mean([action is FORWARD for action in steps]) == pytest.approx(0.8, abs=0.03)
    assert all(actions[-1] is DiscreteAction.STOP for actions in walks)


def test_a_random_walk_is_the_same_for_a_seed_and_turns_away_from_what_it_hits() -> None:
    assert walk(5) == walk(5)
    assert walk(5) != walk(6)
    assert FORWARD not in walk(5, collided=True)


# The oracle


def test_the_oracle_needs_the_truth() -> None:
    with pytest.raises(ConfigError, match="evaluator"):
        Oracle(dataclasses.replace(fake_parts(), evaluator=None))


def test_the_oracle_takes_the_shortest_way() -> None:
    parts = fake_parts()
    truth = parts.evaluator
    assert isinstance(truth, FakeTruth)
    task = Task(CategoryGoal("chair"), (1,))
    result = run_tasks(Oracle(parts), truth.robot, truth, [task, task]).goals
    assert [(r.success, r.strict_success) for r in result] == [(True, True)] * 2
    assert result[0].spl is not None
    assert result[0].spl > 0.93
    assert (result[1].steps, result[1].spl) == (0, 1.0)


def test_the_oracle_goes_from_room_to_room_without_a_bump(robot) -> None:
    sim, parts = robot(two_room_world())
    truth = GroundTruth(sim)
    names = {item.name: number for number, item in truth.objects.items()}
    tasks = [
        Task(CategoryGoal(name), (names[name],)) for name in ("chair_blue", "table_01", "bed_01")
    ]
    results = run_tasks(make_agent("oracle", parts), sim, truth, tasks).goals
    assert all(r.success and r.strict_success for r in results)
    assert np.mean([r.strict_spl or 0.0 for r in results]) > 0.88
    assert sum(r.collisions for r in results) == 0


def test_the_oracle_says_when_there_is_no_way() -> None:
    parts = fake_parts()
    agent = Oracle(parts)
    agent.set_targets(())
    agent.set_goal(CategoryGoal("chair"))
    assert agent.step(make_observation()) is DiscreteAction.STOP
    assert agent.status is Status.UNREACHABLE


def wall_grid() -> OccupancyGrid:
    """A room of 4 x 4 m with a wall across it at x = 2 that is open from y = 3 on."""
    state = np.full((80, 80), CellState.FREE, np.uint8)
    state[:60, 39:41] = CellState.OCCUPIED
    return OccupancyGrid(state, (0.0, 0.0), 0.05)


def test_distances_lead_around_walls() -> None:
    way = WayHome(wall_grid(), np.array([[3.0, 1.0]]))
    there = math.hypot(0.95, 2.0) + 0.1 + math.hypot(0.95, 2.0)
    assert way(np.array([1.0, 1.0])) == pytest.approx(there, rel=0.04)
    assert way(np.array([3.5, 1.0])) == pytest.approx(0.5, abs=0.05)
    line = way(np.stack([np.linspace(2.5, 3.5, 60), np.full(60, 1.0)], axis=1))
    assert np.abs(np.diff(line)).max() < 0.03, "it is smooth between cells"


def test_a_rollout_reaches_the_end_around_a_wall() -> None:
    way = WayHome(wall_grid(), np.array([[3.0, 1.0]]))
    rollout = Rollout(Body(), RolloutConfig())
    x, y, yaw = 1.0, 1.0, 0.0
    driven = 0.0
    for _ in range(60):
        if way(np.array([x, y])) < 0.15:
            break
        action = rollout.act(way, (x, y, yaw), collided=False)
        assert action is not None
        if action is FORWARD:
            x, y, driven = x + 0.25 * math.cos(yaw), y + 0.25 * math.sin(yaw), driven + 0.25
            assert way.is_in(way.free, np.array([x, y]))
        else:
            yaw += math.radians(30) * (1 if action is DiscreteAction.TURN_LEFT else -1)
    assert way(np.array([x, y])) < 0.15
    assert driven < 1.1 * float(way(np.array([1.0, 1.0])))


def test_where_it_bumps_is_closed() -> None:
    free = OccupancyGrid(np.full((40, 40), CellState.FREE, np.uint8), (0.0, 0.0), 0.05)
    way = WayHome(free, np.array([[1.8, 1.0]]))
    rollout = Rollout(Body(), RolloutConfig())
    assert rollout.act(way, (0.5, 1.0, 0.0), collided=False) is FORWARD
    assert rollout.act(way, (0.5, 1.0, 0.0), collided=True) is not FORWARD


# Matching the current view


def test_what_was_not_looked_at_counts_as_unknown() -> None:
    known = OccupancyGrid(np.full((6, 8), CellState.FREE, np.uint8), (-0.1, -0.05), 0.05)
    known.state[0] = CellState.OCCUPIED
    seen = OccupancyGrid(np.full((2, 3), CellState.FREE, np.uint8), (0.0, 0.05), 0.05)
    seen.state[1, 2] = CellState.OCCUPIED
    state = as_unseen(known, seen).state
    assert (state[0] == CellState.OCCUPIED).all()
    free = np.argwhere(state == CellState.FREE).tolist()
    assert free == [[2, 2], [2, 3], [2, 4], [3, 2], [3, 3]]
    assert (known.state[1:] == CellState.FREE).all(), "the map itself stays"


def run_clip(robot, *tasks: Task) -> tuple:
    sim, parts = robot(two_room_world())
    agent = ClipOnWheels(parts)
    return agent, run_tasks(agent, sim, parts.evaluator, tasks, SessionConfig(max_steps=200)).goals


def ids(world: World) -> dict[str, int]:
    return {item.name: number for number, item in enumerate(world.objects, 1)}


def test_what_is_seen_is_driven_to_and_what_was_seen_is_looked_for_again(robot) -> None:
    numbers = ids(two_room_world())
    bed, table = numbers["bed_01"], numbers["table_01"]
    agent, results = run_clip(
        robot,
        Task(CategoryGoal("bed"), (bed,)),
        Task(CategoryGoal("table"), (table,)),
        Task(CategoryGoal("bed"), (bed,)),
    )
    assert [(r.status, r.success) for r in results] == [(Status.REACHED, True)] * 3
    assert [r.chosen for r in results] == ["bed_01", "table_01", "bed_01"]
    assert set(results[0].cost_ms) == {"render", "locate", "perceive", "remember", "match", "plan"}
    assert len(agent.frame().instances) == 1, "only what is driven to is remembered"


def test_sentences_are_matched_with_what_one_view_shows(robot) -> None:
    blue = ids(two_room_world())["chair_blue"]
    _, (result,) = run_clip(robot, Task(LanguageGoal("the blue chair"), (blue,)))
    assert (result.status, result.chosen) == (Status.REACHED, "chair_blue")


def test_what_is_nowhere_is_given_up_after_everything_was_looked_at(robot) -> None:
    agent, (result,) = run_clip(robot, Task(CategoryGoal("piano"), ()))
    assert result.status is Status.NOT_FOUND
    east = agent.frame().grid.state[:, agent.frame().grid.cells(np.array([6.0, 2.0]))[1]]
    assert (east == CellState.FREE).any(), "it went to see the other room"


@pytest.mark.parametrize("name", ["goat", "clip-on-wheels"])
def test_where_odometry_drifts_the_walls_say_where_one_is(name: str) -> None:
    slippery = NoiseConfig(odometry_yaw_per_metre=0.015)
    sim = HomeSim(two_room_world(), HomeConfig(noise=slippery), np.random.default_rng(5))
    agent = make_agent(name, parts_of(sim))
    run_tasks(agent, sim, None, [Task(CategoryGoal("piano"), ())])
    assert isinstance(agent, Localised)
    odometry = planar_of(sim.observe().odom_from_base)
    tracked, drifted = (pose_error(pose, sim.pose) for pose in (agent.pose, odometry))
    assert drifted[0] > 0.4
    assert drifted[1] > math.radians(6.0)
    assert tracked[0] < 0.25
    assert tracked[1] < math.radians(1.5)
    sim.close()


def pose_error(found: tuple[float, float, float], true: tuple[float, float, float]):
    x, y, yaw = planar_of(planar(*true).inv() * planar(*found))
    return math.hypot(x, y), abs(yaw)


def test_photos_are_matched_with_whole_views_whatever_the_label(robot) -> None:
    sim, parts = robot(gallery())
    photo = ImageGoal(photo_from(sim, (3.4, 2.2, 1.3), (*BOXES[1], 0.4)), category="piano")
    truth = parts.evaluator
    (box,) = [number for number, item in truth.objects.items() if item.name == "box_1"]
    (result,) = run_tasks(ClipOnWheels(parts), sim, truth, [Task(photo, (box,))]).goals
    assert (result.success, result.chosen) == (True, "box_1")
