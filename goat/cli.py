"""The `goat` command: parses, calls one function, prints."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import tyro
from rich.console import Console

import goat
from goat.commands import options
from goat.shell import guarded

_HANDLERS = {
    options.Demo: "goat.commands.demo:demo",
    options.Run: "goat.commands.run:run",
    options.BenchMake: "goat.commands.bench_make:make",
    options.BenchRun: "goat.commands.bench_run:run",
    options.BenchReport: "goat.commands.bench_report:report",
    options.BenchInspect: "goat.commands.bench_inspect:inspect",
    options.RobotDrive: "goat.commands.robot:drive",
    options.RobotSim: "goat.commands.robot_sim:simulate",
    options.RobotBridge: "goat.commands.robot_sim:serve_bridge",
    options.RobotClear: "goat.commands.robot:clear",
    options.Replay: "goat.commands.replay:replay",
    options.MapExport: "goat.commands.maps:export_map",
    options.MapImport: "goat.commands.maps:import_map",
    options.List: "goat.commands.listing:list_names",
    options.Doctor: "goat.commands.doctor:doctor",
}
_DESCRIPTION = "A robot that goes to anything: categories, photos, sentences."


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code."""
    argv = list(sys.argv[1:] if argv is None else argv)
    console = Console()
    if argv == ["--version"]:
        console.print(f"goat {goat.__version__}", highlight=False)
        return 0
    if argv[:1] == ["robot"] and (len(argv) == 1 or argv[1].startswith("-")):
        argv = ["robot", "drive", *argv[1:]]
    command: options.Command = tyro.cli(
        options.Command,  # pyright: ignore[reportArgumentType]
        prog="goat",
        description=_DESCRIPTION,
        args=argv,
        config=(tyro.conf.OmitSubcommandPrefixes,),
    )
    if isinstance(command, options.Map | options.Bench | options.Robot):
        return guarded(_HANDLERS, command.action, console)
    return guarded(_HANDLERS, command, console)


if __name__ == "__main__":
    sys.exit(main())
