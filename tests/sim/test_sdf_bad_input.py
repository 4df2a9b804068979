"""Worlds that are broken or hostile: a named error or a warning, never a crash or a leak."""

from __future__ import annotations

import contextlib
import io
import struct
import zipfile
import zlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from world_writing import (
    BOX,
    TEXTURED,
    dae,
    link,
    mesh,
    model,
    only,
    visual,
    write_model,
    write_world,
)

from goat.errors import GoatError, UnsafePathError, WorldError
from sim.worlds.limits import LoadConfig
from sim.worlds.sdf import load_sdf

BOMB = (
    '<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a "aaaaaaaaaa">'
    + "".join(
        f'<!ENTITY {y} "{"&" + x + ";" * 1}{"&" + x + ";"}">'
        for x, y in zip("abcd", "bcde", strict=True)
    )
    + "]>"
)
OUTSIDE = '<!DOCTYPE s [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
INCLUDE = "<include><uri>model://M</uri></include>"


@pytest.mark.parametrize("head", [BOMB, OUTSIDE])
def test_entities_in_a_world_are_refused(tmp_path: Path, head: str) -> None:
    path = write_world(tmp_path, model("m", link(visual())))
    path.write_text(head + path.read_text())
    with pytest.raises(WorldError, match="entities"):
        load_sdf(path)


def test_entities_in_models_and_meshes_are_refused(tmp_path: Path) -> None:
    folder = write_model(tmp_path, "M", link(visual(mesh("meshes/m.dae"))))
    path = write_world(tmp_path, INCLUDE)
    (folder / "meshes" / "m.dae").write_text(OUTSIDE + dae().removeprefix("<?xml").split("?>")[1])
    with pytest.raises(WorldError, match=r"m\.dae.*entities"):
        load_sdf(path)
    for name in ("new.sdf", "model.config"):
        (folder / name).write_text(BOMB + "<x/>")
        with pytest.raises(WorldError, match=rf"{name}.*entities"):
            load_sdf(path)


@pytest.mark.parametrize(
    "uri",
    [
        "model://../..",
        "model://../../secret",
        "model://M/../../../secret",
        "model:///etc",
        "model://..\\..\\secret",
        "model://%2e%2e/%2e%2e/secret",
        "../../../secret",
        "/etc",
        "file:///etc",
        "file://../../../secret",
    ],
)
def test_includes_must_stay_in_the_folder(tmp_path: Path, uri: str) -> None:
    write_model(tmp_path / "root", "M", link(visual()))
    write_model(tmp_path, "secret", link(visual()))
    path = write_world(tmp_path / "root", INCLUDE + f"<include><uri>{uri}</uri></include>")
    with pytest.raises(UnsafePathError, match="leaves the world's folder"):
        load_sdf(path)


@pytest.mark.parametrize(
    "uri",
    [
        "model://../../secret.dae",
        "../../../../secret.dae",
        "../../../../not-there.dae",
        "/etc/passwd",
        "C:\\secret.dae",
    ],
)
def test_meshes_must_stay_in_the_folder(tmp_path: Path, uri: str) -> None:
    (tmp_path / "secret.dae").write_text(dae())
    write_model(tmp_path / "root", "M", link(visual(mesh(uri)), visual()))
    path = write_world(tmp_path / "root", INCLUDE)
    with pytest.raises(UnsafePathError):
        load_sdf(path)


@pytest.mark.parametrize("reference", ["../../../../secret.png", "{outside}/secret.png"])
def test_textures_must_stay_in_the_folder(tmp_path: Path, reference: str) -> None:
    (tmp_path / "secret.png").write_bytes(b"secret")
    folder = write_model(tmp_path / "root", "M", link(visual(mesh("meshes/m.dae"))))
    text = reference.format(outside=tmp_path)
    (folder / "meshes" / "m.dae").write_text(dae(texture=text, diffuse=TEXTURED))
    with pytest.raises(UnsafePathError, match=r"secret\.png"):
        load_sdf(write_world(tmp_path / "root", INCLUDE))


def test_symlinks_and_configs_must_stay_in_the_folder(tmp_path: Path) -> None:
    folder = write_model(tmp_path / "root", "M", link(visual(mesh("meshes/m.dae"))))
    path = write_world(tmp_path / "root", INCLUDE)
    (tmp_path / "secret.dae").write_text(dae())
    (folder / "meshes" / "m.dae").symlink_to(tmp_path / "secret.dae")
    with pytest.raises(UnsafePathError):
        load_sdf(path)
    (tmp_path / "secret.sdf").write_text((folder / "new.sdf").read_text())
    (folder / "model.config").write_text(
        '<model><sdf version="1.6">../../../secret.sdf</sdf></model>'
    )
    with pytest.raises(UnsafePathError):
        load_sdf(path)


def test_files_that_obj_meshes_name_must_stay_in_the_folder(tmp_path: Path) -> None:
    folder = write_model(tmp_path / "root", "M", link(visual(mesh("meshes/m.obj"))))
    (tmp_path / "secret.mtl").write_text("newmtl a\n")
    triangle = "v 0 0 0\nv 1 0 0\nv 0 1 0\nusemtl a\nf 1 2 3\n"
    (folder / "meshes" / "m.obj").write_text("mtllib ../../../../secret.mtl\n" + triangle)
    path = write_world(tmp_path / "root", INCLUDE)
    with pytest.raises(UnsafePathError, match=r"secret\.mtl"):
        load_sdf(path)
    (folder / "meshes" / "m.obj").write_text("mtllib gone.mtl\n" + triangle)
    assert "gone.mtl" in load_sdf(path).warnings[0]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (model("m", link(visual()), "0 0 nan 0 0 0"), "<pose>.*nan"),
        (model("m", link(visual()), "0 0 inf 0 0 0"), "<pose>"),
        (model("m", link(visual()), "0 0 1e300 0 0 0"), "<pose>"),
        (model("m", link(visual()), "0 0 0 0 0"), "<pose>.*6"),
        (model("m", link(visual()), "a b c d e f"), "<pose>.*a b c"),
        (model("m", link(visual("<geometry><box/></geometry>"))), "<size>"),
        (model("m", link(visual(BOX.replace("1 2 4", "1 2 -4")))), "positive"),
        (
            model("m", link(visual("<geometry><sphere><radius>x</radius></sphere></geometry>"))),
            "radius",
        ),
        (
            model(
                "m",
                link(visual("<geometry><plane><normal>0 0 0</normal></plane></geometry>")),
            ),
            "normal",
        ),
        (model("m", link(visual(extra="<transparency>lots</transparency>"))), "transparency"),
        (
            '<light name="l" type="point"><diffuse>1 1</diffuse></light>'
            + model("m", link(visual())),
            "diffuse",
        ),
    ],
)
def test_numbers_that_are_none(tmp_path: Path, body: str, told: str) -> None:
    path = write_world(tmp_path, body)
    with pytest.raises(WorldError, match=rf"test\.world.*{told}"):
        load_sdf(path)


def test_scale_of_zero(tmp_path: Path) -> None:
    folder = write_model(tmp_path, "M", link(visual(mesh("meshes/m.dae", "<scale>1 0 1</scale>"))))
    (folder / "meshes" / "m.dae").write_text(dae())
    with pytest.raises(WorldError, match="scale"):
        load_sdf(write_world(tmp_path, INCLUDE))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "well-formed"),
        ("<sdf", "well-formed"),
        ("<html/>", "<html>"),
        ("<sdf version='1.6'/>", "no <world>"),
        ("<sdf version='1.6'><world name='w'/></sdf>", "empty"),
    ],
)
def test_files_that_are_no_worlds(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "x.world"
    path.write_text(text)
    with pytest.raises(WorldError, match=told):
        load_sdf(path)


def test_unknown_encodings(tmp_path: Path) -> None:
    folder = write_model(tmp_path, "M", link(visual(mesh("meshes/m.dae")), visual()))
    strange = '<?xml version="1.0" encoding="nan"?>'
    (folder / "meshes" / "m.dae").write_text(strange + dae().split("?>")[1])
    path = write_world(tmp_path, INCLUDE)
    with pytest.raises(WorldError, match=r"m\.dae.*unknown encoding"):
        load_sdf(path)
    path.write_text(strange + path.read_text())
    with pytest.raises(WorldError, match=r"test\.world.*unknown encoding"):
        load_sdf(path)


def test_world_that_is_missing_or_a_folder(tmp_path: Path) -> None:
    for path in (tmp_path / "gone.world", tmp_path):
        with pytest.raises(WorldError, match="not a file"):
            load_sdf(path)


def test_limits(tmp_path: Path) -> None:
    path = write_world(tmp_path, "".join(model(f"m{k}", link(visual())) for k in range(4)))
    for limit in ({"max_models": 3}, {"max_triangles": 40}, {"max_xml_bytes": 100}):
        with pytest.raises(WorldError):
            load_sdf(path, config=LoadConfig(**limit))
    assert len(load_sdf(path).objects) == 4


def test_model_that_includes_itself(tmp_path: Path) -> None:
    write_model(tmp_path, "M", INCLUDE + link(visual()))
    with pytest.raises(WorldError, match="nested"):
        load_sdf(write_world(tmp_path, INCLUDE))


def test_nothing_is_downloaded_and_new_versions_are_told(tmp_path: Path) -> None:
    far = "<include><uri>https://example.org/model</uri></include>"
    path = write_world(tmp_path, far + model("m", link(visual())))
    path.write_text(path.read_text().replace("1.6", "1.12"))
    told = "\n".join(load_sdf(path).warnings)
    assert "https://example.org/model" in told
    assert "1.12" in told


def test_image_bomb_is_not_decoded(tmp_path: Path) -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", 12_000, 12_000, 8, 2, 0, 0, 0)
    png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(99)))
    folder = write_model(tmp_path, "M", link(visual(mesh("meshes/m.dae"))))
    (folder / "meshes" / "m.dae").write_text(dae(texture="t.png", diffuse=TEXTURED))
    (folder / "meshes" / "t.png").write_bytes(png + chunk(b"IEND", b""))
    world = load_sdf(write_world(tmp_path, INCLUDE))
    assert "12000x12000" in world.warnings[0]
    assert only(world).parts[0].material.texture is None


def test_zip_behind_an_innocent_start_is_not_unpacked(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("bomb.dae", BOMB + dae().split("?>")[1])
    folder = write_model(tmp_path, "M", link(visual(mesh("meshes/m.dae")), visual()))
    (folder / "meshes" / "m.dae").write_bytes(dae().encode() + packed.getvalue())
    assert "zipped" in load_sdf(write_world(tmp_path, INCLUDE)).warnings[0]


_GOOD = (
    '<sdf version="1.6"><world name="w"><scene><ambient>1 1 1 1</ambient></scene>'
    + model("Chair", link(visual(extra="<material><diffuse>1 0 0 1</diffuse></material>")))
    + '<light name="l" type="spot"><pose>0 0 1 0 0 0</pose><diffuse>1 1 1 1</diffuse></light>'
    + "<include><uri>model://M</uri></include></world></sdf>"
)


_FUZZ = settings(
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
_SCRAPS = ["", "<", "nan", "-", " ", "1e9", "../", "&amp;", "\u00e9", "99999999999"]


def damaged(text: str, data: st.DataObject) -> str:
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(text) - 1))
        length = data.draw(st.integers(0, 12))
        text = text[:start] + data.draw(st.sampled_from(_SCRAPS)) + text[start + length :]
    return text


def load_or_refuse(path: Path) -> None:
    with contextlib.suppress(GoatError):
        assert load_sdf(path).objects


@_FUZZ
@given(data=st.data())
def test_damaged_worlds_raise_only_named_errors(tmp_path: Path, data: st.DataObject) -> None:
    path = tmp_path / "x.world"
    path.write_text(damaged(_GOOD, data), encoding="utf-8")
    load_or_refuse(path)


@_FUZZ
@given(data=st.data())
def test_damaged_meshes_raise_only_named_errors(tmp_path: Path, data: st.DataObject) -> None:
    folder = write_model(tmp_path, "M", link(visual(mesh("meshes/m.dae")), visual()))
    text = damaged(dae(texture="t.png", diffuse=TEXTURED), data)
    (folder / "meshes" / "m.dae").write_text(text, encoding="utf-8")
    load_or_refuse(write_world(tmp_path, INCLUDE))
