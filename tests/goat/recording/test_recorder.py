from __future__ import annotations

import json
import logging
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from fakes import make_frame, make_instance, make_observation
from mcap.reader import make_reader
from recordings import drive, record
from rosbags.highlevel import AnyReader
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

from goat.errors import ConfigError, MissingExtraError
from goat.frames import mast_camera, planar
from goat.protocols import Viewer
from goat.recording import topics
from goat.recording.codec import Ros2Codec
from goat.recording.container import McapFile, RecordingError
from goat.recording.recorder import McapRecorder, RecorderConfig
from goat.types import (
    AgentFrame,
    CategoryGoal,
    CellState,
    ImageGoal,
    InstanceGoal,
    LanguageGoal,
    PlaceGoal,
)
from robot.bag import Playback
from robot.bag_files import open_bag
from robot.config import RobotConfig, Topics, read_config
from robot.sim_node import SimNode

ROOT = Path(__file__).resolve().parents[3]
PHOTO = np.random.default_rng(0).integers(0, 255, (40, 60, 3), dtype=np.uint8)


class Drive:
    """A recorded drive and what it was recorded from."""

    def __init__(self, folder: Path) -> None:
        self.frames, self.labels = drive([CategoryGoal("table"), LanguageGoal("the red chair")])
        self.file = record(folder / "run.mcap", self.frames, self.labels)
        self.messages: dict[str, list] = defaultdict(list)
        with AnyReader([self.file]) as reader:
            self.kinds = {item.topic: item.msgtype for item in reader.connections}
            for item, at, data in reader.messages():
                message = reader.deserialize(data, item.msgtype)
                self.messages[item.topic].append((at, message))


@pytest.fixture(scope="module")
def driven(tmp_path_factory: pytest.TempPathFactory) -> Drive:
    return Drive(tmp_path_factory.mktemp("drive"))


def small_frames(count: int) -> list[AgentFrame]:
    """Steps with small pictures, half a second apart."""
    return [
        make_frame(CategoryGoal("chair"), n, observation=make_observation(stamp=0.5 * n))
        for n in range(1, count + 1)
    ]


def stamp_of(message) -> float:
    return message.header.stamp.sec + message.header.stamp.nanosec * 1e-9


def pose_of(pose, position: str, orientation: str) -> np.ndarray:
    p, q = getattr(pose, position), getattr(pose, orientation)
    return np.array([p.x, p.y, p.z, q.x, q.y, q.z, q.w])


def numbers(transform) -> np.ndarray:
    translation, rotation = transform.as_components()
    return np.concatenate([translation, rotation.as_quat()])


def depth_of(message) -> np.ndarray:
    """As image_transport unpacks it."""
    assert message.format == "16UC1; compressedDepth png"
    image = cv2.imdecode(message.data[12:], cv2.IMREAD_UNCHANGED)
    metres = image.astype(np.float32) / 1000.0
    metres[image == 0] = np.nan
    return metres


def test_topics_and_types_are_those_of_the_simulated_robot(driven: Drive) -> None:
    photo = {topics.PHOTO: topics.KINDS[topics.PHOTO]}
    assert driven.kinds | photo == topics.KINDS
    usual, simulated = Topics(), read_config(ROOT / "launch/simulated.yaml").topics
    assert (usual.color, usual.depth) == (topics.COLOR, topics.DEPTH)
    assert (usual.camera_info, usual.odometry) == (topics.CAMERA_INFO, topics.ODOMETRY)
    assert (usual.tf, usual.tf_static) == (topics.TF, topics.TF_STATIC)
    assert (simulated.semantic, simulated.labels) == (topics.SEMANTIC, topics.LABELS)


class Spy:
    """Keeps what a node would publish."""

    def __init__(self) -> None:
        self.advertised: dict[str, str] = {}

    def advertise(self, topic: str, kind: str) -> None:
        self.advertised[topic] = kind

    def subscribe(self, *_: object, **__: object) -> None:
        pass


def test_topics_are_those_that_a_simulated_robot_advertises() -> None:
    spy = Spy()
    SimNode(None, spy)._announce()  # type: ignore[arg-type]
    for topic, kind in spy.advertised.items():
        assert topics.KINDS[topic] == kind


def test_poses_are_exact_and_stamped_with_the_observation(driven: Drive) -> None:
    moved, frames = driven.messages[topics.ODOMETRY], driven.messages[topics.TF]
    assert len(moved) == len(frames) == len(driven.frames)
    for (at, odometry), (_, tf), frame in zip(moved, frames, driven.frames, strict=True):
        seen = frame.observation
        assert at == round(seen.stamp * 1e9)
        assert stamp_of(odometry) == pytest.approx(seen.stamp, abs=1e-9)
        assert (odometry.header.frame_id, odometry.child_frame_id) == ("odom", "base_link")
        pose = pose_of(odometry.pose.pose, "position", "orientation")
        np.testing.assert_allclose(pose, numbers(seen.odom_from_base), atol=1e-12)
        map_odom, odom_base = tf.transforms
        assert (map_odom.header.frame_id, map_odom.child_frame_id) == ("map", "odom")
        assert (odom_base.header.frame_id, odom_base.child_frame_id) == ("odom", "base_link")
        np.testing.assert_allclose(
            pose_of(odom_base.transform, "translation", "rotation"), pose, atol=1e-12
        )


def test_map_from_odom_is_what_takes_the_drift_back(tmp_path: Path) -> None:
    seen = make_observation((1.0, 2.0, 0.5), stamp=1.0)
    frame = make_frame(observation=seen, map_from_base=planar(1.5, 2.0, 0.5))
    file = record(tmp_path / "a.mcap", [frame], {})
    with AnyReader([file]) as reader:
        (tf,) = [
            reader.deserialize(d, c.msgtype) for c, _, d in reader.messages() if c.topic == "/tf"
        ]
    pose = pose_of(tf.transforms[0].transform, "translation", "rotation")
    np.testing.assert_allclose(pose, numbers(planar(0.5, 0.0, 0.0)), atol=1e-12)


def test_velocity_is_that_between_two_steps(tmp_path: Path) -> None:
    poses = [(0.0, 0.0, 0.0), (0.1, 0.0, 0.0), (0.1, 0.0, 0.2)]
    frames = [
        make_frame(observation=make_observation(pose, stamp=0.5 * n))
        for n, pose in enumerate(poses)
    ]
    file = record(tmp_path / "a.mcap", frames, {})
    with AnyReader([file]) as reader:
        found = [
            reader.deserialize(d, c.msgtype) for c, _, d in reader.messages() if c.topic == "/odom"
        ]
    twists = [(m.twist.twist.linear.x, m.twist.twist.angular.z) for m in found]
    np.testing.assert_allclose(twists, [(0.0, 0.0), (0.2, 0.0), (0.0, 0.4)], atol=1e-9)


def test_depth_is_kept_to_a_millimetre_and_gaps_stay_gaps(tmp_path: Path, rng) -> None:
    seen = make_observation(stamp=3.25)
    depth = rng.uniform(0.2, 60.0, seen.depth.shape).astype(np.float32)
    depth[rng.random(depth.shape) < 0.2] = np.nan
    depth[0, :3] = np.inf, -1.0, 70.0
    file = record(tmp_path / "a.mcap", [make_frame(observation=replace(seen, depth=depth))], {})
    with AnyReader([file]) as reader:
        (message,) = [
            reader.deserialize(d, c.msgtype)
            for c, _, d in reader.messages()
            if c.topic == topics.DEPTH
        ]
    found = depth_of(message)
    assert stamp_of(message) == 3.25
    assert np.isnan(found[0, :2]).all()
    depth[0, :2], depth[0, 2] = np.nan, 65.534
    np.testing.assert_allclose(found, depth, atol=0.00051)


def test_images_and_ids_of_a_drive(driven: Drive) -> None:
    color, ids = driven.messages[topics.COLOR], driven.messages[topics.SEMANTIC]
    for (_, packed), (_, image), frame in zip(color, ids, driven.frames, strict=True):
        rgb = cv2.imdecode(packed.data, cv2.IMREAD_COLOR)[..., ::-1]
        assert np.abs(rgb.astype(int) - frame.observation.rgb).mean() < 2.0
        assert packed.header.frame_id == image.header.frame_id == topics.FRAME_OPTICAL
        assert (image.encoding, image.step) == ("16UC1", 2 * image.width)
        found = image.data.view(np.uint16).reshape(image.height, image.width)
        np.testing.assert_array_equal(found, frame.observation.semantic)
    (_, labels) = driven.messages[topics.LABELS][0]
    assert json.loads(labels.data) == {str(k): v for k, v in driven.labels.items()}


def test_the_camera_and_where_it_sits(driven: Drive) -> None:
    seen = driven.frames[0].observation
    (_, info), (_, fixed) = (
        driven.messages[topics.CAMERA_INFO][0],
        driven.messages[topics.TF_STATIC][0],
    )
    assert (info.width, info.height) == (seen.camera.width, seen.camera.height)
    assert (info.k[0], info.k[4], info.k[2], info.k[5]) == (
        seen.camera.fx, seen.camera.fy, seen.camera.cx, seen.camera.cy,
    )  # fmt: skip
    (edge,) = fixed.transforms
    assert (edge.header.frame_id, edge.child_frame_id) == ("base_link", topics.FRAME_OPTICAL)
    pose = pose_of(edge.transform, "translation", "rotation")
    np.testing.assert_allclose(pose, numbers(seen.base_from_camera), atol=1e-12)


def test_a_camera_that_moves_is_told_at_once(tmp_path: Path) -> None:
    frames = small_frames(2)
    tilted = replace(frames[1].observation, base_from_camera=mast_camera(1.1), stamp=0.6)
    file = record(tmp_path / "a.mcap", [frames[0], replace(frames[1], observation=tilted)], {})
    bag = open_bag(file)
    heights = [
        seen.base_from_camera.translation[2] for seen in Playback(bag, RobotConfig()).observations()
    ]
    bag.close()
    assert heights == pytest.approx([1.3, 1.1])


def test_the_last_map_and_objects_are_those_of_the_last_step(driven: Drive) -> None:
    last = driven.frames[-1]
    at, grid = driven.messages[topics.MAP][-1]
    assert at == round(last.observation.stamp * 1e9)
    cells = np.asarray(grid.data).reshape(grid.info.height, grid.info.width)
    assert grid.info.resolution == pytest.approx(last.grid.resolution)
    corner = grid.info.origin.position
    xy = np.array([corner.x, corner.y]) + last.grid.resolution * np.array([0.5, 0.5])
    row, col = last.grid.cells(xy)
    state = last.grid.state[row : row + grid.info.height, col : col + grid.info.width]
    meaning = {CellState.UNKNOWN: -1, CellState.FREE: 0, CellState.OCCUPIED: 100}
    for kind, value in meaning.items():
        np.testing.assert_array_equal(cells == value, state == kind)
    assert (last.grid.state != CellState.UNKNOWN).sum() == (cells != -1).sum()
    _, found = driven.messages[topics.INSTANCES][-1]
    assert found.markers[0].action == 3
    shown = {m.id: m for m in found.markers if m.ns == "boxes"}
    names = {m.id: m.text for m in found.markers if m.ns == "names"}
    confirmed = {i.id: i for i in last.instances if i.confirmed}
    assert shown.keys() == names.keys() == confirmed.keys()
    for number, instance in confirmed.items():
        box = shown[number]
        center = [box.pose.position.x, box.pose.position.y, box.pose.position.z]
        np.testing.assert_allclose(center, instance.center, atol=1e-6)
        assert box.scale.x == pytest.approx(max(np.ptp(instance.bounds[:, 0]), 0.01), abs=1e-6)
        assert names[number] == f"{instance.label} {number}"


def test_a_map_of_nothing_is_empty(tmp_path: Path) -> None:
    grid = replace(make_frame().grid, state=np.zeros((5, 6), np.uint8))
    file = record(tmp_path / "a.mcap", [make_frame(grid=grid, instances=())], {})
    with AnyReader([file]) as reader:
        found = {c.topic: reader.deserialize(d, c.msgtype) for c, _, d in reader.messages()}
    assert (found[topics.MAP].info.width, len(found[topics.MAP].data)) == (0, 0)
    assert len(found[topics.INSTANCES].markers) == 1


def test_goals_paths_and_notes(driven: Drive) -> None:
    goals = [json.loads(message.data) for _, message in driven.messages[topics.GOAL]]
    assert goals == [
        {"kind": "category", "content": "table"},
        {"kind": "text", "content": "the red chair"},
    ]
    notes = [json.loads(message.data) for _, message in driven.messages[topics.NOTE]]
    assert [note["note"] for note in notes] == [frame.note for frame in driven.frames]
    assert [note["target"] for note in notes] == [frame.target for frame in driven.frames]
    paths = [m for _, m in driven.messages[topics.PATH] if m.poses]
    ways = list(dict.fromkeys(id(f.path) for f in driven.frames if f.path is not None))
    assert len(paths) == len(ways)
    first = next(f.path for f in driven.frames if f.path is not None)
    xy = [(p.pose.position.x, p.pose.position.y) for p in paths[0].poses]
    np.testing.assert_allclose(xy, first.points, atol=1e-12)


def test_a_goal_is_written_once_and_again_when_it_is_set_again(tmp_path: Path) -> None:
    frames = small_frames(3)
    goals = [
        ImageGoal(PHOTO, "cup.jpg", "cup"), InstanceGoal(7, "sofa"), PlaceGoal((1.0, 2.5)),
        frames[0].goal,
    ]  # fmt: skip
    later = [
        replace(f, goal=goal, observation=replace(f.observation, stamp=10.0 * n + f.step))
        for n, goal in enumerate([*goals, goals[-1]])
        for f in frames
    ]
    file = record(tmp_path / "a.mcap", later, {})
    with AnyReader([file]) as reader:
        said, photos = [], []
        for item, _, data in reader.messages():
            message = reader.deserialize(data, item.msgtype)
            if item.topic == topics.GOAL:
                said.append(json.loads(message.data))
            if item.topic == topics.PHOTO:
                photos.append(cv2.imdecode(message.data, cv2.IMREAD_COLOR)[..., ::-1])
    chair = {"kind": "category", "content": "chair"}
    assert said == [
        {"kind": "image", "content": "cup.jpg", "category": "cup"},
        {"kind": "instance", "content": "sofa", "id": 7},
        {"kind": "place", "content": [1.0, 2.5]},
        chair,
        chair,
    ]
    (photo,) = photos
    np.testing.assert_array_equal(photo, PHOTO)


def test_the_mcap_reader_agrees_and_definitions_are_whole(driven: Drive) -> None:
    alone = get_typestore(Stores.EMPTY)
    with driven.file.open("rb") as file:
        reader = make_reader(file, validate_crcs=True)
        assert reader.get_header().profile == "ros2"
        summary = reader.get_summary()
        assert summary is not None
        for schema in summary.schemas.values():
            assert schema.encoding == "ros2msg"
            alone.register(get_types_from_msg(schema.data.decode(), schema.name))
        last = 0
        for schema, channel, message in reader.iter_messages():
            assert schema is not None
            assert channel.message_encoding == "cdr"
            assert message.log_time == message.publish_time >= last
            last = message.log_time
            alone.deserialize_cdr(message.data, schema.name)


def test_quality_is_a_choice(tmp_path: Path) -> None:
    frame = make_frame(observation=replace(make_observation(), rgb=cv2.resize(PHOTO, (64, 48))))
    sizes = []
    for quality in (30, 100):
        recorder = McapRecorder(tmp_path / f"{quality}.mcap", config=RecorderConfig(quality))
        recorder.show(frame)
        recorder.close()
        sizes.append(recorder.path.stat().st_size)
    assert sizes[0] < sizes[1]
    with pytest.raises(ConfigError, match="1 to 100"):
        RecorderConfig(quality=0)


def test_a_recorder_is_a_viewer_and_may_be_closed_without_a_step(tmp_path: Path) -> None:
    viewer: Viewer = McapRecorder(tmp_path / "a.mcap")
    viewer.close()
    with (tmp_path / "a.mcap").open("rb") as file:
        summary = make_reader(file).get_summary()
    assert summary is not None
    assert summary.statistics is not None
    assert summary.statistics.message_count == 0


def test_what_exists_is_left_alone(tmp_path: Path) -> None:
    wanted = tmp_path / "deep" / "run.mcap"
    first = record(wanted, small_frames(1), {})
    before = first.read_bytes()
    second, third = record(wanted, small_frames(1), {}), record(wanted, small_frames(1), {})
    assert (second.name, third.name) == ("run-2.mcap", "run-3.mcap")
    assert first.read_bytes() == before


def test_bad_targets_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RecordingError, match=r"run\.mcap"):
        McapRecorder(tmp_path / "run.bag")
    with pytest.raises(RecordingError, match="choose another place"):
        McapRecorder(tmp_path / "file" / "run.mcap")
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=1_000_000))
    with pytest.raises(RecordingError, match="1 MB left"):
        McapRecorder(tmp_path / "run.mcap")
    assert not (tmp_path / "run.mcap").exists()


@pytest.mark.parametrize("module", ["mcap.writer", "rosbags.typesys"])
def test_a_missing_package_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError, match=r"goat-stack\[record\]"):
        McapRecorder(tmp_path / "run.mcap")


def test_a_full_disk_ends_the_recording_not_the_run(tmp_path: Path, caplog) -> None:
    frames = small_frames(60)
    whole = record(tmp_path / "whole.mcap", frames, {}).stat().st_size
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    recorder = McapRecorder(tmp_path / "run.mcap")
    resource.setrlimit(resource.RLIMIT_FSIZE, (whole // 2, limits[1]))
    try:
        with caplog.at_level(logging.ERROR):
            for frame in frames:
                recorder.show(frame)
            with pytest.raises(RecordingError, match="cannot write"):
                recorder.close()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert len(caplog.records) == 1
    bag = open_bag(recorder.path)
    seen = list(Playback(bag, RobotConfig()).observations())
    bag.close()
    assert 20 < len(seen) < 60
    assert bag.damage is not None


ENDLESS = """
import sys
from pathlib import Path
from fakes import make_frame, make_observation
from goat.recording.recorder import McapRecorder
recorder = McapRecorder(Path(sys.argv[1]))
for step in range(100_000):
    recorder.show(make_frame(step=step, observation=make_observation(stamp=0.1 * step)))
    if step == 120:
        print("go", flush=True)
"""


def test_what_was_recorded_before_a_kill_replays(tmp_path: Path) -> None:
    file = tmp_path / "run.mcap"
    paths = {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")])}
    command = [sys.executable, "-c", ENDLESS, str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=os.environ | paths) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"go\n"
        time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
    bag = open_bag(file)
    seen = list(Playback(bag, RobotConfig()).observations())
    bag.close()
    assert len(seen) > 20
    assert [s.stamp for s in seen] == pytest.approx([0.1 * n for n in range(len(seen))])
    assert "not whole" in str(bag.damage)


def test_a_step_that_cannot_be_written_is_told_when_the_recording_ends(tmp_path: Path) -> None:
    frames = small_frames(40)
    recorder = McapRecorder(tmp_path / "run.mcap")
    recorder.show(frames[0])
    recorder.show(replace(frames[1], note=object()))  # type: ignore[arg-type]
    for frame in frames[2:]:
        recorder.show(frame)
    with pytest.raises(TypeError, match="JSON"):
        recorder.close()


def test_a_field_that_a_type_lacks_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(KeyError, match="dat"):
        Ros2Codec().pack("std_msgs/msg/String", {"dat": "x"})
    file = McapFile(tmp_path / "a.mcap")
    with pytest.raises(KeyError):
        file.write(topics.NOTE, 0.0, {"text": "x"})
    file.close()


def test_names_of_any_script_are_kept(tmp_path: Path) -> None:
    instance = replace(make_instance(4, "椅子 ü", (1.0, 2.0)), confirmed=True)
    frame = make_frame(LanguageGoal("der grüne Stuhl, 椅子"), 1, instances=(instance,))
    file = record(tmp_path / "a.mcap", [frame], {3: "椅子"})
    with AnyReader([file]) as reader:
        found = {c.topic: reader.deserialize(d, c.msgtype) for c, _, d in reader.messages()}
    assert json.loads(found[topics.GOAL].data)["content"] == "der grüne Stuhl, 椅子"
    assert found[topics.INSTANCES].markers[-1].text == "椅子 ü 4"
    assert json.loads(found[topics.LABELS].data) == {"3": "椅子"}
