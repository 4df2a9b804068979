"""Demonstrations: recorded, kept, checked."""
