"""Experts that are trained here, where nobody has written one down."""
