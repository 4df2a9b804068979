import time

import numpy as np
import pytest
from scipy.spatial.transform import RigidTransform

from goat.errors import ConfigError
from goat.perception.detectors.simulator import SimulatorDetector, SimulatorDetectorConfig
from goat.types import CameraIntrinsics, Observation


def observe(semantic: np.ndarray | None) -> Observation:
    height, width = (480, 640) if semantic is None else semantic.shape
    return Observation(
        stamp=0.0,
        rgb=np.zeros((height, width, 3), np.uint8),
        depth=np.ones((height, width), np.float32),
        camera=CameraIntrinsics.from_hfov(width, height, 1.3),
        base_from_camera=RigidTransform.identity(),
        odom_from_base=RigidTransform.identity(),
        semantic=semantic,
    )


@pytest.fixture
def scene() -> np.ndarray:
    semantic = np.zeros((120, 160), np.int32)
    semantic[60:100, 100:150] = 5
    semantic[10:50, 0:40] = 9
    semantic[20:30, 20:25] = 3  # hides part of object 9
    semantic[80:84, 10:14] = 7  # too small
    return semantic


LABELS = {5: "chair", 9: "sofa", 7: "cup", 3: "lamp"}


def test_masks_boxes_and_labels_are_those_of_the_objects(scene):
    config = SimulatorDetectorConfig(min_pixels=40, min_edge=5)
    found = SimulatorDetector(LABELS, config).detect(observe(scene))
    assert [d.label for d in found] == ["sofa", "lamp", "chair"]  # by box, leftmost first
    sofa, _, chair = found
    assert np.array_equal(chair.mask, scene == 5)
    assert np.array_equal(sofa.mask, scene == 9)
    assert chair.box.tolist() == [100, 60, 150, 100]
    assert sofa.box.tolist() == [0, 10, 40, 50]


def test_small_objects_thin_objects_and_background_are_left_out(scene):
    scene[:, 158:160] = 11  # thin
    labels = {**LABELS, 11: "door"}
    del labels[5]  # structure
    found = SimulatorDetector(labels).detect(observe(scene))
    assert [d.label for d in found] == ["sofa"]


def test_objects_barely_seen_through_gaps_can_be_left_out():
    semantic = np.zeros((120, 160), np.int32)
    semantic[10:110, 10:110:10] = 4
    config = SimulatorDetectorConfig(min_fill=0.2)
    assert not SimulatorDetector({4: "bed"}, config).detect(observe(semantic))
    assert SimulatorDetector({4: "bed"}).detect(observe(semantic))


def test_the_order_does_not_depend_on_the_ids(scene):
    swapped = scene.copy()
    swapped[scene == 5], swapped[scene == 9] = 9, 5
    first = SimulatorDetector({5: "x", 9: "x"}).detect(observe(scene))
    second = SimulatorDetector({5: "x", 9: "x"}).detect(observe(swapped))
    assert [d.box.tolist() for d in first] == [d.box.tolist() for d in second]


def test_huge_ids_give_the_same_detections(scene):
    huge = np.where(scene > 0, scene + 2_000_000_000, 0).astype(np.int32)
    labels = {i + 2_000_000_000: name for i, name in LABELS.items()}
    for a, b in zip(
        SimulatorDetector(LABELS).detect(observe(scene)),
        SimulatorDetector(labels).detect(observe(huge)),
        strict=True,
    ):
        assert a.label == b.label
        assert np.array_equal(a.mask, b.mask)


def test_no_object_in_sight_gives_no_detection():
    assert SimulatorDetector(LABELS).detect(observe(np.zeros((60, 80), np.int32))) == []


def test_an_observation_without_ids_is_an_error():
    with pytest.raises(ConfigError, match="segmentation"):
        SimulatorDetector(LABELS).detect(observe(None))


def test_faults_are_seeded_and_have_the_asked_rates(scene):
    config = SimulatorDetectorConfig(miss_rate=0.3, confusion_rate=0.5)

    def labels(seed: int) -> list[list[str]]:
        detector = SimulatorDetector(LABELS, config, np.random.default_rng(seed))
        return [[d.label for d in detector.detect(observe(scene))] for _ in range(200)]

    runs = labels(1)
    assert runs == labels(1)
    assert runs != labels(2)
    flat = [label for run in runs for label in run]
    assert 0.6 < len(flat) / 400 < 0.8
    assert 0.4 < sum(label in ("cup", "lamp") for label in flat) / (len(flat) * 2 / 3) < 0.6


@pytest.mark.parametrize("setting", [{"miss_rate": 1.5}, {"min_edge": -1}])
def test_settings_out_of_range_are_errors(setting):
    with pytest.raises(ConfigError, match="must"):
        SimulatorDetectorConfig(**setting)


def test_thirty_objects_take_few_milliseconds():
    rng = np.random.default_rng(0)
    semantic = np.zeros((480, 640), np.int32)
    for identity in range(1, 31):
        y, x, h, w = *rng.integers(0, 400, 2), *rng.integers(20, 160, 2)
        semantic[y : y + h, x : x + w] = identity
    detector = SimulatorDetector(dict.fromkeys(range(1, 31), "thing"))
    observation = observe(semantic)
    times = []
    for _ in range(10):
        start = time.thread_time()
        detector.detect(observation)
        times.append(time.thread_time() - start)
    assert min(times) < 0.005
