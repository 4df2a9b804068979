"""A body is an MJCF model with the sensors that rewards look at."""

# pyright: reportAttributeAccessIssue=false
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import mujoco

from goat.errors import GoatError

_PREFIX = "meta_controller/"


class BodyError(GoatError):
    """An MJCF model that cannot be used."""


@dataclass(frozen=True, slots=True)
class Sensor:
    """A quantity of the model that a reward may look at."""

    name: str
    """How the reward calls it."""
    kind: str
    """Name of a sensor type of MuJoCo without its prefix: "framepos", "framezaxis"."""
    object_kind: str
    """Of what: "body", "xbody", "geom" or "site"."""
    object_name: str
    """Its name in the MJCF."""


@dataclass(frozen=True)
class Body:
    """What is simulated."""

    name: str
    """Unique; part of the names of its tasks."""
    xml: str
    """MJCF."""
    control_dt: float
    """Time between control steps, s; a multiple of the model's timestep."""
    sensors: tuple[Sensor, ...] = ()
    """Added to those of the MJCF."""
    assets: Mapping[str, bytes] = field(default_factory=dict, hash=False)
    """Files that the MJCF includes."""

    def compile(self) -> mujoco.MjModel:
        """Return the model.

        Raises:
            BodyError: The MJCF is damaged, or a sensor names nothing that is in it.
        """
        try:
            spec = mujoco.MjSpec.from_string(self.xml, include=dict(self.assets))
            for sensor in self.sensors:
                spec.add_sensor(
                    name=_PREFIX + sensor.name,
                    type=getattr(mujoco.mjtSensor, f"mjSENS_{sensor.kind.upper()}"),
                    objtype=getattr(mujoco.mjtObj, f"mjOBJ_{sensor.object_kind.upper()}"),
                    objname=sensor.object_name,
                )
            return spec.compile()
        except (ValueError, AttributeError, RuntimeError) as error:
            raise BodyError(f"the MJCF of {self.name} cannot be used: {error}") from error

    def substeps(self, model: mujoco.MjModel) -> int:
        """Return the physics steps of one control step.

        Raises:
            BodyError: The control step is no multiple of the physics step.
        """
        steps = self.control_dt / model.opt.timestep
        if steps < 0.5 or abs(steps - round(steps)) > 1e-6:
            raise BodyError(
                f"{self.name}: a control step of {self.control_dt} s is no multiple of the "
                f"model's timestep, {model.opt.timestep} s"
            )
        return round(steps)


def sensor_slices(model: mujoco.MjModel) -> dict[str, slice]:
    """Return where the sensors lie in the sensor data, by their names."""
    found = {}
    for number in range(model.nsensor):
        name = model.sensor(number).name.removeprefix(_PREFIX)
        first = int(model.sensor_adr[number])
        found[name] = slice(first, first + int(model.sensor_dim[number]))
    return found
