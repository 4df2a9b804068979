"""glTF scenes: axes, names, colours, textures, floor and annotations."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh
from PIL import Image
from trimesh.visual import TextureVisuals
from trimesh.visual.material import PBRMaterial
from world_writing import bounds, corners, only

from goat.errors import ConfigError, UnsafePathError, WorldError
from sim.worlds.gltf import load_gltf
from sim.worlds.limits import LoadConfig
from sim.worlds.world import World, WorldObject

FLOOR = 0.3


def at(x: float, y: float, z: float) -> np.ndarray:
    return trimesh.transformations.translation_matrix((x, y, z))


@pytest.fixture
def scene(tmp_path: Path) -> Path:
    """Write a floor, two green chairs and a textured picture, y up as glTF wants it."""
    scene = trimesh.Scene()
    floor = trimesh.creation.box((6, 0.1, 4))
    scene.add_geometry(floor, node_name="Floor_01", transform=at(0, FLOOR - 0.05, 0))
    chair = trimesh.creation.box((0.5, 0.8, 0.4))
    green = PBRMaterial(baseColorFactor=[0, 255, 0, 128], alphaMode="BLEND", roughnessFactor=1.0)
    chair.visual = TextureVisuals(material=green)
    for k in range(2):
        scene.add_geometry(chair, node_name=f"ArmChair.00{k}", transform=at(k, FLOOR + 0.4, 1))
    pixels = np.zeros((64, 64, 3), np.uint8)
    pixels[:32, :, 0] = 255
    square = trimesh.Trimesh(
        [[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]], [[0, 1, 2], [0, 2, 3]], process=False
    )
    square.visual = TextureVisuals(
        uv=[[0, 0], [1, 0], [1, 1], [0, 1]],
        material=PBRMaterial(baseColorTexture=Image.fromarray(pixels)),
    )
    scene.add_geometry(square, node_name="Picture_01", transform=at(1, 1, -1))
    path = tmp_path / "flat.glb"
    scene.export(path)
    return path


def named(world: World, name: str) -> WorldObject:
    return next(thing for thing in world.objects if thing.name == name)


def test_nodes_become_objects_with_z_up(scene: Path) -> None:
    world = load_gltf(scene)
    assert [(o.name, o.category) for o in world.objects] == [
        ("ArmChair.000", "armchair"),
        ("ArmChair.001", "armchair"),
        ("Floor_01", None),
        ("Picture_01", "picture"),
    ]
    np.testing.assert_allclose(
        bounds(named(world, "ArmChair.001")), [[0.75, -1.2, 0.3], [1.25, -0.8, 1.1]], atol=1e-6
    )
    assert world.floor == pytest.approx(FLOOR, abs=1e-6)
    assert world.warnings == ()


def test_materials(scene: Path) -> None:
    world = load_gltf(scene, config=LoadConfig(max_texture=32))
    chair = named(world, "ArmChair.000").parts[0].material
    assert chair.rgba == pytest.approx((0, 1, 0, 128 / 255))
    assert chair.specular == 0.0
    picture = named(world, "Picture_01").parts[0]
    assert picture.material.texture is not None
    assert picture.material.texture.shape == (32, 32, 3)
    assert picture.material.texture[0, 0, 0] > picture.material.texture[-1, 0, 0]
    assert picture.mesh.uv is not None
    assert picture.mesh.face_uv is not None
    height = corners(picture)[..., 2] - 1.0
    np.testing.assert_allclose(picture.mesh.uv[picture.mesh.face_uv][..., 1], height, atol=1e-6)


def test_annotations_name_group_and_hide_nodes(scene: Path) -> None:
    notes = {
        "objects": {
            "ArmChair.*": {"name": "pair", "category": "chair", "attributes": {"color": "green"}},
            "Picture_01": {"hidden": True},
        },
        "rooms": [{"name": "hall", "polygon": [[0, 0], [1, 0], [1, 1]]}],
        "floor": 1.5,
    }
    scene.with_name("flat.semantic.json").write_text(json.dumps(notes))
    world = load_gltf(scene)
    assert [o.name for o in world.objects] == ["pair", "Floor_01"]
    pair = named(world, "pair")
    assert (pair.category, dict(pair.attributes), len(pair.parts)) == (
        "chair",
        {"color": "green"},
        2,
    )
    assert world.floor == 1.5
    assert world.rooms[0].name == "hall"


def test_annotations_of_another_scene_are_refused(scene: Path, tmp_path: Path) -> None:
    notes = tmp_path / "notes.yaml"
    notes.write_text("objects: {Sofa: sofa}")
    with pytest.raises(ConfigError, match=r"ArmChair\.000"):
        load_gltf(scene, annotations=notes)
    notes.write_text("objects: {'*': {hidden: true}}")
    with pytest.raises(WorldError, match="hide every node"):
        load_gltf(scene, annotations=notes)


def test_floor_is_not_the_table(tmp_path: Path) -> None:
    scene = trimesh.Scene()
    for name, size, height in (("pit", 0.5, -1.0), ("floor", 4.0, 0.0), ("roof", 4.0, 3.0)):
        slab = trimesh.creation.box((size, 0.1, size))
        scene.add_geometry(slab, node_name=name, transform=at(0, height - 0.05, 0))
    scene.export(tmp_path / "s.glb")
    assert load_gltf(tmp_path / "s.glb").floor == pytest.approx(0.0, abs=1e-6)


def write_gltf(path: Path, uri: str | None = None, **changes: Any) -> None:
    """Write a node of two primitives (a triangle each) by hand."""
    points = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0]], np.float32).tobytes()
    data = "data:application/octet-stream;base64," + base64.b64encode(points).decode()
    view = {"bufferView": 0, "componentType": 5126, "count": 3, "type": "VEC3"}
    tree: dict[str, Any] = {
        "asset": {"version": "2.0"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0, "name": "Sofa", "translation": [0, 2, 0]}],
        "meshes": [
            {"primitives": [{"attributes": {"POSITION": 0}, "material": k} for k in (0, 1)]}
        ],
        "materials": [
            {"pbrMetallicRoughness": {"baseColorFactor": [0.2140411, 0, 0, 0.5]}},
            {"emissiveFactor": [1, 1, 1]},
        ],
        "accessors": [{**view, "min": [0, 0, 0], "max": [1, 1, 0]}],
        "bufferViews": [{"buffer": 0, "byteOffset": 0, "byteLength": 36}],
        "buffers": [{"uri": uri or data, "byteLength": 36}],
    }
    path.write_text(json.dumps({**tree, **changes}))


def test_primitives_of_a_node_are_one_object(tmp_path: Path) -> None:
    write_gltf(tmp_path / "s.gltf")
    sofa = only(load_gltf(tmp_path / "s.gltf"))
    assert (sofa.name, sofa.category, len(sofa.parts)) == ("Sofa", "sofa", 2)
    np.testing.assert_allclose(bounds(sofa), [[0, 0, 2], [1, 0, 3]], atol=1e-6)
    colors = sorted(part.material.rgba for part in sofa.parts)
    # 0.214 of linear light is 0.5 of display light; an opaque material ignores its alpha.
    assert colors[0] == pytest.approx((0.5, 0, 0, 1), abs=0.01)
    assert sorted(part.material.emission for part in sofa.parts) == [0, 1]


def test_sheets_are_seen_from_behind_where_the_file_says_so(tmp_path: Path) -> None:
    material = PBRMaterial(doubleSided=True)
    sheet = trimesh.Trimesh([[0, 0, 0], [1, 0, 0], [1, 1, 0]], [[0, 1, 2]], process=False)
    box = trimesh.creation.box((1, 1, 1))
    scene = trimesh.Scene()
    for name, mesh in (("Curtain", sheet), ("Box", box)):
        mesh.visual = TextureVisuals(material=material)
        scene.add_geometry(mesh, node_name=name)
    scene.export(tmp_path / "s.glb")
    box_part, curtain = (o.parts[0] for o in load_gltf(tmp_path / "s.glb").objects)
    assert len(box_part.mesh.faces) == 12
    front, back = corners(curtain)
    facing = [np.cross(t[1] - t[0], t[2] - t[0]) for t in (front, back)]
    np.testing.assert_allclose(facing[0], -facing[1], atol=1e-6)


@pytest.mark.parametrize("uri", ["../secret.bin", "/etc/passwd"])
def test_buffers_must_stay_in_the_folder(tmp_path: Path, uri: str) -> None:
    (tmp_path / "secret.bin").write_bytes(bytes(36))
    (tmp_path / "in").mkdir()
    write_gltf(tmp_path / "in" / "s.gltf", uri)
    with pytest.raises(UnsafePathError):
        load_gltf(tmp_path / "in" / "s.gltf")


def test_scenes_that_cannot_be_used(tmp_path: Path) -> None:
    path = tmp_path / "s.gltf"
    write_gltf(path, "gone.bin")
    with pytest.raises(WorldError, match=r"gone\.bin|cannot|can be read"):
        load_gltf(path)
    write_gltf(path, nodes=[{"name": "Sofa"}])
    with pytest.raises(WorldError, match="empty"):
        load_gltf(path)
    path.write_text("{")
    with pytest.raises(WorldError, match="can be read"):
        load_gltf(path)
    with pytest.raises(WorldError, match="not a file"):
        load_gltf(tmp_path / "gone.glb")
    with pytest.raises(WorldError, match=r"\.glb"):
        load_gltf(tmp_path / "s.obj")


def test_too_many_triangles(scene: Path) -> None:
    with pytest.raises(WorldError, match="triangles"):
        load_gltf(scene, config=LoadConfig(max_triangles=10))
