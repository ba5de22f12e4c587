"""The module of a whole network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

__all__ = ["Net"]


class Net(nn.Module):  # type: ignore[misc]
    """Modules called in the order of a program; submodules are named by the paths of the layers."""

    def __init__(
        self, calls: Sequence[tuple[str, tuple[int, ...]]], outputs: tuple[int, ...]
    ) -> None:
        super().__init__()
        self.calls = tuple(calls)
        self.outputs = outputs

    def forward(self, *inputs: Tensor) -> Any:
        made: list[Tensor] = []
        for name, sources in self.calls:
            fed = [made[i] if i >= 0 else inputs[-1 - i] for i in sources]
            made.append(self.get_submodule(name)(*fed))
        results = tuple(made[i] if i >= 0 else inputs[-1 - i] for i in self.outputs)
        return results[0] if len(results) == 1 else results
