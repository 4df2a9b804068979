"""Plots say what the numbers say."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import pytest

from goat.view import theme
from meta_controller.view.plot_parts import percent, spread
from meta_controller.view.plots import (
    Curve,
    PlotError,
    Score,
    learning_curves,
    score_by_demonstrations,
    scores,
    smoothed,
)


def drawn(png: bytes) -> np.ndarray:
    assert png.startswith(b"\x89PNG")
    return cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]


def places(picture: np.ndarray, color: theme.Color) -> np.ndarray:
    """Return (N, 2) columns and rows that have a colour."""
    return np.argwhere(np.abs(picture.astype(int) - color).max(axis=2) < 3)[:, ::-1]


def table(means: Sequence[float], error: float = 0.02, method: str = "ours") -> list[Score]:
    counts = (1, 5, 10, 20)
    return [Score(method, "a", n, mean, error) for n, mean in zip(counts, means, strict=True)]


def test_a_line_rises_with_its_scores() -> None:
    picture = drawn(score_by_demonstrations(table([0.1, 0.3, 0.6, 0.9])))
    found = places(picture, theme.ACCENT)
    columns = np.unique(found[:, 0])
    columns = columns[: int(np.argmax(np.diff(columns) > 3)) + 1]  # beyond the gap is the label
    middles = [found[found[:, 0] == x, 1].mean() for x in columns]
    # The axis is 3.6 in of 150 px high and goes to 108 %.
    assert middles[0] - middles[-1] == pytest.approx(0.8 / 1.08 * 3.6 * 150, abs=12)
    assert columns.max() - columns.min() > 0.5 * picture.shape[1]
    corner = picture[3, 3]
    np.testing.assert_array_equal(corner, theme.BACKGROUND)


def test_the_same_numbers_give_the_same_bytes_and_others_do_not() -> None:
    plain = table([0.1, 0.3, 0.6, 0.9])
    assert score_by_demonstrations(plain) == score_by_demonstrations(plain)
    for other in (
        table([0.1, 0.3, 0.6, 0.8]),
        table([0.1, 0.3, 0.6, 0.9], error=0.1),
        table([0.1, 0.3, 0.6, 0.9], method="theirs"),
        plain[:3],
    ):
        assert score_by_demonstrations(other) != score_by_demonstrations(plain)


def test_lines_are_means_over_tasks() -> None:
    two = [Score("ours", task, n, m, 0.03) for n in (1, 5) for task, m in (("a", 0.2), ("b", 0.6))]
    one = [Score("ours", "a", n, 0.4, 0.03 / 2**0.5) for n in (1, 5)]
    pictures = [drawn(score_by_demonstrations(found)) for found in (two, one)]
    below = [picture[150:] for picture in pictures]  # without the line that says of what
    np.testing.assert_array_equal(*below)
    with pytest.raises(PlotError, match="ours has no score in b from 5 demonstrations"):
        score_by_demonstrations(two[:3])


def test_bars_are_as_long_as_scores() -> None:
    found = [Score("ours", "a", 5, 0.8, 0.0), Score("theirs", "a", 5, 0.4, 0.0)]
    picture = drawn(scores(found))
    below = picture[200:]
    lengths = [np.ptp(places(below, color)[:, 0]) for color in (theme.ACCENT, theme.TARGET)]
    assert lengths[0] == pytest.approx(2 * lengths[1], abs=4)
    assert lengths[1] > 150


def test_methods_that_were_tried_everywhere_get_a_mean() -> None:
    whole = [Score("ours", task, 5, mean, 0.01) for task, mean in (("a", 0.2), ("b", 0.6))]
    part = [Score("theirs", "a", 5, 0.5, 0.01)]
    below = drawn(scores(whole + part))[200:]
    rows = [np.unique(places(below, color)[:, 1]) for color in (theme.ACCENT, theme.TARGET)]
    bars = [1 + int((np.diff(found) > 5).sum()) for found in rows]
    assert bars == [3, 1]


def test_curves_are_smoothed_and_drawn_faintly_as_they_were() -> None:
    steps, rng = np.arange(1000.0), np.random.default_rng(0)
    losses = np.exp(-steps / 300.0) * np.exp(0.2 * rng.standard_normal(1000))
    smooth = smoothed(losses)
    assert np.abs(np.diff(smooth)).max() < 0.1 * np.abs(np.diff(losses)).max()
    np.testing.assert_allclose(smoothed(np.full(50, 2.0)), 2.0)
    np.testing.assert_allclose(smoothed(steps)[100:900], steps[100:900])
    np.testing.assert_allclose(smoothed(losses)[500], losses[485:516].mean())
    quiet = drawn(learning_curves([Curve("a", steps, smooth)]))
    loud = drawn(learning_curves([Curve("a", steps, losses)]))
    assert len(places(loud, theme.PANEL)) < 0.98 * len(places(quiet, theme.PANEL))
    two = drawn(learning_curves([Curve("a", steps, losses), Curve("b", steps, losses - 0.5)]))
    assert len(places(two, theme.TARGET)) > 500, "losses may be negative"


def test_labels_are_moved_apart_and_axes_have_room() -> None:
    assert spread([0.1, 0.5, 0.9], 0.1) == [0.1, 0.5, 0.9]
    np.testing.assert_allclose(spread([0.98, 0.99, 1.0], 0.1), [0.8, 0.9, 1.0])
    np.testing.assert_allclose(np.diff(spread([0.3, 0.31, 0.32], 0.1)), 0.1)
    low, high = percent([20.0, 140.0])
    assert low == 0.0
    assert high > 140.0
    assert percent([-10.0])[0] < -10.0


def test_numbers_that_cannot_be_plotted_are_named() -> None:
    for bad in ((float("nan"), 0.1), (0.5, float("inf")), (0.5, -0.1)):
        with pytest.raises(PlotError, match="ours in a: a score and its error must be finite"):
            Score("ours", "a", 5, *bad)
    with pytest.raises(PlotError, match="at least 1 demonstration, got 0"):
        Score("ours", "a", 0, 0.5, 0.1)
    for draw in (scores, score_by_demonstrations):
        with pytest.raises(PlotError, match="no scores"):
            draw([])
        with pytest.raises(PlotError, match="two scores in one task"):
            draw([Score("ours", "a", 5, 0.5, 0.1)] * 2)
    with pytest.raises(PlotError, match=r"one number of demonstrations, got \[1, 5, 10, 20\]"):
        scores(table([0.1, 0.2, 0.3, 0.4]))
    steps = np.arange(3.0)
    for bad, said in (
        ((steps, steps[:2]), "as many steps as losses"),
        ((steps[:0], steps[:0]), "as many steps as losses"),
        ((steps[::-1], steps), "must rise"),
        ((steps, np.full(3, np.nan)), "must be finite"),
    ):
        with pytest.raises(PlotError, match=said):
            Curve("run", *bad)
    with pytest.raises(PlotError, match="different names are needed, got none"):
        learning_curves([])
    with pytest.raises(PlotError, match="different names"):
        learning_curves([Curve("run", steps, steps)] * 2)
