from __future__ import annotations

import copy
import dataclasses
import math
from collections import defaultdict
from collections.abc import Iterable

import numpy as np
import pytest
from box_scene import FLOOR, Box, BoxScene, around, cube, plain_look, walls

from goat.geometry import voxel_keys
from goat.memory.instances import InstanceConfig, InstanceMemory
from goat.memory.tracks import Track
from goat.memory.views import ViewConfig, sector
from goat.memory.vocabulary import compatible
from goat.types import Detection, Instance

Pose = tuple[float, float, float]
ROOM = [FLOOR, *walls(0, 0, 6, 4)]


def memory(**config: object) -> InstanceMemory:
    return InstanceMemory(plain_look, InstanceConfig(**config), compatible)  # type: ignore[arg-type]


def watch(memory_: InstanceMemory, scene: BoxScene, poses: Iterable[Pose]) -> dict[int, set[int]]:
    """Look from each pose; return box number -> ids of the instances its detections went to."""
    owners: dict[int, set[int]] = defaultdict(set)
    for pose in poses:
        observation = scene.observe(pose)
        assert observation.semantic is not None
        detections = scene.detect(observation)
        assigned = memory_.update(detections, observation, observation.odom_from_base)
        assert len(set(assigned.values())) == len(assigned), "two detections became one object"
        for index, instance in assigned.items():
            box = observation.semantic[detections[index].mask][0]
            owners[int(box)].add(instance)
    return owners


def one_mask(scene: BoxScene, pose: Pose) -> tuple[list[Detection], object]:
    """Everything detected as one object, as a poor detector may do it."""
    observation = scene.observe(pose)
    found = scene.detect(observation)
    mask = np.logical_or.reduce([d.mask for d in found])
    boxes = np.stack([d.box for d in found])
    box = np.concatenate([boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)])
    return [Detection(found[0].label, 1.0, box, mask)], observation


def inside(instance: Instance, box: Box, slack: float = 0.08) -> bool:
    low, high = np.array(box.lower) - slack, np.array(box.upper) + slack
    return bool((instance.points >= low).all() and (instance.points <= high).all())


CHAIRS = [cube((3.0, 1.65)), cube((3.0, 2.35))]
"""Two of a kind, 20 cm apart."""


@pytest.mark.parametrize(
    "poses",
    [
        around((3.0, 2.0), 1.6, 24),
        around((3.0, 2.0), 1.6, 8, start=math.pi / 2),
        [(1.0 + 0.2 * k, 2.0, 0.0) for k in range(6)],
        [(3.0, 0.3, math.pi / 2)] * 3 + [(0.8, 0.8 + 0.3 * k, 0.0) for k in range(6)],
    ],
    ids=["all around", "from the line through both", "straight on", "one hides the other first"],
)
def test_two_identical_chairs_20_cm_apart_stay_two(poses: list[Pose]) -> None:
    scene = BoxScene([*ROOM, *CHAIRS])
    memory_ = memory()
    owners = watch(memory_, scene, poses)
    remembered = memory_.instances()
    assert len(remembered) == 2
    ids = [owners[len(ROOM) + 1], owners[len(ROOM) + 2]]
    assert [len(owner) for owner in ids] == [1, 1]
    assert ids[0] != ids[1]
    for owner, box in zip(ids, CHAIRS, strict=True):
        instance = memory_.get(next(iter(owner)))
        assert instance is not None
        assert inside(instance, box)


def test_three_chairs_in_a_row_stay_three_through_many_merge_passes() -> None:
    row = [cube((2.3 + 0.6 * k, 3.0), size=0.45) for k in range(3)]
    scene = BoxScene([*ROOM, *row])
    memory_ = memory(tidy_every=5)
    owners = watch(memory_, scene, [(0.6 + 0.1 * k, 0.8, 1.0 - 0.005 * k) for k in range(40)])
    assert len(memory_.instances()) == 3
    assert [len(ids) for ids in owners.values()] == [1, 1, 1]


@pytest.mark.parametrize(
    "thing",
    [
        cube((3.0, 2.0)),
        Box((2.6, 1.2, 0.0), (3.3, 2.8, 0.8), "sofa"),
        Box((2.7, 1.7, 0.0), (3.3, 2.3, 2.0), "wardrobe"),
    ],
    ids=["chair", "sofa", "taller than the robot"],
)
@pytest.mark.parametrize("count", [12, 36])
def test_views_of_one_thing_from_all_sides_stay_one_instance(thing: Box, count: int) -> None:
    scene = BoxScene([*ROOM, thing])
    memory_ = memory()
    owners = watch(memory_, scene, around((3.0, 2.0), 1.7, count))
    assert len(owners[len(ROOM) + 1]) == 1
    (instance,) = memory_.instances()
    assert inside(instance, thing)
    assert np.ptp(instance.bounds[:, :2], axis=0) == pytest.approx(
        np.subtract(thing.upper, thing.lower)[:2], abs=0.12
    )


def test_opposite_sides_of_a_wardrobe_are_joined_once_a_third_side_is_seen() -> None:
    thing = Box((2.6, 1.5, 0.0), (3.4, 2.5, 2.0), "wardrobe")
    scene = BoxScene([*ROOM, thing])
    memory_ = memory(tidy_every=4)
    watch(memory_, scene, [(0.6, 2.0, 0.0), (5.4, 2.0, math.pi)])
    first = {instance.id for instance in memory_.instances()}
    watch(memory_, scene, around((3.0, 2.0), 1.9, 24))
    assert len(memory_.instances()) == 1
    assert memory_.instances()[0].id in first


def test_detections_of_different_kinds_at_one_place_are_different_objects() -> None:
    table, cup = (
        Box((2.5, 1.5, 0.0), (3.5, 2.5, 0.7), "table"),
        Box((2.9, 1.9, 0.7), (3.1, 2.1, 0.9), "cup"),
    )
    memory_ = memory()
    watch(memory_, BoxScene([*ROOM, table, cup]), around((3.0, 2.0), 1.6, 24))
    assert sorted(i.label for i in memory_.instances()) == ["cup", "table"]


def test_a_record_of_two_things_is_split_when_a_frame_shows_both() -> None:
    scene = BoxScene([*ROOM, *CHAIRS])
    memory_ = memory()
    detections, observation = one_mask(scene, (1.0, 2.0, 0.0))
    memory_.update(detections, observation, observation.odom_from_base)  # type: ignore[attr-defined, arg-type]
    (both,) = memory_.instances()
    assert np.ptp(both.bounds[:, 1]) > 0.9
    watch(memory_, scene, [(1.0, 2.0, 0.0)] * 4)
    split = memory_.instances()
    assert len(split) == 2
    assert both.id in {instance.id for instance in split}
    for instance in split:
        assert any(inside(instance, box) for box in CHAIRS)


def test_records_of_one_thing_are_merged() -> None:
    """Its upper and its lower half were first seen apart."""
    thing = Box((2.7, 1.6, 0.0), (3.3, 2.4, 1.2), "cabinet")
    scene = BoxScene([*ROOM, thing])
    memory_ = memory(tidy_every=6)
    pose = (1.0, 2.0, 0.0)
    observation = scene.observe(pose)
    (whole,) = scene.detect(observation)
    rows = np.nonzero(whole.mask.any(axis=1))[0]
    middle = int(rows.mean())
    for keep in (slice(0, middle - 12), slice(middle + 12, None)):
        mask = np.zeros_like(whole.mask)
        mask[keep] = whole.mask[keep]
        used = np.nonzero(mask.any(axis=1))[0]
        box = whole.box.copy()
        box[[1, 3]] = used[0], used[-1] + 1
        memory_.update(
            [Detection("cabinet", 1.0, box, mask)], observation, observation.odom_from_base
        )
    parts = memory_.instances()
    assert len(parts) == 2, "the halves do not touch, so they are two at first"
    memory_.take_changes()
    watch(memory_, scene, [pose] * 4)
    (instance,) = memory_.instances()
    assert instance.id == parts[0].id
    assert instance.observations == 6
    changed, removed = memory_.take_changes()
    assert [track.id for track in changed] == [instance.id]
    assert removed == {parts[1].id}


def thin_neighbours() -> list[Box]:
    """Two boxes thinner than two voxels, side by side."""
    return [
        Box((3.0, 1.91, 0.0), (3.4, 1.99, 1.0), "picture"),
        Box((3.0, 2.01, 0.0), (3.4, 2.09, 1.0), "picture"),
    ]


def test_neighbours_seen_side_by_side_never_merge() -> None:
    scene = BoxScene([*ROOM, *thin_neighbours()])
    memory_ = memory(tidy_every=3)
    owners = watch(memory_, scene, [(2.0, 1.8 + 0.01 * k, 0.0) for k in range(30)])
    assert len(memory_.instances()) == 2
    assert [len(ids) for ids in owners.values()] == [1, 1]


def test_neighbours_do_not_merge_after_a_restart_either() -> None:
    scene = BoxScene([*ROOM, *thin_neighbours()])
    first = memory()
    watch(first, scene, [(2.0, 2.0, 0.0)] * 4)
    later = memory(tidy_every=3)
    later.restore(first.take_changes()[0], *first.counters, first.distinct)
    watch(later, scene, [(1.0, 2.0, math.pi)] * 10)
    assert len(later.instances()) == 2


def slab(number: int, y: float) -> Track:
    """A stored record of a board 10 cm thick."""
    steps = [np.arange(lo, hi, 0.05) + 0.025 for lo, hi in ((3.0, 3.4), (y, y + 0.1), (0.0, 1.0))]
    points = np.stack(np.meshgrid(*steps), axis=-1).reshape(-1, 3)
    keys = np.unique(voxel_keys(points, 0.05))
    return Track(number, keys, 0.05, 1.0, 2.0, votes={"picture": 3.0}, observations=3)


def test_a_merged_record_hands_on_what_it_is_known_not_to_be() -> None:
    """1 and 2 are one thing, 2 and 3 were seen side by side: so 1 and 3 are two."""
    records = [slab(1, 1.9), slab(2, 1.9), slab(3, 2.0)]
    for known, left in (((), [1]), (((2, 3),), [1, 3])):
        memory_ = memory(tidy_every=1)
        memory_.restore([copy.deepcopy(record) for record in records], 4, 1, known)
        watch(memory_, BoxScene(ROOM), [(1.0, 2.0, math.pi)] * 3)
        assert [instance.id for instance in memory_.instances()] == left
        assert memory_.distinct == ([(1, 3)] if known else [])


def test_a_removed_thing_is_forgotten_after_a_few_looks() -> None:
    memory_ = memory()
    watch(memory_, BoxScene([*ROOM, cube((3.0, 2.0))]), [(1.0, 2.0, 0.0)] * 3)
    (gone,) = memory_.instances()
    empty = BoxScene(ROOM)
    watch(memory_, empty, [(1.0, 2.0, 0.0)] * 2)
    assert memory_.get(gone.id) is not None, "two looks are no proof"
    watch(memory_, empty, [(1.0, 2.0, 0.0)] * 4)
    assert memory_.instances() == ()
    assert memory_.get(gone.id) is None
    assert gone.id in memory_.take_changes()[1]


def test_a_look_in_between_takes_the_misses_back() -> None:
    with_chair, empty = BoxScene([*ROOM, cube((3.0, 2.0))]), BoxScene(ROOM)
    memory_ = memory()
    for _ in range(4):
        watch(memory_, with_chair, [(1.0, 2.0, 0.0)])
        watch(memory_, empty, [(1.0, 2.0, 0.0)] * 2)
    assert len(memory_.instances()) == 1


@pytest.mark.parametrize(
    ("change", "pose"),
    [
        ("wall", (1.0, 2.0, 0.0)),
        ("far", (-2.0, 2.0, 0.0)),
        ("away", (1.0, 2.0, math.pi)),
        ("blind", (1.0, 2.0, 0.0)),
    ],
    ids=["hidden", "too far to tell", "out of view", "no depth"],
)
def test_a_thing_that_cannot_be_seen_is_not_forgotten(change: str, pose: Pose) -> None:
    memory_ = memory()
    room = [FLOOR, *walls(-4, 0, 6, 4)]
    watch(memory_, BoxScene([*room, cube((3.0, 2.0))]), [(1.0, 2.0, 0.0)] * 3)
    curtain = [Box((2.0, 0.0, 0.0), (2.1, 4.0, 2.5))] if change == "wall" else []
    empty = BoxScene([*room, *curtain])
    for _ in range(12):
        observation = empty.observe(pose)
        if change == "blind":
            observation = dataclasses.replace(
                observation, depth=np.full_like(observation.depth, np.nan)
            )
        memory_.update([], observation, observation.odom_from_base)
    assert len(memory_.instances()) == 1


def test_a_thing_moved_across_the_room_is_remembered_where_it_is_now() -> None:
    chair = cube((2.4, 1.2))
    memory_ = memory()
    watch(memory_, BoxScene([*ROOM, chair]), [(0.8, 2.0, 0.0)] * 3)
    (before,) = memory_.instances()
    moved = chair.moved(0.8, 1.6)
    watch(memory_, BoxScene([*ROOM, moved]), [(0.8, 2.0, 0.0)] * 6)
    (after,) = memory_.instances()
    assert inside(after, moved)
    assert after.id != before.id


def test_a_thing_pushed_a_little_is_still_the_same() -> None:
    chair = cube((2.4, 2.0))
    memory_ = memory()
    watch(memory_, BoxScene([*ROOM, chair]), [(0.8, 2.0, 0.0)] * 3)
    (before,) = memory_.instances()
    watch(memory_, BoxScene([*ROOM, chair.moved(0.0, 0.1)]), [(0.8, 2.0, 0.0)] * 6)
    assert [i.id for i in memory_.instances()] == [before.id]


def test_ids_are_never_used_twice() -> None:
    memory_ = memory()
    with_chair, empty = BoxScene([*ROOM, cube((3.0, 2.0))]), BoxScene(ROOM)
    seen: list[int] = []
    for _ in range(4):
        watch(memory_, with_chair, [(1.0, 2.0, 0.0)] * 2)
        seen += [instance.id for instance in memory_.instances()]
        watch(memory_, empty, [(1.0, 2.0, 0.0)] * 5)
    assert seen == [1, 2, 3, 4]
    later = memory()
    later.restore([], *memory_.counters)
    watch(later, with_chair, [(1.0, 2.0, 0.0)])
    assert [instance.id for instance in later.instances()] == [5]


def test_at_most_one_view_is_kept_per_direction_and_each_is_the_best_so_far() -> None:
    memory_ = memory()
    scene = BoxScene([FLOOR, cube((3.0, 2.0))])
    for radius in (4.0, 2.7, 3.4):
        watch(memory_, scene, around((3.0, 2.0), radius, 40, start=0.01 * radius))
    (instance,) = memory_.instances()
    keep = ViewConfig().keep
    assert len(instance.views) == keep
    sides = [sector(instance.center, view.map_from_camera, keep) for view in instance.views]
    assert sorted(sides) == list(range(keep))
    distances = [
        float(np.linalg.norm(view.map_from_camera.translation[:2] - instance.center[:2]))
        for view in instance.views
    ]
    assert np.max(distances) < 2.8, "nearer looks show more"
    qualities = [view.quality for view in instance.views]
    assert qualities == sorted(qualities, reverse=True)
    assert len({view.id for view in instance.views}) == keep


def test_standing_still_keeps_one_view_and_memory_does_not_grow() -> None:
    memory_ = memory()
    scene = BoxScene([*ROOM, cube((3.0, 2.0))])
    watch(memory_, scene, [(1.0, 2.0, 0.0)] * 3)
    first = memory_.instances()[0]
    watch(memory_, scene, [(1.0, 2.0, 0.0)] * 60)
    (last,) = memory_.instances()
    assert [view.id for view in last.views] == [view.id for view in first.views]
    assert len(last.points) == len(first.points)
    assert last.observations == 63


def test_shapes_stop_growing() -> None:
    scene, sizes = BoxScene([*ROOM, cube((3.0, 2.0), size=1.2)]), []
    for most in (700, 10_000):
        memory_ = memory(max_voxels=most)
        watch(memory_, scene, around((3.0, 2.0), 1.8, 24))
        sizes.append(len(memory_.instances()[0].points))
    assert sizes[0] <= 700 < sizes[1]


def test_only_a_few_looks_are_encoded_per_frame_but_every_new_thing_gets_one() -> None:
    calls = 0

    def counting(*args: np.ndarray) -> tuple[np.ndarray, dict[str, float]]:
        nonlocal calls
        calls += 1
        return plain_look(*args)

    shelf = [cube((2.6 + 0.15 * k, 0.5 + 0.6 * k), f"thing {k}", 0.3) for k in range(6)]
    scene = BoxScene([*ROOM, *shelf])
    memory_ = InstanceMemory(counting, InstanceConfig(views_per_update=1), compatible)
    watch(memory_, scene, [(0.4, 2.0, 0.0)])
    seen = len(memory_.instances())
    assert seen >= 5
    assert calls == seen
    watch(memory_, scene, [(1.6, 2.0, 0.0)])
    assert calls <= seen + 1 + (len(memory_.instances()) - seen)


def test_labels_are_voted_on_with_their_scores() -> None:
    scene = BoxScene([*ROOM, cube((3.0, 2.0))])
    memory_ = memory()
    for label, score in [("chair", 0.9), ("office chair", 0.5), ("chair", 0.9), ("chair", 0.9)]:
        observation = scene.observe((1.0, 2.0, 0.0))
        (found,) = scene.detect(observation)
        relabelled = dataclasses.replace(found, label=label, score=score)
        memory_.update([relabelled], observation, observation.odom_from_base)
    (instance,) = memory_.instances()
    assert instance.label == "chair"
    assert instance.label_scores["chair"] == pytest.approx(2.7 / 3.2)
    assert sum(instance.label_scores.values()) == pytest.approx(1.0)


def test_a_thing_is_trusted_from_the_second_frame_on() -> None:
    scene = BoxScene([*ROOM, cube((3.0, 2.0))])
    memory_ = memory()
    watch(memory_, scene, [(1.0, 2.0, 0.0)])
    assert not memory_.instances()[0].confirmed
    watch(memory_, scene, [(1.0, 2.0, 0.0)])
    (instance,) = memory_.instances()
    assert instance.confirmed
    assert (instance.first_seen, instance.last_seen, instance.observations) == (1.0, 2.0, 2)


def test_what_is_measured_is_averaged_over_the_looks() -> None:
    thing = dataclasses.replace(cube((3.0, 2.0)), rgb=(200, 10, 10))
    memory_ = memory()
    watch(memory_, BoxScene([*ROOM, thing]), around((3.0, 2.0), 1.6, 12))
    (instance,) = memory_.instances()
    assert instance.attributes["color:red"] == pytest.approx(201 / 256, abs=0.02)


def test_detections_without_depth_belong_to_nothing() -> None:
    scene = BoxScene([*ROOM, *CHAIRS])
    observation = scene.observe((1.0, 2.0, 0.0))
    detections = scene.detect(observation)
    observation.depth[detections[0].mask] = np.nan
    memory_ = memory()
    owners = memory_.update(detections, observation, observation.odom_from_base)
    assert list(owners) == [1]
    assert len(memory_.instances()) == 1


def test_snapshots_do_not_change_later() -> None:
    memory_ = memory()
    scene = BoxScene([*ROOM, cube((3.0, 2.0))])
    watch(memory_, scene, [(1.0, 2.0, 0.0)])
    first = memory_.instances()[0]
    size, seen = len(first.points), first.observations
    watch(memory_, scene, around((3.0, 2.0), 1.5, 8))
    assert (len(first.points), first.observations, len(first.views)) == (size, seen, 1)
    assert len(memory_.instances()[0].points) > size


def test_the_same_frames_give_the_same_memory() -> None:
    def run() -> list[tuple]:
        memory_ = memory()
        scene = BoxScene([*ROOM, *CHAIRS, cube((1.0, 3.4), "stool", 0.3, 0.4)])
        watch(memory_, scene, around((3.0, 2.0), 1.6, 12))
        return [
            (i.id, i.label_scores, i.points.tobytes(), [(v.id, v.crop, v.mask) for v in i.views])
            for i in memory_.instances()
        ]

    assert run() == run()


def test_restored_records_go_on_as_before() -> None:
    scene = BoxScene([*ROOM, *CHAIRS])
    memory_ = memory()
    watch(memory_, scene, around((3.0, 2.0), 1.6, 8))
    changed, removed = memory_.take_changes()
    assert not removed
    later = memory()
    later.restore(reversed(changed), *memory_.counters)
    assert [i.id for i in later.instances()] == [i.id for i in memory_.instances()]
    assert later.take_changes() == ([], set())
    watch(later, scene, around((3.0, 2.0), 1.6, 8, start=0.3))
    assert [i.id for i in later.instances()] == [i.id for i in memory_.instances()]
