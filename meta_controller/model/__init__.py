"""The network: encoders over joints and time, and matching with demonstrations."""

from goat.registry import require

require("torch")
