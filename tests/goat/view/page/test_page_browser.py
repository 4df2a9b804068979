"""What a person does on the page arrives, and what must not happen does not."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest
from browsing import GOAL, press, type_goal
from fakes import make_frame, make_instance
from operator_desk import Desk

from goat.view.page import OperatorPage

pytestmark = pytest.mark.slow
EVIL = "<img src=x onerror=window.hacked=1>![a](javascript:window.hacked=1)"


def jpeg() -> bytes:
    image = np.random.default_rng(0).integers(0, 255, (700, 900, 3), dtype=np.uint8)
    return cv2.imencode(".jpg", image)[1].tobytes()


def test_a_typed_goal_arrives(desk: Desk, tab: Any) -> None:
    type_goal(tab, "the blue chair by the window")
    press(tab, "Send")
    assert desk.wait("text") == ("text", "the blue chair by the window")
    tab.get_by_text("Goal taken").wait_for()
    tab.wait_for_function("document.querySelector('form input:not([type=file])').value === ''")


def test_enter_sends_too(desk: Desk, tab: Any) -> None:
    type_goal(tab, "category:sofa")
    tab.keyboard.press("Enter")
    assert desk.wait("text") == ("text", "category:sofa")


def test_a_refused_goal_says_why_and_is_kept(desk: Desk, tab: Any) -> None:
    type_goal(tab, "   ")
    press(tab, "Send")
    tab.get_by_text("the goal is empty; say what to look for").wait_for()
    assert desk.calls == []
    assert tab.locator(GOAL).input_value() == "   "


def test_what_nobody_expected_is_shown_too(desk: Desk, tab: Any) -> None:
    desk.fails = RuntimeError("the robot is on fire")
    type_goal(tab, "sofa")
    press(tab, "Send")
    tab.get_by_text("the robot is on fire").wait_for()


def test_a_photo_arrives_byte_by_byte(desk: Desk, tab: Any) -> None:
    content = jpeg()
    assert len(content) > 600_000  # more than one part
    photo = {"name": "mug.jpg", "mimeType": "image/jpeg", "buffer": content}
    tab.locator("input[type=file]").set_input_files(photo)
    assert desk.wait("photo") == ("photo", content, "mug.jpg")


def test_what_is_no_photo_is_refused(desk: Desk, tab: Any) -> None:
    text = {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"hello"}
    tab.locator("input[type=file]").set_input_files(text)
    tab.get_by_text("notes.txt is no photo; give a JPEG or PNG file").wait_for()


def test_a_card_selects_and_only_the_button_sends(desk: Desk, page: OperatorPage, tab: Any) -> None:
    page.show(make_frame())
    tab.locator(".goat-card", has_text="sofa").click()
    tab.locator(".goat-picked", has_text="sofa").wait_for()
    assert desk.calls == []
    press(tab, "Go to sofa 2")
    assert desk.wait("instance") == ("instance", 2, "sofa")
    tab.locator(".goat-picked").wait_for(state="detached")


def test_pause_resume_and_skip(desk: Desk, tab: Any) -> None:
    desk.pursue("the sofa")
    press(tab, "Pause")
    assert desk.wait("pause") == ("pause", True)
    tab.locator(".goat-paused").wait_for()
    desk.calls.clear()
    press(tab, "Resume")
    assert desk.wait("pause") == ("pause", False)
    press(tab, "Skip this goal")
    desk.wait("skip")


@pytest.mark.parametrize("how", ["button", "key"])
def test_the_stop_needs_one_press_and_its_release_two(desk: Desk, tab: Any, how: str) -> None:
    if how == "button":
        press(tab, "EMERGENCY STOP")
    else:
        tab.keyboard.press("Escape")
    desk.wait("stop")
    tab.locator(".goat-stopped", has_text="pressed on the page").wait_for()
    press(tab, re.compile("Release the stop"))
    tab.get_by_text("Make sure that nobody is in its way").wait_for()
    press(tab, "Keep it stopped")
    tab.get_by_text("Make sure that nobody is in its way").wait_for(state="detached")
    press(tab, re.compile("Release the stop"))
    assert [call[0] for call in desk.calls] == ["stop"]
    press(tab, re.compile("the robot may move"))
    desk.wait("release")
    tab.locator(".goat-idle").wait_for()
    assert not tab.get_by_role("button", name=re.compile("Release")).is_visible()


def test_a_release_by_somebody_else_takes_the_question_back(desk: Desk, tab: Any) -> None:
    press(tab, "EMERGENCY STOP")
    press(tab, re.compile("Release the stop"))
    tab.get_by_text("Make sure that nobody is in its way").wait_for()
    desk.now = replace(desk.now, stopped=None)
    tab.get_by_text("Make sure that nobody is in its way").wait_for(state="detached")
    assert not [call for call in desk.calls if call[0] == "release"]


def test_a_stop_that_fails_is_not_hidden(desk: Desk, tab: Any) -> None:
    desk.fails = OSError("no space left")
    press(tab, "EMERGENCY STOP")
    tab.get_by_text("THE EMERGENCY STOP FAILED").wait_for()
    tab.get_by_text("Use the stop button on the robot. (no space left)").wait_for()


def test_why_it_does_not_move_and_how_goals_ended(desk: Desk, page: OperatorPage, tab: Any) -> None:
    desk.pursue("the red chair", holding="depth is 0.7 s old", waiting=("the bed",))
    page.show(make_frame(goal=None, candidates=((1, 0.8),)))
    tab.locator(".goat-held", has_text="depth is 0.7 s old").wait_for()
    tab.get_by_text("the bed", exact=True).wait_for()
    desk.end("unreachable", "a table stands in the way")
    tab.locator(".goat-ended", has_text="unreachable").wait_for()
    tab.get_by_text("a table stands in the way").wait_for()


def test_nothing_from_outside_is_executed(desk: Desk, page: OperatorPage, tab: Any) -> None:
    desk.pursue(EVIL, waiting=(EVIL,))
    desk.fails = RuntimeError(EVIL)
    frame = make_frame(instances=(make_instance(1, EVIL, (1.5, 0.5)),), note=EVIL)
    page.show(replace(frame, candidates=((1, 0.5),)))
    tab.locator(".goat-card").click()
    tab.locator(".goat-picked h2", has_text="onerror").wait_for()
    press(tab, re.compile("^Go to <img"))
    tab.locator("[role=alert]", has_text="onerror").wait_for()
    desk.end(EVIL, EVIL)
    tab.locator(".goat-ended", has_text="onerror").wait_for()
    tab.wait_for_timeout(300)
    assert tab.evaluate("window.hacked") is None
    assert tab.locator("img[src='x']").count() == 0


def test_an_old_picture_and_a_dead_page_are_called_so(page: OperatorPage, tab: Any) -> None:
    tab.get_by_text("no picture from the robot yet").wait_for()
    live = tab.locator(".goat-live")
    for step in range(200):  # a picture is live for a moment only
        page.show(make_frame(step=step))
        tab.wait_for_timeout(200)
        if live.is_visible():
            break
    else:
        pytest.fail("no picture was ever live")
    tab.locator(".goat-stale", has_text=re.compile(r"last picture [2-9]")).wait_for()
    lost = tab.get_by_text("This page has lost the robot.")
    assert not lost.is_visible()
    page.close()
    lost.wait_for(state="visible")


def test_a_hundred_and_fifty_objects_are_filtered_in_the_browser(
    page: OperatorPage, tab: Any
) -> None:
    labels = ("sofa", "chair", "kitchen cabinet")
    crowd = tuple(make_instance(n, labels[n % 3], (n % 12, n // 12)) for n in range(150))
    page.show(make_frame(instances=crowd))
    tab.get_by_text("150 objects remembered").wait_for()
    tab.get_by_label("filter objects").fill("cabinet 14")
    visible = tab.locator(".goat-card:visible")
    tab.wait_for_function("document.querySelectorAll('#goat-filter')[0].textContent !== ''")
    assert visible.all_inner_texts() == ["kitchen cabinet 14", "kitchen cabinet 140",
                                         "kitchen cabinet 143", "kitchen cabinet 146",
                                         "kitchen cabinet 149"]  # fmt: skip
    page.show(make_frame(instances=crowd[:30]))
    tab.get_by_text("30 objects remembered").wait_for()
    assert visible.all_inner_texts() == ["kitchen cabinet 14"]


def test_two_browsers_pick_and_type_for_themselves(
    desk: Desk, page: OperatorPage, visit: Callable[[], Any]
) -> None:
    one, two = visit(), visit()
    page.show(make_frame())
    one.bring_to_front()  # Chromium does not draw what is covered
    one.locator(".goat-card", has_text="sofa").click()
    two.bring_to_front()
    two.locator(".goat-card", has_text="chair").click()
    two.get_by_role("button", name="Go to chair 1").wait_for()
    type_goal(two, "from two")
    one.bring_to_front()
    assert one.locator(GOAL).input_value() == ""
    press(one, "Go to sofa 2")
    assert desk.wait("instance") == ("instance", 2, "sofa")
    two.bring_to_front()
    assert two.get_by_role("button", name="Go to chair 1").is_visible()
    press(two, "EMERGENCY STOP")
    one.bring_to_front()
    one.locator(".goat-stopped").wait_for()


def test_reloads_and_lost_browsers_do_no_harm(
    desk: Desk, page: OperatorPage, visit: Callable[[], Any], caplog: pytest.LogCaptureFixture
) -> None:
    stays, goes = visit(), visit()
    for step in range(10):
        page.show(make_frame(step=step))
        time.sleep(0.05)
    goes.close()
    stays.bring_to_front()
    for step in range(10, 20):
        page.show(make_frame(step=step))
        time.sleep(0.05)
    stays.reload()
    type_goal(stays, "still here")
    press(stays, "Send")
    assert desk.wait("text") == ("text", "still here")
    assert stays.locator(".goat-card").count() == 2
    assert "could not be drawn" not in caplog.text


def test_a_frame_that_cannot_be_drawn_does_not_end_the_page(
    page: OperatorPage, tab: Any, caplog: pytest.LogCaptureFixture
) -> None:
    page.show(make_frame(instances=(object(),)))
    until = time.monotonic() + 10.0
    while "could not be drawn" not in caplog.text and time.monotonic() < until:
        time.sleep(0.05)
    page.show(make_frame())
    tab.get_by_text("2 objects remembered").wait_for()
