"""Exploration, planning, following and recovery."""
