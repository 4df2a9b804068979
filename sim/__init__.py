"""Embodiments in simulation."""
