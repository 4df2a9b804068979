"""Small world files written by tests."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from sim.worlds.world import Part, World, WorldObject

BOX = "<geometry><box><size>1 2 4</size></box></geometry>"

DAE = """<?xml version="1.0" encoding="utf-8"?>
<COLLADA xmlns="http://www.collada.org/2005/11/COLLADASchema" version="1.4.1">
  <asset><unit meter="{unit}" name="u"/><up_axis>{up}</up_axis></asset>
  <library_images><image id="img"><init_from>{texture}</init_from></image></library_images>
  <library_effects><effect id="fx"><profile_COMMON>
    <newparam sid="surface"><surface type="2D"><init_from>img</init_from></surface></newparam>
    <newparam sid="sampler"><sampler2D><source>surface</source></sampler2D></newparam>
    <technique sid="t"><phong><ambient><color>0.5 0.25 0.125 1</color></ambient>
      <diffuse>{diffuse}</diffuse>
    </phong></technique></profile_COMMON></effect></library_effects>
  <library_materials><material id="mat"><instance_effect url="#fx"/></material></library_materials>
  <library_geometries><geometry id="geo" name="geo"><mesh>
    <source id="pos"><float_array id="pa" count="12">0 0 0  4 0 0  4 2 0  0 2 0</float_array>
      <technique_common><accessor source="#pa" count="4" stride="3">
        <param name="X" type="float"/><param name="Y" type="float"/><param name="Z" type="float"/>
      </accessor></technique_common></source>
    <source id="tex"><float_array id="ta" count="8">0 0 1 0 1 1 0 1</float_array>
      <technique_common><accessor source="#ta" count="4" stride="2">
        <param name="S" type="float"/><param name="T" type="float"/>
      </accessor></technique_common></source>
    <vertices id="v"><input semantic="POSITION" source="#pos"/></vertices>
    <triangles material="m" count="3">
      <input semantic="VERTEX" source="#v" offset="0"/>
      <input semantic="TEXCOORD" source="#tex" offset="1" set="0"/>
      <p>0 0 1 1 2 2  0 0 2 2 3 3  0 0 1 1 1 1</p></triangles>
  </mesh></geometry></library_geometries>
  <library_visual_scenes><visual_scene id="s"><node id="n">
    <matrix>{matrix}</matrix>
    <instance_geometry url="#geo"><bind_material><technique_common>
      <instance_material symbol="m" target="#mat"/></technique_common></bind_material>
    </instance_geometry></node></visual_scene></library_visual_scenes>
  <scene><instance_visual_scene url="#s"/></scene>
</COLLADA>
"""
IDENTITY = "1 0 0 0 0 1 0 0 0 0 1 0 0 0 0 1"
TEXTURED = '<texture texture="sampler" texcoord="UV"/>'


def dae(
    unit: str = "1",
    up: str = "Z_UP",
    matrix: str = IDENTITY,
    texture: str = "none.png",
    diffuse: str = "<color>0.9 0.8 0.7 1</color>",
) -> str:
    """Return a COLLADA file with a rectangle of 4 by 2 units (and a degenerate triangle)."""
    return DAE.format(unit=unit, up=up, matrix=matrix, texture=texture, diffuse=diffuse)


def write_world(folder: Path, body: str, name: str = "test.world") -> Path:
    """Write a world below `folder`/worlds, beside `folder`/models."""
    (folder / "models").mkdir(parents=True, exist_ok=True)
    path = folder / "worlds" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f'<sdf version="1.6"><world name="w">{body}</world></sdf>')
    return path


def write_model(folder: Path, name: str, body: str) -> Path:
    """Write a model below `folder`/models with a model.config."""
    model = folder / "models" / name
    (model / "meshes").mkdir(parents=True, exist_ok=True)
    (model / "materials" / "textures").mkdir(parents=True, exist_ok=True)
    (model / "model.config").write_text(
        '<model><sdf version="1.4">old.sdf</sdf><sdf version="1.6">new.sdf</sdf></model>'
    )
    (model / "new.sdf").write_text(f'<sdf version="1.6"><model name="{name}">{body}</model></sdf>')
    return model


def link(*shapes: str, name: str = "link") -> str:
    """Return a <link> of visuals and collisions."""
    return f'<link name="{name}">{"".join(shapes)}</link>'


def visual(geometry: str = BOX, extra: str = "", name: str = "v") -> str:
    """Return a <visual>."""
    return f'<visual name="{name}">{extra}{geometry}</visual>'


def mesh(uri: str, extra: str = "") -> str:
    """Return a <geometry> with a mesh."""
    return f"<geometry><mesh><uri>{uri}</uri>{extra}</mesh></geometry>"


def model(name: str, body: str, pose: str = "0 0 0 0 0 0") -> str:
    """Return an inline <model>."""
    return f'<model name="{name}"><pose>{pose}</pose>{body}</model>'


def corners(part: Part) -> np.ndarray:
    """Return (F, 3, 3) triangles of a part in the world."""
    vertices = part.mesh.vertices @ part.world_from_part[:3, :3].T + part.world_from_part[:3, 3]
    return vertices[part.mesh.faces]


def bounds(thing: Part | WorldObject) -> np.ndarray:
    """Return the (2, 3) bounds of a part or of an object's visible parts."""
    parts = [thing] if isinstance(thing, Part) else [p for p in thing.parts if p.visible]
    points = np.concatenate([corners(part).reshape(-1, 3) for part in parts])
    return np.stack([points.min(axis=0), points.max(axis=0)])


def only(world: World) -> WorldObject:
    """Return the only object of a world."""
    (thing,) = world.objects
    return thing
