"""Embodiments in the world: a robot behind rosbridge, and what keeps it safe."""
