from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import pytest

import goat.errors
from goat.errors import GoatError, MissingExtraError, StartPoseError, UnknownNameError, WorldError
from goat.registry import Registry, require, suggest, unknown_name

TABLE = Registry("codec", {"json": "json:JSONDecoder", "broken": "tests_no_such_package.x:Y"})


def test_names_are_imported_when_used() -> None:
    import json

    assert TABLE.load("json") is json.JSONDecoder
    assert TABLE.names() == ("json", "broken")


def test_an_unknown_name_suggests_the_right_one() -> None:
    with pytest.raises(UnknownNameError, match=r"codec 'jsn'\. Did you mean 'json'\?") as caught:
        TABLE.load("jsn")
    assert "Allowed: broken, json" in str(caught.value)


def test_nothing_is_suggested_for_something_else() -> None:
    assert suggest("qqqq", ["json"]) == ""
    assert "Did you mean" not in str(unknown_name("codec", "qqqq", ["json"]))


def test_a_missing_package_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "roslibpy", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'goat-stack\[ros\]'") as caught:
        require("roslibpy")
    assert (caught.value.package, caught.value.extra) == ("roslibpy", "ros")


def test_a_missing_package_without_an_extra_of_its_own_is_in_all() -> None:
    with pytest.raises(MissingExtraError, match=r"goat-stack\[all\]"):
        require("tests_no_such_package")


def test_a_package_whose_own_dependency_is_missing_says_which(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "half_there.py").write_text("import tests_no_such_package\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError) as caught:
        require("half_there")
    assert caught.value.name == "tests_no_such_package"


def test_an_installed_package_is_returned() -> None:
    assert require("json").loads("[1]") == [1]


@pytest.mark.parametrize(
    "name",
    [name for name, kind in vars(goat.errors).items() if isinstance(kind, type)],
)
def test_every_error_is_one_that_a_user_can_mend(name: str) -> None:
    kind = getattr(goat.errors, name)
    assert issubclass(kind, GoatError)
    assert kind.__doc__


def test_a_start_in_a_wall_is_a_fault_of_the_world() -> None:
    assert issubclass(StartPoseError, WorldError)
    assert not issubclass(GoatError, (ValueError, OSError))


def test_errors_survive_the_way_between_processes() -> None:
    error = pickle.loads(pickle.dumps(UnknownNameError("what was got")))
    assert str(error) == "what was got"


def test_the_package_is_light() -> None:
    """Importing the memory and the agent's parts loads no simulator and no neural network."""
    heavy = ("torch", "mujoco", "transformers", "open3d", "rerun", "roslibpy", "trimesh")
    code = (
        "import sys, goat, goat.memory.memory, goat.memory.matcher, goat.target, goat.build;"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
