"""Closed-loop evaluation: stored starts, every method on the same demonstrations, one table."""
