from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fakes import make_frame, make_observation
from mcap.writer import CompressionType, Writer
from recordings import CUSTOM, ROS1, ROS2, Foreign, record
from rosbags.rosbag1 import Writer as Writer1
from rosbags.rosbag2 import StoragePlugin
from rosbags.rosbag2 import Writer as Writer2

from goat.types import AgentFrame, Observation
from robot.bag import Playback, check_topics, listing
from robot.bag_files import open_bag
from robot.bag_types import BagError
from robot.config import Frames, RobotConfig, Topics

LABELS = {3: "chair", 4: "table"}
NAMES = Topics(**Foreign.NAMES)
CONFIG = RobotConfig(topics=NAMES, frames=Frames(base="base_footprint"))
OURS = RobotConfig()


def steps(count: int = 6) -> list[AgentFrame]:
    """A drive along a curve with depth that has gaps."""
    rng = np.random.default_rng(0)
    frames = []
    for n in range(count):
        seen = make_observation((0.1 * n, 0.02 * n, 0.05 * n), stamp=100.0 + 0.2 * n)
        depth = rng.uniform(0.3, 8.0, seen.depth.shape).astype(np.float32)
        depth[:4] = np.nan
        ids = np.full(seen.depth.shape, 3 + n % 2, np.int32)
        frames.append(make_frame(observation=replace(seen, depth=depth, semantic=ids), step=n + 1))
    return frames


def play(path: Path, config: RobotConfig) -> tuple[list[Observation], Playback, str | None]:
    bag = open_bag(path)
    try:
        playback = Playback(bag, config)
        return list(playback.observations()), playback, bag.damage
    finally:
        bag.close()


def check_same(
    found: list[Observation], frames: list[AgentFrame], rgb: float, depth: float
) -> None:
    assert len(found) == len(frames)
    for got, frame in zip(found, frames, strict=True):
        want = frame.observation
        assert got.stamp == pytest.approx(want.stamp, abs=1e-6)
        assert got.camera == want.camera
        assert np.abs(got.rgb.astype(int) - want.rgb).mean() <= rgb
        np.testing.assert_allclose(got.depth, want.depth, atol=depth)
        np.testing.assert_array_equal(got.semantic, want.semantic)
        for name in ("odom_from_base", "base_from_camera"):
            a, b = (getattr(o, name).as_matrix() for o in (got, want))
            np.testing.assert_allclose(a, b, atol=1e-9)


def write_ros2(storage: StoragePlugin) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        with Writer2(folder / "bag", version=9, storage_plugin=storage) as writer:
            Foreign().write(writer, steps(), LABELS)
        return folder / "bag"

    return write


def write_ros1(folder: Path) -> Path:
    with Writer1(folder / "run.bag") as writer:
        Foreign(ros1=True, depth="16UC1").write(writer, steps(), LABELS)
    return folder / "run.bag"


def bare(write: Callable[[Path], Path], ending: str) -> Callable[[Path], Path]:
    def take(folder: Path) -> Path:
        (file,) = write(folder).glob(f"*.{ending}")
        return Path(shutil.move(file, folder / f"alone.{ending}"))

    return take


def unfinished(write: Callable[[Path], Path]) -> Callable[[Path], Path]:
    def take(folder: Path) -> Path:
        (write(folder) / "metadata.yaml").unlink()
        return folder / "bag"

    return take


SQLITE, MCAP = write_ros2(StoragePlugin.SQLITE3), write_ros2(StoragePlugin.MCAP)


@pytest.mark.parametrize(
    ("write", "depth"),
    [
        (SQLITE, 0.0), (MCAP, 0.0), (bare(SQLITE, "db3"), 0.0), (bare(MCAP, "mcap"), 0.0),
        (unfinished(SQLITE), 0.0), (unfinished(MCAP), 0.0), (write_ros1, 0.00051),
    ],
    ids=["sqlite3", "mcap", "bare db3", "bare mcap", "no metadata db3", "no metadata mcap", "ros1"],
)  # fmt: skip
def test_recordings_of_others_play_when_topics_are_named(
    tmp_path: Path, write: Callable[[Path], Path], depth: float
) -> None:
    path = write(tmp_path)
    found, playback, damage = play(path, CONFIG)
    check_same(found, steps(), 0.0, depth)
    assert playback.sensors.labels == LABELS
    assert playback.rejected() == {}
    assert damage is None
    bag = open_bag(path)
    assert f"{Foreign.SECRET} ({CUSTOM.replace('/msg/', '/')}, 1)" in listing(bag)
    bag.close()


def test_our_own_recording_plays_without_naming_anything(tmp_path: Path) -> None:
    path = record(tmp_path / "run.mcap", steps(), LABELS)
    found, playback, damage = play(path, OURS)
    check_same(found, steps(), 3.0, 0.00051)
    assert playback.has_objects
    assert playback.sensors.labels == LABELS
    assert damage is None


def test_odometry_may_be_a_part_of_tf(tmp_path: Path) -> None:
    config = replace(CONFIG, topics=replace(NAMES, odometry=Foreign.FRAMES))
    found, _, _ = play(MCAP(tmp_path), config)
    check_same(found, steps(), 0.0, 0.0)
    wrong = replace(config, frames=replace(config.frames, odom="world"))
    found, playback, _ = play(tmp_path / "bag", wrong)
    assert found == []
    assert "/tf (world -> base_footprint)" in playback.sensors.missing()


def test_a_replay_gives_the_same_every_time(tmp_path: Path) -> None:
    path = record(tmp_path / "run.mcap", steps(), LABELS)
    first, second = (play(path, OURS)[0] for _ in range(2))
    for a, b in zip(first, second, strict=True):
        assert a.stamp == b.stamp
        np.testing.assert_array_equal(a.rgb, b.rgb)
        np.testing.assert_array_equal(a.depth, b.depth)


def test_what_is_missing_is_named_and_what_there_is_listed(tmp_path: Path) -> None:
    bag = open_bag(MCAP(tmp_path))
    with pytest.raises(BagError) as caught:
        check_topics(bag, replace(NAMES, color=Foreign.LABELS, odometry="/odom", depth=""))
    bag.close()
    said = str(caught.value)
    assert "/sim/labels is std_msgs/String, but color must be sensor_msgs/Image" in said
    assert "no odometry on /odom" in said
    assert "--topics.odometry" in said
    assert "no depth on an empty name" in said
    assert "/cam/depth (sensor_msgs/Image, 6)" in said


def test_object_ids_are_left_out_where_their_categories_are_missing(tmp_path: Path) -> None:
    config = replace(CONFIG, topics=replace(NAMES, labels="/nowhere"))
    found, playback, _ = play(MCAP(tmp_path), config)
    assert len(found) == 6
    assert found[0].semantic is None
    assert not playback.has_objects


def test_frames_that_do_not_connect_are_told(tmp_path: Path) -> None:
    found, playback, _ = play(MCAP(tmp_path), replace(CONFIG, frames=Frames(base="base_link")))
    assert found == []
    assert playback.rejected() == {"bad images": 6}
    assert "base_footprint" in str(playback.sensors.last_error)


def test_ros1_in_mcap_and_its_older_tf_play(tmp_path: Path) -> None:
    old = "tf/msg/tfMessage"
    items = []
    for topic, kind, at, message in Foreign(ros1=True).messages(steps(), LABELS):
        data = bytes(ROS1.serialize_ros1(message, kind))
        items.append((topic, old if topic == Foreign.FIXED else kind, at, data))
    path = write_messages(tmp_path / "a.mcap", items, encoding="ros1")
    check_same(play(path, CONFIG)[0], steps(), 0.0, 0.0)


def write_messages(
    path: Path,
    items: list[tuple[str, str, int, bytes]],
    encoding: str = "cdr",
    **options: object,
) -> Path:
    """An MCAP file of messages that are packed already."""
    with path.open("wb") as file:
        writer = Writer(file, **options)  # type: ignore[arg-type]
        writer.start(profile="ros2")
        channels: dict[str, int] = {}
        for topic, kind, at, data in items:
            if topic not in channels:
                name = kind.replace("tf/msg/tfMessage", "tf2_msgs/msg/TFMessage")
                text = ROS2.generate_msgdef(name, ros_version=2)[0].encode()
                schema = writer.register_schema(kind, "ros2msg", text)
                channels[topic] = writer.register_channel(topic, encoding, schema)
            writer.add_message(channels[topic], at, data, at)
        writer.finish()
    return path


def packed() -> list[tuple[str, str, int, bytes]]:
    return [
        (topic, kind, at, bytes(ROS2.serialize_cdr(message, kind)))
        for topic, kind, at, message in Foreign().messages(steps(), LABELS)
    ]


@pytest.mark.parametrize(
    "options",
    [
        {"use_chunking": False},
        {"compression": CompressionType.LZ4, "chunk_size": 4000},
        {"compression": CompressionType.NONE, "use_statistics": False},
        {"repeat_channels": False, "repeat_schemas": False},
    ],
)  # fmt: skip
def test_mcap_files_of_every_make_play(tmp_path: Path, options: dict[str, object]) -> None:
    found, _, _ = play(write_messages(tmp_path / "a.mcap", packed(), **options), CONFIG)
    check_same(found, steps(), 0.0, 0.0)


def test_messages_are_taken_in_the_order_of_log_time(tmp_path: Path) -> None:
    shuffled = packed()
    np.random.default_rng(1).shuffle(shuffled)  # type: ignore[arg-type]
    items = [(a, b, int(c), d) for a, b, c, d in shuffled]
    found, _, _ = play(write_messages(tmp_path / "a.mcap", items, chunk_size=20_000), CONFIG)
    stamps = [seen.stamp for seen in found]
    assert len(stamps) >= 5
    assert stamps == sorted(stamps)


def test_damaged_messages_are_counted_and_the_rest_is_used(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    items, broken = [], 0
    for topic, kind, at, data in packed():
        items.append((topic, kind, at, data))
        if topic in (Foreign.COLOR, Foreign.ODOMETRY, Foreign.FRAMES, Foreign.INFO):
            cut = data[: int(rng.integers(0, len(data) - 8))]
            noise = data[:4] + rng.integers(0, 255, 60, dtype=np.uint8).tobytes()
            items += [(topic, kind, at, cut), (topic, kind, at, noise)]
            broken += 2
    found, playback, _ = play(write_messages(tmp_path / "a.mcap", items), CONFIG)
    check_same(found, steps(), 0.0, 0.0)
    assert sum(playback.rejected().values()) == broken


def test_pictures_that_are_none_are_counted(tmp_path: Path) -> None:
    items = []
    image = ROS2.types["sensor_msgs/msg/CompressedImage"]
    kind = "sensor_msgs/msg/CompressedImage"
    for topic, original, at, data in packed():
        if topic != Foreign.COLOR:
            items.append((topic, original, at, data))
            continue
        head = Foreign().header(at, "eye")
        junk = image(head, "jpeg", np.frombuffer(b"\xff\xd8 no picture", np.uint8))
        items.append((topic, kind, at, bytes(ROS2.serialize_cdr(junk, kind))))
    found, playback, _ = play(write_messages(tmp_path / "a.mcap", items), CONFIG)
    assert found == []
    assert playback.rejected() == {"bad images": 6}
    assert "neither JPEG nor PNG" in str(playback.sensors.last_error)


def test_a_file_that_was_cut_off_plays_up_to_there(tmp_path: Path) -> None:
    whole = record(tmp_path / "run.mcap", steps(20), LABELS).read_bytes()
    lengths = []
    for share in (0.2, 0.5, 0.9, 0.999):
        cut = tmp_path / "cut.mcap"
        cut.write_bytes(whole[: int(share * len(whole))])
        found, _, damage = play(cut, OURS)
        check_same(found, steps(20)[: len(found)], 3.0, 0.00051)
        assert "not whole" in str(damage)
        lengths.append(len(found))
    assert lengths == sorted(lengths)
    assert 1 < lengths[0] < lengths[2]
    assert lengths[-1] == 20


def test_a_damaged_part_is_left_out_and_told(tmp_path: Path) -> None:
    whole = bytearray(record(tmp_path / "run.mcap", steps(20), LABELS).read_bytes())
    middle = len(whole) // 2
    whole[middle : middle + 4] = bytes(byte ^ 0xFF for byte in whole[middle : middle + 4])
    (tmp_path / "bad.mcap").write_bytes(whole)
    found, _, damage = play(tmp_path / "bad.mcap", OURS)
    assert len(found) == 19
    assert "was left out" in str(damage)
    (tmp_path / "cut.mcap").write_bytes(whole[:-3000])
    again, _, damage = play(tmp_path / "cut.mcap", OURS)
    assert [seen.stamp for seen in again] == [seen.stamp for seen in found]
    assert damage is not None


def test_whatever_is_damaged_only_named_errors_come(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    path = tmp_path / "bad"
    for write, ending in (
        (bare(MCAP, "mcap"), "mcap"),
        (bare(SQLITE, "db3"), "db3"),
        (write_ros1, "bag"),
    ):
        folder = tmp_path / ending
        folder.mkdir()
        whole = np.frombuffer(write(folder).read_bytes(), np.uint8)
        for _ in range(60):
            broken = whole.copy()
            spots = rng.integers(0, len(broken), rng.integers(1, 400))
            broken[spots] = rng.integers(0, 255, len(spots))
            file = path.with_suffix(f".{ending}")
            file.write_bytes(broken[: rng.integers(0, 2 * len(broken))].tobytes())
            try:
                found, _, _ = play(file, CONFIG)
            except BagError:
                continue
            assert len(found) <= 8


@pytest.mark.parametrize("name", ["a.mcap", "a.db3", "a.bag", "a.txt"])
@pytest.mark.parametrize("content", [b"", b"only words\n", b"\x89MCAP0\r\n", b"#ROSBAG V2.0\n"])
def test_what_is_no_recording_is_named(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BagError, match=name):
        open_bag(tmp_path / name)


def test_folders_that_are_no_recordings_are_named(tmp_path: Path) -> None:
    with pytest.raises(BagError, match="no recording at"):
        open_bag(tmp_path / "nothing.mcap")
    with pytest.raises(BagError, match=r"metadata\.yaml"):
        open_bag(tmp_path)
    for content in ("", "[1, 2", "a: b", "rosbag2_bagfile_information: 3"):
        (tmp_path / "metadata.yaml").write_text(content)
        with pytest.raises(BagError, match="cannot be read"):
            open_bag(tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    with sqlite3.connect(other / "a.db3") as database:
        database.execute("CREATE TABLE pictures (id INTEGER)")
    with pytest.raises(BagError, match=r"a\.db3"):
        open_bag(other)


def test_an_empty_recording_has_no_topics(tmp_path: Path) -> None:
    with pytest.raises(BagError, match="no messages"):
        open_bag(write_messages(tmp_path / "a.mcap", []))


def test_messages_that_are_not_of_ros_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "a.mcap"
    with path.open("wb") as file:
        writer = Writer(file)
        writer.start()
        schema = writer.register_schema("acme.Thing", "jsonschema", b"{}")
        channel = writer.register_channel("/thing", "json", schema)
        bald = writer.register_channel("/bald", "json", 0)
        for number in (channel, bald):
            writer.add_message(number, 1, json.dumps({"a": 1}).encode(), 1)
        writer.finish()
    bag = open_bag(path)
    assert [(item.name, item.kind, item.count) for item in bag.topics] == [
        ("/bald", "", 1), ("/thing", "acme.Thing", 1),
    ]  # fmt: skip
    assert list(bag.messages(("/thing", "/bald"))) == []
    bag.close()
