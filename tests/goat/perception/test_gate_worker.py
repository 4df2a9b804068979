import math
import threading

import numpy as np
import pytest
from scipy.spatial.transform import RigidTransform

from goat.errors import ConfigError
from goat.frames import planar
from goat.perception.gate import GateConfig, KeyframeGate
from goat.perception.worker import SynchronousPerceiver, ThreadedPerceiver
from goat.types import CameraIntrinsics, Detection, Observation

CAMERA = CameraIntrinsics(4, 3, 4.0, 4.0, 1.5, 1.0)
HERE = planar(1.0, 2.0, 0.3)


def observe(x: float = 0.0, yaw: float = 0.0, stamp: float = 0.0) -> Observation:
    return Observation(
        stamp=stamp,
        rgb=np.zeros((3, 4, 3), np.uint8),
        depth=np.ones((3, 4), np.float32),
        camera=CAMERA,
        base_from_camera=RigidTransform.identity(),
        odom_from_base=planar(x, 0.0, yaw),
    )


def test_the_first_observation_is_a_key_frame_and_a_still_camera_gives_no_more():
    gate = KeyframeGate()
    assert gate.admit(observe())
    assert not gate.admit(observe(stamp=0.5))
    gate.reset()
    assert gate.admit(observe(stamp=0.6))


@pytest.mark.parametrize(
    ("last", "now", "admitted"),
    [
        ({}, {"x": 0.19}, False),
        ({}, {"x": 0.21}, True),
        ({}, {"yaw": math.radians(14)}, False),
        ({"yaw": math.radians(175)}, {"yaw": math.radians(-169)}, True),
        ({"yaw": math.radians(175)}, {"yaw": math.radians(-175)}, False),
        ({}, {"stamp": 2.1}, True),
        ({"stamp": 9.0}, {"stamp": 1.0}, True),
    ],
)
def test_a_key_frame_needs_motion_or_time(last, now, admitted):
    gate = KeyframeGate()
    gate.admit(observe(**last))
    assert gate.admit(observe(**now)) is admitted


def test_small_steps_add_up_until_they_make_a_key_frame():
    gate = KeyframeGate(GateConfig(period=math.inf))
    admitted = [gate.admit(observe(x=0.05 * i, stamp=i)) for i in range(11)]
    assert [i for i, yes in enumerate(admitted) if yes] == [0, 5, 10]


def test_a_negative_distance_is_an_error():
    with pytest.raises(ConfigError, match="translation"):
        GateConfig(translation=-1.0)


class SlowDetector:
    """Waits for leave before it answers; says which observation it saw."""

    def __init__(self) -> None:
        self.started = threading.Semaphore(0)
        self.leave = threading.Semaphore(0)

    def detect(self, observation: Observation) -> list[Detection]:
        self.started.release()
        assert self.leave.acquire(timeout=10)
        if observation.stamp < 0:
            raise ValueError("broken image")
        mask = np.ones((3, 4), np.bool_)
        return [Detection(str(observation.stamp), 1.0, np.array([0, 0, 4, 3], np.float32), mask)]


def test_a_busy_thread_takes_only_the_newest_observation():
    detector = SlowDetector()
    with ThreadedPerceiver(detector) as perceiver:
        perceiver.submit(observe(stamp=1.0), HERE)
        assert detector.started.acquire(timeout=10)
        for stamp in (2.0, 3.0, 4.0):
            perceiver.submit(observe(stamp=stamp), HERE)
        assert perceiver.collect() == []
        detector.leave.release(2)
        assert perceiver.join(10)
        results = perceiver.collect()
    assert [r.observation.stamp for r in results] == [1.0, 4.0]
    assert [r.detections[0].label for r in results] == ["1.0", "4.0"]


def test_a_failure_in_the_thread_is_raised_where_it_is_collected_and_work_goes_on():
    detector = SlowDetector()
    detector.leave.release(2)
    with ThreadedPerceiver(detector) as perceiver:
        perceiver.submit(observe(stamp=-1.0), HERE)
        assert perceiver.join(10)
        with pytest.raises(ValueError, match="broken image"):
            perceiver.collect()
        perceiver.submit(observe(stamp=2.0), HERE)
        assert perceiver.join(10)
        assert [r.observation.stamp for r in perceiver.collect()] == [2.0]


def test_a_closed_perceiver_takes_nothing_more():
    perceiver = ThreadedPerceiver(SlowDetector())
    perceiver.close()
    with pytest.raises(RuntimeError, match="closed"):
        perceiver.submit(observe(), HERE)


def test_the_synchronous_one_answers_every_observation_once():
    detector = SlowDetector()
    detector.leave.release(2)
    perceiver = SynchronousPerceiver(detector)
    perceiver.submit(observe(stamp=1.0), HERE)
    perceiver.submit(observe(stamp=2.0), HERE)
    results = perceiver.collect()
    assert [r.detections[0].label for r in results] == ["1.0", "2.0"]
    assert all(r.map_from_base is HERE for r in results)
    assert perceiver.collect() == []
    perceiver.close()
