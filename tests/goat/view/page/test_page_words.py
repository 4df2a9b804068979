"""What the page says; above all, that nothing from outside becomes a part of the page."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser

import pytest
from fakes import make_frame, make_instance

from goat.types import Status
from goat.view.operator import Ended, OperatorState
from goat.view.page.words import (
    ago,
    ended_html,
    freshness_html,
    goal_html,
    instance_html,
    place_html,
    state_html,
)

EVIL = "<img src=x onerror=alert(1)>\"'&![a](http://x/y.png)"


class Tags(HTMLParser):
    """Collects tags and text."""

    def __init__(self, content: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.feed(content)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def evil_frame():
    chair = replace(make_instance(1, EVIL, (1.0, 0.0)), attributes={f"color:{EVIL}": 1.0})
    return make_frame(None, 4, instances=(chair,), note=EVIL, candidates=((1, 0.5),))


@pytest.mark.parametrize(
    "content",
    [
        state_html(OperatorState(stopped=EVIL), EVIL),
        state_html(OperatorState(goal="sofa", holding=EVIL), EVIL),
        goal_html(OperatorState(goal=EVIL, waiting=(EVIL,)), evil_frame(), 3.0),
        ended_html([Ended(EVIL, EVIL, EVIL, 1.0, 1.0)]),
        instance_html(evil_frame().instances[0], (), 5.0),
        place_html((0.0, 0.0), EVIL),
    ],
    ids=["stopped", "held", "goal", "ended", "instance", "place"],
)
def test_texts_from_outside_stay_text(content: str) -> None:
    read = Tags(content)
    assert "img" not in read.tags
    assert EVIL.split("]", maxsplit=1)[0] in read.text


@pytest.mark.parametrize(
    ("state", "mood", "text"),
    [
        (OperatorState(), "idle", "Waiting for a goal"),
        (OperatorState(holding="depth is late"), "idle", "depth is late"),
        (OperatorState(goal="sofa"), "driving", "driving to sofa 3"),
        (OperatorState(goal="sofa", holding="depth is 0.7 s old"), "held", "depth is 0.7 s old"),
        (OperatorState(goal="sofa", holding="x", paused=True), "paused", "Paused"),
        (OperatorState(goal="sofa", paused=True, stopped="a bumper"), "stopped", "a bumper"),
    ],
    ids=["idle", "idle but held", "driving", "held", "paused", "stopped"],
)
def test_the_gravest_state_is_shown(state: OperatorState, mood: str, text: str) -> None:
    content = state_html(state, "driving to sofa 3")
    assert f"goat-{mood}" in content
    assert text in Tags(content).text


def test_a_goal_names_its_candidates_with_probabilities() -> None:
    frame = make_frame(None, 7, candidates=((2, 0.61), (1, 0.3), (9, 0.001)), target=2)
    text = Tags(goal_html(OperatorState(goal="the sofa"), frame, 4.0)).text
    assert "sofa 2" in text
    assert "61 %" in text
    assert "chair 1" in text
    assert "object 9" not in text
    assert "7 steps" in text


def test_the_newest_end_comes_first_and_says_why() -> None:
    ended = [
        Ended("the bed", "reached", "stands before the bed", 40.0, 7.25),
        Ended("an umbrella", "not_found", "everything was seen", 200.0, 31.0),
    ]
    text = Tags(ended_html(ended)).text
    assert text.index("an umbrella") < text.index("the bed")
    for part in ("not found", "everything was seen", "3 min, 31.0 m", "stands before the bed"):
        assert part in text


def test_every_status_has_words() -> None:
    for status in (*(s.value for s in Status), "skipped by a person"):
        assert status.replace("_", " ") in ended_html([Ended("x", status, "", 0.0, 0.0)])


@pytest.mark.parametrize(
    ("age", "kind"), [(None, "stale"), (0.1, "live"), (1.4, "late"), (3.2, "stale")]
)
def test_an_old_picture_is_called_old(age: float | None, kind: str) -> None:
    assert f"goat-{kind}" in freshness_html(age)
    if age == 3.2:
        assert "last picture 3.2 s ago" in freshness_html(age)


def test_ages_are_short() -> None:
    assert [ago(s) for s in (0.04, 9.94, 61.2, 400.0)] == ["0.0 s", "9.9 s", "61 s", "7 min"]
