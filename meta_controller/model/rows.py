"""Rows of the banks of a network: to list, to add, to take out and to put back."""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor, nn

from goat.errors import GoatError
from meta_controller.model.adapters import Bank


class AdapterError(GoatError):
    """Adapter rows that do not fit the network."""


def row_parameters(module: nn.Module, index: str) -> Iterator[tuple[str, nn.Parameter]]:
    """Yield names and parameters (rows, ...) of all banks of one set of indices."""
    for prefix, part in module.named_modules():
        if isinstance(part, Bank) and part.index == index:
            for name in part.names:
                yield f"{prefix}.{name}", part.get_parameter(name)


def add_row(module: nn.Module, index: str, like: int) -> None:
    """Append a copy of one row to all banks of one set of indices.

    Raises:
        AdapterError: There is no such row.
    """
    _check_row(module, index, like)
    for part in module.modules():
        if isinstance(part, Bank) and part.index == index:
            part.add_row(like)


def row_state(module: nn.Module, index: str, row: int) -> dict[str, Tensor]:
    """Return a copy of one row of all banks of one set of indices, on the CPU.

    Raises:
        AdapterError: There is no such row.
    """
    _check_row(module, index, row)
    return {name: p.detach()[row].cpu().clone() for name, p in row_parameters(module, index)}


def load_row_state(
    module: nn.Module, rows: dict[str, int | None], state: dict[str, Tensor]
) -> None:
    """Write one row of the banks of each named set; nothing is written if anything is wrong.

    Args:
        module: Where to.
        rows: Set of indices -> the row to write; None for none.
        state: What `row_state` returned, for all sets together.

    Raises:
        AdapterError: There is no such row, or the state is of another network.
    """
    wanted: dict[str, Tensor] = {}
    for index, row in rows.items():
        if row is not None:
            _check_row(module, index, row)
            wanted |= {name: p.detach()[row] for name, p in row_parameters(module, index)}
    if wanted.keys() != state.keys():
        odd = sorted(wanted.keys() ^ state.keys())
        raise AdapterError(
            f"these adapters are of another network: {len(odd)} of their names do not agree, "
            f"such as {odd[0]!r}; load them into a network of the same configuration"
        )
    for name, values in wanted.items():
        if state[name].shape != values.shape:
            raise AdapterError(
                f"{name} has the shape {tuple(state[name].shape)}, wanted {tuple(values.shape)}: "
                "load it into a network of the same width and rank"
            )
    for name, values in wanted.items():
        values.copy_(state[name])


def _check_row(module: nn.Module, index: str, row: int) -> None:
    sizes = {len(parameter) for _, parameter in row_parameters(module, index)}
    if sizes and not 0 <= row < min(sizes):
        raise AdapterError(f"there is no {index} {row}: the network has {min(sizes)}; add it first")
