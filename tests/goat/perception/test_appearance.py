import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from goat.perception import attributes, colour_names
from goat.perception.attributes import measure
from goat.perception.descriptors import DIMENSION, describe, describe_goal
from goat.perception.goal_photo import segment_goal
from goat.perception.patches import cut

ROOT = Path(__file__).parents[3]


def whole(rgb: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the mask and box of a whole image."""
    height, width = rgb.shape[:2]
    return np.ones((height, width), np.bool_), np.array([0, 0, width, height], np.float32)


def two_tone(top: tuple, bottom: tuple, size: int = 120, seed: int = 0) -> np.ndarray:
    """Return a noisy image (size, size, 3) of two colours."""
    rng = np.random.default_rng(seed)
    image = np.full((size, size, 3), top, np.float32)
    image[size // 2 :] = bottom
    noisy = image + rng.normal(0.0, 6.0, (size, size, 1))
    return noisy.clip(0, 255).astype(np.uint8)


def scene(colour: tuple[int, int, int], strength: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Return a room with a coloured disc in its middle, and the disc's mask."""
    rng = np.random.default_rng(3)
    image = np.full((240, 320, 3), (235, 233, 228), np.float32)
    image[150:] = (150, 140, 128)
    cv2.circle(image, (160, 120), 55, colour, -1)
    mask = np.zeros((240, 320), np.uint8)
    cv2.circle(mask, (160, 120), 55, 1, -1)
    lit = image * strength + rng.normal(0.0, 3.0, image.shape)
    return lit.clip(0, 255).astype(np.uint8), mask.view(np.bool_)


def box_of(mask: np.ndarray) -> np.ndarray:
    rows, cols = np.nonzero(mask.any(axis=1))[0], np.nonzero(mask.any(axis=0))[0]
    return np.array([cols[0], rows[0], cols[-1] + 1, rows[-1] + 1], np.float32)


def test_a_descriptor_is_a_unit_vector_that_hardly_changes_with_light_and_distance():
    rgb = two_tone((180, 60, 40), (90, 90, 160))
    first = describe(rgb, *whole(rgb))
    assert first.shape == (DIMENSION,)
    assert first.dtype == np.float32
    assert np.linalg.norm(first) == pytest.approx(1.0, abs=1e-5)
    dim = (rgb * 0.7).astype(np.uint8)
    small = cv2.resize(rgb, (50, 50), interpolation=cv2.INTER_AREA)
    for other in (dim, small):
        assert first @ describe(other, *whole(other)) > 0.85


@pytest.mark.parametrize(
    "other",
    [
        ((40, 160, 60), (90, 90, 160)),  # another colour
        ((90, 90, 160), (180, 60, 40)),  # upside down
        ((30, 30, 30), (240, 240, 240)),
    ],
)
def test_other_colours_and_other_places_of_them_give_other_descriptors(other):
    rgb, twin = (
        two_tone((180, 60, 40), (90, 90, 160)),
        two_tone((180, 60, 40), (90, 90, 160), 90, 1),
    )
    foreign = two_tone(*other)
    vector = describe(rgb, *whole(rgb))
    assert vector @ describe(foreign, *whole(foreign)) < vector @ describe(twin, *whole(twin)) - 0.1


def test_texture_tells_equal_colours_apart():
    rng = np.random.default_rng(0)
    smooth = np.full((100, 100, 3), 120, np.uint8)
    stripes = smooth.copy()
    stripes[:, ::8] = stripes[:, 1::8] = stripes[:, 2::8] = stripes[:, 3::8] = 90
    speckled = (120 + rng.normal(0, 25, (100, 100, 1)).repeat(3, axis=2)).clip(0, 255)
    vectors = [describe(i, *whole(i)) for i in (smooth, stripes, speckled.astype(np.uint8))]
    assert max(vectors[0] @ vectors[1], vectors[0] @ vectors[2], vectors[1] @ vectors[2]) < 0.93


def test_only_the_masked_pixels_count():
    rgb, mask = scene((40, 80, 190))
    changed = rgb.copy()
    changed[~mask] = 255 - changed[~mask]
    assert describe(rgb, mask, box_of(mask)) @ describe(changed, mask, box_of(mask)) > 0.98


def test_an_empty_mask_gives_a_vector_and_no_attributes():
    rgb = np.zeros((20, 30, 3), np.uint8)
    mask = np.zeros((20, 30), np.bool_)
    box = np.array([5, 5, 9, 9], np.float32)
    assert np.linalg.norm(describe(rgb, mask, box)) == pytest.approx(1.0)
    assert measure(rgb, mask, box) == {}
    assert cut(rgb, mask, box, 100) is None


def test_one_pixel_is_enough():
    rgb = np.full((20, 30, 3), 200, np.uint8)
    mask = np.zeros((20, 30), np.bool_)
    mask[7, 8] = True
    box = np.array([8, 7, 9, 8], np.float32)
    assert np.isfinite(describe(rgb, mask, box)).all()
    assert np.isfinite(list(measure(rgb, mask, box).values())).all()


def test_a_patch_has_about_the_asked_number_of_pixels():
    rgb, mask = scene((200, 30, 30))
    patch = cut(rgb, mask, box_of(mask), 600)
    assert patch is not None
    assert 450 < patch.inside.sum() < 750
    assert np.abs(patch.rgb[patch.inside].mean(axis=0) - (200, 30, 30)).max() < 8


@pytest.mark.parametrize(
    ("colour", "name"),
    [
        ((200, 30, 30), "red"),
        ((240, 130, 30), "orange"),
        ((245, 215, 60), "yellow"),
        ((50, 130, 60), "green"),
        ((40, 80, 190), "blue"),
        ((120, 60, 150), "purple"),
        ((245, 160, 185), "pink"),
        ((110, 65, 35), "brown"),
        ((20, 20, 22), "black"),
        ((242, 242, 240), "white"),
        ((125, 127, 130), "gray"),
        ((220, 198, 160), "beige"),
    ],
)
@pytest.mark.parametrize("strength", [1.0, 0.75])
def test_colours_are_named_as_people_do_also_in_dim_light(colour, name, strength):
    rgb, mask = scene(colour, strength)
    found = measure(rgb, mask, box_of(mask))
    colours = {key: value for key, value in found.items() if key.startswith("color:")}
    assert max(colours, key=lambda key: colours[key]) == f"color:{name}"
    assert set(colours) == {f"color:{n}" for n in colour_names.NAMES}


def test_a_tint_of_the_light_is_taken_off():
    rgb, mask = scene((242, 242, 240))
    warm = (rgb * np.array([1.0, 0.87, 0.66])).astype(np.uint8)
    assert measure(warm, mask, box_of(mask))["color:white"] > 0.5


def test_shares_and_probabilities_sum_to_one():
    rgb, mask = scene((110, 65, 35))
    found = measure(rgb, mask, box_of(mask))
    for kind in ("color:", "material:"):
        values = [value for key, value in found.items() if key.startswith(kind)]
        assert sum(values) == pytest.approx(1.0, abs=1e-4)
        assert min(values) >= 0.0
    assert len(found) == 12 + 10


def test_the_fitted_materials_tell_paper_from_plants():
    model = attributes.material_model()
    assert (ROOT / "goat/data/materials.json").stat().st_size <= 50_000
    assert set(model.names) >= {"wood", "metal", "fabric", "plant", "glass"}
    leaves = np.random.default_rng(0).normal((40, 110, 40), (25, 40, 25), (60, 60, 3))
    leaves = leaves.clip(0, 255).astype(np.uint8)
    room = np.full((200, 200, 3), 225, np.uint8)
    room[70:130, 70:130] = leaves
    mask = np.zeros((200, 200), np.bool_)
    mask[70:130, 70:130] = True
    found = measure(room, mask, box_of(mask))
    materials = {key: value for key, value in found.items() if key.startswith("material:")}
    assert max(materials, key=lambda key: materials[key]) == "material:plant"


def test_the_middle_of_a_photo_is_segmented_and_described():
    rgb, mask = scene((40, 80, 190))
    regions = segment_goal(rgb)
    shares = [(r.mask & mask).sum() / (r.mask | mask).sum() for r in regions]
    assert max(shares) > 0.85
    guesses = describe_goal(rgb)
    assert guesses.shape == (len(regions), DIMENSION)
    right = describe(rgb, mask, box_of(mask))
    other, other_mask = scene((190, 40, 40))
    wrong = describe(other, other_mask, box_of(other_mask))
    assert (guesses @ right).max() > (guesses @ wrong).max() + 0.2


@pytest.mark.parametrize("shape", [(300, 300, 3), (2, 2, 3), (1, 400, 3), (2000, 1500, 3)])
def test_flat_and_oddly_shaped_photos_are_described_too(shape):
    guesses = describe_goal(np.full(shape, 90, np.uint8))
    assert np.isfinite(guesses).all()


def test_the_same_photo_gives_the_same_guesses():
    rgb, _ = scene((40, 80, 190))
    first = describe_goal(rgb)
    cv2.setRNGSeed(99)
    assert np.array_equal(first, describe_goal(rgb))


def test_an_object_takes_well_under_a_millisecond():
    rgb, mask = scene((40, 80, 190))
    box = box_of(mask)
    measure(rgb, mask, box)
    for work in (describe, measure):
        times = []
        for _ in range(20):
            start = time.thread_time()
            work(rgb, mask, box)
            times.append(time.thread_time() - start)
        assert min(times) < 0.0015
