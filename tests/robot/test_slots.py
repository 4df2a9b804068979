"""What is kept of what comes, and in which order."""

from __future__ import annotations

from robot.slots import History


def test_the_order_is_that_of_the_stamps() -> None:
    history = History[str](2.0)
    for stamp in (1.0, 3.0, 2.0, 2.0):
        history.add(stamp, f"at {stamp}")
    assert history.newest() == (3.0, "at 3.0")
    assert history.around(1.5) == ((1.0, "at 1.0"), (2.0, "at 2.0"))
    assert history.around(2.0) == ((2.0, "at 2.0"), (2.0, "at 2.0"))
    assert history.around(4.0) == ((3.0, "at 3.0"), None)


def test_what_is_too_old_is_forgotten() -> None:
    history = History[int](2.0, most=3)
    for stamp in (1.0, 2.0, 3.0, 3.2, 3.4):
        history.add(stamp, 0)
    assert history.around(3.1)[0] == (3.0, 0)
    assert history.around(2.5)[0] is None


def test_a_damaged_stamp_does_not_keep_out_what_comes_after_it() -> None:
    history = History[str](2.0)
    history.add(1.0, "good")
    history.add(9e9, "damaged")
    assert history.add(1.1, "good again")
    assert history.newest() == (1.1, "good again")
