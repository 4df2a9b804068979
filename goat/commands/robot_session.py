"""One session of the agent on a robot: goals of the command line, or of a person at a page."""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

import numpy as np
from rich.console import Console

from goat.agent import Agent
from goat.bench.results import plain
from goat.bench.session import GoalResult, SessionConfig, SessionObserver, run_tasks
from goat.build import BuildConfig, build_agent
from goat.commands.desk import Desk, HeldRobot, Safety, SkippableAgent
from goat.commands.folders import fresh_folder
from goat.commands.options import RobotDrive
from goat.commands.parts import (
    check_categories,
    make_detector,
    make_encoders,
    make_matcher,
    merged_vocabulary,
)
from goat.commands.recorders import ReportRecorder, ResultsRecorder, ViewerRecorder
from goat.commands.recording import open_recorders
from goat.memory.vocabulary import household
from goat.types import AgentFrame, Task
from goat.view.page.page import OperatorPage
from goat.view.rerun import open_viewer
from robot.config import RobotConfig
from robot.ros import RosRobot
from robot.sensors import SensorError


class MapFeeder:
    """Gives the robot the agent's map and path after each step."""

    def __init__(self, robot: RosRobot) -> None:
        """Feed `robot`."""
        self._robot = robot

    def goal_started(self, index: int, total: int, task: Task) -> None:
        """Nothing to do."""

    def stepped(self, frame: AgentFrame) -> None:
        """Place odometry in the map, and show both and the path."""
        map_from_odom = frame.map_from_base * frame.observation.odom_from_base.inv()
        self._robot.show_map(frame.grid, map_from_odom)
        if frame.path is None:
            self._robot.show_path(None)
            return
        points = np.pad(frame.path.points, ((0, 0), (0, 1)))
        self._robot.show_path(map_from_odom.inv().apply(points)[:, :2])

    def goal_ended(self, result: GoalResult) -> None:
        """Nothing to do."""


class RobotSession:
    """Everything that runs together; whatever was begun is ended by the stack that is given."""

    def __init__(
        self,
        options: RobotDrive,
        config: RobotConfig,
        robot: RosRobot,
        tasks: list[Task],
        stack: ExitStack,
        console: Console,
    ) -> None:
        """Build the agent and open what records.

        Args:
            options: What was asked for.
            config: The robot's file.
            robot: Connected.
            tasks: Goals that are known already.
            stack: Closes everything, and writes the report.
            console: For people.
        """
        self._options, self._config, self._robot = options, config, robot
        self._stack, self._console = stack, console
        self._words = _vocabulary(options, robot, tasks)
        self.agent = self._build_agent()
        """Sees, remembers and decides."""
        self._steps = SessionConfig(max_steps=round(options.minutes * 60.0 * config.camera_hz))
        self._folder = fresh_folder(options.out)
        self._recorder = self._record(self._folder)
        self._observers: list[SessionObserver] = [MapFeeder(robot), self._recorder]
        self._observers += self._viewers(self._folder)
        self.closing = threading.Event()
        """Once it is set, no more goals of a person are waited for."""
        self.desk = Desk(self._safety(), self._check)
        """Takes the goals of a person, if there is a page."""
        self.page = self._open_page() if options.viewer == "viser" else None
        """The operator's page, if there is one."""

    @property
    def results(self) -> list[GoalResult]:
        """Of the goals that have ended."""
        return self._recorder.goals

    def run(self, tasks: list[Task]) -> None:
        """Pursue the goals; with a page, wait for more until interrupted."""
        if self.page is None:
            run_tasks(self.agent, self._robot, None, tasks, self._steps, self._observers)
            return
        for task in tasks:
            self.desk.ask(task.goal)
        self._serve(self.page)

    def _build_agent(self) -> Agent:
        options, labels = self._options, self._robot.sensors.labels
        agent = build_agent(
            self._robot.body,
            make_detector(options.detector, labels, self._words, options.seeing.segmenter),
            options.memory,
            BuildConfig(asynchronous=options.detector != "simulator"),
            vocabulary=self._words,
            keypoints=make_matcher(options.seeing.matcher),
            encoders=make_encoders(options.seeing.encoder),
        )
        self._stack.callback(agent.close)
        return agent

    def _record(self, folder: Path) -> ResultsRecorder:
        settings = {
            "run": plain(asdict(self._options)),
            "robot": plain(self._config),
            "agent": plain(self.agent.config),
        }
        return ResultsRecorder(folder / "results.json", settings, 0)

    def _viewers(self, folder: Path) -> list[SessionObserver]:
        options, stack = self._options, self._stack
        report = ReportRecorder(folder, None)
        stack.callback(self._finish, report, folder)
        labels = self._robot.sensors.labels
        found: list[SessionObserver] = [report]
        found += open_recorders(
            options.recorded.record, options.recorded.record_quality, labels, stack, self._console
        )
        if options.viewer not in ("none", "viser"):
            viewer = open_viewer(options.viewer)
            stack.callback(viewer.close)
            found.append(ViewerRecorder(viewer))
        return found

    def _finish(self, report: ReportRecorder, folder: Path) -> None:
        report.finish(f"GOAT on {self._config.name}", self._recorder.document)
        self._console.print(f"report: {folder / 'report.html'}", highlight=False, soft_wrap=True)

    # A person at the page

    def _open_page(self) -> OperatorPage:
        page = OperatorPage(self.desk, self._options.viewer_host, self._options.viewer_port)
        self._stack.callback(page.close)
        self._console.print(f"the operator's page: {page.url}; Ctrl-C ends", highlight=False)
        return page

    def _serve(self, page: OperatorPage) -> None:
        robot = HeldRobot(self._robot, self.desk, page.look)
        agent = SkippableAgent(self.agent, self.desk)
        observers = [*self._observers, self.desk, ViewerRecorder(page)]
        while not self.closing.is_set():
            task = self.desk.next()
            try:
                if task is None:
                    self.agent.watch(self._robot.observe())
                    page.show(self.agent.frame())
                else:
                    run_tasks(agent, robot, None, [task], self._steps, observers)
            except SensorError as error:
                self.desk.failed(str(error))
                self._console.print(str(error), style="yellow", highlight=False)

    def _safety(self) -> Safety:
        robot = self._robot

        def holding(pursuing: bool) -> str | None:
            return robot.verdict.reason if pursuing else robot.fault(time.monotonic())

        return Safety(robot.emergency_stop, robot.estop.clear, lambda: robot.estop.reason, holding)

    def _check(self, task: Task) -> None:
        if self._options.detector == "simulator":
            check_categories([task], self._words)


def _vocabulary(options: RobotDrive, robot: RosRobot, tasks: list[Task]) -> tuple[str, ...]:
    """Return the categories that the detector looks for.

    Raises:
        UnknownNameError: A goal asks for what a simulator does not have.
    """
    if options.detector != "simulator":
        return merged_vocabulary(tasks, options.seeing.vocabulary or household())
    words = tuple(sorted(set(robot.sensors.labels.values())))
    check_categories(tasks, words)
    return words
