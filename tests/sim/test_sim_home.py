import math

import numpy as np
import pytest
from sim_worlds import box_object, one_room_world, two_room_world

from goat.errors import ConfigError, StartPoseError
from goat.frames import planar_of
from goat.types import DiscreteAction, VelocityCommand
from sim.home import PRESETS, HomeConfig, HomeSim
from sim.sensors import NoiseConfig, depth_edges, noisy_depth, odometry_error

FORWARD, LEFT, RIGHT = (
    DiscreteAction.FORWARD,
    DiscreteAction.TURN_LEFT,
    DiscreteAction.TURN_RIGHT,
)


@pytest.fixture(scope="module")
def home():
    sim = HomeSim(two_room_world())
    yield sim
    sim.close()


def test_forward_moves_along_the_heading_and_turns_are_counter_clockwise(home):
    home.reset((1.0, 2.0, 0.0))
    home.act(FORWARD)
    assert home.pose == pytest.approx((1.25, 2.0, 0.0))
    home.act(LEFT)
    home.act(FORWARD)
    assert home.pose == pytest.approx(
        (1.25 + 0.25 * math.cos(math.pi / 6), 2.0 + 0.125, math.pi / 6)
    )
    home.act(RIGHT)
    assert home.pose[2] == pytest.approx(0.0)


def test_observation_fits_the_preset_and_the_pose(home):
    observation = home.reset((1.0, 2.0, 0.3))
    assert observation.rgb.shape == (480, 640, 3)
    assert observation.base_from_camera.translation[2] == pytest.approx(1.31)
    assert planar_of(observation.odom_from_base) == pytest.approx((1.0, 2.0, 0.3))
    assert observation.semantic is not None
    assert not observation.collided
    assert set(np.unique(observation.semantic)) <= set(range(len(home.world.objects) + 1))


def test_what_is_seen_is_where_the_map_says(home):
    # The red chair of the west room spans x 0.4..0.9 and y 3.2..3.7.
    observation = home.reset((2.5, 2.2, math.radians(140)))
    rows, cols = np.nonzero(observation.semantic == 8)
    z = observation.depth[rows, cols]
    camera = observation.camera
    points = np.stack([(cols - camera.cx) * z / camera.fx, (rows - camera.cy) * z / camera.fy, z])
    world = observation.odom_from_camera.apply(points.T)
    assert len(world) > 1000
    assert world.min(axis=0) == pytest.approx((0.4, 3.2, 0.0), abs=0.6)
    assert (world.min(axis=0) > (0.39, 3.19, -0.01)).all()
    assert (world.max(axis=0) < (0.91, 3.71, 0.91)).all()


def test_collision_is_reported_and_cleared(home):
    home.reset((1.6, 3.5, math.pi / 2))
    for _ in range(2):
        home.act(FORWARD)
    assert home.observe().collided
    x, y, _ = home.pose
    assert y < 4 - 0.17 + 0.001
    home.act(LEFT)
    assert not home.observe().collided
    assert home.pose[:2] == (x, y)


def test_the_same_observation_is_returned_until_the_robot_acts(home):
    home.reset((1.0, 2.0, 0.0))
    first = home.observe()
    assert home.observe() is first
    home.act(LEFT)
    assert home.observe() is not first
    assert home.observe().stamp > first.stamp


def test_velocity_commands_drive_an_arc(home):
    home.reset((1.0, 1.2, 0.0))
    for _ in range(10):  # a quarter turn in one second, on a circle of 0.5 / 1.0 m
        home.act(VelocityCommand(0.5, 1.0))
    x, y, yaw = home.pose
    assert yaw == pytest.approx(1.0)
    assert x == pytest.approx(1.0 + 0.5 * math.sin(1.0), abs=1e-3)
    assert y == pytest.approx(1.2 + 0.5 * (1 - math.cos(1.0)), abs=1e-3)
    home.act(VelocityCommand(99.0, 0.0))
    assert math.hypot(home.pose[0] - x, home.pose[1] - y) == pytest.approx(0.05)
    with pytest.raises(ConfigError, match="finite"):
        home.act(VelocityCommand(math.nan, 0.0))


def test_a_long_random_drive_never_enters_anything():
    sim = HomeSim(two_room_world(), rng=np.random.default_rng(3))
    rng = np.random.default_rng(4)
    hits = 0
    for _ in range(1500):
        sim.act([FORWARD, FORWARD, LEFT, RIGHT][rng.integers(4)])
        hits += sim._state.collided
        assert sim.space.margin(*sim.pose[:2]) >= 0
        assert sim.space.label_at(*sim.pose[:2]) == sim.space.largest
    assert hits > 50


def test_starts_in_walls_are_refused_and_the_old_pose_is_kept(home):
    home.reset((1.0, 2.0, 0.0))
    with pytest.raises(StartPoseError, match="does not fit"):
        home.reset((0.05, 0.05, 0.0))
    assert home.pose == (1.0, 2.0, 0.0)


def test_a_blocked_suggested_start_is_replaced():
    blocker = box_object("sofa", "sofa", (0.5, 1.5, 0), (1.5, 2.5, 0.8))
    sim = HomeSim(one_room_world(blocker, start=(1.0, 2.0, 0.0)))
    assert sim.space.label_at(*sim.pose[:2]) == sim.space.largest


def test_random_starts_follow_the_generator():
    world = one_room_world(start=None)
    poses = [HomeSim(world, rng=np.random.default_rng(s)).pose for s in (1, 1, 2)]
    assert poses[0] == poses[1] != poses[2]


@pytest.mark.parametrize("preset", PRESETS)
def test_presets(preset):
    sim = HomeSim(one_room_world(), HomeConfig(preset=preset, semantic=False))
    observation = sim.observe()
    assert observation.semantic is None
    shape = {"default": (480, 640), "stretch": (640, 360), "spot": (480, 640)}[preset]
    assert observation.depth.shape == shape
    assert sim.body.radius == PRESETS[preset].radius
    sim.close()


def test_unknown_preset_suggests_one():
    with pytest.raises(ConfigError, match="Did you mean 'stretch'"):
        HomeSim(one_room_world(), HomeConfig(preset="strech"))


def test_range_limits_and_tilt():
    config = HomeConfig(max_range=2.0, tilt=math.radians(30))
    sim = HomeSim(one_room_world(), config)
    depth = sim.observe().depth
    assert np.nanmax(depth) <= 2.0
    assert np.isnan(depth[0]).all()
    # Straight ahead, 30 degrees down from 1.31 m: the floor.
    assert HomeSim(one_room_world(), HomeConfig(tilt=math.radians(30))).observe().depth[
        240, 320
    ] == pytest.approx(1.31 / math.sin(math.radians(30)), rel=0.02)
    sim.close()


def test_labels_name_objects_with_a_category(home):
    assert home.labels == {8: "chair", 9: "table", 10: "chair", 11: "bed"}


NOISE = NoiseConfig()


def test_noise_follows_its_seed():
    def drive(seed):
        sim = HomeSim(one_room_world(), HomeConfig(noise=NOISE), rng=np.random.default_rng(seed))
        for action in (FORWARD, LEFT, FORWARD, RIGHT, FORWARD):
            sim.act(action)
        seen = sim.observe()
        sim.close()
        return sim.pose, planar_of(seen.odom_from_base), seen.depth

    a, b, c = drive(1), drive(1), drive(2)
    assert a[0] == b[0]
    assert a[1] == b[1]
    np.testing.assert_array_equal(a[2], b[2])
    assert a[0] != c[0]
    assert a[0] != pytest.approx(a[1], abs=1e-6)  # odometry has drifted from the truth


def test_depth_noise_grows_with_range_squared_and_drops_at_edges():
    rng = np.random.default_rng(0)
    spread = {}
    for z in (1.0, 2.0, 4.0):
        noisy = noisy_depth(np.full((200, 200), z, np.float32), NOISE, rng)
        assert noisy.mean() == pytest.approx(z, abs=1e-3)
        spread[z] = noisy.std()
    assert spread[4.0] / spread[2.0] == pytest.approx(4.0, rel=0.15)
    assert spread[4.0] == pytest.approx(0.001 + 0.002 * 16, rel=0.1)
    step = np.full((100, 100), 1.0, np.float32)
    step[:, 50:] = 3.0
    step[:10] = np.nan
    noisy = noisy_depth(step, NOISE, rng)
    edges = depth_edges(step, NOISE.edge_step)
    lost = np.isnan(noisy)
    assert lost[:10].all()
    assert 0.3 < lost[12:, 49:51].mean() < 0.7
    assert not lost[12:, :48].any()
    assert edges[20, 49]
    assert not edges[20, 20]


def test_odometry_error_adds_up_like_a_random_walk():
    rng = np.random.default_rng(0)
    once = np.array([odometry_error(4.0, 0.0, NOISE, rng) for _ in range(3000)])
    parts = np.array(
        [sum(odometry_error(0.25, 0.0, NOISE, rng)[0] for _ in range(16)) for _ in range(1000)]
    )
    assert once[:, 0].std() == pytest.approx(0.02, rel=0.1)
    assert parts.std() == pytest.approx(0.02, rel=0.1)
