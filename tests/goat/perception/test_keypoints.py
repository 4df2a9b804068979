import cv2
import numpy as np
import pytest

from goat.perception.catalog import MATCHERS
from goat.perception.epipolar import GeometryConfig, ShiftConfig, agreeing, consistent
from goat.perception.keypoints import SiftConfig, SiftMatcher, mutual_matches


def blobs(seed: int, size: int = 240) -> np.ndarray:
    """Return a textured image (size, size, 3)."""
    rng = np.random.default_rng(seed)
    image = np.full((size, size, 3), 128, np.uint8)
    for _ in range(150):
        center = tuple(int(v) for v in rng.integers(0, size, 2))
        colour = tuple(int(v) for v in rng.integers(0, 256, 3))
        cv2.circle(image, center, int(rng.integers(3, 18)), colour, -1)
    return image


def seen_from_elsewhere(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the image under a homography (3, 3), and that homography."""
    size = image.shape[0]
    corners = np.array([[0, 0], [size, 0], [size, size], [0, size]], np.float32)
    moved = corners * 0.8 + [[22, 30], [8, 10], [12, 22], [34, 8]]
    homography = cv2.getPerspectiveTransform(corners, moved.astype(np.float32))
    return cv2.warpPerspective(image, homography, (size, size)), homography


@pytest.fixture(scope="module")
def matcher() -> SiftMatcher:
    return MATCHERS.load("sift")()


def test_the_same_thing_from_elsewhere_matches_at_the_right_places(matcher):
    image = blobs(0)
    warped, homography = seen_from_elsewhere(image)
    matches = matcher.match(matcher.extract(image), matcher.extract(warped))
    assert len(matches.xy_a) > 50
    expected = cv2.perspectiveTransform(matches.xy_a[None], homography)[0]
    assert np.quantile(np.linalg.norm(expected - matches.xy_b, axis=1), 0.95) < 3.0


def test_another_thing_does_not_match(matcher):
    for seed in range(1, 6):
        matches = matcher.match(matcher.extract(blobs(0)), matcher.extract(blobs(seed)))
        assert len(matches.xy_a) <= 6


def test_small_crops_are_enlarged_and_positions_are_in_their_own_pixels(matcher):
    image = blobs(0)
    small = cv2.resize(image, (80, 80), interpolation=cv2.INTER_AREA)
    matches = matcher.match(matcher.extract(image), matcher.extract(small))
    assert len(matches.xy_a) > 15
    assert np.median(np.abs((matches.xy_a + 0.5) / 3.0 - 0.5 - matches.xy_b)) < 0.5


@pytest.mark.parametrize("shape", [(60, 80, 3), (1, 1, 3), (2, 300, 3)])
def test_flat_images_have_no_features_and_match_nothing(matcher, shape):
    flat = matcher.extract(np.full(shape, 200, np.uint8))
    assert flat.xy.shape == (0, 2)
    assert flat.descriptors.shape == (0, 130)
    textured = matcher.extract(blobs(0))
    for pair in ((flat, flat), (flat, textured), (textured, flat)):
        matches = matcher.match(*pair)
        assert matches.tentative == len(matches.xy_a) == len(matches.xy_b) == 0


def test_features_are_capped_and_the_strongest_are_kept():
    image = blobs(0)
    few = SiftMatcher(SiftConfig(max_keypoints=40)).extract(image)
    many = SiftMatcher(SiftConfig(max_keypoints=400)).extract(image)
    assert len(few.xy) == 40 < len(many.xy) <= 400
    assert few.descriptors.dtype == np.uint8
    strongest = {tuple(xy) for xy in many.xy[:60].round(2)}
    assert {tuple(xy) for xy in few.xy.round(2)} <= strongest


def test_a_mask_limits_where_features_lie(matcher):
    mask = np.zeros((240, 240), np.bool_)
    mask[:, :120] = True
    xy = matcher.extract(blobs(0), mask).xy
    assert len(xy) > 0
    assert (xy[:, 0] < 121).all()


def test_the_same_images_give_the_same_matches():
    image = blobs(0)
    warped, _ = seen_from_elsewhere(image)
    results = []
    for _ in range(2):
        matcher = SiftMatcher()
        results.append(matcher.match(matcher.extract(image), matcher.extract(warped)))
        cv2.setRNGSeed(7)
    assert np.array_equal(results[0].xy_a, results[1].xy_a)
    assert np.array_equal(results[0].xy_b, results[1].xy_b)


def test_mutual_matches_agree_with_a_plain_search():
    rng = np.random.default_rng(0)
    a = rng.integers(0, 256, (40, 16)).astype(np.uint8)
    b = np.concatenate([a[10:30], rng.integers(0, 256, (15, 16)).astype(np.uint8)])
    found = {tuple(pair) for pair in mutual_matches(a, b, 1.0).tolist()}

    def unit(values):
        values = values.astype(float)
        return values / np.linalg.norm(values, axis=1, keepdims=True)

    gaps = np.linalg.norm(unit(a)[:, None] - unit(b)[None], axis=2)
    plain = {
        (i, int(gaps[i].argmin())) for i in range(40) if gaps[:, gaps[i].argmin()].argmin() == i
    }
    assert found == plain
    assert {(i + 10, i) for i in range(20)} <= found
    strict = {tuple(pair) for pair in mutual_matches(a, b, 0.5).tolist()}
    assert {(i + 10, i) for i in range(20)} <= strict < found


def similarity(points: np.ndarray, factor: float, turn: float) -> np.ndarray:
    c, s = factor * np.cos(turn), factor * np.sin(turn)
    return points @ np.array([[c, s], [-s, c]]) + [20.0, 5.0]


@pytest.mark.parametrize(("turn", "accepted"), [(0.2, True), (1.2, False)])
def test_only_upright_agreement_counts(turn, accepted):
    rng = np.random.default_rng(0)
    a = rng.uniform(0, 200, (30, 2)).astype(np.float32)
    b = similarity(a, 1.5, turn).astype(np.float32)
    b[20:] = rng.uniform(0, 300, (10, 2))
    growth = np.full(30, np.log2(1.5), np.float32)
    inside = agreeing(a, b, growth, np.full(30, turn, np.float32), 300, ShiftConfig())
    assert inside[:20].all() == accepted
    assert inside[20:].sum() <= 2
    assert accepted or not inside.any()


def test_too_few_or_degenerate_matches_have_no_epipolar_geometry():
    rng = np.random.default_rng(0)
    few = rng.uniform(0, 100, (7, 2)).astype(np.float32)
    assert not consistent(few, few, 100, GeometryConfig()).any()
    same = np.zeros((20, 2), np.float32)
    assert len(consistent(same, same, 100, GeometryConfig())) == 20
