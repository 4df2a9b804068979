"""Worlds: generated, from Gazebo SDF, from glTF."""
