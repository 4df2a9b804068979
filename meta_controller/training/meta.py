"""Episodic meta-training: a few segments support others of the same task.

"Meta-Controller", 2024 (https://arxiv.org/abs/2412.12147): mean squared error of actions over all
steps of the query, warm-up and a falling rate. Ours besides: the optimiser (`Optimizer`); errors
count as shares of what is usually done in a task, or tasks with large actions would drown the
others; motion features are trained to foretell actions besides (`MetaController.predictions`); now
and then a body or a task is not told, so that there is a row for those to come; the query is of
other episodes than the support; and bodies of like size share a batch, so that little of it is
padding.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from goat.errors import ConfigError
from meta_controller.model.data import Index, Segments
from meta_controller.training.episodes import Drawn, Source, collate, draw
from meta_controller.training.logs import Log
from meta_controller.training.objective import imitation_loss
from meta_controller.training.optimizer import Optimizer
from meta_controller.training.pretrained import CheckpointError, Pretrained

_Batch = tuple[Segments, Segments, Index]
_POWER = 0.9
_AHEAD = 4  # batches that are drawn together and sorted by size


@dataclass(frozen=True)
class TrainingConfig:
    """How it is trained."""

    steps: int = 6000
    """Of the optimiser."""
    batch: int = 8
    """Sources per step, with repetition; of all tasks alike."""
    support: int = 16
    """Segments with actions (N)."""
    query: int = 8
    """Segments whose actions are to be predicted (M)."""
    rate: float = 2e-3
    """Learning rate after warm-up; see `RATES`."""
    warmup: int = 400
    """Steps until then."""
    clip: float = 5.0
    """Greatest norm of a gradient."""
    unknown: float = 0.2
    """Share of samples whose task is not told, and of as many neither body nor task."""
    seed: int = 0
    """Of weights, batches and dropout."""
    threads: int = 1
    """Of PyTorch."""
    device: str = "cpu"
    """"cpu", "cuda" or "auto"."""
    bf16: bool = False
    """Multiply in bfloat16; weights stay float32."""
    save_every: float = 60.0
    """Seconds."""

    def __post_init__(self) -> None:
        """Check the numbers."""
        for name in ("steps", "batch", "support", "query", "threads"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} must be at least 1, got {getattr(self, name)}")
        if self.rate <= 0.0:
            raise ConfigError(f"rate must be above 0, got {self.rate}")
        if not 0.0 <= self.unknown <= 0.5:
            raise ConfigError(f"unknown must be in [0, 0.5], got {self.unknown}")


def device_of(name: str) -> torch.device:
    """Return a device; "auto" takes a GPU if there is one."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)


class MetaTraining:
    """Trains a network in a folder; it goes on where an earlier run was stopped."""

    def __init__(
        self,
        pretrained: Pretrained,
        sources: Sequence[Source],
        config: TrainingConfig,
        folder: Path,
    ) -> None:
        """Begin or go on.

        Args:
            pretrained: What is trained, of which all sources' bodies and tasks are known.
            sources: What it learns from: of each task one or, for several skills, more.
            config: How.
            folder: Where checkpoints and logs are kept.

        Raises:
            CheckpointError: What is in the folder is of another training.
        """
        self.pretrained, self.config, self.folder = pretrained, config, folder
        self._sources = list(sources)
        tasks = dict.fromkeys(source.task for source in sources)
        self._of_task = [
            [k for k, source in enumerate(sources) if source.task == task] for task in tasks
        ]
        self._rows = [
            (pretrained.bodies.index(s.body), pretrained.tasks.index(s.task)) for s in sources
        ]
        self.device = device_of(config.device)
        self._module = pretrained.module.to(self.device).train()
        self._optimizer = Optimizer(self._module, config.rate)
        self._rng = np.random.default_rng([config.seed, 1])
        self.step = 0
        """Steps that were done."""
        self._state = folder / "training.pt"
        if self._state.exists():
            self._resume()

    def run(self, say: Callable[[int, float], None], until: int | None = None) -> None:
        """Train to the end.

        Args:
            say: Told step and loss after each step.
            until: Stop after so many steps; None for all.
        """
        torch.set_num_threads(self.config.threads)
        last = min(self.config.steps, until or self.config.steps)
        saved = time.monotonic()
        with Log(self.folder) as log:
            for batch, weights in self._batches():
                if self.step >= last:
                    break
                loss = self._update(*batch, weights)
                log.add(self.step, {"loss": loss, "rate": self._rate()})
                say(self.step, loss)
                if time.monotonic() - saved > self.config.save_every:
                    self.save()
                    saved = time.monotonic()
        self.save()

    def save(self) -> None:
        """Write what is needed to go on, and the network as it is."""
        self.folder.mkdir(parents=True, exist_ok=True)
        state = {
            "network": self._module.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "step": self.step,
            "torch": torch.get_rng_state(),
            "numpy": json.dumps(self._rng.bit_generator.state),
            "settings": self._settings(),
        }
        part = self._state.with_name("training.pt.part")
        torch.save(state, part)
        part.replace(self._state)
        about = {"training": asdict(self.config), "step": self.step}
        self.pretrained.about = {**self.pretrained.about, **about}
        self.pretrained.save(self.folder)

    def _update(self, support: Segments, query: Segments, index: Index, weights: Tensor) -> float:
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.config.bf16):
            loss, error = imitation_loss(self.pretrained.network, support, query, index, weights)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._module.parameters(), self.config.clip)
        self._optimizer.step(self._rate())
        self.step += 1
        return float(error.detach())

    def _rate(self) -> float:
        done = self.step / self.config.steps
        warm = min(1.0, (self.step + 1) / self.config.warmup)
        return self.config.rate * warm * max(1.0 - done, 0.0) ** _POWER

    def _batches(self) -> Iterator[tuple[_Batch, Tensor]]:
        """Yield batches for ever; a resumed run begins with whole new ones."""
        cfg, segment = self.config, self.pretrained.network.config.segment
        while True:
            tasks = self._rng.integers(len(self._of_task), size=_AHEAD * cfg.batch)
            chosen = np.array([self._rng.choice(self._of_task[task]) for task in tasks])
            sizes = [self._sources[k].tokens.shape[2] for k in chosen]
            parts = chosen[np.argsort(sizes, kind="stable")].reshape(_AHEAD, cfg.batch)
            for part in self._rng.permutation(parts):
                drawn = [
                    draw(self._sources[k], self._rng, cfg.support, cfg.query, segment) for k in part
                ]
                weights = torch.tensor([self._sources[k].weight for k in part])
                yield self._batch(drawn, part), weights.to(self.device)

    def _batch(self, drawn: list[Drawn], part: Any) -> _Batch:
        support, query = collate(drawn, self.pretrained.network.config.segment)
        rows = np.array([self._rows[k] for k in part])
        luck = self._rng.random(len(part))
        rows[luck < 2.0 * self.config.unknown, 1] = 0
        rows[luck < self.config.unknown, 0] = 0
        index = Index(torch.from_numpy(rows[:, 0].copy()), torch.from_numpy(rows[:, 1].copy()))
        return support.to(self.device), query.to(self.device), index.to(self.device)

    def _settings(self) -> dict[str, Any]:
        found = asdict(self.config)
        for free in ("threads", "device", "bf16", "save_every"):
            del found[free]
        return found | {"tasks": [source.task for source in self._sources]}

    def _resume(self) -> None:
        try:
            state = torch.load(self._state, map_location=self.device, weights_only=True)
        except Exception as error:
            raise CheckpointError(
                f"{self._state} cannot be gone on with: {error}; delete it to begin anew"
            ) from error
        mine = self._settings()
        odd = [name for name in mine if mine[name] != state["settings"].get(name)]
        if odd:
            raise CheckpointError(
                f"{self._state} is of another training: {', '.join(odd)} differ; give the same "
                "settings or another folder"
            )
        self._module.load_state_dict(state["network"])
        self._optimizer.load_state_dict(state["optimizer"])
        self.step = int(state["step"])
        torch.set_rng_state(state["torch"].cpu())
        self._rng.bit_generator.state = json.loads(state["numpy"])
