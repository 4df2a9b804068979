"""The operator's page in a browser drives the simulated robot over a websocket, and stops it."""

from __future__ import annotations

import io
import math
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from browsing import PATIENCE, press, type_goal, wait_until_usable
from PIL import Image
from rich.console import Console
from test_drive import gap
from test_faults import until
from textured_world import BOXES, gallery, photo_from

from goat.commands.options import RobotDrive
from goat.commands.robot_session import RobotSession
from goat.view.operator import Ended
from sim.home import HomeSim

pytestmark = pytest.mark.slow
LONG = 300.0  # s; a machine that does other things as well drives slowly


@pytest.fixture
def session(live: Callable[..., Any], tmp_path: Path) -> Iterator[tuple[Any, RobotSession, Any]]:
    """The simulated robot, the session that drives it, and our side of the link."""
    _, robot, ours = live(gallery())
    ours.observe()
    ours.gate.trusted = True
    options = RobotDrive(detector="simulator", viewer="viser", viewer_port=0, out=tmp_path / "run")
    with ExitStack() as stack:
        console = Console(quiet=True)
        session = RobotSession(options, ours.config, ours, [], stack, console)
        thread = threading.Thread(target=session.run, args=([],))
        thread.start()
        try:
            yield robot, session, ours
        finally:
            session.closing.set()
            session.desk.skip()
            thread.join()


@pytest.fixture
def tab(session: Any, browser: Any) -> Iterator[Any]:
    tab = browser.new_page(viewport={"width": 1280, "height": 800})
    tab.set_default_timeout(PATIENCE)
    tab.goto(session[1].page.url)
    wait_until_usable(tab)
    yield tab
    tab.close()


def ended(session: RobotSession, count: int) -> Ended:
    assert until(lambda: len(session.desk.state().ended) == count, LONG), session.desk.state()
    return session.desk.state().ended[-1]


def test_goals_of_a_person_move_the_robot(session: Any, tab: Any, tmp_path: Path) -> None:
    robot, driver, _ = session
    type_goal(tab, "category:box")
    press(tab, "Send")
    assert ended(driver, 1).status == "reached"
    assert min(gap(robot, f"box_{k}") for k in range(len(BOXES))) <= 1.0
    tab.get_by_text("Reached", exact=False).first.wait_for()

    sim = HomeSim(gallery())
    shown = photo_from(sim, (3.4, 2.2, 1.3), (*BOXES[1], 0.4))
    sim.close()
    file = io.BytesIO()
    Image.fromarray(shown).save(file, "PNG")
    photo = {"name": "box.png", "mimeType": "image/png", "buffer": file.getvalue()}
    tab.locator("input[type=file]").set_input_files(photo)
    assert ended(driver, 2).status == "reached"
    assert gap(robot, "box_1") <= 1.0

    here = robot.pose[:2]
    far = max(driver.agent.memory.instances(), key=lambda i: math.dist(i.center[:2], here))
    tab.locator(".goat-card", has_text=re.compile(rf"\b{far.id}$")).first.click()
    press(tab, f"Go to {far.label} {far.id}")
    assert ended(driver, 3).status == "reached"
    assert math.dist(robot.pose[:2], here) > 0.5
    assert math.dist(robot.pose[:2], far.center[:2]) < 1.5


def test_the_emergency_stop_of_the_page_stops_the_robot(session: Any, tab: Any) -> None:
    robot, driver, ours = session
    type_goal(tab, "category:box")
    press(tab, "Send")
    assert until(lambda: abs(robot.moving[1]) > 0.3 or robot.moving[0] > 0.1, LONG)
    press(tab, "EMERGENCY STOP")
    assert until(lambda: robot.moving == (0.0, 0.0), 5.0)
    assert ours.estop.reason == "the operator pressed it"
    time.sleep(0.5)
    assert robot.moving == (0.0, 0.0), "until it is released"
    tab.locator(".goat-stopped").wait_for()
    driver.desk.release()
    assert ended(driver, 1).status == "reached"


def test_a_paused_robot_stands_and_goes_on(session: Any, tab: Any) -> None:
    robot, driver, _ = session
    type_goal(tab, "category:box")
    press(tab, "Send")
    assert until(lambda: abs(robot.moving[1]) > 0.3, LONG)
    press(tab, "Pause")
    assert until(lambda: robot.moving == (0.0, 0.0), 5.0)
    driver.desk.pause(False)
    assert until(lambda: robot.moving != (0.0, 0.0), 20.0)
    press(tab, "Skip this goal")
    assert ended(driver, 1).status == "cancelled"
    assert until(lambda: robot.moving == (0.0, 0.0), 5.0)
