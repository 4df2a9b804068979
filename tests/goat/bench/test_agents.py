from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pytest
from fakes import make_instance
from sim_worlds import two_room_world

from goat.bench.ablations import category_of, unverified
from goat.bench.agents import AGENTS, SUMMARIES, AgentParts, make_agent
from goat.bench.session import GoalResult, SessionConfig, TruthSeeker, run_tasks
from goat.errors import GoalError, UnknownNameError
from goat.memory.matcher import Match
from goat.perception.detectors.simulator import SimulatorDetector
from goat.protocols import Evaluator
from goat.target import TargetConfig, TargetSelector
from goat.types import (
    CategoryGoal,
    Detection,
    ImageGoal,
    LanguageGoal,
    Observation,
    Status,
    Task,
)
from sim.home import HomeSim
from sim.truth import GroundTruth
from sim.worlds import load_world
from sim.worlds.world import World

WORDS = ("bed", "chair", "table")
PHOTO = np.zeros((40, 60, 3), np.uint8)


@dataclass
class Stage:
    """A world that is started anew for every agent."""

    sim: HomeSim
    truth: Evaluator

    def run(self, name: str, *tasks: Task, steps: int = 200, seed: int = 0) -> list[GoalResult]:
        self.sim.reset(rng=np.random.default_rng(0))
        words = tuple(sorted(set(self.sim.labels.values())))
        detector = SimulatorDetector(self.sim.labels)
        rng = np.random.default_rng(seed)
        agent = make_agent(name, AgentParts(self.sim.body, detector, words, rng, self.truth))
        config = SessionConfig(max_steps=steps)
        return list(run_tasks(agent, self.sim, self.truth, tasks, config).goals)

    def ids(self) -> Mapping[str, int]:
        return {item.name: number for number, item in self.truth.objects.items()}


def stage(world: World) -> Iterator[Stage]:
    sim = HomeSim(world)
    yield Stage(sim, GroundTruth(sim))
    sim.close()


@pytest.fixture(scope="module")
def rooms() -> Iterator[Stage]:
    yield from stage(two_room_world())


@pytest.fixture(scope="module")
def home() -> Iterator[Stage]:
    yield from stage(load_world("generated:0,rooms=4"))


def test_every_agent_is_described_and_another_is_refused() -> None:
    assert set(SUMMARIES) == set(AGENTS.names())
    with pytest.raises(UnknownNameError, match="no-memory"):
        AGENTS.load("no-memori")


def test_only_the_oracle_asks_for_the_truth(rooms: Stage) -> None:
    detector = SimulatorDetector({})
    for name in AGENTS.names():
        parts = AgentParts(rooms.sim.body, detector, (), np.random.default_rng(0), rooms.truth)
        assert isinstance(make_agent(name, parts), TruthSeeker) == (name == "oracle")


@pytest.mark.parametrize("name", AGENTS.names())
def test_every_agent_runs_in_a_furnished_home(home: Stage, name: str) -> None:
    numbers = home.ids()
    objects = home.truth.objects
    stools = tuple(n for n in numbers.values() if objects[n].category == "stool")
    tasks = [
        Task(CategoryGoal("stool"), stools),
        Task(LanguageGoal("the stool near the piano"), stools[:1]),
    ]
    results = home.run(name, *tasks, steps=8)
    assert [r.category for r in results] == ["stool", "stool"]
    assert Status.ERROR not in {r.status for r in results}
    assert all(len(r.trajectory) == r.steps + 1 for r in results)
    assert all(r.cost_ms["render"] > 0.0 for r in results)
    planned = all("plan" in r.cost_ms for r in results)
    assert planned == (name not in {"random", "oracle"})


@pytest.mark.parametrize("name", ["no-memory", "clip-on-wheels", "random"])
def test_the_same_seed_gives_the_same_way(rooms: Stage, name: str) -> None:
    task = Task(LanguageGoal("the blue chair"), (rooms.ids()["chair_blue"],))
    first, again = (rooms.run(name, task, steps=25)[0] for _ in range(2))
    assert first.trajectory == again.trajectory
    assert first.steps > 0 or name == "random"


# Without instances


def test_without_instances_any_of_the_category_will_do(rooms: Stage) -> None:
    numbers = rooms.ids()
    task = Task(LanguageGoal("the blue chair"), (numbers["chair_blue"],))
    (full,) = rooms.run("goat", task)
    (reduced,) = rooms.run("no-instances", task)
    assert (full.success, full.chosen) == (True, "chair_blue")
    assert (reduced.status, reduced.success) == (Status.REACHED, False)
    assert reduced.chosen == "chair_red", "the nearer one"


class Names:
    """A detector that sees a large and a small thing in the middle, and one beside it."""

    def detect(self, observation: Observation) -> list[Detection]:
        boxes = {"bed": (0, 0, 60, 40), "chair": (20, 10, 40, 30), "table": (0, 0, 9, 9)}
        found = []
        for label, box in boxes.items():
            mask = np.zeros(observation.rgb.shape[:2], np.bool_)
            mask[box[1] : box[3], box[0] : box[2]] = True
            found.append(Detection(label, 0.9, np.array(box, np.float32), mask))
        return found


def test_goals_are_reduced_to_their_category() -> None:
    blind = SimulatorDetector({})
    assert category_of(CategoryGoal("bed"), blind, WORDS) == "bed"
    assert category_of(LanguageGoal("the bed next to the chair"), blind, WORDS) == "bed"
    assert category_of(ImageGoal(PHOTO, category="table"), blind, WORDS) == "table"
    assert category_of(ImageGoal(PHOTO), Names(), WORDS) == "chair"
    with pytest.raises(GoalError, match="names nothing"):
        category_of(LanguageGoal("something nice"), blind, WORDS)


# Without memory


def test_without_memory_every_goal_begins_anew(rooms: Stage) -> None:
    table = Task(CategoryGoal("table"), (rooms.ids()["table_01"],))
    full, blank = (rooms.run(name, table, table) for name in ("goat", "no-memory"))
    assert [r.success for r in full + blank] == [True] * 4
    assert blank[0].trajectory == full[0].trajectory
    assert blank[1].steps > max(full[1].steps, 10), "it turns around before anything else"


# Without verification


def match(number: int, probability: float) -> Match:
    return Match(make_instance(number, "chair", (float(number), 0.0)), probability)


def test_without_verification_the_first_choice_is_final() -> None:
    config = TargetConfig()
    first = match(1, config.act + 0.01)
    verified, final = TargetSelector(config), TargetSelector(unverified(config))
    for selector in (verified, final):
        assert selector.choose([first], [3.0]) is first
    doubtful, rival = match(1, 0.01), match(2, 0.99)
    assert verified.choose([doubtful, rival], [1.0, 5.0]) is rival
    assert final.choose([doubtful, rival], [1.0, 5.0]) is doubtful
    assert final.satisfied(doubtful)
    assert not verified.satisfied(doubtful)


def test_without_verification_nothing_less_is_chosen_than_with() -> None:
    config = TargetConfig()
    final = TargetSelector(unverified(config))
    assert final.choose([match(1, config.act - 0.02)], [0.5]) is None


def test_an_agent_that_is_told_nothing_says_so(rooms: Stage) -> None:
    (result,) = rooms.run("no-instances", Task(LanguageGoal("something nice"), ()))
    assert result.status is Status.ERROR
    assert "GoalError" in result.reason
