from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from bench_files import save
from habitat_files import make_scan, write_asking, write_config
from rich.console import Console

from goat.bench.hm3d import CONFIG
from goat.cli import main
from goat.commands import doctor
from goat.commands.doctor_data import check_data
from goat.errors import ConfigError

HASHES = ("aaa", "bbb")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder in which nothing is missing."""
    folder = tmp_path / "data"
    write_config(folder / "scene_datasets/hm3d")
    split = folder / "datasets/goat_bench/hm3d/v1/val_unseen"
    save(split / "val_unseen.json.gz", {"episodes": []})
    for number, name in enumerate(HASHES, start=800):
        make_scan(folder / f"scene_datasets/hm3d/val/00{number}-{name}")
        asked = f"hm3d/val//00{number}-{name}/{name}.basis.glb"
        write_asking(split / f"content/{name}.json.gz", asked, episodes=3)
    make_scan(folder / "scene_datasets/hm3d/val/00802-ccc", parts=("basis.glb",))
    return folder


def checked(data: Path) -> tuple[int, str]:
    """Return the exit code and what was printed, without the frames of tables."""
    console = Console(width=250, record=True, file=StringIO())
    code = check_data(data, console)
    return code, " ".join(console.export_text().replace("│", " ").split())


def test_a_complete_folder_is_counted(data: Path) -> None:
    code, text = checked(data)
    assert code == 0
    assert "val 3 3 2 2 2 2 " in text
    assert "goat_bench/hm3d/v1/val_unseen 2 6 2 0 0 " in text
    assert "val: 2 of 3 scenes are annotated (HM3D-Semantics v0.1: 20, v0.2: 36; " in text
    assert f"{CONFIG} names semantic assets" in text
    assert "nothing is missing or damaged" in text
    assert "datasets_download" not in text


@pytest.mark.parametrize("place", ["scene_datasets", "scene_datasets/hm3d"])
def test_a_folder_of_scenes_may_be_given(data: Path, place: str) -> None:
    code, text = checked(data / place)
    assert code == 0
    assert "val 3 3 2 2 2 2 " in text
    assert "episodes: not looked for" in text
    (data / "scene_datasets/hm3d" / CONFIG).unlink()
    assert f"--uids hm3d_val_v0.2 --data-path {data} " in checked(data / place)[1] + " "


def test_what_episodes_ask_for_and_is_not_there_is_named(data: Path) -> None:
    split = data / "datasets/objectnav/hm3d/v2/train"
    for name in ("ddd", "ccc"):
        scene = f"hm3d_v0.2/train/00001-{name}/{name}.basis.glb"
        write_asking(split / f"content/{name}.json.gz", scene)
    write_asking(data / "datasets/objectnav/mp3d/v1/val/val.json.gz", "mp3d/eee/eee.glb")
    code, text = checked(data)
    assert code == 2
    assert "objectnav/hm3d/v2/train 2 4 2 1 1 " in text
    assert "objectnav/mp3d/v1/val 1 2 1 " in text
    assert "objectnav/hm3d/v2/train asks for scenes that are not here or damaged: ddd " in text
    assert "objectnav/hm3d/v2/train asks for scenes that are not annotated: ccc " in text
    assert "eee" not in text
    assert "https://aihabitat.org/datasets/hm3d/" in text
    assert f"--uids hm3d_train_v0.2 --data-path {data}" in text


def test_what_is_missing_is_fetched_in_one_go(data: Path) -> None:
    (data / "scene_datasets/hm3d/val/00800-aaa/aaa.basis.glb").unlink()
    make_scan(data / "scene_datasets/hm3d/train/00001-ddd", parts=())
    code, text = checked(data)
    assert code == 2
    assert text.count("datasets_download") == 1
    assert "--uids hm3d_train_v0.2 hm3d_val_v0.2 " in text


def test_an_empty_folder_says_how_to_get_everything(tmp_path: Path) -> None:
    (tmp_path / "scene_datasets").mkdir()
    code, text = checked(tmp_path)
    assert code == 2
    assert "no scene of HM3D" in text
    assert "no episodes of goat_bench, objectnav, instance_imagenav" in text
    assert "--uids hm3d_val_v0.2" in text
    assert "https://github.com/Ram81/goat-bench" in text
    assert list(tmp_path.rglob("*")) == [tmp_path / "scene_datasets"]


@pytest.mark.parametrize(
    ("path", "content", "message"),
    [
        (f"scene_datasets/hm3d/{CONFIG}", None, "not there; without it no object has a name"),
        ("scene_datasets/hm3d/val/00800-aaa/aaa.semantic.txt", b"", "aaa.semantic.txt: empty"),
        ("scene_datasets/hm3d/val/00800-aaa/aaa.basis.glb", None, "without basis.glb: aaa"),
        ("scene_datasets/hm3d/val/00800-aaa/aaa.semantic.glb", None, "without the other: aaa"),
        ("datasets/goat_bench/hm3d/v1/val_unseen/content/aaa.json.gz", b"x", "no gzip file"),
    ],
)
def test_each_gap_is_exit_code_2(
    data: Path, path: str, content: bytes | None, message: str
) -> None:
    if content is None:
        (data / path).unlink()
    else:
        (data / path).write_bytes(content)
    code, text = checked(data)
    assert code == 2
    assert message in text


def test_many_damaged_files_are_not_all_listed(data: Path) -> None:
    for number in range(20):
        folder = make_scan(data / f"scene_datasets/hm3d/train/{number:05}-x{number}")
        (folder / f"x{number}.basis.glb").write_bytes(b"")
    code, text = checked(data)
    assert code == 2
    assert text.count(".basis.glb: empty") == 12
    assert "train: 8 more damaged files" in text


def test_no_folder_is_an_error_with_a_next_step(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such folder; --data takes"):
        check_data(tmp_path / "none", Console(file=StringIO()))


def test_doctor_takes_a_data_folder(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(doctor, "_PROBE", "print('fine')")
    assert main(["doctor", "--data", str(data)]) == 0
    assert "nothing is missing or damaged" in capsys.readouterr().out
    (data / f"scene_datasets/hm3d/{CONFIG}").unlink()
    assert main(["doctor", "--data", str(data)]) == 2
    assert main(["doctor", "--data", str(data / "none")]) == 2


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (None, "habitat_sim not in this Python"),
        ("__version__ = '0.3.3'", "can be imported, says it is 0.3.3"),
        ("raise ImportError('libEGL.so.1')", "ImportError: libEGL.so.1"),
    ],
)
def test_doctor_tells_whether_habitat_can_be_imported(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    code: str | None,
    message: str,
) -> None:
    monkeypatch.setattr(doctor, "_PROBE", "print('fine')")
    if code is None:
        real = doctor.importlib.util.find_spec
        monkeypatch.setattr(
            doctor.importlib.util,
            "find_spec",
            lambda name, *rest: None if name == "habitat_sim" else real(name, *rest),
        )
    else:
        (tmp_path / "habitat_sim.py").write_text(code)
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert main(["doctor"]) == 0
    assert message in " ".join(capsys.readouterr().out.split())
