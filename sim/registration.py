"""Makes the environments known to Gymnasium without loading the simulator."""

from __future__ import annotations

import gymnasium

ENV_ID = "goat/LifelongNav-v0"


def register() -> None:
    """Register the environments; does nothing if they are registered."""
    if ENV_ID not in gymnasium.registry:
        gymnasium.register(ENV_ID, entry_point="sim.gym:LifelongNav")
