"""The seeing half of an agent: where it is, what it sees, what it keeps of that."""

from __future__ import annotations

from scipy.spatial.transform import RigidTransform

from goat.memory.memory import Memory
from goat.memory.tracking import PoseTracker
from goat.perception.gate import KeyframeGate
from goat.perception.worker import Perceiver
from goat.steps import StepLog
from goat.types import Detection, Observation


class Watcher:
    """Turns observations into memory; driving is somebody else's."""

    def __init__(
        self,
        perceiver: Perceiver,
        memory: Memory,
        gate: KeyframeGate | None = None,
        tracker: PoseTracker | None = None,
    ) -> None:
        """Compose the parts; `goat.build.build_watcher` makes them.

        Args:
            perceiver: Runs the detector.
            memory: What is known.
            gate: Chooses the frames that are perceived.
            tracker: Takes back what odometry drifts; None if it does not.
        """
        self.perceiver, self.memory = perceiver, memory
        self.detections: tuple[Detection, ...] = ()
        """What was found last, if the last look found anything."""
        self._gate, self._tracker = gate or KeyframeGate(), tracker

    def watch(self, observation: Observation, log: StepLog) -> RigidTransform:
        """Take in an observation and return map_from_base.

        Args:
            observation: What is sensed now.
            log: Told what each stage costs.
        """
        with log.stage("locate"):
            here = observation.odom_from_base
            if self._tracker is not None:
                here = self._tracker.locate(observation)
        with log.stage("perceive"):
            if self._gate.admit(observation):
                self.perceiver.submit(observation, here)
            seen = self.perceiver.collect()
        with log.stage("remember"):
            self.memory.look(observation, here)
            self.detections = ()
            for found in seen:
                self.detections = found.detections
                self.memory.remember(found.detections, found.observation, found.map_from_base)
        return here

    def close(self) -> None:
        """Stop perceiving and save the memory."""
        self.perceiver.close()
        self.memory.close()
