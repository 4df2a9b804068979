"""Bodies of dm_control's suite, read from the installed package without importing its renderers.

"dm_control: Software and Tasks for Continuous Control", 2020, https://arxiv.org/abs/2006.12983.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from goat.errors import MissingExtraError
from meta_controller.bodies import Body, Sensor


@lru_cache(maxsize=1)
def _folder() -> Path:
    found = find_spec("dm_control")
    if found is None or not found.submodule_search_locations:
        raise MissingExtraError("dm_control", "policy")
    return Path(found.submodule_search_locations[0]) / "suite"


@lru_cache(maxsize=1)
def _assets() -> dict[str, bytes]:
    return {f"./common/{file.name}": file.read_bytes() for file in _folder().glob("common/*.xml")}


def suite_xml(name: str) -> str:
    """Return the MJCF of a domain of the suite.

    Raises:
        MissingExtraError: dm_control is not installed.
    """
    return (_folder() / f"{name}.xml").read_text(encoding="utf-8")


def suite_body(
    name: str, control_dt: float, sensors: tuple[Sensor, ...] = (), xml: str | None = None
) -> Body:
    """Return a body of the suite, or one made of it.

    Args:
        name: Of the domain, and of the body.
        control_dt: Time between control steps, s.
        sensors: That its rewards look at.
        xml: The MJCF if it was changed.

    Raises:
        MissingExtraError: dm_control is not installed.
    """
    return Body(name, suite_xml(name) if xml is None else xml, control_dt, sensors, _assets())
