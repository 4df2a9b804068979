from __future__ import annotations

import dataclasses
from collections import Counter, defaultdict

import numpy as np
import pytest
from fakes import make_frame, make_instance

from goat.bench.truth_of import Drift, beliefs, true_object
from goat.frames import planar, planar_of
from goat.memory.instances import InstanceMemory
from goat.memory.vocabulary import compatible
from goat.perception.detectors.simulator import SimulatorDetector
from goat.types import DiscreteAction, Instance, ObjectTruth
from sim.home import HomeSim
from sim.truth import GroundTruth
from sim.worlds import load_world


def thing(number: int, category: str, low: tuple[float, ...], high: tuple[float, ...]):
    return number, ObjectTruth(number, f"{category}_{number}", category, np.array([low, high]))


def seen(label: str, low: tuple[float, ...], high: tuple[float, ...]) -> Instance:
    """The surface of a box, as depth would give it."""
    rng = np.random.default_rng(0)
    points = rng.uniform(low, high, (400, 3)).astype(np.float32)
    bounds = np.stack([points.min(axis=0), points.max(axis=0)])
    return Instance(1, {label: 1.0}, points, bounds, (), 0.0, 1.0)


TABLE = thing(1, "table", (0, 0, 0), (1.6, 0.9, 0.75))
CUP = thing(2, "cup", (0.3, 0.3, 0.72), (0.4, 0.4, 0.84))
CHAIR = thing(3, "chair", (1.5, 0.2, 0), (2.0, 0.7, 0.9))
SHELF = thing(4, "bookshelf", (4, 0, 0), (5, 0.4, 1.8))
BOOKS = thing(5, "book", (4.1, 0.05, 0.8), (4.5, 0.3, 1.1))
PICTURE = thing(6, "picture", (0, 3.98, 1.2), (0.8, 4.0, 1.8))
ROOM = dict([TABLE, CUP, CHAIR, SHELF, BOOKS, PICTURE])


@pytest.mark.parametrize(
    ("instance", "expected"),
    [
        (seen("table", (0, 0, 0.7), (1.6, 0.9, 0.77)), 1),
        (seen("table", (0, 0, 0.7), (0.5, 0.5, 0.77)), 1),
        (seen("cup", (0.3, 0.3, 0.75), (0.4, 0.4, 0.82)), 2),
        (seen("vase", (0.3, 0.3, 0.75), (0.4, 0.4, 0.82)), 2),
        (seen("chair", (1.5, 0.2, 0.4), (1.9, 0.7, 0.9)), 3),
        (seen("bookshelf", (4, 0, 1.0), (5, 0.1, 1.8)), 4),
        (seen("book", (4.15, 0.1, 0.85), (4.4, 0.25, 1.05)), 5),
        (seen("picture", (0, 3.93, 1.25), (0.8, 3.97, 1.75)), 6),
        (seen("chair", (8, 8, 0), (8.5, 8.5, 1)), None),
    ],
)
def test_an_instance_is_the_object_whose_place_and_shape_it_has(
    instance: Instance, expected: int | None
) -> None:
    assert true_object(instance, ROOM) == expected


def test_the_label_settles_what_places_leave_open() -> None:
    bed, blanket = ((0, 0, 0), (2, 1.6, 0.6)), ((0, 0, 0), (2, 1.6, 0.65))
    objects = dict([thing(1, "bed", *bed), thing(2, "blanket", *blanket)])
    for label, expected in (("bed", 1), ("blanket", 2)):
        assert true_object(seen(label, (0, 0, 0.1), (2, 1.6, 0.62)), objects) == expected


def test_a_map_that_has_drifted_is_put_back() -> None:
    objects = dict(
        [thing(1, "chair", (3, 0, 0), (3.5, 0.5, 1)), thing(2, "chair", (3, 1, 0), (3.5, 1.5, 1))]
    )
    drift = Drift()
    # The robot stands at (0, 0) and faces +x, but believes to have turned by 0.3 rad.
    drift.note(1.0, (0.0, 0.0, 0.0), (0.0, 0.0, 0.3))
    there = planar(*drift.at(1.0))
    assert planar_of(there) == pytest.approx((0.0, 0.0, -0.3))
    believed = seen("chair", (2.9, 1.0, 0), (3.2, 1.3, 1))
    assert true_object(believed, objects) == 2
    assert true_object(believed, objects, drift.of(believed)) == 1


def test_drift_is_that_of_the_newest_record_before() -> None:
    drift = Drift()
    assert drift.at(5.0) == (0.0, 0.0, 0.0)
    drift.note(0.0, (1.0, 2.0, 0.5), (1.0, 2.0, 0.5))
    drift.note(1.0, (1.0, 0.0, 0.0), (0.0, 0.0, 0.0))
    drift.note(1.0, (9.0, 0.0, 0.0), (0.0, 0.0, 0.0))
    assert drift.at(0.5) == (0.0, 0.0, 0.0)
    assert drift.at(7.0) == (1.0, 0.0, 0.0)


def test_drift_maps_what_is_believed_to_what_is_true() -> None:
    rng = np.random.default_rng(3)
    for _ in range(20):
        true, believed = rng.uniform(-3, 3, 3), rng.uniform(-3, 3, 3)
        drift = Drift()
        drift.note(0.0, tuple(true), tuple(believed))
        back = planar(*drift.at(0.0)) * planar(*believed)
        assert np.allclose(back.as_matrix(), planar(*true).as_matrix())


def test_beliefs_are_about_the_target_the_likeliest_and_all() -> None:
    chair, sofa = (
        thing(1, "chair", (1, 0, 0), (1.6, 0.6, 0.9)),
        thing(2, "sofa", (1, -3, 0), (2, -2, 1)),
    )
    frame = dataclasses.replace(
        make_frame(target=11),
        instances=(make_instance(11, "chair", (1.3, 0.3)), make_instance(12, "sofa", (1.5, -2.5))),
        candidates=((12, 0.6), (11, 0.5)),
    )
    found = beliefs(frame, dict([chair, sofa]), (2,))
    assert (found.chosen, found.best, found.known) == (1, 2, True)
    assert beliefs(frame, dict([chair]), (7,)).known is False
    lost = dataclasses.replace(frame, target=99, candidates=())
    found = beliefs(lost, dict([chair, sofa]), ())
    assert (found.chosen, found.best, found.known) == (None, None, None)


def test_in_a_furnished_home_it_agrees_with_the_simulator() -> None:
    sim = HomeSim(load_world("generated:0,rooms=4"))
    rng = np.random.default_rng(1)
    detector = SimulatorDetector(sim.labels)
    memory = InstanceMemory(lambda rgb, mask, box: (np.ones(1, np.float32), {}), None, compatible)
    votes: dict[int, Counter[int]] = defaultdict(Counter)
    for step in range(16):
        if step % 4 == 0:
            sim.reset(sim.random_pose(rng))
        else:
            sim.act(DiscreteAction.TURN_LEFT)
        seen = sim.observe()
        assert seen.semantic is not None
        detections = detector.detect(seen)
        owners = memory.update(detections, seen, seen.odom_from_base)
        for index, owner in owners.items():
            votes[owner][int(np.bincount(seen.semantic[detections[index].mask]).argmax())] += 1
    objects = GroundTruth(sim).objects
    remembered = [i for i in memory.instances() if votes[i.id]]
    right = [true_object(i, objects) == votes[i.id].most_common(1)[0][0] for i in remembered]
    sim.close()
    assert len(right) > 30
    assert np.mean(right) >= 0.97
