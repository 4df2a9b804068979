"""What pictures must show; how they look is for eyes."""

from __future__ import annotations

import numpy as np
import pytest
from fakes import make_detection, make_frame, make_grid, make_instance, make_observation

from goat.frames import planar
from goat.types import (
    AgentFrame,
    CameraIntrinsics,
    CategoryGoal,
    CellState,
    ImageGoal,
    LanguageGoal,
    OccupancyGrid,
    Status,
    UInt8Array,
)
from goat.view import theme
from goat.view.camera import draw_camera
from goat.view.footprints import Layer, Outlines, layer_of
from goat.view.map import MapPainter, fit_window, paint_ground
from goat.view.overview import Way, draw_overview, draw_way
from goat.view.storyboard import SIZE, Outcome, Storyboard


def near(picture: UInt8Array, xy: np.ndarray, color: theme.Color, reach: int = 3) -> bool:
    """Whether a colour occurs around a pixel."""
    x, y = np.round(xy).astype(int)
    patch = picture[max(y - reach, 0) : y + reach + 1, max(x - reach, 0) : x + reach + 1]
    return bool((np.abs(patch.astype(int) - color).max(axis=-1) < 40).any())


def test_the_map_has_north_up_and_the_right_scale() -> None:
    state = np.zeros((40, 40), np.uint8)
    state[30:40, :10] = CellState.FREE  # y from 1.5 to 2 m, x from 0 to 0.5 m
    frame = make_frame(grid=OccupancyGrid(state, (0.0, 0.0), 0.05), map_from_base=planar(0, 2, 0))
    window = fit_window(frame, (400, 400))
    picture = paint_ground(frame.grid, window)
    inside, outside = window.pixels(np.array([[0.25, 1.75], [1.0, 1.0]]))
    assert near(picture, inside, theme.FREE)
    assert not near(picture, outside, theme.FREE)
    corner = window.pixels(np.array([[0.0, 1.5], [0.5, 2.0]]))
    assert corner[1, 0] - corner[0, 0] == pytest.approx(0.5 * window.scale)
    assert corner[1, 1] < corner[0, 1]


def test_strays_behind_windows_do_not_shrink_the_map() -> None:
    grid = make_grid()
    wide = np.zeros((160, 600), np.uint8)
    wide[:, :160] = grid.state
    wide[40:60, 580] = CellState.OCCUPIED
    near_, far = (
        fit_window(make_frame(grid=OccupancyGrid(s, (-4, -4), 0.05)), (400, 400))
        for s in (grid.state, wide)
    )
    assert near_ == far


def test_objects_path_and_target_are_on_the_map() -> None:
    frame = make_frame(map_from_base=planar(0.0, 0.0, 0.0))
    painter = MapPainter((480, 480), glide=False)
    picture = painter.draw(frame, np.zeros((0, 2)))
    window = fit_window(frame, (480, 480))
    on_path, edge = window.pixels(np.array([[0.5, 0.2], [1.8, 0.8]]))
    assert near(picture, on_path, theme.ACCENT)
    assert near(picture, edge, theme.TARGET, 6)


def test_the_window_glides() -> None:
    painter = MapPainter((300, 300))
    small = make_frame(grid=make_grid(6.0), instances=(), path=None)
    painter.draw(small, np.zeros((0, 2)))
    large = make_frame(grid=make_grid(16.0), instances=(), path=None)
    pictures = [painter.draw(large, np.zeros((0, 2))) for _ in range(40)]
    wanted = MapPainter((300, 300), glide=False).draw(large, np.zeros((0, 2)))
    first, last = (np.abs(p.astype(int) - wanted).mean() for p in (pictures[0], pictures[-1]))
    assert last < 0.2 * first


def test_layers_follow_the_measured_box() -> None:
    chair = make_instance(1, "chair", (0, 0))
    flat = np.array([[0, 0, 0], [1, 1, 0.02]], np.float32)
    high = np.array([[0, 0, 2.0], [1, 1, 2.4]], np.float32)
    thin = np.array([[0, 0, 1.0], [1, 0.05, 1.5]], np.float32)
    shapes = [layer_of(_with(chair, bounds)) for bounds in (chair.bounds, flat, high, thin)]
    assert shapes == [Layer.FURNITURE, Layer.FLOOR, Layer.OVERHEAD, Layer.WALL]


def _with(instance, bounds):
    from dataclasses import replace

    return replace(instance, bounds=bounds)


def test_an_outline_follows_a_concave_shape() -> None:
    from dataclasses import replace

    import cv2

    side = np.arange(0, 2, 0.05)
    points = np.array([(x, y, 0.4) for x in side for y in side if x < 0.6 or y < 0.6], np.float32)
    bounds = np.stack([points.min(0), points.max(0)])
    sofa = replace(make_instance(1, "sofa", (0, 0)), points=points, bounds=bounds)
    (polygon,) = Outlines().of(sofa)
    area = cv2.contourArea(polygon.astype(np.float32))
    assert area == pytest.approx(len(points) * 0.05**2, rel=0.1)
    assert cv2.pointPolygonTest(polygon.astype(np.float32), (1.5, 1.5), False) < 0


def test_the_camera_shows_outlines_and_keeps_its_shape() -> None:
    frame = make_frame(instances=())
    picture = draw_camera(frame, (640, 480))
    assert picture.shape == (480, 640, 3)
    color = theme.label_color("chair")
    assert near(picture, np.array([163, 240]), color, 4)
    assert not near(picture, np.array([40, 240]), color, 2)
    portrait = CameraIntrinsics.from_hfov(48, 64, 0.7)
    tall = make_frame(
        observation=make_observation(camera=portrait),
        detections=(make_detection(camera=portrait),),
        instances=(),
    )
    boxed = draw_camera(tall, (640, 480))
    assert boxed.shape == (480, 640, 3)
    assert (boxed[:, :100] == theme.PANEL).all()


def test_the_target_is_marked_only_where_it_is_seen() -> None:
    def corners(depth: float) -> int:
        frame = make_frame(
            observation=make_observation(),
            map_from_base=planar(0, 0, 0),
            detections=(),
            instances=(make_instance(1, "chair", (1.8, 0.0), 0.8),),
        )
        frame.observation.depth[:] = depth
        picture = draw_camera(frame, (640, 480))
        return int((np.abs(picture.astype(int) - theme.TARGET).max(axis=-1) < 10).sum())

    assert corners(5.0) > 200
    assert corners(0.5) == 0


@pytest.mark.parametrize(
    "goal",
    [
        CategoryGoal("sofa"),
        LanguageGoal("the very long " * 30 + "sofa"),
        LanguageGoal("Fußmatte für den Küchentisch 桌子"),
        ImageGoal(np.full((300, 100, 3), 200, np.uint8), "photo"),
        ImageGoal(np.full((40, 400, 3), 200, np.uint8), "a_name_without_any_spaces_" * 5),
    ],
    ids=["category", "long", "foreign", "tall photo", "wide photo"],
)
def test_every_goal_fits_the_picture(goal) -> None:
    story = Storyboard()
    story.begin(goal, 3)
    picture = story.picture(make_frame(goal))
    assert picture.shape == (SIZE[1], SIZE[0], 3)
    border = np.concatenate([picture[:18].reshape(-1, 3), picture[-18:].reshape(-1, 3)])
    assert (border == theme.BACKGROUND).all()


def test_the_story_tells_how_goals_end() -> None:
    story = Storyboard()
    story.begin(CategoryGoal("sofa"), 2)
    picture = story.picture(make_frame(CategoryGoal("sofa")))
    story.end(Outcome(Status.REACHED, True, "stands before it"))
    good = story.closing(picture)
    story.begin(CategoryGoal("bed"), 2)
    story.end(Outcome(Status.TIMEOUT, False))
    bad = story.closing(picture)

    def count(image: UInt8Array, color: theme.Color) -> int:
        return int((np.abs(image.astype(int) - color).max(axis=-1) < 10).sum())

    assert count(good, theme.GOOD) > count(picture, theme.GOOD) + 1000
    assert count(bad, theme.BAD) > count(picture, theme.BAD) + 1000


def test_words_for_outcomes() -> None:
    assert Outcome(Status.REACHED, True).words == "reached"
    assert Outcome(Status.REACHED, None).good
    assert Outcome(Status.REACHED, False).words == "wrong place"
    assert not Outcome(Status.REACHED, False).good
    assert Outcome(Status.NOT_FOUND, None).words == "not found"


def test_ways_end_with_their_mark() -> None:
    frame: AgentFrame = make_frame(instances=(), path=None)
    ways = [
        Way(1, np.array([[0.0, 0.0], [2.0, 1.0]]), True),
        Way(2, np.array([[2.0, 1.0], [3.0, -3.0]]), False),
        Way(3, np.zeros((0, 2)), False),
    ]
    window = fit_window(frame, (600, 400))
    ends = window.pixels(np.array([[2.0, 1.0], [3.0, -3.0]]))
    picture = draw_overview(frame, ways, (600, 400))
    assert near(picture, ends[0], theme.GOOD, 12)
    assert near(picture, ends[1], theme.BAD, 12)
    assert near(draw_way(frame, ways[0], (600, 400)), ends[0], theme.GOOD, 12)


def test_text_is_wrapped_and_clipped() -> None:
    lines = theme.wrap_text("one two three four five six seven", 20, 120, 2)
    assert len(lines) == 2
    assert lines[-1].endswith("...")
    assert all(theme.text_width(line, 20) <= 120 for line in lines)
    assert theme.clip_text("short", 20, 500) == "short"
    assert theme.label_color("sofa") == theme.label_color("sofa") != theme.label_color("bed")
