import math

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sim_worlds import WHITE, box_mesh, box_object, one_room_world, two_room_world

from goat.errors import WorldError
from goat.types import Body
from sim.collision import CollisionMap, clip_to_band
from sim.worlds.world import Mesh, Part, World, WorldObject

BODY = Body(radius=0.17)
TWO_ROOMS = CollisionMap(two_room_world(), BODY)


def test_robot_stops_at_contact_with_a_wall():
    swept = TWO_ROOMS.sweep(1.6, 2.0, 0.0, 5.0)
    assert swept.collided
    assert swept.x == pytest.approx(1.6)
    assert 4.0 - BODY.radius - 0.03 < swept.y <= 4.0 - BODY.radius + 0.001


def test_free_motion_ends_where_it_was_asked_to():
    swept = TWO_ROOMS.sweep(1.0, 2.0, 5.0, 0.1)
    assert not swept.collided
    assert (swept.x, swept.y) == pytest.approx((6.0, 2.1))


def test_a_blocked_robot_can_drive_away_again():
    at_wall = TWO_ROOMS.sweep(1.0, 2.0, 0.0, 5.0)
    stuck = TWO_ROOMS.sweep(at_wall.x, at_wall.y, 0.0, 0.25)
    assert stuck.collided
    assert stuck.y == pytest.approx(at_wall.y, abs=0.003)
    away = TWO_ROOMS.sweep(at_wall.x, at_wall.y, 0.0, -0.25)
    assert not away.collided
    assert away.y == pytest.approx(at_wall.y - 0.25)


@pytest.mark.parametrize("thickness", [0.0, 0.002, 0.03])
def test_thin_walls_stop_fast_robots(thickness):
    wall = box_object("sheet", None, (3, 0, 0), (3 + max(thickness, 1e-7), 4, 2))
    space = CollisionMap(one_room_world(wall), BODY)
    swept = space.sweep(1.0, 2.0, 4.0, 0.7)
    assert swept.collided
    assert swept.x <= 3.0 - BODY.radius + 0.001
    assert space.label_at(1.0, 2.0) != space.label_at(5.0, 2.0)


def test_a_table_leg_stops_the_robot_but_the_table_top_above_it_does_not():
    leg = box_object("leg", None, (3, 1.985, 0), (3.03, 2.015, 0.7))
    top = box_object("top", "table", (2.6, 1.5, 1.5), (3.4, 2.5, 1.55))
    space = CollisionMap(one_room_world(leg, top), BODY)
    swept = space.sweep(1.0, 2.0, 3.0, 0.0)
    assert swept.collided
    assert 3.0 - BODY.radius - 0.03 < swept.x <= 3.0 - BODY.radius + 0.001
    assert not CollisionMap(one_room_world(top), BODY).sweep(1.0, 2.0, 3.0, 0.0).collided


def test_things_lower_than_a_step_are_driven_over():
    rug = box_object("rug", "rug", (2, 1, 0), (4, 3, 0.03))
    plinth = box_object("plinth", None, (2, 1, 0), (4, 3, 0.08))
    assert not CollisionMap(one_room_world(rug), BODY).sweep(1, 2, 4, 0).collided
    assert CollisionMap(one_room_world(plinth), BODY).sweep(1, 2, 4, 0).collided


def test_parts_that_do_not_collide_are_driven_through():
    ghost = Part(box_mesh((1, 1, 1)), WHITE, np.eye(4) + np.diag([0, 0, 0, 0]), collides=False)
    ghost.world_from_part[:3, 3] = 3, 2, 0.5
    world = one_room_world(WorldObject("ghost", "ghost", (ghost,)))
    assert not CollisionMap(world, BODY).sweep(1.0, 2.0, 4.0, 0.0).collided


def test_the_floor_ends_at_its_edge():
    floor = box_object("floor", None, (0, 0, -0.1), (4, 4, 0))
    post = box_object("post", None, (8, 2, 0), (8.1, 2.1, 1))
    space = CollisionMap(World("ledge", (floor, post)), BODY)
    swept = space.sweep(2.0, 2.0, 4.0, 0.0)
    assert swept.collided
    assert swept.x < 4.01


def test_a_world_without_a_floor_stands_on_a_plane():
    walls = [o for o in one_room_world().objects if o.name != "floor"]
    assert CollisionMap(World("no_floor", tuple(walls)), BODY).label_at(3, 2) > 0


def test_enclosed_pockets_are_not_where_the_robot_starts():
    # A closet of 0.9 x 0.9 m in the corner of the room.
    closet = [
        box_object("closet_a", None, (5.0, 3.0, 0), (6.0, 3.1, 2)),
        box_object("closet_b", None, (5.0, 3.1, 0), (5.1, 4.0, 2)),
    ]
    space = CollisionMap(one_room_world(*closet), BODY)
    assert space.label_at(5.55, 3.55) not in (0, space.largest)
    rng = np.random.default_rng(0)
    for _ in range(200):
        x, y = space.sample(rng)
        assert space.label_at(x, y) == space.largest
        assert not (x > 5 and y > 3)


def test_no_room_for_the_robot_is_an_error():
    with pytest.raises(WorldError, match="no free space"):
        CollisionMap(one_room_world(), Body(radius=2.2))
    with pytest.raises(WorldError, match="neither a floor"):
        CollisionMap(World("void", ()), BODY)


def test_sliding_follows_the_wall_and_stopping_does_not():
    stopped = TWO_ROOMS.sweep(1.5, 3.6, 0.5, 0.5)
    slid = TWO_ROOMS.slide(1.5, 3.6, 0.5, 0.5)
    assert stopped.collided
    assert slid.collided
    assert slid.x > stopped.x + 0.1
    assert slid.y == pytest.approx(stopped.y, abs=0.01)


@settings(max_examples=150)
@given(st.integers(0, 2**32 - 1), st.floats(0, math.tau), st.floats(0.01, 9.0), st.booleans())
def test_no_motion_ever_ends_in_or_crosses_an_obstacle(seed, angle, length, slide):
    x, y = TWO_ROOMS.sample(np.random.default_rng(seed))
    move = TWO_ROOMS.slide if slide else TWO_ROOMS.sweep
    swept = move(x, y, length * math.cos(angle), length * math.sin(angle))
    assert TWO_ROOMS.margin(swept.x, swept.y) >= 0
    if not slide:
        for t in np.linspace(0, 1, 50):
            at = x + t * (swept.x - x), y + t * (swept.y - y)
            assert TWO_ROOMS.margin(*at) > -0.004


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1))
def test_clipping_keeps_exactly_the_band(seed):
    rng = np.random.default_rng(seed)
    triangle = rng.uniform(-1, 1, (1, 3, 3)).astype(np.float32)
    low, high = np.sort(rng.uniform(-1, 1, 2))
    polygons = clip_to_band(triangle, low, high)
    weights = rng.dirichlet((1, 1, 1), 300)
    points = weights @ triangle[0].astype(float)
    inside = points[(points[:, 2] > low) & (points[:, 2] < high)]
    if len(inside) == 0:
        return
    (polygon,) = (p[0] for p in polygons)
    hull = cv2.convexHull(polygon.astype(np.float32))
    for x, y in inside[:, :2]:
        assert cv2.pointPolygonTest(hull, (float(x), float(y)), True) > -1e-4
    # Nothing outside the band is kept: the polygon's height at each corner is in the band.
    plane = np.linalg.solve(np.c_[triangle[0, :, :2], np.ones(3)], triangle[0, :, 2])
    heights = np.c_[polygon, np.ones(len(polygon))] @ plane
    assert (heights > low - 1e-3).all()
    assert (heights < high + 1e-3).all()


def test_empty_and_degenerate_meshes_do_no_harm():
    empty = Mesh(np.zeros((0, 3), np.float32), np.zeros((0, 3), np.int32))
    point = Mesh(np.zeros((3, 3), np.float32), np.array([[0, 1, 2], [0, 0, 0]], np.int32))
    parts = tuple(Part(m, WHITE, np.eye(4)) for m in (empty, point))
    space = CollisionMap(one_room_world(WorldObject("dust", None, parts)), BODY)
    assert space.label_at(3, 2) == space.largest
