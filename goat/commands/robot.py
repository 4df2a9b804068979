"""`goat robot`: the agent drives a robot through ROS."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from goat.commands.goals import parse_goal
from goat.commands.options import RobotClear, RobotDrive
from goat.commands.recording import check_record
from goat.commands.robot_session import RobotSession
from goat.commands.run import print_table
from goat.errors import ConfigError, GoalError
from goat.types import Task
from goat.view.rerun import check_viewer
from robot.config import RobotConfig, read_config
from robot.estop import EmergencyStop
from robot.preflight import other_drivers, proves_watchdog
from robot.ros import RosRobot


def drive(options: RobotDrive, console: Console) -> int:
    """Send the robot to every goal.

    Raises:
        GoalError: No goal is given, or one cannot be read.
        ConfigError: The robot's file cannot be used.
        EmergencyStopError: The emergency stop is set.
        LinkError: No bridge answers.
        SensorError: Nothing comes from the camera or the base.
    """
    # A launch file can't leave a flag out; it gives an empty goal.
    goals = [text for text in options.goal if text]
    if not goals and options.viewer != "viser":
        raise GoalError(
            'no goal is given; add --goal "text:the blue chair by the window", or --viewer viser '
            "to give goals on a page"
        )
    if options.viewer not in ("none", "viser"):
        check_viewer(options.viewer)
    tasks = [Task(parse_goal(text), ()) for text in goals]
    config = robot_config(options.config, options.bridge)
    check_record(options.recorded.record, options.recorded.record_quality)
    estop = EmergencyStop(stop_file(config.name))
    estop.check()
    with ExitStack() as stack:
        _end_gently(stack)
        robot = stack.enter_context(RosRobot(config, estop))
        first = robot.observe()
        size = f"{first.camera.width} x {first.camera.height} px"
        console.print(f"{config.name} sees, {size}", style="dim", highlight=False)
        session = RobotSession(options, config, robot, tasks, stack, console)
        stack.callback(lambda: print_table(session.results, console))
        # The trial moves the robot, so whatever else can be wrong was found out before.
        for name in other_drivers(robot) if config.drive == "velocity" else ():
            text = f"{name} publishes on {config.topics.command} too: its commands pass no gate"
            console.print(text, style="yellow", highlight=False)
        robot.gate.trusted = options.preflight and proves_watchdog(robot, console.print)
        session.run(tasks)
    return 0


def _end_gently(stack: ExitStack) -> None:
    """Let a service manager's signal end a session as Ctrl-C does: with a stop and a report."""
    if threading.current_thread() is threading.main_thread():
        before = signal.signal(signal.SIGTERM, signal.default_int_handler)
        stack.callback(signal.signal, signal.SIGTERM, before)


def clear(options: RobotClear, console: Console) -> int:
    """Clear the emergency stop.

    Raises:
        EmergencyStopError: It cannot be cleared.
    """
    estop = EmergencyStop(stop_file(robot_config(options.config).name))
    was = estop.reason
    estop.clear()
    console.print("it was not set" if was is None else f"cleared; it was: {was}", highlight=False)
    return 0


def robot_config(file: Path | None, bridge: str | None = None) -> RobotConfig:
    """Return the robot of a file, behind another bridge if one is given.

    Raises:
        ConfigError: The file cannot be used.
    """
    config = RobotConfig() if file is None else read_config(file)
    return config if bridge is None else replace(config, bridge=bridge)


def stop_file(name: str) -> Path:
    """Return the file that keeps a robot's emergency stop."""
    if not name.replace("-", "").replace("_", "").isalnum():
        raise ConfigError(f"a robot's name is letters, digits, - and _, got {name!r}")
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "goat" / f"{name}.estop"
