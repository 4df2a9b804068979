"""What Gazebo worlds mean: poses, shapes, meshes, materials, lights, labels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import trimesh
from PIL import Image
from world_writing import (
    BOX,
    TEXTURED,
    bounds,
    corners,
    dae,
    link,
    mesh,
    model,
    only,
    visual,
    write_model,
    write_world,
)

from goat.errors import ConfigError, WorldError
from sim.worlds.limits import LoadConfig
from sim.worlds.sdf import load_sdf


def test_inline_model_stands_where_its_poses_say(tmp_path: Path) -> None:
    turned = visual(extra="<pose>0 0 2 0 0 1.5707963267948966</pose>")
    body = f'<link name="l"><pose>1 0 0 0 0 0</pose>{turned}</link>'
    path = write_world(tmp_path, model("Chair_01", body, "10 20 0 0 0 1.5707963267948966"))
    thing = only(load_sdf(path))
    assert thing.name == "Chair_01"
    assert thing.category == "chair"
    # 180 degrees in all: x and y extents are those of the box; the link's metre points to +y.
    np.testing.assert_allclose(bounds(thing), [[9.5, 20, 0], [10.5, 22, 4]], atol=1e-6)


def test_angles_are_roll_pitch_yaw_about_fixed_axes(tmp_path: Path) -> None:
    path = write_world(tmp_path, model("a", link(visual()), "0 0 0 0.3 -0.4 1.1"))
    expected = trimesh.transformations.euler_matrix(0.3, -0.4, 1.1, "sxyz")
    np.testing.assert_allclose(only(load_sdf(path)).parts[0].world_from_part, expected, atol=1e-9)


def test_degrees_and_quaternions(tmp_path: Path) -> None:
    degrees = link(visual(extra='<pose degrees="true">0 0 0 0 0 90</pose>'))
    quaternion = '<pose rotation_format="quat_xyzw">0 0 0 0 0 0.70710678 0.70710678</pose>'
    path = write_world(tmp_path, model("a", degrees) + model("b", link(visual(extra=quaternion))))
    for thing in load_sdf(path).objects:
        np.testing.assert_allclose(bounds(thing)[1], [1, 0.5, 2], atol=1e-6)


def test_include_inside_a_model_takes_the_outer_name_and_pose(tmp_path: Path) -> None:
    write_model(tmp_path, "aws_TrashCan_01", link(visual()))
    include = "<static>true</static><include><uri>model://aws_TrashCan_01</uri></include>"
    path = write_world(tmp_path, model("Trash_7", include, "3 0 0 0 0 0"))
    thing = only(load_sdf(path))
    assert (thing.name, thing.category) == ("Trash_7", "trash can")
    np.testing.assert_allclose(bounds(thing).mean(axis=0), [3, 0, 0], atol=1e-6)


def test_pose_of_an_include_replaces_that_of_the_model(tmp_path: Path) -> None:
    write_model(tmp_path, "Table", "<pose>5 5 5 0 0 0</pose>" + link(visual()))
    uri = "<uri>model://Table</uri>"
    path = write_world(
        tmp_path,
        f"<include>{uri}</include>"
        f"<include>{uri}<name>moved</name><pose>1 2 3 0 0 0</pose></include>",
    )
    own, moved = load_sdf(path).objects
    np.testing.assert_allclose(bounds(own).mean(axis=0), [5, 5, 5], atol=1e-6)
    np.testing.assert_allclose(bounds(moved).mean(axis=0), [1, 2, 3], atol=1e-6)
    assert moved.name == "moved"
    assert moved.category == "table"
    assert own.parts[0].mesh is moved.parts[0].mesh


def test_model_that_only_holds_models_yields_each(tmp_path: Path) -> None:
    inner = model("Sofa", link(visual())) + model("Lamp", link(visual()), "2 0 0 0 0 0")
    path = write_world(tmp_path, model("house", inner, "0 1 0 0 0 0"))
    objects = load_sdf(path).objects
    assert [(o.name, o.category) for o in objects] == [
        ("house::Sofa", "sofa"),
        ("house::Lamp", "lamp"),
    ]
    np.testing.assert_allclose(bounds(objects[1]).mean(axis=0), [2, 1, 0], atol=1e-6)


def test_relative_to_a_sibling(tmp_path: Path) -> None:
    body = (
        '<frame name="f"><pose>1 0 0 0 0 0</pose></frame>'
        '<link name="a"><pose relative_to="f">0 1 0 0 0 0</pose></link>'
        '<link name="b"><pose relative_to="a">0 0 1 0 0 0</pose>'
        + visual(extra='<pose relative_to="f">0 0 0 0 0 0</pose>')
        + visual(name="w")
        + "</link>"
    )
    first, second = only(load_sdf(write_world(tmp_path, model("m", body)))).parts
    np.testing.assert_allclose(first.world_from_part[:3, 3], [1, 0, 0], atol=1e-9)
    np.testing.assert_allclose(second.world_from_part[:3, 3], [1, 1, 1], atol=1e-9)


def test_unknown_frame_is_a_warning_and_a_circle_an_error(tmp_path: Path) -> None:
    lost = '<link name="a"><pose relative_to="nowhere">1 0 0 0 0 0</pose>' + visual() + "</link>"
    world = load_sdf(write_world(tmp_path, model("m", lost)))
    assert "nowhere" in world.warnings[0]
    circle = "".join(
        f'<link name="{a}"><pose relative_to="{b}">0 0 0 0 0 0</pose>{visual()}</link>'
        for a, b in ("ab", "ba")
    )
    with pytest.raises(WorldError, match="circle"):
        load_sdf(write_world(tmp_path, model("m", circle)))


def test_collision_shapes_are_felt_and_visuals_seen(tmp_path: Path) -> None:
    collision = f'<collision name="c">{BOX}</collision>'
    path = write_world(
        tmp_path, model("both", link(visual(), collision)) + model("looks", link(visual()))
    )
    both, looks = load_sdf(path).objects
    assert [(p.visible, p.collides) for p in both.parts] == [(True, False), (False, True)]
    assert [(p.visible, p.collides) for p in looks.parts] == [(True, True)]


@pytest.mark.parametrize(
    ("shape", "size"),
    [
        ("<box><size>1 2 3</size></box>", (1, 2, 3)),
        ("<sphere><radius>2</radius></sphere>", (4, 4, 4)),
        ("<cylinder><radius>1</radius><length>3</length></cylinder>", (2, 2, 3)),
        ("<capsule><radius>1</radius><length>3</length></capsule>", (2, 2, 5)),
        ("<ellipsoid><radii>1 2 3</radii></ellipsoid>", (2, 4, 6)),
        ("<plane><normal>0 0 1</normal><size>6 4</size></plane>", (6, 4, 0)),
        ("<plane><normal>1 0 0</normal><size>6 4</size></plane>", (0, 4, 6)),
    ],
)
def test_shapes_have_their_size_and_face_outwards(tmp_path: Path, shape: str, size: tuple) -> None:
    path = write_world(tmp_path, model("m", link(visual(f"<geometry>{shape}</geometry>"))))
    part = only(load_sdf(path)).parts[0]
    low, high = bounds(part)
    np.testing.assert_allclose(high - low, size, atol=1e-5)
    np.testing.assert_allclose(high + low, 0, atol=1e-5)
    triangles, normals = corners(part), part.mesh.normals
    assert normals is not None
    face = np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])
    assert ((face * normals[part.mesh.faces].mean(axis=1)).sum(axis=1) > 0).all()


@pytest.mark.parametrize(
    ("unit", "up", "size"),
    [("1", "Z_UP", (4, 2, 0)), ("0.01", "Z_UP", (0.04, 0.02, 0)), ("0.5", "Y_UP", (2, 0, 1))],
)
def test_collada_units_and_axes(tmp_path: Path, unit: str, up: str, size: tuple) -> None:
    folder = write_model(tmp_path, "M", link(visual(mesh("model://M/meshes/m.dae"))))
    (folder / "meshes" / "m.dae").write_text(dae(unit, up))
    path = write_world(tmp_path, "<include><uri>model://M</uri></include>")
    low, high = bounds(only(load_sdf(path)))
    np.testing.assert_allclose(high - low, size, atol=1e-6)


def test_collada_node_transform_scale_and_degenerate_triangles(tmp_path: Path) -> None:
    scaled = mesh("meshes/m.dae", "<scale>1 1 -3</scale>")
    folder = write_model(tmp_path, "M", link(visual(scaled)))
    (folder / "meshes" / "m.dae").write_text(dae(matrix="0 0 1 5 1 0 0 0 0 1 0 7 0 0 0 1"))
    path = write_world(tmp_path, "<include><uri>model://M</uri></include>")
    part = only(load_sdf(path)).parts[0]
    assert len(part.mesh.faces) == 2
    np.testing.assert_allclose(bounds(part), [[5, 0, -27], [5, 4, -21]], atol=1e-5)
    assert part.material.rgba == pytest.approx((0.9, 0.8, 0.7, 1.0))


def test_textures_keep_their_way_up_and_are_shared_and_scaled_down(tmp_path: Path) -> None:
    pixels = np.zeros((64, 256, 3), np.uint8)
    pixels[:32, :, 0] = 255
    for name in ("A", "B"):
        folder = write_model(tmp_path, name, link(visual(mesh(f"model://{name}/meshes/m.dae"))))
        (folder / "meshes" / "m.dae").write_text(dae(texture="x/gone/t.png", diffuse=TEXTURED))
        Image.fromarray(pixels).save(folder / "materials" / "textures" / "t.png")
    path = write_world(
        tmp_path,
        "".join(f"<include><uri>model://{name}</uri></include>" for name in ("A", "B")),
    )
    a, b = (o.parts[0] for o in load_sdf(path, config=LoadConfig(max_texture=128)).objects)
    assert a.material.texture is not None
    assert a.material.texture is b.material.texture
    assert a.material.texture.shape == (32, 128, 3)
    assert a.material.texture[0, 0, 0] == 255
    assert a.material.texture[-1, 0, 0] == 0
    assert a.material.rgba == (1, 1, 1, 1)
    # The upper edge of the rectangle (y = 2) shows the upper edge of the image (v = 1).
    assert a.mesh.uv is not None
    assert a.mesh.face_uv is not None
    v = a.mesh.uv[a.mesh.face_uv][..., 1]
    np.testing.assert_allclose(v, corners(a)[..., 1] / 2, atol=1e-6)


def test_missing_texture_is_told_once_and_shown_in_the_material_colour(tmp_path: Path) -> None:
    folder = write_model(tmp_path, "M", link(visual(mesh("model://M/meshes/m.dae"))))
    (folder / "meshes" / "m.dae").write_text(dae(texture="../../../gone.png", diffuse=TEXTURED))
    include = "<include><uri>model://M</uri><name>{}</name></include>"
    world = load_sdf(write_world(tmp_path, include.format("a") + include.format("b")))
    assert len(world.warnings) == 1
    assert "gone.png" in world.warnings[0]
    material = world.objects[0].parts[0].material
    assert material.texture is None
    assert material.rgba == pytest.approx((0.5, 0.25, 0.125, 1.0))


def test_unusable_textures_and_meshes_are_warnings(tmp_path: Path) -> None:
    visuals = [visual(mesh(f"meshes/{name}")) for name in ("m.dae", "bad.dae", "bad.stl", "x.fbx")]
    folder = write_model(tmp_path, "M", link(*visuals, visual(mesh("gone.dae")), visual()))
    (folder / "meshes" / "m.dae").write_text(dae(texture="t.png", diffuse=TEXTURED))
    (folder / "meshes" / "bad.dae").write_text("<COLLADA/>")
    (folder / "meshes" / "bad.stl").write_bytes(b"solid nothing")
    (folder / "meshes" / "x.fbx").write_bytes(b"?")
    (folder / "materials" / "textures" / "t.png").write_bytes(b"\x89PNG not an image")
    world = load_sdf(write_world(tmp_path, "<include><uri>model://M</uri></include>"))
    told = "\n".join(world.warnings)
    for name in ("t.png", "bad.dae", "bad.stl", "x.fbx", "gone.dae"):
        assert name in told
    assert len(only(world).parts) == 2


@pytest.mark.parametrize("suffix", ["obj", "stl", "ply", "glb"])
def test_other_mesh_files(tmp_path: Path, suffix: str) -> None:
    folder = write_model(tmp_path, "M", link(visual(mesh(f"meshes/m.{suffix}"))))
    trimesh.creation.box((1, 2, 3)).export(folder / "meshes" / f"m.{suffix}")
    world = load_sdf(write_world(tmp_path, "<include><uri>model://M</uri></include>"))
    low, high = bounds(only(world))
    size = (1, 3, 2) if suffix == "glb" else (1, 2, 3)
    np.testing.assert_allclose(high - low, size, atol=1e-6)


def test_submesh_picks_one_geometry(tmp_path: Path) -> None:
    wanted = "<submesh><name>{}</name></submesh>"
    uri = "meshes/m.dae"
    body = link(visual(mesh(uri, wanted.format("geo"))), visual(mesh(uri, wanted.format("no"))))
    folder = write_model(tmp_path, "M", body)
    (folder / "meshes" / "m.dae").write_text(dae())
    world = load_sdf(write_world(tmp_path, "<include><uri>model://M</uri></include>"))
    assert len(only(world).parts) == 1
    assert "'no'" in world.warnings[0]


def test_materials_of_visuals(tmp_path: Path) -> None:
    looks = [
        "<material><diffuse>0.1 0.2 0.3 1</diffuse></material>",
        "<material><script><name>Gazebo/Red</name></script></material>",
        "<material><script><name>My/Own</name></script></material>",
        "<transparency>0.75</transparency>",
        "<material><emissive>1 1 1 1</emissive></material>",
    ]
    body = link(*(visual(extra=extra) for extra in looks))
    world = load_sdf(write_world(tmp_path, model("m", body)))
    materials = [p.material for p in only(world).parts]
    assert materials[0].rgba == pytest.approx((0.1, 0.2, 0.3, 1.0))
    assert materials[1].rgba == (1, 0, 0, 1)
    assert materials[3].rgba[3] == pytest.approx(0.25)
    assert materials[4].emission == 1.0
    assert len({m.name for m in materials}) == len(looks)
    assert "My/Own" in world.warnings[0]


def test_lights_and_scene(tmp_path: Path) -> None:
    lamp = (
        '<light name="l{}" type="{}"><pose>1 2 3 3.14159265 0 0</pose>'
        "<diffuse>1 0.5 0.5 1</diffuse><direction>0 0 -1</direction>"
        "<attenuation><constant>0.1</constant></attenuation>"
        "<spot><outer_angle>1.0</outer_angle></spot></light>"
    )
    kinds = ["point", "directional", "spot", *["point"] * 7]
    body = "<scene><ambient>0.2 0.3 0.4 1</ambient><background>0.1 0.1 0.1 1</background></scene>"
    body += "".join(lamp.format(k, kind) for k, kind in enumerate(kinds))
    world = load_sdf(write_world(tmp_path, body + model("m", link(visual()))))
    assert world.headlight == pytest.approx((0.2, 0.3, 0.4))
    assert world.sky == pytest.approx((0.1, 0.1, 0.1))
    assert len(world.lights) == 8
    assert "10 lights" in world.warnings[0]
    point, sun, spot = world.lights[:3]
    assert point.position == (1, 2, 3)
    np.testing.assert_allclose(point.direction, (0, 0, 1), atol=1e-6)
    assert max(point.diffuse) / point.attenuation[0] <= 0.81
    assert sun.directional
    assert spot.cutoff == pytest.approx(np.degrees(0.5))


def test_world_without_lights_is_lit(tmp_path: Path) -> None:
    assert load_sdf(write_world(tmp_path, model("m", link(visual())))).lights


def test_labels_beside_the_world(tmp_path: Path) -> None:
    collision = f'<collision name="c">{BOX}</collision>'
    names = ("ChairA_1", "ChairA_2", "Ghost", "Rug", "Wall")
    body = "".join(model(name, link(visual(), collision)) for name in names)
    path = write_world(tmp_path, body)
    path.with_name("test.labels.yaml").write_text(
        "models:\n"
        "  ChairA_*: {category: armchair, attributes: {color: blue}, emission: 0.5}\n"
        "  Rug: {collides: nothing}\n"
        "  Wall: {collides: visuals}\n"
        "objects:\n"
        "  ChairA_2: {attributes: {material: wood}, name: throne}\n"
        "  Ghost: {hidden: true}\n"
        "rooms: [{name: hall, polygon: [[0, 0], [1, 0], [1, 1]]}]\n"
        "start: [1, 2, 0.5]\nfloor: 0.25\nheadlight: [0.1, 0.2, 0.3]\nlights: []\n"
    )
    world = load_sdf(path)
    first, second, rug, wall = world.objects
    assert (first.name, first.category, first.attributes) == (
        "ChairA_1",
        "armchair",
        {"color": "blue"},
    )
    assert second.name == "throne"
    assert second.attributes == {"color": "blue", "material": "wood"}
    assert first.parts[0].material.emission == 0.5
    assert not any(p.collides for p in rug.parts)
    assert rug.category == "carpet"
    assert wall.category is None
    assert [(p.visible, p.collides) for p in wall.parts] == [(True, True)]
    assert world.rooms[0].name == "hall"
    assert (world.start, world.floor, world.lights) == ((1, 2, 0.5), 0.25, ())
    assert world.headlight == (0.1, 0.2, 0.3)


def test_labels_for_things_that_are_not_there_are_told(tmp_path: Path) -> None:
    path = write_world(tmp_path, model("Sofa_1", link(visual())))
    path.with_name("test.labels.yaml").write_text("objects: {Sofa_l: couch, 'Chair*': chair}")
    (line,) = load_sdf(path).warnings
    assert "Did you mean 'Sofa_1'" in line


def test_named_labels_must_exist(tmp_path: Path) -> None:
    path = write_world(tmp_path, model("m", link(visual())))
    with pytest.raises(ConfigError, match="nope"):
        load_sdf(path, labels=tmp_path / "nope.yaml")


def test_names_are_made_unique(tmp_path: Path) -> None:
    world = load_sdf(write_world(tmp_path, model("m", link(visual())) * 3))
    assert [o.name for o in world.objects] == ["m", "m_2", "m_3"]
    assert len(world.warnings) == 2


def test_more_model_folders(tmp_path: Path) -> None:
    write_model(tmp_path / "elsewhere", "Sofa", link(visual()))
    path = write_world(tmp_path / "here", "<include><uri>model://Sofa</uri></include>")
    with pytest.raises(WorldError, match=r"empty.*Sofa"):
        load_sdf(path)
    world = load_sdf(path, model_paths=[tmp_path / "elsewhere" / "models"])
    assert only(world).category == "sofa"


def test_a_model_file_alone_is_a_world(tmp_path: Path) -> None:
    folder = write_model(tmp_path, "Sofa", link(visual()))
    assert only(load_sdf(folder / "new.sdf")).category == "sofa"
