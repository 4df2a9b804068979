from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import goat
from goat import cli, shell
from goat.errors import ConfigError

HEAVY = ("torch", "mujoco", "transformers", "open3d", "rerun", "cv2", "scipy", "roslibpy")


@pytest.mark.parametrize("module", ["goat", "goat.cli", "goat.errors", "goat.registry"])
def test_importing_stays_light(module: str) -> None:
    code = f"import sys, {module}; print(*[m for m in {HEAVY} if m in sys.modules])"
    root = Path(goat.__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root
    )
    assert done.stdout.strip() == ""


def test_help_names_every_verb(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        cli.main(["--help"])
    assert exit_.value.code == 0
    printed = capsys.readouterr().out
    assert all(verb in printed for verb in ("demo", "run", "map", "list", "doctor"))


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--version"]) == 0
    assert goat.__version__ in capsys.readouterr().out


@pytest.mark.parametrize("argv", [["rum"], ["run", "--gaol", "x"], ["map"], ["run", "--seed", "x"]])
def test_words_that_mean_nothing_exit_with_2(argv: list[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        cli.main(argv)
    assert exit_.value.code == 2


@pytest.mark.parametrize(
    ("error", "code"), [(ConfigError("set it to 1"), 2), (KeyboardInterrupt(), 130)]
)
def test_exit_codes(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: BaseException,
    code: int,
) -> None:
    def fail(*_: object) -> int:
        raise error

    monkeypatch.setattr(shell, "handler_of", lambda *_: fail)
    assert cli.main(["doctor"]) == code
    printed = capsys.readouterr().err
    assert "Traceback" not in printed
    if code == 2:
        assert "ConfigError: set it to 1" in printed
        assert cli.main(["doctor", "--debug"]) == 2
        assert "Traceback" in capsys.readouterr().err


def test_a_bug_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shell, "handler_of", lambda *_: lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        cli.main(["doctor"])
