"""GOAT: a robot that goes to anything."""

__version__ = "0.1.0"
